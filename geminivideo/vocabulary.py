"""The closed word lists that nouns, prompts, tools and the models' features share."""

from __future__ import annotations

from typing import Literal, get_args

Platform = Literal["meta", "google", "tiktok"]
Vertical = Literal["ecommerce", "saas", "local_services", "info_products"]
Tone = Literal["friendly", "bold", "calm", "premium", "playful", "expert"]
HookType = Literal["question", "statistic", "pain", "testimonial", "before_after", "curiosity", "command"]
SceneRole = Literal["hook", "problem", "solution", "demo", "benefit", "proof", "offer", "cta"]
CtaStyle = Literal["shop", "book", "learn", "sign_up", "get_offer", "subscribe", "contact"]
OfferType = Literal["discount", "free_trial", "free_gift", "guarantee", "bundle", "urgency", "none"]
Pacing = Literal["slow", "medium", "fast"]
Palette = Literal["warm", "cool", "fresh", "dark", "bright", "brand"]
MusicMood = Literal["upbeat", "warm", "driving", "calm"]
Media = Literal["video", "image"]
Format = Literal["9:16", "4:5", "1:1", "16:9"]
AudienceTemperature = Literal["cold", "warm"]

HOOK_TYPES: tuple[HookType, ...] = get_args(HookType)
SCENE_ROLES: tuple[SceneRole, ...] = get_args(SceneRole)
CTA_STYLES: tuple[CtaStyle, ...] = get_args(CtaStyle)
OFFER_TYPES: tuple[OfferType, ...] = get_args(OfferType)
PALETTES: tuple[Palette, ...] = get_args(Palette)
FORMATS: tuple[Format, ...] = get_args(Format)
VERTICALS: tuple[Vertical, ...] = get_args(Vertical)

PIXELS: dict[Format, tuple[int, int]] = {
    "9:16": (1080, 1920),
    "4:5": (1080, 1350),
    "1:1": (1080, 1080),
    "16:9": (1920, 1080),
}
"""Width and height of a delivered file, in pixels."""
