"""CTR of a creative before it runs: boosted trees on creative DNA and a ridge text score, per account.

Trained on aggregated counts (clicks of impressions per ad), judged only on ads that it has not seen, and switched
off in favour of the account's base rate when it does not beat it there. Saved as JSON, never as a pickle.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from geminivideo.creative_dna import CreativeDna
from geminivideo.errors import InvalidInput, NotFound
from geminivideo.judgement import Prediction
from geminivideo.model import Noun
from tools.decisions.features import DNA_COLUMNS, Floats, RidgeText, dna_matrix, ridge_inputs
from tools.decisions.held_out import conformal, held_out_coverage, spearman, verdict

MIN_ADS = 40
"""Fewer ads than this and the model does not try: it answers with the base rate."""
_FOLDS = 8
_INNER_FOLDS = 4
_ALPHAS = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
_ROUNDS = 60
_TREES = {
    "objective": "binary:logistic", "max_depth": 2, "eta": 0.06, "lambda": 8.0, "min_child_weight": 8.0,
    "subsample": 0.8, "colsample_bytree": 0.5, "tree_method": "hist", "nthread": 1, "verbosity": 0,
}  # fmt: skip
_TEXT_COLUMN = "wording and style together"
_COLUMNS = (*DNA_COLUMNS, _TEXT_COLUMN)
_FILE_FORMAT = "geminivideo-ctr/1"
_DRIVERS = 5


@dataclass(frozen=True)
class TrainingRow:
    """One ad of the synced history: what it is, and its counts."""

    ad_id: str
    dna: CreativeDna
    embedding: NDArray[np.float32] | None
    impressions: int
    clicks: int


class CtrReport(Noun):
    """How the model did on ads that it had not seen, against the account's base rate."""

    ads: int
    impressions: int
    clicks: int
    base_rate_ppm: int
    beats_base_rate: bool
    normalised_entropy: float
    """Held-out log-loss over the base rate's; below 1 is better than the base rate."""
    gain_low: float
    gain_high: float
    """90% interval (bootstrap over ads) of 1 - normalised entropy."""
    rank_correlation: float
    """Spearman, predicted against observed CTR of held-out ads."""
    coverage_percent: float
    """Share of held-out ads whose observed CTR fell into the 80% interval."""
    slope: float
    """How much of the raw prediction's distance from the base rate is believed, 0 to 1."""
    text: str


@dataclass(frozen=True)
class CtrModel:
    """A trained model. `booster` is None when the base rate is the better answer."""

    base_log_odds: float
    slope: float
    low: float
    high: float
    """Quantiles of held-out residuals in log-odds: sampling noise and the spread between ads are both in them."""
    booster: xgb.Booster | None
    ridge: RidgeText | None
    report: CtrReport
    version: str

    def predict(self, dnas: Sequence[CreativeDna], embeddings: Floats | NDArray[np.float32] | None) -> list[Prediction]:
        """One prediction with an 80% interval per creative; `embeddings` is (n, 384), or None if trained without."""
        base = _ppm(self.base_log_odds)
        if not dnas:
            return []
        margin, effects = self._margins(dnas, embeddings=embeddings)
        return [
            Prediction(
                ctr_ppm=_ppm(value),
                low_ppm=_ppm(value + self.low),
                high_ppm=_ppm(value + self.high),
                base_rate_ppm=base,
                model_version=self.version,
                drivers=_drivers(row, ctr_ppm=_ppm(value)),
            )
            for value, row in zip(margin.tolist(), effects, strict=True)
        ]

    def save(self, path: Path) -> str:
        """Write one JSON file and return its SHA-256, which `load` asks for."""
        raw = _to_bytes(self)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
        return hashlib.sha256(raw).hexdigest()

    @classmethod
    def load(cls, path: Path, *, sha256: str) -> CtrModel:
        """Read a saved model; a file whose SHA-256 is not the recorded one is refused."""
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            raise NotFound("The CTR model's file is gone", where=str(path), fix="Train it again.") from None
        if hashlib.sha256(raw).hexdigest() != sha256:
            raise InvalidInput(
                "The CTR model's file was altered since it was saved", where=str(path), fix="Train it again."
            )
        return _from_bytes(raw)

    def _margins(
        self, dnas: Sequence[CreativeDna], *, embeddings: Floats | NDArray[np.float32] | None
    ) -> tuple[Floats, Floats]:
        """Log-odds (n,) and the columns' effects on them (n, columns)."""
        if self.booster is None or self.ridge is None:
            return np.full(len(dnas), self.base_log_odds), np.zeros((len(dnas), len(_COLUMNS)))
        dna = dna_matrix(dnas)
        inputs = ridge_inputs(dna, embeddings=_embeddings(embeddings, rows=len(dnas)))
        if inputs.shape[1] != self.ridge.mean.size:
            raise InvalidInput(
                "The embeddings' width is not the one that the CTR model was trained with", fix="Use the same embedder."
            )
        columns = np.column_stack([dna, self.ridge.score(inputs)])
        effects = self.booster.predict(_data(columns), pred_contribs=True)[:, :-1].astype(np.float64) * self.slope
        return self.base_log_odds + effects.sum(axis=1), effects


def train(rows: Sequence[TrainingRow], *, seed: int) -> CtrModel:
    """Fit on the account's history (order does not matter) and judge it on held-out ads."""
    used = sorted((row for row in rows if row.impressions > 0), key=lambda row: row.ad_id)
    history = _History.of(used)
    if len(used) < MIN_ADS or history.clicks.sum() < MIN_ADS:
        return _base_rate_only(history)
    folds = np.random.default_rng(seed).permutation(np.arange(len(used)) % _FOLDS)
    raw = _held_out(history, folds=folds, seed=seed)
    slopes = _nested_slopes(raw, history=history, folds=folds)
    report, slope = _judge(raw, slopes=slopes, history=history, folds=folds, seed=seed)
    residuals = history.log_odds - history.base - slope * raw
    low, high = conformal(residuals)
    booster, ridge = _fit(history, take=np.ones(len(used), dtype=bool), seed=seed) if slope > 0 else (None, None)
    return _named(history.base, slope=slope, low=low, high=high, booster=booster, ridge=ridge, report=report)


@dataclass(frozen=True)
class _History:
    """Arrays over ads, with weights in which a huge ad counts as one ad, not as a million coin tosses."""

    dna: Floats
    inputs: Floats
    impressions: Floats
    clicks: Floats
    base: float
    """Log-odds of the aggregated base rate."""

    @classmethod
    def of(cls, rows: Sequence[TrainingRow]) -> _History:
        dna = dna_matrix([row.dna for row in rows])
        vectors = [row.embedding for row in rows if row.embedding is not None]
        if len(vectors) not in (0, len(rows)):
            raise InvalidInput("Some training rows have an embedding and some have none", fix="Embed all or none.")
        embeddings = _embeddings(np.stack(vectors) if vectors else None, rows=len(rows))
        impressions = np.asarray([row.impressions for row in rows], dtype=np.float64)
        clicks = np.minimum(np.asarray([row.clicks for row in rows], dtype=np.float64), impressions)
        rate = (clicks.sum() + 0.5) / (impressions.sum() + 50.0)
        return cls(
            dna=dna,
            inputs=ridge_inputs(dna, embeddings=embeddings),
            impressions=impressions,
            clicks=clicks,
            base=float(np.log(rate / (1 - rate))),
        )

    @property
    def log_odds(self) -> Floats:
        """Observed log-odds per ad, pulled to the base rate by one pseudo-click so that zero clicks stay finite."""
        rate = _sigmoid(self.base)
        clicks, misses = self.clicks + 1.0, self.impressions - self.clicks + (1 - rate) / rate
        return np.log(clicks / misses)

    @property
    def noise(self) -> Floats:
        """Sampling variance of the log-odds at the base rate."""
        rate = _sigmoid(self.base)
        return 1.0 / (self.impressions * rate * (1 - rate) + 1.0)

    @property
    def weight(self) -> Floats:
        """1 / (spread between ads + sampling variance), mean 1: impressions, saturated by how much ads differ."""
        centred = self.log_odds - np.average(self.log_odds, weights=1 / (self.noise + 0.05))
        between = max(0.01, float(np.average(centred**2 - self.noise, weights=1 / (self.noise + 0.05))))
        weight = 1.0 / (between + self.noise)
        return np.asarray(weight / weight.mean())


def _fit(history: _History, *, take: NDArray[np.bool_], seed: int) -> tuple[xgb.Booster, RidgeText]:
    inputs, target, weight = history.inputs[take], history.log_odds[take], history.weight[take]
    folds = np.random.default_rng(seed + 1).permutation(np.arange(len(target)) % _INNER_FOLDS)
    scores = {
        alpha: _ridge_held_out(inputs, target=target, weight=weight, folds=folds, alpha=alpha) for alpha in _ALPHAS
    }
    centre = np.average(target, weights=weight)
    alpha = min(scores, key=lambda a: float(np.average((target - centre - scores[a]) ** 2, weights=weight)))
    ridge = RidgeText.fit(inputs, target=target, weight=weight, alpha=alpha)
    clicks, impressions = history.clicks[take], history.impressions[take]
    rate = (clicks.sum() + 0.5) / (impressions.sum() + 50.0)
    # The default base score of 0.5 over-predicts seven times on aggregated counts. The unit of the weight is chosen
    # so that one ad has a hessian of about one, which is what lambda and min_child_weight are measured in.
    data = _data(
        np.column_stack([history.dna[take], scores[alpha]]),
        label=clicks / impressions,
        weight=weight / (rate * (1 - rate)),
    )
    return xgb.train({**_TREES, "base_score": rate, "seed": seed}, data, num_boost_round=_ROUNDS), ridge


def _ridge_held_out(
    inputs: Floats, *, target: Floats, weight: Floats, folds: NDArray[np.int64], alpha: float
) -> Floats:
    """Text scores of each ad from a ridge that did not see it, so that the trees learn how far to trust them."""
    out = np.zeros(len(target))
    for fold in range(_INNER_FOLDS):
        held = folds == fold
        ridge = RidgeText.fit(inputs[~held], target=target[~held], weight=weight[~held], alpha=alpha)
        out[held] = ridge.score(inputs[held])
    return out


def _held_out(history: _History, *, folds: NDArray[np.int64], seed: int) -> Floats:
    """Each ad's predicted distance from the base rate (log-odds) by a model that did not see it."""
    out = np.zeros(len(folds))
    for fold in range(_FOLDS):
        held = folds == fold
        booster, ridge = _fit(history, take=~held, seed=seed)
        columns = np.column_stack([history.dna[held], ridge.score(history.inputs[held])])
        out[held] = booster.predict(_data(columns), pred_contribs=True)[:, :-1].sum(axis=1)
    return out


def _slope(raw: Floats, *, history: _History, take: NDArray[np.bool_]) -> float:
    """Weighted regression of what happened on what was predicted, shrunk to none by four ads' worth of doubt."""
    weight = history.weight[take]
    centre = np.average(history.log_odds[take], weights=weight)
    top = float((weight * raw[take] * (history.log_odds[take] - centre)).sum())
    return float(np.clip(top / (float((weight * raw[take] ** 2).sum()) + 4 * 0.01), 0.0, 1.0))


def _nested_slopes(raw: Floats, *, history: _History, folds: NDArray[np.int64]) -> Floats:
    slopes = np.zeros(len(raw))
    for fold in range(_FOLDS):
        slopes[folds == fold] = _slope(raw, history=history, take=folds != fold)
    return slopes


def _judge(
    raw: Floats, *, slopes: Floats, history: _History, folds: NDArray[np.int64], seed: int
) -> tuple[CtrReport, float]:
    """The report, and the slope to ship: zero when held-out log-loss is not below the base rate's."""
    bases = np.asarray([_fold_base(history, take=folds != fold) for fold in range(_FOLDS)])[folds]
    model_loss = _log_loss(bases + slopes * raw, history=history)
    base_loss = _log_loss(bases, history=history)
    ratio = float(model_loss.sum() / base_loss.sum())
    picks = np.random.default_rng(seed + 2).integers(0, len(raw), size=(400, len(raw)))
    gains = 1 - model_loss[picks].sum(axis=1) / base_loss[picks].sum(axis=1)
    beats = ratio < 1.0
    slope = _slope(raw, history=history, take=np.ones(len(raw), dtype=bool)) if beats else 0.0
    shipped = slopes * raw if beats else np.zeros(len(raw))
    rank = spearman(raw, history.log_odds)
    cover = held_out_coverage(history.log_odds - bases - shipped, folds=folds)
    low, high = (float(value) for value in np.quantile(gains, (0.05, 0.95)))
    return CtrReport(
        ads=len(raw),
        impressions=int(history.impressions.sum()),
        clicks=int(history.clicks.sum()),
        base_rate_ppm=_ppm(history.base),
        beats_base_rate=beats and slope > 0,
        normalised_entropy=round(ratio, 5),
        gain_low=round(low, 5),
        gain_high=round(high, 5),
        rank_correlation=round(rank, 3),
        coverage_percent=round(100 * cover, 1),
        slope=round(slope, 3),
        text=verdict(beats and slope > 0, ratio=ratio, low=low, rank=rank, cover=cover, ads=len(raw)),
    ), slope


def _base_rate_only(history: _History) -> CtrModel:
    """Too little history: the base rate, with an interval as wide as ads of other accounts differ (sd 0.4)."""
    report = CtrReport(
        ads=len(history.clicks), impressions=int(history.impressions.sum()), clicks=int(history.clicks.sum()),
        base_rate_ppm=_ppm(history.base), beats_base_rate=False, normalised_entropy=1.0, gain_low=0.0, gain_high=0.0,
        rank_correlation=0.0, coverage_percent=0.0, slope=0.0,
        text=f"{len(history.clicks)} ads are too few to learn from (it takes {MIN_ADS}), so the base rate is used.",
    )  # fmt: skip
    wide = 1.2816 * 0.4
    return _named(history.base, slope=0.0, low=-wide, high=wide, booster=None, ridge=None, report=report)


def _fold_base(history: _History, *, take: NDArray[np.bool_]) -> float:
    rate = (history.clicks[take].sum() + 0.5) / (history.impressions[take].sum() + 50.0)
    return float(np.log(rate / (1 - rate)))


def _log_loss(log_odds: Floats, *, history: _History) -> Floats:
    """Per ad: negative log-likelihood of its clicks."""
    rate = 1 / (1 + np.exp(-log_odds))
    return np.asarray(-(history.clicks * np.log(rate) + (history.impressions - history.clicks) * np.log1p(-rate)))


def _drivers(effects: Floats, *, ctr_ppm: int) -> tuple[tuple[str, int], ...]:
    """The strongest columns and their effect on this CTR, in parts per million."""
    order = np.argsort(-np.abs(effects), kind="stable")[:_DRIVERS]
    named = [(_COLUMNS[i], round(float(effects[i]) * ctr_ppm * (1 - ctr_ppm / 1e6))) for i in order]
    return tuple((name, effect) for name, effect in named if effect)


def _embeddings(vectors: Floats | NDArray[np.float32] | None, *, rows: int) -> Floats:
    if vectors is None:
        return np.zeros((rows, 0))
    matrix = np.asarray(vectors, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != rows:
        raise InvalidInput(f"Embeddings must be one row per creative ({rows}), not {matrix.shape}")
    return matrix


def _data(columns: Floats, *, label: Floats | None = None, weight: Floats | None = None) -> xgb.DMatrix:
    return xgb.DMatrix(columns, label=label, weight=weight, feature_names=list(_COLUMNS), nthread=1)


def _named(
    base: float, *, slope: float, low: float, high: float, booster: xgb.Booster | None, ridge: RidgeText | None,
    report: CtrReport,
) -> CtrModel:  # fmt: skip
    """The model with a version that is the digest of what it is."""
    draft = CtrModel(base, slope, low, high, booster, ridge, report, version="")
    version = "ctr-" + hashlib.sha256(_to_bytes(draft)).hexdigest()[:12]
    return CtrModel(base, slope, low, high, booster, ridge, report, version)


def _to_bytes(model: CtrModel) -> bytes:
    ridge = model.ridge
    document = {
        "format": _FILE_FORMAT,
        "version": model.version,
        "base_log_odds": model.base_log_odds,
        "slope": model.slope,
        "interval": [model.low, model.high],
        "columns": list(_COLUMNS),
        "report": model.report.model_dump(mode="json"),
        "ridge": ridge and {
            "mean": ridge.mean.tolist(), "weights": ridge.weights.tolist(), "centre": ridge.centre,
            # JSON has no infinity; a constant column is written as null.
            "scale": [value if np.isfinite(value) else None for value in ridge.scale.tolist()],
        },
        "booster": model.booster and json.loads(bytes(model.booster.save_raw("json"))),
    }  # fmt: skip
    return json.dumps(document, sort_keys=True, allow_nan=False).encode()


def _from_bytes(raw: bytes) -> CtrModel:
    document: dict[str, Any] = json.loads(raw)
    if document.get("format") != _FILE_FORMAT or document.get("columns") != list(_COLUMNS):
        raise InvalidInput("The CTR model's file is of another version", fix="Train it again.")
    booster, ridge = None, None
    if document["booster"]:
        booster = xgb.Booster({"nthread": 1})
        booster.load_model(bytearray(json.dumps(document["booster"]).encode()))
        held = document["ridge"]
        ridge = RidgeText(
            mean=np.asarray(held["mean"], dtype=np.float64),
            scale=np.asarray([np.inf if value is None else value for value in held["scale"]], dtype=np.float64),
            centre=held["centre"],
            weights=np.asarray(held["weights"], dtype=np.float64),
        )
    return CtrModel(
        base_log_odds=document["base_log_odds"],
        slope=document["slope"],
        low=document["interval"][0],
        high=document["interval"][1],
        booster=booster,
        ridge=ridge,
        report=CtrReport.model_validate(document["report"]),
        version=document["version"],
    )


def _ppm(log_odds: float) -> int:
    return round(1e6 * _sigmoid(log_odds))


def _sigmoid(value: float) -> float:
    return float(1 / (1 + np.exp(-value)))
