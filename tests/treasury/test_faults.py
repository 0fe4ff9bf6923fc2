"""Crashes at every boundary, lost answers, refusals, drift and rivals: each change takes effect once or not at all."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.treasury.house import House, create, open_house, usd
from tests.treasury.model_platform import Fault


class Crash(BaseException):
    """`kill -9` as seen from inside."""


def crash_at(number: int) -> Any:
    left = [number]

    def boundary(_name: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Crash

    return boundary


async def test_a_crash_at_any_boundary_and_another_at_once_still_end_in_exactly_one_effect(house: House) -> None:
    house.platform.seed("s1", 10_000)
    crashes, number = 0, 1
    while True:
        house.platform.journal.clear()
        house.platform.seed("s1", 10_000)
        change_set = await house.approved(house.budget("s1", 10_100 + number), create(100))
        crashed = False
        for owner, at in (("two", number), ("three", 1 + number % 7)):
            try:
                await house.executor(owner, boundary=crash_at(at)).execute(change_set.id, account_id=house.account.id)
            except Crash:
                crashed = True
                crashes += 1
        report = await house.execute(change_set)
        assert report.state == "done", (number, report)
        assert {change.state for change in report.changes} == {"verified"}, (number, report)
        assert len(house.platform.effects("budget")) == 1
        made = house.platform.effects("create")
        assert len(made) == len(set(made)) == 5 + (number == 1), (number, made)
        if not crashed:
            break
        number += 3
        house.clock.at += timedelta(days=1)
    assert number > 35, "there are more boundaries than that"
    assert crashes > 12


@pytest.mark.parametrize("kind", ["lost_before", "lost_after", "late"])
async def test_a_budget_whose_answer_was_lost_is_read_back_and_set_once(house: House, kind: str) -> None:
    house.platform.seed("s1", 10_000)
    change_set = await house.approved(house.budget("s1", 11_000))
    house.platform.faults.append(Fault(kind))
    report = await house.execute(change_set)
    assert report.changes[0].state == "verified"
    assert [row[:3] for row in house.platform.journal] == [("budget", "s1", "11000")]
    assert "ledger.unknown" in house.boundaries


@pytest.mark.parametrize("kind", ["lost_before", "lost_after", "late"])
@pytest.mark.parametrize("part", ["campaign", "video", "creative", "ad_set", "ad", "status"])
async def test_a_create_whose_answer_was_lost_is_found_by_its_name(house: House, part: str, kind: str) -> None:
    change_set = await house.approved(create(5_000), create(4_000, name="Other"))
    house.platform.faults.append(Fault(kind, on=part))
    report = await house.execute(change_set)
    assert {change.state for change in report.changes} == {"verified"}
    made = house.platform.effects("create")
    assert len(made) == len(set(made)) == 11


async def test_a_refused_change_does_not_keep_the_others(house: House) -> None:
    for name in ("s1", "s2", "s3"):
        house.platform.seed(name, 10_000)
    change_set = await house.approved(*[house.budget(name, 11_000) for name in ("s1", "s2", "s3")])
    house.platform.faults.append(Fault("invalid"))
    report = await house.execute(change_set)
    assert [change.state for change in report.changes] == ["refused", "verified", "verified"]
    assert (report.state, report.changes[0].problem.code) == ("done", "platform_invalid")


async def test_a_throttled_change_backs_off_and_then_waits_for_a_later_execution(house: House) -> None:
    house.platform.seed("s1", 10_000)
    change_set = await house.approved(house.budget("s1", 11_000))
    house.platform.faults += [Fault("throttled") for _ in range(4)]
    started = house.clock.now()
    report = await house.execute(change_set)
    assert (report.settled, report.problem.code) == (False, "platform_throttled")
    assert house.clock.now() - started > timedelta(seconds=5)
    assert (house.platform.attempts, house.platform.journal) == (4, [])
    assert (await house.execute(change_set)).changes[0].state == "verified"


async def test_an_edit_by_hand_before_the_send_voids_the_whole_set(house: House) -> None:
    house.platform.seed("s1", 10_000)
    house.platform.seed("s2", 10_000)
    change_set = await house.approved(house.budget("s1", 11_000), house.budget("s2", 9_000))
    house.platform.seed("s1", 10_500)
    report = await house.execute(change_set)
    assert report.state == "voided"
    assert {change.state for change in report.changes} == {"voided"}
    assert report.changes[0].read_back["daily_budget"]["minor"] == 10_500
    assert "$105.00 a day" in report.problem.what
    assert house.platform.journal == []


async def test_an_edit_by_hand_during_a_lost_answer_is_not_overwritten(house: House) -> None:
    house.platform.seed("s1", 10_000)
    change_set = await house.approved(house.budget("s1", 11_000))
    house.platform.faults.append(Fault("lost_after"))
    with pytest.raises(Crash):
        await house.executor("two", boundary=_crash_on("ledger.unknown")).execute(
            change_set.id, account_id=house.account.id
        )
    house.platform.seed("s1", 10_700)
    report = await house.execute(change_set)
    assert report.changes[0].state == "voided"
    assert house.platform.ad_sets["s1"].daily_budget == usd(10_700)


async def test_increases_wait_for_the_decreases_that_make_room_for_them(tmp_path: Path) -> None:
    house = await open_house(tmp_path, config={"caps": {"daily_total_max": 20_000}})
    house.platform.seed("s1", 10_000)
    house.platform.seed("s2", 10_000)
    change_set = await house.approved(house.budget("s1", 11_000), house.budget("s2", 9_000))
    highest = []
    house.platform.on_effect = lambda _row, _before, after: highest.append(after)
    report = await house.execute(change_set)
    assert {change.state for change in report.changes} == {"verified"}
    assert max(highest) <= 20_000

    again = await house.approved(house.budget("s1", 11_500), house.budget("s2", 8_500))
    house.platform.faults.append(Fault("invalid"))
    refused = await house.execute(again)
    assert {change.state for change in refused.changes} == {"refused"}
    assert house.platform.live_total() == 20_000
    await house.db.close()


async def test_caps_hold_even_against_an_approved_change_and_let_its_pauses_through(house: House) -> None:
    house.platform.seed("s1", 10_000)
    house.platform.seed("s2", 10_000)
    change_set = await house.approved(house.budget("s1", 12_100), house.pause("s2"))
    report = await house.execute(change_set)
    assert [change.state for change in report.changes] == ["refused", "verified"]
    assert (report.state, report.changes[0].problem.code) == ("done", "cap_exceeded")


async def test_increases_of_one_business_day_compound(house: House) -> None:
    house.platform.seed("s1", 10_000)
    states = []
    for minor in (11_900, 13_900, 15_000):
        report = await house.execute(await house.approved(house.budget("s1", minor)))
        states.append(report.changes[0].state)
    assert states == ["verified", "verified", "refused"]
    house.clock.at += timedelta(days=1)
    report = await house.execute(await house.approved(house.budget("s1", 15_000)))
    assert report.changes[0].state == "verified"


async def test_fifty_executors_race_and_one_effect_comes_of_it(house: House) -> None:
    house.platform.seed("s1", 10_000)
    change_set = await house.approved(house.budget("s1", 11_000), create(5_000))
    racing = [house.executor(f"executor {number}") for number in range(50)]
    reports = await asyncio.gather(
        *[treasury.execute(change_set.id, account_id=house.account.id) for treasury in racing]
    )
    assert len(house.platform.effects("budget")) == 1
    made = house.platform.effects("create")
    assert len(made) == len(set(made)) == 6
    final = await house.execute(change_set)
    assert {change.state for change in final.changes} == {"verified"}
    assert any(report.settled for report in reports)


async def test_two_sets_that_fit_one_by_one_do_not_both_fit(tmp_path: Path) -> None:
    house = await open_house(tmp_path, config={"caps": {"daily_total_max": 20_000}})
    house.platform.seed("s1", 12_000)
    first = await house.approved(create(5_000, campaign="a"))
    second = await house.approved(create(5_000, campaign="b"))
    reports = await asyncio.gather(
        house.executor("one").execute(second.id, account_id=house.account.id),
        house.executor("two").execute(first.id, account_id=house.account.id),
    )
    states = sorted(report.changes[0].state for report in reports)
    assert states == ["refused", "verified"]
    assert house.platform.live_total() == 17_000
    await house.db.close()


async def test_room_is_kept_for_what_is_in_flight_and_for_what_was_approved_before(tmp_path: Path) -> None:
    house = await open_house(tmp_path, config={"caps": {"daily_total_max": 20_000}})
    house.platform.seed("s1", 12_000)
    for crashes in (True, False):
        first = await house.approved(create(5_000, name="First"))
        if crashes:
            with pytest.raises(Crash):
                await house.executor("two", boundary=_crash_on("platform.send")).execute(
                    first.id, account_id=house.account.id
                )
            house.clock.at += timedelta(minutes=1)
        second = await house.approved(create(5_000, name="Second"))
        report = await house.execute(second)
        assert (report.changes[0].state, report.changes[0].problem.code) == ("refused", "cap_exceeded")
        assert (await house.execute(first)).changes[0].state == "verified"
        live = next(name for name in house.platform.ad_sets if name != "s1")
        await house.execute(await house.approved(house.pause(live)))
        del house.platform.ad_sets[live]
    await house.db.close()


async def test_a_live_state_that_a_rival_outran_is_read_again(tmp_path: Path) -> None:
    house = await open_house(tmp_path, config={"caps": {"daily_total_max": 20_000}})
    house.platform.seed("s1", 12_000)
    fast, slow = await house.approved(create(5_000)), await house.approved(create(5_000, campaign="b"))
    original, reads = house.platform.spend_states, []

    async def spend_states() -> Any:
        seen = await original()
        reads.append(seen)
        if len(reads) == 1:  # the rival overtakes between this read and the lease
            await house.executor("two").execute(fast.id, account_id=house.account.id)
        return seen

    house.platform.spend_states = spend_states  # type: ignore[method-assign]
    report = await house.execute(slow)
    assert (report.changes[0].state, report.changes[0].problem.code) == ("refused", "cap_exceeded")
    assert house.platform.live_total() == 17_000
    await house.db.close()


async def test_a_create_that_was_made_with_another_budget_stays_paused(house: House) -> None:
    change_set = await house.approved(create(5_000))
    original = house.platform.create_ad_set

    async def rounding(**more: Any) -> str:
        return await original(**(more | {"daily_budget": usd(6_000)}))

    house.platform.create_ad_set = rounding  # type: ignore[method-assign]
    report = await house.execute(change_set)
    assert (report.changes[0].state, report.changes[0].problem.code) == ("refused", "drifted")
    assert house.platform.live_total() == 0


async def test_the_audit_chain_is_intact_after_all_of_it(house: House) -> None:
    house.platform.seed("s1", 10_000)
    await house.execute(await house.approved(house.budget("s1", 11_000)))
    report = await house.treasury.audit_verify(house.account.id)
    assert report.intact
    assert report.rows > 8
    assert house.anchor.read(house.account.id) == report.head


def _crash_on(name: str) -> Any:
    def boundary(reached: str) -> None:
        if reached == name:
            raise Crash

    return boundary
