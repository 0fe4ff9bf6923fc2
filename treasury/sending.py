"""Carrying one leased change to the platform: intent first, then the call, then what came of it.

A create is a chain of steps, each written down before and after; whatever was begun and not seen to end is looked up
by its name before it is made again. Everything is made paused; the ad set goes live last, after a read-back.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection

from geminivideo.errors import (
    ApprovalExpired,
    Drifted,
    GeminiVideoError,
    InvalidInput,
    NotFound,
    PlatformAuth,
    PlatformError,
    PlatformInvalid,
    PlatformPermission,
    PlatformThrottled,
    PlatformTransient,
    Refused,
)
from geminivideo.spend import ChangeState, PublishSpec, SpendChange, SpendState
from geminivideo.vocabulary import Format
from memory import ledger, runs
from memory.accounts import get_account
from memory.ledger import ChangeRecord, SetRecord
from treasury import rollback, states
from treasury.context import Context
from treasury.leases import describe, is_stopped, release, stopped_problem
from treasury.ports import AdReader, AdWriter, Part
from treasury.reports import Problem, made

T = TypeVar("T")
_TRIES = 4
_LONGEST_WAIT = 15.0
"""Seconds. A platform that asks for more is left alone: the change goes back to approved."""


class _LostError(Exception):
    """Somebody else holds the change now; nothing more may be done with it."""


class _HaltedError(Exception):
    """The kill switch, or an expired lease, stopped the change between two steps."""


@dataclass
class Carrier:
    """Carries one change. `row` is its ledger row as last written by us."""

    context: Context
    writer: AdWriter
    reader: AdReader
    record: SetRecord
    row: ChangeRecord
    problem: Problem | None = None

    @property
    def change(self) -> SpendChange:
        """What was approved, from the digested bytes."""
        return next(change for change in self.record.change_set.changes if change.id == self.row.id)

    async def verify(self) -> ChangeRecord:
        """Read an applied change back."""
        with contextlib.suppress(_LostError):
            await self._verify()
        return self.row

    async def carry(self) -> ChangeRecord:
        """Do it; the row as it then is: verified, applied, refused, unknown, or approved again (nothing happened)."""
        try:
            await (self._publish() if self.change.kind == "create" else self._set())
            await self._verify()
        except (_LostError, _HaltedError):
            pass
        except (PlatformAuth, PlatformThrottled, PlatformTransient) as error:
            await self._give_back(error)
        except (PlatformInvalid, PlatformPermission, Refused, NotFound, InvalidInput) as error:
            await self._end("refused", error)
        except PlatformError as error:  # OutcomeUnknown, or an answer that nobody has a name for
            await self._end("unknown", error)
        return self.row

    async def _set(self) -> None:
        """A budget or a status, set absolutely."""
        change, ad_set = self.change, self.change.external_id or ""
        await self._begin(change.kind)
        if change.kind == "budget":
            await self._call(lambda: self.writer.set_budget(ad_set, mark=change.id, budget=change.after.daily_budget))
        else:
            await self._call(lambda: self.writer.set_status(ad_set, mark=change.id, status=change.after.status))
        await self._applied(change.kind)

    async def _publish(self) -> None:
        change, spec = self.change, self.change.publish
        if spec is None:
            raise InvalidInput("A create does not say what it publishes", where=change.id)
        writer, mark, name = self.writer, change.id, change.ad_name
        campaign = spec.campaign_external_id or await self._campaign(spec)
        videos: dict[Format, str] = {shape: await self._video(shape, asset) for shape, asset in spec.videos}
        creative = await self._make(
            "creative",
            part="creative",
            mark=mark,
            make=lambda: writer.create_creative(mark=mark, name=name, videos=videos, spec=spec),
        )
        budget = change.after.daily_budget
        ad_set = await self._make(
            "ad_set",
            part="ad_set",
            mark=mark,
            make=lambda: writer.create_ad_set(
                mark=mark, name=name, campaign_id=campaign, daily_budget=budget, spec=spec
            ),
        )
        ad = await self._make(
            "ad",
            part="ad",
            mark=mark,
            make=lambda: writer.create_ad(mark=mark, name=name, ad_set_id=ad_set, creative_id=creative),
        )
        await self._go_live(ad_set, ad)

    async def _campaign(self, spec: PublishSpec) -> str:
        """The run's campaign, made by whichever of its creates comes first. It holds no budget of its own."""
        mark = self.record.change_set.run_id or self.change.id
        campaign = await self._make(
            "campaign",
            part="campaign",
            mark=mark,
            make=lambda: self.writer.create_campaign(mark=mark, name=spec.campaign_name),
            shared=True,
        )
        await self._status("campaign_active", campaign)
        return campaign

    async def _video(self, shape: Format, asset: str) -> str:
        mark = f"{self.change.id} {shape}"
        path = self.context.assets.path(asset)
        return await self._make(
            f"video:{shape}",
            part="video",
            mark=mark,
            make=lambda: self.writer.upload_video(mark=mark, name=self.change.ad_name, path=path),
        )

    async def _go_live(self, ad_set: str, ad: str) -> None:
        change = self.change
        await self._status("ad_active", ad)
        shown = await self._read(ad_set)
        if shown is None or shown.status != "PAUSED" or shown.daily_budget != change.after.daily_budget:
            made_with = f"made with {describe(shown)} instead of {change.after.daily_budget}"
            raise Drifted(
                f"{change.ad_name!r} was {made_with}; left as it is",
                where=ad_set,
                fix="Look at it on the platform and propose again.",
            )
        if change.after.status == "ACTIVE":
            await self._begin("activate")
            await self._call(lambda: self.writer.set_status(ad_set, mark=change.id, status="ACTIVE"))
            await self._applied("activate")
        else:
            await self._applied("ad_active")

    async def _make(
        self, step: str, *, part: Part, mark: str, make: Callable[[], Awaitable[str]], shared: bool = False
    ) -> str:
        known = made(self.row, step)
        if known:
            return known
        begun = step in self.row.steps
        await self._begin(step)
        found = await self.reader.find(part, mark=mark) if begun or shared else None
        external_id = found if found is not None else await self._call(make)
        await self._record(step, {"id": external_id}, ad_set=external_id if part == "ad_set" else None)
        return external_id

    async def _status(self, step: str, entity_id: str) -> None:
        if (self.row.steps.get(step) or {}).get("done"):
            return
        await self._begin(step)
        await self._call(lambda: self.writer.set_status(entity_id, mark=self.change.id, status="ACTIVE"))
        await self._record(step, {"done": True})

    async def _begin(self, step: str) -> None:
        """Write the intent down before the call, if the kill switch, the expiry and the lease still let us."""
        now, until = self.context.now(), self.context.lease_end()

        def fn(conn: Connection) -> ChangeRecord | None:
            return self._intend(conn, step, now=now, until=until)

        noted = await self.context.db.write(fn)
        if noted is None:
            raise _LostError
        self.row = noted
        self.context.boundary(f"ledger.{noted.state}")
        if noted.state != "sent":
            raise _HaltedError

    def _intend(self, conn: Connection, step: str, *, now: datetime, until: datetime) -> ChangeRecord | None:
        account = get_account(conn, self.row.account_id, for_update=True)
        who, row = self.context.owner, self.row
        if is_stopped(account, self.record):
            self.problem = stopped_problem(account)
            return self._stop(conn, row, self.problem, now=now)
        if now >= self.record.change_set.expires_at:
            late = ApprovalExpired("The approval ran out before this step", where=self.record.change_set.id)
            self.problem = Problem.of(late)
            return self._stop(conn, row, self.problem, now=now)
        too_old = row.state == "leased" and row.lease_until is not None and row.lease_until <= now
        if too_old or (step == "campaign" and row.state == "leased" and _campaign_in_the_air(conn, row)):
            return release(conn, row, who=who, at=now)  # read and ask again
        steps = {**row.steps, step: {"begun": now.isoformat()}}
        values = {"steps": steps, "sent_at": now, "lease_until": until}
        if row.state == "leased":
            moved = states.move(conn, row, target="sent", who=who, at=now, values=values)
            if moved:
                self._announce(conn, now=now)
            return moved
        return ledger.note_step(conn, row, step=step, who=who, at=now, values=values)

    def _stop(self, conn: Connection, row: ChangeRecord, problem: Problem, *, now: datetime) -> ChangeRecord | None:
        values = {"error": problem.as_json(), "settled_at": now, "lease_until": None}
        return states.move(conn, row, target="refused", who=self.context.owner, at=now, values=values)

    async def _record(self, step: str, value: dict[str, Any], *, ad_set: str | None = None) -> None:
        now = self.context.now()
        values: dict[str, Any] = {"steps": {**self.row.steps, step: value}}
        if ad_set:
            values["external_id"] = ad_set
        row = self.row

        def fn(conn: Connection) -> ChangeRecord | None:
            return ledger.note_step(conn, row, step=step, who=self.context.owner, at=now, values=values)

        noted = await self.context.db.write(fn)
        if noted is None:
            raise _LostError
        self.row = noted
        self.context.boundary("ledger.step")

    async def _applied(self, step: str) -> None:
        await self._move("applied", {"steps": {**self.row.steps, step: {"done": True}}, "error": None})

    async def _verify(self) -> None:
        """Read back what is there now. A difference is kept with the row, which then stays `applied`."""
        try:
            shown = await self._read(self.row.external_id or "")
        except PlatformError as error:
            self.problem = Problem.of(error)  # the reconciler reads it back later
            return
        seen = shown.model_dump(mode="json") if shown else None
        if shown == self.change.after:
            await self._move("verified", {"read_back": seen})
            return
        self.problem = Problem(code="drifted", what=f"The platform now shows {describe(shown)}", where=self.row.id)
        row, values = self.row, {"read_back": seen, "error": self.problem.as_json()}
        now = self.context.now()
        noted = await self.context.db.write(
            lambda conn: ledger.note_step(conn, row, step="read_back", who=self.context.owner, at=now, values=values)
        )
        self.row = noted or self.row

    async def _read(self, ad_set: str) -> SpendState | None:
        return await retried(self.context, lambda: self.reader.spend_state(ad_set))

    async def _end(self, target: ChangeState, error: GeminiVideoError) -> None:
        self.problem = Problem.of(error)
        values: dict[str, Any] = {"error": self.problem.as_json(), "lease_until": None}
        if target == "unknown":
            values["sent_at"] = self.context.now()  # a late effect is late from the moment that we gave up
        try:
            await self._move(target, values)
        except _LostError:
            return

    async def _give_back(self, error: GeminiVideoError) -> None:
        """The platform is not taking calls now, and certainly did nothing: approved again, for a later execution."""
        self.problem = Problem.of(error)
        now, who, row = self.context.now(), self.context.owner, self.row

        def fn(conn: Connection) -> ChangeRecord | None:
            held = states.move(conn, row, target="leased", who=who, at=now) if row.state == "sent" else row
            return release(conn, held, who=who, at=now) if held else None

        given = await self.context.db.write(fn)
        self.row = given or self.row
        self.context.boundary("ledger.approved")

    async def _move(self, target: ChangeState, values: dict[str, Any]) -> None:
        now, row, who = self.context.now(), self.row, self.context.owner
        settled = {"settled_at": now} if target not in {"sent", "unknown"} else {}

        def fn(conn: Connection) -> ChangeRecord | None:
            moved = states.move(conn, row, target=target, who=who, at=now, values=settled | values)
            if moved and target == "verified":
                rollback.mark(conn, moved, who=who, at=now)
            return moved

        moved = await self.context.db.write(fn)
        if moved is None:
            raise _LostError
        self.row = moved
        self.context.boundary(f"ledger.{target}")

    def _announce(self, conn: Connection, *, now: datetime) -> None:
        """A line in the run's log when the change leaves the house."""
        run_id, change = self.record.change_set.run_id, self.change
        if not run_id:
            return
        runs.append_event(
            conn,
            run_id,
            kind="change.sent",
            who="treasury",
            text=f"{change.ad_name}: {describe(change.after)} is being sent",
            at=now,
            data={"set_id": self.row.set_id, "change_id": change.id, "ad_id": change.ad_id, "kind": change.kind},
            key=f"{change.id}:sent:{self.row.fence}",
        )

    async def _call(self, send: Callable[[], Awaitable[T]]) -> T:
        """One write: retried only where the platform said that it did nothing, and while the change is ours."""

        async def once() -> T:
            self.context.boundary("platform.send")
            try:
                answer = await self._held(send)
            except PlatformError:
                self.context.boundary("platform.received")
                raise
            self.context.boundary("platform.received")
            return answer

        return await retried(self.context, once, before_retry=self._renew)

    async def _held(self, send: Callable[[], Awaitable[T]]) -> T:
        """Wait for the answer, renewing the lease while it takes long (an upload)."""
        task = asyncio.ensure_future(send())
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=self.context.lease_seconds / 3)
                if not task.done():
                    await self._renew()
            return task.result()
        finally:
            task.cancel()

    async def _renew(self) -> None:
        row, until = self.row, self.context.lease_end()
        if not await self.context.db.write(lambda conn: ledger.extend_lease(conn, row, until=until)):
            raise _LostError


async def retried(
    context: Context, call: Callable[[], Awaitable[T]], *, before_retry: Callable[[], Awaitable[None]] | None = None
) -> T:
    """Call again after PlatformThrottled or PlatformTransient: up to 4 tries, waits bounded."""
    for attempt in range(_TRIES):
        try:
            return await call()
        except (PlatformThrottled, PlatformTransient) as error:
            wait = _wait(error, attempt, now=context.now())
            if attempt == _TRIES - 1 or wait > _LONGEST_WAIT:
                raise
            await context.sleep(wait)
            if before_retry is not None:
                await before_retry()
    raise AssertionError("the loop above returns or raises")


def _campaign_in_the_air(conn: Connection, row: ChangeRecord) -> bool:
    """Whether another create has begun to make a campaign and does not know yet whether it did."""
    creates = [
        other
        for other in ledger.list_changes(conn, account_id=row.account_id, states=states.IN_FLIGHT)
        if other.kind == "create" and other.id != row.id
    ]
    return any("campaign" in other.steps and made(other, "campaign") is None for other in creates)


def _wait(error: PlatformThrottled | PlatformTransient, attempt: int, *, now: datetime) -> float:
    told = error.retry_at if isinstance(error, PlatformThrottled) else None
    return max((told - now).total_seconds(), 0.1) if told else float(2**attempt)
