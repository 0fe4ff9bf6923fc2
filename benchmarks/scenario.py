"""One seed's campaign: the account's past, a model trained on it, and fresh ads that no policy has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np

from geminivideo.accounts import AccountConfig
from geminivideo.ads import Ad, AdDay, AdState, Deal
from geminivideo.creative_dna import CreativeDna
from geminivideo.money import split_exactly
from geminivideo.vocabulary import HOOK_TYPES
from sandbox.history import PastAd
from sandbox.world import DealRow, World, WorldConfig
from tools.decisions.ad_state import assemble
from tools.decisions.creative_dna import dna_of_ad
from tools.decisions.ctr_model import CtrModel, TrainingRow, train

START = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
_ACCOUNT = "acc_simulation"


@dataclass(frozen=True)
class Settings:
    """What every policy of a seed shares. Money in minor units of US dollars."""

    days: int = 14
    ads: int = 8
    total_minor: int = 40_000
    """Daily total of the campaign: $50 per ad."""
    history_days: int = 90
    history_ads: int = 220
    config: AccountConfig = field(
        default_factory=lambda: AccountConfig(mode="service", vertical="local_services", timezone="America/Chicago")
    )

    @property
    def first_budgets(self) -> tuple[int, ...]:
        """Every policy starts from an even split."""
        return tuple(split_exactly(self.total_minor, weights=[1.0] * self.ads))


@dataclass
class Past:
    """The account's history as a sync sees it; its old ads are paused while the campaign runs."""

    world: World
    ads: tuple[Ad, ...]
    rows: tuple[AdDay, ...]
    model: CtrModel
    _deals: dict[DealRow, Deal] = field(default_factory=dict)

    def deals(self) -> list[Deal]:
        """Its deals as the CRM shows them at the world's time."""
        return [_deal(row, cache=self._deals) for row in self.world.deals()]


@dataclass
class Campaign:
    """The campaign of one policy: a world of its own (same seed, so the same luck) with the fresh ads alone."""

    world: World
    ads: tuple[Ad, ...]
    settings: Settings
    _deals: dict[DealRow, Deal] = field(default_factory=dict)

    @property
    def keys(self) -> tuple[str, ...]:
        """The ads' keys in the world."""
        return self.world.keys

    def budgets(self) -> list[int]:
        """Live daily budgets; a paused ad counts as zero."""
        return [minor if active else 0 for minor, active in map(self.world.budget_of, self.keys)]

    def apply(self, budgets: Sequence[int]) -> None:
        """Put approved budgets into force; zero pauses. Refuses what the caps of the account would refuse."""
        before, percent = self.budgets(), self.settings.config.caps.increase_percent_per_change
        assert sum(budgets) <= self.settings.total_minor, "more than the agreed total"
        for key, old, new in zip(self.keys, before, budgets, strict=True):
            assert 100 * new <= (100 + percent) * old or new == old, f"{key}: {old} to {new} is over the cap"
            if new:
                self.world.set_budget(key, minor=new)
            else:
                self.world.set_active(key, active=False)

    def live_ads(self) -> tuple[Ad, ...]:
        """The ads with the budgets and delivery that they have now."""
        return tuple(
            ad.model_copy(update={"daily_budget_minor": minor, "status": "active" if active else "paused"})
            for ad, (minor, active) in zip(self.ads, map(self.world.budget_of, self.keys), strict=True)
        )

    def rows(self) -> list[AdDay]:
        """Daily rows as the platform reports them now."""
        return [row for key in self.keys for row in _rows(self.world, key=key)]

    def deals(self) -> list[Deal]:
        """Deals as the CRM shows them now."""
        return [_deal(row, cache=self._deals) for row in self.world.deals()]


def open_past(seed: int, *, settings: Settings) -> Past:
    """Live through the account's history and train the CTR model on it, with what a sync would have seen of it."""
    world = World(WorldConfig(seed=seed, start=START))
    past = world.seed_history(days=settings.history_days, ads=settings.history_ads)
    for ad in past:
        world.set_active(ad.key, active=False)
    ads = tuple(_past_ad(ad, world=world) for ad in past)
    rows = tuple(row for ad in past for row in _rows(world, key=ad.key))
    return Past(world=world, ads=ads, rows=rows, model=train(_training_rows(ads, rows=rows), seed=seed))


def open_campaign(seed: int, *, settings: Settings) -> Campaign:
    """Fresh ads at an even split; the same ads and the same luck for every policy of the seed."""
    world = World(WorldConfig(seed=seed, start=START))
    ads = []
    traits = fresh_traits(seed, count=settings.ads)
    for index, (dna, budget) in enumerate(zip(traits, settings.first_budgets, strict=True), start=1):
        world.add_ad(f"new-{index}", traits=dna, daily_budget_minor=budget, active=True)
        ads.append(_ad(f"new-{index}", name=f"Variant {index}", dna=dna, created=START, budget=budget, status="active"))
    return Campaign(world=world, ads=tuple(ads), settings=settings)


def states(campaign: Campaign, *, past: Past) -> tuple[tuple[AdState, ...], tuple[AdState, ...]]:
    """(campaign, background) states, assembled exactly as the optimise graph assembles them from synced records."""
    ads = campaign.live_ads()
    predictions = past.model.predict([ad.dna for ad in ads], None)
    found = assemble(
        [*ads, *past.ads],
        days=[*campaign.rows(), *past.rows],
        deals=[*campaign.deals(), *past.deals()],
        config=campaign.settings.config,
        now=campaign.world.now,
        predicted_ctr_ppm={ad.id: p.ctr_ppm for ad, p in zip(ads, predictions, strict=True)},
    )
    return found[: len(ads)], found[len(ads) :]


def fresh_traits(seed: int, *, count: int) -> list[CreativeDna]:
    """DNA as the demo's blueprints have it: one brief (book, a free week), so hook, timing, words and looks differ."""
    rng = np.random.default_rng([seed, 77])
    hooks = [HOOK_TYPES[i % len(HOOK_TYPES)] for i in rng.permutation(max(count, len(HOOK_TYPES)))[:count]]
    return [
        CreativeDna(
            hook_type=hook,
            cta_style="book",
            offer_type="free_trial",
            media="video",
            aspect="9:16",
            duration_ms=int(rng.integers(10_000, 20_000)),
            pacing=("slow", "medium", "fast")[int(rng.integers(3))],
            words=int(rng.integers(18, 50)),
            headline_words=int(rng.integers(3, 10)),
            has_number=hook == "statistic" or bool(rng.random() < 0.3),
            has_question=hook == "question" or bool(rng.random() < 0.1),
            second_person=bool(rng.random() < 0.7),
            urgency=bool(rng.random() < 0.25),
            social_proof=hook == "testimonial" or bool(rng.random() < 0.3),
            warmth=int(rng.integers(40, 90)),
            brightness=int(rng.integers(15, 85)),
            contrast=int(rng.integers(30, 90)),
            opening=f"{hook} opening",
        )
        for hook in hooks
    ]


def _training_rows(ads: Sequence[Ad], *, rows: Sequence[AdDay]) -> list[TrainingRow]:
    shown: dict[str, list[int]] = {}
    for row in rows:
        counts = shown.setdefault(row.ad_id, [0, 0])
        counts[0] += row.impressions
        counts[1] += row.clicks
    return [TrainingRow(ad.id, ad.dna, None, *shown[ad.id]) for ad in ads if ad.id in shown]


def _past_ad(past: PastAd, *, world: World) -> Ad:
    dna = dna_of_ad(
        past.copy_text, call_to_action=past.call_to_action, media=past.media, aspect=past.aspect,
        duration_ms=past.length_ms, thumbnail=None,
    )  # fmt: skip
    created = datetime.combine(past.first_day, START.timetz())
    return _ad(past.key, name=past.name, dna=dna, created=created, budget=past.daily_budget_minor, status="paused",
               copy=past.copy_text, button=past.call_to_action)  # fmt: skip


def _ad(
    key: str, *, name: str, dna: CreativeDna, created: datetime, budget: int, status: str, copy: str = "",
    button: str = "",
) -> Ad:  # fmt: skip
    return Ad.model_validate(
        {
            "id": key, "account_id": _ACCOUNT, "platform": "meta", "campaign_external_id": "campaign",
            "ad_set_external_id": key, "ad_external_id": key, "name": name, "status": status,
            "daily_budget_minor": budget, "currency": "USD", "created_at": created, "copy_text": copy,
            "call_to_action": button, "dna": dna,
        }
    )  # fmt: skip


def _rows(world: World, *, key: str) -> list[AdDay]:
    return [
        AdDay(
            ad_id=key, day=row.day, impressions=row.impressions, reach=row.reach, clicks=row.clicks,
            spend_minor=row.spend_minor, leads=row.leads,
        )
        for row in world.rows(key)
    ]  # fmt: skip


def _deal(row: DealRow, *, cache: dict[DealRow, Deal]) -> Deal:
    if row not in cache:
        cache[row] = Deal(
            external_id=row.id, ad_external_id=row.source_ad_key, stage=row.stage, amount_minor=row.amount_minor,
            currency="USD", created_at=row.created_at, modified_at=row.modified_at,
        )  # fmt: skip
    return cache[row]


def move_past_to(past: Past, *, now: datetime) -> None:
    """Bring the history's clock to a campaign's, so that its open deals move on too."""
    while past.world.now < now:
        past.world.advance_day()


def local_days(count: int) -> list[date]:
    """The account's calendar days of the campaign."""
    first = World(WorldConfig(seed=0, start=START)).today
    return [first + timedelta(days=index) for index in range(count)]
