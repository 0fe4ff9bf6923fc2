from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import pairwise

import pytest

from geminivideo.ads import Ad
from geminivideo.settings import Settings
from memory import accounts, ads, creatives
from tests.graphs.office import ACCOUNT, BRIEF, Office, copy_home, open_office
from tests.graphs.stand_ins import roster


@pytest.fixture
async def running(settings: Settings) -> AsyncIterator[Office]:
    """A campaign of three ads that has run for five days."""
    async with open_office(settings, roster=roster()) as office:
        brief = BRIEF.model_copy(
            update={"variants": 3, "daily_budget": BRIEF.daily_budget.model_copy(update={"minor": 9_000})}
        )
        run = await office.finished(brief=brief.model_dump(mode="json"))
        assert run.status == "done", run.error
        office.advance(5)
        yield office


async def _ours(office: Office) -> list[Ad]:
    return await office.services.db.read(lambda conn: ads.list_ads(conn, account_id=ACCOUNT, ours=True))


async def _optimised(office: Office) -> tuple[str, str]:
    """Days pass until the plan changes something; run and set."""
    for number in range(6):
        run = await office.engine.drive((await office.start("optimise", seed=number)).id)
        if run.status == "waiting_approval":
            return run.id, (await office.approval(run.id)).id
        assert run.status == "done", run.error
        office.advance(1)
    raise AssertionError("the plan changed nothing in six days")


async def test_optimise_proposes_within_the_caps_and_what_is_approved_is_applied_once(running: Office) -> None:
    run_id, set_id = await _optimised(running)
    changes = await running.changes(set_id)
    account = await running.services.db.read(lambda conn: accounts.get_account(conn, ACCOUNT))
    caps = account.config.caps
    total_before = sum(ad.daily_budget_minor for ad in await _ours(running) if ad.status == "active")
    for change in changes:
        assert change.before is not None
        before, after = change.before.daily_budget.minor, change.after.daily_budget.minor
        assert after <= before * (100 + caps.increase_percent_per_change) // 100
        assert change.reason
    assert total_before + sum(change.daily_increase_minor for change in changes) <= 9_000, "never more than was agreed"
    await running.decide(await running.approval(run_id))
    assert (await running.engine.drive(run_id)).status == "done"
    for change in changes:
        assert len(running.writes(change.id)) == 1
    again = await running.engine.drive((await running.start("optimise", seed=99)).id)
    assert again.status in {"done", "waiting_approval"}
    live = {ad.id: ad.daily_budget_minor for ad in await _ours(running)}
    for change in changes:
        if change.kind == "budget":
            assert live[change.ad_id] == change.after.daily_budget.minor, "the next sync sees it"


async def test_a_plan_begun_again_without_checkpoints_is_the_same_plan(running: Office, settings: Settings) -> None:
    run_id, set_id = await _optimised(running)
    running.advance(1)  # what a new plan would be made of has changed meanwhile
    home = copy_home(settings.home, settings.home.parent / "elsewhere")
    for file in home.glob("checkpoints.db*"):
        file.unlink()
    async with open_office(settings.model_copy(update={"home": home}), roster=roster()) as other:
        await other.decide(await other.approval(run_id), "reject")
        ended = await other.engine.drive(run_id)
        assert ended.status == "done", ended.error
        sets = await other.services.treasury.history(ACCOUNT, run_id=run_id)
        assert [item.id for item in sets] == [set_id], "nothing else was proposed"


async def test_a_refresh_makes_one_other_opening_and_takes_its_budget_from_the_tired_ad_in_one_decision(
    running: Office,
) -> None:
    tired = (await _ours(running))[0]
    brief = BRIEF.model_copy(update={"variants": 1}).model_dump(mode="json")
    run, view = await running.waiting("refresh", ad_id=tired.id, why="Its clicks fell by a third.", brief=brief)
    changes = await running.changes(view.id)
    (create,) = [change for change in changes if change.kind == "create"]
    (taken,) = [change for change in changes if change.kind != "create"]
    assert taken.ad_id == tired.id
    assert "clicks fell by a third" in taken.reason
    assert sum(change.daily_increase_minor for change in changes) == 0, "the campaign spends no more than before"
    assert create.publish is not None
    assert create.publish.replaces_ad_id == tired.id
    assert create.publish.campaign_external_id == tired.campaign_external_id
    key, old_key = create.publish.blueprint_id, tired.blueprint_id or ""
    new, old = await running.services.db.read(
        lambda conn: creatives.get_blueprints(conn, [key, old_key], account_id=ACCOUNT)
    )
    assert new.hook_type != old.hook_type
    assert new.scenes[0].headline != old.scenes[0].headline
    await running.decide(view)
    assert (await running.engine.drive(run.id)).status == "done"
    assert running.made(create.id)["adsets"] == 1
    assert len(running.writes(taken.id)) == 1
    successor = next(ad for ad in await _ours(running) if ad.replaces_ad_id == tired.id)
    assert successor.id == create.ad_id


async def test_every_run_of_a_finished_story_has_numbered_events_and_an_end(running: Office) -> None:
    run_id, _ = await _optimised(running)
    await running.decide(await running.approval(run_id))
    await running.engine.drive(run_id)
    events = await running.events(run_id)
    assert all(after.seq == before.seq + 1 for before, after in pairwise(events))
    assert events[-1].kind == "run.finished"
