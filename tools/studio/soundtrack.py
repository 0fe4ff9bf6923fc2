"""The ad's sound from its blueprint: voice, words with their times, music, effects, one mastered file.

The voice decides the time: a line that does not fit its scene is spoken a little faster first, then its scene is
stretched, within the 20 s that an ad may last. `notes` tell what was changed.
"""

from __future__ import annotations

import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np

from geminivideo.blueprint import MAX_MS, Blueprint
from geminivideo.errors import InvalidInput, RenderError
from tools.studio.dsp import SAMPLE_RATE, Signal, add_at, samples
from tools.studio.ffmpeg import run_ffmpeg
from tools.studio.loudness import Loudness, measure_loudness
from tools.studio.mix import AAC_ARGS, CEILING_DBTP, TARGET_LUFS, Span, effects, master, mix
from tools.studio.music import Cues, compose
from tools.studio.recording import read_recording, split_recording
from tools.studio.voice import BASE_RATE, FAST_RATE, TOP_RATE, Utterance, speak, voice_name

LEAD_MS, TAIL_MS, LAST_TAIL_MS = 120, 150, 600
"""Quiet before a line in its scene, after it, and after the ad's last line."""
_SHORTEST_SCENE_MS = 1_200
_STEP_MS = 100


@dataclass(frozen=True)
class Word:
    """A written word ("$300") and when it is heard, in ms from the ad's start; `scene` counts from 0."""

    text: str
    start_ms: int
    end_ms: int
    scene: int


@dataclass(frozen=True)
class Soundtrack:
    """A finished soundtrack: 48 kHz stereo `wav`, and what was measured on its AAC form.

    `music_under_voice_db` is that of the least favourable line (infinite when nothing is spoken). The picture
    must follow `scene_starts_ms` and `milliseconds`: scenes may have been stretched, see `notes`.
    """

    wav: Path
    words: tuple[Word, ...]
    voice_name: str
    scene_starts_ms: tuple[int, ...]
    milliseconds: int
    integrated_lufs: float
    true_peak_dbtp: float
    music_under_voice_db: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Plan:
    """Lengths of the scenes and the utterance of each that speaks."""

    lengths: tuple[int, ...]
    spoken: Mapping[int, Utterance]
    voice: str
    notes: tuple[str, ...]

    @property
    def starts(self) -> tuple[int, ...]:
        return (0, *accumulate(self.lengths))[: len(self.lengths)]

    @property
    def total_ms(self) -> int:
        return sum(self.lengths)


def make_soundtrack(blueprint: Blueprint, *, voice_file: Path | None, out_dir: Path, seed: int) -> Soundtrack:
    """Make and measure the sound of `blueprint` in `out_dir` (blocking, about 3 s of one core).

    `voice_file` is your own recording of the script, else the on-board voice speaks. RenderError if the words do
    not fit into 20 s or the voice fails; InvalidInput if the recording cannot be used.
    """
    plan = _own_voice(blueprint, voice_file) if voice_file else _on_board_voice(blueprint)
    lift = _lift_ms(blueprint, plan.starts)
    cues = Cues(plan.starts[1], lift, plan.starts[-1], plan.total_ms)
    voice, spans = _voice_track(plan)
    mixed = mix(
        voice,
        spans=spans,
        music=compose(cues, mood=blueprint.music, seed=seed),
        effects=effects(plan.starts, total_ms=plan.total_ms, lift_ms=lift),
    )
    out_dir.mkdir(parents=True, exist_ok=True)
    wav = out_dir / "soundtrack.wav"
    loudness = _deliverable(mixed.audio, wav=wav)
    return Soundtrack(
        wav=wav,
        words=_words(plan),
        voice_name=plan.voice,
        scene_starts_ms=plan.starts,
        milliseconds=plan.total_ms,
        integrated_lufs=loudness.integrated_lufs,
        true_peak_dbtp=loudness.true_peak_dbtp,
        music_under_voice_db=round(mixed.music_under_voice_db, 1),
        notes=plan.notes,
    )


# The voice and the time that it needs


def _on_board_voice(blueprint: Blueprint) -> _Plan:
    name, mood = voice_name(blueprint.music), blueprint.music
    scenes = [number for number, scene in enumerate(blueprint.scenes) if scene.voice_over.strip()]
    lines = [blueprint.scenes[number].voice_over for number in scenes]
    lengths = tuple(scene.milliseconds for scene in blueprint.scenes)
    spoken = dict(zip(scenes, speak(lines, mood=mood), strict=True))
    tightest = max((_tightness(lengths, spoken, number) for number in scenes), default=1.0)
    rates = [BASE_RATE] if tightest <= 1 else [min(FAST_RATE, round(BASE_RATE * tightest * 1.02)), TOP_RATE]
    for rate in rates:
        if rate != BASE_RATE:
            spoken = dict(zip(scenes, speak(lines, mood=mood, rate=rate), strict=True))
        fitted = _fitted(lengths, spoken)
        if fitted is not None:
            faster = [f"The voice speaks {rate / BASE_RATE - 1:.0%} faster to fit."] if rate != BASE_RATE else []
            heard = any(utterance.words for utterance in spoken.values())
            return _Plan(fitted, spoken, name if heard else "", (*faster, *_changes(lengths, fitted)))
    raise _too_long(lengths, spoken, fix="Shorten the voice-over")


def _own_voice(blueprint: Blueprint, voice_file: Path) -> _Plan:
    scenes = [number for number, scene in enumerate(blueprint.scenes) if scene.voice_over.strip()]
    if not scenes:
        raise InvalidInput(
            "There is a voice recording but the ad's script has no words",
            where=str(voice_file),
            fix="Leave the recording out, or write the words that it says.",
        )
    parts = split_recording(
        read_recording(voice_file),
        [blueprint.scenes[number].voice_over for number in scenes],
        where=str(voice_file),
    )
    lengths = tuple(scene.milliseconds for scene in blueprint.scenes)
    spoken = dict(zip(scenes, parts, strict=True))
    fitted = _fitted(lengths, spoken)
    if fitted is None:
        raise _too_long(lengths, spoken, fix="Record it faster, or shorten the voice-over")
    return _Plan(fitted, spoken, f"your recording ({voice_file.name})", _changes(lengths, fitted))


def _needed_ms(lengths: Sequence[int], spoken: Mapping[int, Utterance], number: int) -> int:
    """The shortest that a scene may be with its line, in whole steps; 0 if it does not speak."""
    if number not in spoken:
        return 0
    tail = LAST_TAIL_MS if number == len(lengths) - 1 else TAIL_MS
    return -(-(LEAD_MS + spoken[number].milliseconds + tail) // _STEP_MS) * _STEP_MS


def _tightness(lengths: Sequence[int], spoken: Mapping[int, Utterance], number: int) -> float:
    tail = LAST_TAIL_MS if number == len(lengths) - 1 else TAIL_MS
    return spoken[number].milliseconds / max(100, lengths[number] - LEAD_MS - tail)


def _fitted(lengths: Sequence[int], spoken: Mapping[int, Utterance]) -> tuple[int, ...] | None:
    """Scene lengths that hold every line, within the longest ad; None if there are none."""
    fits = [max(length, _needed_ms(lengths, spoken, number)) for number, length in enumerate(lengths)]
    excess = sum(fits) - MAX_MS
    if excess > 0:  # other scenes give back the time that they do not speak in
        floors = [
            max(min(length, _SHORTEST_SCENE_MS), _needed_ms(lengths, spoken, number))
            for number, length in enumerate(lengths)
        ]
        spare = [length - floor for length, floor in zip(fits, floors, strict=True)]
        if sum(spare) < excess:
            return None
        for number in sorted(range(len(fits)), key=lambda n: -spare[n]):
            given = min(spare[number], excess)
            fits[number] -= given
            excess -= given
    return tuple(fits)


def _changes(before: Sequence[int], after: Sequence[int]) -> tuple[str, ...]:
    return tuple(
        f"Scene {number} now lasts {new / 1000:.1f} s instead of {old / 1000:.1f} s, so that the voice fits."
        for number, (old, new) in enumerate(zip(before, after, strict=True), start=1)
        if old != new
    )


def _too_long(lengths: Sequence[int], spoken: Mapping[int, Utterance], *, fix: str) -> RenderError:
    needed = sum(_needed_ms(lengths, spoken, number) or _SHORTEST_SCENE_MS for number in range(len(lengths)))
    words = sum(len(utterance.words) for utterance in spoken.values())
    surplus = max(1, round(words * (1 - MAX_MS / needed))) if needed > MAX_MS else 1
    return RenderError(
        f"The voice needs {needed / 1000:.1f} s; an ad lasts at most {MAX_MS / 1000:.0f} s",
        where="voice_over",
        fix=f"{fix}: about {surplus} of its {words} words have to go.",
    )


# The sound


def _lift_ms(blueprint: Blueprint, starts: Sequence[int]) -> int:
    """Where the music lifts: the offer, else the scene before the end card."""
    offers = [start for scene, start in zip(blueprint.scenes, starts, strict=True) if scene.role == "offer"]
    return offers[0] if offers else starts[-2]


def _voice_track(plan: _Plan) -> tuple[Signal, list[Span]]:
    track = np.zeros(samples(plan.total_ms / 1000), np.float32)
    spans = []
    for number, utterance in sorted(plan.spoken.items()):
        if not utterance.words:
            continue
        begin = plan.starts[number] + LEAD_MS
        add_at(track, utterance.samples, at=samples(begin / 1000))
        spans.append(Span(begin, begin + utterance.milliseconds))
    return track, spans


def _words(plan: _Plan) -> tuple[Word, ...]:
    return tuple(
        Word(word.text, begin + word.start_ms, begin + word.end_ms, number)
        for number, utterance in sorted(plan.spoken.items())
        for begin in (plan.starts[number] + LEAD_MS,)
        for word in utterance.words
    )


def _deliverable(audio: Signal, *, wav: Path) -> Loudness:
    """Master into `wav` until its AAC form, decoded again, keeps both limits; RenderError if it cannot."""
    target, ceiling = TARGET_LUFS, CEILING_DBTP
    for _ in range(4):
        _write_wav(wav, master(audio, target_lufs=target, ceiling_dbtp=ceiling))
        found = _encoded_loudness(wav)
        if abs(found.integrated_lufs - TARGET_LUFS) <= 0.2 and found.true_peak_dbtp <= -1.1:
            return found
        target += TARGET_LUFS - found.integrated_lufs
        ceiling -= max(0.0, found.true_peak_dbtp + 1.2)
    raise RenderError(
        f"The sound cannot be brought to {TARGET_LUFS:g} LUFS below -1 dBTP",
        where="soundtrack",
        fix="Use another music mood.",
    )


def _encoded_loudness(wav: Path) -> Loudness:
    encoded = wav.with_suffix(".m4a")
    try:
        run_ffmpeg(["-y", "-i", f"file:{wav}", *AAC_ARGS, f"file:{encoded}"], timeout_s=60)
        return measure_loudness(encoded)
    finally:
        encoded.unlink(missing_ok=True)


def _write_wav(path: Path, audio: Signal) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(np.round(np.clip(audio, -1, 1) * 32767).astype("<i2").tobytes())
