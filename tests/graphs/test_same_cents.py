"""One seed, twice: through HTTP, ledger, executor and the shipped graph, and in process. The cents are the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2

from geminivideo.accounts import AccountConfig
from geminivideo.ads import Ad, AdDay, Deal
from graphs.optimise import plan_seed
from memory import accounts, ads, creatives, runs
from sandbox.world import World, WorldConfig
from tests.graphs.office import ACCOUNT, BRIEF, Office, open_office, prepare, sandbox_process, settings_for
from tools.decisions.ad_state import assemble
from tools.decisions.optimise import BudgetPlan, plan

SEED = 4_242
DAYS = 14
TOTAL = 40_000
VARIANTS = 3


@dataclass(frozen=True)
class Campaign:
    """What the two sides start from: the published ads, oldest first, and what names them in the world."""

    ads: tuple[Ad, ...]
    keys: Mapping[str, str]
    """The world's key by ad id."""
    predicted_ctr_ppm: Mapping[str, int]
    config: AccountConfig


class InProcess:
    """The same campaign without HTTP, records, ledger or graph: a world and the decision functions."""

    def __init__(self, world: World, campaign: Campaign) -> None:
        self.world, self.campaign = world, campaign
        for ad in campaign.ads:
            self.world.add_ad(
                campaign.keys[ad.id], traits=ad.dna, daily_budget_minor=ad.daily_budget_minor, active=True
            )

    def rows(self) -> dict[str, list[AdDay]]:
        """Daily results by ad id."""
        return {
            ad.id: [
                AdDay(
                    ad_id=ad.id, day=row.day, impressions=row.impressions, reach=row.reach, clicks=row.clicks,
                    spend_minor=row.spend_minor, leads=row.leads,
                )
                for row in self.world.rows(self.campaign.keys[ad.id])
            ]
            for ad in self.campaign.ads
        }  # fmt: skip

    def deals(self) -> list[Deal]:
        """The CRM's deals."""
        external = {self.campaign.keys[ad.id]: ad.ad_external_id for ad in self.campaign.ads}
        return [
            Deal(
                external_id=row.id, ad_external_id=external.get(row.source_ad_key, ""), stage=row.stage,
                amount_minor=row.amount_minor, currency="USD", created_at=row.created_at, modified_at=row.modified_at,
            )
            for row in self.world.deals()
        ]  # fmt: skip

    def budgets(self) -> dict[str, tuple[int, bool]]:
        """(daily budget, active) by ad id."""
        return {ad.id: self.world.budget_of(self.campaign.keys[ad.id]) for ad in self.campaign.ads}

    def plan(self, *, seed: int) -> BudgetPlan:
        """The day's plan."""
        held, config, now = self.budgets(), self.campaign.config, self.world.now
        live = [_held(ad, *held[ad.id]) for ad in self.campaign.ads]
        states = assemble(
            live,
            days=[row for rows in self.rows().values() for row in rows],
            deals=self.deals(),
            config=config,
            now=now,
            predicted_ctr_ppm=self.campaign.predicted_ctr_ppm,
        )
        return plan(states, config=config, seed=seed, now=now, total_minor=TOTAL)

    def apply(self, made: BudgetPlan) -> None:
        """Carry the plan out at once and in full."""
        for change in made.changes:
            key = self.campaign.keys[change.ad_id]
            if change.kind == "pause":
                self.world.set_active(key, active=False)
            else:
                self.world.set_budget(key, minor=change.after_minor)


async def test_one_seed_has_the_same_cents_through_the_whole_stack_over_http_and_in_process(tmp_path: Path) -> None:
    with sandbox_process(tmp_path / "world", ads=0, seed=SEED) as url:
        settings = settings_for(url, home=tmp_path / "home")
        await prepare(settings)
        async with open_office(settings) as office:
            campaign = await _published(office)
            twin = InProcess(World(_world(url)), campaign)
            changed = behind = 0
            for day in range(1, DAYS + 1):
                known = {deal.external_id: deal.modified_at for deal in twin.deals()}
                office.advance(1)
                twin.world.advance_day()
                behind += _appeared_behind(known, deals=twin.deals())
                made = await _optimised(office, day=day)
                expected = twin.plan(seed=plan_seed(ACCOUNT, inputs={"seed": day}))
                assert await _rows(office) == twin.rows(), f"day {day}"
                assert await _deals(office) == twin.deals(), f"day {day}"
                assert made == expected, f"day {day}"
                twin.apply(expected)
                assert _platform_budgets(url, campaign) == twin.budgets(), f"day {day}"
                changed += len(expected.changes)
            _check_worth_comparing(twin, changed=changed)
            assert behind, "the seed no longer has deals that a window of two hours would lose"
            truth = _get(url, "truth")
            assert truth["spend_minor"] == twin.world.spend_minor()
            assert truth["expected_value_minor"] == twin.world.full_lag_value_minor()
            assert truth["realised_value_minor"] == twin.world.full_lag_value_minor(realised=True)


def _held(ad: Ad, minor: int, active: bool) -> Ad:
    return ad.model_copy(update={"daily_budget_minor": minor, "status": "active" if active else "paused"})


def _check_worth_comparing(twin: InProcess, *, changed: int) -> None:
    """Money moved, and what moves it came: two idle campaigns would be equal for nothing."""
    rows = [row for days in twin.rows().values() for row in days]
    assert changed >= DAYS
    assert sum(row.leads for row in rows) >= DAYS
    assert {deal.ad_external_id == "" for deal in twin.deals()} == {True, False}
    assert len({deal.stage for deal in twin.deals()}) >= 3


def _appeared_behind(known: Mapping[str, datetime], *, deals: Sequence[Deal]) -> int:
    """New deals that are dated hours before one that was known already."""
    newest = max(known.values(), default=None)
    return sum(
        newest is not None and deal.external_id not in known and deal.modified_at < newest - timedelta(hours=2)
        for deal in deals
    )


async def _published(office: Office) -> Campaign:
    """Run the brief's campaign to its live ads."""
    brief = BRIEF.model_copy(
        update={"variants": VARIANTS, "daily_budget": BRIEF.daily_budget.model_copy(update={"minor": TOTAL})}
    )
    run = await office.finished(brief=brief.model_dump(mode="json"), seed=1)
    assert run.status == "done", run.error
    db = office.services.db
    live = await db.read(lambda conn: ads.list_ads(conn, account_id=ACCOUNT))
    assert len(live) == VARIANTS
    assert sum(ad.daily_budget_minor for ad in live) == TOTAL
    wanted = [str(ad.blueprint_id) for ad in live]
    blueprints = await db.read(lambda conn: creatives.get_blueprints(conn, wanted, account_id=ACCOUNT))
    predictions = await db.read(lambda conn: creatives.predictions_of_ads(conn, account_id=ACCOUNT))
    account = await db.read(lambda conn: accounts.get_account(conn, ACCOUNT))
    return Campaign(
        ads=tuple(live),
        keys={ad.id: blueprint.sha256[:24] for ad, blueprint in zip(live, blueprints, strict=True)},
        predicted_ctr_ppm={ad_id: prediction.ctr_ppm for ad_id, prediction in predictions.items()},
        config=account.config,
    )


async def _optimised(office: Office, *, day: int) -> BudgetPlan:
    """One run of the shipped graph, approved and carried out; what it planned."""
    run = await office.engine.drive((await office.start("optimise", seed=day)).id)
    if run.status == "waiting_approval":
        await office.decide(await office.approval(run.id))
        run = await office.engine.drive(run.id)
    assert run.status == "done", run.error
    stored: Any = await office.services.db.read(
        lambda conn: runs.latest_node_result(conn, run.id, node="assess", branch="")
    )
    return BudgetPlan.model_validate(stored)


async def test_only_our_running_ads_are_changed_never_paused_ones_or_the_rest_of_the_account(office: Office) -> None:
    run = await office.finished(brief=BRIEF.model_dump(mode="json"))
    url, db = str(office.settings.sandbox_url), office.services.db
    ours = [ad for ad in await db.read(lambda conn: ads.list_ads(conn, account_id=ACCOUNT)) if ad.run_id == run.id]
    running, paused = ours
    by_hand = {"id": paused.ad_set_external_id, "status": "PAUSED"}
    httpx2.post(f"{url}/sandbox/edits", json=by_hand, timeout=30).raise_for_status()
    office.advance(3)
    before = _get(url, "truth")["ads"]
    assert sum(ad["active"] for ad in before.values()) > 1, "others run beside it"
    made = await _optimised(office, day=1)
    assert {row.ad_id: row.action for row in made.allocation.ads}[paused.id] == "off"
    assert {row.ad_id for row in made.allocation.ads} == {running.id, paused.id}
    assert [change.ad_id for change in made.changes] == [running.id], "the paused ad's share is free again"
    after = _get(url, "truth")["ads"]
    held = {key: (ad["daily_budget_minor"], ad["active"]) for key, ad in after.items()}
    was = {key: (ad["daily_budget_minor"], ad["active"]) for key, ad in before.items()}
    assert {key for key in was if held[key] != was[key]} == {running.ad_external_id}


async def _rows(office: Office) -> dict[str, list[AdDay]]:
    return await office.services.db.read(lambda conn: ads.days_of_ads(conn, account_id=ACCOUNT))


async def _deals(office: Office) -> Sequence[Deal]:
    return await office.services.db.read(lambda conn: ads.list_deals(conn, account_id=ACCOUNT))


def _platform_budgets(url: str, campaign: Campaign) -> dict[str, tuple[int, bool]]:
    shown = _get(url, "truth")["ads"]
    assert {shown[ad.ad_external_id]["key"] for ad in campaign.ads} == set(campaign.keys.values())
    return {
        ad.id: (shown[ad.ad_external_id]["daily_budget_minor"], shown[ad.ad_external_id]["active"])
        for ad in campaign.ads
    }


def _world(url: str) -> WorldConfig:
    about = _get(url, "")
    return WorldConfig(
        seed=SEED,
        start=datetime.fromisoformat(about["start"]),
        currency=about["currency"],
        timezone=about["timezone"],
    )


def _get(url: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx2.get(f"{url}/sandbox/{path}".rstrip("/"), timeout=30).raise_for_status().json()
    return found
