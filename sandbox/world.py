"""The simulated world: a market, its ads, their audiences and the deals that come of them.

Pure and in process. Everything is a function of the seed and of what was done: an ad's luck depends on
(seed, key, day) alone, so two policies on one seed meet the same ads on the same days. Figures: response.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from geminivideo.ads import DealStage
from geminivideo.creative_dna import CreativeDna
from geminivideo.errors import Conflict, InvalidInput, NotFound
from geminivideo.money import EXPONENTS
from sandbox import response
from sandbox.chance import binomial, normal, uniforms
from sandbox.deals import Lead, draw_lead
from sandbox.history import PastAd, plan_history
from sandbox.response import Economics, draw_economics
from sandbox.truth import AdTruth, draw_truth

NORTHBREW_ZONE = "America/Chicago"


@dataclass(frozen=True)
class WorldConfig:
    """What a world starts from. `start` is business time (aware); `economics` None draws them from the seed."""

    seed: int
    start: datetime
    currency: str = "USD"
    timezone: str = NORTHBREW_ZONE
    economics: Economics | None = None
    luck: int = 0
    """Which draw of luck: the same ads and market with other days, clicks, leads and deals."""

    def __post_init__(self) -> None:
        if self.start.tzinfo is None:
            raise InvalidInput("The start has no time zone", where="start", fix="Write 2026-03-02T18:00:00Z.")
        if EXPONENTS.get(self.currency) != 2:
            raise InvalidInput(
                f"The simulated market has no prices in {self.currency[:8]!r}",
                where="currency",
                fix="Use a currency with two decimals, such as USD.",
            )


@dataclass(frozen=True, slots=True)
class DayRow:
    """One ad's day as the platform reports it now; `leads` of the last days still grow."""

    day: date
    impressions: int
    reach: int
    clicks: int
    spend_minor: int
    leads: int


@dataclass(frozen=True, slots=True)
class DealRow:
    """A deal as the CRM shows it now. `source_ad_key` is empty where the id was lost on the way."""

    id: str
    source_ad_key: str
    stage: DealStage
    amount_minor: int
    created_at: datetime
    modified_at: datetime


@dataclass(frozen=True)
class ExpectedDay:
    """Expectation of one ad-day over all noise. Value: minor units of won deals at full lag."""

    impressions: float
    clicks: float
    leads: float
    value_minor: float


@dataclass(slots=True)
class _Delivered:
    """One delivered ad-day. `value` is expected money given the impressions; `leads` are all that come."""

    day: date
    impressions: int
    reach: int
    clicks: int
    spend_minor: int
    budget_minor: int
    value: float
    leads: tuple[Lead, ...]


@dataclass(slots=True)
class _Ad:
    key: str
    truth: AdTruth
    budget_minor: int
    active: bool
    impressions: int = 0
    days: list[_Delivered] = field(default_factory=list)


class World:
    """One advertiser's outside world. `now` is business time; a business day is one of the account's calendar."""

    def __init__(self, config: WorldConfig) -> None:
        self.config = config
        self.now = config.start.astimezone(UTC)
        self.economics = config.economics or draw_economics(config.seed)
        self._luck: int | str = f"{config.seed}/{config.luck}" if config.luck else config.seed
        self._zone = ZoneInfo(config.timezone)
        self._ads: dict[str, _Ad] = {}
        self._due = self.today
        """The first day that has not been delivered."""

    # What a policy may do.

    def add_ad(
        self,
        key: str,
        *,
        traits: CreativeDna | None,
        daily_budget_minor: int,
        active: bool,
        audience: float | None = None,
    ) -> None:
        """A new ad with a budget and an audience of its own; unknown traits (None) neither help nor harm."""
        if key in self._ads:
            raise Conflict(f"The world already has an ad {key!r}")
        truth = draw_truth(key, seed=self.config.seed, economics=self.economics, traits=traits, audience=audience)
        self._ads[key] = _Ad(key, truth, _budget(daily_budget_minor), active)

    def set_budget(self, key: str, *, minor: int) -> None:
        """Set the daily budget; it holds for every day that is not delivered yet."""
        self._ad(key).budget_minor = _budget(minor)

    def set_active(self, key: str, *, active: bool) -> None:
        """Let an ad run, or stop it."""
        self._ad(key).active = active

    def advance_day(self) -> None:
        """Deliver the current business day, then move the clock on by one day."""
        if self._due <= self.today:
            self._deliver_due()
        # Wall-clock arithmetic: the account's calendar moves by one day even when daylight saving starts.
        self.now = (self.now.astimezone(self._zone) + timedelta(days=1)).astimezone(UTC)

    def advance_hours(self, hours: int) -> None:
        """Move the clock on; each business day that ends on the way is delivered."""
        if hours < 0:
            raise InvalidInput("The clock does not run backwards", where="hours")
        self.now += timedelta(hours=hours)
        while self._due < self.today:
            self._deliver_due()

    def seed_history(self, *, days: int = 90, ads: int = 220) -> tuple[PastAd, ...]:
        """Live through the account's past: `ads` ads over the `days` before now, most of them paused by now."""
        if self._ads:
            raise Conflict("History comes before the first ad")
        end = self.now
        self.now = (end.astimezone(self._zone) - timedelta(days=days)).astimezone(UTC)
        self._due = self.today
        past = plan_history(seed=self.config.seed, first=self.today, days=days, ads=ads)
        for _ in range(days):
            self._open_and_close(past)
            self.advance_day()
        self._open_and_close(past)
        self.now = end
        return past

    def twin(self, *, keys: Sequence[str], start: datetime, luck: int) -> World:
        """A fresh world with the same market and these ads (not yet shown, no budget), under another draw of luck."""
        twin = World(replace(self.config, start=start, economics=self.economics, luck=luck))
        for key in keys:
            twin._ads[key] = _Ad(key, self._ad(key).truth, 0, active=True)
        return twin

    def budgets_by_day(self, keys: Sequence[str]) -> dict[date, dict[str, int]]:
        """The daily budgets under which these ads were delivered, by day."""
        found: dict[date, dict[str, int]] = {}
        for key in keys:
            for delivered in self._ad(key).days:
                found.setdefault(delivered.day, {})[key] = delivered.budget_minor
        return dict(sorted(found.items()))

    # What the outside shows.

    @property
    def today(self) -> date:
        """The current business day."""
        return self.now.astimezone(self._zone).date()

    @property
    def keys(self) -> tuple[str, ...]:
        """Every ad, oldest first."""
        return tuple(self._ads)

    def budget_of(self, key: str) -> tuple[int, bool]:
        """(daily budget in minor units, active)."""
        ad = self._ad(key)
        return ad.budget_minor, ad.active

    def rows(self, key: str) -> list[DayRow]:
        """The ad's delivered days, oldest first, as they are reported now."""
        return [
            DayRow(
                day=d.day,
                impressions=d.impressions,
                reach=d.reach,
                clicks=d.clicks,
                spend_minor=d.spend_minor,
                leads=sum(lead.happens_at <= self.now for lead in d.leads),
            )
            for d in self._ad(key).days
        ]

    def reach_between(self, key: str, *, first: date, last: date) -> int:
        """People reached at least once in those days (reach of days must not be added up)."""
        ad = self._ad(key)
        window = [d for d in ad.days if first <= d.day <= last]
        if len(window) <= 1:
            return sum(d.reach for d in window)
        shown = sum(d.impressions for d in window)
        people = int(response.reached(shown, audience=ad.truth.audience))
        return min(shown, max(people, *(d.reach for d in window)))

    def deals(self, *, modified_since: datetime | None = None) -> list[DealRow]:
        """The CRM's deals as they stand now, by creation."""
        found = []
        for ad in self._ads.values():
            for delivered in ad.days:
                for lead in delivered.leads:
                    if lead.happens_at <= self.now:
                        row = self._deal(lead)
                        if modified_since is None or row.modified_at >= modified_since:
                            found.append(row)
        return sorted(found, key=lambda row: (row.created_at, row.id))

    # Truth, for benchmarks only.

    def truth(self, key: str) -> AdTruth:
        """The ad's hidden qualities."""
        return self._ad(key).truth

    def full_lag_value_minor(self, *, realised: bool = False, since: date | None = None) -> int:
        """Money of all won deals that will come from what was delivered (from day `since` on).

        Expected: given the delivered impressions. Realised: with the luck of clicks, leads and deals.
        """
        days = self._delivered(since)
        if realised:
            return sum(lead.amount_minor for d in days for lead in d.leads if lead.won)
        return round(math.fsum(d.value for d in days))

    def spend_minor(self, *, since: date | None = None) -> int:
        """Money spent on what was delivered (from day `since` on)."""
        return sum(d.spend_minor for d in self._delivered(since))

    def expected_value_per_day(self, key: str, *, daily_budget_minor: int) -> float:
        """Expected full-lag value of spending that budget on the ad today, with the wear it has by now."""
        return self.expected_day(key, daily_budget_minor=daily_budget_minor).value_minor

    def expected_day(
        self,
        key: str,
        *,
        daily_budget_minor: float,
        day: date | None = None,
        prior_impressions: float | None = None,
    ) -> ExpectedDay:
        """Expectation of a day at a budget, for planners: on any day, after any earlier impressions."""
        ad, when = self._ad(key), day or self.today
        prior = float(ad.impressions) if prior_impressions is None else prior_impressions
        spend = daily_budget_minor * _MEAN_PACE
        shown = response.impressions_of(spend, cpm_minor=self._cpm(when))
        click = self._click_rate(ad.truth, prior=prior + shown / 2)
        lead = self._lead_rate(ad.truth, day=when)
        leads = shown * click * lead
        value = leads * self._value_per_lead(ad.truth)
        return ExpectedDay(impressions=shown, clicks=shown * click, leads=leads, value_minor=value)

    # Inside.

    def _delivered(self, since: date | None) -> list[_Delivered]:
        return [d for ad in self._ads.values() for d in ad.days if since is None or d.day >= since]

    def _deliver_due(self) -> None:
        day, self._due = self._due, self._due + timedelta(days=1)
        for ad in self._ads.values():
            if ad.active and ad.budget_minor:
                self._deliver(ad, day)

    def _deliver(self, ad: _Ad, day: date) -> None:
        u = uniforms(self._luck, ad.key, day)
        spend = int(ad.budget_minor * (1.0 - _PACE_SLACK * u[0]))
        noise = response.CPM_DAY_NOISE
        cpm = self._cpm(day) * self._market(day) * math.exp(noise * normal(u[1]) - noise**2 / 2)
        shown = int(response.impressions_of(spend, cpm_minor=cpm))
        noise = response.CTR_DAY_NOISE
        rate = self._click_rate(ad.truth, prior=ad.impressions + shown / 2)
        rate *= math.exp(noise * normal(u[2]) - noise**2 / 2)
        lead_rate = self._lead_rate(ad.truth, day=day)
        clicks = binomial(u[3], trials=shown, probability=rate)
        count = binomial(u[4], trials=clicks, probability=lead_rate)
        active = ad.truth.audience * response.DAILY_ACTIVE_SHARE
        ad.days.append(
            _Delivered(
                day=day,
                impressions=shown,
                reach=int(response.reached(shown, audience=active)),
                clicks=clicks,
                spend_minor=spend,
                budget_minor=ad.budget_minor,
                value=shown * rate * lead_rate * self._value_per_lead(ad.truth),
                leads=tuple(self._lead(ad, day=day, index=index) for index in range(count)),
            )
        )
        ad.impressions += shown

    def _lead(self, ad: _Ad, *, day: date, index: int) -> Lead:
        midnight = datetime.combine(day, time(), tzinfo=self._zone).astimezone(UTC)
        return draw_lead(
            seed=self._luck,
            key=ad.key,
            day=day.isoformat(),
            index=index,
            midnight=midnight,
            win_rate=response.logistic(ad.truth.win_log_odds),
            log_amount=ad.truth.log_amount,
        )

    def _click_rate(self, truth: AdTruth, *, prior: float) -> float:
        odds = math.exp(self._base_log_odds + truth.ctr_traits + truth.ctr_hidden)
        odds *= response.wear(prior, audience=truth.audience)
        return odds / (1.0 + odds)

    def _lead_rate(self, truth: AdTruth, *, day: date) -> float:
        quality = math.exp(truth.conversion_traits + truth.conversion_hidden)
        return min(0.5, self.economics.leads_per_click * quality * response.WEEKDAY_TRAFFIC[day.weekday()])

    def _value_per_lead(self, truth: AdTruth) -> float:
        return response.logistic(truth.win_log_odds) * truth.mean_amount

    def _cpm(self, day: date) -> float:
        traffic = response.WEEKDAY_TRAFFIC[day.weekday()]
        return float(self.economics.cpm_minor * traffic**response.WEEKDAY_PRICE_EXPONENT)

    def _market(self, day: date) -> float:
        noise = response.CPM_MARKET_NOISE
        return math.exp(noise * normal(uniforms(self._luck, "market", day)[0]) - noise**2 / 2)

    @cached_property
    def _base_log_odds(self) -> float:
        return response.log_odds(self.economics.base_ctr)

    def _deal(self, lead: Lead) -> DealRow:
        moved, stage = lead.stage_at(self.now)
        return DealRow(
            id=lead.id,
            source_ad_key=lead.key if lead.traced else "",
            stage=stage,
            amount_minor=lead.amount_minor,
            created_at=lead.happens_at,
            modified_at=moved,
        )

    def _open_and_close(self, past: tuple[PastAd, ...]) -> None:
        for plan in past:
            if plan.first_day == self.today:
                self.add_ad(
                    plan.key,
                    traits=plan.dna,
                    daily_budget_minor=plan.daily_budget_minor,
                    active=True,
                    audience=plan.audience,
                )
            if plan.stopped_on == self.today:
                self.set_active(plan.key, active=False)

    def _ad(self, key: str) -> _Ad:
        try:
            return self._ads[key]
        except KeyError:
            raise NotFound(f"The world has no ad {key!r}") from None


_PACE_SLACK = 0.04
"""A day's spend ends between 96 and 100 % of the budget, never above it (assumption)."""
_MEAN_PACE = 1.0 - _PACE_SLACK / 2


def _budget(minor: int) -> int:
    if isinstance(minor, bool) or not isinstance(minor, int) or minor < 0:
        raise InvalidInput("A budget is a non-negative integer of minor units", where="daily_budget_minor")
    return minor
