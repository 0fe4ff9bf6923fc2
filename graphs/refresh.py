"""refresh: a tired ad gets one new variant that keeps what won and changes what tired, with half of its budget.

The order of steps is the campaign's; what is written and what is proposed differ.
"""

from __future__ import annotations

from typing import Any, ClassVar

from langgraph.graph import StateGraph

from geminivideo.ads import Ad
from geminivideo.blueprint import Blueprint
from geminivideo.brief import Brief
from geminivideo.spend import SpendChange
from graphs.campaign import CampaignSteps, wire
from graphs.publishing import Made
from graphs.services import Services
from graphs.state import CampaignState
from memory import ads, creatives
from memory.runs import GraphName
from tools.publishing.prepare import prepare_budget, prepare_pause

IDEAS = 7
"""Blueprints written, from which those that differ from the tired ad and from its live siblings are judged."""
JUDGED = 3


class RefreshSteps(CampaignSteps):
    """Campaign steps aimed at one tired ad (`inputs.ad_id`)."""

    graph: ClassVar[GraphName] = "refresh"

    async def tired(self, run_id: str) -> Ad:
        """The ad that this run replaces."""
        run = await self.run(run_id)
        ad_id = str(run.inputs["ad_id"])
        return await self.db.read(lambda conn: ads.get_ad(conn, ad_id, account_id=run.account_id))

    async def ideas(self, state: CampaignState) -> list[Blueprint]:
        """New openings first: another hook than the tired ad's, then other structures than its siblings'."""
        ad = await self.tired(state["run_id"])
        siblings = await self.db.read(lambda conn: creatives.blueprints_of_run(conn, ad.run_id or ""))
        old = next((item for item in siblings if item.id == ad.blueprint_id), None)
        written = await self.write(state, count=IDEAS)
        structures = {item.structure for item in siblings}
        texts = {item.scenes[0].headline for item in siblings}
        fresh = [item for item in written if old is None or item.hook_type != old.hook_type]
        fresh = [item for item in fresh if item.scenes[0].headline not in texts] or list(written)
        fresh.sort(key=lambda item: (item.structure in structures, old is not None and item.palette == old.palette))
        return fresh[:JUDGED]

    async def daily_budget(self, run_id: str, *, brief: Brief) -> int:
        """Half of the tired ad's budget: a new variant has proved nothing, and a tired ad may still be the best."""
        return max(1, (await self.tired(run_id)).daily_budget_minor // 2)

    async def changes(self, state: CampaignState, made: Made) -> tuple[SpendChange, ...]:
        """Create the new variant beside its siblings with half of the tired one's budget, in one decision.

        From then on the sampler moves the money by what each of them earns.
        """
        run_id = state["run_id"]
        ad = await self.tired(run_id)
        creates = await self.creates(state, made, campaign_external_id=ad.campaign_external_id, replaces_ad_id=ad.id)
        why = str((await self.run(run_id)).inputs.get("why", "It is tired."))
        left = ad.daily_budget_minor - sum(change.after.daily_budget.minor for change in creates)
        if left <= 0:
            return (*creates, prepare_pause(ad, reason=why, run_id=run_id))
        reason = f"{why} The new variant gets the other half."
        return (*creates, prepare_budget(ad, minor=left, reason=reason, run_id=run_id))


def build_refresh(services: Services) -> StateGraph[Any]:
    """The refresh graph, not compiled."""
    return wire(RefreshSteps(services))
