"""The report's colours: the brand's own where they read, shaded until they do where they don't (WCAG 2.2 AA)."""

from __future__ import annotations

from collections.abc import Mapping

from tools.studio.contrast import MIN_RATIO, Rgb, mix, parse, ratio, readable

LIGHT_PAGE, LIGHT_CARD = (247, 246, 243), (255, 255, 255)
DARK_PAGE, DARK_CARD = (20, 19, 18), (30, 29, 27)
_SERIES: tuple[tuple[Rgb, Rgb], ...] = (
    ((47, 102, 178), (120, 172, 240)),
    ((196, 110, 10), (236, 170, 72)),
    ((22, 128, 98), (88, 198, 166)),
    ((134, 72, 176), (194, 146, 230)),
    ((186, 58, 92), (240, 132, 156)),
    ((92, 100, 112), (166, 176, 190)),
)
"""Six hues that stay apart for the common forms of colour blindness, for light and for dark."""
_GRAPHIC = 3.0
"""WCAG 2.2, 1.4.11: shapes against what is beside them."""


def tokens(brand: Mapping[str, str]) -> dict[str, str]:
    """CSS custom properties (without the leading hyphens) by name."""
    primary, secondary, accent = (parse(brand[name]) for name in ("primary", "secondary", "accent"))
    light, dark = (LIGHT_PAGE, LIGHT_CARD), (DARK_PAGE, DARK_CARD)
    found = {
        "page": _both(LIGHT_PAGE, DARK_PAGE),
        "card": _both(LIGHT_CARD, DARK_CARD),
        "band": _hex(primary),
        "on-band": _hex(_ink(primary, secondary)),
        "band-accent": _hex(readable(accent, on=(primary,), at_least=_GRAPHIC)),
        "accent": _both(readable(accent, on=light), readable(accent, on=dark)),
        "tint": _both(mix(LIGHT_CARD, accent, 0.22), mix(DARK_CARD, accent, 0.34)),
    }
    for number, (on_light, on_dark) in enumerate(_SERIES):
        found[f"s{number}"] = _both(on_light, on_dark)
    return found


def _ink(ground: Rgb, wanted: Rgb) -> Rgb:
    """The brand's second colour on its first, where it reads; else a shade of it that does."""
    return wanted if ratio(wanted, ground) >= MIN_RATIO else readable(wanted, on=(ground,))


def _both(light: Rgb, dark: Rgb) -> str:
    return f"light-dark({_hex(light)}, {_hex(dark)})"


def _hex(colour: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
