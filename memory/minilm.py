"""The all-MiniLM-L6-v2 encoder in NumPy: 6 BERT layers, 384 wide, 12 heads (Wang et al. 2020; Reimers 2019).

float32 from end to end. Sequences are packed end to end without padding, so no mask is needed and no work is
wasted; the attention of sequences of one length is one stacked product.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, groupby

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

WIDTH = 384
LAYERS, HEADS, HEAD_WIDTH = 6, 12, 32
_NORM_EPSILON = 1e-12
_GELU_ROWS = 64  # rows of 1536 floats per block: the block and its temporaries stay in a core's cache


class _Layer:
    """One layer's weights, input-major and fused: query, key and value are one product."""

    def __init__(self, tensors: Mapping[str, Floats], *, index: int) -> None:
        at = f"encoder.layer.{index}."
        parts = [at + f"attention.self.{name}." for name in ("query", "key", "value")]
        scale = np.ones(3 * WIDTH, np.float32)
        scale[:WIDTH] = HEAD_WIDTH**-0.5  # scores are divided by sqrt(32): done once, here
        self.qkv = _input_major(np.concatenate([tensors[part + "weight"] for part in parts]) * scale[:, None])
        self.qkv_bias = np.concatenate([tensors[part + "bias"] for part in parts]) * scale
        self.mixed = _input_major(tensors[at + "attention.output.dense.weight"])
        self.mixed_bias = tensors[at + "attention.output.dense.bias"]
        self.up = _input_major(tensors[at + "intermediate.dense.weight"])
        self.up_bias = tensors[at + "intermediate.dense.bias"]
        self.down = _input_major(tensors[at + "output.dense.weight"])
        self.down_bias = tensors[at + "output.dense.bias"]
        self.norms = [_norm_of(tensors, at + place) for place in ("attention.output.", "output.")]


class MiniLM:
    """The encoder with its weights. Read-only after construction, so threads may share it."""

    def __init__(self, tensors: Mapping[str, Floats]) -> None:
        """`tensors` by their names in the published model.safetensors."""
        self._words = tensors["embeddings.word_embeddings.weight"]
        # One segment only: its embedding is the same for every token and is added to the positions once.
        segment = tensors["embeddings.token_type_embeddings.weight"][0]
        self._positions = tensors["embeddings.position_embeddings.weight"] + segment
        self._norm = _norm_of(tensors, "embeddings.")
        self._layers = [_Layer(tensors, index=index) for index in range(LAYERS)]

    def encode(self, sequences: Sequence[Sequence[int]]) -> Floats:
        """Token ids per text -> (n, 384) unit vectors: the mean over tokens, L2-normalised."""
        lengths = [len(sequence) for sequence in sequences]
        ids = np.fromiter(chain.from_iterable(sequences), np.int64, sum(lengths))
        places = np.concatenate([np.arange(length) for length in lengths])
        x = self._words[ids] + self._positions[places]
        _normalise(x, weight=self._norm)
        for layer in self._layers:
            x = _forward(x, layer=layer, lengths=lengths)
        starts = np.cumsum([0, *lengths[:-1]])
        vectors: Floats = np.add.reduceat(x, starts, axis=0)
        vectors /= np.asarray(lengths, np.float32)[:, None]
        vectors /= np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
        return vectors


def gelu(x: Floats) -> Floats:
    """x·Φ(x) in place; Φ by Abramowitz & Stegun 7.1.26, |error of erf| <= 1.5e-7, faster than scipy's."""
    for start in range(0, len(x), _GELU_ROWS):
        block = x[start : start + _GELU_ROWS]
        size = np.abs(block)
        t = 1.0 / (1.0 + (0.3275911 * 0.5**0.5) * size)
        tail = 1.061405429 * t
        for coefficient in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
            tail += coefficient
            tail *= t
        np.multiply(size, size, out=t)
        t *= -0.5
        tail *= np.exp(t, out=t)
        tail *= size
        tail *= 0.5
        np.maximum(block, 0.0, out=block)
        block -= tail  # max(x, 0) - |x|·Φ(-|x|), for either sign
    return x


def _forward(x: Floats, *, layer: _Layer, lengths: list[int]) -> Floats:
    attended = _attend(_linear(x, weight=layer.qkv, bias=layer.qkv_bias), lengths=lengths)
    mixed = _linear(attended, weight=layer.mixed, bias=layer.mixed_bias)
    mixed += x
    _normalise(mixed, weight=layer.norms[0])
    hidden = gelu(_linear(mixed, weight=layer.up, bias=layer.up_bias))
    out = _linear(hidden, weight=layer.down, bias=layer.down_bias)
    out += mixed
    _normalise(out, weight=layer.norms[1])
    return out


def _attend(qkv: Floats, *, lengths: list[int]) -> Floats:
    """(tokens, 3·384) -> (tokens, 384); neighbours of one length go through one stacked product."""
    context = np.empty((len(qkv), WIDTH), np.float32)
    start = 0
    for length, run in groupby(lengths):
        count = sum(1 for _ in run)
        stop = start + count * length
        split = qkv[start:stop].reshape(count, length, 3, HEADS, HEAD_WIDTH)
        query, key, value = split.transpose(2, 0, 3, 1, 4)
        scores = query @ key.swapaxes(-1, -2)
        scores -= scores.max(-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(-1, keepdims=True)
        target = context[start:stop].reshape(count, length, HEADS, HEAD_WIDTH)
        target[...] = (scores @ value).transpose(0, 2, 1, 3)
        start = stop
    return context


def _linear(x: Floats, *, weight: Floats, bias: Floats) -> Floats:
    out: Floats = x @ weight
    out += bias
    return out


def _normalise(x: Floats, *, weight: tuple[Floats, Floats]) -> None:
    """Layer norm over the last axis, in place."""
    x -= x.mean(-1, keepdims=True)
    variance = np.einsum("ij,ij->i", x, x) * np.float32(1 / WIDTH)
    x /= np.sqrt(variance + np.float32(_NORM_EPSILON))[:, None]
    x *= weight[0]
    x += weight[1]


def _norm_of(tensors: Mapping[str, Floats], at: str) -> tuple[Floats, Floats]:
    return tensors[at + "LayerNorm.weight"], tensors[at + "LayerNorm.bias"]


def _input_major(weight: Floats) -> Floats:
    return np.ascontiguousarray(weight.T)
