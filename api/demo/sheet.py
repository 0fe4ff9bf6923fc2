"""The contact sheet of a result document: every variant's key moments on one picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.studio.contact_sheet import SheetEntry, contact_sheet


def write_contact_sheet(result: Mapping[str, Any], *, out: Path) -> Path:
    """Draw it from the delivered files. Blocking."""
    brand = result["brief"]["brand"]
    entries = [_entry(item, accent=brand["accent"]) for item in result["variants"]]
    return contact_sheet(
        entries,
        out,
        title=f"{brand['name']}: {len(entries)} variants",
        subtitle=f"{result['brief']['product']}. Simulated account; the videos are real files.",
    )


def _entry(item: Mapping[str, Any], *, accent: str) -> SheetEntry:
    prediction = item["prediction"]
    return SheetEntry(
        label=item["hook_type"].replace("_", " / "),
        title=item["title"],
        notes=(
            f"{item['seconds']:.1f} s, {'with footage' if item['from_footage'] else 'motion graphics'}",
            f"expected CTR {prediction['ctr']:.2%} ({prediction['low']:.2%} to {prediction['high']:.2%})",
            f"{item['lufs']:.1f} LUFS, {item['true_peak']:.1f} dBTP",
        ),
        videos=tuple(
            (Path(file["path"]), file["width"], file["height"], round(file["seconds"] * 1000)) for file in item["files"]
        ),
        accent=(int(accent[1:3], 16), int(accent[3:5], 16), int(accent[5:7], 16)),
    )
