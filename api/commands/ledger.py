"""`ledger` and `audit verify`: what happened with the money, and whether the record of it is whole."""

from __future__ import annotations

import typer

from api.commands.output import CHECK_FAILED, AccountName, Json, await_, document, load_settings, out, rows

audit_app = typer.Typer(help="The append-only, hash-chained audit log.", no_args_is_help=True)


def register(root: typer.Typer) -> None:
    """Add `ledger`."""
    root.command("ledger")(ledger)


def ledger(account: AccountName = None, as_json: Json = False) -> None:
    """Every spend change and what became of it."""
    await_(_ledger(account, as_json=as_json))


@audit_app.command()
def verify(account: AccountName = None, as_json: Json = False) -> int:
    """Walk the audit chain of one account and say whether it is whole."""
    return await_(_verify(account, as_json=as_json))


async def _ledger(named: str | None, *, as_json: bool) -> None:
    from api.desk import choose_account, open_desk
    from geminivideo.money import Money

    async with open_desk(load_settings()) as desk:
        account = await choose_account(desk.db, named)
        found = await desk.treasury.ledger(account.id)
    if as_json:
        document({"account_id": account.id, "changes": found})
        return
    items = [
        (
            item.id,
            item.kind,
            "" if item.before_minor is None else str(Money(minor=item.before_minor, currency=item.currency)),
            f"{Money(minor=item.after_minor, currency=item.currency)} {item.after_status.lower()}",
            item.state,
        )
        for item in found
    ]
    rows(f"Ledger of {account.name}", columns=("Change", "Kind", "Before", "After", "State"), items=items,
         empty="No spend change yet.")  # fmt: skip


async def _verify(named: str | None, *, as_json: bool) -> int:
    from api.desk import choose_account, open_desk

    async with open_desk(load_settings()) as desk:
        account = await choose_account(desk.db, named)
        report = await desk.treasury.audit_verify(account.id)
    if as_json:
        document({"audit": report})
    elif report.intact:
        out().print(f"The audit log of {account.name} is whole: {report.rows} rows, head {report.head.hash[:16]}…")
    else:
        out().print(f"The audit log of {account.name} is broken at row {report.broken_at}: {report.problem}.")
    return 0 if report.intact else CHECK_FAILED
