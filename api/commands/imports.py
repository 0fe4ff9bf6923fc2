"""`import ads` and `winners search`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.commands.output import AccountName, Json, await_, document, err, load_settings, out, rows

if TYPE_CHECKING:
    from api.import_ads import Imported

app = typer.Typer(help="Bring your history in from files.", no_args_is_help=True)
winners_app = typer.Typer(help="Your proven ads.", no_args_is_help=True)


@app.callback()
def _import() -> None:
    """Bring your history in from files."""


@winners_app.callback()
def _winners() -> None:
    """Your proven ads."""


@app.command("ads")
def ads(
    csv: Annotated[Path, typer.Argument(help="An export of the ads manager.", metavar="CSV", show_default=False)],
    account: AccountName = None,
    as_json: Json = False,
) -> int:
    """Import ads and their daily results; a row that cannot be read is named, the rest is taken."""
    return await_(_ads(csv, named=account, as_json=as_json))


@winners_app.command()
def search(
    query: Annotated[list[str], typer.Argument(help="Words of a brief, hook or idea.", show_default=False)],
    account: AccountName = None,
    kind: Annotated[str, typer.Option(help="winner or loser.")] = "winner",
    count: Annotated[int, typer.Option("--count", "-k", min=1, max=20, help="How many at most.")] = 5,
    as_json: Json = False,
) -> None:
    """Find past ads that resemble your words, with the evidence of how they did."""
    await_(_search(" ".join(query), named=account, kind=kind, count=count, as_json=as_json))


async def _ads(path: Path, *, named: str | None, as_json: bool) -> int:
    import asyncio

    from api.desk import choose_account
    from api.import_ads import learn_from, read_export, store
    from api.local_sandbox import open_house
    from geminivideo.errors import InvalidInput

    async with open_house(load_settings(), simulated=False) as engine:
        account = await choose_account(engine.services.db, named)
        read = await asyncio.to_thread(read_export, path, account=account)
        done = await store(engine, account, read)
        learned = await learn_from(engine, account) if done.ads else None
    if as_json:
        document({"imported": done, "learned": learned})
    else:
        _tell(done, learned)
    if not done.days and not done.known:
        raise InvalidInput("No row could be imported", where=str(path), fix="Compare its columns with docs/cli.md.")
    return 0


def _tell(done: Imported, learned: Any) -> None:
    for fault in done.unreadable[:50]:
        err().print(f"line {fault.line}, {fault.column}: {fault.why}", markup=False)
    if len(done.unreadable) > 50:
        err().print(f"… and {len(done.unreadable) - 50} more rows that cannot be read")
    out().print(f"{done.ads} ads with {done.days} daily rows imported; {len(done.unreadable)} rows left out.")
    if done.known:
        out().print(f"{done.known} rows belong to ads that are synced from the platform; those were left as they are.")
    if learned is not None:
        out().print(f"{learned.winners} proven winners, {learned.losers} to avoid.")


async def _search(query: str, *, named: str | None, kind: str, count: int, as_json: bool) -> None:
    from api.desk import choose_account
    from api.local_sandbox import open_house
    from graphs.toolbox import toolbox

    async with open_house(load_settings(), simulated=False) as engine:
        account = await choose_account(engine.services.db, named)
        tools = toolbox(engine.services, account)
        found = await tools.call("winner_search", {"query": query, "kind": kind, "k": count}, caller="person")
    if as_json:
        document({"ads": found.ads})
        return
    items = [
        (item.ad_id, f"{item.similarity:.2f}", f"{item.ctr_ppm / 10_000:.2f}%", f"{item.impressions:,}",
         item.copy_text.replace("\n", " ")[:70])
        for item in found.ads
    ]  # fmt: skip
    rows(f"{kind.title()}s like that", columns=("Ad", "Like", "CTR", "Shown", "Words"), items=items,
         empty="Nothing is proven yet that resembles that.")  # fmt: skip
