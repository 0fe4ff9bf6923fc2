"""From a lead to a closed deal: one lead's fate, decided when it is born and revealed as the clock moves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from geminivideo.ads import DealStage
from sandbox.chance import normal, pick, uniforms
from sandbox.response import (
    DEAL_SPREAD,
    HOUR_EDGES,
    LATE_LEADS,
    LOSS_LAG_MEDIAN_DAYS,
    UNTRACED_SHARE,
    WIN_LAG_MEDIAN_DAYS,
    lag_ceiling,
    lag_days,
)

AMOUNT_LOW, AMOUNT_HIGH = 40_000, 200_000
"""Smallest and largest deal in minor units."""

_OPEN_STAGES: tuple[DealStage, ...] = (
    "appointmentscheduled", "qualifiedtobuy", "presentationscheduled", "contractsent",
)  # fmt: skip
_STAGE_AT = (0.0, 0.10, 0.30, 0.65)
"""Share of the whole lag at which each open stage is entered (assumption)."""
_LOSER_DEPTH = (0.45, 0.75, 0.92, 1.0)
"""Cumulative share of lost deals that got no further than each open stage (assumption)."""
_WIN_CEILING = lag_ceiling(WIN_LAG_MEDIAN_DAYS)
_LOSS_CEILING = lag_ceiling(LOSS_LAG_MEDIAN_DAYS)


@dataclass(frozen=True, slots=True)
class Lead:
    """One lead and what will become of it. `moves` are (moment, stage), oldest first."""

    id: str
    key: str
    happens_at: datetime
    traced: bool
    won: bool
    amount_minor: int
    moves: tuple[tuple[datetime, DealStage], ...]

    def stage_at(self, now: datetime) -> tuple[datetime, DealStage]:
        """When the deal entered the stage that it is in now, and that stage."""
        current = self.moves[0]
        for move in self.moves[1:]:
            if move[0] > now:
                break
            current = move
        return current


def draw_lead(
    *,
    seed: int | str,
    key: str,
    day: str,
    index: int,
    midnight: datetime,
    win_rate: float,
    log_amount: float,
) -> Lead:
    """The index-th lead of an ad's day; `midnight` is the day's start in UTC."""
    u = uniforms(seed, key, day, "lead", index)
    hour = pick(u[0], cumulative=HOUR_EDGES)
    delay = pick(u[2], cumulative=LATE_LEADS)
    happens = midnight + timedelta(days=delay, hours=hour, seconds=int(u[1] * 3600))
    won = u[3] < win_rate
    size = math.exp(log_amount + DEAL_SPREAD * normal(u[4]))
    amount = round(min(AMOUNT_HIGH, max(AMOUNT_LOW, size)) / 1_000) * 1_000
    return Lead(
        id=str(10_000_000_000 + int(u[7] * 80_000_000_000)),
        key=key,
        happens_at=happens,
        traced=u[6] >= UNTRACED_SHARE,
        won=won,
        amount_minor=amount,
        # The depth of a loser reuses what is left of the win draw: independent of it, given that it lost.
        moves=_moves(happens, won=won, lag=u[5], depth=(u[3] - win_rate) / (1.0 - win_rate)),
    )


def _moves(born: datetime, *, won: bool, lag: float, depth: float) -> tuple[tuple[datetime, DealStage], ...]:
    if won:
        days = lag_days(normal(lag * _WIN_CEILING), median=WIN_LAG_MEDIAN_DAYS)
        last, end = len(_OPEN_STAGES) - 1, "closedwon"
    else:
        days = lag_days(normal(lag * _LOSS_CEILING), median=LOSS_LAG_MEDIAN_DAYS)
        last, end = pick(depth, cumulative=_LOSER_DEPTH), "closedlost"
    moves: list[tuple[datetime, DealStage]] = [
        (born + timedelta(seconds=int(days * share * 86_400)), stage)
        for share, stage in zip(_STAGE_AT[: last + 1], _OPEN_STAGES, strict=False)
    ]
    close: DealStage = "closedwon" if end == "closedwon" else "closedlost"
    moves.append((born + timedelta(seconds=int(days * 86_400)), close))
    return tuple(moves)
