"""The sandbox's own controls, apart from any platform's wire: clock, creatives, faults, journal and truth."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import Field, model_validator

from geminivideo.creative_dna import CreativeDna
from geminivideo.model import Noun
from sandbox.faults import Fault, HumanEdit
from sandbox.graph_error import GraphError
from sandbox.hindsight import compare
from sandbox.simulation import Op
from sandbox.wire.meta import MetaWire
from sandbox.world import World

NOTICE = "Simulated: no ad is shown to anybody and no money is spent."


class Advance(Noun):
    """How far the clock moves: some days or hours, or until a business day is the current one (repeatable)."""

    days: Annotated[int, Field(strict=True, ge=0, le=400)] = 0
    hours: Annotated[int, Field(strict=True, ge=0, le=10_000)] = 0
    until: date | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Advance:
        if sum(bool(way) for way in (self.days, self.hours, self.until)) != 1:
            raise ValueError("give one of days, hours and until")
        return self


class Registration(Noun):
    """Traits of a rendered file. `key` names the world's ad that uses it first, to pair it with another run."""

    traits: CreativeDna
    key: Annotated[str, Field(min_length=1, max_length=80)] | None = None


class ControlPlane:
    """The controls of one simulation, all marked as simulated."""

    def __init__(self, meta: MetaWire) -> None:
        self._meta, self._sim, self._world = meta, meta.sim, meta.sim.world

    def router(self) -> APIRouter:
        """The routes under /sandbox."""
        router = APIRouter(prefix="/sandbox")
        router.get("")(self.about)
        router.get("/clock")(self.clock)
        router.post("/advance")(self.advance)
        router.post("/creatives/{sha256}")(self.register)
        router.post("/faults")(self.plant)
        router.get("/faults")(self.faults)
        router.delete("/faults")(self.clear)
        router.post("/edits")(self.edit)
        router.get("/journal")(self.journal)
        router.get("/truth")(self.truth)
        router.get("/compare")(self.compare)
        return router

    async def about(self) -> dict[str, Any]:
        """What this is, and how to reach it."""
        return {
            **await self.clock(),
            "notice": NOTICE,
            "seed": self._sim.config.seed,
            "account_id": self._sim.account_id,
            "page_id": self._sim.page_id,
            "currency": self._sim.config.currency,
            "timezone": self._sim.config.timezone,
            "access_token": self._meta.secrets.access_token,
            "app_secret": self._meta.secrets.app_secret,
        }

    async def clock(self) -> dict[str, Any]:
        """Business time."""
        start, world = self._sim.config.start.isoformat(), self._world
        return {"simulated": True, "now": world.now.isoformat(), "today": world.today.isoformat(), "start": start}

    async def advance(self, step: Advance) -> dict[str, Any]:
        """Deliver ads and move deals as the clock moves on."""
        days = step.days if step.until is None else (step.until - self._world.today).days
        if days < 0:
            raise HTTPException(409, f"It is already {self._world.today}; the clock does not run backwards.")
        content = step.model_dump(mode="json", exclude_defaults=True)
        self._do({"do": "advance", "days": days, "hours": step.hours}, path="sandbox/advance", content=content)
        return await self.clock()

    async def register(
        self, sha256: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")], registration: Registration
    ) -> dict[str, Any]:
        """Tell the world what a rendered file is like; it never tells anybody else. Repeatable."""
        content = registration.model_dump(mode="json")
        if self._sim.traits.get(sha256) != (registration.traits, registration.key):
            op = {"do": "register", "sha256": sha256, **content}
            self._do(op, path=f"sandbox/creatives/{sha256}", content=content)
        return {"simulated": True, "registered": sha256}

    async def plant(self, fault: Fault) -> dict[str, Any]:
        """Plant a fault."""
        return {"simulated": True, "number": self._meta.faults.plant(fault)}

    async def faults(self) -> dict[str, Any]:
        """The planted faults and how often they hit."""
        return {"simulated": True, "faults": self._meta.faults.report()}

    async def clear(self) -> dict[str, Any]:
        """Take all faults away."""
        self._meta.faults.clear()
        return {"simulated": True, "faults": []}

    async def edit(self, change: HumanEdit) -> dict[str, Any]:
        """A person changes something in the platform's own page."""
        try:
            return {"simulated": True, **self._meta.edit(change.model_dump(exclude_none=True))}
        except GraphError as error:
            raise HTTPException(422, error.message) from None

    async def journal(
        self, after: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1, le=10_000)] = 10_000
    ) -> dict[str, Any]:
        """Everything that arrived and wrote, with what became of it."""
        entries = self._meta.journal.entries[after : after + limit]
        shown = [{name: value for name, value in entry.items() if name != "op"} for entry in entries]
        return {"simulated": True, "total": len(self._meta.journal.entries), "entries": shown}

    async def truth(self, since: date | None = None) -> dict[str, Any]:
        """What only the world knows; for benchmarks, never for the product."""
        world = self._world
        return {
            **await self.clock(),
            "spend_minor": world.spend_minor(since=since),
            "expected_value_minor": world.full_lag_value_minor(since=since),
            "realised_value_minor": world.full_lag_value_minor(since=since, realised=True),
            "ads": {self._sim.ad_of_key[key]: _ad_truth(world, key) for key in world.keys},
        }

    def compare(
        self,
        campaign_id: str,
        increase_percent: Annotated[int, Query(ge=0, le=100)] = 20,
        repeats: Annotated[int, Query(ge=2, le=1000)] = 200,
    ) -> dict[str, Any]:
        """What a campaign's budgets earned beside an even split and the best plan under the same limits."""
        ad_sets = {key for key, ad_set in self._sim.ad_sets.items() if ad_set.campaign_id == campaign_id}
        ads = [ad for ad in self._sim.ads.values() if ad.ad_set_id in ad_sets and ad.world_key is not None]
        names = {str(ad.world_key): ad.id for ad in ads}
        found = compare(self._world, keys=list(names), increase_percent=increase_percent, repeats=repeats)
        return {"simulated": True, "ads": names, **found}

    def _do(self, op: Op, *, path: str, content: dict[str, Any]) -> None:
        result = self._sim.apply(op)
        self._meta.record("CONTROL", path=path, content=content, status=200, body=result, op=op)


def _ad_truth(world: World, key: str) -> dict[str, Any]:
    budget, active = world.budget_of(key)
    value = world.expected_value_per_day(key, daily_budget_minor=budget)
    return {
        "key": key,
        "daily_budget_minor": budget,
        "active": active,
        "expected_value_per_day_minor": round(value),
        "ctr_log_odds": round(world.truth(key).ctr_traits + world.truth(key).ctr_hidden, 6),
    }
