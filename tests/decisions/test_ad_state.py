from __future__ import annotations

import random

from tests.decisions.builders import NOW, SERVICE, ad, day, deal
from tools.decisions.ad_state import assemble


def _all(days: list[object], deals: list[object]) -> object:
    return assemble([ad("a"), ad("b")], days=days, deals=deals, config=SERVICE, now=NOW)  # type: ignore[arg-type]


DAYS = [day("a", 3), day("a", 2, clicks=50), day("b", 2), day("b", 1, leads=4)]
DEALS = [
    deal("1", ad_key="a", stage="closedwon", amount=50_000),
    deal("2", ad_key="b"),
    deal("3", born=1),
    deal("4", ad_key="b", stage="closedlost"),
]


def test_counters_and_money_are_added_up_per_ad() -> None:
    a, b = assemble([ad("a"), ad("b")], days=DAYS, deals=DEALS, config=SERVICE, now=NOW, predicted_ctr_ppm={"a": 9})
    assert (a.impressions, a.clicks, a.leads, a.revenue_minor, a.predicted_ctr_ppm) == (6_000, 86, 2, 50_000, 9)
    assert b.revenue_minor == 0
    assert b.pipeline_value_minor > 0
    assert a.deals + b.deals == 4


def test_a_state_is_a_value_and_does_not_depend_on_the_order_of_what_was_synced() -> None:
    first = _all(list(DAYS), list(DEALS))
    days, deals = list(DAYS), [*DEALS, *DEALS]
    random.Random(3).shuffle(days)
    random.Random(4).shuffle(deals)
    assert _all(days, deals) == first
    assert hash(_all(days, deals)) == hash(first)


def test_today_and_the_future_are_not_counted() -> None:
    (a,) = assemble(
        [ad("a")], days=[day("a", 0), day("a", -1)], deals=[deal("1", ad_key="a", born=-1)], config=SERVICE, now=NOW
    )
    assert (a.impressions, a.deals, a.days) == (0, 0, ())


def test_foreign_money_is_left_out() -> None:
    foreign = deal("1", ad_key="a", stage="closedwon").model_copy(update={"currency": "EUR"})
    (a,) = assemble([ad("a")], days=[], deals=[foreign], config=SERVICE, now=NOW)
    assert (a.revenue_minor, a.pipeline_value_minor, a.deals) == (0, 0, 0)


def test_people_reached_at_least_once_replace_the_sum_of_days_when_known() -> None:
    (a,) = assemble([ad("a")], days=DAYS[:2], deals=[], config=SERVICE, now=NOW, lifetime_reach={"a": 2_000})
    assert (a.reach, a.frequency) == (2_000, 3.0)
