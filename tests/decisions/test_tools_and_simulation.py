from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks.scenario import Settings, local_days, open_campaign
from benchmarks.simulation import main, run_seed
from sandbox.best_plan import Truth, best_budgets
from tests.decisions.builders import NOW, SERVICE, dna, random_dna, state
from tools.decisions.ctr_model import TrainingRow, train
from tools.decisions.sampler import Allocation
from tools.decisions.tool import CtrAnswer, allocate_budget_tool, predict_ctr_tool


async def test_both_tools_answer_from_plain_json() -> None:
    question = {
        "states": [state("a", ctr=0.02).model_dump(mode="json"), state("b").model_dump(mode="json")],
        "total_minor": 10_000,
        "now": NOW.isoformat(),
    }
    made = await allocate_budget_tool(SERVICE).ainvoke(question)
    assert isinstance(made, Allocation)
    assert made.total_minor == 10_000
    rng = np.random.default_rng(1)
    rows = [TrainingRow(f"a{i}", random_dna(rng), None, 20_000, int(rng.poisson(240))) for i in range(60)]
    answer = predict_ctr_tool(train(rows, seed=1)).invoke({"creatives": [{"dna": dna().model_dump(mode="json")}]})
    assert isinstance(answer, CtrAnswer)
    assert answer.predictions[0].base_rate_ppm == pytest.approx(12_000, rel=0.05)


def test_the_planners_truth_is_the_worlds() -> None:
    settings = Settings(days=5, ads=3, total_minor=30_000)
    campaign, days = open_campaign(10_777, settings=settings), local_days(5)
    truth = Truth.of(campaign.world, keys=campaign.keys, days=days)
    budgets = np.asarray([[9_000.0, 12_000.0, 8_000.0]] * 5)
    total, before = 0.0, [0.0, 0.0, 0.0]
    for index, day in enumerate(days):
        for place, key in enumerate(campaign.keys):
            expected = campaign.world.expected_day(
                key, daily_budget_minor=budgets[index, place], day=day, prior_impressions=before[place]
            )
            before[place] += expected.impressions
            total += expected.value_minor
    value, gradient = truth.value(budgets)
    assert value == pytest.approx(total, rel=1e-9)
    nudged = budgets.copy()
    nudged[1, 2] += 1.0
    assert truth.value(nudged)[0] - value == pytest.approx(gradient[1, 2], rel=1e-3)


def test_the_best_plan_keeps_the_limits_and_beats_every_random_plan() -> None:
    settings = Settings(days=6, ads=4, total_minor=20_000)
    campaign = open_campaign(10_778, settings=settings)
    truth = Truth.of(campaign.world, keys=campaign.keys, days=local_days(6))
    best = best_budgets(truth, first=settings.first_budgets, total=20_000, increase_percent=20, days=6)
    assert np.all(best.sum(axis=1) <= 20_000.01)
    assert np.all(best[1:] <= 1.2 * best[:-1] + 0.01)
    rng = np.random.default_rng(1)
    for _ in range(200):
        plan = [np.asarray(settings.first_budgets, dtype=np.float64)]
        for _ in range(5):
            high = 1.2 * plan[-1]
            share = rng.dirichlet(np.full(4, 0.5)) * 20_000
            plan.append(np.minimum(share, high))
        assert truth.value(np.stack(plan))[0] <= truth.value(best)[0]


def test_a_seed_gives_the_same_cents_twice_and_every_policy_spends_alike() -> None:
    settings = Settings(days=4, ads=3, total_minor=15_000, history_days=30, history_ads=45)
    first, again = (run_seed(10_900, settings=settings) for _ in range(2))
    assert first == again
    spent = [outcome.spent for outcome in first.values()]
    assert max(spent) - min(spent) < 0.03 * max(spent)
    assert first["best_possible"].expected >= 0.97 * max(outcome.expected for outcome in first.values())


def test_the_simulation_prints_one_json_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seeds", "2", "--seed-from", "10900", "--days", "2", "--ads", "2", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {"system", "even_split", "best_possible", "thompson", "test_then_commit"} <= set(document)
    assert set(document["gain_over"]) == {"even_split", "thompson", "test_then_commit"}
    for interval in (document["share_of_possible"], *document["gain_over"].values()):
        assert set(interval) == {"mean", "low", "high"}
