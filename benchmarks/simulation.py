"""14 simulated days, five policies, the same seeds: what the shipped optimiser earns, and against what.

    python -m benchmarks.simulation --seeds 300 --seed-from 0 --days 14 --json

Every policy meets the same fresh ads with the same luck, starts from an even split of the same daily total, may raise
a budget by at most the account's cap a day (cuts are free), decides once a day after the first and has every decision
approved. Money is counted at full lag: everything that the delivered impressions will ever bring.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.policies import TEST_DAYS, Policy, even_split, system, test_then_commit, thompson, told
from benchmarks.scenario import Campaign, Settings, local_days, open_campaign, open_past
from sandbox.best_plan import Truth, best_budgets

Floats = NDArray[np.float64]

POLICIES = ("system", "even_split", "best_possible", "thompson", "test_then_commit")
CEILINGS = ("told_everything", "told_click_and_lead_rates")
"""Our planner with truth for belief: how much of the share is lost to planning, and how much to want of evidence."""
_RIVALS = ("even_split", "thompson", "test_then_commit")
_RESAMPLES = 4_000


@dataclass(frozen=True)
class Outcome:
    """One policy on one seed, minor units."""

    expected: int
    """Full-lag money expected of the impressions that were delivered: free of the luck of single deals."""
    realised: int
    """Full-lag money of the very deals that came."""
    spent: int


def run_seed(seed: int, *, settings: Settings) -> dict[str, Outcome]:
    """Every policy on one seed, and what the CTR model was worth on it."""
    past = open_past(seed, settings=settings)
    policies: dict[str, Policy] = {
        "system": system(seed, past=past),
        "even_split": even_split,
        "best_possible": _best(seed, settings=settings),
        "thompson": thompson(seed),
        "test_then_commit": test_then_commit(),
        "told_everything": told(leads_only=False),
        "told_click_and_lead_rates": told(leads_only=True),
    }
    return {name: play(open_campaign(seed, settings=settings), policy=policy) for name, policy in policies.items()}


def play(campaign: Campaign, *, policy: Policy) -> Outcome:
    """Deliver the days; from the second on the policy decides before each."""
    for day in range(campaign.settings.days):
        if day:
            campaign.apply(policy(day, campaign))
        campaign.world.advance_day()
    world = campaign.world
    return Outcome(
        expected=world.full_lag_value_minor(),
        realised=world.full_lag_value_minor(realised=True),
        spent=world.spend_minor(),
    )


def summarise(outcomes: Sequence[dict[str, Outcome]], *, settings: Settings, first_seed: int) -> dict[str, Any]:
    """The document that goes to stdout; money in dollars per campaign of all days."""
    expected = {name: np.asarray([o[name].expected for o in outcomes]) / 100 for name in (*POLICIES, *CEILINGS)}
    realised = {name: np.asarray([o[name].realised for o in outcomes]) / 100 for name in POLICIES}
    document: dict[str, Any] = {name: _policy(outcomes, name=name) for name in POLICIES}
    document["share_of_possible"] = _share(expected, name="system")
    document["share_of_possible_if"] = {name: _share(expected, name=name) for name in CEILINGS}
    document["gain_over"] = {name: _gain(expected["system"], rival=expected[name]) for name in _RIVALS}
    document["gain_over_realised"] = {name: _gain(realised["system"], rival=realised[name]) for name in _RIVALS}
    document["gain_over_percent"] = {
        name: round(100 * float((expected["system"] - expected[name]).sum() / expected[name].sum()), 2)
        for name in _RIVALS
    }
    document["settings"] = {
        "seeds": len(outcomes),
        "seed_from": first_seed,
        "days": settings.days,
        "ads": settings.ads,
        "daily_total": settings.total_minor / 100,
        "currency": settings.config.currency,
        "increase_percent_per_change": settings.config.caps.increase_percent_per_change,
        "decisions": "once a day after the first day's results, all approved",
        "test_days": TEST_DAYS,
        "history_ads": settings.history_ads,
        "prior": "CTR model trained on the seed's own 90 days of history; DNA read from its ads",
        "interval": "95%, paired over seeds (share of possible: bootstrap over seeds)",
        "value": "full-lag money expected of the delivered impressions; *_realised: of the deals that came",
    }
    return document


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and print one JSON document."""
    options = _parser().parse_args(arguments)
    settings = Settings(days=options.days, ads=options.ads, total_minor=options.daily_total * 100)
    seeds = range(options.seed_from, options.seed_from + options.seeds)
    began = time.monotonic()
    outcomes = list(_each(seeds, settings=settings, jobs=options.jobs))
    document = summarise(outcomes, settings=settings, first_seed=options.seed_from)
    document["seconds"] = round(time.monotonic() - began, 1)
    if options.json:
        print(json.dumps(document, indent=2))
    else:
        print(_text(document))
    return 0


def _each(seeds: range, *, settings: Settings, jobs: int) -> list[dict[str, Outcome]]:
    work = partial(run_seed, settings=settings)
    found = []
    if jobs == 1:
        for seed in seeds:
            found.append(work(seed))
            _progress(len(found), of=len(seeds))
        return found
    with ProcessPoolExecutor(jobs) as pool:
        for outcome in pool.map(work, seeds):
            found.append(outcome)
            _progress(len(found), of=len(seeds))
    return found


def _best(seed: int, *, settings: Settings) -> Policy:
    campaign = open_campaign(seed, settings=settings)
    truth = Truth.of(campaign.world, keys=campaign.keys, days=local_days(settings.days))
    budgets = best_budgets(
        truth, first=settings.first_budgets, total=settings.total_minor,
        increase_percent=settings.config.caps.increase_percent_per_change, days=settings.days,
    )  # fmt: skip

    def decide(day: int, campaign: Campaign) -> list[int]:
        percent = settings.config.caps.increase_percent_per_change
        highest = [minor * (100 + percent) // 100 for minor in campaign.budgets()]
        return [min(high, int(value)) for high, value in zip(highest, budgets[day], strict=True)]

    return decide


def _policy(outcomes: Sequence[dict[str, Outcome]], *, name: str) -> dict[str, float]:
    rows = [outcome[name] for outcome in outcomes]
    return {
        "value": _mean([row.expected for row in rows]),
        "value_realised": _mean([row.realised for row in rows]),
        "spent": _mean([row.spent for row in rows]),
    }


def _mean(minor: Sequence[int]) -> float:
    return round(sum(minor) / len(minor) / 100, 2)


def _gain(ours: Floats, *, rival: Floats) -> dict[str, float]:
    """Mean paired difference in dollars with its normal 95% interval."""
    difference = ours - rival
    mean = float(difference.mean())
    half = 1.96 * float(difference.std(ddof=1)) / len(difference) ** 0.5 if len(difference) > 1 else float("nan")
    low, high = (round(value, 2) if np.isfinite(half) else None for value in (mean - half, mean + half))
    return {"mean": round(mean, 2), "low": low, "high": high}  # type: ignore[dict-item]


def _share(expected: dict[str, Floats], *, name: str) -> dict[str, float | None]:
    """A policy's gain over the even split as a share of the best plan's: ratio of means, bootstrap over seeds."""
    ours = expected[name] - expected["even_split"]
    possible = expected["best_possible"] - expected["even_split"]
    if possible.sum() <= 0:
        return {"mean": None, "low": None, "high": None}
    picks = np.random.default_rng(20_261_120).integers(0, len(ours), size=(_RESAMPLES, len(ours)))
    ratios = ours[picks].sum(axis=1) / possible[picks].sum(axis=1)
    low, high = np.quantile(ratios, (0.025, 0.975))
    return {
        "mean": round(float(ours.sum() / possible.sum()), 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
    }


def _progress(done: int, *, of: int) -> None:
    if done % 10 == 0 or done == of:
        print(f"\r{done}/{of} seeds", end="" if done < of else "\n", file=sys.stderr, flush=True)


def _text(document: dict[str, Any]) -> str:
    lines = [f"{name:18s} ${document[name]['value']:>12,.2f}" for name in POLICIES]
    lines += [
        f"gain over {name:18s} ${gain['mean']:,.2f} ({gain['low']:,.2f} to {gain['high']:,.2f})"
        for name, gain in document["gain_over"].items()
    ]
    share = document["share_of_possible"]
    return "\n".join([*lines, f"share of possible  {share['mean']} ({share['low']} to {share['high']})"])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=300)
    parser.add_argument("--seed-from", type=int, default=0)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--ads", type=int, default=8)
    parser.add_argument("--daily-total", type=int, default=400, help="whole dollars a day")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
