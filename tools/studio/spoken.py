"""How written words are said: prices, numbers, times and addresses spelt out, the written form kept beside them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
_ORDINAL = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
_CURRENCY = {
    "$": ("dollar", "cent"), "US$": ("dollar", "cent"), "A$": ("dollar", "cent"), "C$": ("dollar", "cent"),
    "€": ("euro", "cent"), "£": ("pound", "penny"), "¥": ("yen", ""), "₹": ("rupee", "paisa"),
}  # fmt: skip
_PLURAL = {"penny": "pence", "yen": "yen", "paisa": "paise"}
_LETTER_SCALE = {"k": "thousand", "m": "million", "b": "billion", "bn": "billion"}
_SIGNS = {
    "&": "and", "+": "plus", "%": "percent", "=": "equals", "@": "at", "#": "number", "×": "times", "°": "degrees",
    "½": "and a half", "¼": "and a quarter", "¾": "and three quarters",
}  # fmt: skip
_SHORT = {
    "vs": "versus", "w/": "with", "w/o": "without", "no.": "number", "approx.": "about", "e.g.": "for example",
    "i.e.": "that is", "etc.": "et cetera", "min.": "minutes", "hrs": "hours", "yrs": "years", "b2b": "B to B",
}  # fmt: skip
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
_TRAIL = re.compile(r"^([\"'“‘(\[]*)(.*?)([\"'”’)\]]*[.,!?;:…]*[\"'”’)\]]*)$", re.DOTALL)
_UNITS = {
    "day": "a day", "mo": "a month", "month": "a month", "week": "a week", "wk": "a week", "yr": "a year",
    "year": "a year", "hr": "an hour", "hour": "an hour", "person": "a person", "cup": "a cup", "user": "a user",
}  # fmt: skip


@dataclass(frozen=True)
class Said:
    """One written word and how it is said (several words, or none for a dash or an emoji)."""

    written: str
    spoken: str


def said(text: str) -> tuple[Said, ...]:
    """Each written word of `text` with its spoken form; punctuation that makes the voice pause is kept."""
    return tuple(Said(word, _say(word)) for word in text.split())


def number_words(number: int) -> str:
    """A whole number below 10^15 in words; digit by digit beyond."""
    if number >= 10**15:
        return " ".join(_ONES[int(digit)] for digit in str(number))
    if number < 20:
        return _ONES[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens] + (f" {_ONES[ones]}" if ones else "")
    scale, name = next(pair for pair in _SCALES if number >= pair[0])
    count, rest = divmod(number, scale)
    return f"{number_words(count)} {name}" + (f" {number_words(rest)}" if rest else "")


def _say(word: str) -> str:
    parts = _TRAIL.match(word)
    before, core, after = parts.groups() if parts else ("", word, "")
    if core.lower() in _SHORT or (core + after[:1]).lower() in _SHORT:  # its dot ends no sentence
        return _SHORT.get(core.lower()) or _SHORT[(core + after[:1]).lower()]
    pause = "".join(mark for mark in after if mark in ".,!?;:…")[:1].replace("…", ",")
    spoken = _core(core) if core else ""
    return spoken + pause if spoken else ("," if pause or before or word in {"—", "–", "-"} else "")


def _core(core: str) -> str:
    for pattern, speak in _RULES:
        match = pattern.fullmatch(core)
        if match:
            return speak(match)
    if any(char.isdecimal() for char in core) or any(char in core for char in _SIGNS):
        return _piecewise(core)
    kept = "".join(char if char.isalnum() or char in "'’-." else " " for char in core)
    return " ".join(kept.replace("’", "'").split()) if any(char.isalnum() for char in kept) else ""


def _piecewise(core: str) -> str:
    out: list[str] = []
    for piece in re.findall(rf"{_NUMBER}|[^\W\d_]+(?:['’][^\W\d_]+)?|\S", core):
        if piece[0].isdecimal():
            out.append(_plain(piece))
        elif piece[0].isalpha():
            out.append(piece)
        elif piece in _SIGNS:
            out.append(_SIGNS[piece])
    return " ".join(out)


def _plain(digits: str) -> str:
    whole, _, decimals = digits.replace(",", "").partition(".")
    if not decimals and len(whole) > 1 and whole[0] == "0":
        return " ".join(_ONES[int(digit)] for digit in whole)
    words = number_words(int(whole))
    return words + (f" point {' '.join(_ONES[int(digit)] for digit in decimals)}" if decimals else "")


def _money(match: re.Match[str]) -> str:
    unit, part = _CURRENCY[match["symbol"]]
    digits, scale = match["amount"].replace(",", ""), (match["scale"] or "").lower()
    whole, _, decimals = digits.partition(".")
    per = f" {_UNITS[match['unit']]}" if match["unit"] else ""
    if scale:
        return f"{_plain(digits)} {_LETTER_SCALE[scale]} {_many(unit)}{per}"
    minor = int((decimals + "0")[:2]) if decimals and part else 0
    if minor > 9 and 0 < int(whole) < 100 and unit == "dollar":  # "four ninety-nine": how people say a price
        return f"{number_words(int(whole))} {number_words(minor)}{per}"
    major = f"{number_words(int(whole))} {unit if int(whole) == 1 else _many(unit)}"
    rest = f"{number_words(minor)} {part if minor == 1 else _many(part)}" if minor else ""
    if not int(whole) and minor:
        return rest + per
    return f"{major} and {rest}{per}" if rest else major + per


def _many(noun: str) -> str:
    return _PLURAL.get(noun, f"{noun}s")


def _ordinal(match: re.Match[str]) -> str:
    words = number_words(int(match[1])).split()
    last = words[-1]
    words[-1] = _ORDINAL.get(last, last[:-1] + "ieth" if last.endswith("y") else last + "th")
    return " ".join(words)


def _clock(match: re.Match[str]) -> str:
    minutes = match["minutes"]
    words = [number_words(int(match["hour"]))]
    if minutes and int(minutes):
        words.append(("oh " if int(minutes) < 10 else "") + number_words(int(minutes)))
    return " ".join([*words, *(match["half"] or "").upper().replace(".", "")])


def _year(match: re.Match[str]) -> str:
    number = int(match[0])
    if 2000 <= number < 2010:
        return number_words(number)
    century, rest = divmod(number, 100)
    return f"{number_words(century)} {'hundred' if not rest else number_words(rest)}"


def _address(match: re.Match[str]) -> str:
    text = re.sub(r"^https?://", "", match[0].lower()).removeprefix("www.").rstrip("/")
    names = {".": "dot", "/": "slash", "-": "dash", "@": "at", "_": "underscore"}
    return " ".join(names.get(piece) or piece for piece in re.findall(r"[a-z]+|\d+|[./@_-]", text))


def _scaled(match: re.Match[str]) -> str:
    return f"{_plain(match[1])} {_LETTER_SCALE[match[2].lower()]}"


def _phone(match: re.Match[str]) -> str:
    return ", ".join(" ".join(_ONES[int(d)] for d in group) for group in re.findall(r"\d+", match[0]))


_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), speak)
    for pattern, speak in (
        (
            rf"(?P<symbol>(?:US|A|C)?\$|[€£¥₹])(?P<amount>{_NUMBER})(?P<scale>k|m|bn|b)?\+?"
            rf"(?:/(?P<unit>{'|'.join(_UNITS)}))?",
            _money,
        ),
        (rf"([$€£¥₹]{_NUMBER})[-–]([$€£¥₹]?{_NUMBER})", lambda m: f"{_core(m[1])} to {_core(m[2])}"),
        (r"(?:https?://)?[\w.+-]+(?:@[\w-]+)?(?:\.[a-z]{2,})+(?:/[\w./-]*)?", _address),
        (r"(\d+)(?:st|nd|rd|th)", _ordinal),
        (r"(?P<hour>1?\d|2[0-4])(?::(?P<minutes>\d\d))?(?P<half>[ap]\.?m)", _clock),
        (r"(?P<hour>1?\d|2[0-3]):(?P<minutes>\d\d)(?P<half>)", _clock),
        (r"(?:1[89]|20)\d\d", _year),
        (r"24/7", lambda _: "twenty-four seven"),
        (rf"({_NUMBER})/(5|10|100)", lambda m: f"{_plain(m[1])} out of {_plain(m[2])}"),
        (rf"({_NUMBER})%", lambda m: f"{_plain(m[1])} percent"),
        (rf"({_NUMBER})[x×]", lambda m: f"{_plain(m[1])} times"),
        (rf"({_NUMBER})(k|m|bn|b)", _scaled),
        (rf"({_NUMBER})\+", lambda m: f"more than {_plain(m[1])}"),
        (rf"({_NUMBER})[-–]({_NUMBER})", lambda m: f"{_plain(m[1])} to {_plain(m[2])}"),
        (r"#(\d+)", lambda m: f"number {_plain(m[1])}"),
        (r"\+?\(?\d{1,4}\)?(?:[-.]\d{2,4}){2,4}", _phone),
        (rf"({_NUMBER})", lambda m: _plain(m[1])),
    )
)
