"""Spend caps as one pure function. What cannot be evaluated is refused; pauses and decreases always pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from geminivideo.accounts import Account
from geminivideo.errors import CapExceeded
from geminivideo.money import Money
from geminivideo.spend import SpendChange, SpendState

_LIMIT = 2**53 - 1


@dataclass(frozen=True)
class Pending:
    """Another change that was approved earlier, or is in flight: its effect is counted as if it were there."""

    change_id: str
    external_id: str | None
    after_live_minor: int


@dataclass(frozen=True)
class Raised:
    """A budget that was raised today, by a change that took effect or may have."""

    external_id: str
    before_minor: int
    after_minor: int


@dataclass(frozen=True)
class Exposure:
    """What the account already carries today (its business day)."""

    day: date
    days_left: int
    """Days that are left of the business month, today included."""
    month_spent_minor: int
    """Spent in the month before today, as far as synced."""
    changes_today: int
    pending: tuple[Pending, ...] = ()
    raised: tuple[Raised, ...] = field(default=())


def is_reduction(change: SpendChange, *, currency: str, live: Mapping[str, SpendState | None]) -> bool:
    """Whether the change can only lower what may leave the account, against what was approved and what is shown.

    Judged by its effect, not by its kind.
    """
    if change.before is None or change.external_id is None:
        return False
    after = change.after
    if after.status == "PAUSED" and after.daily_budget == change.before.daily_budget:
        return True
    shown = live.get(change.external_id) or change.before
    return _lowers(change.before, after, currency) and _lowers(shown, after, currency)


def evaluate(
    changes: Sequence[SpendChange], account: Account, *, exposure: Exposure, live: Mapping[str, SpendState | None]
) -> None:
    """Raise CapExceeded unless every increase among `changes` fits every cap of the account.

    `live` is every ad set of the account as the platform shows it. The monthly cap holds the worst case: what was
    spent, and the new daily total on every day that is left of the month.
    """
    currency = account.config.currency
    rises = [change for change in changes if not is_reduction(change, currency=currency, live=live)]
    if not rises:
        return
    _check_readable(rises, currency=currency, live=live)
    for change in rises:
        _check_one(change, account, exposure, live=live)
    caps = account.config.caps
    if exposure.changes_today + len(changes) > caps.changes_per_day:
        raise _refused(f"{exposure.changes_today} changes were made today and {caps.changes_per_day} are allowed")
    total = daily_total(changes, exposure=exposure, live=live)
    _check_total(total, cap=caps.daily_total_max, what="live budgets would sum to", per="a day", currency=currency)
    month = exposure.month_spent_minor + total * exposure.days_left
    _check_total(month, cap=caps.monthly_total_max, what="the month could come to", per="a month", currency=currency)


def daily_total(changes: Sequence[SpendChange], *, exposure: Exposure, live: Mapping[str, SpendState | None]) -> int:
    """Most minor units a day once `changes` and everything pending are there. A decrease counts only when live."""
    budgets = {external_id: _live(state) for external_id, state in live.items()}
    for other in exposure.pending:
        key = other.external_id or other.change_id
        budgets[key] = max(budgets.get(key, 0), other.after_live_minor)
    for change in changes:
        key = change.external_id or change.id
        budgets[key] = max(budgets.get(key, 0), _live(change.after))
    return sum(budgets.values())


def _check_readable(rises: Sequence[SpendChange], *, currency: str, live: Mapping[str, SpendState | None]) -> None:
    states = [state for change in rises for state in (change.before, change.after) if state is not None]
    if None in live.values():
        raise _refused("the platform shows a budget that is not a daily one, so the daily total cannot be evaluated")
    if not all(state and _exact(state.daily_budget, currency) for state in (*states, *live.values())):
        raise _refused(f"an amount is not a whole number of minor units of {currency}")
    unseen = [change.ad_name for change in rises if change.external_id and change.external_id not in live]
    if unseen:
        raise _refused(f"the platform does not show {unseen[0]!r}, so its cap cannot be evaluated")


def _check_one(
    change: SpendChange, account: Account, exposure: Exposure, *, live: Mapping[str, SpendState | None]
) -> None:
    caps, after = account.config.caps, change.after.daily_budget
    if change.external_id is None:
        if after.minor > caps.create_max:
            limit = Money(minor=caps.create_max, currency=after.currency)
            raise _refused(f"{change.ad_name!r} would start with {after} a day and {limit} is allowed")
        return
    shown = live[change.external_id]
    step = _ratio(shown.daily_budget.minor if shown else 0, after.minor, change)
    if step > 1 + Fraction(caps.increase_percent_per_change, 100):
        allowed = f"{caps.increase_percent_per_change}% is allowed"
        raise _refused(f"{change.ad_name!r} would rise by {_percent(step)} and {allowed}")
    grown = step
    for earlier in exposure.raised:
        if earlier.external_id == change.external_id:
            grown *= _ratio(earlier.before_minor, earlier.after_minor, change)
    if step > 1 and grown > 1 + Fraction(caps.increase_percent_per_day, 100):
        allowed = f"{caps.increase_percent_per_day}% is allowed"
        raise _refused(f"{change.ad_name!r} would have risen by {_percent(grown)} today and {allowed}")


def _ratio(before: int, after: int, change: SpendChange) -> Fraction:
    """By how much a budget rises; 1 when it does not. A decrease never makes room for a later increase."""
    if before <= 0:
        raise _refused(f"{change.ad_name!r} had no budget, so a percentage cannot be evaluated")
    return max(Fraction(after, before), Fraction(1))


def _lowers(state: SpendState, after: SpendState, currency: str) -> bool:
    comparable = _exact(state.daily_budget, currency) and _exact(after.daily_budget, currency)
    stays = after.status in {state.status, "PAUSED"}
    return comparable and stays and after.daily_budget.minor <= state.daily_budget.minor


def _check_total(total: int, *, cap: int, what: str, per: str, currency: str) -> None:
    if total > cap:
        over, limit = Money(minor=total, currency=currency), Money(minor=cap, currency=currency)
        raise _refused(f"{what} {over} and {limit} {per} is allowed")


def _exact(money: Money, currency: str) -> bool:
    # A model built without validation could carry a float, a Decimal or a bool: none of them is an amount.
    return type(money.minor) is int and 0 <= money.minor <= _LIMIT and money.currency == currency


def _live(state: SpendState | None) -> int:
    return state.daily_budget.minor if state and state.status == "ACTIVE" else 0


def _percent(ratio: Fraction) -> str:
    return f"{float((ratio - 1) * 100):.1f}%"


def _refused(why: str) -> CapExceeded:
    return CapExceeded(
        f"Refused by a spend cap: {why}",
        where="caps",
        fix="Propose less, or have an admin raise the account's cap.",
    )
