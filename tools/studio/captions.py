"""Captions that follow the voice: phrases of a few words, the word being said highlighted in its own frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tools.studio import motion, shapes
from tools.studio.ass import Canvas
from tools.studio.fonts import clean, metrics
from tools.studio.layout import Stage
from tools.studio.looks import CaptionStyle
from tools.studio.motion import FPS
from tools.studio.safe_zones import Box
from tools.studio.soundtrack import Word
from tools.studio.theme import Theme
from tools.studio.timeline import frame_at
from tools.studio.typeset import WEAK_WORDS, set_block

_MOST_CHARACTERS = 34
_MOST_WORDS = 7
_PAUSE_MS = 420
_LINGER_FRAMES = 9
_LAYER = 60


@dataclass(frozen=True)
class CaptionTrack:
    """What was drawn: for each word the first frame in which it is highlighted and when it is said."""

    changes: tuple[tuple[int, int], ...]
    """(frame, start in ms) per word."""

    @property
    def largest_offset_ms(self) -> int:
        """The largest distance between a word's start and the frame that highlights it."""
        return max((abs(round(frame * 1000 / FPS) - start) for frame, start in self.changes), default=0)


def phrases(words: Sequence[Word]) -> list[list[Word]]:
    """Group the words as they are read: by scene, sentence and pause, a few words at a time, none left alone."""
    groups: list[list[Word]] = []
    for word in words:
        if groups and not _breaks(groups[-1], word):
            groups[-1].append(word)
        else:
            groups.append([word])
    return [part for group in groups for part in _halved(group)]


def draw_captions(
    canvas: Canvas, *, words: Sequence[Word], stage: Stage, theme: Theme, style: CaptionStyle
) -> CaptionTrack:
    """Draw every phrase on its plate in the stage's caption region."""
    groups = phrases(words)
    starts = [frame_at(group[0].start_ms) for group in groups] + [canvas.frames]
    changes: list[tuple[int, int]] = []
    for number, group in enumerate(groups):
        first = starts[number]
        last = min(starts[number + 1], frame_at(group[-1].end_ms) + _LINGER_FRAMES, canvas.frames)
        if last > first:
            changes += _phrase(canvas, group, (first, last), stage=stage, theme=theme, style=style)
    return CaptionTrack(changes=tuple(changes))


def _breaks(group: list[Word], word: Word) -> bool:
    before = group[-1]
    if before.scene != word.scene or word.start_ms - before.end_ms > _PAUSE_MS:
        return True
    plain = before.text.rstrip("\"'”’)")
    return plain[-1:] in {".", "!", "?", ":", ";", "…"} and "." not in plain[:-1]  # p.m. ends nothing


def _halved(group: list[Word]) -> list[list[Word]]:
    text = " ".join(word.text for word in group)
    if len(group) < 2 or (len(text) <= _MOST_CHARACTERS and len(group) <= _MOST_WORDS):
        return [group]
    # Split nearest the middle, better after a comma.
    lengths = [len(" ".join(word.text for word in group[:at])) for at in range(1, len(group))]
    costs = [
        abs(length - len(text) / 2)
        - (8 if group[at].text.endswith((",", "—", "–")) else 0)
        + (6 if group[at].text.lower() in WEAK_WORDS else 0)
        + (20 if at in {0, len(group) - 2} else 0)  # a word alone flashes by unread
        for at, length in enumerate(lengths)
    ]
    cut = costs.index(min(costs)) + 1
    return _halved(group[:cut]) + _halved(group[cut:])


def _phrase(
    canvas: Canvas,
    group: list[Word],
    span: tuple[int, int],
    *,
    stage: Stage,
    theme: Theme,
    style: CaptionStyle,
) -> list[tuple[int, int]]:
    first, last = span
    size = 54 * stage.unit
    text = [clean(word.text, where="voice-over") for word in group]
    inset = 26 * stage.unit
    room = Box(stage.caption.left + inset, stage.caption.top, stage.caption.right - inset, stage.caption.bottom)
    block = set_block(
        " ".join(text), box=room, face="bold", largest=size, leading=1.22, most_lines=2, align="left", at=0.5
    )
    plate = Box(
        stage.caption.left,
        block.box.top - 24 * stage.unit,
        block.box.right + inset,
        block.box.bottom + 12 * stage.unit,
    )
    light = style == "light"
    ground, ink = (theme.on_plate, theme.plate) if light else (theme.plate, theme.on_plate)
    canvas.shape(
        shapes.rounded(0, 0, plate.width, plate.height, 20 * stage.unit),
        left=plate.left, top=plate.top, colour=ground, first=first, last=last, opacity=0.94, layer=_LAYER,
    )  # fmt: skip
    starts = [frame_at(word.start_ms) for word in group] + [last]
    for index, word in enumerate(block.words):
        begin = max(first, min(starts[index], last))
        end = max(begin, min(starts[index + 1], last)) if index + 1 < len(starts) else last
        chip = style in {"chip", "light"}
        active = theme.main.on_pop if chip else theme.spoken
        for start, stop, colour in ((first, begin, ink), (begin, end, active), (end, last, ink)):
            if stop > start:
                canvas.text(
                    word.text, left=word.left, baseline=word.baseline, face="bold", size=word.size,
                    colour=colour, first=start, last=stop, layer=_LAYER,
                )  # fmt: skip
        if chip and end > begin:
            _chip(canvas, word.left, word.baseline, word.width, word.size, (begin, end), theme=theme)
    return [(starts[index], word.start_ms) for index, word in enumerate(group)]


def _chip(
    canvas: Canvas,
    left: float,
    baseline: float,
    length: float,
    size: float,
    span: tuple[int, int],
    *,
    theme: Theme,
) -> None:
    pad = 0.14 * size
    cap = metrics("bold").cap_height * size
    canvas.shape(
        shapes.rounded(0, 0, length + 2 * pad, cap + 0.46 * size, 0.2 * size),
        left=left - pad, top=baseline - cap - 0.2 * size, colour=theme.main.pop,
        first=span[0], last=span[1], motion=motion.swell(5), layer=_LAYER + 1,
    )  # fmt: skip
