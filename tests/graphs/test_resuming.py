from __future__ import annotations

import asyncio
import json
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import ormsgpack
import pytest
from langgraph.checkpoint.serde import jsonplus
from langgraph.types import Command

from geminivideo.errors import Conflict
from geminivideo.settings import Settings
from graphs.registry import compile_graphs
from memory import ads, runs
from memory.checkpoints import StrictSerializer, open_checkpoints
from memory.runs import Run
from tests.graphs.office import ACCOUNT, BRIEF, Office, open_office
from tests.graphs.stand_ins import ShiftedClock, roster


@pytest.fixture
async def quick(settings: Settings) -> Any:
    async with open_office(settings, roster=roster()) as opened:
        yield opened


async def _invoke(office: Office, run: Run, given: Any) -> None:
    """As somebody would who has the checkpoints and no respect for the runner: Studio, or an old process."""
    async with open_checkpoints(office.settings.checkpoints_path) as saver:
        graph = compile_graphs(office.services, saver=saver)[run.graph]
        await graph.ainvoke(given, {"configurable": {"thread_id": f"{ACCOUNT}:{run.id}"}}, durability="sync")


def _creates(office: Office, ids: list[str]) -> list[int]:
    return [office.made(change_id)["adsets"] for change_id in ids]


@pytest.mark.parametrize("answer", ["approve", True, {"verdict": "approve"}, {"decisions": [{"type": "approve"}]}])
async def test_a_resume_value_is_never_believed(quick: Office, answer: object) -> None:
    run, view = await quick.waiting()
    for _ in range(2):
        await _invoke(quick, run, Command(resume=answer))
    assert (await quick.approval(run.id)).id == view.id, "it still waits for a person"
    assert _creates(quick, [change.id for change in await quick.changes(view.id)]) == [0, 0]
    assert (await quick.run(run.id)).status == "waiting_approval"


async def test_two_engines_and_a_stray_resume_spend_once(quick: Office, settings: Settings) -> None:
    run, view = await quick.waiting()
    await quick.decide(view)
    async with open_office(settings, roster=roster()) as other:
        await asyncio.gather(
            quick.engine.drive(run.id),
            other.engine.drive(run.id),
            _invoke(other, run, Command(resume="approve")),
            return_exceptions=True,
        )
        ended = await other.engine.drive(run.id)
    assert ended.status == "done", ended.error
    assert _creates(quick, [change.id for change in await quick.changes(view.id)]) == [1, 1]
    assert (await quick.kinds(run.id))["run.finished"] == 1


@pytest.mark.parametrize("moment", ["before the decision", "after the decision"])
async def test_deleted_checkpoints_cost_nothing(settings: Settings, moment: str) -> None:
    async with open_office(settings, roster=roster()) as office:
        run, view = await office.waiting()
        before = await office.events(run.id)
        if moment == "after the decision":
            await office.decide(view)
    for file in settings.home.glob("checkpoints.db*"):
        file.unlink()
    async with open_office(settings, roster=roster()) as office:
        if moment == "before the decision":
            await office.services.db.write(lambda conn: runs.wake_run(conn, run.id))
            assert (await office.engine.drive(run.id)).status == "waiting_approval"
            assert [item.id for item in await office.services.treasury.pending(ACCOUNT)] == [view.id]
            assert await office.events(run.id) == before, "nothing is thought or told twice"
            await office.decide(view)
        run = await office.engine.drive(run.id)
        assert run.status == "done", run.error
        assert (await office.kinds(run.id))["approval.waiting"] == 1
        assert _creates(office, [change.id for change in await office.changes(view.id)]) == [1, 1]


async def test_a_hostile_checkpoint_row_parks_the_run_with_the_reason_and_nothing_of_it_runs(
    settings: Settings, tmp_path: Path
) -> None:
    async with open_office(settings, roster=roster()) as office:
        run, view = await office.waiting()
        await office.decide(view)
    target = tmp_path / "made-by-payload"
    call = ormsgpack.packb(("os", "mkdir", [str(target)]))
    with sqlite3.connect(settings.checkpoints_path) as file:
        poison = ormsgpack.packb(ormsgpack.Ext(jsonplus.EXT_CONSTRUCTOR_POS_ARGS, call))
        file.execute("UPDATE checkpoints SET checkpoint = ?", (poison,))
    async with open_office(settings, roster=roster()) as office:
        parked = await office.engine.drive(run.id)
        assert parked.status == "parked"
        assert "not allowed" in (parked.error or {})["what"]
        assert "Move checkpoints.db away" in (parked.error or {})["fix"]
        assert not target.exists()
        assert _creates(office, [change.id for change in await office.changes(view.id)]) == [0, 0]
    for file in settings.home.glob("checkpoints.db*"):
        file.unlink()
    async with open_office(settings, roster=roster()) as office:
        version = office.services.code_version
        await office.services.db.write(lambda conn: runs.resume_run(conn, run.id, code_version=version))
        assert (await office.engine.drive(run.id)).status == "done", "the advice works"


async def test_a_checkpoint_file_that_is_not_one_parks_the_run(settings: Settings) -> None:
    async with open_office(settings, roster=roster()) as office:
        run, view = await office.waiting()
        with sqlite3.connect(settings.checkpoints_path) as file:
            file.execute("DROP TABLE checkpoints")
        await office.decide(view)
        parked = await office.engine.drive(run.id)
        assert parked.status == "parked"
        assert "move the file away" in (parked.error or {})["fix"]


async def test_other_code_parks_the_run_until_a_person_resumes_it(quick: Office) -> None:
    run, view = await quick.waiting()
    await quick.services.db.write(
        lambda conn: conn.exec_driver_sql("UPDATE runs SET code_version = 'older' WHERE id = ?", (run.id,))
    )
    await quick.decide(view)
    parked = await quick.engine.drive(run.id)
    assert (parked.status, (parked.error or {})["code"]) == ("parked", "other_version")
    assert _creates(quick, [change.id for change in await quick.changes(view.id)]) == [0, 0]
    version = quick.services.code_version
    await quick.services.db.write(lambda conn: runs.resume_run(conn, run.id, code_version=version))
    assert (await quick.engine.drive(run.id)).status == "done"


async def test_a_cancelled_run_takes_its_proposal_back_and_stays_cancelled(quick: Office) -> None:
    run, view = await quick.waiting()
    cancelled = await quick.engine.runner.cancel(run.id, who="ann")
    assert cancelled.status == "cancelled"
    assert await quick.services.treasury.pending(ACCOUNT) == ()
    with pytest.raises(Conflict):
        await quick.decide(view)
    assert (await quick.engine.drive(run.id)).status == "cancelled"


async def test_nobody_answering_in_time_is_a_no(settings: Settings) -> None:
    clock = ShiftedClock()
    async with open_office(settings, roster=roster(), wall=clock) as office:
        run, view = await office.waiting()
        clock.ahead = timedelta(hours=25)
        run = await office.engine.drive(run.id)
        assert run.status == "done"
        assert "expired" in (run.result or {})["outcome"]
        assert _creates(office, [change.id for change in await office.changes(view.id)]) == [0, 0]


async def test_while_the_platform_takes_no_calls_the_run_waits_and_then_goes_on(settings: Settings) -> None:
    clock = ShiftedClock()
    async with open_office(settings, roster=roster(), wall=clock) as office:
        run, view = await office.waiting()
        await office.decide(view)
        office.plant(kind="expired_token", match="POST .*", count=None)
        try:
            assert (await office.engine.runner.drive(run.id)).status == "waiting_platform"
            assert (await office.engine.runner.drive(run.id)).status == "waiting_platform", "not due yet"
        finally:
            office.heal()
        clock.ahead = timedelta(minutes=1)
        assert (await office.engine.drive(run.id)).status == "done"
        assert _creates(office, [change.id for change in await office.changes(view.id)]) == [1, 1]


async def test_an_ad_that_a_sync_found_before_we_remembered_it_is_one_ad(quick: Office) -> None:
    run, view = await quick.waiting()
    await quick.decide(view)
    await quick.services.treasury.execute(view.id, account_id=ACCOUNT)  # and then the process died
    assert (await quick.engine.drive((await quick.start("optimise")).id)).status in {"done", "waiting_approval"}
    assert (await quick.engine.drive(run.id)).status == "done"
    found = await quick.services.db.read(lambda conn: ads.list_ads(conn, account_id=ACCOUNT, ours=True))
    assert len(found) == len({ad.ad_external_id for ad in found}) == BRIEF.variants
    assert all(ad.blueprint_id for ad in found)


async def test_checkpoints_hold_small_plain_state(quick: Office) -> None:
    run, _ = await quick.waiting()
    strict = StrictSerializer()
    with sqlite3.connect(quick.settings.checkpoints_path) as file:
        rows = file.execute("SELECT type, checkpoint FROM checkpoints WHERE thread_id = ?", (f"{ACCOUNT}:{run.id}",))
        found = list(rows)
    assert len(found) > 10
    for kind, blob in found:
        assert len(blob) < 64 * 1024
        values = strict.loads_typed((kind, blob))["channel_values"]
        assert "brief" not in values, "what a run is made of lives in its record"
        plain = {name: value for name, value in values.items() if not name.startswith(("__", "branch:"))}
        assert json.loads(json.dumps(plain)) == plain
