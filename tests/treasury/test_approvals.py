"""An approval is bound to bytes, to a person and to a time; everything else is a no."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from geminivideo.errors import ApprovalExpired, Conflict, InvalidInput, NotFound, NotPermitted, Refused
from geminivideo.principals import STAND_IN, Principal
from memory import accounts, runs
from memory.schema import change_sets
from tests.treasury.house import ANN, House, account, create, usd
from treasury.approvals import budgets_edited

VIEWER = Principal(name="vic", role="operator")


async def decide(house: House, change_set: Any, **more: Any) -> Any:
    body: dict[str, Any] = {
        "account_id": house.account.id,
        "principal": ANN,
        "verdict": "approve",
        "digest": change_set.digest,
    }
    return await house.treasury.decide(change_set.id, **(body | more))


@pytest.fixture
async def waiting(house: House) -> Any:
    house.platform.seed("s1", 10_000)
    return await house.propose(house.budget("s1", 11_000))


async def test_nothing_happens_without_an_approval(house: House, waiting: Any) -> None:
    with pytest.raises(Refused):
        await house.execute(waiting)
    assert house.platform.attempts == 0


async def test_a_decision_on_other_bytes_than_the_sets_is_refused(house: House, waiting: Any) -> None:
    with pytest.raises(Conflict, match="not what would be done"):
        await decide(house, waiting, digest="f" * 64)


async def test_the_first_verdict_wins_and_the_second_is_told_so(house: House, waiting: Any) -> None:
    await decide(house, waiting, verdict="reject", reason="Too much.")
    with pytest.raises(Conflict, match="declined already"):
        await decide(house, waiting)
    report = await house.execute(waiting)
    assert report.state == "declined"
    assert house.platform.attempts == 0


async def test_an_operator_may_not_decide(house: House, waiting: Any) -> None:
    with pytest.raises(NotPermitted):
        await decide(house, waiting, principal=VIEWER)


async def test_an_approval_that_comes_too_late_is_a_no(house: House, waiting: Any) -> None:
    house.clock.at += timedelta(hours=24)
    with pytest.raises(ApprovalExpired):
        await decide(house, waiting)
    shown = await house.treasury.show(waiting.id, account_id=house.account.id)
    assert shown.state == "expired"
    with pytest.raises(ApprovalExpired):
        await decide(house, waiting)


async def test_an_approved_set_that_is_carried_out_too_late_is_a_no(house: House, waiting: Any) -> None:
    await decide(house, waiting)
    house.clock.at += timedelta(hours=24)
    report = await house.execute(waiting)
    assert (report.state, report.problem.code) == ("expired", "approval_expired")
    assert house.platform.attempts == 0


async def test_an_edit_is_a_new_set_that_waits_for_its_own_approval(house: House) -> None:
    old = await house.propose(create(5_000), create(6_000, name="Other"))
    first, second = old.changes
    edited = budgets_edited(old, budgets={first.id: usd(3_000)}, drop=[second.id])
    shown = await decide(house, old, verdict="edit", edited=edited)
    assert (shown.supersedes, shown.state, len(shown.rows)) == (old.id, "proposed", 1)
    assert shown.digest != old.digest
    assert (await house.execute(old)).state == "declined"
    new = await house.treasury.change_set(shown.id, account_id=house.account.id)
    await house.approve(new)
    report = await house.execute(new)
    assert report.changes[0].read_back["daily_budget"]["minor"] == 3_000


async def test_an_edit_cannot_aim_anywhere_new(house: House) -> None:
    old = await house.propose(create(5_000))
    spec = old.changes[0].publish.model_copy(update={"link": "https://elsewhere.example/"})
    for bad in (create(5_000), old.changes[0].model_copy(update={"publish": spec})):
        with pytest.raises(InvalidInput):
            await decide(house, old, verdict="edit", edited=(bad,))


async def test_a_question_leaves_the_set_open(house: House, waiting: Any) -> None:
    shown = await decide(house, waiting, verdict="ask", reason="Why this one?")
    assert (shown.state, shown.decisions[0].reason) == ("proposed", "Why this one?")
    await decide(house, waiting)


async def test_the_stand_in_decides_in_the_sandbox_only(house: House, tmp_path: Any) -> None:
    house.platform.seed("s1", 10_000)
    simulated = await house.propose(house.budget("s1", 11_000))
    await decide(house, simulated, principal=STAND_IN)
    assert (await house.execute(simulated)).state == "done"

    real = account(simulated=False)
    await house.db.write(lambda conn: accounts.insert_account(conn, account=real))
    house.account = real
    change_set = await house.propose(house.budget("s1", 12_000), run_id="")
    with pytest.raises(NotPermitted):
        await decide(house, change_set, principal=STAND_IN)


async def test_the_executor_refuses_a_stand_ins_approval_of_real_spend(house: House) -> None:
    from memory import ledger

    house.platform.seed("s1", 10_000)
    real = account(simulated=False)
    await house.db.write(lambda conn: accounts.insert_account(conn, account=real))
    house.account = real
    change_set = await house.approved(house.budget("s1", 11_000), run_id="")
    # As if somebody had written the stand-in's decision around the front door.
    await house.db.write(
        lambda conn: ledger.add_decision(
            conn,
            account_id=real.id,
            set_id=change_set.id,
            principal=STAND_IN.name,
            stand_in=True,
            digest=change_set.digest,
            verdict="approve",
            reason="",
            at=house.clock.now() + timedelta(seconds=1),
        )
    )
    with pytest.raises(NotPermitted):
        await house.execute(change_set)
    assert house.platform.attempts == 0


async def test_a_set_that_was_altered_in_the_database_is_refused(house: House, waiting: Any) -> None:
    await decide(house, waiting)
    body = waiting.model_dump(mode="json")
    body["changes"][0]["after"]["daily_budget"]["minor"] = 11_999
    await house.db.write(lambda conn: conn.execute(change_sets.update().values(body=body)))
    with pytest.raises(Refused, match="altered"):
        await house.execute(waiting)
    assert house.platform.attempts == 0


async def test_another_accounts_set_answers_like_an_absent_one(house: House, waiting: Any) -> None:
    other = account()
    await house.db.write(lambda conn: accounts.insert_account(conn, account=other))
    told = set()
    for account_id, set_id in ((other.id, waiting.id), (other.id, "ap_absent"), ("acc_absent", waiting.id)):
        for call in (
            house.treasury.show(set_id, account_id=account_id),
            house.treasury.execute(set_id, account_id=account_id),
            house.treasury.decide(
                set_id, account_id=account_id, principal=ANN, verdict="approve", digest=waiting.digest
            ),
        ):
            with pytest.raises(NotFound) as caught:
                await call
            told.add(caught.value.code)
    assert told == {"not_found"}
    assert await house.treasury.ledger(other.id) == ()


async def test_the_same_key_of_a_run_gives_the_same_set(house: House) -> None:
    house.platform.seed("s1", 10_000)
    one, two = house.set_of(house.budget("s1", 11_000)), house.set_of(house.budget("s1", 11_500))
    first = await house.treasury.propose(one, key="optimise", who="t")
    again = await house.treasury.propose(two, key="optimise", who="t")
    assert again.digest == first.digest == one.digest


async def test_a_proposal_may_not_wait_longer_than_the_account_allows(house: House) -> None:
    house.platform.seed("s1", 10_000)
    with pytest.raises(InvalidInput):
        await house.propose(house.budget("s1", 11_000), expires_at=house.clock.now() + timedelta(hours=25))


async def test_a_decision_wakes_the_run(house: House, waiting: Any) -> None:
    await house.db.write(lambda conn: runs.claim(conn, house.run_id, owner="r", now=house.clock.now(), seconds=9))
    await house.db.write(lambda conn: runs.park(conn, house.run_id, fence=1))
    assert (await house.db.read(lambda conn: runs.get_run(conn, house.run_id))).status == "waiting_approval"
    await decide(house, waiting)
    assert (await house.db.read(lambda conn: runs.get_run(conn, house.run_id))).status == "queued"
    events = await house.db.read(lambda conn: runs.events_after(conn, house.run_id))
    assert [event.kind for event in events] == ["approval.decided"]


async def test_a_person_reads_each_change_the_totals_the_worst_case_and_the_deadline(house: House) -> None:
    house.platform.seed("s1", 10_000)
    house.platform.seed("s2", 2_000)
    change_set = await house.propose(house.budget("s1", 12_000), house.pause("s2"), create(5_000))
    view = (await house.treasury.pending(house.account.id))[0]
    assert view.title == "1 new ad, 1 budget change, 1 pause (simulated)"
    assert [row.before for row in view.rows] == ["$100.00 a day", "$20.00 a day", "not there yet"]
    assert [row.after for row in view.rows] == ["$120.00 a day", "paused (budget $20.00 a day)", "$50.00 a day"]
    assert [row.difference for row in view.rows] == ["+$20.00 a day", "-$20.00 a day", "+$50.00 a day"]
    assert (view.total_before, view.total_after) == ("$120.00", "$170.00")
    assert "$297.50" in view.most_to_lose
    assert "2026-11-21 09:00 UTC" in view.if_nothing
    assert "Leads to: https://example.com/" in view.rows[2].details
    assert view.digest == change_set.digest
