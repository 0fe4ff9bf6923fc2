"""The report: one HTML file that holds everything it shows, made from the result document alone."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from api.demo.report_colours import tokens
from api.demo.report_figures import Result
from api.demo.report_html import Html, el
from api.demo.report_media import Shelf
from api.demo.report_overview import header, money_section, summary
from api.demo.report_records import approvals_section, method_section, records_section, stopped_section
from api.demo.report_variants import variants_section

MAX_BYTES = 15_000_000
_ROOM_FOR_TEXT = 1_500_000
_STYLE = Path(__file__).with_name("report.css")


def write_report(result: Result, *, out: Path) -> Path:
    """Write the HTML file `out`, at most `MAX_BYTES` large; previews that do not fit are linked. Blocking."""
    page = render_report(result, folder=out.parent)
    part = out.with_suffix(".part")
    part.write_text(page, encoding="utf-8")
    return part.replace(out)


def render_report(result: Result, *, folder: Path) -> Html:
    """The page as it will stand in `folder`."""
    style = _style(result)
    shelf = Shelf(folder=folder, budget=MAX_BYTES - _ROOM_FOR_TEXT)
    brand = result["brief"]["brand"]["name"]
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=_policy(style)),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="referrer", content="no-referrer"),
        el("title", f"{brand}: video ads report{' (simulated)' if result.get('simulated') else ''}"),
        el("style", style),
    )
    main = el(
        "main",
        summary(result),
        money_section(result),
        variants_section(result, shelf),
        approvals_section(result),
        stopped_section(result),
        records_section(result),
        method_section(result),
        id="main",
        cls="wrap",
    )
    body = el("body", el("a", "Skip to the report", href="#main", cls="skip"), header(result), main, _footer(result))
    return Html(f"<!doctype html>\n{el('html', head, body, lang='en')}\n")


def _footer(result: Result) -> Html:
    label = "Simulated. No ad was shown to anybody and no money was spent. " if result.get("simulated") else ""
    return el("footer", el("p", f"{label}Run {result['run_id']} · made with GeminiVideo"), cls="wrap")


def _style(result: Result) -> Html:
    """The style sheet with the brand's colours. Both are ours: the colours are rebuilt from three numbers each."""
    named = "".join(f"--{name}: {value};" for name, value in tokens(result["brief"]["brand"]).items())
    return Html(f":root {{ {named} }}\n{_STYLE.read_text(encoding='utf-8')}")


def _policy(style: str) -> str:
    """Nothing may be loaded or run; our one style sheet is let in by its hash, pictures and videos as data."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; media-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
