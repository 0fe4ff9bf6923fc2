"""The audit chain finds every kind of tampering, fast, and the anchor lies outside the table."""

from __future__ import annotations

import asyncio
import multiprocessing as mp
import stat
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from geminivideo.accounts import Account, AccountConfig
from geminivideo.errors import InvalidInput, NotFound, StorageError
from memory import accounts, audit
from memory.audit import Anchor, Head
from memory.database import Database
from memory.migrate import migrate
from memory.schema import audit_log

NOW = datetime(2026, 11, 20, 9, 0, 0, 123456, tzinfo=UTC)


def account(name: str) -> Account:
    return Account(
        id=name, name=name, platform="meta", external_id=name, simulated=True, config=AccountConfig(), created_at=NOW
    )


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'records.db'}")
    await migrate(database)
    for name in ("acc_1", "acc_2"):
        await database.write(lambda conn, name=name: accounts.insert_account(conn, account=account(name)))
    yield database
    await database.close()


async def fill(db: Database, rows: int = 12, account_id: str = "acc_1") -> list[Head]:
    def fn(conn: Any) -> list[Head]:
        return [
            audit.append(
                conn,
                account_id=account_id,
                kind="change.sent",
                who="ann — “quoted”",
                body={"n": number, "text": "naïve \u2028 \x01 😀", "list": [1, None, True]},
                at=NOW + timedelta(seconds=number),
            )
            for number in range(rows)
        ]

    return await db.write(fn)


async def verify(db: Database, anchored: Head | None = None, account_id: str = "acc_1") -> audit.AuditReport:
    return await db.read(lambda conn: audit.verify(conn, account_id, anchored=anchored))


async def test_an_untouched_chain_is_intact_and_each_account_has_its_own(db: Database) -> None:
    heads = await fill(db)
    await fill(db, 3, account_id="acc_2")
    report = await verify(db, heads[-1])
    assert (report.intact, report.rows, report.head) == (True, 12, heads[-1])
    assert (await verify(db, account_id="acc_2")).rows == 3
    rows = await db.read(lambda conn: audit.entries(conn, account_id="acc_1", after=10))
    assert [row.body["n"] for row in rows] == [10, 11]


async def test_the_hash_is_over_canonical_json_of_the_whole_row(db: Database) -> None:
    import hashlib

    from geminivideo.canonical import canonical_bytes

    await fill(db, 2)
    row = (await db.read(lambda conn: audit.entries(conn, account_id="acc_1")))[1]
    whole = row.model_dump(exclude={"hash"}) | {"at": row.at.isoformat()}
    assert row.hash == hashlib.sha256(b"geminivideo/audit/1\n" + canonical_bytes(whole)).hexdigest()


TAMPER: dict[str, Callable[[Any], Any]] = {
    "a changed body": lambda seq: update(audit_log).where(audit_log.c.seq == seq).values(body='{"n":99}'),
    "a space in a body": lambda seq: update(audit_log).where(audit_log.c.seq == seq).values(body='{"n": 4}'),
    "another person": lambda seq: update(audit_log).where(audit_log.c.seq == seq).values(who="bob"),
    "another kind": lambda seq: update(audit_log).where(audit_log.c.seq == seq).values(kind="change.applied"),
    "another time": lambda seq: update(audit_log).where(audit_log.c.seq == seq).values(at=NOW),
    "another hash": lambda seq: update(audit_log).where(audit_log.c.seq == seq).values(hash="0" * 64),
    "a deleted row": lambda seq: delete(audit_log).where(audit_log.c.seq == seq),
    "a cut tail": lambda seq: delete(audit_log).where(audit_log.c.seq >= seq),
    "an emptied table": lambda seq: delete(audit_log),
}


@pytest.mark.parametrize("how", TAMPER)
@pytest.mark.parametrize("seq", [2, 7, 12])
async def test_tampering_is_found(db: Database, how: str, seq: int) -> None:
    heads = await fill(db)
    await db.write(lambda conn: conn.execute(TAMPER[how](seq)))
    report = await verify(db, heads[-1])
    assert not report.intact
    assert report.problem


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seq=st.integers(1, 12), place=st.integers(0, 10_000), flip=st.integers(1, 127))
async def test_any_changed_character_of_any_text_is_found(db: Database, seq: int, place: int, flip: int) -> None:
    await db.write(lambda conn: conn.execute(delete(audit_log)))
    await fill(db)

    def fn(conn: Any) -> bool:
        row = conn.execute(select(audit_log).where(audit_log.c.seq == seq)).mappings().one()
        column = ("body", "who", "kind", "previous", "hash")[place % 5]
        text = row[column]
        index = place % len(text)
        changed = text[:index] + chr((ord(text[index]) ^ flip) or 1) + text[index + 1 :]
        conn.execute(update(audit_log).where(audit_log.c.seq == seq).values({column: changed}))
        return changed != text

    changed = await db.write(fn)
    assert (await verify(db)).intact is not changed


async def test_swapped_rows_are_found(db: Database) -> None:
    await fill(db)

    def fn(conn: Any) -> None:
        for one, two in ((5, 1005), (6, 5), (1005, 6)):
            conn.execute(update(audit_log).where(audit_log.c.seq == one).values(seq=two))

    await db.write(fn)
    assert (await verify(db)).broken_at == 5


async def test_a_chain_forged_anew_contradicts_the_anchor(db: Database, tmp_path: Path) -> None:
    anchor = Anchor(tmp_path / "anchors")
    anchor.advance("acc_1", head=(await fill(db))[-1])
    await db.write(lambda conn: conn.execute(delete(audit_log)))
    await db.write(
        lambda conn: [
            audit.append(conn, account_id="acc_1", kind="forged", who="eve", body={"n": n}, at=NOW) for n in range(15)
        ]
    )
    assert (await verify(db)).intact
    report = await verify(db, anchor.read("acc_1"))
    assert (report.intact, report.problem) == (False, "the anchored head differs")


async def test_a_float_or_an_unknown_account_is_refused(db: Database) -> None:
    with pytest.raises(InvalidInput):
        await db.write(lambda conn: audit.append(conn, account_id="acc_1", kind="x", who="y", body={"n": 0.5}, at=NOW))
    with pytest.raises(NotFound):
        await db.write(lambda conn: audit.append(conn, account_id="acc_0", kind="x", who="y", body={}, at=NOW))


async def test_a_hundred_thousand_rows_are_verified_in_about_a_second(db: Database) -> None:
    def fn(conn: Any) -> None:
        last, rows = Head(), []
        for seq in range(1, 100_001):
            body = f'{{"change_id":"chg_{seq:026d}","fence":3,"from":"leased","to":"sent"}}'
            link = audit._link(
                account_id="acc_1", seq=seq, at=NOW, kind="change.sent", who="ann", body=body, previous=last.hash
            )
            rows.append(
                {
                    "account_id": "acc_1",
                    "seq": seq,
                    "at": NOW,
                    "kind": "change.sent",
                    "who": "ann",
                    "body": body,
                    "previous": last.hash,
                    "hash": link,
                }
            )
            last = Head(seq=seq, hash=link)
        conn.execute(insert(audit_log), rows)

    await db.write(fn)
    started = time.process_time()
    report = await verify(db)
    seconds = time.process_time() - started
    assert report.intact
    assert report.rows == 100_000
    assert seconds < 4, f"{seconds:.2f} s: far above the aim of one second on a quiet core"


def test_the_anchor_is_private_never_moves_back_and_survives_many_writers(tmp_path: Path) -> None:
    anchor = Anchor(tmp_path / "anchors")
    assert anchor.read("acc_1") == Head()
    context = mp.get_context("fork")
    writers = [context.Process(target=_advance, args=(tmp_path / "anchors", start)) for start in (0, 1)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert anchor.read("acc_1").seq == 59
    anchor.advance("acc_1", head=Head(seq=5, hash="5" * 64))
    assert anchor.read("acc_1").seq == 59
    files = [path for path in (tmp_path / "anchors").iterdir() if path.is_file()]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)
    assert stat.S_IMODE((tmp_path / "anchors").stat().st_mode) == 0o700


def _advance(folder: Path, start: int) -> None:
    for seq in range(start, 60, 2):
        Anchor(folder).advance("acc_1", head=Head(seq=seq, hash=f"{seq:064d}"))


def test_a_spoilt_anchor_is_an_error_not_a_pass(tmp_path: Path) -> None:
    anchor = Anchor(tmp_path)
    anchor.advance("acc_1", head=Head(seq=3, hash="3" * 64))
    next(tmp_path.glob("*.json")).write_text("{}x")
    with pytest.raises(StorageError):
        anchor.read("acc_1")


async def test_rows_that_are_appended_at_once_make_one_chain(db: Database) -> None:
    await asyncio.gather(*[fill(db, 5) for _ in range(8)])
    assert (await verify(db)).rows == 40
