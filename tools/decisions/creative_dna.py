"""Creative DNA from a blueprint that we wrote, or from what a platform returns about an ad that we only read.

Both ways go through the same text rules, so that a model trained on read ads can be asked about planned ones.
"""

from __future__ import annotations

import io
import re
from typing import TypedDict

import numpy as np
from PIL import Image, UnidentifiedImageError

from geminivideo.blueprint import Blueprint
from geminivideo.brief import BrandKit
from geminivideo.creative_dna import CreativeDna
from geminivideo.vocabulary import CTA_STYLES, CtaStyle, Format, Media, OfferType, Palette
from tools.decisions.hooks import classify_hook

__all__ = ["classify_hook", "cta_style_of", "dna_of_ad", "dna_of_blueprint", "offer_type_of", "palette_of_thumbnail"]

_MAX_TEXT = 4_000
_OPENING_CHARS = 120
_THUMBNAIL_PIXELS = 40_000_000
"""A larger image is left unread: a thumbnail is never that large, a decompression bomb is."""

_NUMBER = re.compile(r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|dozen|hundred|thousand|million)\b", re.I)
_SECOND_PERSON = re.compile(r"\b(?:you|your|yours|you're|you'll|you've|yourself)\b", re.I)
_URGENCY = re.compile(
    r"\b(?:today|tonight|now only|hurry|last chance|limited|ends?|deadline|only \d+ (?:left|spots?|seats?|places?)|"
    r"while (?:it|they|stocks?|supplies) lasts?|before it'?s gone|this week(?:end)?|expires?|final (?:days?|hours?)|"
    r"running out|almost gone|don'?t wait|right now)\b",
    re.I,
)
_SOCIAL_PROOF = re.compile(
    r"\b(?:reviews?|rated|ratings?|stars?|customers?|teams|offices|families|clients|trusted|loved|recommend\w*|"
    r"join (?:over |more than )?\d|voted|award|featured|best[- ]?sell\w+|testimonials?|as seen|switched)\b|★",
    re.I,
)
_OFFERS: tuple[tuple[OfferType, re.Pattern[str]], ...] = (
    ("free_trial", re.compile(
        r"\bfree\b[^.!?\n]{0,24}\b(?:trials?|tastings?|demos?|week|month|days?|samples?|"
        r"consultations?|quotes?|estimates?|lessons?|class)\b|\btry\b[^.!?\n]{0,24}\bfree\b", re.I)),
    ("free_gift", re.compile(
        r"\bfree (?:gift|bonus|mug|tote|shipping|delivery|set-?up|install\w*)|"
        r"\bgift with\b|\bon us\b", re.I)),
    ("discount", re.compile(
        r"\d+ ?% ?(?:off|less)|[$€£]\d+(?:\.\d+)? off|\b(?:save \d+|save [$€£]\d+|half[- ]price|"
        r"discount|coupon|promo code|on sale)\b", re.I)),
    ("guarantee", re.compile(
        r"\b(?:guarantee\w*|money[- ]back|risk[- ]free|no questions asked|or it'?s free|"
        r"cancel any ?time)\b", re.I)),
    ("bundle", re.compile(
        r"\b(?:bundle|buy (?:one|two|1|2)|bogo|2 for 1|two for one|kit includes|starter pack)\b", re.I)),
    ("urgency", re.compile(
        r"\b(?:last chance|limited|hurry|ends? (?:today|tonight|soon|sunday|friday)|"
        r"only \d+ (?:left|spots?|seats?|places?)|this week only|while supplies last)\b", re.I)),
)  # fmt: skip
_PLATFORM_CTA: dict[str, CtaStyle] = {
    "SHOP_NOW": "shop", "BUY_NOW": "shop", "ORDER_NOW": "shop", "ADD_TO_CART": "shop", "BUY": "shop",
    "BOOK_NOW": "book", "BOOK_TRAVEL": "book", "REQUEST_TIME": "book", "GET_SHOWTIMES": "book", "SCHEDULE": "book",
    "LEARN_MORE": "learn", "SEE_MORE": "learn", "WATCH_MORE": "learn", "READ_MORE": "learn", "NO_BUTTON": "learn",
    "SIGN_UP": "sign_up", "APPLY_NOW": "sign_up", "DOWNLOAD": "sign_up", "INSTALL_MOBILE_APP": "sign_up",
    "GET_STARTED": "sign_up", "START_TRIAL": "sign_up", "REGISTER_NOW": "sign_up",
    "GET_OFFER": "get_offer", "GET_COUPON": "get_offer", "CLAIM_OFFER": "get_offer", "GET_PROMOTIONS": "get_offer",
    "SUBSCRIBE": "subscribe", "FOLLOW_PAGE": "subscribe", "LIKE_PAGE": "subscribe",
    "CONTACT_US": "contact", "CALL_NOW": "contact", "CALL": "contact", "MESSAGE_PAGE": "contact",
    "WHATSAPP_MESSAGE": "contact", "GET_QUOTE": "contact", "GET_DIRECTIONS": "contact",
}  # fmt: skip
_CTA_WORDS: tuple[tuple[str, CtaStyle], ...] = (
    ("book", "book"), ("schedule", "book"), ("reserve", "book"), ("subscribe", "subscribe"), ("follow", "subscribe"),
    ("sign", "sign_up"), ("join", "sign_up"), ("register", "sign_up"), ("start", "sign_up"), ("claim", "get_offer"),
    ("offer", "get_offer"), ("coupon", "get_offer"), ("shop", "shop"), ("buy", "shop"), ("order", "shop"),
    ("call", "contact"), ("contact", "contact"), ("message", "contact"), ("quote", "contact"),
)  # fmt: skip
_PALETTES: dict[Palette, tuple[str, str, str]] = {
    "warm": ("#C8553D", "#F6E7CB", "#E8A33D"), "cool": ("#1D4E89", "#DCEAF5", "#4FB0C6"),
    "fresh": ("#2E7D4F", "#F1F7ED", "#A7D129"), "dark": ("#14161A", "#2B2F36", "#D9B44A"),
    "bright": ("#FFD400", "#FFFFFF", "#FF3D68"), "brand": ("#808080", "#808080", "#808080"),
}  # fmt: skip


def dna_of_blueprint(blueprint: Blueprint, *, format: Format, brand: BrandKit) -> CreativeDna:
    """DNA of a planned ad in one format. The text read is its opening headline and the post beside it."""
    opening = blueprint.scenes[0].headline
    copy = blueprint.primary_text or blueprint.script or " ".join(scene.headline for scene in blueprint.scenes[1:])
    colours = _PALETTES[blueprint.palette]
    if blueprint.palette == "brand":
        colours = (brand.primary, brand.secondary, brand.accent)
    warmth, brightness, contrast = _colour_numbers(_swatch(colours))
    return CreativeDna(
        hook_type=blueprint.hook_type,
        cta_style=blueprint.cta_style,
        offer_type=blueprint.offer_type,
        media="video",
        aspect=format,
        duration_ms=blueprint.milliseconds,
        pacing=blueprint.pacing,
        warmth=warmth,
        brightness=brightness,
        contrast=contrast,
        **_text_features(f"{opening}\n{copy}", words=copy),
    )


def dna_of_ad(
    copy_text: str,
    *,
    call_to_action: str,
    media: Media,
    aspect: Format,
    duration_ms: int | None,
    thumbnail: bytes | None,
) -> CreativeDna:
    """DNA of an ad as a platform shows it. What cannot be read stays None; an unreadable thumbnail is no error."""
    text = copy_text[:_MAX_TEXT]
    warmth, brightness, contrast = palette_of_thumbnail(thumbnail)
    return CreativeDna(
        hook_type=classify_hook(text),
        cta_style=cta_style_of(call_to_action),
        offer_type=offer_type_of(text),
        media=media,
        aspect=aspect,
        duration_ms=duration_ms if media == "video" else None,
        warmth=warmth,
        brightness=brightness,
        contrast=contrast,
        **_text_features(text, words=text),
    )


def offer_type_of(text: str) -> OfferType:
    """The offer that the copy makes, the most binding one first; `none` when it makes none."""
    for offer, pattern in _OFFERS:
        if pattern.search(text):
            return offer
    return "none"


def cta_style_of(call_to_action: str) -> CtaStyle:
    """Our word for a platform's button (`BOOK_NOW`) or for a button's own text (`Book a tasting`)."""
    code = re.sub(r"[^A-Z]+", "_", call_to_action.strip().upper()).strip("_")
    if code in _PLATFORM_CTA:
        return _PLATFORM_CTA[code]
    for style in CTA_STYLES:
        if style == code.lower():
            return style
    for word, style in _CTA_WORDS:
        if word in code.lower():
            return style
    return "learn"


def palette_of_thumbnail(data: bytes | None) -> tuple[int | None, int | None, int | None]:
    """(warmth, brightness, contrast), 0 to 100 each, of an encoded image; three None when it cannot be read."""
    if not data:
        return None, None, None
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > _THUMBNAIL_PIXELS:
                return None, None, None
            image.draft("RGB", (64, 64))
            small = image.convert("RGB").resize((32, 32), Image.Resampling.BOX)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None, None, None
    return _colour_numbers(np.asarray(small, dtype=np.float64).reshape(-1, 3) / 255.0)


class _Text(TypedDict):
    words: int
    headline_words: int
    has_number: bool
    has_question: bool
    second_person: bool
    urgency: bool
    social_proof: bool
    opening: str


def _text_features(text: str, *, words: str) -> _Text:
    first = re.split(r"(?<=[.!?…])\s|\n", text.strip(), maxsplit=1)[0].strip()
    return {
        "words": len(words.split()),
        "headline_words": len(first.split()),
        "has_number": bool(_NUMBER.search(text)),
        "has_question": "?" in text,
        "second_person": bool(_SECOND_PERSON.search(text)),
        "urgency": bool(_URGENCY.search(text)),
        "social_proof": bool(_SOCIAL_PROOF.search(text)),
        "opening": first[:_OPENING_CHARS],
    }


def _swatch(colours: tuple[str, str, str]) -> np.ndarray:
    """Pixels of an ad in these colours: mostly primary, some secondary for the text, a little accent."""
    rgb = [[int(code[i : i + 2], 16) / 255.0 for i in (1, 3, 5)] for code in colours]
    return np.repeat(np.asarray(rgb), (60, 25, 15), axis=0)


def _colour_numbers(pixels: np.ndarray) -> tuple[int, int, int]:
    """Warmth (red-orange against blue, weighted by colourfulness), mean luma, spread of luma; each 0 to 100."""
    red, green, blue = pixels[:, 0], pixels[:, 1], pixels[:, 2]
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    # The axis from blue to orange is the one that people call cold and warm; grey lies in the middle.
    warm = np.clip(50.0 + 50.0 * float(np.mean(0.75 * red + 0.25 * green - blue)), 0, 100)
    return round(float(warm)), round(100 * float(luma.mean())), round(min(100.0, 200 * float(luma.std())))
