"""The drawn picture of a scene without footage: a large icon of its subject among moving shapes of the ad's motif."""

from __future__ import annotations

from dataclasses import replace
from math import cos, pi, sin

from tools.studio import motion, shapes
from tools.studio.ass import Canvas
from tools.studio.icons import icon_for
from tools.studio.layout import Stage
from tools.studio.looks import Motif
from tools.studio.motion import Motion, Pose
from tools.studio.theme import Field

_EXIT = 5
_LAYER = 10


def draw_figure(
    canvas: Canvas, *, stage: Stage, field: Field, motif: Motif, text: str, span: tuple[int, int]
) -> None:
    """Draw the figure for `text` in the stage's picture region, in the frames of `span`."""
    first, last = span
    radius = min(stage.picture.width, stage.picture.height) * 0.30
    x, y = stage.picture.centre
    if not stage.side:
        y += 40 * stage.unit
    _MOTIFS[motif](canvas, stage, field, (x, y), radius, span)
    _disc(canvas, field=field, centre=(x, y), radius=radius, text=text, first=first, last=last)


def _disc(
    canvas: Canvas, *, field: Field, centre: tuple[float, float], radius: float, text: str, first: int, last: int
) -> None:
    x, y = centre
    length = last - first

    def bob(frame: int) -> Pose:
        pose = motion.pop(16, start=0.3)(frame)
        return replace(pose, dy=0.045 * radius * sin(2 * pi * frame / 75))

    def come(delay: int) -> Motion:
        return motion.leaving(lambda frame: bob(frame - delay) if frame >= delay else Pose(opacity=0.0), length=length, frames=_EXIT)

    canvas.shape(
        shapes.circle(radius, radius, radius), left=x - radius, top=y - radius, colour=field.pop,
        first=first, last=last, motion=come(0), layer=_LAYER + 2,
    )  # fmt: skip
    drawing = icon_for(text)
    side = 1.12 * radius
    for path, colour, delay in ((drawing.accent, field.ground, 5), (drawing.lines, field.on_pop, 3)):
        canvas.shape(
            shapes.scaled(path, side / 100), left=x - side / 2, top=y - side / 2, colour=colour,
            first=first, last=last, motion=come(delay), layer=_LAYER + 3,
        )  # fmt: skip


def _fading(move: Motion, *, length: int) -> Motion:
    return motion.leaving(lambda f: replace(move(f), opacity=move(f).opacity * min(1.0, (f + 1) / 8)), length=length, frames=_EXIT)


def _rings(
    canvas: Canvas, stage: Stage, field: Field, centre: tuple[float, float], radius: float, span: tuple[int, int]
) -> None:
    x, y = centre
    for number, (reach, turn, speed) in enumerate(((1.35, 0.36, 1.3), (1.75, 0.55, -0.8), (2.2, 0.28, 0.6))):
        r = radius * reach
        path = shapes.sized(
            shapes.arc(r, r, r, start=0.1 * number, turn=turn, thickness=(16 - 3 * number) * stage.unit),
            width=2 * r, height=2 * r,
        )  # fmt: skip
        colour = field.pop if number == 0 else field.ink if number == 1 else field.shade
        canvas.shape(
            path, left=x - r, top=y - r, colour=colour, first=span[0], last=span[1], layer=_LAYER,
            motion=_fading(lambda f, s=speed: Pose(turn=-s * f), length=span[1] - span[0]),  # type: ignore[misc]
        )  # fmt: skip


def _orbs(
    canvas: Canvas, stage: Stage, field: Field, centre: tuple[float, float], radius: float, span: tuple[int, int]
) -> None:
    x, y = centre
    for number in range(5):
        angle, reach = 2 * pi * (number / 5 + 0.07), radius * (1.45 + 0.22 * (number % 2))
        size = radius * (0.10 + 0.07 * ((number * 3) % 4))

        def orbit(frame: int, angle: float = angle, reach: float = reach) -> Pose:
            a = angle + frame / 110
            return Pose(dx=reach * cos(a), dy=reach * sin(a))

        canvas.shape(
            shapes.circle(size, size, size), left=x - size, top=y - size, first=span[0], last=span[1], layer=_LAYER,
            colour=(field.ink, field.shade, field.pop)[number % 3], motion=_fading(orbit, length=span[1] - span[0]),
        )  # fmt: skip


def _bars(
    canvas: Canvas, stage: Stage, field: Field, centre: tuple[float, float], radius: float, span: tuple[int, int]
) -> None:
    x, y = centre
    thick, lean = 0.34 * radius, 0.9 * radius
    long = 3.6 * radius
    for number in range(3):
        path = shapes.polygon([(lean, 0), (lean + long, 0), (long, thick), (0, thick)])
        start = 1 if number % 2 == 0 else -1

        def glide(frame: int, way: int = start) -> Pose:
            return Pose(dx=way * (2.4 * radius * (1 - motion.ease_out((frame + 1) / 22)) - 0.9 * frame))

        canvas.shape(
            path, left=x - (long + lean) / 2 + (number - 1) * 0.5 * radius, top=y + (number - 1) * 0.62 * radius - thick / 2,
            colour=field.shade if number != 1 else field.ink, first=span[0], last=span[1], layer=_LAYER,
            motion=_fading(glide, length=span[1] - span[0]),
        )  # fmt: skip


def _dots(
    canvas: Canvas, stage: Stage, field: Field, centre: tuple[float, float], radius: float, span: tuple[int, int]
) -> None:
    x, y = centre
    pitch, size = 0.52 * radius, 0.055 * radius
    for row in range(-3, 4):
        path = shapes.circle(size, size, size)
        for column in range(1, 7):
            path += shapes.circle(size + column * pitch, size, size)

        def wave(frame: int, row: int = row) -> Pose:
            return Pose(dx=0.3 * pitch * sin(frame / 18 + row * 0.8))

        canvas.shape(
            path, left=x - 3 * pitch - size, top=y + row * pitch - size, colour=field.ink, opacity=0.5,
            first=span[0], last=span[1], layer=_LAYER, motion=_fading(wave, length=span[1] - span[0]),
        )  # fmt: skip


def _arches(
    canvas: Canvas, stage: Stage, field: Field, centre: tuple[float, float], radius: float, span: tuple[int, int]
) -> None:
    x, y = centre
    for number, reach in enumerate((2.15, 1.75, 1.38)):
        r = radius * reach
        tall = r + 1.6 * radius
        path = shapes.sized(shapes.circle(r, r, r) + shapes.rect(0, r, 2 * r, tall - r), width=2 * r, height=tall)

        def breathe(frame: int, number: int = number) -> Pose:
            up = 0.5 * radius * (1 - motion.ease_out((frame + 1 - 3 * number) / 20))
            return Pose(dy=up + 0.05 * radius * sin(frame / 22 + number))

        canvas.shape(
            path, left=x - r, top=y - r, colour=(field.shade, field.ink, field.shade)[number],
            opacity=(1.0, 0.14, 1.0)[number], first=span[0], last=span[1], layer=_LAYER,
            motion=_fading(breathe, length=span[1] - span[0]),
        )  # fmt: skip


_MOTIFS = {"rings": _rings, "orbs": _orbs, "bars": _bars, "dots": _dots, "arches": _arches}
