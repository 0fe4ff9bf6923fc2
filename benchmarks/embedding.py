"""Speed and truth of the embeddings: `python -m benchmarks.embedding --json`.

Times are wall times of this machine as it is; on a busy one they say more about the neighbours.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from geminivideo.errors import GeminiVideoError
from memory.embeddings import MAX_TOKENS, PINNED, Embedder, installed_folder

GOLDEN = Path(__file__).resolve().parent.parent / "tests" / "memory" / "golden"
SHORT = "Book a free tasting week of cold brew for your whole office today"  # 15 tokens with [CLS] and [SEP]
LIMIT_MS, LIMIT_COSINE = 10.0, 0.999


def measure(*, repeats: int) -> dict[str, Any]:
    """The figures: load, one short text, many texts, and likeness to the golden vectors."""
    started = time.perf_counter()
    embedder = Embedder()
    embedder.embed(["first"])
    load_ms = _since(started)
    cpu_started = time.process_time()
    short = [_timed(embedder, [SHORT]) for _ in range(repeats)]
    short_cpu_ms = (time.process_time() - cpu_started) * 1000 / repeats
    texts: list[str] = json.loads((GOLDEN / "texts.json").read_text(encoding="utf-8"))
    ads = [f"{SHORT} {number}" for number in range(200)]
    batch_ms = _timed(embedder, ads)
    cosines = _cosines(embedder, texts)
    found = hashlib.sha256((installed_folder() / "model.safetensors").read_bytes()).hexdigest()
    return {
        "model": "all-MiniLM-L6-v2",
        "weights_sha256": found,
        "weights_sha256_ok": found == PINNED["model.safetensors"],
        "max_tokens": MAX_TOKENS,
        "load_ms": round(load_ms, 1),
        "short_text_ms": {
            "tokens": embedder.count_tokens(SHORT),
            "median": _percentile(short, 50),
            "p95": _percentile(short, 95),
            "min": _percentile(short, 0),
            "cpu_mean": round(short_cpu_ms, 2),
        },
        "batch": {
            "texts": len(ads),
            "ms": round(batch_ms, 1),
            "texts_per_second": round(len(ads) / batch_ms * 1000, 1),
        },
        "golden": {"texts": len(texts), "min_cosine": float(cosines.min()), "mean_cosine": float(cosines.mean())},
        "passed": {"short_text": _percentile(short, 50) <= LIMIT_MS, "golden": bool(cosines.min() >= LIMIT_COSINE)},
    }


def main() -> int:
    """Print the figures; 0 if the vectors are right (speed is reported, not judged: machines differ)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--repeats", type=int, default=200, help="how often the short text is embedded")
    options = parser.parse_args()
    try:
        figures = measure(repeats=max(1, options.repeats))
    except GeminiVideoError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(json.dumps(figures, indent=None if options.json else 2))
    return 0 if figures["passed"]["golden"] else 1


def _cosines(embedder: Embedder, texts: list[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
    reference = np.load(GOLDEN / "vectors.npz")["vectors"].astype(np.float32)
    reference /= np.linalg.norm(reference, axis=1, keepdims=True)
    cosines: np.ndarray[Any, np.dtype[np.float32]] = np.einsum("ij,ij->i", embedder.embed(texts), reference)
    return cosines


def _timed(embedder: Embedder, texts: list[str]) -> float:
    started = time.perf_counter()
    embedder.embed(texts)
    return _since(started)


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000


def _percentile(values: list[float], percent: float) -> float:
    return round(float(np.percentile(values, percent)), 2)


if __name__ == "__main__":
    sys.exit(main())
