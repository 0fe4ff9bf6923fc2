"""The append-only audit log: one hash chain per account, and an anchor of its head outside the table.

Each row's hash covers its canonical JSON (RFC 8785), the previous row's hash included. A changed bit, a deleted
row or a swapped pair breaks the chain; a cut tail, or a chain forged anew, contradicts the anchored head.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from json.encoder import encode_basestring as _quoted
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from geminivideo.canonical import canonical_bytes
from geminivideo.errors import NotFound, StorageError
from geminivideo.model import Noun
from memory.schema import accounts, audit_log

GENESIS = "0" * 64
_PREFIX = b"geminivideo/audit/1\n"


class AuditEntry(Noun):
    """One row of the chain."""

    account_id: str
    seq: int
    at: datetime
    kind: str
    who: str
    body: dict[str, Any]
    previous: str
    hash: str


class Head(Noun):
    """The newest row's number and hash; number 0 before the first."""

    seq: int = 0
    hash: str = GENESIS


class AuditReport(Noun):
    """What a verification found. `broken_at` is the first row number that does not fit."""

    account_id: str
    rows: int
    intact: bool
    head: Head
    broken_at: int | None = None
    problem: str = ""


def lock(conn: Connection, account_id: str) -> None:
    """Hold the account until the transaction ends: one writer per chain (and one taker of caps). NotFound."""
    query = select(accounts.c.id).where(accounts.c.id == account_id).with_for_update()
    if conn.execute(query).first() is None:
        raise NotFound("There is no such account", where=account_id[:60], fix="See `geminivideo account list`.")


def append(conn: Connection, *, account_id: str, kind: str, who: str, body: Mapping[str, Any], at: datetime) -> Head:
    """Add one row in the caller's transaction; the new head. `body` is JSON-plain, without floats."""
    lock(conn, account_id)
    last = head(conn, account_id)
    text = canonical_bytes(dict(body)).decode()
    seq = last.seq + 1
    link = _link(account_id=account_id, seq=seq, at=at, kind=kind, who=who, body=text, previous=last.hash)
    values = {"account_id": account_id, "seq": seq, "at": at, "kind": kind, "who": who, "body": text}
    conn.execute(insert(audit_log).values(**values, previous=last.hash, hash=link))
    return Head(seq=seq, hash=link)


def head(conn: Connection, account_id: str) -> Head:
    """The newest row's number and hash."""
    query = (
        select(audit_log.c.seq, audit_log.c.hash)
        .where(audit_log.c.account_id == account_id)
        .order_by(audit_log.c.seq.desc())
        .limit(1)
    )
    row = conn.execute(query).first()
    return Head(seq=row.seq, hash=row.hash) if row else Head()


def entries(conn: Connection, *, account_id: str, after: int = 0, limit: int = 500) -> list[AuditEntry]:
    """Rows with a number above `after`, in order."""
    query = (
        select(audit_log)
        .where(audit_log.c.account_id == account_id, audit_log.c.seq > after)
        .order_by(audit_log.c.seq)
        .limit(limit)
    )
    return [
        AuditEntry.model_validate(dict(row) | {"body": json.loads(row["body"])})
        for row in conn.execute(query).mappings()
    ]


def verify(conn: Connection, account_id: str, *, anchored: Head | None = None) -> AuditReport:
    """Walk the whole chain; `anchored` is the head that was kept outside the table."""
    query = select(audit_log).where(audit_log.c.account_id == account_id).order_by(audit_log.c.seq)
    goal = anchored.seq if anchored else 0
    seq, link, problem = 0, GENESIS, ""
    for row in conn.execute(query):
        problem = _misfit(row, seq=seq, previous=link)
        if not problem and row.seq == goal and anchored and row.hash != anchored.hash:
            problem = "the anchored head differs"
        if problem:
            break
        seq, link = row.seq, row.hash
    if not problem and goal > seq:
        problem = "rows before the anchored head are gone"
    return AuditReport(
        account_id=account_id,
        rows=seq,
        intact=not problem,
        head=Head(seq=seq, hash=link),
        broken_at=seq + 1 if problem else None,
        problem=problem,
    )


class Anchor:
    """The newest head of each account's chain, in files (0600) outside the database. Never moves back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, account_id: str) -> Head:
        """The anchored head; an empty head before the first. StorageError if the file is not readable."""
        path = self._path(account_id)
        try:
            return Head.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return Head()
        except (OSError, ValueError) as error:
            raise _anchor_error(path, error) from error

    def advance(self, account_id: str, *, head: Head) -> None:
        """Move to `head` if it is newer. Blocking: call it off the event loop."""
        path = self._path(account_id)
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with _exclusive(path.with_suffix(".lock")):
                if head.seq > self.read(account_id).seq:
                    _replace(path, head.model_dump_json().encode())
        except OSError as error:
            raise _anchor_error(path, error) from error

    def _path(self, account_id: str) -> Path:
        # A hash, so that no account id can name a place outside the folder.
        return self.folder / f"{hashlib.sha256(account_id.encode()).hexdigest()[:32]}.json"


def _link(*, account_id: str, seq: int, at: datetime, kind: str, who: str, body: str, previous: str) -> str:
    """SHA-256 of the row. `body` is canonical JSON already, so it is spliced in as it is: keys are in order."""
    text = (
        f'{{"account_id":{_quoted(account_id)},"at":"{at.astimezone(UTC).isoformat()}","body":{body},'
        f'"kind":{_quoted(kind)},"previous":"{previous}","seq":{seq},"who":{_quoted(who)}}}'
    )
    return hashlib.sha256(_PREFIX + text.encode("utf-8", "surrogatepass")).hexdigest()


def _misfit(row: Row[Any], *, seq: int, previous: str) -> str:
    if row.seq != seq + 1:
        return f"row {seq + 1} is missing"
    if row.previous != previous:
        return f"row {row.seq} does not follow the row before it"
    link = _link(
        account_id=row.account_id,
        seq=row.seq,
        at=row.at,
        kind=row.kind,
        who=row.who,
        body=row.body,
        previous=row.previous,
    )
    return "" if link == row.hash else f"row {row.seq} was altered"


@contextlib.contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _replace(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent)  # made 0600
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _anchor_error(path: Path, error: Exception) -> StorageError:
    return StorageError(
        f"The audit log's anchor cannot be used: {type(error).__name__}",
        where=str(path),
        fix="Check the folder's permissions and free space; the records themselves are unharmed.",
    )
