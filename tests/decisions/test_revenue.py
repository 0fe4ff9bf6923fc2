from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.decisions.builders import NOW, deal
from tools.decisions.revenue import fit_stage_model, latest, value_delta


def test_without_deals_the_default_pipeline_holds() -> None:
    model = fit_stage_model([], now=NOW)
    fresh = model.win_probability(deal("1", born=0), now=NOW)
    assert 0.15 < fresh < 0.25
    assert model.win_probability(deal("1", stage="closedwon"), now=NOW) == 1.0
    assert model.win_probability(deal("1", stage="closedlost"), now=NOW) == 0.0


def test_later_stages_are_worth_more_and_old_open_deals_less() -> None:
    model = fit_stage_model([], now=NOW)
    stages = ["appointmentscheduled", "qualifiedtobuy", "presentationscheduled", "contractsent"]
    chances = [model.win_probability(deal("1", stage=stage), now=NOW) for stage in stages]
    assert chances == sorted(chances)
    assert model.win_probability(deal("1", born=120), now=NOW) < model.win_probability(deal("1", born=1), now=NOW)


def test_a_sync_that_replays_and_reorders_changes_nothing() -> None:
    moves = [
        deal("7", stage="appointmentscheduled", born=9, modified=9),
        deal("7", stage="qualifiedtobuy", born=9, modified=5),
        deal("7", stage="closedwon", born=9, modified=1),
        deal("8", born=3),
    ]
    once = latest(moves)
    assert latest([*moves[::-1], *moves, *once]) == once
    assert {d.external_id: d.stage for d in once} == {"7": "closedwon", "8": "appointmentscheduled"}


@settings(deadline=None)
@given(st.permutations(list(range(5))))
def test_deltas_of_any_order_sum_to_the_final_value(order: list[int]) -> None:
    stages = ["appointmentscheduled", "qualifiedtobuy", "presentationscheduled", "contractsent", "closedwon"]
    moves = [deal("7", stage=stage, born=20, modified=10 - i) for i, stage in enumerate(stages)]
    model = fit_stage_model([], now=NOW)
    held, total = None, 0
    for index in [*order, *order]:
        total += value_delta(held, after=moves[index], model=model, now=NOW)
        held = latest([*([held] if held else []), moves[index]])[0]
    assert total == model.expected_minor(moves[-1], now=NOW) == 70_000


def test_an_accounts_own_win_rate_is_learned_with_shrinkage() -> None:
    few = [deal(str(i), stage="closedwon", born=40, modified=30) for i in range(3)]
    many = [deal(str(i), stage="closedwon", born=60, modified=60 - i % 20) for i in range(300)]
    chances = [fit_stage_model(known, now=NOW).win_probability(deal("x", born=0), now=NOW) for known in ([], few, many)]
    assert chances[0] < chances[1] < chances[2]
    assert chances[1] < 0.45 < 0.8 < chances[2]


@pytest.mark.parametrize("age", [30, 60, 90])
def test_open_deals_are_valued_at_what_they_bring_later(age: int) -> None:
    """Simulated account, 12% won: value of deals of the last `age` days against what they bring in the end."""
    rng = np.random.default_rng(age)
    born = rng.uniform(0, age, size=4_000)
    won = rng.random(4_000) < 0.12
    lag = np.where(
        won, np.exp(np.log(14) + 1.2 * rng.standard_normal(4_000)), np.exp(np.log(8) + rng.standard_normal(4_000))
    )
    deals = [
        deal(
            str(i),
            born=int(b),
            modified=max(0, int(b - g)),
            stage=("closedwon" if w else "closedlost") if g < b else "appointmentscheduled",
        )
        for i, (b, w, g) in enumerate(zip(born, won, lag, strict=True))
    ]
    model = fit_stage_model(deals, now=NOW)
    expected = sum(model.expected_minor(d, now=NOW) for d in deals)
    assert expected == pytest.approx(70_000 * won.sum(), rel=0.15)
