"""From a brand kit and a palette to the colours of an ad: few of them, each with one job, each readable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geminivideo.brief import BrandKit
from geminivideo.vocabulary import Palette
from tools.studio.contrast import BLACK, WHITE, Rgb, luminance, mix, parse, ratio, readable

_COMFORTABLE = 7.0
"""Contrast that body text gets on a flat ground (WCAG AAA), so that a transition's blend keeps 4.5."""


@dataclass(frozen=True)
class Field:
    """One ground and what is drawn on it."""

    ground: Rgb
    shade: Rgb
    """The ground's second colour: the other end of its gradient, and its shapes."""
    ink: Rgb
    pop: Rgb
    on_pop: Rgb

    @property
    def pop_ink(self) -> Rgb:
        """The accent as a text colour: itself where it reads, else the ink."""
        reads = min(ratio(self.pop, self.ground), ratio(self.pop, self.shade)) >= 4.8
        return self.pop if reads and ratio(self.pop, self.ink) >= 1.4 else self.ink

    @property
    def pop_reads(self) -> bool:
        """Whether accent-coloured text can stand on this ground."""
        return self.pop_ink == self.pop


@dataclass(frozen=True)
class Theme:
    """The colours of one ad: two fields, one for text over footage, and the caption's plate."""

    main: Field
    other: Field
    over_dark: Field
    """For text over footage under a dark veil."""
    over_light: Field
    """The same under a light veil, for bright pictures."""
    plate: Rgb
    on_plate: Rgb
    spoken: Rgb


def make_theme(brand: BrandKit, *, palette: Palette) -> Theme:
    """The theme of `palette` within the brand's own colours."""
    primary, secondary, accent = parse(brand.primary), parse(brand.secondary), parse(brand.accent)
    dark, light = sorted((primary, secondary), key=_light)
    dark = dark if _light(dark) < 0.12 else mix(dark, BLACK, 0.6)
    light = light if _light(light) > 0.6 else mix(light, WHITE, 0.75)
    main, other = _fields(palette, dark, light, accent)
    plate = mix(dark, BLACK, 0.35)
    return Theme(
        main=_field(*main),
        other=_field(*other),
        over_dark=_field(plate, mix(light, WHITE, 0.45), accent),
        over_light=_field(mix(light, WHITE, 0.3), mix(dark, BLACK, 0.2), accent),
        plate=plate,
        on_plate=readable(mix(light, WHITE, 0.6), on=(plate,), at_least=_COMFORTABLE),
        spoken=readable(accent, on=(plate,), at_least=4.8),
    )


_Parts = tuple[Rgb, Rgb, Rgb]


def _fields(palette: Palette, dark: Rgb, light: Rgb, accent: Rgb) -> tuple[_Parts, _Parts]:
    day, night = (light, dark, accent), (dark, light, accent)
    match palette:
        case "dark":
            return (mix(dark, BLACK, 0.5), mix(light, WHITE, 0.4), accent), (
                accent,
                mix(dark, BLACK, 0.4),
                dark,
            )
        case "bright":
            return (accent, mix(dark, BLACK, 0.3), dark), night
        case "warm":
            return (mix(light, (255, 226, 190), 0.45), dark, accent), (
                mix(dark, (92, 40, 18), 0.35),
                light,
                accent,
            )
        case "cool":
            return (mix(dark, (16, 44, 66), 0.75), mix(light, (235, 244, 250), 0.7), accent), day
        case "fresh":
            return (mix(light, (226, 243, 230), 0.7), mix(dark, (12, 52, 40), 0.55), accent), night
        case "brand":
            return night, day


def _field(ground: Rgb, ink: Rgb, pop: Rgb) -> Field:
    ground, shade = _pair(ground)
    pop = pop if ratio(pop, ground) >= 1.45 else readable(pop, on=(ground,), at_least=2.5)
    best = max((ink, ground, WHITE, BLACK), key=lambda colour: min(ratio(colour, pop), _COMFORTABLE))
    return Field(
        ground=ground,
        shade=shade,
        ink=readable(ink, on=(ground, shade), at_least=_COMFORTABLE),
        pop=pop,
        on_pop=readable(best, on=(pop,), at_least=5.0),
    )


def _pair(ground: Rgb) -> tuple[Rgb, Rgb]:
    """The ground and its shade; a middling ground, on which nothing reads well, is darkened until white does."""
    while True:
        toward = WHITE if _light(ground) < 0.10 or 0.18 <= _light(ground) < 0.6 else BLACK
        shade = mix(ground, toward, 0.09)
        if max(min(ratio(end, ground), ratio(end, shade)) for end in (WHITE, BLACK)) >= 5.0:
            return ground, shade
        ground = mix(ground, BLACK, 0.12)


def _light(colour: Rgb) -> float:
    return float(luminance(np.array([colour], np.uint8))[0])
