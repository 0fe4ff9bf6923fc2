"""A drawing surface that writes ASS: shapes and texts with one pose per frame, exact to the pixel and the frame.

Each text is placed by coordinates that we computed, so nothing wraps, and each is escaped so that no character
can become an instruction. Two documents come out: what lies under the text, and the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tools.studio.contrast import Rgb
from tools.studio.fonts import Face, ass_tags, metrics, width
from tools.studio.motion import FPS, Motion, Pose, still
from tools.studio.safe_zones import Box
from tools.studio.shapes import Path

_HEADER = """[Script Info]
ScriptType: v4.00+
PlayResX: {width}
PlayResY: {height}
ScaledBorderAndShadow: yes
WrapStyle: 2
YCbCr Matrix: TV.709

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, \
Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, \
MarginV, Encoding
Style: D,Roboto,50,&H00FFFFFF,&H00FFFFFF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,0,0,5,0,0,0,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


@dataclass(frozen=True)
class Shown:
    """One piece of text as it will be seen: where its ink may be, and in which frames it stands still."""

    text: str
    box: Box
    first: int
    """First frame in which it is settled and opaque."""
    last: int
    """The frame after the last such one."""


@dataclass
class Canvas:
    """Collects what is drawn over the pictures of one ad of `frames` frames."""

    width: int
    height: int
    frames: int
    shown: list[Shown] = field(default_factory=list)
    _shapes: list[tuple[int, str]] = field(default_factory=list)
    _texts: list[tuple[int, str]] = field(default_factory=list)

    def shape(
        self,
        path: Path,
        *,
        left: float,
        top: float,
        colour: Rgb,
        first: int,
        last: int,
        motion: Motion = still,
        opacity: float = 1.0,
        layer: int = 0,
        pivot: tuple[float, float] | None = None,
    ) -> None:
        """Draw `path` with its box's corner at (left, top) in the frames from `first` to before `last`.

        It turns about its own middle, or about `pivot`.
        """
        turns_about = pivot or (left + path.width / 2, top + path.height / 2)
        for start, end, pose in self._poses(first, last, motion):
            x = left + pose.dx + path.width * (1 - pose.scale_x) / 2
            y = top + pose.dy + path.height * (1 - pose.scale_y) / 2
            tags = rf"\an7\pos({x:.2f},{y:.2f})\p1\1c{_colour(colour)}{_alpha(pose.opacity * opacity)}"
            tags += _scale(pose)
            if pose.turn:
                centre = f"{turns_about[0] + pose.dx:.2f},{turns_about[1] + pose.dy:.2f}"
                tags += rf"\org({centre})\frz{pose.turn:.2f}"
            self._shapes.append((layer, _event(layer, start, end, tags + _clip(pose), path.commands)))

    def text(
        self,
        text: str,
        *,
        left: float,
        baseline: float,
        face: Face,
        size: float,
        colour: Rgb,
        first: int,
        last: int,
        motion: Motion = still,
        entry: int = 0,
        exit: int = 0,
        layer: int = 0,
    ) -> None:
        """Draw `text` from `left` on `baseline`; it moves in its first `entry` and last `exit` frames only."""
        own = metrics(face)
        middle = baseline + (own.descent - own.ascent) * size / 2
        poses = list(self._poses(first, last, motion))
        for piece, at in _pieces(text, face=face, size=size):
            length = width(piece, face=face, size=size)
            look = ass_tags(face, size=size) + rf"\1c{_colour(colour)}"
            for start, end, pose in poses:
                x, y = left + at + length / 2 + pose.dx, middle + pose.dy
                tags = rf"\an5\pos({x:.2f},{y:.2f}){look}{_alpha(pose.opacity)}{_scale(pose)}"
                tags += rf"\frz{pose.turn:.2f}" if pose.turn else ""
                self._texts.append((layer, _event(layer, start, end, tags + _clip(pose), _escape(piece))))
        whole = width(text, face=face, size=size)
        box = Box(left, baseline - own.cap_height * size * 1.06, left + whole, baseline + 0.24 * size)
        if last - exit > first + entry:
            self.shown.append(Shown(text=text, box=box, first=first + entry, last=last - exit))

    def under(self) -> str:
        """The ASS document of the shapes."""
        return self._document(self._shapes)

    def over(self) -> str:
        """The ASS document of the texts."""
        return self._document(self._texts)

    def _document(self, events: list[tuple[int, str]]) -> str:
        return _HEADER.format(width=self.width, height=self.height) + "".join(event for _, event in events)

    def _poses(self, first: int, last: int, motion: Motion) -> Iterator[tuple[int, int, Pose]]:
        first, last, origin = max(0, first), min(last, self.frames), first
        start = first
        while start < last:
            pose = motion(start - origin)
            end = start + 1
            while end < last and motion(end - origin) == pose:
                end += 1
            if pose.opacity > 0.004:
                yield start, end, pose
            start = end


def _pieces(text: str, *, face: Face, size: float) -> Iterator[tuple[str, float]]:
    # A backslash gives the next character a meaning in ASS, so no character ever follows one in an event.
    start = 0
    for index, character in enumerate(text):
        if character == "\\" or index == len(text) - 1:
            yield text[start : index + 1], width(text[:start], face=face, size=size)
            start = index + 1


def _escape(piece: str) -> str:
    return piece.replace("{", r"\{").replace("}", r"\}").replace(" ", r"\h")


def _event(layer: int, start: int, end: int, tags: str, body: str) -> str:
    return f"Dialogue: {layer},{_clock(start)},{_clock(end)},D,,0,0,0,,{{{tags}}}{body}\n"


def _clock(frame: int) -> str:
    # Half a frame early, so that rounding to hundredths never moves a change to another frame.
    centiseconds = max(0, round((frame - 0.5) * 100 / FPS))
    minutes, rest = divmod(centiseconds, 6000)
    return f"0:{minutes:02d}:{rest // 100:02d}.{rest % 100:02d}"


def _colour(colour: Rgb) -> str:
    return f"&H{colour[2]:02X}{colour[1]:02X}{colour[0]:02X}&"


def _alpha(opacity: float) -> str:
    return "" if opacity >= 0.998 else rf"\alpha&H{round(255 * (1 - max(0.0, opacity))):02X}&"


def _scale(pose: Pose) -> str:
    if pose.scale_x == pose.scale_y == 1.0:
        return ""
    return rf"\fscx{pose.scale_x * 100:.2f}\fscy{pose.scale_y * 100:.2f}"


def _clip(pose: Pose) -> str:
    if pose.clip is None:
        return ""
    box = pose.clip
    return rf"\clip({round(box.left)},{round(box.top)},{round(box.right)},{round(box.bottom)})"
