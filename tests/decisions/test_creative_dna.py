from __future__ import annotations

import io
from pathlib import Path
from typing import cast

import pytest
from PIL import Image

from geminivideo.blueprint import Author, Blueprint, Scene
from geminivideo.brief import BrandKit
from sandbox.copywriting import HOOKS
from tests.decisions.hook_lines import DEVELOPMENT, HELD_OUT
from tools.decisions.creative_dna import (
    classify_hook,
    cta_style_of,
    dna_of_ad,
    dna_of_blueprint,
    offer_type_of,
    palette_of_thumbnail,
)

BRAND = BrandKit(name="Northbrew", primary="#2B1A12", secondary="#F6EBDD", accent="#E8A33D")


def _png(colour: tuple[int, int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 96), colour).save(out, format="PNG")
    return out.getvalue()


def _blueprint(**changes: object) -> Blueprint:
    scenes = (
        Scene(
            role="hook", milliseconds=2_000, headline="Stop buying bad coffee.", voice_over="Stop buying bad coffee."
        ),
        Scene(role="benefit", milliseconds=6_000, headline="Cold brew on tap", voice_over="Your team gets 4 taps."),
        Scene(role="cta", milliseconds=4_000, headline="Book a free tasting week", voice_over="Book today."),
    )
    fields = {
        "id": "bp_1", "title": "t", "hook_type": "command", "scenes": scenes, "cta_style": "book",
        "cta_text": "Book a tasting", "offer_type": "free_trial", "author": Author(model="on-board"),
    }  # fmt: skip
    return Blueprint.model_validate(fields | changes)


def _accuracy(lines: object) -> float:
    pairs = cast("tuple[tuple[str, str], ...]", lines)
    return sum(classify_hook(text) == kind for text, kind in pairs) / len(pairs)


def test_hooks_are_classified_as_a_person_labelled_them() -> None:
    assert len(DEVELOPMENT) + len(HELD_OUT) >= 80
    assert _accuracy(DEVELOPMENT) >= 0.9
    assert _accuracy(HELD_OUT) >= 0.85


def test_hooks_of_another_writer_are_mostly_told_apart() -> None:
    lines = tuple((text.format(place="Austin", n=600), kind) for kind, by in HOOKS.items() for text in by.values())
    assert _accuracy(lines) >= 0.85


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "🙂", "x" * 100_000, "a\x00b"])
def test_any_text_has_a_hook_type_and_a_dna(text: str) -> None:
    found = dna_of_ad(text, call_to_action="", media="image", aspect="1:1", duration_ms=5, thumbnail=None)
    assert found.cta_style == "learn"
    assert found.duration_ms is None
    assert len(found.opening) <= 120


def test_an_ad_is_read_from_its_copy_button_and_thumbnail() -> None:
    found = dna_of_ad(
        "73% of teams leave the building for coffee. Try a free tasting week. Rated 5 stars, ends Friday.",
        call_to_action="BOOK_TRAVEL", media="video", aspect="9:16", duration_ms=15_000, thumbnail=_png((240, 150, 40)),
    )  # fmt: skip
    assert (found.hook_type, found.cta_style, found.offer_type) == ("statistic", "book", "free_trial")
    assert found.has_number and found.urgency and found.social_proof and not found.has_question
    assert found.warmth is not None and found.warmth > 65
    assert found.opening == "73% of teams leave the building for coffee."


def test_a_thumbnail_that_cannot_be_read_is_no_error(tmp_path: Path) -> None:
    for data in (None, b"", b"not an image", _png((1, 2, 3))[:40]):
        assert palette_of_thumbnail(data) == (None, None, None)


def test_colours_are_told_warm_from_cold_and_light_from_dark() -> None:
    warm, cold = palette_of_thumbnail(_png((230, 120, 20))), palette_of_thumbnail(_png((20, 80, 230)))
    white, black = palette_of_thumbnail(_png((255, 255, 255))), palette_of_thumbnail(_png((0, 0, 0)))
    assert (warm[0] or 0) > 70 > 30 > (cold[0] or 0)
    assert (white[1], black[1]) == (100, 0)
    assert white[2] == 0


def test_a_blueprint_and_the_ad_made_from_it_share_their_words() -> None:
    post = "Tired of pods? Your team deserves cold brew on tap."
    planned = dna_of_blueprint(_blueprint(primary_text=post), format="9:16", brand=BRAND)
    assert planned.words == len(post.split())
    assert planned.duration_ms == 12_000
    assert planned.second_person
    assert planned.opening == "Stop buying bad coffee."
    assert planned.warmth is not None and planned.warmth > 50


def test_palette_and_format_change_the_dna() -> None:
    one = dna_of_blueprint(_blueprint(palette="cool"), format="9:16", brand=BRAND)
    two = dna_of_blueprint(_blueprint(palette="warm"), format="1:1", brand=BRAND)
    assert (one.warmth or 0) < (two.warmth or 0)
    assert (one.aspect, two.aspect) == ("9:16", "1:1")


def test_buttons_and_offers_have_one_word_each() -> None:
    assert cta_style_of("Book a tasting week") == "book"
    assert cta_style_of("get_offer") == "get_offer"
    assert cta_style_of("SOMETHING_NEW") == "learn"
    assert offer_type_of("Save 20% off today") == "discount"
    assert offer_type_of("Cold brew on tap") == "none"
