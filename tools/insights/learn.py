"""Learning from what was synced: winners and losers into the index, outcomes to predictions, a CTR model."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from geminivideo.accounts import Account
from geminivideo.ads import Ad, AdState
from geminivideo.model import Noun
from memory.assets import AssetStore
from memory.embeddings import Embedder
from memory.winners import WinnerIndex
from tools.decisions.ctr_model import CtrModel, TrainingRow, train
from tools.winners.evidence import sort_out

SEED = 20_261_120


class Learned(Noun):
    """What one pass over the account's history came to."""

    winners: int
    losers: int


def index_winners(
    index: WinnerIndex, account: Account, *, ads: Sequence[Ad], states: Sequence[AdState], now: datetime
) -> Learned:
    """Put every ad whose results are more than luck into the index, and take out those that no longer are. Blocking."""
    remember, forget = sort_out(ads, states={state.ad_id: state for state in states}, config=account.config, now=now)
    index.remove(account.id, forget)
    index.upsert(account.id, remember)
    kinds = [item.kind for item in remember]
    return Learned(winners=kinds.count("winner"), losers=kinds.count("loser"))


def train_ctr(ads: Sequence[Ad], *, states: Sequence[AdState], embedder: Embedder) -> CtrModel:
    """Train on every ad that was shown. Blocking; a second or two of CPU for some hundred ads."""
    by_id = {state.ad_id: state for state in states}
    shown = [ad for ad in ads if ad.id in by_id and by_id[ad.id].impressions > 0]
    vectors = embedder.embed([ad.copy_text for ad in shown])
    rows = [
        TrainingRow(
            ad_id=ad.id,
            dna=ad.dna,
            embedding=vector,
            impressions=by_id[ad.id].impressions,
            clicks=by_id[ad.id].clicks,
        )
        for ad, vector in zip(shown, vectors, strict=True)
    ]
    return train(rows, seed=SEED)


def store_model(model: CtrModel, *, assets: AssetStore) -> str:
    """Keep a model's file in the asset store; its id is the file's SHA-256, which loading asks for."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ctr.json"
        model.save(path)
        return assets.put_file(path)


def load_model(asset_id: str, *, assets: AssetStore) -> CtrModel:
    """Load a stored model; an altered file is refused."""
    return CtrModel.load(assets.path(asset_id), sha256=asset_id)
