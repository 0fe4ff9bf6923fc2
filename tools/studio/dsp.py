"""Small signal-processing parts that voice, music and mix share. Arrays are float32; (n,) mono or (n, 2) stereo."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import signal  # type: ignore[import-untyped]

SAMPLE_RATE = 48_000
"""Everything in the soundtrack runs at this rate, in hertz."""
Signal: TypeAlias = NDArray[np.float32]


def samples(seconds: float) -> int:
    """Seconds in samples."""
    return round(seconds * SAMPLE_RATE)


def decibels(ratio: float) -> float:
    """An amplitude ratio in dB; silence is -120."""
    return float(20 * np.log10(max(ratio, 1e-6)))


def amplitude(level_db: float) -> float:
    """dB as an amplitude ratio."""
    return float(10 ** (level_db / 20))


def filtered(
    audio: Signal, *, kind: Literal["lowpass", "highpass", "bandpass"], hertz: float | tuple[float, float],
    order: int = 2,
) -> Signal:  # fmt: skip
    """A Butterworth filter, run forwards."""
    sections = signal.butter(order, hertz, kind, fs=SAMPLE_RATE, output="sos")
    return np.asarray(signal.sosfilt(sections, audio, axis=0), dtype=np.float32)


def equalised(audio: Signal, *, points: tuple[tuple[float, float], ...], taps: int = 513) -> Signal:
    """A linear-phase equaliser through (hertz, dB) points, interpolated over log frequency; no delay."""
    grid = np.geomspace(20, SAMPLE_RATE / 2, 256)
    gains = np.interp(np.log(grid), np.log([hz for hz, _ in points]), [db for _, db in points])
    response = 10 ** (np.concatenate([gains[:1], gains]) / 20)
    kernel = np.asarray(signal.firwin2(taps, np.concatenate([[0.0], grid]), response, fs=SAMPLE_RATE))
    kernel = kernel if audio.ndim == 1 else kernel[:, np.newaxis]
    return np.asarray(signal.oaconvolve(audio, kernel, mode="same", axes=0), dtype=np.float32)


def level(audio: Signal, *, window_s: float) -> Signal:
    """Running RMS over a centred window, per sample (channels summed)."""
    power = np.square(audio) if audio.ndim == 1 else np.square(audio).sum(axis=1)
    width = max(1, samples(window_s))
    edge = np.concatenate([[0.0], np.cumsum(power, dtype=np.float64)])
    half = width // 2
    index = np.arange(len(power))
    low, high = np.maximum(index - half, 0), np.minimum(index + width - half, len(power))
    return np.asarray(np.sqrt(np.maximum(edge[high] - edge[low], 0) / width), dtype=np.float32)


def compressed(audio: Signal, *, threshold_db: float, ratio: float, window_s: float = 0.03) -> Signal:
    """A soft leveller: what is above the threshold grows `ratio` times slower. The window looks ahead too."""
    over = 20 * np.log10(np.maximum(level(audio, window_s=window_s), 1e-6)) - threshold_db
    gain = 10 ** (-np.maximum(over, 0) * (1 - 1 / ratio) / 20)
    return np.asarray(audio * (gain if audio.ndim == 1 else gain[:, None]), dtype=np.float32)


def reverberated(audio: Signal, *, seconds: float, seed: int, darkness_hz: float) -> Signal:
    """The wet part only, stereo: the sound in a room whose echo falls by 60 dB within `seconds`."""
    stereo = audio if audio.ndim == 2 else np.stack([audio, audio], axis=1)
    length = samples(seconds)
    noise = np.random.default_rng(seed).standard_normal((length, 2)).astype(np.float32)
    fall = 10 ** (-3 * np.arange(length) / length)
    echo = filtered(noise * fall[:, None].astype(np.float32), kind="lowpass", hertz=darkness_hz, order=1)
    echo = filtered(echo, kind="highpass", hertz=180.0, order=1)
    echo /= np.sqrt(np.square(echo).sum(axis=0, keepdims=True))
    wet = signal.oaconvolve(stereo, echo, mode="full", axes=0)[: len(stereo)]
    return np.asarray(wet, dtype=np.float32)


def faded(audio: Signal, *, in_s: float = 0.0, out_s: float = 0.0) -> Signal:
    """A copy with raised-cosine fades, so that no edge clicks."""
    out = np.array(audio, dtype=np.float32)
    for seconds, edge in ((in_s, 1), (out_s, -1)):
        count = min(samples(seconds), len(out))
        if count:
            ramp = (0.5 - 0.5 * np.cos(np.pi * np.arange(count) / count)).astype(np.float32)
            view = out[::edge]
            view[:count] *= ramp if out.ndim == 1 else ramp[:, None]
    return out


def add_at(track: Signal, sound: Signal, *, at: int, gain: float = 1.0) -> None:
    """Mix `sound` into `track` from sample `at`; what falls outside is left out."""
    start, skip = max(at, 0), max(-at, 0)
    count = min(len(sound) - skip, len(track) - start)
    if count > 0:
        track[start : start + count] += np.float32(gain) * sound[skip : skip + count]
