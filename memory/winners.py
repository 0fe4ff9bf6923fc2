"""The winner index: past ads that worked or failed, found by likeness of their words. A cache of the records.

Kept in Chroma, one collection per account and kind (a metadata filter costs 10 to 80 times), with our own
vectors. Ranked exactly: an account has at most some thousand proven ads, for which one product in memory is
faster than the approximate index, and that one was seen to lose ads where many share one text.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from geminivideo.ads import Count
from geminivideo.creative_dna import CreativeDna
from geminivideo.errors import InvalidInput, NotFound, StorageError
from geminivideo.judgement import Recalled
from geminivideo.model import Noun
from geminivideo.vocabulary import Platform
from memory.minilm import WIDTH, Floats
from memory.vector_store import vector_store

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

Kind = Literal["winner", "loser"]
Origin = Literal["account", "competitor", "pattern"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MAX_K = 100

LIKENESS = 0.7
"""MMR's lambda (Carbonell & Goldstein 1998): 1 ranks by likeness alone, 0 by difference from those chosen."""

_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_FETCH = 4  # candidates per result wanted, from which the diverse ones are chosen
_AT_ONCE = 1000  # rows per call, below Chroma's limit
_SHELVES = 16  # collections held in memory at once
_Ppm = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]


class TextEmbedder(Protocol):
    """Whatever turns texts into unit vectors."""

    def embed(self, texts: Sequence[str]) -> Floats:
        """(n, 384) float32, L2-normalised."""
        ...


class IndexedAd(Noun):
    """An ad with proven results, good or bad, and the evidence."""

    ad_id: Annotated[str, Field(min_length=1, max_length=200)]
    kind: Kind
    copy_text: str
    dna: CreativeDna
    impressions: Count
    clicks: Count
    ctr_ppm: _Ppm
    ctr_low_ppm: _Ppm
    """Lower end of the 90% interval of its CTR."""
    roas_percent: Count | None = None
    vertical: str = ""
    platform: Platform = "meta"
    origin: Origin = "account"
    indexed_at: datetime


@dataclass(frozen=True)
class _Shelf:
    """A whole collection in memory, as of one version of the store. Best proven CTR first, then by id."""

    version: str
    ads: tuple[IndexedAd, ...]
    texts: NDArray[np.int64]
    """Of each ad, the row of its text in `vectors`: ads that say the same share one."""
    vectors: Floats


class WinnerIndex:
    """Remembers and recalls per account. Blocking: call it off the event loop. Threads may share one."""

    def __init__(self, path: Path, embedder: TextEmbedder) -> None:
        """`path`: the folder of the embedded store, made at first use."""
        self._store = vector_store(path.resolve())
        self._embedder = embedder
        self._shelves: OrderedDict[str, _Shelf] = OrderedDict()

    def upsert(self, account_id: str, items: Sequence[IndexedAd]) -> None:
        """Remember these, each under its present kind only. An unchanged text is not embedded again."""
        latest = list({item.ad_id: item for item in items}.values())
        names = {kind: _collection_name(account_id, kind=kind) for kind in KINDS}
        if not latest:
            return
        vectors = self._vectors(names.values(), items=latest)

        def write(client: ClientAPI) -> None:
            for kind in KINDS:
                chosen = [item for item in latest if item.kind == kind]
                others = [item.ad_id for item in latest if item.kind != kind]
                _delete(_find(client, names[kind]), ids=others)
                if chosen:
                    _put(_make(client, names[kind]), items=chosen, vectors=vectors)

        self._store.write(write)

    def search(
        self,
        account_id: str,
        *,
        query: str,
        kind: Kind,
        k: int = 5,
        vertical: str | None = None,
        origin: Origin | None = None,
    ) -> list[Recalled]:
        """At most `k` ads of this account that are like `query` and unlike each other, best first."""
        if not 1 <= k <= MAX_K:
            raise InvalidInput(f"k is {k}; 1 to {MAX_K} are allowed", where="k")
        name = _collection_name(account_id, kind=kind)
        target = self._embedder.embed([query])[0]
        shelf = self._store.read(lambda client: self._shelf(client, name=name))

        def fits(item: IndexedAd) -> bool:
            return vertical in (None, item.vertical) and origin in (None, item.origin)

        rows, likeness = _nearest(shelf, target=target, wanted=k * _FETCH, fits=fits)
        picked = diverse(shelf.vectors[shelf.texts[rows]], relevance=likeness[rows], k=k)
        return [_as_recalled(shelf.ads[rows[place]], similarity=float(likeness[rows[place]])) for place in picked]

    def remove(self, account_id: str, ad_ids: Sequence[str]) -> None:
        """Forget these ads of the account, whichever kind they are; absent ones are no error."""
        names = [_collection_name(account_id, kind=kind) for kind in KINDS]

        def write(client: ClientAPI) -> None:
            for name in names:
                _delete(_find(client, name), ids=ad_ids)

        self._store.write(write)

    def clear(self, account_id: str) -> None:
        """Forget everything of the account."""
        names = [_collection_name(account_id, kind=kind) for kind in KINDS]

        def write(client: ClientAPI) -> None:
            for name in names:
                if _find(client, name) is not None:
                    client.delete_collection(name)

        self._store.write(write)

    def count(self, account_id: str, *, kind: Kind | None = None) -> int:
        """How many ads of the account are remembered."""
        names = [_collection_name(account_id, kind=each) for each in KINDS if kind in (None, each)]

        def read(client: ClientAPI) -> int:
            found = (_find(client, name) for name in names)
            return sum(collection.count() for collection in found if collection is not None)

        return self._store.read(read)

    def close(self) -> None:
        """Let go of files and threads; the next call opens them again."""
        self._store.close()

    def _shelf(self, client: ClientAPI, *, name: str) -> _Shelf:
        shelf = self._shelves.pop(name, None)
        if shelf is None or shelf.version != self._store.version:
            shelf = _read_shelf(_find(client, name), version=self._store.version)
        self._shelves[name] = shelf
        if len(self._shelves) > _SHELVES:
            self._shelves.popitem(last=False)
        return shelf

    def _vectors(self, names: Iterable[str], *, items: Sequence[IndexedAd]) -> dict[str, Floats]:
        """A vector per ad id: the one that is kept if the text is the same, else a fresh one."""
        digests = {item.ad_id: _text_digest(item.copy_text) for item in items}

        def read(client: ClientAPI) -> dict[str, Floats]:
            kept: dict[str, Floats] = {}
            for collection in (_find(client, name) for name in names):
                if collection is not None:
                    kept |= _kept_vectors(collection, digests=digests)
            return kept

        vectors = self._store.read(read)
        fresh = [item for item in items if item.ad_id not in vectors]
        embedded = self._embedder.embed([item.copy_text for item in fresh])
        return vectors | {item.ad_id: vector for item, vector in zip(fresh, embedded, strict=True)}


def diverse(vectors: Floats, *, relevance: Floats, k: int, likeness: float = LIKENESS) -> list[int]:
    """Indices of up to `k` rows by maximal marginal relevance; ties go to the earlier row."""
    chosen: list[int] = []
    nearest = np.full(len(vectors), -1, np.float32)  # each row's likeness to the one chosen that it is most like
    while len(chosen) < min(k, len(vectors)):
        marginal = np.float32(likeness) * relevance
        if chosen:
            marginal = marginal - np.float32(1 - likeness) * nearest
            marginal[chosen] = -np.inf
        best = int(marginal.argmax())
        chosen.append(best)
        nearest = np.maximum(nearest, vectors @ vectors[best])
    return chosen


def _nearest(
    shelf: _Shelf, *, target: Floats, wanted: int, fits: Callable[[IndexedAd], bool]
) -> tuple[list[int], Floats]:
    """Rows of the `wanted` most alike texts, and the likeness of every row.

    Ads that say the same are recalled once, by the one with the best proven CTR: it stands first on the shelf,
    and equal texts have equal likeness to the bit.
    """
    likeness: Floats = np.clip(shelf.vectors @ target, -1, 1)[shelf.texts]
    rows: list[int] = []
    said: set[int] = set()
    for row in np.argsort(-likeness, kind="stable").tolist():
        text = int(shelf.texts[row])
        if text not in said and fits(shelf.ads[row]):
            said.add(text)
            rows.append(row)
            if len(rows) == wanted:
                break
    return rows, likeness


def _as_recalled(item: IndexedAd, *, similarity: float) -> Recalled:
    shared = set(Recalled.model_fields) & set(IndexedAd.model_fields)
    return Recalled(**{name: getattr(item, name) for name in shared}, similarity=similarity)


def _collection_name(account_id: str, *, kind: Kind) -> str:
    # No dot in an account id, so that no two accounts can ever share a collection.
    if not _ACCOUNT.fullmatch(account_id):
        raise NotFound(f"There is no account {account_id[:60]!r}")
    return f"{account_id}.{kind}s"


def _find(client: ClientAPI, name: str) -> Collection | None:
    from chromadb.errors import NotFoundError

    try:
        return client.get_collection(name, embedding_function=None)
    except NotFoundError:
        return None


def _make(client: ClientAPI, name: str) -> Collection:
    return client.get_or_create_collection(name, embedding_function=None, configuration={"hnsw": {"space": "cosine"}})


def _put(collection: Collection, *, items: Sequence[IndexedAd], vectors: dict[str, Floats]) -> None:
    for start in range(0, len(items), _AT_ONCE):
        part = items[start : start + _AT_ONCE]
        collection.upsert(
            ids=[item.ad_id for item in part],
            embeddings=np.stack([vectors[item.ad_id] for item in part]),
            metadatas=[_metadata_of(item) for item in part],
        )


def _metadata_of(item: IndexedAd) -> dict[str, str]:
    return {"item": item.model_dump_json(), "text": _text_digest(item.copy_text)}


def _delete(collection: Collection | None, *, ids: Sequence[str]) -> None:
    for start in range(0, len(ids), _AT_ONCE):
        if collection is not None:
            collection.delete(ids=list(ids[start : start + _AT_ONCE]))


def _kept_vectors(collection: Collection, *, digests: dict[str, str]) -> dict[str, Floats]:
    kept: dict[str, Floats] = {}
    ids = list(digests)
    for start in range(0, len(ids), _AT_ONCE):
        rows: Any = collection.get(ids=ids[start : start + _AT_ONCE], include=["metadatas", "embeddings"])
        for ad_id, metadata, vector in zip(rows["ids"], rows["metadatas"], rows["embeddings"], strict=True):
            if metadata.get("text") == digests[ad_id]:
                kept[ad_id] = np.asarray(vector, np.float32)
    return kept


def _read_shelf(collection: Collection | None, *, version: str) -> _Shelf:
    found: Any = collection.get(include=["metadatas", "embeddings"]) if collection is not None else {}
    ads = [_read_item(metadata) for metadata in found.get("metadatas") or ()]
    order = sorted(range(len(ads)), key=lambda row: (-ads[row].ctr_low_ppm, ads[row].ad_id))
    texts: dict[str, int] = {}
    places = [texts.setdefault(_same_text(ads[row].copy_text), len(texts)) for row in order]
    vectors = np.empty((len(texts), WIDTH), np.float32)
    for row, place in zip(order, places, strict=True):
        vectors[place] = found["embeddings"][row]
    return _Shelf(version, tuple(ads[row] for row in order), np.array(places, np.int64), vectors)


def _same_text(text: str) -> str:
    return " ".join(text.casefold().split())


def _read_item(metadata: dict[str, Any]) -> IndexedAd:
    try:
        return IndexedAd.model_validate_json(metadata["item"])
    except (KeyError, ValidationError) as error:
        raise StorageError(
            "The winner index holds a row that this version cannot read",
            fix="Delete the index folder: it is made again from the records.",
        ) from error


def _text_digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
