from __future__ import annotations

import base64
import copy
import hashlib
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from api.demo.report import MAX_BYTES, write_report
from api.demo.report_colours import DARK_CARD, DARK_PAGE, LIGHT_CARD, LIGHT_PAGE, tokens
from tools.studio.contrast import parse, ratio

SAMPLE = Path(__file__).with_name("sample_result.json")
HOSTILE = """<script>alert(1)</script><img src=x onerror=alert(2)>"'><svg onload=x> & \x00"""


class Page(HTMLParser):
    """What a browser would find: elements with their attributes, balanced or not, and the text."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in {"meta", "img", "source", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def poster() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (1080, 1920), "#2B1A12").save(data, "PNG", compress_level=1)
    return data.getvalue()


@pytest.fixture
def result(tmp_path: Path, poster: bytes) -> dict[str, Any]:
    """The sample with small files of its own."""
    found: dict[str, Any] = json.loads(SAMPLE.read_text(encoding="utf-8"))
    (tmp_path / "videos").mkdir()
    for variant in found["variants"]:
        for file in variant["files"]:
            for kind in ("path", "poster", "preview"):
                file[kind] = str(tmp_path / file[kind])
            Path(file["poster"]).write_bytes(poster)
            Path(file["path"]).write_bytes(b"full" * 10)
            Path(file["preview"]).write_bytes(b"preview of " + variant["blueprint_id"].encode())
        variant.update({key: variant["files"][0][key] for key in ("path", "poster", "preview")})
    return found


def page_of(result: dict[str, Any], folder: Path) -> Page:
    return Page(write_report(result, out=folder / "report.html").read_text(encoding="utf-8"))


def test_the_first_lines_say_what_was_made_spent_gained_and_what_waits(result: dict[str, Any], tmp_path: Path) -> None:
    text = page_of(result, tmp_path).text
    first = text[: text.index("Where the money went")]
    assert "3 ads and 1 replacement made, $4,152 spent, $1,420 more than an even split would have earned." in first
    assert "9 of 10 lie between $380 and $2,510. That is 72% of what the best plan" in first
    assert "Approval set_15" in first
    assert "Everything here is simulated" in first


def test_the_page_is_well_formed_with_landmarks_and_one_main_heading(result: dict[str, Any], tmp_path: Path) -> None:
    page = page_of(result, tmp_path)
    assert page.open == []
    assert [len(page.all(tag)) for tag in ("header", "main", "footer", "h1", "title")][:4] == [1, 1, 1, 1]
    ids = [attributes["id"] for _, attributes in page.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    named = {name for _, attributes in page.found for name in attributes.get("aria-labelledby", "").split()}
    assert named <= set(ids)
    assert page.all("html")[0]["lang"] == "en"


def test_nothing_is_loaded_or_run_and_the_policy_admits_only_our_own_style(
    result: dict[str, Any], tmp_path: Path
) -> None:
    page = page_of(result, tmp_path)
    source = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert not page.all("script") and not page.all("link") and not page.all("iframe")
    for tag, attributes in page.found:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")], tag
        for name in ("src", "poster"):
            assert attributes.get(name, "data:").startswith("data:")
    style = re.search(r"<style>(.*)</style>", source, re.S)
    assert style is not None and "url(" not in style[1] and "@import" not in style[1]
    policy = next(item["content"] for item in page.all("meta") if item.get("http-equiv"))
    hashed = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy.startswith("default-src 'none'; ") and f"style-src 'sha256-{hashed}'" in policy
    assert "unsafe" not in policy


def test_the_upright_preview_is_inside_and_the_full_files_are_linked_beside_it(
    result: dict[str, Any], tmp_path: Path
) -> None:
    page = page_of(result, tmp_path)
    inside = [base64.b64decode(item["src"].partition(",")[2]) for item in page.all("source")]
    assert inside == [b"preview of bp_01", b"preview of bp_02", b"preview of bp_03", b"preview of bp_04"]
    assert all(item["poster"].startswith("data:image/jpeg") and item["aria-label"] for item in page.all("video"))
    links = [item["href"] for item in page.all("a") if not item["href"].startswith("#")]
    assert len(links) == 8
    assert all((tmp_path / link).exists() for link in links)


def test_previews_that_do_not_fit_are_left_out_and_the_report_keeps_to_its_size(
    result: dict[str, Any], tmp_path: Path
) -> None:
    for variant in result["variants"]:
        Path(variant["files"][0]["preview"]).write_bytes(b"\0" * 3_500_000)
    page = page_of(result, tmp_path)
    assert (tmp_path / "report.html").stat().st_size <= MAX_BYTES
    assert len(page.all("video")) == 2
    assert len(page.all("img")) == 2


def test_files_that_are_gone_leave_a_report_without_them(result: dict[str, Any], tmp_path: Path) -> None:
    for path in (tmp_path / "videos").iterdir():
        path.unlink()
    page = page_of(result, tmp_path)
    assert not page.all("video")
    assert page.text.count("The preview could not be embedded.") == 4


def _poisoned(value: Any, key: str = "") -> Any:
    """Every free text of the document replaced by hostile markup."""
    kept = {"currency", "created_at", "expires_at", "at", "day", "path", "poster", "preview", "primary", "secondary"}
    kept |= {"accent", "ad_id", "replaces_ad_id", "state", "kind", "id", "set_id", "format", "blueprint_id"}
    if isinstance(value, dict):
        skipped = kept | ({"ads", "budgets"} if "even_split" in value else set())
        return {name: item if name in skipped else _poisoned(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_poisoned(item, key) for item in value]
    return HOSTILE if isinstance(value, str) else value


def test_hostile_texts_are_shown_as_text_wherever_they_stand(result: dict[str, Any], tmp_path: Path) -> None:
    clean = page_of(result, tmp_path)
    page = page_of(_poisoned(copy.deepcopy(result)), tmp_path)
    assert page.open == []
    known = {tag for tag, _ in clean.found}
    assert {tag for tag, _ in page.found} <= known
    allowed = {name for _, attributes in clean.found for name in attributes}
    assert {name for _, attributes in page.found for name in attributes} <= allowed
    assert page.text.count("<script>alert(1)</script>") > 50


def test_a_hostile_brand_colour_cannot_reach_the_style_sheet(result: dict[str, Any], tmp_path: Path) -> None:
    result["brief"]["brand"]["accent"] = "</style><script>"
    with pytest.raises(ValueError, match="invalid literal"):
        write_report(result, out=tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


def test_every_chart_is_named_described_and_given_as_a_table(result: dict[str, Any], tmp_path: Path) -> None:
    page = page_of(result, tmp_path)
    charts = [item for item in page.all("svg") if item.get("role") == "img"]
    assert len(charts) == 3 + 3 + 4
    assert all(item["aria-labelledby"] for item in charts)
    budgets = page.text[page.text.index("Total 1 (21 Nov)") :]
    assert "14 (4 Dec) $0.00 $186.00 $24.00 $90.00 $300.00" in budgets
    assert "As it was $11,840 $4,152 $7,688" in page.text


def test_pauses_and_replacements_are_named_on_the_day_they_show(result: dict[str, Any], tmp_path: Path) -> None:
    text = page_of(result, tmp_path).text
    assert "Day 11: “The line at the coffee machine” was paused." in text
    assert "“Fresh keg every Monday” joined in place of “The line at the coffee machine”." in text


def test_who_decided_is_named_and_the_stand_in_is_not_taken_for_a_person(
    result: dict[str, Any], tmp_path: Path
) -> None:
    text = page_of(result, tmp_path).text
    assert text.count("demo:stand-in (the demo’s stand-in, not a person), approved") == 12
    assert "nobody yet" in text
    assert result["approvals"][0]["digest"] in text
    assert "No language model was used" in text


def test_a_language_model_at_work_is_not_denied(result: dict[str, Any], tmp_path: Path) -> None:
    result["agents"][0] = "Director: some-model, with on-board grammar (not a language model) as fallback"
    assert "No language model was used" not in page_of(result, tmp_path).text


def test_a_judge_who_stands_apart_is_named(result: dict[str, Any], tmp_path: Path) -> None:
    text = page_of(result, tmp_path).text
    assert text.count("dissents") == 1
    assert "Recall judge dissents: 32 points below the others." in text


def test_ideas_that_were_not_made_are_told_apart_by_reason(result: dict[str, Any], tmp_path: Path) -> None:
    result["verdicts"][0]["text"] = "Pain: " + result["verdicts"][0]["text"]
    text = page_of(result, tmp_path).text
    stopped = text[text.index("Ideas that were not made") : text.index("Ledger and audit")]
    assert "Pain: Cold stale pot by 10 am Not good enough in time." in stopped
    assert "Pour like a barista Good enough, but others ranked higher. About 1.40% of viewers" in stopped
    assert "CTR fell 27%" in stopped
    assert "The line at the coffee machine CTR" in stopped


def test_a_measure_out_of_range_is_marked(result: dict[str, Any], tmp_path: Path) -> None:
    assert "out of range" not in page_of(result, tmp_path).text
    result["variants"][0]["lufs"] = -11.0
    assert page_of(result, tmp_path).text.count("✗ out of range") == 1


def test_a_broken_audit_log_is_said_first(result: dict[str, Any], tmp_path: Path) -> None:
    result["audit"] = {"rows": 12, "intact": False, "problem": "row 13 was altered", "head": {}}
    text = page_of(result, tmp_path).text
    assert "The audit log does not verify: row 13 was altered" in text[: text.index("Where the money went")]


def test_a_campaign_that_was_declined_still_gets_a_report(result: dict[str, Any], tmp_path: Path) -> None:
    result.update(simulation={}, daily=[], ledger=[], tired=[], outcome="Declined.")
    for variant in result["variants"]:
        variant.update(ad_id=None, replaces_ad_id=None)
    text = page_of(result, tmp_path).text
    assert "4 ads made, nothing delivered yet." in text
    assert "Where the money went" not in text and "replayed" not in text


def test_nothing_made_is_said_plainly(result: dict[str, Any], tmp_path: Path) -> None:
    result.update(simulation={}, daily=[], ledger=[], tired=[], approvals=[], variants=[], outcome="Stopped.")
    assert "No ad was made." in page_of(result, tmp_path).text


@pytest.mark.parametrize("colour", ["#000000", "#ffffff", "#2b1a12", "#e8a33d", "#7f7f7f", "#ffee00", "#0000ff"])
def test_any_brand_colour_ends_up_readable_in_light_and_in_dark(colour: str) -> None:
    found = tokens({"primary": colour, "secondary": colour, "accent": colour})
    assert ratio(parse(found["on-band"]), parse(found["band"])) >= 4.5
    assert ratio(parse(found["band-accent"]), parse(found["band"])) >= 3.0
    grounds = ((LIGHT_PAGE, LIGHT_CARD), (DARK_PAGE, DARK_CARD))
    inks = _pair(_ink("ink"))
    for name, least, shown in (("accent", 4.5, grounds), *((f"s{i}", 3.0, grounds) for i in range(6))):
        for value, on in zip(_pair(found[name]), shown, strict=True):
            assert all(ratio(parse(value), ground) >= least for ground in on), name
    for ink, tint in zip(inks, _pair(found["tint"]), strict=True):
        assert ratio(parse(ink), parse(tint)) >= 4.5


@pytest.mark.parametrize("name", ["ink", "quiet", "good", "bad", "warn"])
def test_every_text_colour_of_the_style_sheet_reads_on_page_and_card(name: str) -> None:
    for value, grounds in zip(_pair(_ink(name)), ((LIGHT_PAGE, LIGHT_CARD), (DARK_PAGE, DARK_CARD)), strict=True):
        assert all(ratio(parse(value), ground) >= 4.5 for ground in grounds)


def _ink(name: str) -> str:
    style = (Path(__file__).parents[2] / "api" / "demo" / "report.css").read_text(encoding="utf-8")
    found = re.search(rf"--{name}: (light-dark\([^)]*\))", style)
    assert found is not None
    return found[1]


def _pair(value: str) -> tuple[str, str]:
    light, dark = re.findall(r"#[0-9a-f]{6}", value)
    return light, dark
