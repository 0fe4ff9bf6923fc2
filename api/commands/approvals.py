"""`approvals list|show|approve|edit|reject|ask`: what waits for a person, and the person's answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.output import AccountName, Json, await_, document, err, is_interactive, load_settings, out, rows

if TYPE_CHECKING:
    from api.decisions import Answer
    from api.desk import Desk
    from geminivideo.spend import Verdict
    from treasury.views import ApprovalView

app = typer.Typer(help="Changes of spend that wait for your decision.", no_args_is_help=True)
SetId = Annotated[str, typer.Argument(help="Id of an approval (ap_…) or of its run.", show_default=False)]
Digest = Annotated[str | None, typer.Option(help="The digest that you saw; refused when it is another.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask again after showing it; for a terminal.")]
NoDrive = Annotated[bool, typer.Option("--no-drive", help="Record the decision only; a server carries it out.")]
Reason = Annotated[str, typer.Option(help="Why, for the record.")]


@app.command("list")
def list_(as_json: Json = False, account: AccountName = None) -> None:
    """What waits, newest first."""
    await_(_list(as_json=as_json, account=account))


@app.command()
def show(set_id: SetId, as_json: Json = False) -> None:
    """One approval: each change before and after, the total, the most you can lose."""
    await_(_show(set_id, as_json=as_json))


@app.command()
def approve(
    set_id: SetId, as_json: Json = False, digest: Digest = None, yes: Yes = False, reason: Reason = "",
    no_drive: NoDrive = False,
) -> int:  # fmt: skip
    """Approve exactly what is shown, and carry it out."""
    return await_(
        _answer(set_id, "approve", digest=digest, yes=yes, reason=reason, as_json=as_json, drive=not no_drive)
    )


@app.command()
def reject(
    set_id: SetId, as_json: Json = False, digest: Digest = None, reason: Reason = "", no_drive: NoDrive = False
) -> int:
    """Say no. Nothing of it is done."""
    return await_(
        _answer(set_id, "reject", digest=digest, yes=True, reason=reason, as_json=as_json, drive=not no_drive)
    )


@app.command()
def ask(
    set_id: SetId,
    question: Annotated[str, typer.Argument(help="What you want to know.", show_default=False)],
    as_json: Json = False,
) -> int:
    """Keep a question with the approval, and see what the records say. It goes on waiting."""
    return await_(_answer(set_id, "ask", digest=None, yes=True, reason=question, as_json=as_json, drive=False))


@app.command()
def edit(
    set_id: SetId,
    as_json: Json = False,
    digest: Digest = None,
    budget: Annotated[list[str] | None, typer.Option(help="CHANGE=AMOUNT: another daily budget. Repeatable.")] = None,
    drop: Annotated[list[str] | None, typer.Option(help="A change to leave out. Repeatable.")] = None,
    reason: Reason = "",
) -> int:
    """Alter amounts or leave changes out. That makes a new approval, which waits in turn."""
    return await_(_edit(set_id, budget=budget or [], drop=drop or [], digest=digest, reason=reason, as_json=as_json))


async def _list(*, as_json: bool, account: str | None) -> None:
    from api.desk import choose_account, open_desk
    from memory import accounts

    async with open_desk(load_settings()) as desk:
        chosen = [await choose_account(desk.db, account)] if account else await desk.db.read(accounts.list_accounts)
        found = [view for item in chosen for view in await desk.treasury.pending(item.id)]
    if as_json:
        document({"approvals": found})
        return
    items = [(view.id, view.title, f"{view.total_before} → {view.total_after}", f"{view.expires_at:%m-%d %H:%M}")
             for view in found]  # fmt: skip
    rows("Waiting for you", columns=("Approval", "What", "Per day", "Expires (UTC)"), items=items,
         empty="Nothing waits for a decision.")  # fmt: skip


async def _show(set_id: str, *, as_json: bool) -> None:
    from api.desk import open_desk

    async with open_desk(load_settings()) as desk:
        view = await _find(desk, set_id)
        changes = await desk.treasury.ledger(view.account_id, set_id=view.id)
    if as_json:
        document({"approval": view, "changes": changes})
    else:
        _print(view)
        for change in changes:
            out().print(f"{change.id}  {change.kind}  {change.state}", markup=False)


async def _find(desk: Desk, named: str) -> ApprovalView:
    """The approval of that id, or the one that the run of that id waits for."""
    from geminivideo.errors import NotFound
    from memory import runs

    if named.startswith("run_"):
        run = await desk.db.read(lambda conn: runs.get_run(conn, named))
        found = await desk.treasury.history(run.account_id, run_id=run.id)
        if not found:
            raise NotFound("The run asks for no approval yet", where=named, fix=f"See `geminivideo runs show {named}`.")
        return found[0]
    return await desk.treasury.show(named, account_id=await desk.treasury.find_account(named))


async def _answer(
    set_id: str, verdict: Verdict, *, digest: str | None, yes: bool, reason: str, as_json: bool, drive: bool
) -> int:
    from api.asking import explanation
    from api.decisions import Answer
    from api.desk import open_desk

    async with open_desk(load_settings()) as desk:
        view = await _find(desk, set_id)
        if verdict == "approve" and digest is None:
            _confirm(view, yes=yes, as_json=as_json)
        answer = Answer(verdict, digest or view.digest, reason)
        decided = await _decide(desk, view, answer)
    if verdict == "ask":
        answers = explanation(decided)
        if as_json:
            document({"approval": decided, "answer": answers})
        else:
            out().print("\n".join(answers), markup=False)
        return 0
    if drive and decided.run_id:
        return await _carry_on(decided, as_json=as_json)
    _tell(decided, as_json=as_json)
    return 0


async def _decide(desk: Desk, view: ApprovalView, answer: Answer) -> ApprovalView:
    from api.decisions import decide
    from api.local_sandbox import with_sandbox
    from geminivideo.principals import local_person
    from memory import accounts

    if view.run_id or answer.verdict != "approve":
        return await decide(desk.treasury, view.id, person=local_person(), answer=answer)
    account = await desk.db.read(lambda conn: accounts.get_account(conn, view.account_id))
    async with with_sandbox(desk.settings, needed=account.simulated) as complete:
        from api.desk import open_desk

        async with open_desk(complete) as connected:  # carried out at once: no run waits for it
            return await decide(connected.treasury, view.id, person=local_person(), answer=answer)


async def _edit(
    set_id: str, *, budget: list[str], drop: list[str], digest: str | None, reason: str, as_json: bool
) -> int:
    from api.asking import parse_amount
    from api.decisions import Answer
    from api.desk import open_desk
    from geminivideo.errors import InvalidInput

    async with open_desk(load_settings()) as desk:
        view = await _find(desk, set_id)
        change_set = await desk.treasury.change_set(view.id, account_id=view.account_id)
        budgets = {}
        for item in budget:
            change_id, separator, amount = item.partition("=")
            if not separator:
                raise InvalidInput(f"{item[:60]!r} is not CHANGE=AMOUNT", where="--budget", fix="Write chg_…=35.")
            budgets[change_id] = parse_amount(amount, change_set=change_set)
        if not budgets and not drop:
            raise InvalidInput("An edit alters something", where="edit", fix="Use --budget CHANGE=AMOUNT or --drop.")
        answer = Answer("edit", digest or view.digest, reason, budgets, tuple(drop))
        _tell(await _decide(desk, view, answer), as_json=as_json)
    return 0


async def _carry_on(view: ApprovalView, *, as_json: bool) -> int:
    """Drive the run on in this process; when a server does already, follow it."""
    from api.commands.running import see_through
    from api.local_sandbox import open_house
    from memory import runs

    async with open_house(load_settings()) as engine:
        run = await engine.services.db.read(lambda conn: runs.get_run(conn, view.run_id))
        return await see_through(engine, run, as_json=as_json, wait=False)


def _confirm(view: ApprovalView, *, yes: bool, as_json: bool) -> None:
    from geminivideo.errors import InvalidInput

    if not is_interactive(as_json=as_json):
        raise InvalidInput(
            "Approving without a terminal needs the digest that you saw",
            where=view.id,
            fix=f"Look with `geminivideo approvals show {view.id}`, then add --digest {view.digest}.",
        )
    from api.terminal import approval_panel

    err().print(approval_panel(view))
    if not yes:
        typer.confirm("Approve exactly this?", abort=True, err=True)


def _tell(view: ApprovalView, *, as_json: bool) -> None:
    if as_json:
        document({"approval": view, "run": None})
        return
    _print(view)


def _print(view: ApprovalView) -> None:
    from api.terminal import approval_panel

    screen = out()
    screen.print(approval_panel(view))
    screen.print(f"{view.id} is {view.state}. digest {view.digest}", markup=False, soft_wrap=True)
    if view.state == "proposed":
        screen.print(f"Decide with: geminivideo approvals approve {view.id}   (or: edit, reject, ask)", markup=False)
