"""Preparing changes is pure and repeatable; the tool proposes and can do nothing more."""

from __future__ import annotations

from typing import Any

import pytest

from geminivideo.ads import Ad
from geminivideo.blueprint import Author, Blueprint, Scene
from geminivideo.brief import BrandKit, Brief
from geminivideo.creative_dna import CreativeDna
from geminivideo.errors import InvalidInput, NotFound
from memory.creatives import Render
from tests.treasury.house import START, House, usd
from tools.decisions.optimise import PlannedChange
from tools.dispatcher import Dispatcher
from tools.publishing.prepare import prepare_creates, prepare_pause, prepare_plan
from tools.publishing.tool import NAME, propose_changes_tool


def blueprint(number: int) -> Blueprint:
    scenes = [("hook", "Warm coffee again?"), ("benefit", "Cold brew on tap"), ("cta", "Book a tasting week")]
    return Blueprint(
        id=f"bp_{number:026d}",
        title=f"Idea {number}",
        hook_type="question",
        scenes=tuple(Scene(role=role, milliseconds=4_000, headline=text) for role, text in scenes),
        cta_style="book",
        cta_text="Book now",
        primary_text="Cold brew, delivered.",
        author=Author(model="on-board"),
    )


def brief() -> Brief:
    return Brief(
        brand=BrandKit(name="Northbrew"), product="cold brew on tap", daily_budget=usd(30_000), place="Austin, Texas"
    )


def render(item: Blueprint, shape: Any, fill: str) -> Render:
    return Render(
        blueprint_id=item.id,
        format=shape,
        asset_id=fill * 64,
        poster_asset_id="c" * 64,
        preview_asset_id=None,
        receipt={},
    )


def creates(**more: Any) -> Any:
    items = [blueprint(1), blueprint(2)]
    renders = [render(item, shape, fill) for item in items for shape, fill in (("1:1", "b"), ("9:16", "a"))]
    body: dict[str, Any] = {
        "renders": renders,
        "budgets": {items[0].id: 20_000, items[1].id: 10_000},
        "brief": brief(),
        "platform": "meta",
        "run_id": "run_1",
    }
    return prepare_creates(items, **(body | more))


def ad(**more: Any) -> Ad:
    body = {
        "id": "ad_7",
        "account_id": "acc_1",
        "platform": "meta",
        "campaign_external_id": "c1",
        "ad_set_external_id": "s1",
        "ad_external_id": "x1",
        "name": "Taps",
        "status": "active",
        "daily_budget_minor": 10_000,
        "currency": "USD",
        "created_at": START,
        "copy_text": "",
        "call_to_action": "book",
        "dna": CreativeDna.model_construct(),
    }
    return Ad.model_construct(**(body | more))


def test_new_ads_say_everything_that_will_be_sent_and_repeat_exactly() -> None:
    first, second = creates()
    assert creates() == (first, second)
    assert first.publish.videos == (("9:16", "a" * 64), ("1:1", "b" * 64))
    assert (first.publish.headline, first.publish.call_to_action) == ("Book a tasting week", "book")
    assert first.publish.campaign_name == second.publish.campaign_name
    assert first.after.daily_budget == usd(20_000)
    assert "67% of $300.00 a day" in first.reason
    assert creates(run_id="run_2")[0].id != first.id


def test_a_missing_file_or_budget_is_named() -> None:
    with pytest.raises(InvalidInput, match="no rendered file"):
        creates(renders=[])
    with pytest.raises(InvalidInput, match="no budget"):
        creates(budgets={blueprint(1).id: 0, blueprint(2).id: 5})


def test_a_plan_becomes_budget_changes_and_pauses_in_its_order() -> None:
    plan: Any = type("Plan", (), {})()
    plan.changes = (
        PlannedChange(kind="pause", ad_id="ad_7", before_minor=10_000, after_minor=10_000, reason="Tired."),
        PlannedChange(kind="budget", ad_id="ad_8", before_minor=5_000, after_minor=6_000, reason="It earns."),
    )
    items = prepare_plan(plan, ads=[ad(), ad(id="ad_8", ad_set_external_id="s2")], run_id="run_1")
    assert [(item.kind, item.external_id, item.daily_increase_minor) for item in items] == [
        ("pause", "s1", -10_000),
        ("budget", "s2", 1_000),
    ]
    with pytest.raises(InvalidInput):
        prepare_plan(plan, ads=[ad()], run_id="run_1")


async def test_the_tool_proposes_once_per_key_and_moves_nothing(house: House) -> None:
    def tool(account_id: str, run_id: str) -> Dispatcher:
        made = propose_changes_tool(
            house.db, account_id=account_id, run_id=run_id, wall=house.clock, code_version="abc"
        )
        return Dispatcher([made], log=lambda _call: None, allow={"publisher": [NAME]})

    args = {
        "changes": [
            item.model_dump(mode="json") for item in (*creates(), prepare_pause(ad(), reason="Tired.", run_id="run_1"))
        ],
        "evidence": ["e" * 64],
        "key": "publish",
    }
    set_id = await tool(house.account.id, house.run_id).call(NAME, args, caller="publisher")
    again = await tool(house.account.id, house.run_id).call(NAME, args, caller="publisher")
    assert again == set_id
    view = await house.treasury.show(set_id, account_id=house.account.id)
    assert (view.state, view.evidence, len(view.rows)) == ("proposed", ("e" * 64,), 3)
    assert house.platform.attempts == 0
    with pytest.raises(NotFound):
        await tool(house.account.id, "run_of_somebody_else").call(NAME, args, caller="publisher")
    with pytest.raises(NotFound):
        await tool("acc_absent", house.run_id).call(NAME, args, caller="publisher")
