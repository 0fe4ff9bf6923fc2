"""Figures and plain sentences that the report and the ending share, read from the result document alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from geminivideo.money import Money

Result = Mapping[str, Any]
Certainty = Literal["gain", "unclear", "loss"]
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_SETTLED = frozenset({"verified", "applied"})


@dataclass(frozen=True)
class AdFigures:
    """One published ad: what it got each day, and what came of it. Money in minor units."""

    ad_id: str
    title: str
    tone: int
    """Number of its colour, in order of launch."""
    budgets: tuple[int, ...]
    """Daily budget per simulated day; 0 when it was not live."""
    impressions: int
    clicks: int
    leads: int
    spend: int
    predicted_ctr: float | None
    replaces: str | None

    @property
    def ctr(self) -> float | None:
        """Clicks per impression as delivered; None without impressions."""
        return self.clicks / self.impressions if self.impressions else None


@dataclass(frozen=True)
class Moment:
    """Something that changed who was live, on the day (index) from which it shows."""

    day: int
    text: str


@dataclass(frozen=True)
class Gain:
    """Against an even split of the same budget over the same ads, in minor units: mean and 90% range."""

    mean: int
    low: int
    high: int
    share_of_possible: float | None
    best: int
    """What the best plan under the same limits would have gained."""
    repeats: int

    @property
    def certainty(self) -> Certainty:
        """Whether the range stays on one side of zero."""
        if self.low > 0:
            return "gain"
        return "loss" if self.high < 0 else "unclear"


def money(result: Result, minor: float, *, whole: bool = False) -> str:
    """Minor units in the account's currency; `whole` leaves out cents from 10 units on."""
    amount = Money(minor=round(minor), currency=result["account"]["currency"])
    shown = str(amount)
    if whole and (abs(amount.major) >= 10 or amount.major == int(amount.major)):
        rounded = Money.parse(int(amount.major.to_integral_value()), currency=amount.currency)
        head, _, tail = str(rounded).partition(".")
        return head + tail.lstrip("0123456789")
    return shown


def simulated_days(result: Result) -> list[str]:
    """The days (ISO) that the campaign was delivered on."""
    return sorted(result["simulation"].get("budgets") or {})


def ads_of(result: Result) -> list[AdFigures]:
    """Every published ad of ours, in order of launch."""
    budgets, daily = _budgets(result), _totals(result["daily"])
    variants = {item["ad_id"]: item for item in result["variants"] if item.get("ad_id")}
    days = simulated_days(result)
    known = dict.fromkeys([*variants, *budgets, *daily])
    names = {row["ad_id"]: row["ad_name"] for row in result["daily"]}
    return [
        AdFigures(
            ad_id=ad_id,
            title=_title(ad_id, variants=variants, names=names),
            tone=number % 6,
            budgets=tuple(budgets.get(ad_id, {}).get(day, 0) for day in days),
            predicted_ctr=variants[ad_id]["prediction"]["ctr"] if ad_id in variants else None,
            replaces=(variants.get(ad_id) or {}).get("replaces_ad_id"),
            **daily.get(ad_id, dict.fromkeys(_COUNTS, 0)),
        )
        for number, ad_id in enumerate(known)
    ]


def moments(result: Result, ads: Sequence[AdFigures]) -> list[Moment]:
    """When an ad stopped or joined after the first day."""
    found = []
    for ad in ads:
        for day in range(1, len(ad.budgets)):
            before, now = ad.budgets[day - 1], ad.budgets[day]
            if before > 0 and now == 0:
                found.append(Moment(day, f"“{ad.title}” was paused."))
            if before == 0 and now > 0 and any(ad.budgets[:day]):
                found.append(Moment(day, f"“{ad.title}” ran again."))
            elif before == 0 and now > 0:
                found.append(Moment(day, f"“{ad.title}” joined{_beside(ad, ads, day=day)}."))
    return sorted(found, key=lambda moment: moment.day)


def _beside(ad: AdFigures, ads: Sequence[AdFigures], *, day: int) -> str:
    """Why a new ad joined: in place of a tired one, or to relieve it."""
    tired = next((item for item in ads if item.ad_id == ad.replaces), None)
    if tired is None:
        return ""
    return f" to relieve “{tired.title}”" if tired.budgets[day] > 0 else f" in place of “{tired.title}”"


def spent(result: Result) -> int:
    """Spend as last synced, over every day, in minor units."""
    return sum(int(row["spend_minor"]) for row in result["daily"])


def gain(result: Result) -> Gain | None:
    """The gain, or None when nothing was delivered."""
    found = result["simulation"]
    if not found.get("days"):
        return None
    over = found["gain_over_even_split"]
    return Gain(
        mean=over["mean"],
        low=over["low"],
        high=over["high"],
        share_of_possible=found.get("share_of_possible"),
        best=found["best_possible"]["net"] - found["even_split"]["net"],
        repeats=found.get("repeats", 0),
    )


@dataclass(frozen=True)
class GainWords:
    """What was gained against an even split, for people. Luck and loss are named as such."""

    headline: str
    """For a large figure, such as `$1,420 gained`."""
    sentence: str
    """One clause without a full stop."""
    span: str
    """Its range and its share of what was possible, in sentences."""

    @property
    def full(self) -> str:
        """Everything."""
        return f"{self.sentence}. {self.span}".strip()


def gain_words(result: Result) -> GainWords:
    """The gain in words, whatever its sign."""
    found = gain(result)
    if found is None:
        return GainWords("Not known yet", "No day was delivered, so there is nothing to compare", "")
    size = money(result, abs(found.mean), whole=True)
    low, high = (money(result, value, whole=True) for value in (found.low, found.high))
    span = f"In {found.repeats} replays with other luck, 9 of 10 lie between {low} and {high}."
    deals = _luck_of_deals(result)
    if found.certainty == "gain":
        return GainWords(
            f"{size} gained", f"{size} more than an even split of the same budget", span + _share(found) + deals
        )
    if found.certainty == "loss":
        words = f"{size} less than an even split of the same budget: these days' evidence pointed the wrong way"
        return GainWords(f"{size} lost", words, span + deals)
    if found.mean == 0:
        return GainWords("No gain", "On average the same as an even split", span + deals)
    side = "more" if found.mean > 0 else "less"
    words = f"On average {size} {side} than an even split, but luck alone could explain it"
    return GainWords("No clear gain", words, span + _share(found) + deals)


def made_words(result: Result) -> str:
    """Such as `3 ads and 1 replacement`."""
    fresh = sum(bool(item.get("replaces_ad_id")) for item in result["variants"])
    first = len(result["variants"]) - fresh
    words = f"{first} ad{'' if first == 1 else 's'}"
    return f"{words} and {fresh} replacement{'' if fresh == 1 else 's'}" if fresh else words


def decisions_needed(result: Result) -> list[str]:
    """What waits for a person, one plain line each; empty when nothing does."""
    lines = [
        f"Approval {item['id']}: {item['title']}. {item['if_nothing']}"
        for item in result["approvals"]
        if item["state"] == "proposed"
    ]
    unknown = [row for row in result["ledger"] if row["state"] == "unknown"]
    if unknown:
        lines.append(f"{count(len(unknown), 'change')} with an unknown outcome: look at the ads on the platform.")
    if not result["audit"].get("intact", False):
        lines.append(
            f"The audit log does not verify: {result['audit'].get('problem') or 'see `geminivideo audit verify`'}."
        )
    return lines


def count(number: int, noun: str) -> str:
    """Such as `three changes`."""
    shown = _WORDS[number] if number < len(_WORDS) else f"{number:,}"
    return f"{shown} {noun}{'' if number == 1 else 's'}"


def ledger_words(result: Result) -> str:
    """How many spend changes there were and how they ended."""
    states = [row["state"] for row in result["ledger"]]
    done = sum(state in _SETTLED for state in states)
    other = {state: states.count(state) for state in dict.fromkeys(states) if state not in _SETTLED}
    rest = "".join(f", {number} {state}" for state, number in other.items())
    return f"{len(states)} spend changes: {done} applied and read back{rest}."


def short_day(iso: str) -> str:
    """Such as `3 Dec`."""
    day = date.fromisoformat(iso[:10])
    return f"{day.day} {day:%b}"


def hook_words(hook_type: str) -> str:
    """A hook's type for a person."""
    return hook_type.replace("_", "/")


_COUNTS = ("impressions", "clicks", "leads", "spend")


def _budgets(result: Result) -> dict[str, dict[str, int]]:
    """Daily budgets by our ad id and day. The world names ads in its own way; the ledger knows both names."""
    found = result["simulation"]
    external = found.get("ads") or {}
    ours = {
        str((row["steps"].get("ad") or {}).get("id")): row["ad_id"]
        for row in result["ledger"]
        if row["kind"] == "create" and row.get("steps")
    }
    shown: dict[str, dict[str, int]] = {}
    for day, row in sorted((found.get("budgets") or {}).items()):
        for key, minor in row.items():
            platform_id = str(external.get(key, key))
            shown.setdefault(ours.get(platform_id, platform_id), {})[day] = int(minor)
    return shown


def _totals(daily: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for row in daily:
        sums = found.setdefault(row["ad_id"], dict.fromkeys(_COUNTS, 0))
        for name in _COUNTS:
            sums[name] += int(row["spend_minor" if name == "spend" else name])
    return found


def _title(ad_id: str, *, variants: Mapping[str, Mapping[str, Any]], names: Mapping[str, str]) -> str:
    if ad_id in variants:
        return str(variants[ad_id]["title"])
    return names.get(ad_id, ad_id)


def _share(found: Gain) -> str:
    if found.share_of_possible is None or found.mean <= 0:
        return ""
    return (
        f" That is {found.share_of_possible:.0%} of what the best plan for the launched ads, with perfect knowledge "
        "and the same limits, would have gained."
    )


def _luck_of_deals(result: Result) -> str:
    wider = result["simulation"].get("gain_with_luck_of_deals")
    if not wider:
        return ""
    low, high = (money(result, wider[end], whole=True) for end in ("low", "high"))
    return f" Which deals close is luck on top, in any plan: counted too, the range is {low} to {high}."
