"""What people see in a terminal: progress lines, approvals, tables. Everything that is not data goes to stderr."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from geminivideo.errors import GeminiVideoError
from geminivideo.events import EventKind, RunEvent
from treasury.views import ApprovalView

_MARKS: Mapping[EventKind, str] = {
    "recall.done": "[cyan]recall[/]",
    "blueprint.written": "[magenta]write[/]",
    "blueprint.revised": "[magenta]revise[/]",
    "judge.scored": "[yellow]judge[/]",
    "judge.failed": "[red]judge[/]",
    "oracle.verdict": "[yellow]oracle[/]",
    "gate.decided": "[bold yellow]chosen[/]",
    "render.progress": "[blue]render[/]",
    "render.done": "[blue]render[/]",
    "render.failed": "[red]render[/]",
    "allocation.done": "[green]budget[/]",
    "approval.waiting": "[bold]approval[/]",
    "approval.decided": "[bold]approval[/]",
    "change.applied": "[green]applied[/]",
    "change.refused": "[red]refused[/]",
    "change.unknown": "[red]unknown[/]",
    "fatigue.found": "[red]tired[/]",
    "sync.done": "[cyan]sync[/]",
    "learned": "[cyan]learned[/]",
    "step.finished": "[cyan]brief[/]",
    "run.finished": "[bold green]done[/]",
    "run.failed": "[bold red]failed[/]",
}


def console(*, stderr: bool = True) -> Console:
    """A console on stderr (people) or stdout (what was asked for)."""
    return Console(stderr=stderr, highlight=False, width=None if sys.stderr.isatty() else 110)


def event_line(event: RunEvent) -> str | None:
    """One line for an event, or None when it says nothing to a person."""
    mark = _MARKS.get(event.kind)
    if mark is None:
        return None
    return f"{mark:<20} {escape(event.who)}: {escape(event.text)}"


def approval_panel(view: ApprovalView) -> Panel:
    """The table that a person decides by, from the digested bytes."""
    table = Table(show_edge=False, pad_edge=False, expand=True)
    for heading, width in (("Ad", 26), ("Before", 16), ("After", 16), ("Per day", 14)):
        table.add_column(heading, min_width=min(width, 10), max_width=width, overflow="fold")
    table.add_column("Why", ratio=1)
    for row in view.rows:
        why = escape(row.reason) + "".join(f"\n[dim]{escape(line)}[/]" for line in row.details)
        table.add_row(escape(row.ad_name), row.before, row.after, row.difference, why)
    footer = "\n".join(
        (
            "",
            f"Total per day: {view.total_before} → [bold]{view.total_after}[/]",
            f"[bold]Most you can lose:[/] {view.most_to_lose}",
            view.if_nothing,
            f"[dim]{view.id}   digest {view.digest[:16]}…[/]",
        )
    )
    grid = Table.grid(expand=True)
    grid.add_row(table)
    grid.add_row(footer)
    label = " [reverse] SIMULATED [/]" if view.simulated else ""
    return Panel(grid, title=f"[bold]{escape(view.title)}[/]{label}", border_style="yellow")


def error_panel(error: GeminiVideoError) -> Panel:
    """What went wrong, where, and what to do."""
    lines = [f"[bold]{escape(error.what)}[/]"]
    if error.where:
        lines.append(f"where: {escape(error.where)}")
    if error.fix:
        lines.append(f"do: {escape(error.fix)}")
    return Panel("\n".join(lines), title=f"[red]{error.code}[/]", border_style="red")
