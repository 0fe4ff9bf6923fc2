"""What an ad is worth, with its uncertainty: a chain of rates, each pooled over the account's ads.

    money per unit of spend = impressions per spend x clicks per impression x leads per click x money per lead

Each link is a Poisson-lognormal rate with an ad's own deviation, a spread between ads that is estimated from the
account, and a few pooled effects (penalised quasi-likelihood, Breslow and Clayton 1993; the spread by its marginal
likelihood on a grid). Pooling is what lets a day-old ad be judged by its neighbours until it speaks for itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri  # type: ignore[import-untyped]

Floats = NDArray[np.float64]

_STEPS = 6
_GRID = np.geomspace(0.05, 1.2, 12)


@dataclass(frozen=True)
class Link:
    """Posterior of one log rate: per ad its own part, and the pooled effects it leans on."""

    own: Floats
    """(n,) mean of the ad's log rate when the pooled effects are zero, by its own evidence alone."""
    lean: Floats
    """(n,) 0..1: how much it still leans on the pooled effects."""
    sd: Floats
    """(n,) standard deviation of its own part."""
    design: Floats
    """(n, p) columns of the pooled effects."""
    effects: Floats
    """(p,) posterior mean."""
    root: Floats
    """(p, p) square root of the effects' posterior covariance."""
    spread: float
    """Standard deviation between ads that the pooled effects do not explain."""

    @property
    def mean(self) -> Floats:
        """(n,) posterior mean of the log rate."""
        return np.asarray(self.own + self.lean * (self.design @ self.effects))

    @property
    def variance(self) -> Floats:
        """(n,) posterior variance of the log rate."""
        pooled = ((self.design @ self.root) ** 2).sum(axis=1)
        return np.asarray(self.sd**2 + self.lean**2 * pooled)

    def first(self, count: int) -> Link:
        """The same link for the first ads alone."""
        return replace(
            self, own=self.own[:count], lean=self.lean[:count], sd=self.sd[:count], design=self.design[:count]
        )

    def draw(self, rng: np.random.Generator, *, draws: int, design: Floats | None = None) -> Floats:
        """(draws, n) joint draws of the log rate; `design` (draws, n, p) may carry another link's draws."""
        effects = self.effects + rng.standard_normal((draws, self.effects.size)) @ self.root.T
        columns = self.design[None] if design is None else design
        pooled = (columns * effects[:, None, :]).sum(axis=2)
        return np.asarray(self.own + self.lean * pooled + _stratified(rng, draws=draws, columns=self.sd.size) * self.sd)


def fit_link(
    count: Floats,
    *,
    exposure: Floats,
    design: Floats,
    effect_mean: Sequence[float],
    effect_sd: Sequence[float],
    spread_guess: float,
) -> Link:
    """Posterior of log(count / exposure) per ad; zero counts and zero exposures are fine.

    `count` and `exposure` are (n,); the first column of `design` (n, p) should be ones. `spread_guess` is where the
    prior of the spread between ads is centred (log-normal, sd 0.5).
    """
    m0 = np.asarray(effect_mean, dtype=np.float64)
    precision0 = np.diag(1.0 / np.asarray(effect_sd, dtype=np.float64) ** 2)
    total = max(float(exposure.sum()), 1e-12)
    # Half a pseudo-count at the prior rate keeps the first step finite on an account without any event.
    start = np.log((count.sum() + 0.5) / (total + 0.5 * np.exp(-m0[0])))
    pool = _Pool(design=design, m0=m0, precision0=precision0, guess=spread_guess)
    x = np.full(count.size, start)
    link = pool.link(count, exposure=exposure, at=x)
    for _ in range(_STEPS - 1):
        x = np.clip(link.mean, start - 4.0, start + 4.0)
        link = pool.link(count, exposure=exposure, at=x)
    return link


@dataclass(frozen=True)
class _Pool:
    """What all the ads share: columns of the pooled effects, their prior, and the guess of the spread between ads."""

    design: Floats
    m0: Floats
    precision0: Floats
    guess: float

    def link(self, count: Floats, *, exposure: Floats, at: Floats) -> Link:
        """One quasi-likelihood step around the log rates `at`: a linear model with known variances."""
        weight = np.maximum(exposure * np.exp(at), 1e-9)
        working = at + np.clip((count - weight) / weight, -2.0, 2.0)
        spread = self._spread(working, weight=weight)
        precision, pull = self._normal_equations(working, weight=weight, spread=spread)
        covariance = np.linalg.inv(precision)
        root = np.linalg.cholesky(covariance + 1e-12 * np.eye(self.m0.size))
        lean = 1.0 / (1.0 + weight * spread**2)
        return Link(
            own=(1.0 - lean) * working,
            lean=lean,
            sd=spread * np.sqrt(lean),
            design=self.design,
            effects=np.asarray(covariance @ pull, dtype=np.float64),
            root=np.asarray(root, dtype=np.float64),
            spread=spread,
        )

    def _normal_equations(self, working: Floats, *, weight: Floats, spread: float) -> tuple[Floats, Floats]:
        marginal = (self.design * (weight / (1.0 + weight * spread**2))[:, None]).T
        return marginal @ self.design + self.precision0, marginal @ working + self.precision0 @ self.m0

    def _spread(self, working: Floats, *, weight: Floats) -> float:
        """Posterior mean of the spread on the grid (marginal likelihood times a log-normal prior)."""
        scores = np.empty(_GRID.size)
        for index, spread in enumerate(_GRID):
            marginal = weight / (1.0 + weight * spread**2)
            precision, pull = self._normal_equations(working, weight=weight, spread=float(spread))
            quadratic = float(marginal @ working**2) - float(pull @ np.linalg.solve(precision, pull))
            _, logdet = np.linalg.slogdet(precision)
            prior = -0.5 * (np.log(spread / self.guess) / 0.5) ** 2
            scores[index] = 0.5 * (float(np.log(marginal).sum()) - quadratic - float(logdet)) + prior
        chance = np.exp(scores - scores.max())
        return float(np.exp((chance * np.log(_GRID)).sum() / chance.sum()))


def _stratified(rng: np.random.Generator, *, draws: int, columns: int) -> Floats:
    """Standard normal draws whose columns all hold the same quantiles: ads that are believed equal stay equal."""
    quantiles = ndtri((np.arange(draws) + 0.5) / draws)
    quantiles /= quantiles.std()
    return np.asarray(rng.permuted(np.tile(quantiles[:, None], (1, columns)), axis=0))
