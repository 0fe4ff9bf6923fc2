"""Which figure in a text is its budget: every statement that reads like one, the one to take first."""

from __future__ import annotations

import re
from dataclasses import dataclass

from geminivideo.errors import InvalidInput
from tools.briefs import words
from tools.briefs.amounts import AMOUNT, PERIOD, budget_of

DEFAULT_DAYS = 14
"""Days of a campaign whose text names none."""
LENGTH = r"(?P<count>\d{1,3}|" + "|".join(words.NUMBERS) + r")[- ](?P<unit>days?|weeks?|months?)\b"
"""How long a campaign runs: a number and a unit."""
_PRICE_BEFORE = re.compile(
    r"\b(?:costs?|priced|price|prices|save|saves|worth|only|just|from|starting|starts|pay|paying|off|was|charges?)"
    r"(?:\s+(?:at|is|of|for|from))?\s*(?:about\s*)?$",
    re.IGNORECASE,
)
SPEND_WORD = r"(?:ad\s+)?(?:budget|spend(?:ing)?)"
_BARE = re.sub(r"\?P<\w+>", "?:", AMOUNT)
_SUM = rf"{AMOUNT}(?:{PERIOD})?"
_STATEMENTS = (
    rf"\b{SPEND_WORD}\b(?:\s+(?:is|of|at|about|around|up to|max(?:imum)?|will be|should be))*\s*[:=]?\s*{_SUM}",
    rf"{_SUM}\s+(?:{SPEND_WORD}\b|(?:to|for us to) spend\b|(?:on|for|in)\s+ads\b)",
    rf"{_BARE}(?:(?:\s*/\s*|\s+(?:a|per|each|every)\s+)day\b|\s+daily\b)",
    rf"^\W*{_BARE}(?:{PERIOD}|(?=\s+(?:over|across)\s+(?:the (?:next|first) )?{LENGTH}))",
    rf"\b(?:set|make|put)\s+(?:the|my|our|a)?\s*(?:daily\s+)?budget\s+(?:to|at)\s+{_SUM}",
)
"""How a budget is stated: called one by name (the first two), by its period, or commanded (the last)."""


@dataclass(frozen=True)
class Stated:
    """A figure that reads like a budget: where it stands, and how plainly it is called one."""

    start: int
    end: int
    amount: re.Match[str]
    called_budget: bool
    commanded: bool


def budget_statements(text: str) -> list[Stated]:
    """Figures that may be the budget, the one to take first: the first that is told, or a lower one that is
    called the budget by name; a bare command ("set the budget to …") counts only where nothing is told.
    """
    found: list[Stated] = []
    for number, kind in enumerate(_STATEMENTS):
        for match in re.finditer(kind, text, re.IGNORECASE | re.MULTILINE):
            amount = re.search(_SUM, match[0], re.IGNORECASE)
            overlaps = any(other.start < match.end() and match.start() < other.end for other in found)
            priced = number in {2, 3} and _PRICE_BEFORE.search(text[: match.start()])
            if amount is not None and not overlaps and not priced:
                found.append(Stated(match.start(), match.end(), amount, number < 2, number == 4))
    found.sort(key=lambda item: (item.commanded, item.start))
    lower = [item for item in found[1:] if item.called_budget and _is_lower(item, found[0])]
    return lower[:1] + [item for item in found if item not in lower[:1]]


def _is_lower(one: Stated, other: Stated) -> bool:
    try:
        mine, yours = budget_of(one.amount).daily(days=DEFAULT_DAYS), budget_of(other.amount).daily(days=DEFAULT_DAYS)
        return mine < yours
    except InvalidInput:  # another currency, or no amount at all: the first stays
        return False


def days_of(match: re.Match[str]) -> int:
    """The days in a match of LENGTH, 1 to 365."""
    count = int(match["count"]) if match["count"].isdecimal() else words.NUMBERS[match["count"].lower()]
    unit = match["unit"].lower().rstrip("s")
    return max(1, min(365, count * {"day": 1, "week": 7, "month": 30}[unit]))
