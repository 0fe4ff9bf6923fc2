"""Two-tone line icons on a 100 x 100 grid, chosen by what a text is about."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi, sin

from tools.studio.shapes import Path, arc, circle, polygon, rect, ring, rounded, sized, stroke

_LINE = 6.5


@dataclass(frozen=True)
class Icon:
    """Its lines in one colour, its filled accent in another; both in a 100 x 100 box."""

    name: str
    lines: Path
    accent: Path


def icon_for(*texts: str) -> Icon:
    """The icon of the first subject that the texts name, the first text first; a spark when they name none."""
    for text in texts:
        for pattern, draw in _SUBJECTS:
            if pattern.search(text):
                return draw()
    return _spark()


def icon(name: str) -> Icon:
    """An icon by its name; KeyError for one that does not exist."""
    return _BY_NAME[name]()


def _icon(name: str, lines: Path, accent: Path) -> Icon:
    return Icon(name, sized(lines, width=100, height=100), sized(accent, width=100, height=100))


def _line(*points: tuple[float, float]) -> Path:
    return stroke(points, thickness=_LINE)


def _frame(x: float, y: float, width: float, height: float, radius: float) -> Path:
    inner = rounded(x + _LINE, y + _LINE, width - 2 * _LINE, height - 2 * _LINE, max(1.0, radius - _LINE), hole=True)
    return rounded(x, y, width, height, radius) + inner


def _cup() -> Icon:
    glass = _line((27, 20), (33, 90), (67, 90), (73, 20)) + _line((20, 20), (80, 20))
    drink = polygon([(35, 46), (65, 46), (62, 83), (38, 83)])
    return _icon("cup", glass + _line((54, 20), (61, 5)), drink)


def _drop() -> Icon:
    bowl = _round(50, 62, 29, start=-0.12, end=1.12)
    return _icon("drop", stroke([(50.0, 6.0), *bowl, (50.0, 6.0)], thickness=_LINE), circle(50, 66, 13))


def _round(x: float, y: float, radius: float, *, start: float, end: float) -> list[tuple[float, float]]:
    angles = [pi * (start + (end - start) * step / 24) for step in range(25)]
    return [(x + radius * cos(a), y + radius * sin(a)) for a in angles]


def _calendar() -> Icon:
    body = (
        _frame(12, 20, 76, 70, 12) + _line((14, 42), (86, 42)) + _line((34, 10), (34, 26)) + _line((66, 10), (66, 26))
    )
    return _icon("calendar", body, rounded(52, 56, 22, 20, 5))


def _clock() -> Icon:
    return _icon("clock", ring(50, 50, 42, thickness=_LINE) + _line((50, 26), (50, 52), (67, 62)), circle(50, 52, 7))


def _check() -> Icon:
    return _icon(
        "check",
        ring(50, 50, 42, thickness=_LINE) + stroke([(31, 52), (45, 66), (70, 37)], thickness=9),
        circle(84, 18, 8),
    )


def _bolt() -> Icon:
    zig = [(56, 8), (24, 56), (48, 56), (42, 92), (76, 42), (52, 42)]
    return _icon(
        "bolt",
        stroke([*[(float(x), float(y)) for x, y in zig], (56.0, 8.0)], thickness=_LINE),
        circle(80, 20, 7),
    )


def _tag() -> Icon:
    edge = [(12, 14), (52, 14), (90, 52), (54, 88), (12, 48), (12, 14)]
    return _icon("tag", stroke([(float(x), float(y)) for x, y in edge], thickness=_LINE), circle(33, 35, 9))


def _truck() -> Icon:
    body = _line((8, 28), (58, 28), (58, 70), (8, 70), (8, 28)) + _line(
        (58, 42), (78, 42), (92, 56), (92, 70), (58, 70)
    )
    wheels = circle(28, 74, 11) + circle(74, 74, 11)
    return _icon("truck", body, wheels)


def _bag() -> Icon:
    return _icon(
        "bag",
        _frame(16, 32, 68, 58, 12) + arc(50, 36, 22, start=0.5, turn=0.5, thickness=_LINE),
        rounded(30, 56, 40, 10, 5),
    )


def _phone() -> Icon:
    return _icon("phone", _frame(27, 6, 46, 88, 11) + _line((44, 17), (56, 17)), circle(50, 78, 6))


def _chat() -> Icon:
    bubble = _frame(8, 14, 84, 58, 18) + _line((30, 70), (30, 90), (52, 70))
    return _icon("chat", bubble, circle(31, 43, 6) + circle(50, 43, 6) + circle(69, 43, 6))


def _chart() -> Icon:
    return _icon(
        "chart",
        _line((12, 10), (12, 88), (90, 88)) + _line((26, 62), (46, 44), (62, 54), (86, 22)),
        circle(86, 22, 9),
    )


def _shield() -> Icon:
    edge = [(50, 8), (84, 20), (82, 52), (70, 74), (50, 92), (30, 74), (18, 52), (16, 20), (50, 8)]
    lines = stroke([(float(x), float(y)) for x, y in edge], thickness=_LINE)
    return _icon("shield", lines, stroke([(36, 49), (46, 60), (65, 37)], thickness=9))


def _gift() -> Icon:
    box = _frame(16, 44, 68, 46, 8) + _frame(10, 28, 80, 22, 7) + _line((50, 30), (30, 10)) + _line((50, 30), (70, 10))
    return _icon("gift", box, rect(45, 48, 10, 39))


def _people() -> Icon:
    one = ring(36, 30, 17, thickness=_LINE) + arc(36, 88, 30, start=0.5, turn=0.5, thickness=_LINE)
    return _icon(
        "people",
        one + _line((6, 88), (66, 88)),
        circle(72, 38, 13) + arc(72, 88, 24, start=0.62, turn=0.38, thickness=16),
    )


def _pin() -> Icon:
    head = _round(50, 39, 32, start=0.85, end=2.15)
    return _icon("pin", stroke([(50.0, 93.0), *head, (50.0, 93.0)], thickness=_LINE), circle(50, 39, 11))


def _leaf() -> Icon:
    edge = [(16, 84), (16, 52), (30, 28), (56, 16), (86, 14), (84, 46), (70, 70), (46, 82), (16, 84)]
    return _icon(
        "leaf",
        stroke([(float(x), float(y)) for x, y in edge], thickness=_LINE),
        stroke([(30, 70), (62, 38)], thickness=8),
    )


def _money() -> Icon:
    coin = ring(50, 50, 42, thickness=_LINE)
    sign = [
        (64, 37),
        (57, 30),
        (44, 30),
        (38, 38),
        (43, 47),
        (57, 52),
        (63, 61),
        (57, 70),
        (43, 70),
        (35, 62),
    ]
    return _icon(
        "money",
        coin,
        stroke([(float(x), float(y)) for x, y in sign], thickness=8) + stroke([(50, 21), (50, 79)], thickness=7),
    )


def _home() -> Icon:
    return _icon(
        "home",
        _line((10, 50), (50, 12), (90, 50)) + _line((22, 44), (22, 88), (78, 88), (78, 44)),
        rounded(42, 58, 18, 28, 4),
    )


def _book() -> Icon:
    pages = _line(
        (50, 24),
        (34, 14),
        (8, 14),
        (8, 78),
        (34, 78),
        (50, 88),
        (66, 78),
        (92, 78),
        (92, 14),
        (66, 14),
        (50, 24),
        (50, 86),
    )
    return _icon("book", pages, rounded(62, 32, 20, 8, 4) + rounded(62, 48, 20, 8, 4))


def _spark() -> Icon:
    star = [
        (44 + reach * cos(pi * step / 4), 56 + reach * sin(pi * step / 4))
        for step in range(9)
        for reach in ((40,) if step % 2 == 0 else (14,))
    ]
    return _icon("spark", stroke(star, thickness=_LINE), circle(82, 18, 10))


_SUBJECTS: tuple[tuple[re.Pattern[str], Callable[[], Icon]], ...] = tuple(
    (re.compile(rf"\b(?:{words})", re.IGNORECASE), draw)
    for words, draw in (
        ("free|gift|bonus|on us|taste|tasting", _gift),
        ("book|schedule|week|month|date|monday|calendar|appointment", _calendar),
        ("coffee|brew|cup|drink|tea|latte|beverage|tap|keg", _cup),
        ("minute|hour|time|late|wait|fast|slow|clock|morning|afternoon|9:|3 ?pm", _clock),
        ("deliver|ship|truck|drop off|refill|install", _truck),
        ("price|cost|save|saving|money|budget|dollar|cheap|\\$|€|£", _money),
        ("off|discount|deal|sale|offer|%", _tag),
        ("team|office|staff|people|crew|employee|customer|client|family|everyone", _people),
        ("guarantee|safe|trust|secure|protect|risk|insur", _shield),
        ("grow|result|report|data|revenue|number|percent|rank", _chart),
        ("water|clean|fresh|pour|oil|skin", _drop),
        ("shop|buy|cart|order|store", _bag),
        ("call|phone|app|mobile|text us", _phone),
        ("ask|review|said|says|question|chat|talk|message|story", _chat),
        ("power|energy|boost|quick|instant|slump|tired", _bolt),
        ("austin|local|near|city|town|place|map", _pin),
        ("organic|natural|plant|green|vegan|garden", _leaf),
        ("home|house|roof|kitchen|room", _home),
        ("learn|course|guide|lesson|read|class", _book),
        ("done|ready|easy|simple|always|never|no ", _check),
    )
)
_BY_NAME: dict[str, Callable[[], Icon]] = {draw().name: draw for _, draw in _SUBJECTS} | {"spark": _spark}
