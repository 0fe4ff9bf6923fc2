from __future__ import annotations

import re
from pathlib import Path

import pytest

from geminivideo.accounts import AccountConfig, BlendingCurve, Caps, FatigueThresholds, IndexThresholds
from geminivideo.model import Noun
from geminivideo.settings import Settings

ROOT = Path(__file__).resolve().parent.parent.parent


def test_every_setting_is_documented_with_its_description() -> None:
    page = (ROOT / "docs" / "environment.md").read_text()
    for name, field in Settings.model_fields.items():
        assert f"`GEMINIVIDEO_{name.upper()}`" in page
        assert field.description is not None
        assert field.description in page


@pytest.mark.parametrize(
    ("model", "prefix"),
    [
        (AccountConfig, ""),
        (BlendingCurve, "blending_curve."),
        (Caps, "caps."),
        (FatigueThresholds, "fatigue."),
        (IndexThresholds, "index."),
    ],
)
def test_every_account_field_is_documented_with_its_default(model: type[Noun], prefix: str) -> None:
    page = (ROOT / "docs" / "configuration.md").read_text()
    for name, field in model.model_fields.items():
        if not isinstance(field.default, Noun):
            assert f"| `{prefix}{name}` | `{field.default}` |" in page


def test_every_link_of_the_readme_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", (ROOT / "README.md").read_text()):
        assert (ROOT / target).exists(), target


def test_the_readme_fits_one_screen() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 60


def test_no_file_of_the_project_names_a_package_index() -> None:
    hosts = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))]
    suffixes = {".py", ".md", ".toml", ".txt", ".yaml", ".yml", ".json", ".cfg", ""}
    for folder in ("requirements", "docs", "benchmarks", "tests", ".ci"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and path.suffix in suffixes and path.stat().st_size < 2_000_000:
                text = path.read_text(errors="ignore")
                assert not any(host in text for host in hosts), path
