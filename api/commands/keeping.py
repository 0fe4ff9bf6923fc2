"""`keys` and `doctor`."""

from __future__ import annotations

from typing import Annotated

import typer

from api.commands.output import CHECK_FAILED, Json, document, load_settings, out


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("keys")(keys)
    app.command("doctor")(doctor)


def keys(
    as_json: Json = False,
    show: Annotated[bool, typer.Option("--show", help="Print the key itself.")] = False,
) -> None:
    """The key of this machine's HTTP API: where it is and who it stands for."""
    from api.keys import key_path, load_key
    from geminivideo.principals import local_person

    settings = load_settings()
    key, path, person = load_key(settings.home), key_path(settings.home), local_person()
    if as_json:
        shown = {"key": key} if show else {}
        document({"path": str(path), "person": person.name, "role": person.role, **shown})
    elif show:
        out().print(key, markup=False)
    else:
        out().print(f"{path}  (mode 600) stands for {person.name}, {person.role}", markup=False, soft_wrap=True)
        out().print("Print it with: geminivideo keys --show", markup=False)


def doctor(as_json: Json = False) -> int:
    """Look whether everything that is needed is there; each failing item comes with its fix."""
    from rich.markup import escape

    from api.doctor import examine

    checks = examine(load_settings())
    well = all(check.ok for check in checks)
    if as_json:
        document({"ok": well, "checks": checks})
        return 0 if well else CHECK_FAILED
    for check in checks:
        mark = "[green]ok  [/]" if check.ok else "[red]FAIL[/]"
        out().print(f"{mark} {check.name:<18} {escape(check.found)}")
        if not check.ok:
            out().print(f"     {escape(check.fix)}")
    return 0 if well else CHECK_FAILED
