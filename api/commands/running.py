"""`run` and `optimise`: start a run here and see it through to its approval or its end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.commands.output import AccountName, Json, await_, document, err, is_interactive, load_settings, out

if TYPE_CHECKING:
    from api.engine import Engine
    from geminivideo.accounts import Account
    from memory.runs import Run

Wait = Annotated[bool, typer.Option("--wait", help="Wait until somebody has decided elsewhere, then finish.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("run")(run)
    app.command("optimise")(optimise)


def run(
    brief: Annotated[Path, typer.Argument(help="A brief: YAML, JSON, Markdown or plain English.", show_default=False)],
    as_json: Json = False,
    account: AccountName = None,
    footage: Annotated[Path | None, typer.Option(help="Folder of pictures and clips to use.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Same seed, same ads.")] = None,
    wait: Wait = False,
) -> int:
    """Turn a brief into ads that wait for your approval."""
    return await_(_run(brief, as_json=as_json, named=account, footage=footage, seed=seed, wait=wait))


def optimise(as_json: Json = False, account: AccountName = None, wait: Wait = False) -> int:
    """Sync results and propose budget changes for the live ads."""
    return await_(_optimise(as_json=as_json, named=account, wait=wait))


async def _run(
    path: Path, *, as_json: bool, named: str | None, footage: Path | None, seed: int | None, wait: bool
) -> int:
    import asyncio

    from api.desk import choose_account
    from api.intake import has_history, start_campaign
    from api.local_sandbox import open_house
    from memory.accounts import business_now
    from tools.briefs.load import load_brief

    async with open_house(load_settings()) as engine:
        services = engine.services
        chosen = await choose_account(services.db, named)
        today = business_now(chosen, wall=services.wall.now()).date()
        brief = await asyncio.to_thread(load_brief, path, assets=services.assets, footage_dir=footage, today=today)
        if not await has_history(engine, chosen.id):
            await first_sync(engine, chosen)
        started = await start_campaign(engine, account_id=chosen.id, brief=brief, seed=seed)
        return await see_through(engine, started, as_json=as_json, wait=wait)


async def _optimise(*, as_json: bool, named: str | None, wait: bool) -> int:
    from api.desk import choose_account
    from api.local_sandbox import open_house

    async with open_house(load_settings()) as engine:
        chosen = await choose_account(engine.services.db, named)
        started = await engine.start_run(account_id=chosen.id, graph="optimise", inputs={})
        return await see_through(engine, started, as_json=as_json, wait=wait)


async def first_sync(engine: Engine, account: Account) -> Run:
    """Bring the account's history home, so that there is something to learn from."""
    from api.event_view import EventView
    from api.following import drive_watched

    err().print(f"{account.name} has no history here yet: it is synced first.", markup=False)
    key = f"first-sync:{account.id}"
    run = await engine.start_run(account_id=account.id, graph="optimise", inputs={}, idempotency_key=key)
    with EventView() as view:
        ended, _ = await drive_watched(engine, run.id, show=view.show)
    raise_if_failed(ended)
    return ended


async def see_through(engine: Engine, started: Run, *, as_json: bool, wait: bool) -> int:
    """Drive the run and ask for the approvals it needs, as far as somebody is there to ask. The exit code."""
    import asyncio

    from api.asking import ask_person
    from api.event_view import EventView
    from api.following import drive_watched, waiting_set

    err().print(f"run {started.id}", style="dim")
    seen, run = 0, started
    asks = is_interactive(as_json=as_json)
    with EventView() as view:
        while True:
            run, seen = await drive_watched(engine, run.id, show=view.show, seen=seen)
            waiting = await waiting_set(engine, run) if run.status == "waiting_approval" else None
            if waiting is not None and asks:
                view.pause()
                answered = await ask_person(engine.services.treasury, waiting)
                view.resume()
                if answered:
                    continue
            if run.status != "waiting_approval" or not (wait and not asks):
                break
            await asyncio.sleep(1)
    return await answer(engine, run, as_json=as_json)


async def answer(engine: Engine, run: Run, *, as_json: bool) -> int:
    """Say where the run stands: one document, or lines that end with what to do next."""
    from api.finished_files import named_files
    from api.following import waiting_set

    waiting = await waiting_set(engine, run) if run.status == "waiting_approval" else None
    services = engine.services
    files = await named_files(services.db, run, assets=services.assets, home=services.settings.home)
    if as_json:
        document({"run": run, "files": files, "approval": waiting, "next": next_command(run, waiting)})
    else:
        _tell(run, waiting, files)
    raise_if_failed(run)
    return 0


def next_command(run: Run, waiting: Any) -> str:
    """What a person would type next."""
    if waiting is not None:
        return f"geminivideo approvals show {waiting.id}"
    if run.status == "parked":
        return f"geminivideo runs resume {run.id}"
    return "geminivideo optimise" if run.status == "done" else f"geminivideo runs show {run.id}"


def raise_if_failed(run: Run) -> None:
    """A run that failed or was set aside ends the command with its own error and exit code."""
    if run.status not in {"failed", "parked"}:
        return
    from geminivideo.errors import GeminiVideoError

    error = run.error or {}
    kinds = {kind.code: kind for kind in _tree(GeminiVideoError)}
    raised = kinds.get(str(error.get("code", "")), GeminiVideoError)
    fix = str(error.get("fix") or f"See `geminivideo runs show {run.id}`.")
    raise raised(str(error.get("what", f"The run is {run.status}")), where=str(error.get("where") or run.id), fix=fix)


def _tree(kind: type[Any]) -> list[type[Any]]:
    return [kind, *(child for sub in kind.__subclasses__() for child in _tree(sub))]


def _tell(run: Run, waiting: Any, files: list[dict[str, str]]) -> None:
    from api.terminal import approval_panel

    screen = out()
    for file in files:
        screen.print(f"{file['format']:>5}  {file['path']}", markup=False, soft_wrap=True)
    if waiting is not None:
        screen.print(approval_panel(waiting))
        screen.print(f"Decide with: geminivideo approvals approve {waiting.id}   (or: edit, reject, ask)", markup=False)
        return
    outcome = (run.result or {}).get("outcome", "")
    screen.print(f"{run.id} is {run.status}. {outcome}", markup=False)
    screen.print(f"Next: {next_command(run, waiting)}", markup=False)
