from __future__ import annotations

import numpy as np
import pytest

from geminivideo.ads import AdState
from tests.decisions.builders import NOW, SERVICE, day, state
from tools.decisions.fatigue import assess
from tools.decisions.optimise import plan


def _with_ctr(rates: list[float], *, key: str = "a", shown: int = 8_000, reach: list[int] | None = None) -> AdState:
    rows = []
    for index, rate in enumerate(rates):
        row = day(key, len(rates) - index, impressions=shown, clicks=round(shown * rate))
        rows.append(row.model_copy(update={"reach": reach[index]}) if reach else row)
    counters = {"days": tuple(rows), "impressions": shown * len(rates), "reach": shown * len(rates)}
    return state(key, days=len(rates)).model_copy(update=counters)


def test_a_steady_ad_is_healthy() -> None:
    found = assess(_with_ctr([0.012] * 10), config=SERVICE)
    assert (found.status, found.severity, found.days_left) == ("HEALTHY", "none", None)


def test_a_falling_ctr_is_fatigue_and_a_steep_fall_is_critical() -> None:
    tired = assess(_with_ctr([0.014 * 0.96**t for t in range(9)]), config=SERVICE)
    assert (tired.status, tired.severity, tired.days_left) == ("FATIGUING", "act", 0)
    assert 20 <= tired.ctr_decline_percent <= 35
    assert assess(_with_ctr([0.02 * 0.9**t for t in range(9)]), config=SERVICE).severity == "critical"


def test_a_trend_warns_before_it_is_fatigue() -> None:
    found = assess(_with_ctr([0.02 * 0.979**t for t in range(11)], shown=60_000), config=SERVICE)
    assert found.status == "HEALTHY"
    assert found.severity == "watch"
    assert found.days_left is not None and 1 <= found.days_left <= 10


def test_two_days_are_too_few_to_judge() -> None:
    found = assess(_with_ctr([0.02, 0.005]), config=SERVICE)
    assert found.status == "HEALTHY"
    assert "takes 3" in found.evidence[0]


def test_saturation_and_a_spent_audience_have_names_of_their_own() -> None:
    often = state("a", days=6).model_copy(update={"reach": 5_000})
    assert assess(often, config=SERVICE).status == "SATURATED"
    reach = [7_200, 6_600, 6_000, 5_500, 5_000, 4_500, 4_100, 3_700, 3_300]
    spent = _with_ctr([0.014 * 0.94**t for t in range(9)], reach=reach)
    assert assess(spent, config=SERVICE).status == "AUDIENCE_EXHAUSTED"


def test_noise_alone_rarely_looks_like_fatigue() -> None:
    rng, alarms = np.random.default_rng(11), 0
    for _ in range(300):
        rates = 0.012 * np.exp(0.113 * rng.standard_normal(10))
        clicks = rng.poisson(3_000 * rates)
        rows = tuple(day("a", 10 - i, clicks=int(c)) for i, c in enumerate(clicks))
        alarms += assess(state("a", days=10).model_copy(update={"days": rows}), config=SERVICE).status != "HEALTHY"
    assert alarms <= 0.05 * 300


@pytest.mark.parametrize("rates", [[0.0] * 5, [0.5] * 5, [0.0, 0.0, 1.0]])
def test_extreme_counts_break_nothing(rates: list[float]) -> None:
    found = assess(_with_ctr(rates, shown=10), config=SERVICE)
    assert -(10**9) < found.ctr_decline_percent <= 100


def test_a_plan_keeps_the_agreed_total_and_lowers_before_it_raises() -> None:
    states = [state(f"a{i}", days=9, ctr=0.008 + 0.002 * i) for i in range(6)]
    made = plan(states, config=SERVICE, seed=3, now=NOW)
    moves = [change.after_minor - change.before_minor for change in made.changes]
    assert moves == sorted(moves)
    assert made.daily_after_minor == made.daily_before_minor == 30_000
    live = made.daily_before_minor
    for move in moves:
        live += move
        assert live <= 30_000


def test_a_plan_obeys_the_caps_on_total_and_on_number_of_changes() -> None:
    states = [state(f"a{i}", days=9, ctr=0.008 + 0.002 * i) for i in range(6)]
    config = SERVICE.model_copy(
        update={"caps": SERVICE.caps.model_copy(update={"daily_total_max": 20_000, "changes_per_day": 2})}
    )
    made = plan(states, config=config, seed=3, now=NOW)
    assert len(made.changes) <= 2
    assert made.allocation.total_minor == 20_000
    assert made.daily_after_minor < 30_000


def test_a_tired_ad_is_named_for_a_refresh() -> None:
    tired = _with_ctr([0.014 * 0.95**t for t in range(9)], key="tired")
    made = plan([tired, state("b", days=9), state("c", days=9)], config=SERVICE, seed=1, now=NOW)
    assert made.refresh == ("tired",)


def test_a_plan_of_nothing_is_empty() -> None:
    made = plan([], config=SERVICE, seed=1, now=NOW)
    assert (made.changes, made.daily_after_minor, made.refresh) == ((), 0, ())
