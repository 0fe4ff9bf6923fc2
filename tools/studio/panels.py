"""The coloured panel that carries text beside footage, with four kinds of edge; it slides in and out.

At rest most of it is the colour that the picture is padded with, and only its shaped edge is drawn: drawing a
million pixels anew in each frame would cost as much as the encoder.
"""

from __future__ import annotations

from dataclasses import replace
from math import pi, sin

from tools.studio import motion, shapes
from tools.studio.ass import Canvas
from tools.studio.layout import Stage
from tools.studio.looks import Edge
from tools.studio.safe_zones import Box
from tools.studio.shapes import Path, Point
from tools.studio.theme import Field

_BLEED = 110
"""How far a picture reaches under the panel's shaped edge, in design units."""


def picture_area(stage: Stage, *, edge: Edge | None) -> Box:
    """The part of the frame that a picture fills, in even pixels; `edge` is None without a panel."""
    if edge is None:
        return Box(0, 0, stage.width, stage.height)
    region, unit = stage.picture, stage.unit
    if edge == "card":
        inset = 48 * unit
        left, top = (0.0, inset) if stage.side else (inset, 24 * unit)
        return _even(Box(region.left + left, region.top + top, region.right - inset, region.bottom - inset))
    bleed = _BLEED * unit
    left, top = (bleed, 0.0) if stage.side else (0.0, bleed)
    return _even(Box(region.left - left, region.top - top, region.right, region.bottom))


def draw_panel(
    canvas: Canvas,
    *,
    stage: Stage,
    edge: Edge,
    field: Field,
    span: tuple[int, int],
    transition: int,
    covered: bool,
    layer: int,
) -> None:
    """Draw the panel in the frames of `span`; when the next scene does not cover it, it slides out again."""
    first, last = span
    length, frames = last - first, transition + 3
    whole = panel_path(stage, edge=edge)
    dx, dy = (-float(stage.width), 0.0) if stage.side else (0.0, -float(whole.height))

    def move(frame: int) -> motion.Pose:
        away = 0.0 if first == 0 else 1 - motion.ease_out((frame + 1) / frames)
        if not covered:
            away = max(away, motion.ease_in((frame - (length - frames)) / frames))
        return motion.Pose(dx=dx * away, dy=dy * away)

    arrived = first if first == 0 else first + frames
    leaves = last if covered else last - frames
    for start, stop in ((first, arrived), (leaves, last)):
        canvas.shape(
            whole, left=0, top=0, colour=field.ground, first=start, last=stop, layer=layer * 2 + 1,
            motion=motion.later(move, by=start - first),
        )  # fmt: skip
    for piece in _edges(stage, edge=edge):
        canvas.shape(piece, left=0, top=0, colour=field.ground, first=arrived, last=leaves, layer=layer * 2 + 1)
        if edge != "card":
            canvas.shape(
                piece, left=0, top=0, colour=field.pop, first=first, last=last, layer=layer * 2,
                motion=lambda f: _ahead(move(f), by=16 * stage.unit, side=stage.side),
            )  # fmt: skip


def panel_path(stage: Stage, *, edge: Edge) -> Path:
    """The panel's whole outline: the frame without the picture, its inner edge shaped."""
    width, height = float(stage.width), float(stage.height)
    if edge == "card":
        hole = picture_area(stage, edge=edge)
        opening = shapes.rounded(hole.left, hole.top, hole.width, hole.height, 44 * stage.unit, hole=True)
        return shapes.rect(0, 0, width, height) + opening
    return shapes.polygon(_cornered(stage, edge=edge, start=0.0))


def _edges(stage: Stage, *, edge: Edge) -> list[Path]:
    area = picture_area(stage, edge=edge)
    if edge == "card":
        return _corners(area, radius=44 * stage.unit)
    return [shapes.polygon(_cornered(stage, edge=edge, start=(area.left if stage.side else area.top) - 2))]


def _cornered(stage: Stage, *, edge: Edge, start: float) -> list[Point]:
    depth = (stage.picture.left if stage.side else stage.picture.top) + 8 * stage.unit
    steps = [step / 24 for step in range(25)]
    if stage.side:
        edge_points = [(depth + _bulge(edge, at) * 70 * stage.unit, at * stage.height) for at in steps]
        return [(start, 0.0), *edge_points, (start, float(stage.height))]
    edge_points = [(at * stage.width, depth + _bulge(edge, at) * 70 * stage.unit) for at in reversed(steps)]
    return [(0.0, start), (float(stage.width), start), *edge_points]


def _corners(area: Box, *, radius: float) -> list[Path]:
    """The four bits between a rectangle and the round corners within it."""
    turns = [pi / 2 * step / 10 for step in range(11)]
    found = []
    for x, y, right, down in (
        (area.left, area.top, 1, 1), (area.right, area.top, -1, 1),
        (area.left, area.bottom, 1, -1), (area.right, area.bottom, -1, -1),
    ):  # fmt: skip
        curve = [(x + right * radius * (1 - sin(a)), y + down * radius * (1 - sin(pi / 2 - a))) for a in turns]
        found.append(shapes.polygon([(x - right, y - down), *curve]))
    return found


def _ahead(pose: motion.Pose, *, by: float, side: bool) -> motion.Pose:
    return replace(pose, dx=pose.dx + (by if side else 0.0), dy=pose.dy + (0.0 if side else by))


def _bulge(edge: Edge, at: float) -> float:
    match edge:
        case "slant":
            return 0.6 - 1.6 * at
        case "arch":
            return 1.1 * sin(pi * at) - 0.6
        case _:
            return 0.0


def _even(box: Box) -> Box:
    left, top, right, bottom = (int(edge) // 2 * 2 for edge in (box.left, box.top, box.right, box.bottom))
    return Box(left, top, right, bottom)
