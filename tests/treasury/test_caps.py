"""Caps are pure: what may pass, what is refused, and that doubt refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geminivideo.errors import CapExceeded
from geminivideo.money import Money
from geminivideo.spend import SpendChange, SpendState
from tests.treasury.house import account, change, create, usd
from treasury.caps import Exposure, Pending, Raised, daily_total, evaluate

QUIET = Exposure(day=date(2026, 11, 20), days_left=11, month_spent_minor=0, changes_today=0)
CAPS = {
    "increase_percent_per_change": 20,
    "increase_percent_per_day": 40,
    "create_max": 5_000,
    "daily_total_max": 30_000,
    "monthly_total_max": 400_000,
    "changes_per_day": 3,
}
ACCOUNT = account(config={"caps": CAPS})


def live(minor: int = 10_000, status: Any = "ACTIVE", currency: str = "USD") -> SpendState:
    return SpendState(status=status, daily_budget=Money(minor=minor, currency=currency))


def budget(minor: int, *, before: int = 10_000, ad_set: str = "s1", status: Any = "ACTIVE") -> SpendChange:
    return change(kind="budget", external_id=ad_set, before=live(before, status), after=live(minor, status))


def allowed(*items: SpendChange, exposure: Exposure = QUIET, shown: Any = None) -> bool:
    try:
        evaluate(items, ACCOUNT, exposure=exposure, live={"s1": live()} if shown is None else shown)
    except CapExceeded:
        return False
    return True


def test_an_increase_is_capped_per_change() -> None:
    assert allowed(budget(12_000))
    assert not allowed(budget(12_001))


def test_increases_of_one_day_compound_and_decreases_make_no_room() -> None:
    once = replace(QUIET, raised=(Raised("s1", 8_334, 10_000),))
    assert not allowed(budget(12_000), exposure=once)
    assert allowed(budget(11_600), exposure=once)
    fell_between = replace(QUIET, raised=(*once.raised, Raised("s1", 10_000, 5_000), Raised("s1", 5_000, 6_000)))
    assert not allowed(budget(11_000), exposure=fell_between)


def test_the_percentage_is_taken_from_what_the_platform_shows_not_from_the_proposal() -> None:
    assert not allowed(budget(12_000), shown={"s1": live(9_000)})
    told = change(kind="budget", external_id="s1", before=live(50_000), after=live(40_000))
    assert not allowed(told, shown={"s1": live(1_000)}), "a decrease on paper, forty times as much in truth"


def test_a_budget_cannot_be_lifted_while_the_ad_is_paused_and_let_run_later() -> None:
    assert not allowed(budget(20_000, status="PAUSED"), shown={"s1": live(status="PAUSED")})


def test_creates_are_capped_absolutely() -> None:
    assert allowed(create(5_000))
    assert not allowed(create(5_001))


def test_the_daily_total_counts_what_is_live_and_what_was_approved_before() -> None:
    shown = {"s1": live(10_000), "s2": live(15_500)}
    assert allowed(create(4_500), shown=shown)
    assert not allowed(create(4_501), shown=shown)
    waiting = replace(QUIET, pending=(Pending("chg_x", None, 1),))
    assert not allowed(create(4_500), shown=shown, exposure=waiting)
    raising = replace(QUIET, pending=(Pending("chg_x", "s1", 10_001),))
    assert not allowed(create(4_500), shown=shown, exposure=raising)


def test_two_new_ads_that_fit_one_by_one_do_not_fit_together() -> None:
    shown = {"s1": live(21_000)}
    assert allowed(create(5_000), shown=shown)
    assert not allowed(create(5_000), create(5_000, name="Other"), shown=shown)


def test_the_month_holds_the_worst_case_of_the_days_that_are_left() -> None:
    spent = replace(QUIET, month_spent_minor=400_000 - 11 * 12_000)
    assert allowed(budget(12_000), exposure=spent)
    assert not allowed(budget(12_000), exposure=replace(spent, month_spent_minor=spent.month_spent_minor + 1))


def test_the_number_of_changes_per_day_is_capped() -> None:
    assert allowed(budget(11_000), exposure=replace(QUIET, changes_today=2))
    assert not allowed(budget(11_000), exposure=replace(QUIET, changes_today=3))


def test_pauses_and_decreases_pass_when_nothing_else_does() -> None:
    full = replace(QUIET, changes_today=99, month_spent_minor=10**9)
    pause = change(kind="pause", external_id="s1", before=live(), after=live(status="PAUSED"))
    assert allowed(pause, budget(9_999, ad_set="s2"), exposure=full, shown={"s1": live(), "s2": live()})
    assert allowed(pause, exposure=full, shown={})


@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"s1": live(currency="EUR")},
        {"s1": live(), "lifetime": None},
        {"s1": live(), "s2": live(currency="JPY")},
        {"s1": live(0)},
    ],
)
def test_what_cannot_be_evaluated_is_refused(shown: Any) -> None:
    assert not allowed(budget(10_001), shown=shown)


@pytest.mark.parametrize("minor", [True, 1.0, Decimal(100), "100", -1, 2**53])
def test_an_amount_that_is_not_a_whole_number_of_cents_is_refused(minor: Any) -> None:
    odd = Money.model_construct(minor=minor, currency="USD")
    after = SpendState.model_construct(status="ACTIVE", daily_budget=odd)
    assert not allowed(budget(10_001).model_copy(update={"after": after}))


def test_an_increase_in_another_currency_is_refused() -> None:
    before, after = live(10_000, currency="JPY"), live(10_001, currency="JPY")
    assert not allowed(change(kind="budget", external_id="s1", before=before, after=after))


@given(
    budgets=st.lists(st.integers(1, 20_000), min_size=1, max_size=6),
    percents=st.lists(st.integers(50, 150), min_size=6, max_size=6),
    creates=st.lists(st.integers(1, 6_000), max_size=3),
    waiting=st.integers(0, 10_000),
)
def test_whatever_is_allowed_keeps_every_cap(
    budgets: list[int], percents: list[int], creates: list[int], waiting: int
) -> None:
    shown = {f"s{i}": live(minor) for i, minor in enumerate(budgets)}
    items = [
        budget(max(1, minor * percents[i] // 100), before=minor, ad_set=f"s{i}") for i, minor in enumerate(budgets)
    ]
    items += [create(minor, name=f"n{i}") for i, minor in enumerate(creates)]
    exposure = replace(QUIET, pending=(Pending("chg_w", None, waiting),))
    account_ = account(config={"caps": CAPS | {"changes_per_day": 100}})
    try:
        evaluate(items, account_, exposure=exposure, live=shown)
    except CapExceeded:
        return
    rises = [item for item in items if item.daily_increase_minor > 0]
    assert all(item.after.daily_budget.minor <= 5_000 for item in rises if item.before is None)
    for item in rises:
        if item.before is not None:
            assert item.after.daily_budget.minor * 100 <= item.before.daily_budget.minor * 120
    worst = sum(budgets) + waiting + sum(item.daily_increase_minor for item in rises)
    assert not rises or worst <= 30_000
    assert not rises or daily_total(items, exposure=exposure, live=shown) == worst


def test_amounts_of_another_scale_never_become_changes() -> None:
    for odd in (1.5, True, "100", Decimal("1")):
        with pytest.raises(ValueError, match="minor"):
            Money(minor=odd, currency="USD")  # type: ignore[arg-type]
    assert usd(100).minor == 100
