"""Colour arithmetic: WCAG 2.2 contrast, mixing, and finding a shade that can be read."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Rgb = tuple[int, int, int]

MIN_RATIO = 4.5
"""WCAG 2.2, success criterion 1.4.3, level AA for text."""

WHITE: Rgb = (255, 255, 255)
BLACK: Rgb = (0, 0, 0)


def parse(colour: str) -> Rgb:
    """`#RRGGBB` as three numbers."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def luminance(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Relative luminance, 0 to 1, of 8-bit sRGB values of shape (..., 3)."""
    table = np.arange(256, dtype=np.float32) / np.float32(255)
    linear = np.where(table <= 0.04045, table / 12.92, ((table + 0.055) / 1.055) ** 2.4).astype(np.float32)
    found: npt.NDArray[np.float32] = linear[rgb].dot(np.array([0.2126, 0.7152, 0.0722], dtype=np.float32))
    return found


def ratio(one: Rgb, other: Rgb) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    return float(ratios(np.array([one], np.uint8), np.array([other], np.uint8))[0])


def ratios(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Contrast ratio per pixel of two arrays of shape (..., 3)."""
    first, second = luminance(one) + np.float32(0.05), luminance(other) + np.float32(0.05)
    return np.asarray(np.maximum(first, second) / np.minimum(first, second), dtype=np.float32)


def mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    """`one` with `share` (0 to 1) of `other`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def readable(colour: Rgb, *, on: tuple[Rgb, ...], at_least: float = MIN_RATIO) -> Rgb:
    """`colour`, moved towards white or black until it reads on each of `on`; the better of both if neither can."""
    for step in range(21):
        for end in _ends(on):
            candidate = mix(colour, end, step / 20)
            if all(ratio(candidate, ground) >= at_least for ground in on):
                return candidate
    return max(_ends(on), key=lambda end: min(ratio(end, ground) for ground in on))


def _ends(on: tuple[Rgb, ...]) -> tuple[Rgb, Rgb]:
    dark = min(ratio(WHITE, ground) for ground in on) >= min(ratio(BLACK, ground) for ground in on)
    return (WHITE, BLACK) if dark else (BLACK, WHITE)
