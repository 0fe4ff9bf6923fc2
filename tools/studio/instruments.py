"""The band: pads, electric piano, plucked strings, bass and drums, synthesised note by note in NumPy.

Each function gives one note or hit as float32 at 48 kHz, stereo where its width matters. All are pure; a seed
picks the noise.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import signal  # type: ignore[import-untyped]

from tools.studio.dsp import SAMPLE_RATE, Signal, faded, filtered, samples

_TABLE = 8192


def hertz(midi: float) -> float:
    """Frequency of a MIDI note number (69 is 440 Hz)."""
    return float(440.0 * 2 ** ((midi - 69) / 12))


def pad(midi: int, *, seconds: float, brightness_hz: float, seed: int) -> Signal:
    """A warm string-like pad: three detuned saws a side behind a low-pass that opens and closes, stereo."""
    time = _time(seconds)
    rng = np.random.default_rng(seed)
    dark = _saw_table(hertz(midi), cutoff_hz=brightness_hz * 0.45)
    bright = _saw_table(hertz(midi), cutoff_hz=brightness_hz)
    opening = (0.5 - 0.5 * np.cos(2 * np.pi * np.clip(time / max(seconds, 0.1), 0, 1))).astype(np.float32)
    out = np.zeros((len(time), 2), np.float32)
    for cents in (-9.0, -2.5, 6.0, 8.5, 2.0, -6.5):
        side = 0 if rng.random() < 0.5 else 1
        phase = (hertz(midi + cents / 100) * time + rng.random()) % 1.0
        index = (phase * _TABLE).astype(np.int32) % _TABLE
        voice = dark[index] + (bright[index] - dark[index]) * opening
        out[:, side] += 0.75 * voice
        out[:, 1 - side] += 0.3 * voice
    return faded(out * np.float32(0.16), in_s=min(0.25, seconds / 3), out_s=min(0.35, seconds / 3))


@lru_cache(maxsize=96)
def electric_piano(midi: int, seconds: float) -> Signal:
    """A two-operator FM electric piano: soft tine at the strike, round body after it. Mono."""
    time, pitch = _time(seconds), 2 * np.pi * hertz(midi)
    index = 1.35 * np.exp(-time / 0.35) + 0.25
    body = np.sin(pitch * time + index * np.sin(pitch * time)) * np.exp(-time / (1.5 - 0.008 * (midi - 48)))
    tine = 0.16 * np.sin(14 * pitch * time) * np.exp(-time / 0.07) if midi < 80 else 0.0
    return faded((0.32 * (body + tine)).astype(np.float32), in_s=0.003, out_s=min(0.12, seconds / 3))


@lru_cache(maxsize=96)
def plucked(midi: int, seconds: float, brightness: float) -> Signal:
    """A plucked string (Karplus-Strong with fractional tuning). `brightness` 0 … 1. Mono."""
    period = SAMPLE_RATE / hertz(midi) - 0.5
    whole, part = int(period), period - int(period)
    rng = np.random.default_rng(midi)
    burst = rng.uniform(-1, 1, whole + 1).astype(np.float32)
    width = max(1, round((1 - brightness) * 7) + 1)
    burst = np.convolve(burst, np.ones(width) / width, mode="same").astype(np.float32)
    burst -= np.roll(burst, max(1, whole // 5))  # plucked at a fifth of its length
    excitation = np.zeros(samples(seconds), np.float32)
    excitation[: len(burst)] = burst[: len(excitation)]
    loss = 0.5 * 10 ** (-3 / (hertz(midi) * (2.4 if midi < 64 else 1.7)))  # falls by 60 dB in about 2 s
    feedback = np.zeros(whole + 3)
    feedback[0] = 1.0
    feedback[whole], feedback[whole + 1], feedback[whole + 2] = -loss * (1 - part), -loss, -loss * part
    string = np.asarray(signal.lfilter([1.0], feedback, excitation), dtype=np.float32)
    string = filtered(string, kind="highpass", hertz=max(60.0, hertz(midi) * 0.6), order=1)
    return faded(0.5 * string / max(float(np.abs(string).max()), 1e-6), in_s=0.001, out_s=min(0.1, seconds / 3))


@lru_cache(maxsize=48)
def bass(midi: int, seconds: float, brightness_hz: float) -> Signal:
    """A round bass: filtered saw over a sine an octave of the same note. Mono."""
    time = _time(seconds)
    index = ((hertz(midi) * time % 1.0) * _TABLE).astype(np.int32) % _TABLE
    body = _saw_table(hertz(midi), cutoff_hz=brightness_hz)[index]
    tone = 0.55 * np.sin(2 * np.pi * hertz(midi) * time) + 0.3 * body * np.exp(-time / 0.4)
    return faded((0.6 * tone * np.exp(-time / 1.6)).astype(np.float32), in_s=0.006, out_s=min(0.06, seconds / 3))


@lru_cache(maxsize=4)
def kick(softness: float) -> Signal:
    """A kick drum: a falling sine with a short knock. Softness 0 … 1. Mono."""
    time = _time(0.38)
    sweep = 48 + (110 - 50 * softness) * np.exp(-time / 0.028)
    boom = np.sin(2 * np.pi * np.cumsum(sweep) / SAMPLE_RATE) * np.exp(-time / 0.13)
    knock = _noise(0.38, seed=11) * np.exp(-time / 0.004) * (0.25 * (1 - softness))
    return faded((0.9 * boom + knock).astype(np.float32), in_s=0.001, out_s=0.05)


@lru_cache(maxsize=4)
def clap(seed: int) -> Signal:
    """A hand clap: three bursts and a short tail of band-passed noise, stereo."""
    time = _time(0.28)
    shape = sum(np.where(time >= at, np.exp(-(time - at) / fall), 0.0)
                for at, fall in ((0.0, 0.004), (0.011, 0.004), (0.022, 0.055)))  # fmt: skip
    sides = [_noise(0.28, seed=seed + side) for side in (0, 1)]
    wide = filtered(np.stack(sides, axis=1), kind="bandpass", hertz=(900.0, 4200.0))
    return np.asarray(0.8 * wide * np.asarray(shape)[:, None], dtype=np.float32)


@lru_cache(maxsize=4)
def snare(seed: int) -> Signal:
    """A soft snare or rim: a short tone under brushed noise. Mono."""
    time = _time(0.22)
    tone = 0.4 * np.sin(2 * np.pi * 190 * time) * np.exp(-time / 0.04)
    brush = filtered(_noise(0.22, seed=seed), kind="bandpass", hertz=(1500.0, 7000.0)) * np.exp(-time / 0.07)
    return faded((tone + 0.7 * brush).astype(np.float32), in_s=0.001, out_s=0.04)


@lru_cache(maxsize=8)
def hat(seed: int, fall_s: float, rise_s: float = 0.0008) -> Signal:
    """A hi-hat (fast rise) or a shaker (slow rise). Mono."""
    time = _time(rise_s + 6 * fall_s)
    shape = np.where(time < rise_s, time / rise_s, np.exp(-(time - rise_s) / fall_s))
    return (0.5 * filtered(_noise(len(time) / SAMPLE_RATE, seed=seed), kind="highpass", hertz=6500.0) * shape).astype(
        np.float32
    )


def crash(*, seconds: float, seed: int) -> Signal:
    """A soft cymbal wash, stereo."""
    time = _time(seconds)
    sides = [_noise(seconds, seed=seed + side) for side in (0, 1)]
    wash = filtered(np.stack(sides, axis=1), kind="bandpass", hertz=(3500.0, 14000.0))
    return faded(0.35 * wash * np.exp(-time / (0.28 * seconds))[:, None].astype(np.float32), in_s=0.004, out_s=0.1)


def whoosh(*, rise_s: float, fall_s: float, seed: int) -> Signal:
    """Air that rushes past: noise whose band climbs, peaking after `rise_s`, from left to right. Stereo."""
    time = _time(rise_s + fall_s)
    shape = np.where(time < rise_s, (time / rise_s) ** 2.2, np.exp(-(time - rise_s) / (fall_s / 4)))
    position = np.clip(time / (rise_s + fall_s), 0, 1)
    air = np.zeros(len(time))
    noise = _noise(rise_s + fall_s, seed=seed)
    for centre, low, high in ((0.15, 250.0, 900.0), (0.45, 800.0, 2400.0), (0.75, 2000.0, 6000.0)):
        weight = np.exp(-(((position - centre) / 0.24) ** 2))
        air += filtered(noise, kind="bandpass", hertz=(low, high)) * weight
    left, right = np.cos(0.5 * np.pi * position), np.sin(0.5 * np.pi * position)
    wide = np.stack([0.35 + 0.65 * left, 0.35 + 0.65 * right], axis=1)
    return faded((air * shape)[:, None].astype(np.float32) * wide.astype(np.float32), in_s=0.01, out_s=0.05)


def pop() -> Signal:
    """The small bubble that a button makes when it appears. Mono."""
    time = _time(0.09)
    pitch = 420 + 620 * np.clip(time / 0.05, 0, 1) ** 1.5
    tone = np.sin(2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE) * np.exp(-time / 0.022)
    return faded(tone.astype(np.float32), in_s=0.002, out_s=0.02)


@lru_cache(maxsize=256)
def _saw_table(fundamental_hz: float, *, cutoff_hz: float) -> Signal:
    count = max(1, int(min(16000.0, SAMPLE_RATE / 2.2) / fundamental_hz))
    number = np.arange(1, count + 1)
    gains = 1 / (number * np.sqrt(1 + (number * fundamental_hz / cutoff_hz) ** 4))
    spectrum = np.zeros(_TABLE // 2 + 1, dtype=complex)
    spectrum[1 : count + 1] = -0.5j * _TABLE * gains
    return np.asarray(np.fft.irfft(spectrum), dtype=np.float32)


def _noise(seconds: float, *, seed: int) -> Signal:
    return np.random.default_rng(seed).uniform(-1, 1, samples(seconds)).astype(np.float32)


def _time(seconds: float) -> Signal:
    return (np.arange(samples(seconds)) / SAMPLE_RATE).astype(np.float32)
