"""Where things go in each format: header, headline, caption and picture, all text within the safe box."""

from __future__ import annotations

from dataclasses import dataclass

from geminivideo.vocabulary import PIXELS, Format
from tools.studio.safe_zones import Box, safe_box


@dataclass(frozen=True)
class Stage:
    """The regions of one format, in pixels, and the sizes of its type."""

    width: int
    height: int
    safe: Box
    header: Box
    headline: Box
    """For the headline and its support when they stand on a panel or a field."""
    wide: Box
    """The same, over full-frame footage."""
    caption: Box
    picture: Box
    """What a panel leaves free: footage or a drawn figure."""
    side: bool
    """Whether panel and picture stand side by side rather than one above the other."""
    unit: float
    """One thousandth of the design's width: sizes are multiples of it."""


_REGIONS: dict[Format, tuple[tuple[int, int, int, int], ...]] = {
    # header, headline, wide, caption, picture
    "9:16": (
        (76, 284, 912, 344), (76, 400, 912, 960), (76, 400, 912, 960), (76, 1056, 912, 1240), (0, 1016, 1080, 1920),
    ),
    "4:5": (
        (72, 84, 1008, 140), (72, 184, 1008, 690), (72, 184, 1008, 760), (72, 1096, 1008, 1262), (0, 736, 1080, 1350),
    ),
    "1:1": (
        (68, 68, 1008, 120), (68, 168, 644, 820), (68, 168, 1008, 640), (68, 864, 1008, 1018), (688, 0, 1080, 1080),
    ),
    "16:9": (
        (100, 76, 1000, 132), (100, 184, 1010, 720), (100, 184, 1180, 720), (100, 786, 1180, 932),
        (1090, 0, 1920, 1080),
    ),
}  # fmt: skip


def stage(frame: Format) -> Stage:
    """The stage of a format."""
    width, height = PIXELS[frame]
    header, headline, wide, caption, picture = (Box(*map(float, edges)) for edges in _REGIONS[frame])
    return Stage(
        width=width,
        height=height,
        safe=safe_box(frame),
        header=header,
        headline=headline,
        wide=wide,
        caption=caption,
        picture=picture,
        side=frame in {"1:1", "16:9"},
        unit=1.08,
    )
