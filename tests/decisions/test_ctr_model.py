from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from geminivideo.errors import InvalidInput, NotFound
from tests.decisions.builders import dna, random_dna
from tools.decisions.ctr_model import MIN_ADS, CtrModel, TrainingRow, train


def _history(count: int, *, effect: float, seed: int = 0, width: int = 0) -> list[TrainingRow]:
    """Ads whose log-odds spread by 0.28; urgency adds `effect`, and with `width` so does the first embedding column."""
    rng = np.random.default_rng(seed)
    rows = []
    for index in range(count):
        found = random_dna(rng)
        vector = rng.standard_normal(width).astype(np.float32) if width else None
        odds = -4.4 + effect * found.urgency + 0.28 * rng.standard_normal() + (0.2 * float(vector[0]) if width else 0.0)
        shown = int(rng.lognormal(9.5, 0.5))
        rows.append(
            TrainingRow(f"a{index:03d}", found, vector, shown, int(rng.binomial(shown, 1 / (1 + np.exp(-odds)))))
        )
    return rows


@pytest.fixture(scope="module")
def model() -> CtrModel:
    return train(_history(220, effect=0.6), seed=1)


def test_a_real_effect_beats_the_base_rate_and_says_so(model: CtrModel) -> None:
    assert model.report.beats_base_rate
    assert model.report.normalised_entropy < 1
    assert model.report.rank_correlation > 0.3
    urgent, calm = model.predict([dna(urgency=True), dna(urgency=False)], None)
    assert urgent.low_ppm < urgent.ctr_ppm < urgent.high_ppm
    assert calm.ctr_ppm < urgent.ctr_ppm
    assert urgent.drivers


def test_without_an_effect_the_base_rate_answers() -> None:
    fell_back = [train(_history(220, effect=0.0, seed=seed), seed=1) for seed in (3, 4)]
    for found in fell_back:
        if not found.report.beats_base_rate:
            assert "base rate is used" in found.report.text
            assert {p.ctr_ppm for p in found.predict([dna(), dna(urgency=True)], None)} == {found.report.base_rate_ppm}
    assert not all(found.report.beats_base_rate for found in fell_back)


@pytest.mark.parametrize("count", [0, 1, MIN_ADS - 1])
def test_too_little_history_falls_back_to_the_base_rate(count: int) -> None:
    found = train(_history(count, effect=0.6), seed=1)
    (only,) = found.predict([dna()], None)
    assert only.low_ppm < only.ctr_ppm < only.high_ppm
    assert "too few" in found.report.text


def test_ads_that_never_ran_or_never_got_a_click_break_nothing() -> None:
    rows = [TrainingRow(f"a{i}", dna(), None, 1_000 * (i % 3), 0) for i in range(100)]
    (only,) = train(rows, seed=1).predict([dna()], None)
    assert 0 <= only.low_ppm <= only.ctr_ppm <= only.high_ppm <= 1_000_000


def test_intervals_hold_four_fifths_of_ads_never_seen(model: CtrModel) -> None:
    fresh = _history(400, effect=0.6, seed=99)
    predictions = model.predict([row.dna for row in fresh], None)
    inside = [
        p.low_ppm <= 1e6 * row.clicks / row.impressions <= p.high_ppm for p, row in zip(predictions, fresh, strict=True)
    ]
    assert 0.72 <= np.mean(inside) <= 0.90
    assert 72 <= model.report.coverage_percent <= 90


def test_predictions_are_calibrated_in_total(model: CtrModel) -> None:
    fresh = _history(400, effect=0.6, seed=98)
    expected = sum(
        p.ctr_ppm / 1e6 * row.impressions
        for p, row in zip(model.predict([r.dna for r in fresh], None), fresh, strict=True)
    )
    assert expected == pytest.approx(sum(row.clicks for row in fresh), rel=0.1)


def test_embeddings_carry_what_the_dna_does_not() -> None:
    rows = _history(220, effect=0.0, width=12)
    found = train(rows, seed=1)
    vectors = np.zeros((2, 12), dtype=np.float32)
    vectors[:, 0] = (2.0, -2.0)
    up, down = found.predict([dna(), dna()], vectors)
    assert up.ctr_ppm > down.ctr_ppm
    with pytest.raises(InvalidInput):
        found.predict([dna()], np.zeros((1, 5), dtype=np.float32))


def test_training_is_deterministic_and_blind_to_order(model: CtrModel) -> None:
    again = train(_history(220, effect=0.6)[::-1], seed=1)
    assert again.version == model.version
    assert again.report == model.report


def test_a_saved_model_answers_alike_and_an_altered_file_is_refused(model: CtrModel, tmp_path: Path) -> None:
    path = tmp_path / "models" / "ctr.json"
    digest = model.save(path)
    loaded = CtrModel.load(path, sha256=digest)
    questions = [dna(urgency=True), dna(words=12), dna(hook_type="pain")]
    assert loaded.predict(questions, None) == model.predict(questions, None)
    assert loaded.report == model.report
    document = json.loads(path.read_bytes())
    document["slope"] = 0.123
    path.write_text(json.dumps(document))
    with pytest.raises(InvalidInput, match="altered"):
        CtrModel.load(path, sha256=digest)
    with pytest.raises(NotFound):
        CtrModel.load(tmp_path / "absent.json", sha256=digest)


def test_nothing_to_predict_is_no_error(model: CtrModel) -> None:
    assert model.predict([], None) == []
