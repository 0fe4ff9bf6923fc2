"""What counts as proof: intervals that cover, verdicts that need more than luck, and reasons in plain words."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geminivideo.accounts import AccountConfig, IndexThresholds
from geminivideo.ads import Ad, AdState
from geminivideo.creative_dna import CreativeDna
from tools.winners.evidence import (
    AccountBase,
    Results,
    account_base,
    ctr_interval_ppm,
    judge,
    roas_interval_percent,
    sort_out,
)

CONFIG = AccountConfig()
NOW = datetime(2026, 11, 20, tzinfo=UTC)
LOW_BASE = AccountBase(ads=40, mean_ppm=10_000, lower_quartile_ppm=7_000, upper_quartile_ppm=13_000)


def results(**over: int) -> Results:
    fields = {"impressions": 20_000, "clicks": 200, "spend_minor": 40_000, "value_minor": 60_000, "age_days": 20}
    return Results(**{**fields, **over})


def kind(base: AccountBase = LOW_BASE, config: AccountConfig = CONFIG, **over: int) -> str | None:
    return judge(results(**over), base=base, config=config).kind


counts = st.integers(0, 2_000_000)


@given(impressions=counts, share=st.floats(0, 1))
def test_the_ctr_interval_holds_the_observed_rate_and_stays_a_rate(impressions: int, share: float) -> None:
    clicks = int(impressions * share)
    low, high = ctr_interval_ppm(impressions=impressions, clicks=clicks)
    assert 0 <= low <= high <= 1_000_000
    assert low <= (clicks * 1_000_000 / impressions if impressions else 500_000) <= high


@given(impressions=st.integers(1, 100_000), clicks=st.integers(0, 5_000))
def test_more_clicks_raise_both_ends_of_the_interval(impressions: int, clicks: int) -> None:
    clicks = min(clicks, impressions - 1)
    fewer = ctr_interval_ppm(impressions=impressions, clicks=clicks)
    more = ctr_interval_ppm(impressions=impressions, clicks=clicks + 1)
    assert fewer[0] <= more[0] and fewer[1] <= more[1]


@pytest.mark.parametrize("rate", [0.004, 0.012, 0.05])
def test_the_ctr_interval_covers_the_truth_nine_times_in_ten(rate: float) -> None:
    clicks = np.random.default_rng(3).binomial(5_000, rate, 1_500)
    ends = [ctr_interval_ppm(impressions=5_000, clicks=int(each)) for each in clicks]
    assert 0.87 <= np.mean([low <= rate * 1e6 <= high for low, high in ends]) <= 0.94


def test_the_roas_interval_covers_the_truth_nine_times_in_ten() -> None:
    order, spend, truth = 5_000, 40_000, 1.8
    orders = np.random.default_rng(4).poisson(truth * spend / order, 1_500)
    ends = [
        roas_interval_percent(results(spend_minor=spend, value_minor=int(n) * order), order_minor=order) for n in orders
    ]
    assert 0.86 <= np.mean([low <= truth * 100 <= high for low, high in ends if low is not None]) <= 0.95


def test_a_proven_ctr_above_three_percent_wins_and_a_lucky_one_does_not() -> None:
    assert kind(impressions=20_000, clicks=700) == "winner"
    assert (
        kind(AccountBase(ads=3, mean_ppm=0, lower_quartile_ppm=0, upper_quartile_ppm=0), impressions=400, clicks=14)
        is None
    )


def test_inside_the_ignorance_zone_nothing_is_proven() -> None:
    for zone in ({"age_days": 2}, {"spend_minor": 9_999}):
        assert kind(clicks=900, **zone) is None
        assert kind(clicks=10, value_minor=0, **zone) is None
        assert kind(value_minor=5_000_000, **zone) is None


def test_a_proven_return_wins_even_with_a_poor_ctr() -> None:
    assert kind(clicks=40, spend_minor=40_000, value_minor=250_000) == "winner"


def test_a_hollow_click_magnet_is_a_loser() -> None:
    verdict = judge(results(clicks=900, spend_minor=100_000, value_minor=10_000), base=LOW_BASE, config=CONFIG)
    assert verdict.kind == "loser" and "ROAS" in verdict.why and "95% probability" in verdict.why


def test_young_value_that_cannot_have_arrived_yet_condemns_nobody() -> None:
    assert kind(spend_minor=60_000, value_minor=0) == "loser"
    assert kind(spend_minor=60_000, value_minor=0, maturity_percent=5) is None


def test_where_nobody_reaches_the_threshold_the_best_still_win_and_the_worst_still_lose() -> None:
    rows = [
        results(impressions=60_000, clicks=clicks) for clicks in (300, 420, 500, 560, 600, 640, 700, 760, 900, 1_250)
    ]
    base = account_base(rows)
    kinds = [judge(row, base=base, config=CONFIG).kind for row in rows]
    assert kinds[-1] == "winner" and kinds[0] == "loser" and set(kinds[3:7]) == {None}


def test_a_handful_of_ads_is_no_yardstick() -> None:
    rows = [results(impressions=60_000, clicks=clicks) for clicks in (300, 600, 1_250)]
    assert {judge(row, base=account_base(rows), config=CONFIG).kind for row in rows} == {None}


@given(seed=st.integers(0, 10_000))
def test_equal_ads_are_rarely_called_winners_or_losers(seed: int) -> None:
    clicks = np.random.default_rng(seed).binomial(8_000, 0.012, 60)
    rows = [results(impressions=8_000, clicks=int(each)) for each in clicks]
    base = account_base(rows)
    assert sum(judge(row, base=base, config=CONFIG).kind is not None for row in rows) <= 3


@given(
    impressions=counts, clicks=counts, spend=st.integers(0, 10**9), value=st.integers(0, 10**9),
    age=st.integers(0, 400), maturity=st.integers(0, 100), aov=st.integers(0, 10**6),
)  # fmt: skip
def test_any_numbers_get_a_verdict_with_ordered_bounds_and_a_reason(
    impressions: int, clicks: int, spend: int, value: int, age: int, maturity: int, aov: int
) -> None:
    verdict = judge(
        Results(impressions=impressions, clicks=clicks, spend_minor=spend, value_minor=value, age_days=age,
                maturity_percent=maturity),
        base=LOW_BASE, config=AccountConfig(aov=aov),
    )  # fmt: skip
    assert verdict.ctr_low_ppm <= verdict.ctr_ppm <= verdict.ctr_high_ppm
    assert (verdict.roas_low_percent or 0) <= (verdict.roas_high_percent or 0)
    assert verdict.why.endswith(".")


@given(value=st.integers(0, 10**7), more=st.integers(0, 10**7))
def test_more_value_never_turns_a_winner_into_less(value: int, more: int) -> None:
    order = {"loser": 0, None: 1, "winner": 2}
    assert order[kind(value_minor=value)] <= order[kind(value_minor=value + more)]


def test_the_accounts_own_thresholds_decide() -> None:
    strict = AccountConfig(index=IndexThresholds(roas_percent=900, ctr_ppm=60_000))
    flat = AccountBase(ads=0, mean_ppm=0, lower_quartile_ppm=0, upper_quartile_ppm=0)
    assert kind(flat, clicks=700) == "winner" and kind(flat, strict, clicks=700) is None


def _ad(ad_id: str) -> Ad:
    dna = CreativeDna(
        hook_type="question", cta_style="book", offer_type="none", words=9, headline_words=4, has_number=False,
        has_question=True, second_person=True, urgency=False, social_proof=False,
    )  # fmt: skip
    return Ad(
        id=ad_id, account_id="acc_a", platform="meta", campaign_external_id="1", ad_set_external_id="2",
        ad_external_id="3", name=ad_id, status="active", daily_budget_minor=2_000, currency="USD", created_at=NOW,
        copy_text="copy of " + ad_id, call_to_action="BOOK_NOW", dna=dna,
    )  # fmt: skip


def _state(ad_id: str, **over: int) -> AdState:
    fields = {"impressions": 20_000, "reach": 9_000, "clicks": 200, "spend_minor": 40_000, "leads": 3,
              "pipeline_value_minor": 40_000, "revenue_minor": 20_000, "age_days": 20}  # fmt: skip
    return AdState(
        ad_id=ad_id, account_id="acc_a", as_of=NOW, status="active", daily_budget_minor=2_000, currency="USD",
        **{**fields, **over},
    )  # fmt: skip


def test_an_accounts_ads_are_sorted_into_what_to_remember_and_what_to_forget() -> None:
    ads = [_ad("ad_good"), _ad("ad_poor"), _ad("ad_unknown"), _ad("ad_stateless")]
    states = {
        "ad_good": _state("ad_good", clicks=800),
        "ad_poor": _state("ad_poor", pipeline_value_minor=0, revenue_minor=0),
        "ad_unknown": _state("ad_unknown"),
    }
    remember, forget = sort_out(ads, states=states, config=AccountConfig(vertical="local_services"), now=NOW)
    assert [(item.ad_id, item.kind, item.vertical, item.origin) for item in remember] == [
        ("ad_good", "winner", "local_services", "account"), ("ad_poor", "loser", "local_services", "account"),
    ]  # fmt: skip
    assert forget == ["ad_unknown", "ad_stateless"]
    assert remember[0].ctr_ppm == 40_000 > remember[0].ctr_low_ppm > 30_000 and remember[0].roas_percent == 150
