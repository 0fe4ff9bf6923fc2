"""Where a platform's own buttons and texts cover an ad, as data, and what stays free on all of them.

Sources: Meta's unified Reels and Stories zone (top 14 %, bottom 35 %, sides 6 %, from March 2026, by third-party
copies of Meta's page); TikTok publishes overlay pictures only, third parties read between 130 and 670 px below and 86
to 160 px at the right: the larger of each is taken. Feed and in-stream margins are ours: nothing official exists.
"""

from __future__ import annotations

from dataclasses import dataclass

from geminivideo.vocabulary import PIXELS, Format


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels, from the top left; right and bottom are exclusive."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.bottom - self.top

    @property
    def centre(self) -> tuple[float, float]:
        """The middle."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def holds(self, other: Box) -> bool:
        """Whether `other` lies wholly inside."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and other.right <= self.right
            and other.bottom <= self.bottom
        )

    def grown(self, by: float) -> Box:
        """The box with `by` more pixels on each side."""
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)


@dataclass(frozen=True)
class Zone:
    """What one placement covers, in thousandths of the frame's width (left, right) or height (top, bottom)."""

    placement: str
    top: int
    bottom: int
    left: int
    right: int


ZONES: dict[Format, tuple[Zone, ...]] = {
    "9:16": (
        Zone("meta_reels_stories", top=140, bottom=350, left=60, right=60),
        Zone("tiktok_feed", top=68, bottom=349, left=44, right=149),
        Zone("youtube_shorts", top=100, bottom=320, left=44, right=130),
    ),
    "4:5": (Zone("meta_feed", top=50, bottom=60, left=55, right=55),),
    "1:1": (
        Zone("meta_feed", top=50, bottom=50, left=55, right=55),
        Zone("tiktok_square", top=40, bottom=50, left=44, right=60),
    ),
    "16:9": (Zone("youtube_in_stream", top=60, bottom=130, left=50, right=50),),
}


def safe_box(frame: Format) -> Box:
    """The part of the frame that is free on every placement of that format."""
    width, height = PIXELS[frame]
    zones = ZONES[frame]
    return Box(
        left=width * max(zone.left for zone in zones) / 1000,
        top=height * max(zone.top for zone in zones) / 1000,
        right=width * (1 - max(zone.right for zone in zones) / 1000),
        bottom=height * (1 - max(zone.bottom for zone in zones) / 1000),
    )
