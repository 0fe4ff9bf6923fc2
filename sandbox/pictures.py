"""Thumbnails: small PNG pictures in two colours, so that a palette can be read from them."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

from sandbox.catalogue import Colour

_SIZES = {"9:16": (90, 160), "4:5": (96, 120), "1:1": (120, 120), "16:9": (160, 90)}


def thumbnail(looks: tuple[Colour, Colour], *, aspect: str) -> bytes:
    """A PNG whose two halves have the two colours, with a soft edge and a bar for the headline."""
    width, height = _SIZES.get(aspect, (120, 120))
    first, second = looks
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    for row in range(height):
        share = min(1.0, max(0.0, (row / (height - 1) - 0.4) * 5))
        colour = tuple(round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
        draw.line([(0, row), (width, row)], fill=colour)
    draw.rectangle([width // 8, height // 6, width - width // 8, height // 6 + 6], fill=second)
    draw.rectangle([width // 4, height - height // 5, width - width // 4, height - height // 5 + 6], fill=first)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()
