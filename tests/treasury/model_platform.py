"""An advertising platform in memory, with faults on demand: the model that the treasury is tested against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from geminivideo.errors import OutcomeUnknown, PlatformInvalid, PlatformThrottled, PlatformTransient
from geminivideo.money import Money
from geminivideo.spend import DeliveryStatus, PublishSpec, SpendState


@dataclass
class Fault:
    """The next write whose name is `on` (empty: any) meets it."""

    kind: str  # lost_before | lost_after | late | throttled | transient | invalid
    on: str = ""


@dataclass
class ModelPlatform:
    """Ad sets with status and budget, named things, a journal of effects. Reader and writer at once."""

    ad_sets: dict[str, SpendState] = field(default_factory=dict)
    named: dict[tuple[str, str], str] = field(default_factory=dict)
    status: dict[str, str] = field(default_factory=dict)
    journal: list[tuple[str, ...]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    attempts: int = 0
    landing: list[Callable[[], None]] = field(default_factory=list)
    on_effect: Callable[[tuple[str, ...], int, int], None] | None = None
    """Told each journal row with the live total before and after it."""

    def seed(self, ad_set: str, minor: int, status: DeliveryStatus = "ACTIVE", currency: str = "USD") -> SpendState:
        self.ad_sets[ad_set] = SpendState(status=status, daily_budget=Money(minor=minor, currency=currency))
        return self.ad_sets[ad_set]

    async def spend_states(self) -> Mapping[str, SpendState]:
        return dict(self.ad_sets)

    async def spend_state(self, ad_set_id: str) -> SpendState | None:
        return self.ad_sets.get(ad_set_id)

    async def find(self, part: str, *, mark: str) -> str | None:
        return self.named.get((part, mark))

    async def create_campaign(self, *, mark: str, name: str) -> str:
        return self._create("campaign", mark)

    async def upload_video(self, *, mark: str, name: str, path: Path) -> str:
        return self._create("video", mark)

    async def create_creative(self, *, mark: str, name: str, videos: Mapping[str, str], spec: PublishSpec) -> str:
        return self._create("creative", mark)

    async def create_ad_set(
        self, *, mark: str, name: str, campaign_id: str, daily_budget: Money, spec: PublishSpec
    ) -> str:
        return self._create("ad_set", mark, daily_budget)

    async def create_ad(self, *, mark: str, name: str, ad_set_id: str, creative_id: str) -> str:
        return self._create("ad", mark)

    async def set_budget(self, ad_set_id: str, *, mark: str, budget: Money) -> None:
        def effect() -> None:
            self.journal.append(("budget", ad_set_id, str(budget.minor), mark))
            self.ad_sets[ad_set_id] = self.ad_sets[ad_set_id].model_copy(update={"daily_budget": budget})

        self._write("budget", effect)

    async def set_status(self, entity_id: str, *, mark: str, status: DeliveryStatus) -> None:
        def effect() -> None:
            self.journal.append(("status", entity_id, status, mark))
            self.status[entity_id] = status
            if entity_id in self.ad_sets:
                self.ad_sets[entity_id] = self.ad_sets[entity_id].model_copy(update={"status": status})

        self._write("status", effect)

    def live_total(self) -> int:
        return sum(state.daily_budget.minor for state in self.ad_sets.values() if state.status == "ACTIVE")

    def effects(self, *kinds: str) -> list[tuple[str, ...]]:
        return [row for row in self.journal if row[0] in kinds]

    def _create(self, part: str, name: str, budget: Money | None = None) -> str:
        made: list[str] = []

        def effect() -> None:
            made.append(f"{part}-{len(self.journal)}")
            self.journal.append(("create", part, name))
            self.named.setdefault((part, name), made[0])
            if budget is not None:
                self.ad_sets[made[0]] = SpendState(status="PAUSED", daily_budget=budget)

        self._write(part, effect)
        return made[0]

    def land(self) -> None:
        """Late effects take place."""
        for effect in self.landing:
            effect()
        self.landing.clear()

    def _write(self, what: str, act: Callable[[], None]) -> None:
        self.attempts += 1

        def effect() -> None:
            before = self.live_total()
            act()
            if self.on_effect is not None:
                self.on_effect(self.journal[-1], before, self.live_total())

        fault = next((fault for fault in self.faults if fault.on in {"", what}), None)
        if fault is not None:
            self.faults.remove(fault)
            if fault.kind == "lost_after":
                effect()
            if fault.kind == "late":
                self.landing.append(effect)
            errors = {"throttled": PlatformThrottled, "transient": PlatformTransient, "invalid": PlatformInvalid}
            raise errors.get(fault.kind, OutcomeUnknown)(f"model fault {fault.kind}")
        effect()
