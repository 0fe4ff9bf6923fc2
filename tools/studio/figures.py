"""The drawn picture of a scene without footage: its subject's icon, large, in one of four arrangements.

Slow movements go in whole pixels, so that libass can use a drawn shape again instead of drawing it anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, pi, sin

from tools.studio import motion, shapes
from tools.studio.ass import Canvas
from tools.studio.contrast import Rgb
from tools.studio.icons import Icon, icon, icon_for
from tools.studio.layout import Stage
from tools.studio.looks import Figure
from tools.studio.motion import Motion, Pose
from tools.studio.theme import Field

_EXIT = 5
_LAYER = 10
_COMPANIONS = ("spark", "check", "drop", "clock", "cup", "pin", "people", "calendar")


@dataclass(frozen=True)
class _Place:
    """Where and when a figure is drawn, and how large."""

    x: float
    y: float
    radius: float
    first: int
    last: int
    stays: bool
    """Whether it is still there when the ad ends."""

    @property
    def length(self) -> int:
        return self.last - self.first

    def timed(self, move: Motion) -> Motion:
        """`move`, leaving at the end unless the figure stays."""
        return move if self.stays else motion.leaving(move, length=self.length, frames=_EXIT)


def draw_figure(
    canvas: Canvas,
    *,
    stage: Stage,
    field: Field,
    figure: Figure,
    texts: tuple[str, ...],
    span: tuple[int, int],
    stays: bool,
) -> None:
    """Draw the icon of what the first telling one of `texts` is about, in the stage's picture region."""
    x, y = stage.picture.centre
    radius = stage.picture.width * (0.37 if stage.side else 0.25)
    place = _Place(x, y + (0 if stage.side else 56 * stage.unit), radius, *span, stays)
    drawing = icon_for(*texts)
    match figure:
        case "disc":
            _disc(canvas, field, place, drawing)
        case "giant":
            _giant(canvas, stage, field, place, drawing)
        case "marquee":
            _marquee(canvas, stage, field, place, drawing)
        case "cards":
            _cards(canvas, field, place, drawing)


def _icon(
    canvas: Canvas,
    drawing: Icon,
    place: _Place,
    *,
    x: float,
    y: float,
    side: float,
    colours: tuple[Rgb, Rgb],
    move: Motion,
    layer: int,
    pivot: tuple[float, float] | None = None,
) -> None:
    for path, colour in zip((drawing.accent, drawing.lines), colours, strict=True):
        canvas.shape(
            shapes.scaled(path, side / 100), left=x - side / 2, top=y - side / 2, colour=colour,
            first=place.first, last=place.last, motion=place.timed(move), layer=layer, pivot=pivot,
        )  # fmt: skip


def _bobbing(come: Motion, *, by: float, every: int) -> Motion:
    def move(frame: int) -> Pose:
        pose = come(frame)
        return replace(pose, dy=pose.dy + round(by * sin(2 * pi * frame / every)))

    return move


def _disc(canvas: Canvas, field: Field, place: _Place, drawing: Icon) -> None:
    """An icon on a disc, three dots circling it."""
    x, y, radius = place.x, place.y, place.radius
    come = motion.pop(16, start=0.3)
    canvas.shape(
        shapes.circle(radius, radius, radius), left=x - radius, top=y - radius, colour=field.pop,
        first=place.first, last=place.last, motion=place.timed(_bobbing(come, by=12, every=75)), layer=_LAYER + 2,
    )  # fmt: skip
    _icon(
        canvas, drawing, place, x=x, y=y, side=1.16 * radius, colours=(field.ground, field.on_pop),
        move=motion.delayed(_bobbing(come, by=12, every=75), by=3), layer=_LAYER + 3,
    )  # fmt: skip
    for number, (share, colour) in enumerate(((0.13, field.pop), (0.08, field.ink), (0.10, field.ink))):
        size = share * radius

        def orbit(frame: int, start: float = number / 3) -> Pose:
            out = motion.ease_out((frame + 1) / 18)
            angle = 2 * pi * (start + frame / 150)
            return Pose(dx=1.25 * radius * out * cos(angle), dy=1.3 * radius * out * sin(angle))

        canvas.shape(
            shapes.circle(size, size, size), left=x - size, top=y - size, colour=colour,
            first=place.first, last=place.last, motion=place.timed(orbit), layer=_LAYER + 1,
        )  # fmt: skip


def _giant(canvas: Canvas, stage: Stage, field: Field, place: _Place, drawing: Icon) -> None:
    """One icon as large as the picture, tilted, rising from the edge of the frame."""
    side = 2.9 * place.radius

    def move(frame: int) -> Pose:
        up = 1 - motion.ease_out((frame + 1) / 18)
        return Pose(dy=round(0.8 * side * up - 0.35 * frame), turn=7.0 + 8.0 * up)

    aside, below = (0.1, 0.0) if stage.side else (0.34, 0.42)
    _icon(
        canvas, drawing, place, x=place.x + aside * place.radius, y=place.y + below * place.radius, side=side,
        colours=(field.pop, field.ink), move=move, layer=_LAYER + 2,
    )  # fmt: skip


def _marquee(canvas: Canvas, stage: Stage, field: Field, place: _Place, drawing: Icon) -> None:
    """Two rows of tiles that run against each other, every second one the subject; columns in a tall region."""
    tile = stage.picture.width * 0.40 if stage.side else 0.98 * place.radius
    pitch = 1.14 * tile
    names = [name for name in _COMPANIONS if name != drawing.name]
    for line, way in enumerate((-1, 1)):
        across = (place.x if stage.side else place.y) + (line - 1) * pitch + 0.07 * tile
        start = -pitch * (0.5 if way < 0 else 3.2)
        for number in range(int((stage.height if stage.side else stage.width) / pitch) + 5):
            along = start + number * pitch
            left, top = (across, along) if stage.side else (along, across)
            bold = (number + line) % 2 == 0
            shown = drawing if bold else icon(names[(number + 3 * line) % len(names)])
            move = _running(way, pitch=pitch, down=stage.side)
            canvas.shape(
                shapes.rounded(0, 0, tile, tile, 0.22 * tile), left=left, top=top,
                colour=field.pop if bold else field.shade, first=place.first, last=place.last,
                motion=place.timed(move), layer=_LAYER + 1,
            )  # fmt: skip
            _icon(
                canvas, shown, place, x=left + tile / 2, y=top + tile / 2, side=0.56 * tile, move=move,
                colours=(field.ground, field.on_pop) if bold else (field.pop, field.ink), layer=_LAYER + 2,
            )  # fmt: skip


def _running(way: int, *, pitch: float, down: bool) -> Motion:
    def move(frame: int) -> Pose:
        rush = 0.9 * pitch * (1 - motion.ease_out((frame + 1) / 20))
        gone = round(way * (2 * frame - rush))
        return Pose(dx=0 if down else gone, dy=gone if down else 0, opacity=min(1.0, (frame + 1) / 6))

    return move


def _cards(canvas: Canvas, field: Field, place: _Place, drawing: Icon) -> None:
    """Two tilted cards, the front one with the icon and three lines that draw themselves."""
    width, height = 2.0 * place.radius, 2.36 * place.radius
    left, top = place.x - width / 2, place.y - height / 2 + 0.1 * place.radius
    middle = (place.x, top + height / 2)
    back, front = _dealt(height, turn=-9.0, delay=0), _dealt(height, turn=5.0, delay=4)
    for colour, deal, layer in ((field.pop, back, 1), (field.ink, front, 2)):
        canvas.shape(
            shapes.rounded(0, 0, width, height, 0.16 * place.radius), left=left, top=top, colour=colour,
            first=place.first, last=place.last, motion=place.timed(deal), layer=_LAYER + layer,
        )  # fmt: skip
    _icon(
        canvas, drawing, place, x=place.x, y=top + 0.35 * height, side=0.98 * place.radius,
        colours=(field.pop, field.ground), move=front, layer=_LAYER + 3, pivot=middle,
    )  # fmt: skip
    thick = 0.085 * place.radius
    for number, share in enumerate((0.62, 0.74, 0.44)):
        long = share * width
        canvas.shape(
            shapes.rounded(0, 0, long, thick, thick / 2), left=left + 0.13 * width,
            top=top + (0.70 + 0.095 * number) * height, colour=field.pop if number == 0 else field.shade,
            first=place.first, last=place.last, pivot=middle, layer=_LAYER + 3,
            motion=place.timed(_drawn(front, delay=14 + 5 * number, width=long)),
        )  # fmt: skip


def _dealt(height: float, *, turn: float, delay: int) -> Motion:
    def move(frame: int) -> Pose:
        up = 1 - motion.ease_out((frame + 1) / 16)
        return Pose(dy=round(1.6 * height * up + 9 * sin(frame / 14 + turn)), turn=turn + 14 * up)

    return motion.delayed(move, by=delay)


def _drawn(move: Motion, *, delay: int, width: float) -> Motion:
    def both(frame: int) -> Pose:
        share = max(0.02, motion.ease_out((frame - delay) / 14))
        return replace(move(frame), scale_x=share, dx=-width * (1 - share) / 2, opacity=1.0 if frame >= delay else 0.0)

    return both
