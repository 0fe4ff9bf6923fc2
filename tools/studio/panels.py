"""The coloured panel that carries text beside footage, with four kinds of edge; it slides in and out."""

from __future__ import annotations

from dataclasses import replace
from math import pi, sin

from tools.studio import motion, shapes
from tools.studio.ass import Canvas
from tools.studio.layout import Stage
from tools.studio.looks import Edge
from tools.studio.shapes import Path
from tools.studio.theme import Field


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
    length, frames = last - first, transition + 4
    path = panel_path(stage, edge=edge)
    dx, dy = (-path.width, 0.0) if stage.side else (0.0, -path.height)
    lip = 16 * stage.unit

    def move(frame: int) -> motion.Pose:
        away = 0.0 if first == 0 else 1 - motion.ease_out((frame + 1) / frames)
        if not covered:
            away = max(away, motion.ease_in((frame - (length - frames)) / frames))
        return motion.Pose(dx=dx * away, dy=dy * away)

    def ahead(frame: int) -> motion.Pose:
        pose = move(frame)
        return replace(pose, dx=pose.dx + (lip if stage.side else 0.0), dy=pose.dy + (0.0 if stage.side else lip))

    if edge != "card":
        canvas.shape(path, left=0, top=0, colour=field.pop, first=first, last=last, motion=ahead, layer=layer * 2)
    canvas.shape(path, left=0, top=0, colour=field.ground, first=first, last=last, motion=move, layer=layer * 2 + 1)


def panel_path(stage: Stage, *, edge: Edge) -> Path:
    """The panel's outline: the frame without the picture, its inner edge shaped."""
    width, height, unit = float(stage.width), float(stage.height), stage.unit
    if edge == "card":
        hole, inset = stage.picture, 48 * unit
        left = hole.left + (12 * unit if stage.side else inset)
        top = hole.top + (inset if stage.side else 24 * unit)
        frame = shapes.rect(0, 0, width, height)
        return frame + shapes.rounded(
            left, top, width - inset - left, height - inset - top, 44 * unit, hole=True
        )
    depth = (stage.picture.left if stage.side else stage.picture.top) + 8 * unit
    across = height if stage.side else width
    profile = [(step / 24, _bulge(edge, step / 24) * 70 * unit) for step in range(25)]
    if stage.side:
        points = [(0.0, 0.0), *((depth + by, at * across) for at, by in profile), (0.0, height)]
    else:
        points = [(0.0, 0.0), *((at * across, depth + by) for at, by in reversed(profile))]
        points = [(0.0, 0.0), (width, 0.0), *points[1:]]
    return shapes.polygon(points)


def _bulge(edge: Edge, at: float) -> float:
    match edge:
        case "slant":
            return 0.6 - 1.6 * at
        case "arch":
            return 1.1 * sin(pi * at) - 0.6
        case _:
            return 0.0
