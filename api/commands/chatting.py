"""`chat`: say in plain English what you want advertised."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.output import AccountName, Json, await_, document, err, is_interactive, load_settings, out

if TYPE_CHECKING:
    from api.engine import Engine

_HELLO = "Say what you want advertised and for how much a day; an empty line ends."


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("chat")(chat)


def chat(
    words: Annotated[list[str] | None, typer.Argument(help="What you want; nothing: a conversation.")] = None,
    account: AccountName = None,
    thread: Annotated[str | None, typer.Option(help="Go on with this thread (thr_…).")] = None,
    drive: Annotated[bool, typer.Option(help="See the run through here; --no-drive leaves it to a server.")] = True,
    as_json: Json = False,
) -> int:
    """Describe your campaign in plain English; it becomes a brief and a run that waits for your approval."""
    text = " ".join(words or [])
    return await_(_chat(text, named=account, thread_id=thread, drive=drive, as_json=as_json))


async def _chat(text: str, *, named: str | None, thread_id: str | None, drive: bool, as_json: bool) -> int:
    from api.chat import open_thread
    from api.desk import choose_account
    from api.local_sandbox import open_house

    async with open_house(load_settings()) as engine:
        if thread_id is None:
            account = await choose_account(engine.services.db, named)
            thread_id = (await open_thread(engine, account.id)).id
        if text or not is_interactive(as_json=as_json):
            return await _once(engine, thread_id, text or sys.stdin.read(), drive=drive, as_json=as_json)
        return await _converse(engine, thread_id, drive=drive)


async def _once(engine: Engine, thread_id: str, text: str, *, drive: bool, as_json: bool) -> int:
    from api.chat import answer

    message, reply = await answer(engine, thread_id, text)
    run_id = str(reply.data.get("run_id", ""))
    if run_id and not (drive and is_interactive(as_json=as_json)):
        err().print(f"It goes on with: geminivideo runs resume {run_id}   (or a running server)", markup=False)
    if as_json:
        document({"thread_id": thread_id, "message": message, **reply.data})
        return 0
    out().print(reply.text, markup=False)
    err().print(f"thread {thread_id}", style="dim")
    if drive and is_interactive() and run_id:
        return await _see(engine, run_id)
    return 0


async def _converse(engine: Engine, thread_id: str, *, drive: bool) -> int:
    import asyncio

    from api.chat import answer

    err().print(_HELLO)
    while True:
        text = (await asyncio.to_thread(_read)).strip()
        if not text:
            err().print(f"Go on later with: geminivideo chat --thread {thread_id}", markup=False)
            return 0
        _, reply = await answer(engine, thread_id, text)
        out().print(reply.text + "\n", markup=False)
        if drive and "status" not in reply.data and reply.data.get("run_id"):
            await _see(engine, str(reply.data["run_id"]))


async def _see(engine: Engine, run_id: str) -> int:
    from api.commands.running import first_sync, see_through
    from api.intake import has_history
    from memory import accounts, runs

    run = await engine.services.db.read(lambda conn: runs.get_run(conn, run_id))
    if not await has_history(engine, run.account_id):
        await first_sync(engine, await engine.services.db.read(lambda conn: accounts.get_account(conn, run.account_id)))
    return await see_through(engine, run, as_json=False, wait=False)


def _read() -> str:
    sys.stderr.write("you> ")
    sys.stderr.flush()
    return sys.stdin.readline()
