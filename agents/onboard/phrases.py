"""The brief's own phrases, sorted by grammatical shape so that a sentence pattern can take them without breaking.

There is no parser here: small closed word lists decide, and a phrase that they cannot place is a fragment, which only
goes where a fragment stands well alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from agents.wording import capital, clean, split_phrase, word_set

Shape = Literal["noun", "no", "adjective", "verb", "verb_s", "gerund", "clause", "participle", "quote", "fragment"]
Number = Literal["singular", "plural", "mass"]

_DETERMINERS = word_set(
    "a an the your our their my his her its this that these those every each any all some no both another "
    "one two three four five six seven eight nine ten many most more less fewer zero unlimited"
)
_OBJECT_OPENERS = word_set("a an the your my our it them")
_COUNTS = word_set("two three four five six seven eight nine ten")
_POSTPOSED = word_set(
    "first daily weekly monthly again together included welcome online today now overnight delivered guaranteed only"
)
_PRONOUNS = word_set("i you we they it he she nobody everyone somebody everybody someone who there")
_STOPS = word_set(
    "for with that which who at in on from by when while without after before because to of and or but "
    "every each per "
    "where until during under over between than across near within into onto about around through so if not"
)
_ADJECTIVES = word_set(
    "ready easy safe gentle simple fast quick soft light affordable comfortable perfect available open "
    "painless durable "
    "waterproof quiet clean fresh warm cool small cheap free friendly flexible secure private local designed-for "
    "great good ideal suitable kind tough strong reliable stable lightweight portable compact "
    "beginner-friendly cushioned "
    "effortless transparent calm bright unique handy cosy cozy natural"
)
_AFTER_ADJECTIVE = word_set("in for to on and at with enough from by of under as all up until when if")
_VERBS = word_set(
    "get see keep make learn know find build save become choose avoid enjoy send bring give manage "
    "improve reduce grow "
    "create invite connect automate organise organize follow join forget eat speak write read earn "
    "understand cut take "
    "buy spend hit meet ship spot sleep breathe feel stay go come let lose pay try start stop turn move "
    "add remove skip"
)
_MAYBE_VERBS = word_set(
    "plan run walk work track paint book cook train wear finish share order change play test watch show help cover "
    "drink return rent claim receive schedule visit download collaborate assign"
)
_OPENERS = word_set(
    "a an the your our their every each all any it them more less without with in on from up faster "
    "better what where "
    "who how when to together anywhere anytime as for through"
)
_LIKE_ADJECTIVES = word_set(
    "running whitening training walking cooking meeting marketing dancing writing fishing climbing "
    "hiking cycling riding "
    "working dining living sleeping swimming shopping painting building evening morning something "
    "anything everything "
    "nothing amazing existing"
)
_PARTICLES = word_set("out up low late short away around back into over through")
_FINITE = word_set(
    "is are was were has have had can can't cannot don't doesn't won't isn't aren't never always will "
    "would hurts hurt "
    "slip slips fail fails break breaks miss misses take takes cost costs look looks feel feels keep "
    "keeps get gets go "
    "goes come comes lose loses fade fades wear wears run runs turn turns know knows make makes live "
    "lives need needs "
    "want wants work works stay stays rub rubs wobble wobbles give gives vanish vanishes end ends fall falls"
)
_MASS = word_set(
    "cotton wool linen silk leather steel wood wifi wi-fi coffee brew tea water beer wine milk food bread "
    "software hardware furniture equipment clothing jewelry jewellery skincare makeup advice information help "
    "support service care delivery shipping insurance financing money cash time work homework access feedback "
    "progress comfort grip traffic stress pain sensitivity dust noise energy power internet storage childcare "
    "search data analytics design management marketing paper gear luggage footwear apparel chaos guesswork "
    "busywork hassle watercolour watercolor music art staff mud plaque caffeine fun room space tech yoga pilates "
    "chocolate honey compost soil rice pasta cheese meat fish fruit produce pricing onboarding sun dirt rust "
    "mould mold"
)
_MASS_ENDINGS = ("ing", "ness", "ity", "ware", "ance", "ence", "wear", "care", "food", "work")
_NOT_PLURAL = ("ss", "us", "is", "'s", "ics")
_PLURALS = word_set("people teeth feet children men women mice geese clothes")
_KEEP_CAPITAL = word_set(
    "monday tuesday wednesday thursday friday saturday sunday january february march april june july "
    "august september "
    "october november december english french spanish german italian american british european japanese chinese i"
)
_PARTICIPLE = re.compile(
    r"^(?:\w+(?:ed)|set up|made|built|born|chosen|grown|sold|known|given|taught|run|led|seen"
    r"|worn)\s+(?:by|to|in|for|from|with|at|on|every|the|a|your|daily|\d)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Phrase:
    """A cleaned phrase without an end mark, ready to stand inside a sentence."""

    text: str
    shape: Shape
    number: Number = "singular"

    @property
    def np(self) -> str:
        """The phrase with an indefinite article where it needs one."""
        if self.shape != "noun" or self.number != "singular" or _determined(self.text):
            return self.text
        return f"{_article(self.text)} {self.text}"

    @property
    def the(self) -> str:
        """The phrase with a definite article where one reads well: `the line at the bar`, but `muddy colours`."""
        if self.shape != "noun" or self.number != "singular" or _determined(self.text):
            return self.text
        return f"the {self.text}"

    @property
    def yours(self) -> str:
        """The phrase with `your` for its article: `a free week` becomes `your free week`."""
        body = re.sub(r"^(?:an?|the|your|our)\s+", "", self.text, flags=re.IGNORECASE)
        return f"your {body}"

    @property
    def title(self) -> str:
        """The phrase as a headline: capital first, no end mark."""
        return capital(self.text)

    @property
    def bare(self) -> str:
        """The phrase without its article, capital first."""
        return capital(re.sub(r"^(?:an?|the|your)\s+", "", self.text, flags=re.IGNORECASE))

    @property
    def quoted(self) -> tuple[str, str]:
        """A quotation's words and who said them; the whole text and nobody for anything else."""
        match = re.match(r"[\"“](.+?)[\"”]\s*[-–—,]*\s*(.*)$", self.text)
        return (match.group(1), match.group(2)) if match else (self.text, "")

    @property
    def size(self) -> int:
        """Words as written."""
        return len(self.text.split())


def make_phrase(text: str, *, names: frozenset[str] = frozenset()) -> Phrase | None:
    """A field of the brief as a phrase; `names` (lower case) keep their capitals. None if nothing is left."""
    body = _strip(clean(text))
    if not re.search(r"\w", body):
        return None
    if _quoted(body):
        return Phrase(text=body, shape="quote")
    inline = _inline(body, names=names)
    shape = _shape(inline)
    return Phrase(text=inline, shape=shape, number=_number(inline) if shape in ("noun", "no") else "singular")


def as_noun(phrase: Phrase | None) -> Phrase | None:
    """A product's name is a noun, whatever its first word looks like: `bookkeeping app`, `search engine`."""
    if phrase is None or phrase.shape not in ("gerund", "verb", "verb_s", "participle", "adjective"):
        return phrase
    return Phrase(text=phrase.text, shape="noun", number=_number(phrase.text))


def first_part(phrase: Phrase, *, limit: int) -> tuple[str, str]:
    """A headline of at most `limit` words and the rest of the phrase, so that nothing of a claim is dropped."""
    return split_phrase(phrase.text, limit=limit)


def _strip(text: str) -> str:
    body = text.strip().strip("-–—•* ").rstrip(" .;,:!")
    return (
        body.strip('"“”') if body[:1] in '"“' and body[-1:] in '"”' and body.count('"') <= 2 and len(body) < 4 else body
    )


def _quoted(text: str) -> bool:
    return text[:1] in '"“' and any(mark in text[1:] for mark in '"”')


def _inline(text: str, *, names: frozenset[str]) -> str:
    first, _, rest = text.partition(" ")
    plain = first.lower().rstrip(",.:;'’s")
    follows_name = rest[:1].isupper() and first.lower() not in _DETERMINERS
    keep = any(c.isupper() for c in first[1:]) or plain in _KEEP_CAPITAL or plain in names or follows_name
    return text if keep or not first[:1].isupper() else text[0].lower() + text[1:]


def _shape(text: str) -> Shape:
    tokens = text.lower().replace("’", "'").split()
    for shape, fits in _RULES:
        if fits(tokens):
            return shape
    return "noun"


def _second(tokens: list[str]) -> str:
    return tokens[1] if len(tokens) > 1 else ""


def _is_verb(tokens: list[str]) -> bool:
    first, second = tokens[0], _second(tokens)
    opens = second in _OPENERS or second[:1].isdigit()
    acts_on = second in _OBJECT_OPENERS and first not in _DETERMINERS | _ADJECTIVES | _STOPS and not first.endswith("s")
    return bool(second) and (first in _VERBS or (first in _MAYBE_VERBS and opens) or acts_on)


def _is_gerund(tokens: list[str]) -> bool:
    first = tokens[0]
    long = first.endswith("ing") and len(first) > 5 and len(tokens) > 1
    return long and "-" not in first and (first not in _LIKE_ADJECTIVES or tokens[1] in _PARTICLES)


def _is_verb_s(tokens: list[str]) -> bool:
    first, second = tokens[0], _second(tokens)
    known = first[:-1] in _VERBS or (first[:-1] in _MAYBE_VERBS and second in _OPENERS)
    acts_on = second in _OBJECT_OPENERS or second in _COUNTS
    return first.endswith("s") and not first.endswith("'s") and bool(second) and (known or acts_on)


def _is_adjective(tokens: list[str]) -> bool:
    first, second = tokens[0], _second(tokens).strip(",")
    compared = first.endswith("er") and second in ("with", "than", "in", "every")
    return compared or (first in _ADJECTIVES and (not second or second in _AFTER_ADJECTIVE))


def _is_unsure(tokens: list[str]) -> bool:
    """`your dog sleeps better` may be a clause with a verb that no list knows: it is safest alone."""
    owner = tokens[0] in ("your", "my", "our", "their", "the")
    return owner and len(tokens) > 3 and tokens[2].endswith("s") and not tokens[1].endswith("s")


_RULES: tuple[tuple[Shape, Callable[[list[str]], bool]], ...] = (
    ("no", lambda t: t[0] in ("no", "zero") and len(t) > 1),
    ("fragment", lambda t: t[0] in ("never", "no.", "nr.", "number")),
    ("clause", lambda t: (t[0] in _PRONOUNS and len(t) > 1) or _has_verb(t)),
    ("adjective", _is_adjective),
    ("participle", lambda t: bool(_PARTICIPLE.match(" ".join(t)))),
    ("verb", _is_verb),
    ("fragment", _is_unsure),
    ("gerund", _is_gerund),
    ("verb_s", _is_verb_s),
    ("fragment", lambda t: t[0] in _STOPS or not (t[0][:1].isalnum() or t[0][0] in "$€£¥")),
)
"""Shapes in the order in which they are tried; a phrase that fits none is a noun phrase."""


def _has_verb(tokens: list[str]) -> bool:
    """A finite verb after a noun, before any preposition, makes a clause: `deadlines slip`."""
    for at, token in enumerate(tokens[1:], start=1):
        if token in _STOPS:
            return False
        if token in _FINITE and tokens[at - 1] not in _DETERMINERS and not tokens[at - 1].endswith("'s"):
            return True
    return False


def _head(text: str) -> str:
    head = ""
    for token in text.lower().replace("’", "'").split():
        word = token.rstrip(",;:")
        if word in ("and", "or"):
            continue
        after_noun = head.endswith("s") or head in _PLURALS
        if head and (word in _STOPS | _POSTPOSED or (after_noun and word.endswith("er"))):
            break
        past = len(word) > 4 and word.endswith("ed")
        if head and past and (_follows_noun(head) or _ends_phrase(text, word)):
            break
        head = word
        if token != word and head not in _ADJECTIVES:
            break
    return head


def _ends_phrase(text: str, word: str) -> bool:
    """Whether a word in -ed closes the noun phrase: nothing follows it, or only a preposition or an adverb does."""
    rest = text.lower().split(word, 1)[1].split()
    return not rest or rest[0].rstrip(",;:") in _STOPS | _POSTPOSED


def _follows_noun(head: str) -> bool:
    return head in _MASS or head.endswith("s") or head in _PLURALS


def _number(text: str) -> Number:
    head = _head(text)
    if head in _MASS:
        return "mass"
    if head in _PLURALS or (head.endswith("s") and not head.endswith(_NOT_PLURAL)):
        return "plural"
    return "mass" if head.endswith(_MASS_ENDINGS) and len(head) > 5 else "singular"


def _determined(text: str) -> bool:
    first, _, rest = text.partition(" ")
    lower = first.lower()
    # `20% off` and `30-day returns` carry their own count; `$20 …` and `4.9 stars` too.
    counts = (first[:1].isdigit() and "-" not in first) or first[:1] in "$€£¥"
    proper = first[:1].isupper() and (rest[:1].isupper() or not rest)
    return lower in _DETERMINERS or lower.endswith(("'s", "’s")) or counts or proper


def _article(text: str) -> str:
    first = text.split(maxsplit=1)[0].lower()
    if first in ("same", "first", "only", "best", "last"):
        return "the"
    if re.match(r"(?:8|11|18)(?!\d)|8\d", first):
        return "an"
    silent = first.startswith(("hour", "honest", "heir", "honour", "honor"))
    sounded = first.startswith(("uni", "use", "euro", "one", "once", "uti"))
    return "an" if silent or (first[:1] in "aeiou" and not sounded) else "a"
