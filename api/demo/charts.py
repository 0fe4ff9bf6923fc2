"""Charts as SVG strings: pure functions of numbers. Colours come from the page's style sheet by class."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from api.demo.report_html import Html, el, join, text

_GAP = 2.0


@dataclass(frozen=True)
class Series:
    """One ad's value per day. `tone` is the number of its colour."""

    label: str
    values: Sequence[int]
    tone: int


@dataclass(frozen=True)
class Point:
    """A named place on a scale; `kind` is the sign that stands there: `ref`, `zero` or `seen`."""

    label: str
    value: float
    kind: Literal["ref", "zero", "seen"] = "ref"


@dataclass(frozen=True)
class _Label:
    x: float
    words: str
    cls: str | None = None

    @property
    def half(self) -> float:
        return len(self.words) * (3.9 if self.cls else 3.35)


def stacked_bars(
    days: Sequence[str],
    series: Sequence[Series],
    *,
    width: int,
    height: int,
    show: Callable[[float], str],
    marks: Sequence[tuple[int, str]] = (),
    ident: str,
    title: str,
    summary: str,
) -> Html:
    """A bar per day, a segment per series, and numbered `marks` (day index, sign) above them."""
    left, right, top, bottom = 46.0, 4.0, 30.0, 26.0
    totals = [sum(item.values[i] for item in series) for i in range(len(days))]
    ticks = nice_ticks(max([*totals, 1]))
    scale = (height - top - bottom) / ticks[-1]
    step = (width - left - right) / max(1, len(days))
    base = height - bottom
    parts: list[Html] = []
    for tick in ticks:
        y = base - tick * scale
        parts.append(_line(left, y, width - right, y, cls="grid" if tick else "axis"))
        parts.append(_text(left - 8, y + 4, show(tick), anchor="end"))
    for i, day in enumerate(days):
        x, thick = left + i * step + step * 0.14, step * 0.72
        parts.append(_stack([(item, item.values[i]) for item in series], x=x, thick=thick, base=base, scale=scale))
        if len(days) <= width / 26 or i % 2 == 0:
            parts.append(_text(x + thick / 2, base + 17, day, anchor="middle"))
    for i, sign in marks:
        parts.append(_mark(left + (i + 0.5) * step, base - totals[i] * scale, sign))
    return _svg(parts, width=width, height=height, ident=ident, title=title, summary=summary)


def interval(
    *,
    low: float,
    middle: float,
    high: float,
    points: Sequence[Point] = (),
    width: int,
    show: Callable[[float], str],
    label: str = "",
    ident: str,
    title: str,
    summary: str,
) -> Html:
    """A range with its middle on a scale that also holds the `points`; every value is labelled where it stands."""
    edge = 14.0
    values = [low, middle, high, *(point.value for point in points)]
    start, span = min(values), (max(values) - min(values)) or 1.0

    def at(value: float) -> float:
        return edge + (value - start) / span * (width - 2 * edge)

    above = [_Label(at(point.value), f"{point.label} {show(point.value)}".strip()) for point in points]
    below = [_Label(at(middle), f"{label}{show(middle)}", "strong")]
    below += [_Label(at(value), show(value)) for value in (low, high)]
    upper, lower = _rows(above, width=width), _rows(below, width=width)
    y = 18.0 * (1 + max((row for _, row in upper), default=-1)) + 18
    parts = [
        _line(edge, y, width - edge, y, cls="axis"),
        _rect(at(low), y - 8, max(at(high) - at(low), 2.0), 16, radius=8, cls="range"),
        *(_sign(point.kind, x=at(point.value), y=y) for point in points),
        el("circle", cx=_n(at(middle)), cy=_n(y), r="7", cls="dot"),
        *(_text(item.x, y - 22 - 18 * row, item.words, anchor="middle", cls=item.cls) for item, row in upper),
        *(_text(item.x, y + 30 + 18 * row, item.words, anchor="middle", cls=item.cls) for item, row in lower),
    ]
    height = round(y + 38 + 18 * max(row for _, row in lower))
    return _svg(parts, width=width, height=height, ident=ident, title=title, summary=summary)


def score_bar(score: int, *, width: int = 96) -> Html:
    """A score of 0 to 100 as a bar; the number stands beside it in the page, so it is hidden from screen readers."""
    full = min(100, max(0, score)) / 100 * width
    bar = (_rect(0, 2, width, 6, radius=3, cls="track"), _rect(0, 2, max(full, 3), 6, radius=3, cls="fill"))
    return el("svg", *bar, viewBox=f"0 0 {width} 10", width=str(width), height="10", aria_hidden="true", cls="score")


def sparkline(values: Sequence[int], *, top: int) -> str:
    """Block characters for a terminal: nothing is a dot, `top` is a full block."""
    blocks = "▁▂▃▄▅▆▇█"
    return "".join(
        blocks[min(7, max(0, math.ceil(value / top * 8) - 1))] if value > 0 and top > 0 else "·" for value in values
    )


def nice_ticks(top: float, *, wanted: int = 4) -> list[float]:
    """Round steps from 0 to at least `top`."""
    rough = max(top, 1e-9) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    return [step * i for i in range(math.ceil(top / step - 1e-9) + 1)]


def _stack(segments: Sequence[tuple[Series, int]], *, x: float, thick: float, base: float, scale: float) -> Html:
    parts, y = [], base
    for item, value in segments:
        if value <= 0:
            continue
        tall = value * scale
        y -= tall
        parts.append(
            _rect(x, y + _GAP / 2, thick, max(tall - _GAP, 0.8), radius=min(3.0, thick / 4), cls=f"s{item.tone}")
        )
    return join(parts)


def _mark(x: float, bar_top: float, sign: str) -> Html:
    stem = _line(x, 22, x, max(bar_top - 2, 23), cls="stem")
    return join(
        (stem, el("circle", cx=_n(x), cy="12", r="9.5", cls="mark"), _text(x, 16, sign, anchor="middle", cls="in"))
    )


def _sign(kind: str, *, x: float, y: float) -> Html:
    if kind == "seen":
        return el("path", d=f"M{_n(x)} {_n(y - 8)}l8 8-8 8-8-8z", cls="seen")
    return _line(x, y - 15, x, y + 15, cls=kind)


def _rows(labels: Sequence[_Label], *, width: int) -> list[tuple[_Label, int]]:
    """Each label inside the picture, and the first row in which it stands free of those before it."""
    placed: list[tuple[_Label, int]] = []
    for label in labels:
        x = min(max(label.x, label.half), width - label.half)
        free = _Label(x, label.words, label.cls)
        taken = {row for other, row in placed if abs(other.x - x) < other.half + free.half + 8}
        placed.append((free, next(row for row in range(len(labels)) if row not in taken)))
    return placed


def _svg(parts: Sequence[Html], *, width: int, height: int, ident: str, title: str, summary: str) -> Html:
    named = (el("title", title, id=f"{ident}-t"), el("desc", summary, id=f"{ident}-d"))
    labels = f"{ident}-t {ident}-d"
    return el("svg", *named, *parts, viewBox=f"0 0 {width} {height}", role="img", aria_labelledby=labels, cls="chart")


def _line(x1: float, y1: float, x2: float, y2: float, *, cls: str) -> Html:
    return el("line", x1=_n(x1), y1=_n(y1), x2=_n(x2), y2=_n(y2), cls=cls)


def _rect(x: float, y: float, width: float, height: float, *, radius: float, cls: str) -> Html:
    return el("rect", x=_n(x), y=_n(y), width=_n(width), height=_n(height), rx=_n(radius), cls=cls)


def _text(x: float, y: float, label: str, *, anchor: str, cls: str | None = None) -> Html:
    return el("text", text(label), x=_n(x), y=_n(y), text_anchor=anchor, cls=cls)


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
