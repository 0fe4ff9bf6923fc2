"""Small builders of ads, days, deals and states."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from geminivideo.accounts import AccountConfig
from geminivideo.ads import Ad, AdDay, AdState, Deal
from geminivideo.creative_dna import CreativeDna
from geminivideo.vocabulary import HOOK_TYPES, OFFER_TYPES

NOW = datetime(2026, 3, 20, 18, tzinfo=UTC)
TODAY = date(2026, 3, 20)
SERVICE = AccountConfig(mode="service", vertical="local_services")


def dna(**changes: Any) -> CreativeDna:
    fields: dict[str, Any] = {
        "hook_type": "question", "cta_style": "book", "offer_type": "none", "duration_ms": 14_000, "words": 30,
        "headline_words": 6, "has_number": False, "has_question": True, "second_person": True, "urgency": False,
        "social_proof": False, "opening": "Is it any good?",
    }  # fmt: skip
    return CreativeDna(**(fields | changes))


def random_dna(rng: np.random.Generator) -> CreativeDna:
    return dna(
        hook_type=HOOK_TYPES[int(rng.integers(len(HOOK_TYPES)))],
        offer_type=OFFER_TYPES[int(rng.integers(len(OFFER_TYPES)))],
        words=int(rng.integers(10, 60)),
        urgency=bool(rng.random() < 0.3),
        warmth=int(rng.integers(101)),
    )


def ad(key: str, *, created_days_ago: int = 10, budget: int = 5_000, status: str = "active") -> Ad:
    return Ad.model_validate(
        {
            "id": key, "account_id": "acc_1", "platform": "meta", "campaign_external_id": "c", "ad_set_external_id": key,
            "ad_external_id": f"ext-{key}", "name": key, "status": status, "daily_budget_minor": budget,
            "currency": "USD", "created_at": NOW - timedelta(days=created_days_ago), "copy_text": "", "link": "",
            "call_to_action": "BOOK_NOW", "dna": dna(),
        }
    )  # fmt: skip


def day(
    key: str, back: int, *, impressions: int = 3_000, clicks: int = 36, spend: int = 5_000, leads: int = 1
) -> AdDay:
    return AdDay(
        ad_id=key, day=TODAY - timedelta(days=back), impressions=impressions, reach=impressions * 9 // 10,
        clicks=clicks, spend_minor=spend, leads=leads,
    )  # fmt: skip


def deal(key: str, *, ad_key: str = "", stage: str = "appointmentscheduled", amount: int = 70_000, born: int = 5,
         modified: int | None = None) -> Deal:  # fmt: skip
    return Deal.model_validate(
        {
            "external_id": key, "ad_external_id": f"ext-{ad_key}" if ad_key else "", "stage": stage,
            "amount_minor": amount, "currency": "USD", "created_at": NOW - timedelta(days=born),
            "modified_at": NOW - timedelta(days=born if modified is None else modified),
        }
    )  # fmt: skip


def state(key: str, *, days: int = 6, budget: int = 5_000, age: int | None = None, ctr: float = 0.012,
          lead_rate: float = 0.04, worth_per_lead: int = 8_000, status: str = "active", **changes: Any) -> AdState:  # fmt: skip
    """An ad whose counters are exactly what its rates say; `days` full days of 3,000 impressions."""
    clicks = round(3_000 * ctr)
    rows = tuple(
        day(key, back, clicks=clicks, spend=budget, leads=round(clicks * lead_rate)) for back in range(days, 0, -1)
    )
    leads = sum(row.leads for row in rows)
    fields: dict[str, Any] = {
        "ad_id": key, "account_id": "acc_1", "as_of": NOW, "age_days": days if age is None else age, "status": status,
        "daily_budget_minor": budget, "currency": "USD", "impressions": 3_000 * days, "reach": 2_700 * days,
        "clicks": clicks * days, "spend_minor": budget * days, "leads": leads, "deals": leads,
        "deal_amount_minor": leads * 70_000, "pipeline_value_minor": leads * worth_per_lead, "revenue_minor": 0,
        "days": rows,
    }  # fmt: skip
    return AdState(**(fields | changes))
