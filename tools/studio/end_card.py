"""The end card: brand, offer, a button that beats, and where to go."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tools.studio import motion, shapes
from tools.studio.ass import Canvas
from tools.studio.contrast import Rgb
from tools.studio.fonts import metrics, width
from tools.studio.layout import Stage
from tools.studio.message import LAYER
from tools.studio.safe_zones import Box
from tools.studio.theme import Field
from tools.studio.typeset import Block, set_block

_BEAT = 36
"""Frames from one beat of the button to the next."""


@dataclass(frozen=True)
class Offer:
    """The words of an end card."""

    brand: str
    headline: str
    support: str
    button: str
    host: str


def draw_end_card(canvas: Canvas, offer: Offer, *, stage: Stage, field: Field, span: tuple[int, int]) -> None:
    """Draw the card in the column of headlines; everything stays to the end."""
    first, last = span
    unit, box = stage.unit, stage.headline
    column = Box(box.left, stage.header.top, box.right, box.bottom + 6 * unit)
    name_box = Box(column.left, column.top, column.right, column.top + 116 * unit)
    name = set_block(offer.brand, box=name_box, face="black", largest=104 * unit, most_lines=1)
    _words(canvas, name, colour=field.pop_ink, first=first, last=last)
    high, host_size = 116 * unit, 42 * unit
    foot = column.bottom - 0.28 * host_size
    room = Box(
        column.left,
        name.box.bottom + 52 * unit,
        column.right,
        foot - host_size - 30 * unit - high - 48 * unit,
    )
    head, under = _offer_lines(offer, room=room, unit=unit)
    _words(canvas, head, colour=field.ink, first=first + 4, last=last)
    if under:
        _words(canvas, under, colour=field.ink, first=first + 10, last=last)
    top = (under or head).box.bottom + 52 * unit
    _button(canvas, offer.button, field=field, unit=unit, at=(column.left, top), high=high, room=column.width,
            span=(first + 12, last))  # fmt: skip
    size = min(host_size, host_size * column.width / width(offer.host, face="medium", size=host_size))
    canvas.text(
        offer.host, left=column.left, baseline=top + high + 34 * unit + 0.72 * size, face="medium", size=size,
        colour=field.ink, first=first + 18, last=last, motion=motion.rise(10, by=16), entry=10, layer=LAYER,
    )  # fmt: skip


def _offer_lines(offer: Offer, *, room: Box, unit: float) -> tuple[Block, Block | None]:
    share = 0.70 if offer.support else 1.0
    head_room = replace(room, bottom=room.top + room.height * share)
    head = set_block(offer.headline, box=head_room, face="bold", largest=96 * unit, leading=1.1, most_lines=4)
    if not offer.support:
        return head, None
    below = replace(room, top=head.box.bottom + 34 * unit)
    return head, set_block(offer.support, box=below, face="medium", largest=48 * unit, leading=1.24, most_lines=3)


def _words(canvas: Canvas, block: Block, *, colour: Rgb, first: int, last: int) -> None:
    for number, word in enumerate(block.words):
        canvas.text(
            word.text, left=word.left, baseline=word.baseline, face=block.face, size=word.size, colour=colour,
            first=first + min(number, 10), last=last, motion=motion.rise(11, by=0.4 * word.size), entry=11,
            layer=LAYER,
        )  # fmt: skip


def _button(
    canvas: Canvas,
    text: str,
    *,
    field: Field,
    unit: float,
    at: tuple[float, float],
    high: float,
    room: float,
    span: tuple[int, int],
) -> None:
    (left, top), (first, last) = at, span
    pad, arrow, gap = 52 * unit, 34 * unit, 28 * unit
    most = room - 2 * pad - arrow - gap
    size = min(56 * unit, 56 * unit * most / width(text, face="black", size=56 * unit))
    length = width(text, face="black", size=size) + 2 * pad + gap + arrow
    pill = shapes.rounded(0, 0, length, high, high / 2)
    halo = _halo(length=length, high=high)
    canvas.shape(pill, left=left, top=top, colour=field.pop, first=first, last=last, motion=halo, layer=LAYER)
    canvas.shape(pill, left=left, top=top, colour=field.pop, first=first, last=last, motion=_pulse, layer=LAYER + 1)
    canvas.shape(
        _arrow(arrow, thickness=8 * unit), left=left + length - pad - arrow, top=top + (high - arrow) / 2,
        colour=field.on_pop, first=first + 4, last=last, motion=_nudge(by=9 * unit), layer=LAYER + 2,
    )  # fmt: skip
    cap = metrics("black").cap_height * size
    canvas.text(
        text, left=left + pad, baseline=top + (high + cap) / 2, face="black", size=size, colour=field.on_pop,
        first=first + 3, last=last, motion=motion.rise(8, by=14), entry=8, layer=LAYER + 2,
    )  # fmt: skip


def _pulse(frame: int) -> motion.Pose:
    if frame < 13:
        return motion.pop(13, start=0.7)(frame)
    beat = (frame - 13) % _BEAT
    swell = 1 + 0.03 * (motion.ease_in_out(beat / 8) - motion.ease_in_out((beat - 8) / 14))
    return motion.Pose(scale_x=swell, scale_y=swell)


def _halo(*, length: float, high: float) -> motion.Motion:
    def move(frame: int) -> motion.Pose:
        if frame < 13:
            return motion.Pose(opacity=0.0)
        beat = (frame - 13) % _BEAT / 30
        grown = 0.28 * motion.ease_out(beat)
        return motion.Pose(scale_x=1 + grown * high / length, scale_y=1 + grown, opacity=0.35 * max(0.0, 1 - beat))

    return move


def _arrow(side: float, *, thickness: float) -> shapes.Path:
    low, high, middle = thickness / 2, side - thickness / 2, side / 2
    head = shapes.stroke([(side * 0.55, low), (high, middle), (side * 0.55, high)], thickness=thickness)
    return shapes.sized(
        shapes.stroke([(low, middle), (high, middle)], thickness=thickness) + head, width=side, height=side
    )


def _nudge(*, by: float) -> motion.Motion:
    def move(frame: int) -> motion.Pose:
        beat = frame % _BEAT / _BEAT
        out = motion.ease_in_out(beat * 3) - motion.ease_in_out(beat * 3 - 1)
        return motion.Pose(dx=by * out, opacity=min(1.0, frame / 6))

    return move
