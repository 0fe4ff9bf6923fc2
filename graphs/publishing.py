"""From finished files to a proposal of new ads, and from applied creates to ads that we remember."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from geminivideo.accounts import Account
from geminivideo.ads import Ad
from geminivideo.blueprint import Blueprint
from geminivideo.brief import Brief
from geminivideo.judgement import Prediction
from geminivideo.money import Money
from geminivideo.spend import PublishSpec, SpendChange
from graphs.spending import SpendingSteps
from graphs.state import CampaignState
from memory import accounts, ads, creatives
from memory.creatives import Render
from memory.runs import Line
from tools.decisions.creative_dna import dna_of_blueprint
from tools.publishing.prepare import prepare_creates
from treasury.reports import ChangeOutcome, report


@dataclass(frozen=True)
class Made:
    """What a run has made for its account, of the variants that could be rendered."""

    account: Account
    blueprints: tuple[Blueprint, ...]
    renders: tuple[Render, ...]


class PublishingSteps(SpendingSteps):
    """Nodes of the campaign and refresh graphs after rendering."""

    async def allocate(self, state: CampaignState) -> CampaignState:
        """Split the brief's daily budget over the new ads by what is predicted of them."""
        run_id, account_id = state["run_id"], state["account_id"]
        brief = await self.brief(run_id)
        total = await self.daily_budget(run_id, brief=brief)

        async def split() -> dict[str, int]:
            predicted = await self._predictions(run_id, state["rendered"])
            arms = {key: prediction.model_dump(mode="json") for key, prediction in predicted.items()}
            tools = await self.tools(account_id, run_id=run_id)
            return dict(await tools.call("split_launch_budget", {"arms": arms, "total_minor": total}, caller="sampler"))

        def lines(budgets: dict[str, int]) -> list[Line]:
            amount, count = Money(minor=total, currency=brief.daily_budget.currency), len(budgets)
            text = f"{amount} a day is split over {count} new ad{'s' if count > 1 else ''}."
            data = {"budgets": budgets}
            return [Line(kind="allocation.done", who="sampler", text=text, key="allocation", data=data)]

        inputs = {"rendered": state["rendered"], "total": total}
        budgets = await self.once(run_id, node="allocate", branch="", inputs=inputs, make=split, lines=lines)
        return {"budgets": budgets}

    async def propose(self, state: CampaignState) -> CampaignState:
        """Propose the creates (for a refresh: with the pause of the tired ad)."""
        run_id, account_id = state["run_id"], state["account_id"]
        made = await self._made(state)
        changes = await self.changes(state, made)
        evidence = [item.sha256 for item in made.blueprints]
        set_id = await self.propose_changes(
            run_id, account_id=account_id, changes=changes, evidence=evidence, key="publish"
        )
        return {"set_id": set_id}

    async def changes(self, state: CampaignState, made: Made) -> tuple[SpendChange, ...]:
        """One create per rendered blueprint, the same whenever this node is started again."""
        return await self.creates(state, made)

    async def creates(
        self,
        state: CampaignState,
        made: Made,
        *,
        campaign_external_id: str | None = None,
        replaces_ad_id: str | None = None,
    ) -> tuple[SpendChange, ...]:
        """Creates of the rendered blueprints, into a new campaign or one that is there."""
        return prepare_creates(
            made.blueprints,
            renders=made.renders,
            budgets=state["budgets"],
            brief=await self.brief(state["run_id"]),
            platform=made.account.platform,
            run_id=state["run_id"],
            campaign_external_id=campaign_external_id,
            replaces_ad_id=replaces_ad_id,
        )

    async def remember(self, state: CampaignState) -> CampaignState:
        """Store each published ad with its creative DNA and link its prediction."""
        account_id, run_id = state["account_id"], state["run_id"]
        account = await self.account(account_id)
        brief = await self.brief(run_id)
        record = await self._latest(state["set_id"], account_id=account_id, run_id=run_id)
        set_id = record.change_set.id
        outcomes = await self.db.read(lambda conn: report(conn, set_id, account_id=account_id).applied)
        planned = {change.id: change.publish for change in record.change_set.changes}
        made = [(outcome, spec) for outcome in outcomes if (spec := planned[outcome.id]) is not None]
        now = accounts.business_now(account, wall=self.services.wall.now())

        def write(conn: Connection) -> None:
            for outcome, spec in made:
                blueprint = creatives.get_blueprint(conn, spec.blueprint_id, account_id=account_id)
                ad = _published(account, outcome, spec, blueprint=blueprint, brief=brief, run_id=run_id, now=now)
                creatives.link_prediction(conn, blueprint_id=blueprint.id, ad_id=ads.insert_ad(conn, ad))

        outcome = state.get("outcome") or f"{len(made)} ads are live."
        await self.finish(run_id, status="done", outcome=outcome, result={"set_id": set_id}, store=write)
        return {"outcome": outcome}

    async def daily_budget(self, run_id: str, *, brief: Brief) -> int:
        """What the new ads may spend a day together, in minor units."""
        return brief.daily_budget.minor

    async def _made(self, state: CampaignState) -> Made:
        run_id, account_id, wanted = state["run_id"], state["account_id"], state["rendered"]

        def read(conn: Connection) -> Made:
            renders = [item for item in creatives.renders_of_run(conn, run_id) if item.blueprint_id in wanted]
            blueprints = creatives.get_blueprints(conn, wanted, account_id=account_id)
            return Made(accounts.get_account(conn, account_id), tuple(blueprints), tuple(renders))

        return await self.db.read(read)

    async def _predictions(self, run_id: str, wanted: Sequence[str]) -> dict[str, Prediction]:
        return await self.db.read(lambda conn: creatives.predictions_of_blueprints(conn, wanted, run_id=run_id))


def _published(
    account: Account,
    made: ChangeOutcome,
    spec: PublishSpec,
    *,
    blueprint: Blueprint,
    brief: Brief,
    run_id: str,
    now: datetime,
) -> Ad:
    return Ad(
        id=made.ad_id,
        account_id=account.id,
        platform=account.platform,
        campaign_external_id=made.campaign_external_id or "",
        ad_set_external_id=made.ad_set_external_id or "",
        ad_external_id=made.ad_external_id or "",
        name=made.ad_name,
        status="active",
        daily_budget_minor=made.after.daily_budget.minor,
        currency=made.after.daily_budget.currency,
        created_at=now,
        copy_text=f"{spec.headline}\n{spec.primary_text}",
        call_to_action=spec.call_to_action,
        link=brief.link,
        dna=dna_of_blueprint(blueprint, format=blueprint.formats[0], brand=brief.brand),
        run_id=run_id,
        blueprint_id=blueprint.id,
        replaces_ad_id=spec.replaces_ad_id,
    )
