"""Budgets as people write them: "$300 a day", "EUR 1,200 per week", "2k USD in total". Exact, never a float."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from geminivideo.errors import InvalidInput
from geminivideo.money import EXPONENTS, Money

Period = Literal["day", "week", "month", "total"]

_SYMBOLS = {
    "US$": "USD", "A$": "AUD", "C$": "CAD", "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR",
}  # fmt: skip
_NAMES = {
    "dollars": "USD", "dollar": "USD", "bucks": "USD", "euros": "EUR", "euro": "EUR", "pounds": "GBP",
    "quid": "GBP", "yen": "JPY", "rupees": "INR", "francs": "CHF", "pesos": "MXN",
}  # fmt: skip
_SYMBOL = "|".join(re.escape(symbol) for symbol in _SYMBOLS)
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_COMMON = "usd|eur|gbp|cad|aud|nzd|chf|jpy|inr|sgd|mxn|brl|sek|nok|dkk|pln"
_CODE = rf"(?:(?:{_COMMON})\b|(?-i:[A-Z]{{3}}\b))"  # others in capitals alone: "try 300" is no Turkish lira
AMOUNT = (
    rf"(?P<minus>[-−]\s?)?(?:(?P<symbol>{_SYMBOL})\s?|\b(?P<code>{_CODE})\s?)?(?P<number>{_NUMBER})"
    rf"(?P<thousand>\s?k\b)?(?:\s?(?P<after>(?:{'|'.join(_NAMES)})\b|{_CODE})|\s?(?P<sign>[€£]))?"
)
"""An amount with its currency before, after, or not at all."""
PERIOD = (
    r"(?:\s*/\s*|\s+(?:a|an|per|each|every)\s+)(?P<each>day|week|wk|month|mo)\b"
    r"|\s+(?P<adverb>daily|weekly|monthly)\b|\s+(?P<total>in total|total|overall|altogether|all in)\b"
)
"""How long it lasts."""
_PERIODS: dict[str, Period] = {
    "day": "day", "daily": "day", "week": "week", "wk": "week", "weekly": "week",
    "month": "month", "mo": "month", "monthly": "month",
}  # fmt: skip
_DAYS: dict[Period, int] = {"day": 1, "week": 7, "month": 30}


@dataclass(frozen=True)
class Budget:
    """An amount for a period; `currency_named` is False when the text named none and USD was taken."""

    money: Money
    period: Period
    currency_named: bool

    def daily(self, *, days: int) -> Money:
        """The amount per day, rounded down so that the stated sum is never exceeded."""
        count = _DAYS.get(self.period, days)
        return Money(minor=self.money.minor // count, currency=self.money.currency)


def parse_budget(text: str) -> Budget:
    """A whole budget text; InvalidInput if it is none, is not positive, or names an unknown currency."""
    match = re.fullmatch(rf"\s*{AMOUNT}(?:{PERIOD})?\s*", text, re.IGNORECASE)
    if match is None:
        raise InvalidInput(f"{text[:60]!r} is not a budget", fix="Write it as `$300 a day`.")
    return budget_of(match)


def budget_of(match: re.Match[str]) -> Budget:
    """The budget in a match of AMOUNT (and PERIOD, if it took part)."""
    groups = match.groupdict()
    if re.fullmatch(r"\d{1,3}\.\d{3}", groups["number"]):  # a thousand to some, one to others
        raise InvalidInput(f"{groups['number']} can be read in two ways", fix="Write 1,000 or 1000 for a thousand.")
    amount = Decimal(groups["number"].replace(",", "")) * (1000 if groups["thousand"] else 1)
    if groups["minus"]:
        amount = -amount
    currency = currency_of(match)
    money = Money.parse(amount, currency=currency or "USD")
    if money.minor <= 0:
        raise InvalidInput("The budget must be more than zero", fix="Write it as `$300 a day`.")
    named = groups.get("each") or groups.get("adverb")
    period = _PERIODS[named.lower()] if named else "total" if groups.get("total") else "day"
    return Budget(money, period, currency is not None)


def currency_of(match: re.Match[str]) -> str | None:
    """The currency code that a match of AMOUNT names, or None. A word that is no currency is returned as it is."""
    groups = match.groupdict()
    if groups["symbol"]:
        return _SYMBOLS[groups["symbol"].upper()]
    if groups["sign"]:
        return _SYMBOLS[groups["sign"]]
    word = groups["after"] or groups["code"]
    if word is None:
        return None
    return _NAMES.get(word.lower(), word.upper())


def is_currency(code: str | None) -> bool:
    """Whether `code` is a currency that we know."""
    return code in EXPONENTS
