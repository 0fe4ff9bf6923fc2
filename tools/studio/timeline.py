"""Which frames belong to which scene, from the soundtrack's times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from geminivideo.blueprint import Blueprint, Scene
from geminivideo.errors import RenderError
from tools.studio.motion import FPS


@dataclass(frozen=True)
class Shot:
    """A scene on the frame grid. Its picture overlaps its neighbours' by the transitions."""

    index: int
    scene: Scene
    start: int
    end: int
    first: int
    """First frame in which its picture is seen: where the transition into it begins."""
    last: int
    """The frame after the last one in which its picture is seen."""

    text_first: int
    text_last: int
    """Its texts stand between these: after what was before has made way, and gone before the next arrives."""


@dataclass(frozen=True)
class Timeline:
    """All shots of an ad, and how long each transition lasts, in frames."""

    shots: tuple[Shot, ...]
    frames: int
    transition: int

    @property
    def milliseconds(self) -> int:
        """Length of the picture track."""
        return round(self.frames * 1000 / FPS)


def frame_at(milliseconds: float) -> int:
    """The frame that is nearest to a time."""
    return round(milliseconds * FPS / 1000)


def make_timeline(
    blueprint: Blueprint, *, scene_starts_ms: Sequence[int], milliseconds: int, transition: int
) -> Timeline:
    """Lay the blueprint's scenes on the times of its soundtrack; RenderError when they do not match."""
    starts = [frame_at(at) for at in scene_starts_ms]
    total = frame_at(milliseconds)
    edges = [*starts, total]
    if len(starts) != len(blueprint.scenes) or starts[0] != 0 or edges != sorted(set(edges)):
        raise RenderError(
            f"The soundtrack has {len(starts)} scene times for {len(blueprint.scenes)} scenes, or not in order",
            where=f"blueprint {blueprint.id}",
            fix="Make the soundtrack from this blueprint.",
        )
    shortest = min(b - a for a, b in pairwise(edges))
    transition = max(2, min(transition, shortest - 2)) // 2 * 2
    half = transition // 2
    shots = tuple(
        Shot(
            index=index,
            scene=scene,
            start=edges[index],
            end=edges[index + 1],
            first=max(0, edges[index] - half),
            last=min(total, edges[index + 1] + half),
            text_first=edges[index] + (2 if index else 0),
            text_last=edges[index + 1] - (half if edges[index + 1] < total else 0),
        )
        for index, scene in enumerate(blueprint.scenes)
    )
    return Timeline(shots=shots, frames=total, transition=transition)
