"""What the simulated world promises to benchmarks and to the product."""

from __future__ import annotations

import math
import statistics
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geminivideo.errors import Conflict, InvalidInput, NotFound
from sandbox import response
from sandbox.chance import binomial
from sandbox.deals import draw_lead
from sandbox.history import plan_history
from sandbox.traits import reference_population
from sandbox.world import World, WorldConfig

START = datetime(2026, 3, 2, 15, tzinfo=UTC)


def fresh(seed: int = 3, start: datetime = START) -> World:
    return World(WorldConfig(seed=seed, start=start))


def with_ads(seed: int = 3, budgets: tuple[int, ...] = (3_750,) * 4) -> World:
    world = fresh(seed)
    for index, budget in enumerate(budgets):
        traits = reference_population()[index * 11]
        world.add_ad(f"ad-{index}", traits=traits, daily_budget_minor=budget, active=True)
    return world


def test_one_seed_is_one_world() -> None:
    worlds = [with_ads(), with_ads()]
    for world in worlds:
        for _ in range(10):
            world.advance_day()
    assert worlds[0].rows("ad-1") == worlds[1].rows("ad-1")
    assert worlds[0].deals() == worlds[1].deals() != []
    assert worlds[0].full_lag_value_minor() == worlds[1].full_lag_value_minor() > 0
    assert with_ads(seed=4).truth("ad-1") != worlds[0].truth("ad-1")


def test_an_ads_luck_does_not_depend_on_what_happens_to_the_others() -> None:
    alone, crowded = with_ads(budgets=(3_000,)), with_ads(budgets=(3_000, 9_000, 500))
    for day in range(8):
        crowded.set_budget("ad-1", minor=9_000 + 700 * day)
        crowded.set_active("ad-2", active=day % 2 == 0)
        alone.advance_day()
        crowded.advance_day()
    assert alone.rows("ad-0") == crowded.rows("ad-0")
    assert alone.deals() == [deal for deal in crowded.deals() if deal in alone.deals()]


@settings(max_examples=60, deadline=None)
@given(budget=st.integers(0, 60_000), seed=st.integers(0, 50))
def test_a_day_never_spends_more_than_its_budget(budget: int, seed: int) -> None:
    world = with_ads(seed=seed, budgets=(budget,))
    world.advance_day()
    spent = world.spend_minor()
    assert spent <= budget
    assert spent >= math.floor(budget * 0.96)


def test_more_budget_never_buys_fewer_clicks_on_the_same_day() -> None:
    clicks = []
    for budget in (0, 500, 2_000, 5_000, 20_000, 60_000):
        world = with_ads(budgets=(budget,))
        world.advance_day()
        clicks.append(sum(row.clicks for row in world.rows("ad-0")))
    assert clicks == sorted(clicks)
    assert clicks[0] == 0 < clicks[-1]


def test_returns_diminish_with_the_budget() -> None:
    world = with_ads()
    value = [
        world.expected_value_per_day("ad-0", daily_budget_minor=budget) for budget in (2_000, 4_000, 8_000, 16_000)
    ]
    gains = [after / before for before, after in pairwise(value)]
    assert all(1.4 < gain < 2.0 for gain in gains)
    assert gains == sorted(gains, reverse=True)


def test_people_tire_of_an_ad_as_the_published_exponent_says() -> None:
    assert response.wear(0, audience=1_000) == 1.0
    # "-45 % by the fourth exposure": three earlier ones.
    assert response.wear(3_000, audience=1_000) == pytest.approx(0.551, abs=0.002)


def test_visible_traits_explain_at_most_a_quarter_of_the_variance_between_ads() -> None:
    shares = []
    for seed in range(30):
        world = fresh(seed)
        for plan in plan_history(seed=seed, first=date(2025, 12, 2), days=90, ads=220):
            world.add_ad(plan.key, traits=plan.dna, daily_budget_minor=0, active=False)
        truths = [world.truth(key) for key in world.keys]
        visible = np.array([t.ctr_traits for t in truths])
        every = visible + np.array([t.ctr_hidden for t in truths])
        shares.append(visible.var() / every.var())
        assert every.std() == pytest.approx(response.CTR_SPREAD, rel=0.2)
        leads = np.array([t.conversion_traits for t in truths])
        assert leads.var() / (leads + np.array([t.conversion_hidden for t in truths])).var() <= 0.25
    assert max(shares) <= 0.25
    assert min(shares) > 0.05


def test_a_high_click_rate_alone_misleads() -> None:
    correlations = []
    for seed in range(30):
        world = fresh(seed)
        for index, traits in enumerate(reference_population()):
            world.add_ad(f"ad-{index}", traits=traits, daily_budget_minor=0, active=False)
        truths = [world.truth(key) for key in world.keys]
        click = np.array([t.ctr_traits + t.ctr_hidden for t in truths])
        lead = np.array([t.conversion_traits + t.conversion_hidden for t in truths])
        win = np.array([math.log(response.logistic(t.win_log_odds) * t.mean_amount) for t in truths])
        correlations.append(float(np.corrcoef(click, click + lead + win)[0, 1]))
    assert 0.1 < statistics.fmean(correlations) < 0.75


def test_an_account_gets_a_sensible_number_of_leads_and_a_return_around_one_to_three() -> None:
    costs, returns = [], []
    for seed in range(25):
        world = with_ads(seed=seed, budgets=(3_750,) * 8)
        for _ in range(14):
            world.advance_day()
        leads = sum(row.leads for key in world.keys for row in world.rows(key))
        costs.append(world.spend_minor() / 100 / max(1, leads))
        returns.append(world.full_lag_value_minor() / world.spend_minor())
    assert 15 < statistics.median(costs) < 45
    assert 1.0 < statistics.median(returns) < 3.5


def test_what_comes_of_it_agrees_with_what_is_expected() -> None:
    expected = realised = planned = 0.0
    for seed in range(60):
        world = with_ads(seed=seed, budgets=(6_000,) * 3)
        for _ in range(5):
            planned += sum(world.expected_value_per_day(key, daily_budget_minor=6_000) for key in world.keys)
            world.advance_day()
        expected += world.full_lag_value_minor()
        realised += world.full_lag_value_minor(realised=True)
    assert realised / expected == pytest.approx(1.0, abs=0.08)
    assert planned / expected == pytest.approx(1.0, abs=0.03)


def test_leads_of_past_days_only_grow_until_they_are_all_in() -> None:
    world = with_ads(budgets=(40_000,))
    world.advance_day()
    seen = []
    for _ in range(9):
        seen.append(world.rows("ad-0")[0].leads)
        world.set_active("ad-0", active=False)
        world.advance_day()
    assert seen == sorted(seen)
    assert seen[-1] > seen[0]
    assert seen[-1] == seen[-2]


def test_wins_come_with_the_measured_lag() -> None:
    # Olist: of the wins of 180 days, 36.8 / 55.3 / 71.7 / 89.4 % are there after 7 / 14 / 30 / 90 days.
    leads = [
        draw_lead(seed=1, key="ad", day="2026-03-02", index=index, midnight=START, win_rate=0.12, log_amount=11.2)
        for index in range(20_000)
    ]
    lags = np.array([(lead.moves[-1][0] - lead.happens_at).total_seconds() / 86_400 for lead in leads if lead.won])
    assert len(lags) / len(leads) == pytest.approx(0.12, abs=0.01)
    assert [float((lags <= days).mean()) for days in (7, 14, 30, 90, 180)] == pytest.approx(
        [0.37, 0.55, 0.72, 0.90, 1.0], abs=0.035
    )
    assert sum(not lead.traced for lead in leads) / len(leads) == pytest.approx(response.UNTRACED_SHARE, abs=0.01)


def test_deals_move_forward_only_and_all_close() -> None:
    world = with_ads(seed=1, budgets=(600_000,) * 6)
    world.advance_day()
    for key in world.keys:
        world.set_active(key, active=False)
    order = [
        "appointmentscheduled",
        "qualifiedtobuy",
        "presentationscheduled",
        "contractsent",
        "closedwon",
        "closedlost",
    ]
    before: dict[str, int] = {}
    for _ in range(190):
        world.advance_day()
        deals = world.deals()
        now = {deal.id: order.index(deal.stage) for deal in deals}
        assert all(now[key] >= stage for key, stage in before.items())
        assert all(deal.created_at <= deal.modified_at <= world.now for deal in deals)
        before = now
    assert {deal.stage for deal in deals} == {"closedwon", "closedlost"}


def test_hours_and_days_lead_to_the_same_world() -> None:
    by_day, by_hour = with_ads(), with_ads()
    for _ in range(3):
        by_day.advance_day()
        for _ in range(4):
            by_hour.advance_hours(6)
    assert by_day.now == by_hour.now
    assert by_day.rows("ad-2") == by_hour.rows("ad-2")


def test_each_day_is_delivered_once_across_a_change_of_daylight_saving() -> None:
    world = fresh(start=datetime(2026, 3, 6, 5, 30, tzinfo=UTC))
    world.add_ad("ad", traits=None, daily_budget_minor=2_000, active=True)
    for _ in range(5):
        world.advance_day()
    days = [row.day for row in world.rows("ad")]
    assert days == [date(2026, 3, 5) + timedelta(days=n) for n in range(5)]


def test_history_leaves_an_account_like_a_real_one() -> None:
    world = fresh()
    past = world.seed_history(days=90, ads=220)
    assert world.now == START
    assert len(past) == len({plan.copy_text for plan in past}) == 220
    assert len({plan.dna.hook_type for plan in past}) == 7
    running = [plan for plan in past if world.budget_of(plan.key)[1]]
    assert 6 <= len(running) <= 10
    assert all(plan.stopped_on is None for plan in running)
    assert sum(len(world.rows(plan.key)) for plan in past) > 2_000
    assert {deal.stage for deal in world.deals()} >= {"closedwon", "closedlost", "contractsent"}
    with pytest.raises(Conflict):
        world.seed_history()


def test_one_running_ad_tires_within_the_days_to_come() -> None:
    declines = []
    for seed in range(4):
        world = fresh(seed)
        past = world.seed_history()
        tired = next(plan for plan in past if plan.audience is not None)
        start = world.expected_day(tired.key, daily_budget_minor=5_200, prior_impressions=0)
        for _ in range(8):
            world.advance_day()
        end = world.expected_day(tired.key, daily_budget_minor=5_200)
        declines.append(end.clicks / end.impressions / (start.clicks / start.impressions))
    assert all(decline < 0.8 for decline in declines)


def test_reach_is_counted_once_per_person() -> None:
    world = with_ads(budgets=(20_000,))
    for _ in range(20):
        world.advance_day()
    rows = world.rows("ad-0")
    people = world.reach_between("ad-0", first=rows[0].day, last=rows[-1].day)
    assert max(row.reach for row in rows) < people < sum(row.reach for row in rows)


def test_bad_input_is_refused_with_a_reason() -> None:
    world = fresh()
    with pytest.raises(InvalidInput, match="time zone"):
        WorldConfig(seed=1, start=datetime(2026, 3, 2))
    with pytest.raises(InvalidInput, match="JPY"):
        WorldConfig(seed=1, start=START, currency="JPY")
    with pytest.raises(NotFound):
        world.rows("nobody")
    with pytest.raises(InvalidInput):
        world.add_ad("ad", traits=None, daily_budget_minor=-1, active=True)


@given(trials=st.integers(0, 3_000), probability=st.floats(0, 1), uniform=st.floats(1e-12, 1 - 1e-12))
@settings(max_examples=150, deadline=None)
def test_a_count_stays_between_nothing_and_all(trials: int, probability: float, uniform: float) -> None:
    assert 0 <= binomial(uniform, trials=trials, probability=probability) <= trials
