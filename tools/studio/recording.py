"""Your own recording as the ad's voice: read safely, cut into the script's lines at its pauses, words timed.

Words are not recognised. Each line gets the stretch between two pauses whose length fits its share of the text,
and its words share that stretch by their spoken length. This holds for a recording that reads the script, in its
order, with a breath between lines; a typical word is then off by 0.1 to 0.2 s, more where the reader speeds up,
and a recording that says something else is not noticed unless its length is far off.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geminivideo.errors import InvalidInput
from tools.footage.probe import input_args, probe
from tools.studio.dsp import SAMPLE_RATE, Signal, amplitude, compressed, faded, filtered, level, samples
from tools.studio.ffmpeg import UNTRUSTED, read_ffmpeg
from tools.studio.spoken import said
from tools.studio.voice import Timed, Utterance

MAX_RECORDING_MS = 60_000
"""Longest recording that is looked at; an ad holds 20 s of it."""
_PAUSE_S = 0.12
_SLOWEST, _FASTEST = 8.0, 32.0
"""Spoken letters a second: outside of this the recording cannot be a reading of the script."""


def read_recording(path: Path) -> Signal:
    """The sound of an untrusted file as mono 48 kHz; InvalidInput if there is none or it is too long."""
    probed = probe(path)
    if probed.kind == "image" or probed.milliseconds is None:
        raise InvalidInput("The voice is a picture", where=str(path), fix="Give a WAV, MP3 or M4A recording.")
    if probed.milliseconds > MAX_RECORDING_MS:
        raise InvalidInput(
            f"The voice recording lasts {probed.milliseconds / 1000:.0f} s; an ad holds at most 20 s",
            where=str(path),
            fix="Trim it to the ad's words.",
        )
    raw = read_ffmpeg(
        [*input_args(path, probed=probed), "-map", "0:a:0", "-ac", "1", "-ar", str(SAMPLE_RATE),
         "-f", "f32le", "pipe:1"],
        timeout_s=30,
        limits=UNTRUSTED,
    )  # fmt: skip
    sound = np.nan_to_num(np.frombuffer(raw, dtype="<f4")).astype(np.float32)
    if level(sound, window_s=0.05).max(initial=0) < 1e-3:
        raise InvalidInput("The voice recording is silent", where=str(path), fix="Record it again, louder.")
    return _treated(sound)


def split_recording(sound: Signal, lines: Sequence[str], *, where: str = "voice") -> list[Utterance]:
    """The recording cut into one utterance per line; InvalidInput if it cannot be a reading of `lines`."""
    runs = _speech_runs(sound)
    weights = np.array([_letters(line) for line in lines], dtype=float)
    speech_s = sum(end - start for start, end in runs) / SAMPLE_RATE
    if not runs or not _SLOWEST <= weights.sum() / max(speech_s, 1e-3) <= _FASTEST:
        raise InvalidInput(
            f"The recording holds {speech_s:.1f} s of speech for a script of {len(' '.join(lines).split())} words",
            where=where,
            fix="Record exactly the script's words, in order, with a short pause after each line.",
        )
    cuts = _cuts(_finely(runs, at_least=len(lines)), weights)
    return [_utterance(sound, part, line) for part, line in zip(cuts, lines, strict=True)]


def _treated(sound: Signal) -> Signal:
    clean = filtered(sound - sound.mean(), kind="highpass", hertz=75.0)
    loud = level(clean, window_s=0.05)
    clean *= np.float32(0.1 / np.sqrt(np.mean(np.square(clean[loud > loud.max() * amplitude(-25)]))))
    return compressed(clean, threshold_db=-21.0, ratio=2.5)


def _letters(text: str) -> int:
    return sum(char.isalnum() for word in said(text) for char in word.spoken)


def _speech_runs(sound: Signal) -> list[tuple[int, int]]:
    envelope = level(sound, window_s=0.03)
    floor = float(np.percentile(envelope, 5))
    top = float(np.percentile(envelope, 95))
    edges = np.diff(np.concatenate([[0], (envelope > max(floor * 3, top * amplitude(-32))).astype(int), [0]]))
    runs: list[tuple[int, int]] = []
    for start, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
        if runs and start - runs[-1][1] < samples(_PAUSE_S):
            runs[-1] = (runs[-1][0], int(end))
        else:
            runs.append((int(start), int(end)))
    return [(start, end) for start, end in runs if end - start > samples(0.06)]


def _finely(runs: list[tuple[int, int]], *, at_least: int) -> list[tuple[int, int]]:
    # Fewer pauses than lines: the longest runs are halved, which is a guess and the best there is.
    pieces = list(runs)
    while len(pieces) < at_least:
        longest = max(range(len(pieces)), key=lambda i: pieces[i][1] - pieces[i][0])
        start, end = pieces[longest]
        pieces[longest : longest + 1] = [(start, (start + end) // 2), ((start + end) // 2, end)]
    return pieces


def _cuts(runs: list[tuple[int, int]], weights: NDArray[np.float64]) -> list[list[tuple[int, int]]]:
    """Consecutive runs per line so that each line's speech is closest to its share (dynamic programming)."""
    spoken = np.concatenate([[0.0], np.cumsum([end - start for start, end in runs])])
    share = weights / weights.sum() * spoken[-1]
    lines, count = len(weights), len(runs)
    cost = np.full((lines + 1, count + 1), np.inf)
    back = np.zeros((lines + 1, count + 1), dtype=int)
    cost[0, 0] = 0.0
    for line in range(1, lines + 1):
        for upto in range(line, count + 1):
            options = cost[line - 1, :upto] + ((spoken[upto] - spoken[:upto]) / share[line - 1] - 1) ** 2
            back[line, upto] = int(np.argmin(options))
            cost[line, upto] = options[back[line, upto]]
    bounds = [count]
    for line in range(lines, 0, -1):
        bounds.append(int(back[line, bounds[-1]]))
    return [runs[start:end] for start, end in pairwise(reversed(bounds))]


def _utterance(sound: Signal, runs: list[tuple[int, int]], line: str) -> Utterance:
    first, last = max(0, runs[0][0] - samples(0.03)), min(len(sound), runs[-1][1] + samples(0.06))
    words = list(said(line))
    letters = np.array([max(1, sum(c.isalnum() for c in word.spoken)) for word in words], dtype=float)
    # Word borders as shares of the time that is spoken, laid over the runs, so that no word sits in a pause.
    heard = np.concatenate([[0.0], np.cumsum([end - start for start, end in runs])])
    borders = np.concatenate([[0.0], np.cumsum(letters)]) / letters.sum() * heard[-1]
    timed = tuple(
        Timed(word.written, *_span_ms(_place(at, runs, heard, "right"), _place(upto, runs, heard, "left"), first))
        for word, (at, upto) in zip(words, pairwise(borders), strict=True)
    )
    return Utterance(faded(sound[first:last], in_s=0.01, out_s=0.03), timed)


def _place(offset: float, runs: list[tuple[int, int]], heard: NDArray[np.float64], side: str) -> int:
    run = int(np.searchsorted(heard, offset, side="right" if side == "right" else "left")) - 1
    run = min(max(run, 0), len(runs) - 1)
    return int(runs[run][0] + offset - heard[run])


def _span_ms(start: int, end: int, first: int) -> tuple[int, int]:
    begins = round(1000 * (start - first) / SAMPLE_RATE)
    return begins, max(begins + 20, round(1000 * (end - first) / SAMPLE_RATE))
