"""Plain text work: cleaning, counting, cutting and comparing words. Pure functions, no language model."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache


def word_set(text: str) -> frozenset[str]:
    """The words of a space-separated list."""
    return frozenset(text.split())


WORDS_PER_SECOND = 2.4
"""Speech that is easy to follow, in spoken words a second (144 a minute)."""

_URL = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://|www\.)\S+"
    r"|\b[\w.-]+\.(?:com|org|net|io|co|app|dev|shop|store|example|ru|xyz|info|biz|ly|me|ai|uk|de|test)\b(?:/\S*)?",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"<[^<>]{0,200}>|[`{}\[\]<>|\\^~]|\*{2,}|_{2,}|#{2,}")
_STACKED = re.compile(r"([\u0300-\u036f]{2})[\u0300-\u036f]+")
_TOKEN = re.compile(r"[^\W_]+(?:['’.,\-/][^\W_]+)*%?", re.UNICODE)
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_STOP = word_set(
    "a an and are as at be been but by can did do does for from get gets got had has have he her here "
    "his how i if in "
    "into is it its just let me more my no not now of off on one or our out own she so some than that "
    "the their them "
    "then there these they this to too up us very was we what when where which who why will with you your yours "
    "they're it's that's there's here's what's who's don't you'll we've you've i'm s re ve ll d t"
)
_BREAKS = word_set("for with that which who at in on from by when while without after before because so and")
_DANGLING = word_set(
    "a an the your our their my of to for with and or in on at by from every each no is are even just "
    "only right than you we i can"
)


def clean(text: str) -> str:
    """One line of plain text: no control, format or private characters, no markup, no addresses."""
    normal = unicodedata.normalize("NFKC", text)
    visible = _STACKED.sub(r"\1", "".join(_visible(char) for char in normal))
    bare = _MARKUP.sub(" ", _URL.sub(" ", visible))
    return re.sub(r"\s+", " ", bare).strip()


def _visible(char: str) -> str:
    if char.isspace():
        return " "
    return "" if unicodedata.category(char)[0] == "C" else char


def find_urls(text: str) -> tuple[str, ...]:
    """Every address in a text, bare domains included."""
    return tuple(match.group(0).rstrip(".,;:!?)\"'") for match in _URL.finditer(text))


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[str, ...]:
    """The words of a text, in order, as written."""
    return tuple(_TOKEN.findall(text))


@lru_cache(maxsize=4096)
def spoken_words(text: str) -> int:
    """How many words a voice says: 312 is three words, so is 4.9, $20 is two."""
    total = 0
    for token in words(text):
        number = _NUMBER.search(token)
        total += _spoken_number(number.group(0)) if number else 1
        total += sum(1 for part in re.split(r"[-/]", token)[1:] if part and not part[0].isdigit()) if number else 0
        total += token.endswith("%")
    return total + len(re.findall(r"[$€£¥]", text))


def _spoken_number(digits: str) -> int:
    whole, _, decimals = digits.replace(",", "").partition(".")
    value = int(whole or "0")
    count = 0
    for group in range(0, len(str(value)), 3):
        part = value // 10**group % 1000
        count += (part >= 100) * 2 + (1 if part % 100 and (part % 100 < 21 or part % 10 == 0) else 2 * bool(part % 100))
        count += 1 if group and part else 0
    return max(count, 1) + (1 + len(decimals) if decimals else 0)


def speech_ms(text: str, *, rate: float = WORDS_PER_SECOND) -> int:
    """How long a voice needs for a text, in milliseconds, at `rate` spoken words a second."""
    return round(spoken_words(text) / rate * 1000)


@lru_cache(maxsize=4096)
def content_words(text: str) -> frozenset[str]:
    """The words that carry meaning, in lower case, plural endings taken off."""
    plain = (token.lower().replace("’", "'") for token in words(text))
    return frozenset(_stem(token) for token in plain if token not in _STOP)


def _stem(word: str) -> str:
    word = word.removesuffix("'s")
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def script_overlap(a: str, b: str) -> float:
    """Share of content words that two scripts have in common (Jaccard), 0 to 1."""
    left, right = content_words(a), content_words(b)
    return len(left & right) / len(left | right) if left | right else 0.0


def capital(text: str) -> str:
    """The text with its first letter in upper case, where it is a plain word."""
    first = text.split(" ", 1)[0]
    return text if not text or any(c.isupper() for c in first[1:]) else text[0].upper() + text[1:]


def sentence(text: str) -> str:
    """The text as a sentence: capital first, an end mark last."""
    body = text.strip()
    closed = body[-1:] in ".?!" or body[-2:] in ('."', '?"', '!"', ".”", "?”", "!”")
    return capital(body) + ("" if closed or not body else ".")


def split_phrase(text: str, *, limit: int) -> tuple[str, str]:
    """Cut a phrase in two so that the first part has at most `limit` words; together they are the whole.

    The cut falls before a preposition or conjunction, or after a comma, so that both parts read well; ("", text) if
    there is no such place.
    """
    tokens = text.split()
    if len(tokens) <= limit:
        return text, ""
    for at in range(min(limit, len(tokens) - 1), 1, -1):
        opens = tokens[at].lower() in _BREAKS or tokens[at - 1].endswith((",", ";", ":", "—", "–"))
        if opens and tokens[at - 1].lower().strip(",;:") not in _DANGLING:
            return " ".join(tokens[:at]).rstrip(",;:—– "), " ".join(tokens[at:])
    return "", text
