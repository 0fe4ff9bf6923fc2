"""Reading a brief from a file: every form, every kind of bad input, each with what, where and what to do."""

from __future__ import annotations

import json
import os
import time
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from geminivideo.brief import Brief
from geminivideo.errors import InvalidInput
from memory.assets import AssetStore
from tools.briefs.fields import brief_from_mapping
from tools.briefs.load import load_brief
from tools.studio.ffmpeg import run_ffmpeg

TODAY = date(2026, 11, 20)
EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "briefs").glob("*.yaml"))
GOOD = {"product": "cold brew on tap", "budget": "$300 a day", "brand": "Northbrew"}


def load(path: Path, **kwargs: object) -> Brief:
    return load_brief(path, assets=AssetStore(path.parent / "store"), today=TODAY, **kwargs)  # type: ignore[arg-type]


def write(folder: Path, fields: object, name: str = "brief.yaml") -> Path:
    path = folder / name
    path.write_text(fields if isinstance(fields, str) else yaml.safe_dump(fields))
    return path


def picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (64, 96), (200, 120, 40)).save(path)
    return path


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_shipped_examples_are_briefs(path: Path, tmp_path: Path) -> None:
    brief = load_brief(path, assets=AssetStore(tmp_path / "store"), today=TODAY)
    assert brief.daily_budget.minor >= 6000
    assert bool(brief.footage) == ("footage:" in path.read_text())


def test_yaml_json_markdown_and_plain_english_give_the_same_money_and_product(tmp_path: Path) -> None:
    body = "Keep it warm.\n\nNo jargon."
    files = (
        write(tmp_path, GOOD),
        write(tmp_path, json.dumps(GOOD), "brief.json"),
        write(tmp_path, f"---\n{yaml.safe_dump(GOOD)}---\n{body}\n", "brief.md"),
        write(tmp_path, "$300 a day for Northbrew, cold brew on tap", "brief.txt"),
    )
    briefs = [load(path) for path in files]
    assert {(b.product, b.brand.name, str(b.daily_budget)) for b in briefs} == {
        ("cold brew on tap", "Northbrew", "$300.00")
    }
    assert briefs[2].notes == body


@pytest.mark.parametrize(
    ("budget", "shown"),
    [
        ("$300 a day", "$300.00"), ("€180 per day", "€180.00"), ("300 USD/day", "$300.00"), ("USD 1,200 daily", "$1,200.00"),
        ("$2,100 a week", "$300.00"), ("$1k a day", "$1,000.00"), ("$4,200 in total", "$300.00"),
        ("100 CHF a day", "100.00 CHF"), ("¥5000 a day", "¥5,000"),
        ({"daily": 300, "currency": "USD"}, "$300.00"), ({"daily": "299.50", "currency": "eur"}, "€299.50"),
        ({"daily": 299.5, "currency": "EUR"}, "€299.50"), ({"total": 1000, "currency": "USD"}, "$71.42"),
    ],
)  # fmt: skip
def test_a_budget_may_be_written_in_many_ways(budget: object, shown: str, tmp_path: Path) -> None:
    assert str(load(write(tmp_path, {**GOOD, "budget": budget, "days": 14})).daily_budget) == shown


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"budget": None}, "budget", "no budget"),
        ({"budget": "-$300 a day"}, "budget", "more than zero"),
        ({"budget": {"daily": -300, "currency": "USD"}}, "budget", "more than zero"),
        ({"budget": {"daily": 0, "currency": "USD"}}, "budget", "more than zero"),
        ({"budget": {"daily": True, "currency": "USD"}}, "budget", "not an amount"),
        ({"budget": {"daily": "nan", "currency": "USD"}}, "budget", "not an amount"),
        ({"budget": {"daily": 1e300, "currency": "USD"}}, "budget", "not an amount"),
        ({"budget": {"daily": 10.001, "currency": "USD"}}, "budget", "not an amount"),
        ({"budget": {"daily": 300, "currency": "ZZZ"}}, "budget", "Unknown currency"),
        ({"budget": {"daly": 300, "currency": "USD"}}, "budget", "`daily`"),
        ({"budget": "300 XYZ a day"}, "budget", "Unknown currency"),
        ({"budget": "€1.000 a day"}, "budget", "two ways"),
        ({"budget": 300}, "budget", "currency"),
        ({"budget": "300 a day"}, "budget", "currency"),
        ({"budget": "lots"}, "budget", "not a budget"),
        ({"product": None}, "product", "no product"),
        ({"product": ""}, "product", "no product"),
        ({"product": ["a"]}, "product", "not text"),
        ({"deadline": date(2026, 11, 19)}, "deadline", "past"),
        ({"deadline": "soon"}, "deadline", "not a date"),
        ({"bugdet": "$300 a day"}, "bugdet", "`budget`"),
        ({"brand": {"name": "N", "colour": "#fff"}}, "brand", "no field `colour`"),
        ({"brand": {"name": "N", "primary": "red"}}, "brand.primary", "match"),
        ({"tone": "frendly"}, "tone", "`friendly`"),
        ({"platforms": ["facebok"]}, "platforms.0", "Use one of: meta"),
        ({"call_to_action": "bok"}, "call_to_action", "`book`"),
        ({"variants": "many"}, "variants", "integer"),
        ({"days": 0}, "days", "greater"),
        ({"link": "javascript:alert(1)"}, "link", "match"),
        ({"notes": "x" * 20_001}, "notes", "too long"),
        ({"footage": "none.png"}, "footage", "no such file"),
        ({"footage": 3}, "footage", "a folder, a file or a list"),
        ({"footage": "https://example.com/a.mp4"}, "footage", "not a file"),
        ({"voice": "none.wav"}, "voice", "no such file"),
    ],
    ids=str,
)
def test_a_wrong_field_is_named_with_its_file_and_a_way_out(
    change: dict[str, object], field: str, words: str, tmp_path: Path
) -> None:
    path = write(tmp_path, {**GOOD, **change})
    with pytest.raises(InvalidInput) as caught:
        load(path)
    assert words in str(caught.value)
    assert str(path) in caught.value.where or str(tmp_path) in caught.value.where
    assert field in caught.value.where
    assert caught.value.fix


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("brief.yaml", "", "empty"),
        ("brief.yaml", " \n\n", "empty"),
        ("brief.yaml", "product: [", "YAML cannot be read"),
        ("brief.yaml", "just words", "list of fields"),
        ("brief.yaml", "product: a\nproduct: b", "given twice"),
        ("brief.yaml", "a: &a [x,x]\nb: &b [*a,*a]\nproduct: *b", "aliases"),
        ("brief.yaml", "product: !!python/object/apply:os.system [true]", "YAML cannot be read"),
        ("brief.yaml", "[" * 50_000, "YAML cannot be read"),
        ("brief.json", "{", "JSON cannot be read"),
        ("brief.json", '{"product": 1, "product": 2}', "given twice"),
        ("brief.json", '{"budget": NaN}', "not a number"),
        ("brief.json", "[" * 50_000, "JSON cannot be read"),
        ("brief.json", "[]", "list of fields"),
        ("brief.md", "---\nproduct: a\n", "closing line"),
        ("brief.txt", "hello there", "does not say"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_an_unreadable_file_says_what_it_is(name: str, content: str, words: str, tmp_path: Path) -> None:
    path = write(tmp_path, content, name)
    with pytest.raises(InvalidInput, match=words) as caught:
        load(path)
    assert str(path) in caught.value.where
    assert caught.value.fix


def test_a_hundred_megabytes_are_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    began = time.monotonic()
    with pytest.raises(InvalidInput, match=r"104\.9 MB"):
        load(path)
    assert time.monotonic() - began < 0.5


def test_what_is_no_text_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00p")
    os.mkfifo(tmp_path / "pipe.yaml")
    for name, words in (
        ("binary.yaml", "UTF-8"),
        ("pipe.yaml", "not a file"),
        ("no.yaml", "no such"),
        (".", "not a file"),
    ):
        with pytest.raises(InvalidInput, match=words):
            load(tmp_path / name)


# Footage and voice


def test_footage_is_found_beside_the_brief_looked_at_and_kept_by_hash(tmp_path: Path) -> None:
    picture(tmp_path / "clips" / "b.jpg")
    picture(tmp_path / "clips" / "a.png")
    (tmp_path / "clips" / "README.md").write_text("not footage")
    extra = picture(tmp_path / "more" / "c.png").parent
    store = AssetStore(tmp_path / "store")
    brief = load_brief(write(tmp_path, {**GOOD, "footage": "clips"}), assets=store, footage_dir=extra, today=TODAY)
    assert len(brief.footage) == 2  # a.png and c.png are the same bytes
    assert store.path(brief.footage[0]).read_bytes() == (tmp_path / "clips" / "a.png").read_bytes()
    listed = load(write(tmp_path, {**GOOD, "footage": ["clips/a.png", "clips/b.jpg"]}))
    assert set(listed.footage) == set(brief.footage)


def test_one_bad_footage_file_is_named_and_nothing_is_kept(tmp_path: Path) -> None:
    picture(tmp_path / "clips" / "a.png")
    (tmp_path / "clips" / "empty.mp4").touch()
    with pytest.raises(InvalidInput, match="empty") as caught:
        load(write(tmp_path, {**GOOD, "footage": "clips"}))
    assert "empty.mp4" in caught.value.where
    assert "footage" in caught.value.where
    assert not (tmp_path / "store").exists()


def test_a_sound_is_no_footage_and_a_picture_no_voice_and_a_folder_may_not_be_empty(tmp_path: Path) -> None:
    run_ffmpeg(["-f", "lavfi", "-i", "sine=d=2", str(tmp_path / "me.wav")], timeout_s=20)
    picture(tmp_path / "a.png")
    (tmp_path / "void").mkdir()
    for change, words in (
        ({"footage": "me.wav"}, "no picture"), ({"voice": "a.png"}, "picture"), ({"footage": "void"}, "holds no picture"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput, match=words):
            load(write(tmp_path, {**GOOD, **change}))
    brief = load(write(tmp_path, {**GOOD, "voice": "me.wav"}))
    assert brief.voice is not None


def test_a_request_without_a_folder_may_name_kept_assets_but_no_path() -> None:
    kept = "a" * 64
    brief = brief_from_mapping({**GOOD, "footage": [kept], "voice": kept}, where="request", today=TODAY)
    assert (brief.footage, brief.voice) == ((kept,), kept)
    for change in ({"footage": ["/etc/passwd"]}, {"voice": "../secret.wav"}):
        with pytest.raises(InvalidInput):
            brief_from_mapping({**GOOD, **change}, where="request", today=TODAY)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["product", "budget", "daily", "currency", "brand", "days", "footage", "x"]), inner, max_size=4),
    max_leaves=8,
))  # fmt: skip
def test_any_value_is_a_brief_or_a_clear_refusal(value: object) -> None:
    try:
        brief = brief_from_mapping(value, where="request", today=TODAY)
    except InvalidInput as error:
        assert error.where
        assert error.fix
    else:
        assert brief.daily_budget.minor > 0
