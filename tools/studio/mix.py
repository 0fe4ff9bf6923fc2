"""Mixing and mastering: music ducked under the voice by measurement, then levelled and limited for delivery."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal  # type: ignore[import-untyped]

from tools.studio.dsp import Signal, add_at, amplitude, compressed, equalised, reverberated, samples
from tools.studio.instruments import pop, whoosh
from tools.studio.loudness import integrated_lufs, k_weighted, true_peaks

AAC_ARGS = ("-c:a", "aac", "-b:a", "192k", "-ar", "48000", "-ac", "2")
"""How every delivered file's sound is encoded: the master is measured after exactly this."""
TARGET_LUFS = -14.0
CEILING_DBTP = -1.6
"""Of the master before encoding; AAC overshoots by a few tenths of a dB."""
UNDER_VOICE_DB = 12.0
"""How far the bed is aimed under each spoken line; at least 9 dB must be measured."""
CTA_POP_MS = 400
"""When, after the end card's start, the button's sound is heard."""
_VOICE_LUFS, _BED_LUFS = -16.0, -22.0
_ATTACK_S, _RELEASE_S, _HOLD_S = 0.15, 0.4, 0.5
_BED_EQ = ((60.0, 0.0), (700.0, 0.0), (1500.0, -2.5), (3200.0, -3.5), (6000.0, 0.0))
_LIMITER_S = 0.005


@dataclass(frozen=True)
class Span:
    """When a line is heard, in ms from the ad's start."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, eq=False)
class Mix:
    """The sum of the stems, and how far the music is under the voice in its least favourable line (dB)."""

    audio: Signal
    music_under_voice_db: float


def effects(scene_starts_ms: Sequence[int], *, total_ms: int, lift_ms: int) -> Signal:
    """A whoosh into each new scene (the lift has its own swell in the music) and the end card's pop."""
    track = np.zeros((samples(total_ms / 1000), 2), np.float32)
    for number, start in enumerate(scene_starts_ms[1:]):
        if start != lift_ms:
            sound = whoosh(rise_s=0.28, fall_s=0.3, seed=60 + number)
            add_at(track, sound, at=samples(start / 1000 - 0.28), gain=0.30)
    bubble = pop()
    add_at(track, np.stack([bubble, bubble], axis=1), at=samples((scene_starts_ms[-1] + CTA_POP_MS) / 1000), gain=0.2)
    return track


def mix(voice: Signal, *, spans: Sequence[Span], music: Signal, effects: Signal) -> Mix:
    """Sum a mono voice, stereo music and effects of equal length; `spans` are the spoken lines, in order."""
    bed = equalised(music, points=_BED_EQ)
    bed *= np.float32(amplitude(_BED_LUFS - integrated_lufs(bed)))
    if not spans:
        return Mix(bed + effects, math.inf)
    speech = _staged(voice * np.float32(amplitude(_VOICE_LUFS - integrated_lufs(voice))))
    worst = min(_under(speech, bed + effects, spans))
    ducked = bed
    for _ in range(3):  # the effects are not ducked, so one step may fall short
        depth = max(3.0, UNDER_VOICE_DB - worst)
        gain = duck_gain(spans, length=len(bed), depth_db=depth)[:, None]
        ducked = (bed + effects) * gain
        reached = min(_under(speech, ducked, spans))
        if reached >= UNDER_VOICE_DB - 0.5:
            break
        worst -= UNDER_VOICE_DB - reached
    return Mix(speech + ducked, min(_under(speech, ducked, spans)))


def duck_gain(spans: Sequence[Span], *, length: int, depth_db: float) -> Signal:
    """The bed's gain per sample: down just before a line, back within 0.4 s after it, held over short gaps."""
    gain_db = np.zeros(length, np.float32)
    for start, end in _merged(spans):
        down, up = samples(_ATTACK_S), samples(_RELEASE_S)
        shape = np.concatenate([_ramp(down), np.ones(max(0, end - start)), _ramp(up)[::-1]])
        begin = start - down
        cut = shape[max(0, -begin) : length - begin]
        view = gain_db[max(0, begin) : max(0, begin) + len(cut)]
        np.minimum(view, (-depth_db * cut).astype(np.float32), out=view)
    return np.asarray(10 ** (gain_db / 20), dtype=np.float32)


def master(audio: Signal, *, target_lufs: float = TARGET_LUFS, ceiling_dbtp: float = CEILING_DBTP) -> Signal:
    """Glue, level to `target_lufs` and limit to `ceiling_dbtp` (true peak). (n, 2) in and out."""
    glued = compressed(audio, threshold_db=-14.0, ratio=1.6, window_s=0.12)
    gain_db, out = target_lufs - integrated_lufs(glued), glued
    for _ in range(5):
        out = limited(glued * np.float32(amplitude(gain_db)), ceiling_dbtp=ceiling_dbtp)
        missing = target_lufs - integrated_lufs(out)
        if abs(missing) < 0.03:
            break
        gain_db += missing
    return out


def limited(audio: Signal, *, ceiling_dbtp: float) -> Signal:
    """A look-ahead brick-wall limiter on the 4 times oversampled peak."""
    needed = np.minimum(1.0, amplitude(ceiling_dbtp) / np.maximum(true_peaks(audio), 1e-6))
    half = samples(_LIMITER_S)
    lowest = ndimage.minimum_filter1d(needed, 2 * half + 1, mode="nearest")
    window = np.hanning(2 * half + 1)
    padded = np.pad(lowest, half, mode="edge")
    gain = signal.oaconvolve(padded, window / window.sum(), mode="valid")
    return np.asarray(audio * np.minimum(gain, 1.0)[:, None], dtype=np.float32)


def _staged(voice: Signal) -> Signal:
    """The voice in the middle of a small, dry room."""
    wet = reverberated(voice, seconds=0.32, seed=51, darkness_hz=5000.0)
    return np.asarray(voice[:, None] + np.float32(amplitude(-15.0)) * wet, dtype=np.float32)


def _under(voice: Signal, bed: Signal, spans: Sequence[Span]) -> list[float]:
    heard, behind = _power(voice), _power(bed)
    ratios = []
    for span in spans:
        part = slice(samples(span.start_ms / 1000), samples(span.end_ms / 1000))
        ratio = heard[part].mean() / max(behind[part].mean(), 1e-12)
        ratios.append(float(10 * np.log10(max(ratio, 1e-12))))
    return ratios


def _power(audio: Signal) -> NDArray[np.float64]:
    return np.asarray(np.square(k_weighted(audio)).sum(axis=1))


def _merged(spans: Sequence[Span]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for span in sorted(spans, key=lambda item: item.start_ms):
        start, end = samples(span.start_ms / 1000), samples(span.end_ms / 1000)
        if merged and start - merged[-1][1] < samples(_HOLD_S):
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _ramp(count: int) -> NDArray[np.float64]:
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.arange(count) / count))
