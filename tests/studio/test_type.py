"""Texts: what can be drawn, how it is broken, where it may stand, and that no text becomes an instruction."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from geminivideo.brief import BrandKit
from geminivideo.errors import InvalidInput
from geminivideo.vocabulary import FORMATS, PALETTES, PIXELS
from tools.studio.ass import Canvas
from tools.studio.captions import draw_captions, phrases
from tools.studio.contrast import MIN_RATIO, mix, ratio, readable
from tools.studio.ffmpeg import read_ffmpeg
from tools.studio.fonts import clean, link_fonts, pillow_font, undrawable, width
from tools.studio.icons import icon_for
from tools.studio.layout import stage
from tools.studio.looks import LOOKS
from tools.studio.message import draw_message, set_message
from tools.studio.panels import picture_area
from tools.studio.safe_zones import ZONES, Box
from tools.studio.soundtrack import Word
from tools.studio.theme import make_theme
from tools.studio.typeset import capitals, set_block, set_lockup

NAUGHTY = Path("/work/shared/corpora/naughty-strings/blns.json")
INJECTIONS = [
    r"{\b1}bold{\b0}", r"a\Nb\nc\hd", r"\{x\}", "back\\", r"%{pts} %{n}", "it's: [x], 'y'; z=1", r"{\p1}m 0 0 l 9 9",
    "50% off = $5,000", "a,b,c,,d", "Dialogue: 0,0:00", "--", "«é» – “q”", "{", "}", "\\", "{}{}", r"\\{\\}\\",
]  # fmt: skip
WORDS = st.lists(
    st.text("abcdefghijklmnopqrstuvwxyzABC0123456789%$.,!?-'", min_size=1, max_size=14), min_size=1, max_size=12
)
BOX = Box(72, 400, 912, 960)


def naughty() -> list[str]:
    strings: list[str] = list(INJECTIONS)
    if NAUGHTY.exists():
        strings += [text for text in json.loads(NAUGHTY.read_text()) if text.strip()]
    return strings


def test_each_hostile_string_is_drawn_exactly_or_refused(tmp_path: Path) -> None:
    """Each accepted string gets a frame of its own; what ffmpeg draws is laid over what Pillow draws."""
    accepted: list[str] = []
    for text in naughty():
        try:
            accepted.append(clean(text, where="test")[:60])
        except InvalidInput:
            assert undrawable(text) or any(not c.isprintable() for c in text)
    assert len(accepted) >= len(INJECTIONS)
    accepted = accepted[:240]
    canvas = Canvas(1200, 60, len(accepted))
    sizes = [min(34.0, 1180 / width(text, face="medium", size=1.0)) for text in accepted]
    for number, text in enumerate(accepted):
        canvas.text(
            text, left=8, baseline=42, face="medium", size=sizes[number], colour=(255, 255, 255), first=number,
            last=number + 1,
        )  # fmt: skip
    document = tmp_path / "text.ass"
    document.write_text(canvas.over(), encoding="utf-8")
    fonts = link_fonts(tmp_path / "fonts")
    source = f"color=black:s=1200x60:r=30:d={len(accepted) / 30:.4f}"
    data = read_ffmpeg(
        ["-v", "error", "-f", "lavfi", "-i", source, "-vf", f"format=gray,ass={document}:fontsdir={fonts}",
         "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"],
        timeout_s=60,
    )  # fmt: skip
    drawn = np.frombuffer(data, np.uint8).reshape(-1, 60, 1200) > 110
    assert len(drawn) == len(accepted)
    for number, text in enumerate(accepted):
        sheet = Image.new("L", (1200, 60))
        font = pillow_font("medium", sizes[number])
        ImageDraw.Draw(sheet).text((8, 42), text, font=font, fill=255, anchor="ls")
        wanted = np.asarray(sheet) > 110
        columns = [np.flatnonzero(mask.any(axis=0)) for mask in (drawn[number], wanted)]
        assert columns[0].size and columns[1].size, text
        assert abs(int(columns[0][0]) - int(columns[1][0])) <= 2, text
        end = 8 + width(text, face="medium", size=sizes[number])
        assert abs(int(columns[0][-1]) - end) <= 12, text
        assert abs(int(drawn[number].sum()) - int(wanted.sum())) < max(30, 0.25 * wanted.sum()), text


@settings(max_examples=60, deadline=None)
@given(WORDS)
def test_any_text_fits_its_box_whole_and_in_order(words: list[str]) -> None:
    text = " ".join(words)
    for block in (
        set_block(text, box=BOX, face="black", largest=150),
        set_lockup(text, box=BOX, face="black", largest=250),
    ):
        assert "".join(word.text for word in block.words) == text.replace(" ", "")
        assert BOX.grown(1).holds(block.box)
        lefts = [(word.line, word.left) for word in block.words]
        assert lefts == sorted(lefts)


def test_lines_are_balanced_and_leave_no_orphan() -> None:
    block = set_block("Is your office coffee keeping anyone awake?", box=BOX, face="bold", largest=140)
    lines = [[word.text for word in block.words if word.line == line] for line in range(block.lines)]
    assert all(len(line) >= 2 for line in lines)
    assert lines[0][-1].lower() not in {"a", "the", "of", "your"}


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 44))
def test_a_hook_stands_complete_within_two_seconds(count: int) -> None:
    text = " ".join("a" for _ in range(count))
    kit = make_theme(BrandKit(name="N"), palette="brand")
    for look in LOOKS:
        canvas = Canvas(1080, 1920, 90)
        message = set_message(text, "", look=look, box=BOX, unit=1.08, at=0.4)
        draw_message(canvas, message, look=look, field=kit.main, span=(0, 90))
        assert all(shown.first <= 60 for shown in canvas.shown)
        assert min(shown.first for shown in canvas.shown) <= 13
        assert all(stage("9:16").safe.holds(shown.box) for shown in canvas.shown)


@pytest.mark.parametrize("frame", FORMATS)
def test_all_text_regions_lie_within_every_platforms_safe_zone(frame: str) -> None:
    own = stage(frame)  # type: ignore[arg-type]
    for region in (own.header, own.headline, own.wide, own.caption):
        assert own.safe.holds(region)
    assert own.caption.top >= own.headline.bottom
    across, down = PIXELS[frame]  # type: ignore[index]
    for zone in ZONES[frame]:  # type: ignore[index]
        free = Box(
            across * zone.left / 1000,
            down * zone.top / 1000,
            across * (1 - zone.right / 1000),
            down * (1 - zone.bottom / 1000),
        )
        assert free.holds(own.safe)
    for edge in (None, "straight", "slant", "arch", "card"):
        area = picture_area(own, edge=edge)  # type: ignore[arg-type]
        assert all(value % 2 == 0 for value in (area.left, area.top, area.width, area.height))


COLOUR = st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))


@settings(max_examples=60, deadline=None)
@given(COLOUR, COLOUR, COLOUR, st.sampled_from(PALETTES))
def test_any_brand_colours_give_readable_text(
    one: tuple[int, int, int], two: tuple[int, int, int], three: tuple[int, int, int], palette: str
) -> None:
    primary, secondary, accent = ("#{:02X}{:02X}{:02X}".format(*colour) for colour in (one, two, three))
    theme = make_theme(BrandKit(name="X", primary=primary, secondary=secondary, accent=accent), palette=palette)  # type: ignore[arg-type]
    for field in (theme.main, theme.other, theme.over_dark, theme.over_light):
        for ground in (field.ground, field.shade, mix(field.ground, field.shade, 0.5)):
            assert ratio(field.ink, ground) >= MIN_RATIO
            assert ratio(field.pop_ink, ground) >= MIN_RATIO
        assert ratio(field.on_pop, field.pop) >= MIN_RATIO
    assert ratio(theme.on_plate, theme.plate) >= MIN_RATIO
    assert ratio(theme.spoken, theme.plate) >= MIN_RATIO


def test_contrast_is_that_of_wcag() -> None:
    assert ratio((0, 0, 0), (255, 255, 255)) == pytest.approx(21.0, abs=0.01)
    assert ratio((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)
    assert ratio(readable((120, 120, 120), on=((128, 128, 128),)), (128, 128, 128)) >= MIN_RATIO


def words(text: str, *, step: int = 300) -> list[Word]:
    return [Word(word, 100 + at * step, 100 + at * step + step - 40, 0) for at, word in enumerate(text.split())]


def test_captions_keep_every_word_and_change_with_it() -> None:
    said = words("Energy, without the three p.m. slump. Northbrew puts cold brew on tap, right in your own kitchen.")
    groups = phrases(said)
    assert [word.text for group in groups for word in group] == [word.text for word in said]
    assert all(len(group) >= 2 for group in groups)
    assert [word.text for word in groups[0]][-4:] == ["the", "three", "p.m.", "slump."] or len(groups[0]) < 6
    canvas = Canvas(1080, 1920, 300)
    kit = make_theme(BrandKit(name="N"), palette="brand")
    track = draw_captions(canvas, words=said, stage=stage("9:16"), theme=kit, style="chip")
    assert len(track.changes) == len(said)
    assert track.largest_offset_ms <= 17
    assert {shown.text for shown in canvas.shown} >= {word.text for word in said}


def test_icons_follow_the_subject() -> None:
    assert icon_for("Cold brew on tap", "every week").name == "cup"
    assert icon_for("Nothing of note", "Saves 20 minutes").name == "clock"
    assert icon_for("Qwerty").name == "spark"


def test_capitals_spare_names() -> None:
    assert capitals("Loved by HubSpot and Straße") == "LOVED BY HubSpot AND Straße"
