from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.decisions.builders import ad, day, deal
from tools.decisions.attribution import WHOLE, attribute, share_minor


def test_an_exact_id_takes_the_whole_deal() -> None:
    found = attribute([deal("1", ad_key="b")], ads=[ad("a"), ad("b")], days={"a": [day("a", 1)]})
    assert [(c.ad_id, c.ppm, c.layer) for c in found["1"]] == [("b", WHOLE, "exact")]


def test_an_id_of_an_ad_that_is_not_ours_is_not_shared_out() -> None:
    found = attribute([deal("1", ad_key="stranger")], ads=[ad("a")], days={"a": [day("a", 6)]})
    assert [(c.ad_id, c.layer) for c in found["1"]] == [("", "unattributed")]


def test_without_an_id_recent_leads_weigh_more() -> None:
    days = {"a": [day("a", 5, leads=3)], "b": [day("b", 11, leads=3)], "c": [day("c", 1, leads=9)]}
    credits = {c.ad_id: c.ppm for c in attribute([deal("1", born=5)], ads=[ad("a"), ad("b"), ad("c")], days=days)["1"]}
    assert credits["a"] > credits["b"] > 0
    assert "c" not in credits, "an ad that ran after the deal cannot have brought it"


def test_a_deal_that_no_ad_can_have_brought_is_owed_to_nobody() -> None:
    found = attribute([deal("1", born=9)], ads=[ad("a")], days={"a": [day("a", 2)]})
    assert found["1"][0].ad_id == ""
    assert attribute([deal("1")], ads=[], days={})["1"][0].layer == "unattributed"


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5), st.integers(0, 60)), max_size=12),
    st.lists(st.integers(0, 40), min_size=1, max_size=5),
    st.integers(0, 10**9),
)
def test_credits_of_every_deal_sum_to_one_and_money_to_the_cent(
    rows: list[tuple[int, int, int]], births: list[int], amount: int
) -> None:
    days = {f"a{i}": [day(f"a{i}", back, leads=leads, clicks=clicks)] for i, (back, leads, clicks) in enumerate(rows)}
    deals = [deal(str(i), born=born, ad_key="a0" if i % 3 == 0 else "") for i, born in enumerate(births)]
    found = attribute(deals, ads=[ad(key) for key in days], days=days)
    assert set(found) == {d.external_id for d in deals}
    for credits in found.values():
        assert sum(c.ppm for c in credits) == WHOLE
        assert sum(share_minor(amount, credits=credits).values()) == amount
