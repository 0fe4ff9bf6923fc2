from __future__ import annotations

from collections import Counter

import pytest

from geminivideo.settings import Settings
from memory import ads, creatives
from tests.graphs.office import ACCOUNT, BRIEF, Office, open_office
from tests.graphs.stand_ins import Broken, Steady, failing_render, roster
from treasury.approvals import budgets_edited


async def test_a_brief_becomes_published_ads_that_are_remembered_with_their_dna(office: Office) -> None:
    run, view = await office.waiting()
    changes = await office.changes(view.id)
    assert len(changes) == BRIEF.variants
    assert sum(change.after.daily_budget.minor for change in changes) == BRIEF.daily_budget.minor
    assert not any(office.writes(change.id) for change in changes), "nothing is sent before the decision"
    await office.decide(view)
    run = await office.engine.drive(run.id)
    assert run.status == "done", run.error
    once = {"campaigns": 1, "adsets": 1, "ads": 1, "adcreatives": 1, "advideos": 1}
    for change in changes:
        made = office.made(change.id)
        assert made["adsets"] == made["ads"] == made["adcreatives"] == 1, made
    assert office.made(run.id)["campaigns"] == once["campaigns"]
    live = await office.services.db.read(lambda conn: ads.list_ads(conn, account_id=ACCOUNT, ours=True))
    assert {ad.id for ad in live} == {change.ad_id for change in changes}
    assert len({ad.dna.hook_type for ad in live}) == len(live), "variants open differently"
    predicted = await office.services.db.read(lambda conn: creatives.predictions_of_ads(conn, account_id=ACCOUNT))
    assert set(predicted) >= {ad.id for ad in live}


async def test_events_are_numbered_without_gaps_and_can_be_read_on_from_any_number(office: Office) -> None:
    run = await office.finished()
    events = await office.events(run.id)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    for seq in (0, 3, len(events)):
        assert await office.events(run.id, after=seq) == events[seq:]
    assert events[-1].kind == "run.finished"
    assert Counter(event.kind for event in events)["change.applied"] == BRIEF.variants


async def test_a_failing_judge_costs_its_own_vote_only(settings: Settings) -> None:
    judges = (Steady("kind", overall=90), Steady("fair", overall=80), Broken())
    async with open_office(settings, roster=roster(*judges)) as office:
        run, view = await office.waiting()
        assert len(await office.changes(view.id)) == BRIEF.variants
        kinds = await office.kinds(run.id)
        candidates = BRIEF.variants + 2
        assert kinds["judge.failed"] == candidates
        assert kinds["judge.scored"] == candidates * 3  # two judges and the CTR model


async def test_a_failing_render_drops_that_variant_only_and_names_it(settings: Settings) -> None:
    async with open_office(settings, handlers=failing_render(1), roster=roster()) as office:
        run, view = await office.waiting()
        (failed,) = [event for event in await office.events(run.id) if event.kind == "render.failed"]
        assert "upside down" in failed.text
        (change,) = await office.changes(view.id)
        assert change.after.daily_budget.minor == BRIEF.daily_budget.minor, "the others share what the brief allows"


@pytest.mark.parametrize(
    ("judges", "why"),
    [
        ((Steady("harsh", overall=5), Steady("harsher", overall=1)), "good enough"),
        (
            (Steady("kind", overall=95, defects=("unsupported_claim: says too much",)), Steady("fair", overall=90)),
            "good",
        ),
        ((Broken(),), "good enough"),
    ],
    ids=["rejected", "a blocking defect that nobody could mend", "too few judges answered"],
)
async def test_when_no_idea_may_run_the_run_ends_with_the_reason_and_proposes_nothing(
    settings: Settings, judges: tuple[Steady, ...], why: str
) -> None:
    async with open_office(settings, roster=roster(*judges)) as office:
        run = await office.engine.drive((await office.start()).id)
        assert run.status == "failed"
        assert why in (run.error or {})["what"]
        assert await office.services.treasury.pending(ACCOUNT) == ()


async def test_a_rejected_proposal_ends_the_run_and_moves_nothing(office: Office) -> None:
    run, view = await office.waiting()
    await office.decide(view, "reject", reason="Not this month.")
    run = await office.engine.drive(run.id)
    assert run.status == "done"
    assert "declined" in (run.result or {})["outcome"]
    changes = await office.changes(view.id)
    assert not any(office.writes(change.id) for change in changes)


async def test_an_edit_waits_again_and_only_the_edited_amounts_are_carried_out(office: Office) -> None:
    run, view = await office.waiting()
    old = await office.services.treasury.change_set(view.id, account_id=ACCOUNT)
    keep, drop = old.changes
    smaller = keep.after.daily_budget.model_copy(update={"minor": 1_500})
    edited = budgets_edited(old, budgets={keep.id: smaller}, drop=[drop.id])
    await office.decide(view, "edit", edited=edited)
    run = await office.engine.drive(run.id)
    assert run.status == "waiting_approval", "an edit is a new proposal"
    second = await office.approval(run.id)
    assert second.id != view.id
    waiting = [event.data["digest"] for event in await office.events(run.id) if event.kind == "approval.waiting"]
    assert waiting == [view.digest, second.digest]
    await office.decide(second)
    run = await office.engine.drive(run.id)
    assert run.status == "done"
    (change,) = await office.changes(second.id)
    (made,) = [entry for entry in office.writes(change.id) if entry["path"].endswith("adsets")]
    assert int(made["content"]["daily_budget"]) == 1_500
    assert not any(office.writes(item.id) for item in old.changes)


async def test_a_brief_that_cannot_be_used_fails_with_what_is_wrong_with_it(office: Office) -> None:
    run = await office.engine.drive((await office.start(brief={"product": "x"})).id)
    assert run.status == "failed"
    assert "brand" in (run.error or {})["what"]
