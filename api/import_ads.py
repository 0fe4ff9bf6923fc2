"""An ads manager's export (CSV) becomes ads with creative DNA and daily results.

A row that cannot be read is named by line, column and reason, and the rest is taken. Importing the same file
again changes nothing: ids come from the platform's ad id or, without one, from the ad's words.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from pathlib import Path

from sqlalchemy import Connection

from api.engine import Engine
from geminivideo.accounts import Account
from geminivideo.ads import Ad, AdDay
from geminivideo.errors import InvalidInput
from geminivideo.model import Noun
from geminivideo.money import EXPONENTS
from graphs.states import ad_states
from memory import accounts, ads
from tools.decisions.creative_dna import dna_of_ad
from tools.insights.learn import Learned, index_winners
from tools.insights.sync import ad_id

MAX_BYTES = 64 * 1024 * 1024
ORIGIN = "import"
"""Campaign id of imported ads: nothing on a platform answers to it."""
_LIMIT = 2**53 - 1
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "name": ("ad name",),
    "external_id": ("ad id",),
    "impressions": ("impressions",),
    "reach": ("reach",),
    "clicks": ("link clicks", "clicks all", "clicks"),
    "spend": ("amount spent",),
    "leads": ("leads", "results"),
    "headline": ("headline", "title"),
    "body": ("body", "primary text", "text"),
    "action": ("call to action",),
    "day": ("day", "date"),
    "first": ("reporting starts",),
    "last": ("reporting ends",),
}
_NEEDED = ("name", "impressions", "clicks", "spend")


class Unreadable(Noun):
    """A row that was left out, and why."""

    line: int
    column: str
    why: str


class Imported(Noun):
    """What an import came to. `known`: rows of ads that are synced from the platform, left as they are."""

    rows: int
    ads: int
    days: int
    known: int
    unreadable: tuple[Unreadable, ...]


@dataclass
class Export:
    """A file as read: ads by id with their days, and the rows that were left out."""

    rows: int = 0
    ads: dict[str, Ad] = field(default_factory=dict)
    days: dict[tuple[str, date], AdDay] = field(default_factory=dict)
    unreadable: list[Unreadable] = field(default_factory=list)


class _Fault(Exception):
    def __init__(self, column: str, why: str) -> None:
        super().__init__(why)
        self.column = column
        self.why = why


def read_export(path: Path, *, account: Account) -> Export:
    """Read the whole file. InvalidInput if it is no such export or in another currency. Blocking."""
    reader = csv.reader(io.StringIO(_text(path), newline=""))
    export = Export()
    try:
        columns = _header(next(reader, []), account=account, where=str(path))
        for cells in reader:
            if any(cell.strip() for cell in cells):
                export.rows += 1
                _take(export, cells, columns=columns, account=account, line=reader.line_num)
    except csv.Error as error:
        raise InvalidInput(f"The file is not CSV: {error}", where=f"{path}:{reader.line_num}") from error
    return export


async def store(engine: Engine, account: Account, export: Export) -> Imported:
    """Keep the ads and days in one transaction; ads that a sync brought are not touched."""
    now = engine.services.wall.now()

    def write(conn: Connection) -> Imported:
        synced = {ad.id for ad in ads.list_ads(conn, account_id=account.id) if ad.campaign_external_id != ORIGIN}
        fresh = [ad for key, ad in export.ads.items() if key not in synced]
        days = [day for day in export.days.values() if day.ad_id not in synced]
        ads.upsert_ads(conn, fresh)
        ads.upsert_days(conn, days, account_id=account.id, synced_at=now)
        known = len(export.days) - len(days)
        return Imported(
            rows=export.rows, ads=len(fresh), days=len(days), known=known, unreadable=tuple(export.unreadable)
        )

    return await engine.services.db.write(write)


async def learn_from(engine: Engine, account: Account) -> Learned:
    """Index what is proven now."""
    services = engine.services
    found, states = await ad_states(services, account.id)
    now = accounts.business_now(account, wall=services.wall.now())
    return await asyncio.to_thread(index_winners, services.index, account, ads=found, states=states, now=now)


# The file


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            raise InvalidInput("There is no such file", where=str(path), fix="Check the path.")
        if path.stat().st_size > MAX_BYTES:
            raise InvalidInput(
                f"The file has {path.stat().st_size / 1e6:,.0f} MB; at most {MAX_BYTES // 1024**2} MB are read",
                where=str(path),
                fix="Export it in parts.",
            )
        raw = path.read_bytes()
        coding = "utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
        return raw.decode(coding)
    except UnicodeDecodeError:
        raise InvalidInput("The file is not text in UTF-8", where=str(path), fix="Save it as CSV UTF-8.") from None
    except ValueError as error:  # a path that no system can have
        raise InvalidInput(f"The path cannot be used: {error}", where=repr(str(path))[:80]) from None


def _header(cells: list[str], *, account: Account, where: str) -> dict[str, int]:
    plain = [re.sub(r"[^a-z ]", "", re.sub(r"\(([A-Za-z]{3})\)", "", cell).lower()).strip() for cell in cells]
    found = {
        name: next(plain.index(title) for title in titles if title in plain)
        for name, titles in _COLUMNS.items()
        if any(title in plain for title in titles)
    }
    absent = [_COLUMNS[name][0] for name in _NEEDED if name not in found]
    if not ("day" in found or "first" in found or "last" in found):
        absent.append("day")
    if absent:
        fix = "Export with the columns Ad name, Day, Impressions, Link clicks and Amount spent."
        raise InvalidInput(f"Columns are missing: {', '.join(absent)}", where=f"{where}:1", fix=fix)
    named = re.search(r"\(([A-Za-z]{3})\)", cells[found["spend"]])
    currency = account.config.currency
    if named and named[1].upper() != currency:
        raise InvalidInput(
            f"The amounts are in {named[1].upper()} and the account in {currency}",
            where=f"{where}:1",
            fix=f"Export the account's own currency, {currency}.",
        )
    return found


def _take(export: Export, cells: list[str], *, columns: Mapping[str, int], account: Account, line: int) -> None:
    try:
        ad, day = _row({name: _cell(cells, place) for name, place in columns.items()}, account=account)
    except _Fault as fault:
        export.unreadable.append(Unreadable(line=line, column=fault.column, why=fault.why))
        return
    known = export.ads.setdefault(ad.id, ad)
    if ad.created_at < known.created_at:
        export.ads[ad.id] = known.model_copy(update={"created_at": ad.created_at})
    key = (day.ad_id, day.day)
    export.days[key] = _sum(export.days[key], day) if key in export.days else day


def _cell(cells: list[str], place: int) -> str:
    return cells[place].strip() if place < len(cells) else ""


def _row(cell: Mapping[str, str], *, account: Account) -> tuple[Ad, AdDay]:
    name = cell["name"]
    if not name:
        raise _Fault("Ad name", "it is empty (a row of totals?)")
    day = _day(cell)
    headline, body = cell.get("headline", ""), cell.get("body", "")
    text = "\n".join(part for part in (headline, body) if part) or name
    words = hashlib.sha256("\n".join((name, text)).encode()).hexdigest()[:32]
    external = cell.get("external_id") or f"{ORIGIN}:{words}"
    ad = Ad(
        id=ad_id(account, external_id=external[:80]),
        account_id=account.id,
        platform=account.platform,
        campaign_external_id=ORIGIN,
        ad_set_external_id=ORIGIN,
        ad_external_id=external[:80],
        name=name[:300],
        status="archived",
        daily_budget_minor=0,
        currency=account.config.currency,
        created_at=datetime.combine(day, time(), tzinfo=UTC),
        copy_text=text[:4_000],
        call_to_action=cell.get("action", "")[:40],
        dna=dna_of_ad(
            text,
            call_to_action=cell.get("action", ""),
            media="video",
            aspect="9:16",
            duration_ms=None,
            thumbnail=None,
        ),
    )
    return ad, _results(cell, ad=ad, day=day)


def _results(cell: Mapping[str, str], *, ad: Ad, day: date) -> AdDay:
    impressions, clicks = _count(cell, "impressions", "Impressions"), _count(cell, "clicks", "Link clicks")
    if clicks > impressions:
        raise _Fault("Link clicks", f"{clicks} clicks of {impressions} impressions")
    spend = _number(cell["spend"], column="Amount spent") * 10 ** EXPONENTS[ad.currency]
    if spend > _LIMIT:
        raise _Fault("Amount spent", f"{cell['spend'][:40]!r} is too large")
    return AdDay(
        ad_id=ad.id,
        day=day,
        impressions=impressions,
        reach=min(_count(cell, "reach", "Reach"), impressions),
        clicks=clicks,
        spend_minor=int(spend.to_integral_value()),
        leads=_count(cell, "leads", "Leads"),
    )


def _day(cell: Mapping[str, str]) -> date:
    """The row's day; of a longer period its last day, so that no total is lost and none is made up."""
    column = next(name for name in ("day", "last", "first") if name in cell)
    title = _COLUMNS[column][0].capitalize()
    text = cell[column] or cell.get("last", "") or cell.get("first", "")
    for form in ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%b %d, %Y", "%d %b %Y"):
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    raise _Fault(title, f"{text[:40]!r} is not a date; write 2026-03-31" if text else "it is empty")


def _count(cell: Mapping[str, str], name: str, column: str) -> int:
    value = _number(cell.get(name, ""), column=column)
    if value != value.to_integral_value() or value > _LIMIT:
        raise _Fault(column, f"{cell[name][:40]!r} is not a whole number")
    return int(value)


def _number(text: str, *, column: str) -> Decimal:
    """A number as people and spreadsheets write it: 1234.5, 1,234.50, 1.234,50, 1 234; empty is nothing."""
    bare = re.sub(r"[\s\u00a0\u202f']|^[^\d.,+-]{1,3}|[^\d.,]{1,3}$", "", text)
    if bare in {"", "-", "–", "—"}:
        if text.strip(" -–—"):
            raise _Fault(column, f"{text[:40]!r} is not a number")
        return Decimal(0)
    if "," in bare and "." in bare:
        thousand = "," if bare.rfind(".") > bare.rfind(",") else "."
        bare = bare.replace(thousand, "")
    elif re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", bare):
        bare = re.sub(r"[.,]", "", bare)
    try:
        value = Decimal(bare.replace(",", "."))
    except InvalidOperation:
        raise _Fault(column, f"{text[:40]!r} is not a number") from None
    if not value.is_finite() or value < 0:
        raise _Fault(column, f"{text[:40]!r} is not an amount of something")
    return value


def _sum(one: AdDay, other: AdDay) -> AdDay:
    """Rows of one ad and day (a breakdown by placement) add up."""
    names: Iterator[str] = iter(("impressions", "reach", "clicks", "spend_minor", "leads"))
    return one.model_copy(update={name: getattr(one, name) + getattr(other, name) for name in names})
