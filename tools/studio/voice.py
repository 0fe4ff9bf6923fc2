"""The on-board voice: eSpeak NG in a process of its own, then treated like a voice recording in a studio.

A formant synthesiser is plainly a machine: the treatment makes it warmer and easier to listen to, not human.
"""

from __future__ import annotations

import json
import subprocess
import sys
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import signal  # type: ignore[import-untyped]

from geminivideo.errors import RenderError
from geminivideo.vocabulary import MusicMood
from tools.studio.dsp import SAMPLE_RATE, Signal, amplitude, compressed, equalised, faded, filtered, level, samples
from tools.studio.ffmpeg import child_environment
from tools.studio.spoken import Said, said

BASE_RATE, FAST_RATE, TOP_RATE = 168, 194, 212
"""Words a minute: how it speaks by itself, when a scene is tight, and as a last resort."""
_PROGRAM = Path(__file__).with_name("espeak_process.py")
_TIMEOUT_S = 30
_SILENCE_DB = -42.0
"""Below the loudest moment: where a line is trimmed."""
_PAUSE_DB = -30.0
"""Below the loudest moment: where a word counts as over."""
_VOICES: dict[MusicMood, tuple[str, int, int]] = {
    "upbeat": ("en-us+f2", 48, 62), "warm": ("en-us+f4", 44, 58), "calm": ("en-us+f2", 42, 52),
    "driving": ("en-us+Reed", 46, 60),
}  # fmt: skip
"""Voice, pitch and pitch range. Of the loader's 90 variants these have the clearest harmonics (autocorrelation,
13 dB, as a read-aloud recording has) at an ordinary pitch."""

# Long-term average spectrum of speech over twelve languages (Byrne et al. 1994), third octaves, dB.
_SPEECH_HZ = (
    100, 125, 160, 200, 250, 315, 400, 500, 630, 800, 1000, 1250, 1600, 2000, 2500, 3150, 4000, 5000, 6300,
    8000, 10000,
)  # fmt: skip
_SPEECH_DB = (
    54.4, 57.7, 56.8, 60.2, 60.3, 59.0, 62.1, 62.1, 60.5, 56.8, 53.7, 53.0, 52.0, 48.7, 48.1, 46.8, 45.6,
    44.5, 44.3, 43.7, 43.4,
)  # fmt: skip


@dataclass(frozen=True)
class Timed:
    """A written word and when it is heard, in ms from the start of its utterance."""

    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, eq=False)
class Utterance:
    """One spoken line: mono samples at 48 kHz without silence around them, and its words."""

    samples: Signal
    words: tuple[Timed, ...]

    @property
    def milliseconds(self) -> int:
        """How long it is heard."""
        return round(1000 * len(self.samples) / SAMPLE_RATE)


def voice_name(mood: MusicMood) -> str:
    """What the voice is called wherever it is mentioned."""
    return f"on-board voice (eSpeak NG, {_VOICES[mood][0]})"


def speak(lines: Sequence[str], *, mood: MusicMood, rate: int = BASE_RATE) -> list[Utterance]:
    """Say each line at `rate` words a minute; RenderError if the voice fails."""
    if not lines:
        return []
    scripts = [_Script(said(line)) for line in lines]
    voice, pitch, pitch_range = _VOICES[mood]
    request = {
        "voice": voice, "rate": rate, "pitch": pitch, "range": pitch_range, "gap": 0,
        "lines": [script.text for script in scripts],
    }  # fmt: skip
    head, pcm = _ask(request)
    raw = np.frombuffer(pcm, dtype="<i2").astype(np.float32) / np.float32(32768)
    ends = np.cumsum([line["samples"] for line in head["lines"]])
    pieces = [_resampled(part, rate=head["sample_rate"]) for part in np.split(raw, ends[:-1])]
    treated = _treated(pieces)
    scale = SAMPLE_RATE / head["sample_rate"]
    return [
        _utterance(sound, script, [(char, round(at * scale)) for char, at in line["words"]])
        for sound, script, line in zip(treated, scripts, head["lines"], strict=True)
    ]


class _Script:
    """A line as the synthesiser reads it, and which written word each character belongs to."""

    def __init__(self, words: Sequence[Said]) -> None:
        self.written: list[str] = []
        self.offsets: list[int] = []
        text, waiting = "", ""
        for word in words:
            heard = any(char.isalnum() for char in word.spoken)
            if heard:
                text += " " if text else ""
                self.offsets.append(len(text))
                self.written.append(f"{waiting}{word.written}")
                waiting = ""
                text += word.spoken
            elif self.written:  # a dash or an emoji is shown with the word before it
                self.written[-1] += f" {word.written}"
                text += word.spoken if text[-1].isalnum() else ""
            else:
                waiting += f"{word.written} "
        self.text = text

    def word_at(self, character: int) -> int:
        return bisect_right(self.offsets, character) - 1


def _ask(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    try:
        answer = subprocess.run(
            [sys.executable, "-I", str(_PROGRAM)],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=_TIMEOUT_S,
            env=child_environment(),
            check=False,
        )
        if answer.returncode:
            raise ValueError(answer.stderr.decode(errors="replace")[-300:] or f"code {answer.returncode}")
        head, _, pcm = answer.stdout.partition(b"\n")
        return json.loads(head), pcm
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        raise RenderError(
            f"The on-board voice failed: {error}",
            where="eSpeak NG",
            fix="Run `geminivideo doctor`, or give your own recording with `voice: FILE`.",
        ) from error


def _resampled(raw: NDArray[np.float32], *, rate: int) -> Signal:
    common = np.gcd(SAMPLE_RATE, rate)
    return np.asarray(signal.resample_poly(raw, SAMPLE_RATE // common, rate // common), dtype=np.float32)


def _treated(pieces: Sequence[Signal]) -> list[Signal]:
    """The same treatment for all lines, decided on them together: rumble out, spectrum, level, sibilants."""
    whole = np.concatenate(pieces)
    if not np.abs(whole).max(initial=0) > 0:
        return list(pieces)
    whole = filtered(whole, kind="highpass", hertz=75.0)
    whole = equalised(whole, points=_correction(whole))
    whole *= np.float32(0.1 / np.sqrt(np.mean(np.square(whole[level(whole, window_s=0.05) > 0.02]))))
    whole = compressed(whole, threshold_db=-21.0, ratio=2.5)
    whole = _softened_sibilants(whole)
    return list(np.split(whole, np.cumsum([len(piece) for piece in pieces])[:-1]))


def _correction(voice: Signal) -> tuple[tuple[float, float], ...]:
    # Two thirds of the way to the average human spectrum: takes out the 3-5 kHz glare and adds body.
    hertz, density = signal.welch(voice, SAMPLE_RATE, nperseg=4096)
    mine = [10 * np.log10(density[(hertz >= f / 1.12) & (hertz < f * 1.12)].sum() + 1e-12) for f in _SPEECH_HZ]
    gap = np.array(_SPEECH_DB) - np.array(mine)
    gap -= np.average(gap, weights=10 ** (np.array(_SPEECH_DB) / 20))
    smooth = np.convolve(np.pad(gap, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
    limited = np.clip(0.67 * smooth, -8.0, 6.0)
    return tuple((float(hz), float(db)) for hz, db in zip(_SPEECH_HZ, limited, strict=True))


def _softened_sibilants(voice: Signal) -> Signal:
    band = filtered(voice, kind="bandpass", hertz=(5200.0, 10000.0))
    share = level(band, window_s=0.012) / np.maximum(level(voice, window_s=0.03), 1e-4)
    cut = np.clip((share - 0.35) / 0.5, 0.0, 0.55)
    return np.asarray(voice - cut * band, dtype=np.float32)


def _utterance(sound: Signal, script: _Script, events: Sequence[tuple[int, int]]) -> Utterance:
    loud = _louder_than(sound, level_db=_SILENCE_DB)
    if not len(loud) or not script.written:
        return Utterance(np.zeros(0, np.float32), ())
    first, last = max(0, int(loud[0]) - samples(0.01)), min(len(sound), int(loud[-1]) + samples(0.04))
    clear = _louder_than(sound, level_db=_PAUSE_DB)
    starts = _starts(script, events, loud=clear, end=last)
    words = []
    for index, text in enumerate(script.written):
        limit = starts[index + 1] if index + 1 < len(starts) else last
        # 25 ms short of the next word: its first breath must not count as this one's end.
        heard = clear[(clear >= starts[index]) & (clear < limit - samples(0.025))]
        end = int(heard[-1]) if len(heard) else limit
        words.append(Timed(text, *_span_ms(starts[index] - first, end - first)))
    return Utterance(faded(sound[first:last], in_s=0.004, out_s=0.03), tuple(words))


def _louder_than(sound: Signal, *, level_db: float) -> NDArray[np.int64]:
    envelope = level(sound, window_s=0.01)
    return np.flatnonzero(envelope > envelope.max(initial=0) * amplitude(level_db))


def _starts(script: _Script, events: Sequence[tuple[int, int]], *, loud: NDArray[np.int64], end: int) -> list[int]:
    # The synthesiser reports a word after a pause at the pause's start: move it to the first sound.
    known: dict[int, int] = {}
    for character, sample in events:
        known.setdefault(max(0, script.word_at(character)), sample)
    known.setdefault(0, int(loud[0]))
    indexes = sorted(known)
    guessed = np.interp(
        np.arange(len(script.written) + 1), [*indexes, len(script.written)], [*(known[i] for i in indexes), end]
    )
    moved = [int(loud[min(np.searchsorted(loud, at), len(loud) - 1)]) for at in guessed[:-1]]
    return [int(value) for value in np.maximum.accumulate(moved)]


def _span_ms(start: int, end: int) -> tuple[int, int]:
    begins = round(1000 * max(start, 0) / SAMPLE_RATE)
    return begins, max(begins + 20, round(1000 * end / SAMPLE_RATE))
