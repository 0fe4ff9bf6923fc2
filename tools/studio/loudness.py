"""Loudness after ITU-R BS.1770-4 (gated LUFS, true peak): of a delivered file by ffmpeg, of an array in process."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import signal  # type: ignore[import-untyped]

from geminivideo.errors import RenderError
from tools.studio.dsp import SAMPLE_RATE, Signal, samples
from tools.studio.ffmpeg import run_ffmpeg

# The K-weighting filters of BS.1770-4 at 48 kHz: head shelf, then high-pass.
_K_FILTERS = np.array(
    [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585],
        [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
    ]
)
_SILENCE_LUFS = -70.0


@dataclass(frozen=True)
class Loudness:
    """Gated programme loudness in LUFS and true peak in dBTP."""

    integrated_lufs: float
    true_peak_dbtp: float


def measure_loudness(path: Path) -> Loudness:
    """Decode the file's sound and measure it with ffmpeg's ebur128; RenderError if it has none."""
    log = run_ffmpeg(
        ["-i", f"file:{path.resolve()}", "-map", "0:a:0", "-af", "ebur128=peak=true:framelog=quiet",
         "-f", "null", "-"],
        timeout_s=120,
    )  # fmt: skip
    integrated = re.findall(r"^\s+I:\s+(-?[\d.]+|-inf) LUFS", log, re.MULTILINE)
    peak = re.findall(r"^\s+Peak:\s+(-?[\d.]+|-inf) dBFS", log, re.MULTILINE)
    if not integrated or not peak:
        raise RenderError("The loudness could not be measured", where=str(path), fix="Render it again.")
    return Loudness(float(integrated[-1]), float(peak[-1]))


def k_weighted(audio: Signal) -> NDArray[np.float64]:
    """The sound as loudness meters hear it (48 kHz)."""
    return np.asarray(signal.sosfilt(_K_FILTERS, audio.astype(np.float64), axis=0))


def integrated_lufs(audio: Signal) -> float:
    """Gated loudness of a (n, 2) or (n,) array at 48 kHz, in LUFS; -70 for silence."""
    weighted = k_weighted(audio)
    power = np.square(weighted) if weighted.ndim == 1 else np.square(weighted).sum(axis=1)
    block, hop = samples(0.4), samples(0.1)
    if len(power) < block:
        return _SILENCE_LUFS
    total = np.concatenate([[0.0], np.cumsum(power)])
    starts = np.arange(0, len(power) - block + 1, hop)
    blocks = (total[starts + block] - total[starts]) / block
    loud = blocks[_lufs(blocks) > _SILENCE_LUFS]
    if not len(loud):
        return _SILENCE_LUFS
    kept = loud[_lufs(loud) > _lufs(loud.mean()) - 10]
    return float(_lufs(kept.mean()))


def true_peaks(audio: Signal) -> Signal:
    """The highest level between each sample and the next, 4 times oversampled, over all channels."""
    stereo = audio if audio.ndim == 2 else audio[:, None]
    over = np.abs(signal.resample_poly(stereo, 4, 1, axis=0)).max(axis=1)
    return np.asarray(over.reshape(-1, 4).max(axis=1), dtype=np.float32)


def _lufs(power: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return np.asarray(-0.691 + 10 * np.log10(np.maximum(power, 1e-12)))


assert SAMPLE_RATE == 48_000  # noqa: S101  (the filter coefficients above hold for this rate alone)
