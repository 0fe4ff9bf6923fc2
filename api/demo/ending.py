"""The last lines in the terminal: what was made, spent and gained, what needs a decision, and where to go next."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from rich.markup import escape

from api.demo.charts import sparkline
from api.demo.report_figures import (
    AdFigures,
    Result,
    ads_of,
    decisions_needed,
    gain,
    gain_words,
    hook_words,
    made_words,
    moments,
    money,
    simulated_days,
    spent,
)

NEXT = "geminivideo run examples/briefs/whitening_clinic.yaml"
_COLOURS = ("blue", "yellow", "green", "magenta", "red", "cyan")
_TONE = {"gain": "green", "unclear": "yellow", "loss": "red"}


def ending(result: Result) -> list[str]:
    """Lines in rich markup, most important first."""
    lines = [_made(result), _spent(result), _gained(result), *_decide(result)]
    ads = ads_of(result)
    if any(any(ad.budgets) for ad in ads):
        lines += ["", *_chart(result, ads)]
    lines.append("")
    lines += [_line(name, f"[bold]{_path(result[key])}[/]") for name, key in _FILES if result.get(key)]
    lines.append(_line("Next", f"[bold]{NEXT}[/]"))
    return lines


_FILES = (("Report", "report"), ("Pictures", "contact_sheet"))


def _made(result: Result) -> str:
    files = [file["path"] for item in result["variants"] for file in item.get("files", ())]
    if not files:
        return _line("Made", f"[yellow]No ad was made.[/] {escape(str(result.get('outcome', '')))}".rstrip())
    hooks = ", ".join(dict.fromkeys(hook_words(item["hook_type"]) for item in result["variants"]))
    folder = _path(os.path.commonpath([str(Path(path).parent) for path in files]))
    return _line("Made", f"[bold]{made_words(result)}[/] ({escape(hooks)}), {len(files)} files in {folder}")


def _spent(result: Result) -> str:
    total = money(result, spent(result))
    days = len(simulated_days(result))
    if not days:
        return _line(
            "Spent", f"[bold]{total}[/]: nothing was delivered. {escape(str(result.get('outcome', '')))}".rstrip()
        )
    budget = result["brief"]["daily_budget"]
    agreed = money(result, budget["minor"], whole=True)
    simulated = " of simulated money" if result.get("simulated") else ""
    return _line("Spent", f"[bold]{total}[/]{simulated} in {days} days, {agreed} a day agreed")


def _gained(result: Result) -> str:
    words, found = gain_words(result), gain(result)
    tone = _TONE[found.certainty] if found else "yellow"
    return _line("Gained", f"[bold {tone}]{escape(words.sentence)}.[/] {escape(words.span)}".rstrip())


def _decide(result: Result) -> list[str]:
    waiting = decisions_needed(result)
    if not waiting:
        return [_line("Decide", "Nothing waits for you now.")]
    return [_line("Decide", f"[bold yellow]{escape(item)}[/]") for item in waiting]


def _chart(result: Result, ads: Sequence[AdFigures]) -> list[str]:
    """A row of blocks per ad: its daily budget from the first day to the last, all on one scale."""
    shown = [ad for ad in ads if any(ad.budgets)]
    days = len(simulated_days(result))
    top = max(max(ad.budgets) for ad in shown)
    wide = min(40, max(len(ad.title) for ad in shown))
    rows = [f"[bold]Daily budget per ad[/] [dim]day 1 to {days}, a full block is {money(result, top, whole=True)}[/]"]
    for ad in shown:
        first, last = (money(result, ad.budgets[i], whole=True) for i in (0, -1))
        title = ad.title if len(ad.title) <= wide else ad.title[: wide - 1] + "…"
        bars = f"[{_COLOURS[ad.tone]}]{sparkline(ad.budgets, top=top)}[/]"
        rows.append(f"  {escape(title):<{wide}}  {first:>6} {bars} {last:<6}")
    rows += [f"  [dim]day {moment.day + 1}: {escape(moment.text)}[/]" for moment in moments(result, ads)]
    return rows


def _line(name: str, words: str) -> str:
    return f"[bold]{name:<9}[/]{words}"


def _path(path: str) -> str:
    """Relative to where the person stands, where that is shorter."""
    inside = Path(path).is_relative_to(Path.cwd())
    return escape(str(Path(path).relative_to(Path.cwd()) if inside else path))
