"""Plain English to brief fields by a fixed grammar: no language model, the same answer every time.

The text is data. It can state one budget; a sentence that reads like an order to the machine gives no field, and
no later figure replaces the first that is clearly stated. What was understood, taken as default, missing and
ignored is told, so that the person can correct it before anything happens.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from geminivideo.errors import InvalidInput
from geminivideo.vocabulary import Vertical
from tools.briefs import words
from tools.briefs.amounts import Budget, budget_of, currency_of, is_currency
from tools.briefs.stated_budget import DEFAULT_DAYS, LENGTH, SPEND_WORD, budget_statements, days_of

MAX_CHARACTERS = 20_000
"""Longest text that is read."""
_STOP = (
    r"(?=\s+(?:in|near|around|across)\s+[A-Z]|\s+(?:in|near|around)\s+(?:" + words.PLACES + r")\b|\s+(?:on|via)\s+(?:"
    + "|".join(words.PLATFORMS.values()) + r")\b|\s+(?:with (?:a|an|the|my|our)? ?(?:budget|offer)|targeting|aimed at|"
    r"aiming at|for people|budget|at (?:a )?budget|and (?:the|my|our) budget|we offer|offering|spend(?:ing)?)\b"
    r"|\s+(?:for|over|at|-|–|—)\s*(?:about\s+)?[$€£¥₹\d]|\s+for (?:a|one|two|three) (?:weeks?|months?)"
    r"|\s+(?:for|over) \w+ (?:days|weeks|months)\b"
    r"|\s+(?:costs?|is|are|has|have|was|needs?|wants?|that|which|who)\b"
    r"|\s*[,;:()\n]|\s+[-–—]\s|[.!?](?:\s|$)|\s*[$€£¥₹]\d|\s*$)"
)  # fmt: skip
_DETERMINER = r"(?:(?:a|an|my|our|the|this|some)\s+)?(?:new\s+)?"
_THING = rf"(?P<thing>[^\W\d_][^\n]{{1,120}}?){_STOP}"
_PRODUCT = (
    rf"\b(?:ads?|adverts?|campaigns?|videos?|commercials?|brief|marketing|promo(?:tion)?s?)\s+for\s+{_DETERMINER}{_THING}",
    rf"\b(?:promot(?:e|ing)|advertis(?:e|ing)|market(?:ing)?|sell(?:ing|s)?|launch(?:ing)?)\s+{_DETERMINER}{_THING}",
    rf"\b(?:i|we)(?:'re| are| am|'m)?\s+(?:run|own|have|make|open(?:ed)?|started|running|opening)\s+"
    rf"{_DETERMINER}{_THING}",
    rf"\bfor\s+(?:a|an|my|our|the)\s+(?!(?:day|week|month|year|few|couple|total|budget)\b){_THING}",
    rf"\bfor\s+(?=(?-i:[A-Z])){_THING}",
    rf"^\s*{_DETERMINER}(?!(?:for|hi|hello|hey|please|i|we|make|create|need|want|budget|spend|can|could|help)\b){_THING}",
)
_OFFER = (
    r"(?:\b(?:first|1st)\s+\w+(?:\s+\w+)?\s+(?:is\s+|are\s+)?(?:free|half[ -]price)\b"
    r"|\bfree\s+(?!of\b|from\b)[\w-]+|\b\d+(?:\.\d+)?\s?%\s+(?:off|discount)|[$€£]\s?\d+(?:\.\d+)?\s+off\b"
    r"|\bbuy one,? get one\b|\b\d+[- ](?:day|week|month)\s+(?:free\s+)?trial\b|\bmoney[- ]back\b|\bhalf[- ]price\b"
    r"|\btwo for one\b|\b2[- ]for[- ]1\b|\bno card needed\b)"
)
_AUDIENCE = (
    r"\b(?:targeting|target(?:ed)? (?:at|to)|aimed at|aiming at|audience(?: is| are|:)?|we want to reach|reaching)\s+"
    r"(?P<thing>[^\n,.;!?$€£]{3,160}?)(?=\s+(?:in|on|near)\s+[A-Z]|\s+(?:with a budget|budget)\b|[,.;!?\n$€£]|$)",
    r"\bfor\s+(?P<thing>people\s+(?:who|with|that|in|over|under)\b[^\n,.;!?$€£]{3,140})",
)
_LABELS = ("product", "offer", "audience", "place", "benefits", "pains", "proof", "brand")
_LABEL_LINE = re.compile(rf"^\s*[-*]?\s*(?P<label>{'|'.join(_LABELS)}|location|city|company)\s*[:=]\s*(?P<value>\S.*)$",
                         re.IGNORECASE | re.MULTILINE)  # fmt: skip
_ALIASES = {"location": "place", "city": "place", "company": "brand"}
_CLAUSE = r"(?:[,;:]\s+|\s+(?:and|but|then|also|so|[-–—])\s+)"


@dataclass(frozen=True)
class BriefDraft:
    """What a text says as brief fields, in the form of a brief file, and what it leaves open.

    `missing` holds one plain phrase per required field that the text does not give; with it empty,
    `brief_from_mapping(draft.fields, …)` makes the Brief.
    """

    fields: dict[str, Any]
    understood: tuple[str, ...]
    defaults: tuple[str, ...]
    missing: tuple[str, ...]
    ignored: tuple[str, ...] = ()


@dataclass
class _Reading:
    """A draft in the making."""

    fields: dict[str, Any] = field(default_factory=dict)
    understood: list[str] = field(default_factory=list)
    defaults: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def take(self, name: str, value: Any, shown: str | None = None) -> None:
        if name not in self.fields:
            self.fields[name] = value
            self.understood.append(f"{name.replace('_', ' ')}: {shown or value}")

    def suppose(self, name: str, value: Any, why: str) -> None:
        if name not in self.fields:
            self.fields[name] = value
            self.defaults.append(why)


def parse_free_text(text: str) -> BriefDraft:
    """Read a brief out of plain English; InvalidInput only if there is nothing, or too much, to read."""
    if not text.strip():
        raise InvalidInput("The text is empty", fix="Try: $300 a day for a teeth-whitening clinic in Austin.")
    if len(text) > MAX_CHARACTERS:
        raise InvalidInput(
            f"The text has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read", fix="Keep what the ads need."
        )
    reading = _Reading()
    plain = _without_orders(text, reading)
    _labels(plain, reading)
    unpriced = _budget(plain, reading)
    _time(plain, reading)
    _product_and_place(unpriced, reading)
    _offer_and_audience(plain, reading)
    _choices(plain, reading)
    _complete(plain, reading)
    if len(text) > 40:
        reading.fields["notes"] = text.strip()
    return BriefDraft(
        reading.fields, tuple(reading.understood), tuple(reading.defaults), tuple(reading.missing),
        tuple(reading.ignored),
    )  # fmt: skip


# Orders to the machine


def _without_orders(text: str, reading: _Reading) -> str:
    kept = []
    for sentence in re.split(r"(?<=[.!?])\s+|\n+", text.replace("’", "'")):
        found = [match.start() for order in words.ORDERS if (match := re.search(order, sentence, re.IGNORECASE))]
        if found:  # from its clause to the end of the sentence it is left out; what was said before it stays
            clause = max(
                (match.end() for match in re.finditer(_CLAUSE, sentence) if match.end() <= min(found)), default=0
            )
            told = _short(sentence[clause:])
            reading.ignored.append(f"reads like an order to the system, not part of a brief: “{told}”")
            kept.append(re.sub(_CLAUSE + "$", "", sentence[:clause]))
        else:
            kept.append(sentence)
    return "\n".join(part for part in kept if part.strip())


def _short(sentence: str) -> str:
    clean = " ".join(sentence.split())
    return clean if len(clean) <= 90 else clean[:89] + "…"


def _labels(text: str, reading: _Reading) -> None:
    for match in _LABEL_LINE.finditer(text):
        name = _ALIASES.get(match["label"].lower(), match["label"].lower())
        value = match["value"].strip().rstrip(".")[:300]
        if name in {"benefits", "pains", "proof"}:
            parts = [part.strip() for part in re.split(r"\s*;\s*|,\s+", value) if part.strip()]
            reading.take(name, parts[:12], "; ".join(parts[:12]))
        else:
            reading.take(name, value[: {"brand": 60, "place": 120}.get(name, 300)])


# Money and time


def _budget(text: str, reading: _Reading) -> str:
    """Take the stated budget; the text without it, so that no figure of it is read as anything else."""
    found = budget_statements(text)
    if not found:
        reading.missing.append("the budget, with its currency (for example: $300 a day)")
        return text
    chosen = found[0]
    currency = currency_of(chosen.amount)
    if currency is not None and not is_currency(currency):
        reading.missing.append(f"the budget's currency: “{currency}” is not one that is known")
        return text
    try:
        budget = budget_of(chosen.amount)
    except InvalidInput as error:
        reading.missing.append(f"a budget that can be used: {error.what[:1].lower()}{error.what[1:]}")
        return text
    _take_budget(budget, text[chosen.end :], reading)
    for other in found[1:]:
        reading.ignored.append(f"a second budget figure: “{_short(other.amount[0])}”")
    before, after = text[: chosen.start], text[chosen.end :]
    return f"{before} {after}" if before else after.lstrip(" ,.;:-–—")


def _take_budget(budget: Budget, after: str, reading: _Reading) -> None:
    spread = re.match(rf"\s*(?:over|across|for|during)\s+(?:the (?:next|first) )?{LENGTH}", after, re.IGNORECASE)
    total = budget.period == "total" or (spread is not None and _over(after))
    if not budget.currency_named:
        reading.defaults.append("currency: US dollars, since none was named")
    days = days_of(spread) if spread is not None else DEFAULT_DAYS
    if total:
        daily = Budget(budget.money, "total", budget.currency_named).daily(days=days)
        reading.take("days", days, f"{days}")
        shown = f"{daily} a day ({budget.money} over {days} days)"
    else:
        daily = budget.daily(days=1)
        shown = f"{daily} a day" + ("" if budget.period == "day" else f" ({budget.money} a {budget.period})")
    if daily.minor <= 0:
        reading.missing.append("a budget of at least one unit a day")
        return
    reading.take("budget", {"daily": str(daily.major), "currency": daily.currency}, shown)


def _over(after: str) -> bool:
    return re.match(r"\s*(?:over|across)\b", after, re.IGNORECASE) is not None


def _time(text: str, reading: _Reading) -> None:
    match = re.search(
        rf"\b(?:for|over|run(?:ning)?(?: it| them)?(?: for)?|during|across)\s+(?:the (?:next|first) )?{LENGTH}"
        r"(?!\s+(?:free|trial|pass|membership))",
        text,
        re.IGNORECASE,
    )
    if match and not re.search(rf"\bfree\s+{re.escape(match[0])}", text, re.IGNORECASE):
        reading.take("days", days_of(match))
    deadline = re.search(r"\b(?:by|until|before|deadline:?)\s+(\d{4}-\d\d-\d\d)\b", text, re.IGNORECASE)
    if deadline:
        reading.take("deadline", deadline[1])


# What is advertised, where, to whom


def _product_and_place(text: str, reading: _Reading) -> None:
    place = re.search(
        rf"\b(?:[Ii]n|[Nn]ear|[Aa]round|[Aa]cross)\s+(?P<place>(?:(?!English|Spanish|German|French|January|February|March|"
        rf"April|May\b|June|July|August|September|October|November|December|Facebook|Instagram|TikTok|Google|YouTube|Meta)"
        rf"(?:St\. )?[A-Z][\w'-]+(?:\s+(?:[A-Z][\w'-]+|of|the|and(?=\s[A-Z])))*(?:,\s*(?:[A-Z]{{2}}\b|{_STATES}))?)"
        rf"|(?i:{words.PLACES})\b)",
        text,
    )
    if place is None:  # "a bakery, austin, $50 a day"
        place = re.search(rf"(?:,|\n)\s*(?P<place>(?i:{words.PLACES}))\s*(?=,|\.|\n|$)", text)
    if place:
        reading.take("place", place["place"].strip()[:120])
    brand = re.search(
        r"\b(?:called|named|brand is|company is)\s+[\"“']?([A-Z][\w&'-]*(?:\s+(?:&\s+)?[A-Z][\w&'-]*){0,3})", text
    )
    if brand:
        reading.take("brand", brand[1][:60])
    for pattern in _PRODUCT:
        for match in re.finditer(pattern, text, re.IGNORECASE):
            thing = _cleaned(match["thing"])
            if _is_product(thing):
                _take_product(thing, text[match.end() :], reading)
                return


def _take_product(thing: str, after: str, reading: _Reading) -> None:
    """The product, or the brand when a name is followed by what it is ("Northbrew, cold brew on tap")."""
    named = re.fullmatch(r"(?:[A-Z][\w&'-]*\s?){1,4}", thing)
    told = re.match(rf"\s*,\s*{_DETERMINER}(?P<thing>[a-z][^\n]{{2,120}}?){_STOP}", after) if named else None
    what = _cleaned(told["thing"]) if told else ""
    if _is_product(what) and not re.match(_OFFER, what, re.IGNORECASE):
        reading.take("brand", thing[:60])
        reading.take("product", what)
    else:
        reading.take("product", thing)


_STATES = (
    "Texas|California|Oregon|Florida|Washington|Colorado|Ohio|Georgia|Illinois|Arizona|Nevada|Michigan|Massachusetts|"
    "Ontario|Canada|England|Scotland|Ireland|Germany|France|Spain|Italy|Australia|UK|USA"
)


def _cleaned(thing: str) -> str:
    thing = re.sub(r"\s+(?:called|named)\s.*$", "", " ".join(thing.split()))
    thing = re.sub(r"^(?:a|an|my|our|the|new)\s+", "", thing, flags=re.IGNORECASE)
    return thing.strip(" \"'“”.,-–—")[:300]


_NO_PRODUCT = frozenset(
    {"this", "that", "them", "you", "free", "ads", "people", "brief", "campaign", "budget", "business", "company"}
)
_NO_PRODUCT_START = frozenset({"people", "free", "first", "about", "at", "to", "it", "us", "me"})


def _is_product(thing: str) -> bool:
    first = thing.lower().partition(" ")[0]
    return len(thing) >= 3 and thing.lower() not in _NO_PRODUCT and first not in _NO_PRODUCT_START


def _offer_and_audience(text: str, reading: _Reading) -> None:
    for clause in re.split(r"[,;\n]|(?<=[a-z])\.(?:\s|$)|\s[-–—]\s|\band (?=free\b|\d+\s?%)", text):
        match = re.search(_OFFER, clause, re.IGNORECASE)
        if match:
            start = match.start() if len(clause.split()) > 8 else 0
            offer = re.sub(r"^\s*(?:and|with|plus|we (?:offer|give)|offering|the offer is|offer:?)\s+(?:an?\s+)?", "",
                           clause[start:].strip(), flags=re.IGNORECASE)  # fmt: skip
            reading.take("offer", re.split(rf"\s+(?:{SPEND_WORD})\b", offer)[0].strip(" .!")[:300])
            break
    for pattern in _AUDIENCE:
        match = re.search(pattern, text, re.IGNORECASE)
        if match:
            reading.take("audience", match["thing"].strip()[:300])
            break


# Choices from closed lists


def _choices(text: str, reading: _Reading) -> None:
    named = [name for name, written in words.PLATFORMS.items() if re.search(rf"\b(?:{written})\b", text, re.IGNORECASE)]
    if named:
        reading.take("platforms", named, ", ".join(named))
    voice = re.search(r"\b(?:tone|voice|style|feel|sound|mood|make it|keep it)\b", text, re.IGNORECASE)
    for tone, names in words.TONES.items():
        near = rf"\b(?:{names})\s+(?:tone|voice|style|feel|look|mood|ads?|videos?|spots?)\b"
        after = rf"\b(?:tone|voice|style|feel|sound|mood|make it|keep it)\b[^.\n]{{0,25}}\b(?:{names})\b"
        if re.search(near, text, re.IGNORECASE) or (voice and re.search(after, text, re.IGNORECASE)):
            reading.take("tone", tone)
    for call, names in words.CALLS.items():
        if re.search(rf"\b(?:{names})\b", text, re.IGNORECASE):
            reading.take("call_to_action", call)
            break
    count = re.search(
        r"\b(\d{1,2}|two|three|four|five|six|eight|ten|twelve)\s+(?:different\s+)?"
        r"(?:variants?|versions?|variations?|ads\b|video ads)",
        text, re.IGNORECASE,
    )  # fmt: skip
    if count:
        number = int(count[1]) if count[1].isdecimal() else words.NUMBERS[count[1].lower()]
        if 1 <= number <= 12:
            reading.take("variants", number)
    bare = r"(?<![@\w.-])[a-z0-9][a-z0-9-]*\.(?:com|net|org|io|co|shop|app)(?:/[^\s,;)]*)?\b"
    link = re.search(r"https?://[^\s,;)]+", text) or re.search(bare, text)
    if link:
        address = link[0].rstrip(".,!?")
        reading.take("link", address if "://" in address else f"https://{address}")


def _complete(text: str, reading: _Reading) -> None:
    if "product" not in reading.fields:
        reading.missing.insert(0, "what is advertised (for example: a teeth-whitening clinic)")
    vertical = _vertical(f"{reading.fields.get('product', '')} \n {text}")
    reading.suppose("vertical", vertical, f"kind of business: {vertical.replace('_', ' ')}")
    call = words.CALL_OF_VERTICAL[vertical]
    usual = f"call to action: {call.replace('_', ' ')}, usual for this kind of business"
    reading.suppose("call_to_action", call, usual)
    reading.suppose("platforms", ["meta"], "platform: meta")
    reading.suppose("tone", "friendly", "tone: friendly")
    reading.suppose("days", DEFAULT_DAYS, f"length: {DEFAULT_DAYS} days")
    if "product" in reading.fields and "brand" not in reading.fields:
        name = reading.fields["product"].split(" for ")[0][:60].strip().title()
        reading.suppose("brand", name, f"brand name: {name}, since none was named")
    for name, shown in (("audience", "audience: people who may need it"), ("place", "place: not limited"),
                        ("offer", "offer: none")):  # fmt: skip
        if name not in reading.fields:
            reading.defaults.append(shown)
    if re.search(r"\b(?:clips?|footage|photos?|pictures?|recordings?|my (?:own )?videos?)\b", text, re.IGNORECASE):
        reading.defaults.append("footage: the text mentions some, but brings none; add it with --footage DIR")


def _vertical(text: str) -> Vertical:
    head, _, rest = text.partition("\n")
    for part in (head, rest):
        for vertical, names in words.VERTICALS.items():
            if re.search(rf"\b(?:{names})\b", part, re.IGNORECASE):
                return vertical
    return "ecommerce"
