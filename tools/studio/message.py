"""A scene's headline and support: set in their box, then brought in word by word in the manner of the ad's look."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby

from tools.studio import motion, shapes
from tools.studio.ass import Canvas
from tools.studio.contrast import Rgb
from tools.studio.fonts import Face, metrics, width
from tools.studio.looks import Look
from tools.studio.motion import Motion
from tools.studio.safe_zones import Box
from tools.studio.theme import Field
from tools.studio.typeset import Block, SetWord, capitals, moved, set_block, set_lockup

LAYER = 20
EXIT = 5
"""Frames in which a text leaves."""
_COUNT_FRAMES = 26
_LAST_ENTRY = 32
"""Frames after the first in which the last word of a headline begins to come: it stands complete within 1.5 s."""
_FIGURE = re.compile(r"^(\D*)(\d{1,3}(?:,\d{3})+|\d+)(\D*)$")


@dataclass(frozen=True)
class Message:
    """A headline and its support in their places."""

    headline: Block
    support: Block | None

    @property
    def box(self) -> Box:
        """What both cover."""
        last = self.support or self.headline
        right = max(self.headline.box.right, last.box.right)
        return Box(self.headline.box.left, self.headline.box.top, right, last.box.bottom)


def set_message(headline: str, support: str, *, look: Look, box: Box, unit: float, at: float) -> Message:
    """Set both texts in `box`; `at` is their place in its spare height, 0 top to 1 bottom."""
    gap = 46 * unit
    room = Box(box.left, box.top, box.right, box.top + (box.height - gap) * (0.70 if support else 1.0))
    head = _set_headline(headline, look=look, box=room, unit=unit)
    under = None
    if support:
        below = Box(box.left, head.box.bottom + gap, box.right, box.bottom)
        under = set_block(support, box=below, face="medium", largest=52 * unit, leading=1.24, most_lines=4)
    spare = max(0.0, box.bottom - (under or head).box.bottom)
    return Message(headline=moved(head, dy=spare * at), support=moved(under, dy=spare * at) if under else None)


def draw_message(
    canvas: Canvas, message: Message, *, look: Look, field: Field, span: tuple[int, int], stays: bool = False
) -> None:
    """Draw it in the frames of `span`; it leaves at the end unless it `stays`."""
    first, last = span
    tape = look.setting == "tape"
    if tape:
        _strips(canvas, message.headline, field=field, span=span, stays=stays)
    step = min(2.0, _LAST_ENTRY / len(message.headline.words))
    begins = [
        first + (3 * word.line if look.entrance == "unmask" else int(step * number))
        for number, word in enumerate(message.headline.words)
    ]
    if not tape and not field.pop_reads:
        _markers(canvas, message.headline, begins, field=field, span=span, stays=stays)
    for begin, word in zip(begins, message.headline.words, strict=True):
        _word(canvas, message.headline, word, look=look, field=field, span=(begin, last), stays=stays)
    if message.support:
        settled = first + 8 + 2 * min(10, len(message.headline.words))
        draw_lines(canvas, message.support, colour=field.ink, span=(settled, last), stays=stays)


def draw_lines(canvas: Canvas, block: Block, *, colour: Rgb, span: tuple[int, int], stays: bool = False) -> None:
    """Draw a plain text that rises line by line."""
    first, last = span
    for word in block.words:
        begin = first + 2 * word.line
        come = _leaving(motion.rise(10, by=0.5 * word.size), length=last - begin, stays=stays)
        canvas.text(
            word.text, left=word.left, baseline=word.baseline, face=block.face, size=word.size, colour=colour,
            first=begin, last=last, motion=come, entry=10, exit=0 if stays else EXIT, layer=LAYER,
        )  # fmt: skip


def _set_headline(text: str, *, look: Look, box: Box, unit: float) -> Block:
    text = capitals(text) if look.capitals else text
    largest = look.largest * unit
    if look.setting == "lockup":
        return set_lockup(text, box=box, face=look.face, largest=largest)
    inset = 24 * unit if look.setting == "tape" else 0.0
    room = Box(box.left + inset, box.top + inset, box.right - inset, box.bottom - inset)
    return set_block(text, box=room, face=look.face, largest=largest, leading=look.leading)


def _word(
    canvas: Canvas,
    block: Block,
    word: SetWord,
    *,
    look: Look,
    field: Field,
    span: tuple[int, int],
    stays: bool,
) -> None:
    first, last = span
    tape = look.setting == "tape"
    colour = _colour(word, field=field, tape=tape)
    entry, come = _entrance(look, block, word)
    move = _leaving(come, length=last - first, stays=stays)
    if word.strong and _countable(word.text) and last - first > _COUNT_FRAMES + 20:
        _count(canvas, word, face=block.face, colour=colour, span=span, move=move, entry=entry, stays=stays)
        return
    canvas.text(
        word.text, left=word.left, baseline=word.baseline, face=block.face, size=word.size, colour=colour,
        first=first, last=last, motion=move, entry=entry, exit=0 if stays else EXIT, layer=LAYER,
    )  # fmt: skip


def _colour(word: SetWord, *, field: Field, tape: bool) -> Rgb:
    if tape:
        return field.on_pop if word.line % 2 == 0 else field.ground
    if not word.strong:
        return field.ink
    return field.pop_ink if field.pop_reads else field.on_pop


def _entrance(look: Look, block: Block, word: SetWord) -> tuple[int, Motion]:
    match look.entrance:
        case "unmask":
            return 12, motion.unmask(12, line=block.line_box(word.line))
        case "rise":
            return 11, motion.rise(11, by=0.45 * word.size)
        case "pop":
            return 13, motion.pop(13, start=0.7)
        case "grow":
            return 9, motion.grow(9)


def _leaving(move: Motion, *, length: int, stays: bool) -> Motion:
    return move if stays else motion.leaving(move, length=length, frames=EXIT, dy=-16.0)


def _strips(canvas: Canvas, block: Block, *, field: Field, span: tuple[int, int], stays: bool) -> None:
    for line in range(block.lines):
        words = [word for word in block.words if word.line == line]
        size = words[0].size
        pad, cap = 0.2 * size, metrics(block.face).cap_height * size
        left, right = words[0].left - pad, words[-1].left + words[-1].width + pad
        first = max(0, span[0] + 3 * line - 2)
        strip = shapes.rect(0, 0, right - left, cap + 0.54 * size)
        canvas.shape(
            strip, left=left, top=words[0].baseline - cap - 0.27 * size,
            colour=field.pop if line % 2 == 0 else field.ink, first=first, last=span[1], layer=LAYER,
            motion=_leaving(motion.unroll(9, width=strip.width), length=span[1] - first, stays=stays),
        )  # fmt: skip


def _markers(
    canvas: Canvas, block: Block, begins: list[int], *, field: Field, span: tuple[int, int], stays: bool
) -> None:
    """An accent plate behind the strong words of each line, unrolled as the first of them comes."""
    last = span[1]
    numbered = [(begin, word) for begin, word in zip(begins, block.words, strict=True) if word.strong]
    for _, group in groupby(numbered, key=lambda pair: pair[1].line):
        pairs = list(group)
        first, words = max(0, pairs[0][0] - 2), [word for _, word in pairs]
        size, left = words[0].size, words[0].left
        pad, cap = 0.10 * size, metrics(block.face).cap_height * size
        right = words[-1].left + words[-1].width
        plate = shapes.rounded(0, 0, right - left + 2 * pad, cap + 0.24 * size, 0.08 * size)
        canvas.shape(
            plate, left=left - pad, top=words[0].baseline - cap - 0.12 * size, colour=field.pop,
            first=first, last=last, layer=LAYER,
            motion=_leaving(motion.unroll(12, width=plate.width), length=last - first, stays=stays),
        )  # fmt: skip


def _countable(word: str) -> bool:
    found = _FIGURE.match(word)
    if found is None:
        return False
    number = int(found.group(2).replace(",", ""))
    return number >= 10 and not (1900 <= number <= 2100 and "," not in word)


def _count(
    canvas: Canvas,
    word: SetWord,
    *,
    face: Face,
    colour: Rgb,
    span: tuple[int, int],
    move: Motion,
    entry: int,
    stays: bool,
) -> None:
    """Count up to the figure, right-aligned, then hold it."""
    found = _FIGURE.match(word.text)
    assert found is not None  # noqa: S101  (only countable words come here)
    before, digits, after = found.groups()
    goal, step, first = int(digits.replace(",", "")), 2, span[0]
    for at in range(0, _COUNT_FRAMES, step):
        value = round(goal * motion.ease_out((at + 1) / _COUNT_FRAMES))
        shown = before + (f"{value:,}" if "," in digits else str(value)) + after
        left = word.left + word.width - width(shown, face=face, size=word.size)
        canvas.text(
            shown, left=left, baseline=word.baseline, face=face, size=word.size, colour=colour,
            first=first + at, last=first + at + step, motion=motion.later(move, by=at),
            entry=step if at < entry else 0, layer=LAYER,
        )  # fmt: skip
    canvas.text(
        word.text, left=word.left, baseline=word.baseline, face=face, size=word.size, colour=colour,
        first=first + _COUNT_FRAMES, last=span[1], motion=motion.later(move, by=_COUNT_FRAMES),
        exit=0 if stays else EXIT, layer=LAYER,
    )  # fmt: skip
