from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from api.demo.charts import Point, Series, interval, nice_ticks, sparkline, stacked_bars


def bars(values: list[list[int]], *, width: int = 620) -> ElementTree.Element:
    days = [str(i + 1) for i in range(len(values[0]))]
    series = [Series(f"ad {i}", row, i % 6) for i, row in enumerate(values)]
    drawn = stacked_bars(
        days, series, width=width, height=300, show=lambda v: f"${v:.0f}", ident="x", title="t", summary="s"
    )
    return ElementTree.fromstring(drawn)  # noqa: S314


def segments(root: ElementTree.Element) -> list[dict[str, float]]:
    return [
        {name: float(item.attrib[name]) for name in ("x", "y", "width", "height")}
        for item in root.iter("rect")
        if item.attrib["class"].startswith("s")
    ]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 10**7), min_size=5, max_size=5), min_size=1, max_size=6))
def test_every_live_ad_has_its_segment_and_every_segment_is_inside_the_picture(values: list[list[int]]) -> None:
    found = segments(bars(values))
    assert len(found) == sum(value > 0 for row in values for value in row)
    for item in found:
        assert item["x"] >= 46 - 0.1 and item["x"] + item["width"] <= 616.1
        assert item["y"] >= 29 and item["y"] + item["height"] <= 276


def test_heights_are_in_proportion_to_money() -> None:
    low, high = segments(bars([[100, 300]]))
    assert abs((high["height"] + 2) / (low["height"] + 2) - 3) < 0.02


@settings(max_examples=60, deadline=None)
@given(st.floats(1e-6, 1e12))
def test_ticks_start_at_zero_and_reach_the_top_in_few_round_steps(top: float) -> None:
    ticks = nice_ticks(top)
    assert ticks[0] == 0 and ticks[-1] >= top * 0.999 and ticks[-2] < top
    assert len(ticks) <= 6


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.integers(-(10**6), 10**6), min_size=3, max_size=3),
    st.lists(st.integers(-(10**6), 10**6), min_size=0, max_size=2),
)
def test_labels_of_a_range_never_cover_each_other_and_stay_inside(ends: list[int], extra: list[int]) -> None:
    low, middle, high = sorted(ends)
    points = [Point(f"place {i}", value) for i, value in enumerate(extra)]
    drawn = interval(
        low=low, middle=middle, high=high, points=points, width=340, show=lambda v: f"{v:,.0f}", ident="x", title="t",
        summary="s",
    )  # fmt: skip
    root = ElementTree.fromstring(drawn)  # noqa: S314
    labels = [(float(t.attrib["x"]), float(t.attrib["y"]), len(t.text or "") * 3.35) for t in root.iter("text")]
    assert len(labels) == 3 + len(points)
    bottom = float(root.attrib["viewBox"].split()[3])
    for i, (x, y, half) in enumerate(labels):
        assert half - 0.1 <= x <= 340 - half + 0.1 and 8 < y < bottom
        assert all(abs(y - v) > 1 or abs(x - u) > half + other for u, v, other in labels[:i])


def test_a_range_of_one_value_is_drawn() -> None:
    drawn = interval(low=5, middle=5, high=5, width=340, show=str, ident="x", title="t", summary="s")
    assert "NaN" not in drawn and 'class="dot"' in drawn


def test_blocks_tell_nothing_from_little() -> None:
    assert sparkline([0, 1, 50, 100], top=100) == "·▁▄█"
    assert sparkline([0, 0], top=0) == "··"
