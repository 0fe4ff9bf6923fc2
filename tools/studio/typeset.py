"""Breaking a text into balanced lines and finding the largest size at which it fits its box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from tools.studio.fonts import Face, metrics, width
from tools.studio.safe_zones import Box

Align = Literal["left", "centre"]

WEAK_WORDS = frozenset({
    "a", "an", "and", "as", "at", "by", "for", "from", "in", "is", "it", "its", "of", "on", "or", "our",
    "that", "the", "their", "this", "to", "with", "your", "you", "we", "per", "no",
})  # fmt: skip
"""Words that a line or a phrase should not end with."""
_COMMON = WEAK_WORDS | frozenset({
    "are", "be", "but", "can", "do", "get", "has", "have", "how", "if", "into", "just", "me", "my", "not",
    "now", "one", "only", "out", "so", "than", "then", "they", "up", "was", "what", "when", "who", "why",
    "will", "without", "got", "make", "makes", "every", "still", "really",
})  # fmt: skip


@dataclass(frozen=True)
class SetWord:
    """A word in its place: left edge and baseline in pixels, size in pixels per em."""

    text: str
    left: float
    baseline: float
    width: float
    size: float
    line: int
    strong: bool = False
    """Whether it carries the line's weight: a figure, or the word that says most."""


@dataclass(frozen=True)
class Block:
    """A text that has been set."""

    words: tuple[SetWord, ...]
    box: Box
    """What its ink covers."""
    face: Face
    lines: int

    def line_box(self, line: int) -> Box:
        """The band of one line, from above its capitals to below its descenders."""
        words = [word for word in self.words if word.line == line]
        size, baseline = words[0].size, words[0].baseline
        left, right = words[0].left, words[-1].left + words[-1].width
        return Box(left, baseline - 0.80 * size, right, baseline + 0.25 * size)


def set_block(
    text: str,
    *,
    box: Box,
    face: Face,
    largest: float,
    leading: float = 1.08,
    most_lines: int = 5,
    align: Align = "left",
    at: float = 0.0,
) -> Block:
    """Set `text` as large as it fits `box`; `at` is its place in the box's spare height, 0 top to 1 bottom."""
    words = _split(text, face=face, room=box.width / max(24.0, largest * 0.3))
    choices = [_even_lines(words, count, face=face) for count in range(1, min(most_lines, len(words)) + 1)]
    best = max(choices, key=lambda lines: _score(lines, box, face=face, largest=largest, leading=leading))
    size = _size(best, box, face=face, largest=largest, leading=leading)
    return _place(best, [size] * len(best), box=box, face=face, leading=leading, align=align, at=at)


def set_lockup(text: str, *, box: Box, face: Face, largest: float, most_lines: int = 5, at: float = 0.0) -> Block:
    """Set `text` as a block of lines that are all as wide as the box, each in its own size."""
    words = _split(text, face=face, room=box.width / 40)
    cap = metrics(face).cap_height
    best: tuple[float, list[list[str]], list[float]] | None = None
    for count in range(1, min(most_lines, len(words)) + 1):
        lines = _even_lines(words, count, face=face)
        sizes = [min(largest, box.width / _line_width(line, face=face)) for line in lines]
        ceiling = 2.1 * min(sizes)
        sizes = [min(size, ceiling) for size in sizes]
        gaps = sum(_LOCKUP_GAP * (above + size) / 2 for above, size in pairwise(sizes))
        shrink = min(1.0, box.height / (cap * sum(sizes) + gaps + 0.22 * sizes[-1]))
        sizes = [size * shrink for size in sizes]
        filled = sum(size * size * _line_width(line, face=face) for size, line in zip(sizes, lines, strict=True))
        score = filled * shrink**2 - 4000 * sum(size < 64 for size in sizes)
        if best is None or score > best[0]:
            best = (score, lines, sizes)
    assert best is not None  # noqa: S101  (a text has at least one word)
    return _place(best[1], best[2], box=box, face=face, leading=None, align="left", at=at)


_LOCKUP_GAP = 0.2
"""Space between the lines of a lockup, as a share of their mean size."""


def strong_words(words: Sequence[str]) -> frozenset[int]:
    """Which words to stress: the figures, else the longest word that is not a common one (the later of equals)."""
    figures = [index for index, word in enumerate(words) if any(c.isdigit() for c in word)]
    if figures:
        chosen = set(figures)
        for index in figures:  # "80 minutes": a figure and what it counts belong together
            if index + 1 < len(words) and _bare(words[index + 1]) not in _COMMON:
                chosen.add(index + 1)
        return frozenset(chosen) if len(chosen) < len(words) else frozenset(figures)
    telling = [index for index, word in enumerate(words) if _bare(word) and _bare(word) not in _COMMON]
    if not telling or len(words) < 3:
        return frozenset()
    return frozenset({max(telling, key=lambda index: (min(len(_bare(words[index])), 9), index))})


def _bare(word: str) -> str:
    return word.strip(".,:;!?\"'()[]“”‘’—–").lower()


def _split(text: str, *, face: Face, room: float) -> list[str]:
    # A single word that is wider than the box even at the smallest size is cut where the room ends.
    words: list[str] = []
    for word in text.split(" "):
        rest = word
        while width(rest, face=face, size=1.0) > room and len(rest) > 1:
            keep = max(1, int(len(rest) * room / width(rest, face=face, size=1.0)))
            words.append(rest[:keep])
            rest = rest[keep:]
        words.append(rest)
    return words


def _even_lines(words: list[str], count: int, *, face: Face) -> list[list[str]]:
    """The best division into `count` lines: even widths, no break after a weak word, no lone last word."""
    total = width(" ".join(words), face=face, size=1.0)
    goal = total / count
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    for line in range(1, count + 1):
        row: dict[int, tuple[float, int]] = {}
        for end in range(line, len(words) - (count - line) + 1):
            options = [
                (cost + _cost(words, start, end, goal, face=face), start)
                for start, (cost, _) in best[-1].items()
                if start < end
            ]
            if options:
                row[end] = min(options)
        best.append(row)
    lines: list[list[str]] = []
    end = len(words)
    for row in reversed(best[1:]):
        start = row[end][1]
        lines.insert(0, words[start:end])
        end = start
    return lines


def _cost(words: list[str], start: int, end: int, goal: float, *, face: Face) -> float:
    line = words[start:end]
    cost = ((_line_width(line, face=face) - goal) / goal) ** 2
    last = end == len(words)
    if last and len(line) == 1 and start > 0 and _line_width(line, face=face) < 0.6 * goal:
        cost += 0.5
    if not last and _bare(words[end - 1]) in WEAK_WORDS:
        cost += 0.12
    if not last and words[end - 1][-1:] in ".,:;!?—–":
        cost -= 0.10
    return cost


def _line_width(line: list[str], *, face: Face) -> float:
    return max(0.05, width(" ".join(line), face=face, size=1.0))


def _size(lines: list[list[str]], box: Box, *, face: Face, largest: float, leading: float) -> float:
    widest = max(_line_width(line, face=face) for line in lines)
    tall = metrics(face).cap_height + (len(lines) - 1) * leading + 0.22
    return min(largest, box.width / widest, box.height / tall)


def _score(lines: list[list[str]], box: Box, *, face: Face, largest: float, leading: float) -> float:
    size = _size(lines, box, face=face, largest=largest, leading=leading)
    widths = [_line_width(line, face=face) for line in lines]
    ragged = 1 - min(widths) / max(widths)
    orphan = len(lines) > 1 and len(lines[-1]) == 1 and widths[-1] < 0.5 * max(widths)
    return (
        size * (1 - 0.22 * ragged) * (0.85 if orphan else 1.0) * (1 - 0.03 * len(lines) - 0.04 * max(0, len(lines) - 3))
    )


def _place(
    lines: list[list[str]],
    sizes: list[float],
    *,
    box: Box,
    face: Face,
    leading: float | None,
    align: Align,
    at: float,
) -> Block:
    cap = metrics(face).cap_height
    pairs = list(pairwise(sizes))
    if leading is None:
        steps = [cap * sizes[0], *(cap * size + _LOCKUP_GAP * (above + size) / 2 for above, size in pairs)]
    else:
        steps = [cap * sizes[0], *(leading * size for _, size in pairs)]
    tall = sum(steps) + 0.22 * sizes[-1]
    baseline = box.top + max(0.0, box.height - tall) * at
    flat = [word for line in lines for word in line]
    strong = strong_words(flat)
    placed: list[SetWord] = []
    for number, (line, size, step) in enumerate(zip(lines, sizes, steps, strict=True)):
        baseline += step
        length = width(" ".join(line), face=face, size=size)
        left = box.left if align == "left" else box.left + (box.width - length) / 2
        for index, word in enumerate(line):
            before = " ".join(line[:index]) + (" " if index else "")
            placed.append(
                SetWord(
                    text=word,
                    left=left + width(before, face=face, size=size),
                    baseline=baseline,
                    width=width(word, face=face, size=size),
                    size=size,
                    line=number,
                    strong=len(placed) in strong,
                )
            )
    ink = Box(
        min(word.left for word in placed),
        placed[0].baseline - cap * sizes[0],
        max(word.left + word.width for word in placed),
        baseline + 0.22 * sizes[-1],
    )
    return Block(words=tuple(placed), box=ink, face=face, lines=len(lines))


def capitals(text: str) -> str:
    """`text` in capitals, except words that have capitals inside (HubSpot) or change length (ß)."""
    words = text.split(" ")
    return " ".join(
        word
        if len(word.upper()) != len(word) or (word[1:] != word[1:].lower() and not word.isupper())
        else word.upper()
        for word in words
    )


def moved(block: Block, *, dy: float) -> Block:
    """The block, `dy` pixels further down."""
    words = tuple(replace(word, baseline=word.baseline + dy) for word in block.words)
    box = Box(block.box.left, block.box.top + dy, block.box.right, block.box.bottom + dy)
    return replace(block, words=words, box=box)
