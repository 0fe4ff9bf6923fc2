"""From finished files, or from a plan of budgets, to the exact spend changes that a person decides about.

Pure: the same run and the same inputs give the same changes under the same ids.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence

from geminivideo.ads import Ad
from geminivideo.blueprint import Blueprint
from geminivideo.brief import Brief
from geminivideo.errors import InvalidInput
from geminivideo.money import Money
from geminivideo.spend import PublishSpec, SpendChange, SpendState
from geminivideo.vocabulary import Format, Platform
from memory.creatives import Render
from tools.decisions.optimise import BudgetPlan, PlannedChange


def prepare_creates(
    blueprints: Sequence[Blueprint],
    *,
    renders: Sequence[Render],
    budgets: Mapping[str, int],
    brief: Brief,
    platform: Platform,
    run_id: str,
    campaign_external_id: str | None = None,
    replaces_ad_id: str | None = None,
) -> tuple[SpendChange, ...]:
    """One create per blueprint, each on an ad set of its own, in the run's campaign or in one that is there.

    `budgets` is the daily budget by blueprint id in minor units. InvalidInput where a file or a budget is missing.
    """
    currency = brief.daily_budget.currency
    total = Money(minor=sum(budgets[item.id] for item in blueprints if item.id in budgets), currency=currency)
    changes = []
    for item in blueprints:
        budget = Money(minor=_budget_of(item, budgets), currency=currency)
        spec = PublishSpec(
            campaign_name=f"{brief.brand.name}: {brief.product[:80]} [{run_id}]",
            campaign_external_id=campaign_external_id,
            primary_text=item.primary_text or _fallback_text(item),
            headline=item.scenes[-1].headline,
            call_to_action=item.cta_style,
            link=brief.link,
            place=brief.place,
            videos=_videos(item, renders),
            blueprint_id=item.id,
            replaces_ad_id=replaces_ad_id,
        )
        changes.append(
            SpendChange(
                id=_change_id(run_id, "create", item.id, spec.model_dump_json(), str(budget.minor)),
                kind="create",
                platform=platform,
                external_id=None,
                ad_id=f"ad_{item.id.partition('_')[2] or item.id}",
                ad_name=f"{brief.brand.name}: {item.title}",
                before=None,
                after=SpendState(status="ACTIVE", daily_budget=budget),
                publish=spec,
                reason=_why(item, budget=budget, total=total, replaces=replaces_ad_id),
            )
        )
    return tuple(changes)


def prepare_plan(plan: BudgetPlan, *, ads: Sequence[Ad], run_id: str) -> tuple[SpendChange, ...]:
    """The plan's budget changes and pauses in its order. InvalidInput for an ad that is not among `ads`."""
    known = {ad.id: ad for ad in ads}
    missing = [change.ad_id for change in plan.changes if change.ad_id not in known]
    if missing:
        raise InvalidInput("The plan changes an ad that is not known", where=missing[0], fix="Sync the account first.")
    return tuple(_planned(change, ad=known[change.ad_id], run_id=run_id) for change in plan.changes)


def prepare_pause(ad: Ad, *, reason: str, run_id: str) -> SpendChange:
    """Pause one live ad, its budget left as it is."""
    before = _state(ad)
    return _change("pause", ad=ad, before=before, status="PAUSED", budget=before.daily_budget, why=reason, run=run_id)


def prepare_budget(ad: Ad, *, minor: int, reason: str, run_id: str) -> SpendChange:
    """Set one live ad's daily budget."""
    before = _state(ad)
    budget = Money(minor=minor, currency=ad.currency)
    return _change("budget", ad=ad, before=before, status=before.status, budget=budget, why=reason, run=run_id)


def _planned(planned: PlannedChange, *, ad: Ad, run_id: str) -> SpendChange:
    if planned.kind == "pause":
        return prepare_pause(ad, reason=planned.reason, run_id=run_id)
    before = _state(ad, minor=planned.before_minor)
    budget = Money(minor=planned.after_minor, currency=ad.currency)
    return _change("budget", ad=ad, before=before, status=before.status, budget=budget, why=planned.reason, run=run_id)


def _change(kind: str, *, ad: Ad, before: SpendState, status: str, budget: Money, why: str, run: str) -> SpendChange:
    after = {"status": status, "daily_budget": budget.model_dump()}
    return SpendChange.model_validate(
        {
            "id": _change_id(run, kind, ad.id, before.model_dump_json(), str(after)),
            "kind": kind,
            "platform": ad.platform,
            "external_id": ad.ad_set_external_id,
            "ad_id": ad.id,
            "ad_name": ad.name,
            "before": before.model_dump(),
            "after": after,
            "reason": why,
        }
    )


def _state(ad: Ad, *, minor: int | None = None) -> SpendState:
    amount = Money(minor=ad.daily_budget_minor if minor is None else minor, currency=ad.currency)
    return SpendState(status="ACTIVE" if ad.status == "active" else "PAUSED", daily_budget=amount)


def _budget_of(item: Blueprint, budgets: Mapping[str, int]) -> int:
    if budgets.get(item.id, 0) <= 0:
        raise InvalidInput(f"{item.title!r} has no budget", where=item.id, fix="Allocate before proposing.")
    return budgets[item.id]


def _videos(item: Blueprint, renders: Sequence[Render]) -> tuple[tuple[Format, str], ...]:
    files = {render.format: render.asset_id for render in renders if render.blueprint_id == item.id}
    found: tuple[tuple[Format, str], ...] = tuple((shape, files[shape]) for shape in item.formats if shape in files)
    if not found:
        raise InvalidInput(f"{item.title!r} has no rendered file", where=item.id, fix="Render before proposing.")
    return found


def _fallback_text(item: Blueprint) -> str:
    return " ".join(scene.headline for scene in item.scenes)[:400]


def _why(item: Blueprint, *, budget: Money, total: Money, replaces: str | None) -> str:
    share = round(100 * budget.minor / total.minor)
    role = "takes half the budget of a tired ad" if replaces else f"gets {share}% of {total} a day"
    return f"New ad that opens with a {item.hook_type.replace('_', '/')}; it {role}."


def _change_id(*parts: str) -> str:
    """An id that a node started again gives the same change; 130 bits of SHA-256 in the letters of our ids."""
    hashed = hashlib.sha256("\n".join(parts).encode()).digest()
    return "chg_" + base64.b32encode(hashed).decode().lower()[:26]
