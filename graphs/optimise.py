"""optimise: what happened since the last time becomes proposed budget changes.

sync -> learn -> assess (attribution, fatigue, sampler) -> propose -> approval (interrupt) -> execute -> settle
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from langgraph.graph import END, START, StateGraph

from geminivideo.ads import Ad
from geminivideo.canonical import digest
from geminivideo.ids import new_id
from graphs.insight import InsightSteps
from graphs.services import Services
from graphs.spending import SpendingSteps
from graphs.state import OptimiseState, StartState
from graphs.states import ad_states
from memory import accounts, ads, runs
from memory.runs import GraphName, Line, Run
from tools.decisions.optimise import BudgetPlan
from tools.publishing.prepare import prepare_plan

REFRESH_DAYS = 7
"""Business days between two refreshes of an account."""


class OptimiseSteps(InsightSteps, SpendingSteps):
    """Nodes of the optimise graph."""

    graph: ClassVar[GraphName] = "optimise"

    async def assess(self, state: OptimiseState) -> OptimiseState:
        """Plan budgets and find tired ads. Pure but for the reads; stored once, so a restart proposes the same."""
        run_id, account_id = state["run_id"], state["account_id"]

        async def think() -> dict[str, Any]:
            account = await self.account(account_id)
            found, states = await ad_states(self.services, account_id)
            ours = {ad.id for ad in found if ad.run_id}
            question = {
                "states": [state for state in states if state.ad_id in ours],
                "background": [state for state in states if state.ad_id not in ours],
                "now": accounts.business_now(account, wall=self.services.wall.now()),
                "total_minor": await self._agreed_total(found),
                "seed": plan_seed(account_id, inputs=(await self.run(run_id)).inputs),
            }
            tools = await self.tools(account_id, run_id=run_id)
            plan: BudgetPlan = await tools.call("plan_budgets", question, caller="sampler")
            return plan.model_dump(mode="json")

        await self.once(run_id, node="assess", branch="", inputs=run_id, make=think, lines=_told)
        return {}

    async def _agreed_total(self, found: Sequence[Ad]) -> int:
        """What the briefs of the live campaigns allow a day together: never more than a person agreed to."""
        live = {ad.campaign_external_id: ad.run_id for ad in reversed(found) if ad.run_id and ad.status == "active"}
        briefs = [(await self.run(run_id)).inputs["brief"] for run_id in live.values()]
        return sum(int(brief["daily_budget"]["minor"]) for brief in briefs)

    async def plan(self, run_id: str) -> BudgetPlan:
        """What `assess` stored."""
        return BudgetPlan.model_validate(await self.stored(run_id, node="assess", branch=""))

    async def propose(self, state: OptimiseState) -> OptimiseState:
        """Propose the plan's changes as one set."""
        run_id, account_id = state["run_id"], state["account_id"]
        plan = await self.plan(run_id)
        live = await self.db.read(lambda conn: ads.list_ads(conn, account_id=account_id, ours=True))
        changes = prepare_plan(plan, ads=live, run_id=run_id)
        evidence = [hashlib.sha256(plan.model_dump_json().encode()).hexdigest()]
        return {
            "set_id": await self.propose_changes(
                run_id, account_id=account_id, changes=changes, evidence=evidence, key="optimise"
            )
        }

    async def after_assess(self, state: OptimiseState) -> str:
        """Nothing to change is a result too."""
        return "propose" if (await self.plan(state["run_id"])).changes else "settle"

    async def settle(self, state: OptimiseState) -> OptimiseState:
        """Start a refresh for each tired ad and end the run."""
        run_id, account_id = state["run_id"], state["account_id"]
        plan = await self.plan(run_id)
        why = {finding.ad_id: " ".join(finding.evidence) for finding in plan.fatigue}
        for ad_id in plan.refresh[:1]:
            await self._start_refresh(account_id, ad_id=ad_id, why=why.get(ad_id, "It is tired."))
        outcome = state.get("outcome") or "Nothing to change today."
        await self.finish(run_id, status="done", outcome=outcome, result={"set_id": state.get("set_id", "")})
        return {"outcome": outcome}

    async def _start_refresh(self, account_id: str, *, ad_id: str, why: str) -> None:
        """Once per ad and one a week: a new variant needs days of results before the next is worth its cost.

        It is written from the brief that the tired ad came from.
        """
        ad = await self.db.read(lambda conn: ads.get_ad(conn, ad_id, account_id=account_id))
        if ad.run_id is None:
            return
        brief = (await self.run(ad.run_id)).inputs["brief"]
        account = await self.account(account_id)
        today = accounts.business_now(account, wall=self.services.wall.now()).date()
        run = Run(
            id=new_id("run"),
            account_id=account_id,
            graph="refresh",
            status="queued",
            inputs={
                "ad_id": ad_id,
                "why": why,
                "brief": {**brief, "variants": 1},
                "day": today.isoformat(),
                "seed": _seed_of(ad_id),
            },
            code_version=self.services.code_version,
            idempotency_key=f"refresh:{ad_id}",
            created_at=self.services.wall.now(),
        )

        def write(conn: Any) -> None:
            earlier = runs.list_runs(conn, account_id=account_id, graph="refresh", limit=1)
            recent = [item for item in earlier if (today - date.fromisoformat(item.inputs["day"])).days < REFRESH_DAYS]
            if not recent and not runs.knows_key(conn, account_id=account_id, key=f"refresh:{ad_id}"):
                runs.create_run(conn, run=run)

        await self.db.write(write)


def plan_seed(account_id: str, *, inputs: Mapping[str, Any]) -> int:
    """The sampler's seed: one account's run started with the same `seed` (0 where none is given) plans the same."""
    return int(digest([account_id, inputs.get("seed", 0)], prefix="seed/1")[:8], 16)


def _seed_of(ad_id: str) -> int:
    """The seed of an ad's refresh: the same ad is refreshed the same way."""
    return int(digest(ad_id, prefix="refresh-seed/1")[:8], 16)


def _told(stored: dict[str, Any]) -> list[Line]:
    """A line for each planned change and each tired ad."""
    plan = BudgetPlan.model_validate(stored)
    planned = [
        Line(
            kind="allocation.done",
            who="sampler",
            text=change.reason,
            key=f"plan:{change.ad_id}",
            data=change.model_dump(mode="json"),
        )
        for change in plan.changes
    ]
    tired = [
        Line(
            kind="fatigue.found",
            who="fatigue detector",
            text=" ".join(finding.evidence),
            key=f"tired:{finding.ad_id}",
            data=finding.model_dump(mode="json"),
        )
        for finding in plan.fatigue
        if finding.ad_id in plan.refresh
    ]
    return [*planned, *tired]


def build_optimise(services: Services) -> StateGraph[Any]:
    """The optimise graph, not compiled."""
    steps = OptimiseSteps(services)
    graph: StateGraph[Any] = StateGraph(OptimiseState, input_schema=StartState)
    nodes: tuple[Any, ...] = (
        steps.sync,
        steps.learn,
        steps.assess,
        steps.propose,
        steps.approval,
        steps.execute,
        steps.settle,
    )
    for node in nodes:
        graph.add_node(node.__name__, node)
    graph.add_edge(START, "sync")
    graph.add_edge("sync", "learn")
    graph.add_edge("learn", "assess")
    graph.add_conditional_edges("assess", steps.after_assess, ["propose", "settle"])
    for before, after in (("propose", "approval"), ("approval", "execute"), ("execute", "settle")):
        graph.add_edge(before, after)
    graph.add_edge("settle", END)
    return graph
