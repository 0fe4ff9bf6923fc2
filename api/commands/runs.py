"""`runs list|show|resume|cancel`."""

from __future__ import annotations

from typing import Annotated

import typer

from api.commands.output import AccountName, Json, await_, document, load_settings, out, rows

app = typer.Typer(help="Runs: what was started, where it stands, what became of it.", no_args_is_help=True)
RunId = Annotated[str, typer.Argument(help="Id of a run (run_…).", show_default=False)]


@app.command("list")
def list_(
    as_json: Json = False,
    account: AccountName = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 20,
) -> None:
    """The newest runs first."""
    await_(_list(as_json=as_json, account=account, limit=limit))


@app.command()
def show(run_id: RunId, as_json: Json = False) -> None:
    """One run with its log."""
    await_(_show(run_id, as_json=as_json))


@app.command()
def resume(run_id: RunId, as_json: Json = False) -> int:
    """Go on with a run that was set aside or interrupted. Finished steps are not repeated."""
    return await_(_resume(run_id, as_json=as_json))


@app.command()
def cancel(run_id: RunId, as_json: Json = False) -> None:
    """End a run. What was applied stays applied."""
    await_(_cancel(run_id, as_json=as_json))


async def _list(*, as_json: bool, account: str | None, limit: int) -> None:
    from api.desk import choose_account, open_desk
    from memory import runs

    async with open_desk(load_settings()) as desk:
        if account is not None:
            await choose_account(desk.db, account)
        found = await desk.db.read(lambda conn: runs.list_runs(conn, account_id=account, limit=limit))
    if as_json:
        document({"runs": found})
        return
    items = [
        (run.id, run.graph, run.status, f"{run.created_at:%Y-%m-%d %H:%M}", str((run.result or {}).get("outcome", "")))
        for run in found
    ]
    rows("Runs", columns=("Run", "Graph", "Status", "Started (UTC)", "Outcome"), items=items, empty="No runs yet.")


async def _show(run_id: str, *, as_json: bool) -> None:
    from api.desk import open_desk
    from api.finished_files import named_files
    from api.terminal import event_line
    from memory import runs

    async with open_desk(load_settings()) as desk:
        run = await desk.db.read(lambda conn: runs.get_run(conn, run_id))
        events = await desk.db.read(lambda conn: runs.events_after(conn, run_id, limit=10_000))
        waiting = await desk.treasury.history(run.account_id, run_id=run.id)
        files = await named_files(desk.db, run, assets=desk.assets, home=desk.settings.home)
    if as_json:
        document({"run": run, "events": events, "files": files, "approvals": waiting})
        return
    screen = out()
    screen.print(f"{run.id}  {run.graph}  {run.status}", markup=False)
    for event in events:
        if event.kind != "render.progress" and (line := event_line(event)) is not None:
            screen.print(f"{event.at:%H:%M:%S}  {line}")
    for file in files:
        screen.print(f"{file['format']:>5}  {file['path']}", markup=False, soft_wrap=True)
    if run.error:
        screen.print(f"{run.error.get('what', '')}. {run.error.get('fix', '')}", markup=False)
    for view in waiting:
        screen.print(f"{view.id}  {view.state}  {view.title}", markup=False)


async def _resume(run_id: str, *, as_json: bool) -> int:
    from api.commands.running import answer, see_through
    from api.local_sandbox import open_house
    from memory import runs

    async with open_house(load_settings()) as engine:
        services = engine.services
        run = await services.db.read(lambda conn: runs.get_run(conn, run_id))
        if run.finished:
            return await answer(engine, run, as_json=as_json)
        await services.db.write(lambda conn: runs.resume_run(conn, run_id, code_version=services.code_version))
        return await see_through(engine, run, as_json=as_json, wait=False)


async def _cancel(run_id: str, *, as_json: bool) -> None:
    from api.local_sandbox import open_house
    from geminivideo.principals import local_person
    from memory import runs

    async with open_house(load_settings(), simulated=False) as engine:
        await engine.services.db.read(lambda conn: runs.get_run(conn, run_id))
        run = await engine.runner.cancel(run_id, who=local_person().name)
    if as_json:
        document({"run": run})
    else:
        out().print(f"{run.id} is {run.status}.", markup=False)
