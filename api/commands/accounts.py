"""`account show|set|create|list`, `stop` and `start`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.commands.output import AccountName, Json, await_, document, err, load_settings, out, rows

if TYPE_CHECKING:
    from geminivideo.accounts import Account
    from geminivideo.settings import Settings

app = typer.Typer(help="Accounts and how their money is handled.", no_args_is_help=True)


def register(root: typer.Typer) -> None:
    """Add `stop` and `start`."""
    root.command("stop")(stop)
    root.command("start")(start)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Every account of this machine."""
    await_(_list(as_json=as_json))


@app.command()
def show(account: AccountName = None, as_json: Json = False) -> None:
    """One account with its configuration."""
    await_(_show(account, as_json=as_json))


@app.command("set")
def set_(
    changes: Annotated[
        list[str], typer.Argument(help="FIELD=VALUE, such as caps.create_max=60000.", metavar="CHANGES")
    ],
    account: AccountName = None,
    as_json: Json = False,
) -> None:
    """Change the configuration. Amounts are in minor units (cents)."""
    await_(_set(changes, named=account, as_json=as_json))


@app.command()
def create(
    simulated: Annotated[
        bool, typer.Option("--simulated", help="An account in the sandbox: no money, no key.")
    ] = False,
    name: Annotated[str, typer.Option(help="Name for people.")] = "",
    external_id: Annotated[str, typer.Option(help="The platform's account id (act_… without act_).")] = "",
    currency: Annotated[str, typer.Option(help="ISO 4217 code.")] = "USD",
    timezone: Annotated[str, typer.Option(help="IANA name, such as America/Chicago.")] = "UTC",
    mode: Annotated[str, typer.Option(help="ecommerce or service.")] = "ecommerce",
    vertical: Annotated[str, typer.Option(help="ecommerce, saas, local_services or info_products.")] = "ecommerce",
    sync: Annotated[bool, typer.Option(help="Bring its history home now.")] = True,
    as_json: Json = False,
) -> None:
    """Make an account: simulated, or one on Meta."""
    fields = {"currency": currency, "timezone": timezone, "mode": mode, "vertical": vertical}
    await_(_create(simulated, name=name, external_id=external_id, fields=fields, sync=sync, as_json=as_json))


def stop(
    account: AccountName = None,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    pause_all: Annotated[bool, typer.Option("--pause-all", help="Also pause every live ad on the platform.")] = False,
    as_json: Json = False,
) -> None:
    """The kill switch: from now on nothing more is sent for this account."""
    await_(_stop(account, reason=reason, pause_all=pause_all, as_json=as_json))


def start(account: AccountName = None, as_json: Json = False) -> None:
    """Ask to start again after a stop; an admin must approve."""
    await_(_start(account, as_json=as_json))


async def _list(*, as_json: bool) -> None:
    from api.desk import open_desk
    from memory import accounts

    async with open_desk(load_settings()) as desk:
        found = await desk.db.read(accounts.list_accounts)
    if as_json:
        document({"accounts": found})
        return
    items = [(item.id, item.name, item.platform, item.config.currency, _state(item)) for item in found]
    rows("Accounts", columns=("Account", "Name", "Platform", "Currency", "State"), items=items,
         empty="No account yet. Make one: geminivideo account create --simulated")  # fmt: skip


def _state(account: Account) -> str:
    kind = "simulated" if account.simulated else "real"
    return f"{kind}, stopped: {account.stop_reason or 'no reason given'}" if account.stopped else kind


async def _show(named: str | None, *, as_json: bool) -> None:
    from api.desk import choose_account, open_desk

    async with open_desk(load_settings()) as desk:
        account = await choose_account(desk.db, named)
    _tell(account, as_json=as_json)


def _tell(account: Account, *, as_json: bool) -> None:
    if as_json:
        document({"account": account, "config_version": account.config.version})
        return
    out().print(f"{account.id}  {account.name}  ({_state(account)})", markup=False)
    flat = list(_flat(account.config.model_dump(mode="json")))
    rows("Configuration", columns=("Field", "Value"), items=flat, empty="")


def _flat(value: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, item in value.items():
        found += _flat(item, f"{prefix}{name}.") if isinstance(item, dict) else [(prefix + name, str(item))]
    return found


async def _set(changes: list[str], *, named: str | None, as_json: bool) -> None:
    from api.configuration import edited, set_config
    from api.desk import choose_account, open_desk
    from geminivideo.principals import local_person

    async with open_desk(load_settings()) as desk:
        account = await choose_account(desk.db, named)
        config = edited(account.config, changes)
        now = desk.wall.now()
        _tell(await set_config(desk.db, account.id, config=config, person=local_person(), now=now), as_json=as_json)


async def _create(
    simulated: bool, *, name: str, external_id: str, fields: dict[str, str], sync: bool, as_json: bool
) -> None:
    from api.local_sandbox import open_house, with_sandbox
    from api.new_accounts import make_real, make_simulated

    async with with_sandbox(load_settings(), needed=simulated) as settings:
        now = _wall_now()
        if simulated:
            account = await make_simulated(settings, name=name, now=now)
        else:
            account = make_real(settings, name=name, external_id=external_id, fields=fields, now=now)
        await _store(settings, account)
        if sync:
            from api.commands.running import first_sync

            async with open_house(settings, simulated=False) as engine:
                await first_sync(engine, account)
    if not as_json:
        err().print(f"Made {account.id}. Next: geminivideo run examples/briefs/northbrew.yaml", markup=False)
    _tell(account, as_json=as_json)


async def _store(settings: Settings, account: Account) -> None:
    from api.desk import open_desk
    from api.new_accounts import insert

    async with open_desk(settings) as desk:
        await insert(desk.db, account)


def _wall_now() -> Any:
    from geminivideo.clock import WallClock

    return WallClock().now()


async def _stop(named: str | None, *, reason: str, pause_all: bool, as_json: bool) -> None:
    from api.desk import choose_account, open_desk
    from api.local_sandbox import with_sandbox
    from geminivideo.principals import local_person

    settings = load_settings()
    async with open_desk(settings) as desk:  # the switch first, and nothing that could keep it from being pulled
        account = await choose_account(desk.db, named)
        report = await desk.treasury.stop(account.id, principal=local_person(), reason=reason)
    if pause_all:
        async with with_sandbox(settings, needed=account.simulated) as complete, open_desk(complete) as desk:
            report = await desk.treasury.stop(account.id, principal=local_person(), reason=reason, pause_all=True)
    if as_json:
        document({"stop": report})
        return
    out().print(f"{account.name} is stopped: nothing more is sent.", markup=False)
    if report.pauses is not None:
        out().print(f"{len(report.pauses.applied)} of {len(report.pauses.changes)} live ads are paused.")
    out().print(f"To start again: geminivideo start --account {account.id}", markup=False)


async def _start(named: str | None, *, as_json: bool) -> None:
    from api.desk import choose_account, open_desk
    from api.local_sandbox import with_sandbox
    from api.terminal import approval_panel
    from geminivideo.errors import Conflict
    from geminivideo.principals import local_person

    settings = load_settings()
    async with open_desk(settings) as desk:
        account = await choose_account(desk.db, named)
    if not account.stopped:
        raise Conflict(f"{account.name} is not stopped", where=account.id, fix="Nothing has to be started.")
    async with with_sandbox(settings, needed=account.simulated) as complete, open_desk(complete) as desk:
        view = await desk.treasury.request_start(account.id, principal=local_person())
    if as_json:
        document({"approval": view})
        return
    out().print(approval_panel(view))
    out().print(f"Decide with: geminivideo approvals approve {view.id}", markup=False)
