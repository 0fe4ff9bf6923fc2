"""`geminivideo demo`: the whole story on a simulated account."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.commands.output import Json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    as_json: Json = False,
    yes: Annotated[bool, typer.Option("--yes", help="Let the demo's stand-in decide instead of asking.")] = False,
    brief: Annotated[Path | None, typer.Option(help="Another brief than Northbrew's.")] = None,
    footage: Annotated[Path | None, typer.Option(help="Folder of your own pictures and clips.")] = None,
    folder: Annotated[Path, typer.Option("--out", help="Where everything of the demo lives.")] = Path("out/demo"),
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same demo.")] = 7,
) -> int:
    """Make, approve, publish and optimise ads on a simulated account: no key, no server, no money."""
    from api.demo.command import run_demo

    return run_demo(out=folder, brief=brief, footage=footage, yes=yes, as_json=as_json, seed=seed)
