"""What every command shares: options, settings, and one way to answer people and programs."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from geminivideo.settings import Settings

T = TypeVar("T")

Json = Annotated[bool, typer.Option("--json", help="Exactly one JSON document on standard output.")]
AccountName = Annotated[str | None, typer.Option("--account", help="Account id; not needed when there is only one.")]

CHECK_FAILED = 10
"""Exit code of a check that found something wrong: `doctor`, `audit verify`."""


def load_settings() -> Settings:
    """The settings from the environment; InvalidInput names the variable that cannot be used."""
    from pydantic import ValidationError

    from geminivideo.errors import InvalidInput
    from geminivideo.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"GEMINIVIDEO_{'_'.join(str(part) for part in first['loc'])}".upper()
        raise InvalidInput(f"A setting cannot be used: {first['msg']}", where=name, fix="See docs/cli.md.") from None


def await_(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's asynchronous half."""
    return asyncio.run(work)


def document(value: Any) -> None:
    """The one JSON document of a command, on standard output."""
    sys.stdout.write(json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    sys.stdout.flush()


def plain(value: Any) -> Any:
    """JSON-plain: nouns are dumped, sequences and mappings walked."""
    from pydantic import BaseModel

    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def out() -> Console:
    """A console on standard output, for what was asked for."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else 110)


def err() -> Console:
    """A console on standard error, for progress and remarks."""
    from api.terminal import console

    return console()


def is_interactive(*, as_json: bool = False) -> bool:
    """Whether a person sits at this terminal and can be asked."""
    return not as_json and sys.stdin.isatty() and sys.stderr.isatty()


def rows(title: str, *, columns: tuple[str, ...], items: Sequence[tuple[str, ...]], empty: str) -> None:
    """A table on standard output, or the sentence that there is nothing."""
    from rich.markup import escape
    from rich.table import Table

    if not items:
        out().print(empty)
        return
    table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold")
    for item in items:
        table.add_row(*(escape(cell) for cell in item))
    out().print(table)
