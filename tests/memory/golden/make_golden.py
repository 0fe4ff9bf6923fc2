"""Write vectors.npz from texts.json with sentence-transformers: the reference that ours is held to.

Needs an environment of its own with torch and sentence-transformers; see README.md beside this file.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np


def main() -> None:
    """Encode the texts one by one, so that no text's vector hangs on another's padding."""
    from sentence_transformers import SentenceTransformer  # only in the environment of its own

    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True, help="folder with model.safetensors and its configuration")
    folder = Path(__file__).parent
    texts = json.loads((folder / "texts.json").read_text(encoding="utf-8"))
    model = SentenceTransformer(parser.parse_args().model, device="cpu")
    vectors = np.stack([model.encode(text, normalize_embeddings=True) for text in texts])
    np.savez_compressed(folder / "vectors.npz", vectors=vectors.astype(np.float16))


if __name__ == "__main__":
    main()
