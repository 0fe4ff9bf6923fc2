"""Briefs and recalled ads for tests: the shipped examples, and more trades, tones and odd shapes."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from geminivideo.brief import Brief
from geminivideo.creative_dna import CreativeDna
from geminivideo.judgement import Recalled
from geminivideo.vocabulary import HOOK_TYPES, HookType, Vertical

EXAMPLES = Path(__file__).parents[2] / "examples" / "briefs"
_BUDGET = {"minor": 30_000, "currency": "USD"}


@cache
def example(name: str = "northbrew") -> Brief:
    """A shipped example brief, without its footage."""
    raw = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8"))
    kept = {key: value for key, value in raw.items() if key not in ("footage", "budget", "voice")}
    return Brief.model_validate(kept | {"daily_budget": _BUDGET})


def brief(name: str, product: str, **fields: Any) -> Brief:
    """A brief in one line."""
    return Brief.model_validate({"brand": {"name": name}, "product": product, "daily_budget": _BUDGET} | fields)


def many_briefs() -> list[Brief]:
    """Twenty briefs: the examples and fifteen other businesses."""
    shipped = [example(path.stem) for path in sorted(EXAMPLES.glob("*.yaml"))]
    return [*shipped, *OTHERS][:20]


OTHERS = [
    brief("Pawline", "vet-designed dog food delivered monthly", offer="50% off your first box", audience="dog owners",
          benefits=["real meat first", "portions weighed for your dog", "skip a month whenever you like"],
          pains=["mystery meat on the label", "running out on a Sunday"], proof=["320,000 bowls served"],
          call_to_action="shop", vertical="ecommerce", tone="playful"),
    brief("Hartley Plumbing", "emergency plumber", offer="no call-out fee", place="Leeds, England",
          benefits=["at your door within 60 minutes", "fixed prices before we start"],
          pains=["a leak at midnight", "plumbers who never call back"], proof=["rated 4.9 by 610 neighbours"],
          call_to_action="contact", vertical="local_services", tone="expert"),
    brief("Ledgerly", "bookkeeping app for freelancers", offer="free for 30 days", audience="freelancers and sole traders",
          benefits=["snap a receipt and it files itself", "tax estimate updated daily", "invoices in two taps"],
          pains=["a shoebox full of receipts", "tax bills that come as a surprise"], proof=["trusted by 48,000 freelancers"],
          call_to_action="sign_up", vertical="saas", tone="friendly"),
    brief("Kite Yoga", "yoga studio", offer="2 weeks unlimited for $29", place="Denver, Colorado",
          benefits=["classes from 6 am", "small groups", "beginners welcome every day"], pains=["a stiff back by Friday"],
          proof=["“I sleep better.” – Priya"], call_to_action="book", vertical="local_services", tone="calm"),
    brief("Fable & Oak", "handmade oak furniture", benefits=["built to order in 3 weeks", "oiled by hand"],
          pains=["wobbly flat-pack tables"], proof=["12,000 tables since 2009"], call_to_action="shop", tone="premium"),
    brief("SpeakUp", "online Spanish course", offer="Try 3 lessons free", audience="adults learning after work",
          benefits=["speak from the first lesson", "live tutors every evening", "ten minutes a day"],
          pains=["apps that only teach words"], proof=["9 in 10 students finish"], call_to_action="sign_up",
          vertical="info_products", tone="friendly"),
    brief("GreenMile", "electric cargo bikes", offer="free test ride", place="Amsterdam",
          benefits=["carries two kids and the shopping", "80 km on one charge"], pains=["school-run traffic", "no place to park"],
          proof=["3,400 families ride one"], call_to_action="book", tone="bold"),
    brief("Northgate Dental", "Invisible aligners", offer="Free 3D scan", place="Austin",
          benefits=["see your new smile before you start", "teeth straighter in 6 months"], pains=["hiding your smile in photos"],
          proof=["4.9 stars", "1,200 smiles straightened"], call_to_action="book", vertical="local_services"),
    brief("Stackwell", "log search for engineers", benefits=["search a year of logs in a second", "alerts that make sense"],
          pains=["grepping at 3 am"], offer="free up to 10 GB a month", proof=["used by 800 engineering teams"],
          call_to_action="sign_up", vertical="saas", tone="expert"),
    brief("Mornington Roast", "coffee beans roasted to order", offer="first bag free, pay postage only",
          benefits=["roasted the day you order", "at your door in 48 hours"], pains=["supermarket beans that taste of nothing"],
          proof=["5,200 five-star reviews"], call_to_action="subscribe", tone="premium"),
    brief("Tidy Crew", "home cleaning", offer="$40 off your first clean", place="Chicago, Illinois", audience="busy parents",
          benefits=["same cleaner every time", "book in 60 seconds", "background-checked staff"],
          pains=["weekends lost to chores"], proof=["21,000 homes cleaned"], call_to_action="book",
          vertical="local_services", tone="friendly"),
    brief("PitchDeck Pro", "a course on raising your first round", offer="30-day money-back guarantee",
          benefits=["templates from 40 real decks", "weekly office hours"], pains=["investors who ghost you"],
          proof=["alumni raised $210 million"], call_to_action="learn", vertical="info_products", tone="bold"),
    brief("Loom & Lane", "linen bedding", benefits=["softer with every wash", "free returns for 100 nights"],
          pains=["waking up too hot"], call_to_action="shop", offer="free pillowcases with every set", tone="calm"),
    brief("Acme", "widgets"),
    brief("Riverside Gym", "gym with childcare", place="the Bronx, New York", offer="Your first month free",
          benefits=["childcare until 8 pm", "no contract"], pains=["no time for yourself"],
          proof=["voted best gym in the Bronx 2025"], call_to_action="sign_up", vertical="local_services", tone="bold"),
]  # fmt: skip

_COPY: dict[HookType, tuple[str, ...]] = {
    "question": (
        "Still waiting for coffee? Meet a better morning. 4.8 stars from 900 teams. Try a free week. Book now.",
        "Want it done today? See how it works. Start your free trial. Book now.",
    ),
    "statistic": (
        "312 customers switched. Rated 4.9 by people like you. Free week on us. Book today.",
        "9 of 10 stay. Meet the crew. No mess to clean. Book now.",
    ),
    "pain": (
        "Tired of the mess? That's why we built this. Fresh all day. Get 20% off. Shop now.",
        "Everyone hates the queue. Fresh every week. Trusted by 500 teams. Free week. Book.",
    ),
    "testimonial": ("“Best thing we bought.” Loved by 300 teams. Meet the crew. Free tasting. Book now.",),
    "before_after": ("Before: cold. After: fresh. Meet the crew. Free week. Book now.",),
    "curiosity": ("What is in this box? See how it works. Ready in seconds. Loved by teams. Learn more.",),
    "command": (
        "Stop cleaning on weekends. Free week for you. Meet the crew. 4.9 stars. Book now.",
        "Ditch the pot. Watch how it pours. Fresh every week. Book now.",
    ),
}


def recalled(
    ad_id: str, hook: HookType, *, kind: Literal["winner", "loser"], vertical: str, rng: random.Random
) -> Recalled:
    """A past ad with copy that fits its hook type."""
    text = rng.choice(_COPY[hook])
    dna = CreativeDna(
        hook_type=hook, cta_style="book", offer_type=rng.choice(("free_trial", "none", "discount")), words=len(text.split()),
        headline_words=5, pacing=rng.choice(("slow", "medium", "fast")), has_number=any(c.isdigit() for c in text),
        has_question="?" in text, second_person=True, urgency=False, social_proof="stars" in text,
        opening=text.split(". ")[0].split("? ")[0],
    )  # fmt: skip
    return Recalled(
        ad_id=ad_id, kind=kind, copy_text=text, dna=dna, similarity=rng.uniform(0.3, 0.6),
        impressions=rng.randint(3_000, 40_000), ctr_ppm=32_000 if kind == "winner" else 7_000,
        ctr_low_ppm=28_000 if kind == "winner" else 5_000, vertical=vertical,
    )  # fmt: skip


def recall(seed: int, *, vertical: Vertical) -> tuple[tuple[Recalled, ...], tuple[Recalled, ...]]:
    """Five winners of three hook types, and three losers of others."""
    rng = random.Random(seed)
    won = rng.sample(HOOK_TYPES, 3)
    lost = [hook for hook in HOOK_TYPES if hook not in won]
    winners = tuple(recalled(f"ad_w{i}", rng.choice(won), kind="winner", vertical=vertical, rng=rng) for i in range(5))
    losers = tuple(recalled(f"ad_l{i}", rng.choice(lost), kind="loser", vertical=vertical, rng=rng) for i in range(3))
    return winners, losers
