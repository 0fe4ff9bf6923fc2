"""The studio's visual families, and which one a blueprint gets: from its hook, its pacing, its content and the seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Literal

from geminivideo.blueprint import Blueprint
from geminivideo.vocabulary import HookType, Pacing
from tools.studio.fonts import Face

Setting = Literal["block", "lockup", "tape"]
Entrance = Literal["unmask", "rise", "pop", "grow"]
Edge = Literal["straight", "slant", "arch", "card"]
Motif = Literal["rings", "orbs", "bars", "dots", "arches"]
CaptionStyle = Literal["plate", "chip", "light"]
Figure = Literal["disc", "giant", "marquee", "cards"]


@dataclass(frozen=True)
class Look:
    """How one ad is set, moved and cut."""

    name: str
    setting: Setting
    face: Face
    capitals: bool
    leading: float
    largest: float
    """Largest headline, in thousandths of the frame's design width."""
    entrance: Entrance
    edges: tuple[Edge, ...]
    motifs: tuple[Motif, ...]
    transitions: tuple[str, ...]
    """Names of ffmpeg's xfade filter."""
    caption: CaptionStyle
    figure: Figure
    edge: Edge = "straight"
    motif: Motif = "rings"
    transition_frames: int = 12


POSTER = Look(
    name="poster", setting="block", face="black", capitals=True, leading=0.98, largest=186, entrance="unmask",
    edges=("straight", "slant"), motifs=("bars", "rings"),
    transitions=("slideup", "coverup", "smoothup"), caption="plate", figure="giant",
)  # fmt: skip
LOCKUP = Look(
    name="lockup", setting="lockup", face="black", capitals=True, leading=0.90, largest=250, entrance="grow",
    edges=("slant", "straight"), motifs=("bars", "dots"),
    transitions=("smoothleft", "slideleft", "coverleft"), caption="chip", figure="marquee",
)  # fmt: skip
TAPE = Look(
    name="tape", setting="tape", face="black", capitals=False, leading=1.30, largest=112, entrance="rise",
    edges=("slant", "card"), motifs=("orbs", "dots"),
    transitions=("wiperight", "smoothright", "diagtl"), caption="light", figure="cards",
)  # fmt: skip
EDITORIAL = Look(
    name="editorial", setting="block", face="bold", capitals=False, leading=1.08, largest=140, entrance="rise",
    edges=("arch", "card"), motifs=("arches", "orbs", "rings"),
    transitions=("fade", "smoothup", "circleopen"), caption="plate", figure="disc",
)  # fmt: skip

LOOKS: tuple[Look, ...] = (POSTER, LOCKUP, TAPE, EDITORIAL)

_BY_HOOK: dict[HookType, Look] = {
    "question": EDITORIAL,
    "statistic": LOCKUP,
    "pain": TAPE,
    "testimonial": EDITORIAL,
    "before_after": TAPE,
    "curiosity": POSTER,
    "command": POSTER,
}
_TRANSITION_FRAMES: dict[Pacing, int] = {"fast": 8, "medium": 12, "slow": 16}


def choose_look(blueprint: Blueprint, *, seed: int) -> Look:
    """The look of a blueprint: its family by the hook, its details drawn from its content and the seed."""
    family = _BY_HOOK[blueprint.hook_type]
    drawn = random.Random(f"{blueprint.sha256}:{seed}:look")
    return replace(
        family,
        edge=drawn.choice(family.edges),
        motif=drawn.choice(family.motifs),
        transitions=tuple(drawn.sample(family.transitions, len(family.transitions))),
        transition_frames=_TRANSITION_FRAMES[blueprint.pacing],
    )
