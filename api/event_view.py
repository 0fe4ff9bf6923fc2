"""A run's log in the terminal: a line per event, and a bar per render where there is a terminal to draw on."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from api.terminal import console, event_line
from geminivideo.events import RunEvent


class EventView:
    """Shows events on standard error. Use as a context manager; `show` each event once."""

    def __init__(self, target: Console | None = None) -> None:
        self._console = target or console()
        self._bars = Progress(
            TextColumn("  {task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def show(self, event: RunEvent) -> None:
        """One event: a bar moves, or a line is printed."""
        if event.kind == "render.progress":
            self._move(event)
            return
        if event.kind in {"render.done", "render.failed"}:
            self._finish(event)
        line = event_line(event)
        if line is not None:
            self._console.print(line)

    def pause(self) -> None:
        """Take the bars away while a question is asked."""
        for task in self._tasks.values():
            self._bars.remove_task(task)
        self._tasks.clear()
        self._bars.stop()

    def resume(self) -> None:
        """Bars may be drawn again."""
        self._bars.start()

    def _move(self, event: RunEvent) -> None:
        label = str(event.data.get("label", event.text))
        if label not in self._tasks:
            self._tasks[label] = self._bars.add_task(escape(label[:48]), total=100)
        self._bars.update(self._tasks[label], completed=int(event.data.get("percent", 0)))

    def _finish(self, event: RunEvent) -> None:
        for label in [label for label in self._tasks if event.text.startswith(label)]:
            self._bars.remove_task(self._tasks.pop(label))
