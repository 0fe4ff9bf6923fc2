"""Vector paths in the drawing language of ASS, built from a few primitives in local pixels (all coordinates >= 0).

libass fills by the non-zero rule: solids run clockwise, holes counter-clockwise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, hypot, pi, sin

Point = tuple[float, float]
_KAPPA = 0.5522847498
_NUMBER = re.compile(r"-?\d+\.\d")


@dataclass(frozen=True)
class Path:
    """A filled path and the size of the box that it is scaled and turned in."""

    width: float
    height: float
    commands: str

    def __add__(self, other: Path) -> Path:
        return Path(max(self.width, other.width), max(self.height, other.height), f"{self.commands} {other.commands}")


def polygon(points: Sequence[Point], *, hole: bool = False) -> Path:
    """A closed polygon; its direction is set by `hole`, whatever the order of the points."""
    area = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, [*points[1:], points[0]], strict=True))
    ordered = list(points) if (area > 0) != hole else list(reversed(points))
    rest = " ".join(_xy(point) for point in ordered[1:])
    return Path(max(p[0] for p in points), max(p[1] for p in points), f"m {_xy(ordered[0])} l {rest}")


def rect(x: float, y: float, width: float, height: float) -> Path:
    """A rectangle."""
    return polygon([(x, y), (x + width, y), (x + width, y + height), (x, y + height)])


def rounded(x: float, y: float, width: float, height: float, radius: float, *, hole: bool = False) -> Path:
    """A rectangle with round corners."""
    r = min(radius, width / 2, height / 2)
    k = r * (1 - _KAPPA)
    right, bottom = x + width, y + height
    start: Point = (x + r, y)
    segments: list[tuple[Point, ...]] = [
        ((right - r, y),),
        ((right - k, y), (right, y + k), (right, y + r)),
        ((right, bottom - r),),
        ((right, bottom - k), (right - k, bottom), (right - r, bottom)),
        ((x + r, bottom),),
        ((x + k, bottom), (x, bottom - k), (x, bottom - r)),
        ((x, y + r),),
        ((x, y + k), (x + k, y), (x + r, y)),
    ]
    return Path(right, bottom, _outline(start, segments, hole=hole))


def circle(x: float, y: float, radius: float, *, hole: bool = False) -> Path:
    """A disc around (x, y)."""
    return rounded(x - radius, y - radius, 2 * radius, 2 * radius, radius, hole=hole)


def ring(x: float, y: float, radius: float, *, thickness: float) -> Path:
    """A circle's line, `thickness` wide, its outer edge at `radius`."""
    return circle(x, y, radius) + circle(x, y, radius - thickness, hole=True)


def arc(x: float, y: float, radius: float, *, start: float, turn: float, thickness: float) -> Path:
    """Part of a ring, from `start` over `turn` (both in turns, clockwise from the right)."""
    steps = max(6, round(48 * abs(turn)))
    angles = [2 * pi * (start + turn * step / steps) for step in range(steps + 1)]
    outer = [(x + radius * cos(a), y + radius * sin(a)) for a in angles]
    inner = [(x + (radius - thickness) * cos(a), y + (radius - thickness) * sin(a)) for a in reversed(angles)]
    return polygon(outer + inner)


def stroke(points: Sequence[Point], *, thickness: float) -> Path:
    """A line through `points` with round ends and joints."""
    path = circle(*points[0], thickness / 2)
    for (x0, y0), (x1, y1) in pairwise(points):
        length = hypot(x1 - x0, y1 - y0) or 1.0
        dx, dy = (y1 - y0) / length * thickness / 2, -(x1 - x0) / length * thickness / 2
        path += polygon([(x0 + dx, y0 + dy), (x1 + dx, y1 + dy), (x1 - dx, y1 - dy), (x0 - dx, y0 - dy)])
        path += circle(x1, y1, thickness / 2)
    return path


def sized(path: Path, *, width: float, height: float) -> Path:
    """The same path in a box of the given size, so that it scales and turns about that box's middle."""
    return Path(width, height, path.commands)


def scaled(path: Path, factor: float) -> Path:
    """The path and its box, `factor` times as large."""
    commands = _NUMBER.sub(lambda match: f"{float(match.group()) * factor:.1f}", path.commands)
    return Path(path.width * factor, path.height * factor, commands)


def _outline(start: Point, segments: list[tuple[Point, ...]], *, hole: bool) -> str:
    if hole:
        start, segments = _reversed(start, segments)
    drawn = (f"{'l' if len(s) == 1 else 'b'} {' '.join(_xy(p) for p in s)}" for s in segments)
    return f"m {_xy(start)} {' '.join(drawn)}"


def _reversed(start: Point, segments: list[tuple[Point, ...]]) -> tuple[Point, list[tuple[Point, ...]]]:
    ends = [start, *(segment[-1] for segment in segments)]
    back = [(*reversed(segment[:-1]), ends[index]) for index, segment in reversed(list(enumerate(segments)))]
    return ends[-1], back


def _xy(point: Point) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"
