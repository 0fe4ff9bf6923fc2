"""The kill switch, starting again, and bringing ledger and platform together."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from geminivideo.clock import FixedClock
from geminivideo.errors import AccountStopped, Conflict, NotPermitted
from geminivideo.principals import Principal
from memory import accounts
from tests.treasury.house import ADMIN, ANN, House, create
from tests.treasury.model_platform import Fault


class Crash(BaseException):
    pass


def crash_on(name: str, *, skip: int = 0) -> Any:
    left = [skip]

    def boundary(reached: str) -> None:
        if reached == name:
            left[0] -= 1
            if left[0] < 0:
                raise Crash

    return boundary


async def stopped(house: House) -> bool:
    return (await house.db.read(lambda conn: accounts.get_account(conn, house.account.id))).stopped


async def test_the_switch_voids_what_was_approved_and_nothing_is_sent_any_more(house: House) -> None:
    house.platform.seed("s1", 10_000)
    house.platform.seed("s2", 10_000)
    approved = await house.approved(house.budget("s1", 11_000))
    waiting = await house.propose(house.budget("s2", 11_000))
    await house.treasury.stop(house.account.id, principal=ANN, reason="Something is wrong.")
    report = await house.execute(approved)
    assert (report.state, report.changes[0].problem.code) == ("voided", "account_stopped")
    with pytest.raises(AccountStopped):
        await house.approve(waiting)
    assert house.platform.attempts == 0


async def test_the_switch_stops_a_create_between_two_steps_and_nothing_goes_live(house: House) -> None:
    change_set = await house.approved(create(5_000), create(4_000, name="Other"))
    pulled = []

    async def pull() -> None:
        await house.treasury.stop(house.account.id, principal=ANN)

    original = house.platform.create_ad_set

    async def create_ad_set(**more: Any) -> str:
        if not pulled:
            pulled.append(await pull())
        return await original(**more)

    house.platform.create_ad_set = create_ad_set  # type: ignore[method-assign]
    report = await house.execute(change_set)
    assert [change.state for change in report.changes] == ["refused", "voided"]
    assert report.problem.code == "account_stopped"
    assert house.platform.live_total() == 0
    assert len(house.platform.effects("create")) == 5


async def test_pulling_it_can_pause_everything_that_is_live(house: House) -> None:
    for name in ("s1", "s2"):
        house.platform.seed(name, 10_000)
    house.platform.seed("s3", 10_000, "PAUSED")
    done = await house.treasury.stop(house.account.id, principal=ANN, reason="Wrong link", pause_all=True)
    assert done.pauses is not None
    assert {change.state for change in done.pauses.changes} == {"verified"}
    assert house.platform.live_total() == 0
    view = await house.treasury.show(done.pauses.set_id, account_id=house.account.id)
    assert (view.purpose, view.decisions[0].principal) == ("stop", "ann")


async def test_an_emergency_pause_that_crashed_is_carried_on_by_the_reconciler(house: House) -> None:
    for name in ("s1", "s2", "s3"):
        house.platform.seed(name, 10_000)
    crashing = house.executor("two", boundary=crash_on("platform.received", skip=1))
    with pytest.raises(Crash):
        await crashing.stop(house.account.id, principal=ANN, pause_all=True)
    assert house.platform.live_total() == 10_000
    house.clock.at += timedelta(minutes=1)
    report = await house.treasury.reconcile(house.account.id)
    assert house.platform.live_total() == 0
    assert len(report.executed) == 1
    assert len(house.platform.effects("status")) == 3


async def test_starting_again_needs_an_admin_and_resumes_what_the_stop_paused(house: House) -> None:
    for name in ("s1", "s2"):
        house.platform.seed(name, 10_000)
    await house.treasury.stop(house.account.id, principal=ANN, pause_all=True)
    house.platform.seed("s2", 12_345, "PAUSED")  # somebody edited this one meanwhile: it is left alone
    view = await house.treasury.request_start(house.account.id, principal=ANN)
    assert [row.change_id for row in view.rows] and len(view.rows) == 1
    assert "stays stopped" in view.if_nothing
    where: Any = {"account_id": house.account.id, "verdict": "approve", "digest": view.digest}
    with pytest.raises(NotPermitted):
        await house.treasury.decide(view.id, principal=ANN, **where)
    assert await stopped(house)
    await house.treasury.decide(view.id, principal=ADMIN, **where)
    assert not await stopped(house)
    report = await house.treasury.execute(view.id, account_id=house.account.id)
    assert [change.state for change in report.changes] == ["verified"]
    assert house.platform.live_total() == 10_000
    with pytest.raises(Conflict):
        await house.treasury.request_start(house.account.id, principal=ANN)


async def test_a_start_without_anything_to_resume_releases_the_switch_only(house: House) -> None:
    await house.treasury.stop(house.account.id, principal=ANN)
    view = await house.treasury.request_start(house.account.id, principal=ANN)
    assert view.rows == ()
    where: Any = {"account_id": house.account.id, "verdict": "approve", "digest": view.digest}
    await house.treasury.decide(view.id, principal=ADMIN, **where)
    assert not await stopped(house)
    assert (await house.treasury.execute(view.id, account_id=house.account.id)).state == "done"


async def test_an_operator_may_not_pull_the_switch(house: House) -> None:
    with pytest.raises(NotPermitted):
        await house.treasury.stop(house.account.id, principal=Principal(name="vic", role="operator"))
    assert not await stopped(house)


async def test_a_change_that_died_while_stopped_never_goes_out_after_a_start(house: House) -> None:
    house.platform.seed("s1", 10_000)
    change_set = await house.approved(house.budget("s1", 11_000))
    with pytest.raises(Crash):
        await house.executor("two", boundary=crash_on("platform.send")).execute(
            change_set.id, account_id=house.account.id
        )
    await house.treasury.stop(house.account.id, principal=ANN)
    view = await house.treasury.request_start(house.account.id, principal=ANN)
    where: Any = {"account_id": house.account.id, "verdict": "approve", "digest": view.digest}
    await house.treasury.decide(view.id, principal=ADMIN, **where)
    house.clock.at += timedelta(minutes=1)
    await house.treasury.reconcile(house.account.id)
    report = await house.execute(change_set)
    assert report.changes[0].state == "voided"
    assert house.platform.journal == []


@pytest.mark.parametrize("kind", ["lost_before", "lost_after"])
async def test_reconciling_reads_back_what_a_dead_process_left_and_sends_nothing(house: House, kind: str) -> None:
    house.platform.seed("s1", 10_000)
    change_set = await house.approved(house.budget("s1", 11_000), create(5_000))
    house.platform.faults.append(Fault(kind))
    with pytest.raises(Crash):
        await house.executor("two", boundary=crash_on("platform.received")).execute(
            change_set.id, account_id=house.account.id
        )
    house.clock.at += timedelta(minutes=1)
    attempts = house.platform.attempts
    report = await house.treasury.reconcile(house.account.id)
    assert house.platform.attempts == attempts
    assert (len(report.unknown), len(report.settled) > 0) == (0, True)
    states = {row.kind: row.state for row in await house.treasury.ledger(house.account.id)}
    assert states["create"] == "approved"
    assert states["budget"] == {"lost_before": "approved", "lost_after": "verified"}.get(kind)


async def test_a_real_account_waits_a_minute_before_an_absence_is_believed(house: House) -> None:
    from tests.treasury.house import account

    real = account(simulated=False)
    await house.db.write(lambda conn: accounts.insert_account(conn, account=real))
    house.account = real
    house.platform.seed("s1", 10_000)
    change_set = await house.approved(house.budget("s1", 11_000), run_id="")
    house.platform.faults.append(Fault("lost_before"))
    report = await house.execute(change_set)
    assert (report.changes[0].state, report.problem.code) == ("unknown", "outcome_unknown")
    assert (await house.treasury.reconcile(real.id)).unknown == (report.changes[0].id,)
    house.clock.at += timedelta(seconds=61)
    await house.treasury.reconcile(real.id)
    assert [row[:3] for row in house.platform.journal] == [("budget", "s1", "11000")]


async def test_what_nobody_answers_expires_and_its_run_is_told(house: House) -> None:
    house.platform.seed("s1", 10_000)
    change_set = await house.propose(house.budget("s1", 11_000))
    assert await house.treasury.expire(house.account.id) == ()
    house.clock.at += timedelta(hours=25)
    assert await house.treasury.expire(house.account.id) == (change_set.id,)
    assert await house.treasury.pending(house.account.id) == ()


async def test_a_simulated_accounts_day_is_the_sandboxes_day(house: House) -> None:
    house.platform.seed("s1", 10_000)
    day = FixedClock(house.clock.now())
    states = []
    for minor in (11_900, 14_000, 16_000):
        await house.db.write(lambda conn: accounts.set_simulated_now(conn, house.account.id, now=day.now()))
        report = await house.execute(await house.approved(house.budget("s1", minor)))
        states.append(report.changes[0].state)
        day.at += timedelta(days=1)
    assert states == ["verified"] * 3


async def test_the_lease_asks_for_the_switch_itself(house: House) -> None:
    house.platform.seed("s1", 10_000)
    change_set = await house.approved(house.budget("s1", 11_000))
    await house.db.write(lambda conn: accounts.set_stopped(conn, house.account.id, stopped=True, reason="By hand"))
    report = await house.execute(change_set)
    assert (report.changes[0].state, report.problem.code) == ("approved", "account_stopped")
    assert house.platform.attempts == 0
