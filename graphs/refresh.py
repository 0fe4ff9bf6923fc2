"""refresh: a tired ad becomes one new variant that keeps what won and changes what tired, and takes its budget over.

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
from graphs.services import Services
from graphs.state import CampaignState
from memory import ads, creatives
from memory.runs import GraphName
from tools.publishing.prepare import prepare_pause

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
        """The tired ad's own budget."""
        return (await self.tired(run_id)).daily_budget_minor

    async def changes(self, state: CampaignState) -> tuple[SpendChange, ...]:
        """Create the new variant beside its siblings, and pause the tired one, in one decision."""
        ad = await self.tired(state["run_id"])
        creates = await self.creates(state, campaign_external_id=ad.campaign_external_id, replaces_ad_id=ad.id)
        why = str((await self.run(state["run_id"])).inputs.get("why", "It is tired."))
        return (*creates, prepare_pause(ad, reason=why, run_id=state["run_id"]))


def build_refresh(services: Services) -> StateGraph[Any]:
    """The refresh graph, not compiled."""
    return wire(RefreshSteps(services))
