"""Poses over time: easing curves, and how an element comes in, rests and leaves, one pose per frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import cos, exp, pi

from tools.studio.safe_zones import Box

FPS = 30


@dataclass(frozen=True)
class Pose:
    """How an element stands in one frame, relative to where it was laid out."""

    dx: float = 0.0
    dy: float = 0.0
    scale_x: float = 1.0
    scale_y: float = 1.0
    opacity: float = 1.0
    turn: float = 0.0
    """Degrees, counter-clockwise."""
    clip: Box | None = None


Motion = Callable[[int], Pose]
"""From frames since the element's first one to its pose."""

REST = Pose()


def ease_out(t: float) -> float:
    """Fast, then gently to rest (quintic)."""
    return 1 - (1 - _unit(t)) ** 5


def ease_in(t: float) -> float:
    """From rest, faster and faster (cubic)."""
    return _unit(t) ** 3


def ease_in_out(t: float) -> float:
    """From rest to rest (cosine)."""
    return (1 - cos(pi * _unit(t))) / 2


def spring(t: float) -> float:
    """Past the goal by a little, then back to it."""
    t = _unit(t)
    return 1.0 if t >= 1 else 1 - exp(-6.2 * t) * cos(2 * pi * 1.05 * t)


def still(frame: int) -> Pose:
    """Not moving at all."""
    return REST


def rise(frames: int, *, by: float) -> Motion:
    """Up from below while fading in."""
    return lambda f: Pose(dy=by * (1 - ease_out(_at(f, frames))), opacity=_unit(_at(f, frames) * 2))


def slide(frames: int, *, dx: float = 0.0, dy: float = 0.0) -> Motion:
    """In from an offset, without fading."""
    return lambda f: Pose(dx=dx * (1 - ease_out(_at(f, frames))), dy=dy * (1 - ease_out(_at(f, frames))))


def delayed(motion: Motion, *, by: int) -> Motion:
    """`motion`, unseen for its first `by` frames."""
    return lambda f: motion(f - by) if f >= by else Pose(opacity=0.0)


def later(motion: Motion, *, by: int) -> Motion:
    """`motion` as if it had begun `by` frames ago."""
    return lambda f: motion(f + by)


def unmask(frames: int, *, line: Box) -> Motion:
    """Up from behind the lower edge of its own line."""
    return lambda f: Pose(dy=line.height * (1 - ease_out(_at(f, frames))), clip=line if f < frames else None)


def pop(frames: int, *, start: float = 0.5) -> Motion:
    """Grow from `start` past full size and settle."""
    return lambda f: _scaled(start + (1 - start) * spring(_at(f, frames)), _unit(_at(f, frames) * 3))


def swell(frames: int, *, start: float = 0.86) -> Motion:
    """Grow to full size, opaque from the first frame: for what text stands on."""
    return lambda f: _scaled(start + (1 - start) * ease_out(_at(f, frames)), 1.0)


def grow(frames: int, *, start: float = 0.84) -> Motion:
    """Grow gently to full size while fading in; never larger than laid out."""
    return lambda f: _scaled(start + (1 - start) * ease_out(_at(f, frames)), _unit(_at(f, frames) * 2.5))


def unroll(frames: int, *, width: float) -> Motion:
    """Widen from the left edge; `width` is the element's own."""

    def motion(frame: int) -> Pose:
        share = max(0.001, ease_out(_at(frame, frames)))
        return Pose(scale_x=share, dx=-width * (1 - share) / 2)

    return motion


def leaving(motion: Motion, *, length: int, frames: int, dy: float = 0.0) -> Motion:
    """`motion`, then a fade over its last `frames` of `length`."""

    def both(frame: int) -> Pose:
        pose = motion(frame)
        left = frame - (length - frames)
        if left < 0:
            return pose
        share = ease_in((left + 1) / (frames + 1))
        return replace(pose, opacity=pose.opacity * (1 - share), dy=pose.dy + dy * share)

    return both


def _scaled(scale: float, opacity: float) -> Pose:
    return Pose(scale_x=scale, scale_y=scale, opacity=opacity)


def _at(frame: int, frames: int) -> float:
    # The first frame already shows something: an ad's first picture is its thumbnail.
    return (frame + 1) / frames


def _unit(t: float) -> float:
    return min(1.0, max(0.0, t))
