"""One short ad, rendered end to end, and what the delivered file is."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geminivideo.blueprint import Author, Blueprint, Scene
from geminivideo.brief import BrandKit
from geminivideo.errors import InvalidInput, RenderCancelled, RenderError
from tools.studio import render as rendering
from tools.studio.contact_sheet import SheetEntry, contact_sheet
from tools.studio.ffmpeg import Limits, read_ffmpeg, run_ffmpeg
from tools.studio.inspection import small_pictures, stillest_second
from tools.studio.loudness import measure_loudness
from tools.studio.preview import MAX_BYTES, make_preview
from tools.studio.render import RenderedAd, RenderRequest, render_ad
from tools.studio.soundtrack import Soundtrack, make_soundtrack

STILL = "a" * 64
BRAND = BrandKit(name="Northbrew", primary="#2B1A12", secondary="#F6EBDD", accent="#E8A33D")


def blueprint(*, headline: str = "80 minutes a week lost to coffee runs", footage: str | None = STILL) -> Blueprint:
    return Blueprint(
        id="bp_test",
        title="Test",
        hook_type="statistic",
        pacing="fast",
        scenes=(
            Scene(
                role="hook", milliseconds=3400, headline=headline, voice_over="Eighty minutes a week.", footage=footage
            ),
            Scene(role="benefit", milliseconds=3200, headline="Cold brew on tap", support="Refilled every week"),
            Scene(role="cta", milliseconds=3400, headline="Free tasting week", voice_over="Book it today."),
        ),
        cta_style="book",
        cta_text="Book a free tasting",
        author=Author(model="test"),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ad it's 'here'")


@pytest.fixture(scope="module")
def still(folder: Path) -> Path:
    ys, xs = np.mgrid[0:960, 0:540]
    pixels = np.stack([200 - ys // 8, 140 + xs // 10, np.full_like(xs, 90)], axis=-1).astype(np.uint8)
    pixels[480:820, 190:350] = (40, 22, 14)
    path = folder / "still.png"
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture(scope="module")
def soundtrack(folder: Path) -> Soundtrack:
    return make_soundtrack(blueprint(), voice_file=None, out_dir=folder / "sound", seed=1)


def request_for(plan: Blueprint, soundtrack: Soundtrack, still: Path) -> RenderRequest:
    return RenderRequest(
        blueprint=plan,
        brand=BRAND,
        product="Cold brew",
        link="https://www.northbrew.example/tasting?x=1",
        format="1:1",
        footage={STILL: still},
        soundtrack=soundtrack,
        seed=3,
    )


@pytest.fixture(scope="module")
def told() -> list[int]:
    return []


@pytest.fixture(scope="module")
def ad(folder: Path, soundtrack: Soundtrack, still: Path, told: list[int]) -> RenderedAd:
    request = request_for(blueprint(), soundtrack, still)
    return render_ad(request, out_dir=folder / "out", on_progress=told.append, cancelled=lambda: False)


def test_the_file_is_what_the_platforms_ask_for(ad: RenderedAd, soundtrack: Soundtrack) -> None:
    log = run_ffmpeg(["-i", str(ad.video), "-vf", r"select=eq(pict_type\,I)", "-f", "null", "-"], timeout_s=60)
    assert re.search(r"Video: h264 \(High\).*yuv420p\(tv, bt709.*1080x1080.* 30 fps", log)
    assert re.search(r"Audio: aac \(LC\).*48000 Hz, stereo", log)
    data = ad.video.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert b"elst" not in data
    frames = round(soundtrack.milliseconds * 30 / 1000)
    counted = [line for line in log.splitlines() if line.startswith("frame=")] or [log]
    assert f"{-(-frames // 15)}" in counted[-1]
    assert abs(ad.milliseconds - soundtrack.milliseconds) <= 17
    assert 10_000 <= ad.milliseconds <= 20_000


def test_loudness_is_that_of_the_delivered_file(ad: RenderedAd) -> None:
    found = measure_loudness(ad.video)
    assert found.integrated_lufs == pytest.approx(-14.0, abs=0.5)
    assert found.true_peak_dbtp <= -1.0
    assert (ad.lufs, ad.true_peak_dbtp) == (found.integrated_lufs, found.true_peak_dbtp)


def test_text_is_readable_in_place_and_in_step(ad: RenderedAd) -> None:
    assert ad.safe_zone_violations == 0
    assert ad.min_contrast_ratio >= 4.5
    assert ad.caption_offset_ms <= 17
    assert ad.from_footage


def test_no_second_stands_still(ad: RenderedAd) -> None:
    pictures = small_pictures(ad.video)
    assert len(pictures) >= 99
    assert stillest_second(pictures) > 0.15
    frozen = pictures.copy()
    frozen[40:52] = frozen[40]
    assert stillest_second(frozen) == 0.0


def test_progress_only_grows_and_ends_at_one_hundred(ad: RenderedAd, told: list[int]) -> None:
    assert told == sorted(set(told))
    assert (told[0], told[-1]) == (0, 100)
    assert len(told) > 8


def test_nothing_but_the_file_and_its_poster_is_left(ad: RenderedAd) -> None:
    assert {path.name for path in ad.video.parent.iterdir()} == {ad.video.name, ad.poster.name}
    with Image.open(ad.poster) as poster:
        assert poster.size == (ad.width, ad.height) == (1080, 1080)


def test_the_same_request_gives_the_same_bytes(
    ad: RenderedAd, tmp_path: Path, soundtrack: Soundtrack, still: Path
) -> None:
    again = render_ad(request_for(blueprint(), soundtrack, still), out_dir=tmp_path)
    assert again.sha256 == ad.sha256
    assert again.receipt == ad.receipt


def test_the_hook_is_there_at_once(ad: RenderedAd) -> None:
    """The first picture and the one at 0.4 s differ from the scene without its words where the headline stands."""
    args = [
        "-v",
        "error",
        "-i",
        str(ad.video),
        "-vf",
        "select=lt(n\\,13),scale=270:270",
        "-f",
        "rawvideo",
        "-pix_fmt",
        "gray",
    ]
    frames = np.frombuffer(read_ffmpeg([*args, "pipe:1"], timeout_s=30), np.uint8).reshape(-1, 270, 270)
    headline = frames[12, 45:205, 15:165].astype(int)
    assert headline.max() - headline.min() > 120


def test_a_preview_fits_into_a_report(ad: RenderedAd, tmp_path: Path) -> None:
    preview = make_preview(ad.video, tmp_path / "small.mp4")
    assert preview.stat().st_size <= MAX_BYTES
    assert "540x540" in run_ffmpeg(["-i", str(preview), "-f", "null", "-"], timeout_s=60)
    assert [path.name for path in tmp_path.iterdir()] == ["small.mp4"]


def test_the_contact_sheet_shows_each_variant(ad: RenderedAd, tmp_path: Path) -> None:
    file = (ad.video, ad.width, ad.height, ad.milliseconds)
    entry = SheetEntry(label="Variant A", title="Statistic: 80 minutes 漢", notes=("CTR 1.2 %",), videos=(file, file))
    sheet = contact_sheet([entry, entry], tmp_path / "sheet.png", title="Northbrew", subtitle="Two variants")
    with Image.open(sheet) as image:
        assert image.width > 2000 and image.height > 1200
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.png"]


def test_a_cancelled_render_leaves_nothing(tmp_path: Path, soundtrack: Soundtrack, still: Path) -> None:
    told: list[int] = []
    with pytest.raises(RenderCancelled):
        render_ad(
            request_for(blueprint(), soundtrack, still),
            out_dir=tmp_path,
            on_progress=told.append,
            cancelled=lambda: bool(told) and told[-1] > 8,
        )
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_a_render_error_and_leaves_nothing(
    tmp_path: Path, soundtrack: Soundtrack, still: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "_LIMITS", Limits(cpu_s=60, memory_mb=6144, file_mb=1))
    with pytest.raises(RenderError):
        render_ad(request_for(blueprint(), soundtrack, still), out_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "headline",
    ["Coffee ☕ now", "冷萃咖啡", "قهوة باردة", "Zero\u200bwidth", "Turn \u202eback", "\x07bell", " \u00a0 "],
)
def test_text_that_cannot_be_drawn_is_refused_before_anything_runs(
    headline: str, tmp_path: Path, soundtrack: Soundtrack, still: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "run_ffmpeg", lambda *args, **kwargs: pytest.fail("ffmpeg was started"))
    with pytest.raises(InvalidInput) as refused:
        render_ad(request_for(blueprint(headline=headline), soundtrack, still), out_dir=tmp_path)
    assert "headline" in refused.value.where
    assert list(tmp_path.iterdir()) == []


def test_footage_that_is_not_footage_is_refused(tmp_path: Path, soundtrack: Soundtrack) -> None:
    disguised = tmp_path / "clip.mp4"
    disguised.write_text("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n")
    with pytest.raises(InvalidInput):
        render_ad(request_for(blueprint(), soundtrack, disguised), out_dir=tmp_path / "out")
    with pytest.raises(InvalidInput, match="not among the files"):
        plan = blueprint(footage="b" * 64)
        render_ad(request_for(plan, soundtrack, disguised), out_dir=tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
