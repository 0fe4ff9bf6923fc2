"""The music bed, composed and played by this code: chords, bass, drums and a motif, to the ad's own cuts.

The tempo is chosen so that the end card starts on a bar (or beat); the hook is an intro, the groove enters with
the second scene, lifts at the offer and resolves on the tonic with a ringing last chord. Same mood, seed and cuts:
same samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from geminivideo.vocabulary import MusicMood
from tools.studio import instruments as band
from tools.studio.dsp import Signal, add_at, faded, filtered, reverberated, samples

_Instrument = Literal["pluck", "keys"]
_Chord = tuple[int, tuple[int, ...]]
"""Degrees above the key note: the root, then the chord's tones."""

_I, _II, _IV, _V, _VI = 0, 2, 5, 7, 9
_TRIADS: dict[int, tuple[int, ...]] = {
    _I: (0, 4, 7), _II: (2, 5, 9), _IV: (5, 9, 12), _V: (7, 11, 14), _VI: (9, 12, 16),
}  # fmt: skip
_SEVENTHS: dict[int, tuple[int, ...]] = {
    _I: (0, 4, 7, 11), _II: (2, 5, 9, 12), _IV: (5, 9, 12, 16), _V: (7, 9, 14, 17), _VI: (9, 12, 16, 19),
}  # fmt: skip


@dataclass(frozen=True)
class _Style:
    """What a mood sounds like."""

    tempo: tuple[int, int]
    keys: tuple[int, ...]
    progressions: tuple[tuple[int, ...], ...]
    sevenths: bool
    lead: _Instrument
    motifs: tuple[str, ...]
    """Sixteen steps of a bar: a digit plays that chord tone (4 and up an octave higher), a dot rests."""
    kicks: str
    backbeat: str
    hats: str
    bass: str
    pad_hz: float
    pad_gain: float
    drum_gain: float
    swing: float
    softness: float


_STYLES: dict[MusicMood, _Style] = {
    "upbeat": _Style(
        tempo=(104, 118), keys=(55, 57, 52, 50), sevenths=False, lead="pluck",
        progressions=((_I, _V, _VI, _IV), (_I, _IV, _VI, _V), (_I, _VI, _IV, _V)),
        motifs=("0.2.1.2.3.2.1.2.", "0..2..1.3..2..1.", "0.1.2.3...2.1.2.", "3.2.1.2.0.2.1.2."),
        kicks="x...x...x...x...", backbeat="....x.......x...", hats="..x...x...x...x.", bass="x..x..x.x..x..x.",
        pad_hz=2000, pad_gain=0.20, drum_gain=1.0, swing=0.06, softness=0.35,
    ),
    "warm": _Style(
        tempo=(84, 94), keys=(53, 55, 48, 51), sevenths=True, lead="keys",
        progressions=((_I, _VI, _IV, _V), (_IV, _I, _II, _V), (_I, _IV, _II, _V)),
        motifs=("0...2..3..2.....", "2..1....3...1...", "0..1..2.....3..."),
        kicks="x.....x.x.......", backbeat="....x.......x...", hats="x.x.x.x.x.x.x.x.", bass="x.....x.x.....x.",
        pad_hz=1500, pad_gain=0.26, drum_gain=0.8, swing=0.16, softness=0.7,
    ),
    "driving": _Style(
        tempo=(116, 128), keys=(52, 50, 54, 57), sevenths=False, lead="pluck",
        progressions=((_VI, _IV, _I, _V), (_VI, _I, _IV, _V), (_II, _VI, _IV, _V)),
        motifs=("0.00.0.01.11.1.1", "0..0..0.2..2..2.", "0.2.0.2.1.2.0.2."),
        kicks="x...x...x...x...", backbeat="....x.......x...", hats="x.xxx.xxx.xxx.xx", bass="x.xxx.xxx.xxx.xx",
        pad_hz=3000, pad_gain=0.26, drum_gain=1.1, swing=0.0, softness=0.15,
    ),
    "calm": _Style(
        tempo=(72, 82), keys=(50, 52, 55, 48), sevenths=True, lead="pluck",
        progressions=((_I, _IV, _I, _V), (_I, _VI, _IV, _IV), (_IV, _I, _IV, _V)),
        motifs=("0.1.2.3.5.3.2.1.", "0..1..2..3..2...", "0.2.3.5...3.2..."),
        kicks="x.......x.......", backbeat="................", hats="....x.......x...", bass="x.......x.......",
        pad_hz=1300, pad_gain=0.36, drum_gain=0.55, swing=0.04, softness=0.9,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Cues:
    """Where the ad's picture turns, in ms from its start."""

    groove_ms: int
    lift_ms: int
    end_card_ms: int
    total_ms: int


def compose(cues: Cues, *, mood: MusicMood, seed: int) -> Signal:
    """The whole bed: (n, 2) at 48 kHz, `cues.total_ms` long, not yet levelled."""
    return _Piece(cues, mood=mood, seed=seed).play()


def tempo_for(cues: Cues, *, mood: MusicMood, seed: int) -> float:
    """Beats a minute, inside or near the mood's range, that put a beat (best: a bar) on the end card."""
    low, high = _STYLES[mood].tempo
    wish = low + (high - low) * float(np.random.default_rng([seed, 1]).random())
    seconds = cues.end_card_ms / 1000
    choices = [beats * 60 / seconds for beats in range(4, 80)]

    def distance(tempo: float) -> float:
        beats = round(tempo * seconds / 60)
        return abs(float(np.log2(tempo / wish))) + (0.0, 0.10, 0.05, 0.10)[beats % 4]

    return min(choices, key=distance)


class _Piece:
    """One composition being played into its tracks."""

    def __init__(self, cues: Cues, *, mood: MusicMood, seed: int) -> None:
        self.cues, self.style = cues, _STYLES[mood]
        self.rng = np.random.default_rng([seed, 2])
        self.beat_s = 60 / tempo_for(cues, mood=mood, seed=seed)
        self.step_s = self.beat_s / 4
        self.key = int(self.rng.choice(self.style.keys))
        self.progression = self.style.progressions[int(self.rng.integers(len(self.style.progressions)))]
        order = self.rng.permutation(len(self.style.motifs))
        self.motifs = [self.style.motifs[int(i)] for i in order]
        length = samples(cues.total_ms / 1000)
        self.dry, self.wet, self.pumped = (np.zeros((length, 2), np.float32) for _ in range(3))
        self.kicks: list[float] = []
        self.voicing: tuple[int, ...] = ()

    def play(self) -> Signal:
        self._opening()
        for start_s, degree in self._bars():
            self._bar(start_s, self._chord(degree))
        self._lift()
        self._ending()
        return self._mixed()

    # What sounds when

    def _bars(self) -> list[tuple[float, int]]:
        """Start and chord of each bar; the end card begins a bar of its own, on the tonic."""
        end_card, final = self.cues.end_card_ms / 1000, self._final_s()
        bar_s = 4 * self.beat_s
        before = [n * bar_s for n in range(int(np.ceil(end_card / bar_s - 1e-6)))]
        bars = [(at, self.progression[n % 4]) for n, at in enumerate(before)]
        if len(bars) > 1:
            bars[-1] = (bars[-1][0], _V)  # the dominant leads home
        after = int(np.ceil((final - end_card) / bar_s - 1e-6))
        return bars + [(end_card + n * bar_s, (_I, _IV)[n % 2]) for n in range(after)]

    def _final_s(self) -> float:
        """The last chord: on a beat of the end card, leaving at least 1.3 s to ring."""
        end_card, total = self.cues.end_card_ms / 1000, self.cues.total_ms / 1000
        beats = int((total - 1.3 - end_card) / self.beat_s)
        return end_card + max(0, beats) * self.beat_s

    def _chord(self, degree: int) -> tuple[int, ...]:
        """The chord's notes near the previous ones, so that the hands move little."""
        tones = (_SEVENTHS if self.style.sevenths else _TRIADS)[degree]
        options = []
        for inversion in range(len(tones)):
            notes = sorted(tones[inversion:] + tuple(tone + 12 for tone in tones[:inversion]))
            for octave in (-12, 0):
                options.append(tuple(self.key + 12 + octave + note for note in notes))
        centre = self.voicing or (self.key + 12, self.key + 16, self.key + 19)
        self.voicing = min(options, key=lambda notes: abs(sum(notes) / len(notes) - sum(centre) / len(centre)))
        self.root = self.key - 12 + (degree if degree < 7 else degree - 12)
        return self.voicing

    def _bar(self, start_s: float, chord: tuple[int, ...]) -> None:
        until = min(start_s + 4 * self.beat_s, self._limit(start_s))
        self._pads(start_s, until - start_s, chord)
        motif = self.motifs[int(start_s / (8 * self.beat_s)) % len(self.motifs)]
        for step in range(16):
            at = start_s + step * self.step_s + (self.style.swing * self.step_s * 2 if step % 4 == 2 else 0.0)
            if at >= until - 0.01:
                break
            self._melody(at, motif[step], chord)
            self._drums(at, step)
            if self._full(at) and self.style.bass[step] == "x":
                self._bass(at, step)

    def _limit(self, start_s: float) -> float:
        end_card = self.cues.end_card_ms / 1000
        return end_card if start_s < end_card - 0.01 else self._final_s()

    def _full(self, at: float) -> bool:
        return at >= self.cues.groove_ms / 1000 - 0.03

    def _lifted(self, at: float) -> bool:
        return at >= self.cues.lift_ms / 1000 - 0.03

    # Who plays it

    def _pads(self, at: float, seconds: float, chord: tuple[int, ...]) -> None:
        bright = self.style.pad_hz * (1.5 if self._lifted(at) else 1.0 if self._full(at) else 0.7)
        for number, note in enumerate(chord):
            seed = int(self.rng.integers(1 << 30)) + number
            sound = band.pad(note, seconds=seconds + 0.3, brightness_hz=bright, seed=seed)
            add_at(self.pumped, sound, at=samples(at), gain=self.style.pad_gain)
            add_at(self.wet, sound, at=samples(at), gain=0.25 * self.style.pad_gain)

    def _melody(self, at: float, tone: str, chord: tuple[int, ...]) -> None:
        if tone == ".":
            return
        number = int(tone)
        octave = number // len(chord) + (0 if self.style.lead == "keys" else 1)
        note = chord[number % len(chord)] + 12 * octave
        loud = (0.85 if self.style.lead == "pluck" else 0.55) * float(self.rng.uniform(0.8, 1.05))
        loud *= 1.15 if self._lifted(at) else 1.0
        self._lead(note, at, loud)
        if self._lifted(at) and self.style.softness < 0.6:
            self._lead(note + 12, at, 0.35 * loud)

    def _lead(self, note: int, at: float, gain: float) -> None:
        at += float(self.rng.uniform(-0.004, 0.004))
        if self.style.lead == "keys":
            sound = band.electric_piano(note, 1.4)
        else:
            sound = band.plucked(note, 1.2, 0.75 - 0.5 * self.style.softness)
        self._place(sound, at, gain, pan=0.5 + 0.3 * np.sin(note * 1.7), send=0.35)
        echo = at + 3 * self.step_s
        if echo < self._limit(at):  # a dotted echo, kept off the last chord
            self._place(sound, echo, 0.22 * gain, pan=0.5 - 0.4 * np.sin(note * 1.7), send=0.3)

    def _bass(self, at: float, step: int) -> None:
        note = self.root if self.root >= 33 else self.root + 12
        seconds = self.step_s * (1.8 if self.style.softness < 0.2 else 3.0)
        accent = 1.0 if step % 4 == 0 else 0.8
        sound = band.bass(note, round(seconds, 3), 500 + 500 * (1 - self.style.softness))
        add_at(self.pumped, np.stack([sound, sound], axis=1), at=samples(at), gain=0.5 * accent)

    def _drums(self, at: float, step: int) -> None:
        style, gain = self.style, self.style.drum_gain * float(self.rng.uniform(0.88, 1.0))
        if self._full(at):
            if style.kicks[step] == "x":
                self.kicks.append(at)
                self._place(band.kick(style.softness), at, 0.75 * gain, pan=0.5, send=0.02)
            if style.backbeat[step] == "x":
                hit = band.snare(5) if style.softness > 0.5 else band.clap(7)
                self._place(hit, at, (0.3 if style.softness > 0.5 else 0.5) * gain, pan=0.48, send=0.2)
        if style.hats[step] == "x" and (self._full(at) or step % 4 == 2):
            soft = 0.34 if step % 4 else 0.22
            self._place(band.hat(3, 0.022), at, soft * gain, pan=0.62, send=0.03)
        if self._lifted(at) and style.softness < 0.8:
            shaker = 0.30 if step % 2 else 0.18
            self._place(band.hat(9, 0.03, 0.018), at, shaker * gain, pan=0.35, send=0.03)

    def _opening(self) -> None:
        gain = 0.5 * self.style.drum_gain
        self._place(band.kick(self.style.softness), 0.0, gain, pan=0.5, send=0.3)
        self._place(band.crash(seconds=1.2, seed=23), 0.0, 0.6 * gain, pan=0.5, send=0.2)

    def _lift(self) -> None:
        at = self.cues.lift_ms / 1000
        gain = 0.5 * self.style.drum_gain
        self._place(band.crash(seconds=1.6, seed=21), at, gain, pan=0.5, send=0.2)
        rise = min(1.2, max(0.3, at - self.cues.groove_ms / 1000))
        swell = band.whoosh(rise_s=rise, fall_s=0.25, seed=22)
        self._place(swell, at - rise, 0.5 * gain, pan=0.5, send=0.15)

    def _ending(self) -> None:
        at = self._final_s()
        ring = self.cues.total_ms / 1000 - at
        chord = self._chord(_I)
        for number, note in enumerate((*chord, chord[0] + 12)):
            strum = at + 0.018 * number
            if self.style.lead == "keys":
                sound = band.electric_piano(note, round(ring, 3))
            else:
                sound = band.plucked(note, round(ring, 3), 0.6)
            self._place(sound, strum, 0.55, pan=0.3 + 0.1 * number, send=0.4)
            swell = band.pad(note, seconds=ring, brightness_hz=self.style.pad_hz, seed=number)
            self._place(swell, at, self.style.pad_gain, pan=0.5, send=0.3)
        low = band.bass(self.root if self.root >= 33 else self.root + 12, round(ring, 3), 700.0)
        self._place(low, at, 0.6, pan=0.5, send=0.05)
        self._place(band.kick(self.style.softness), at, 0.8 * self.style.drum_gain, pan=0.5, send=0.05)
        self._place(band.crash(seconds=max(ring, 0.5), seed=31), at, 0.4 * self.style.drum_gain, pan=0.5, send=0.2)

    # How it comes together

    def _place(self, sound: Signal, at: float, gain: float, *, pan: float, send: float) -> None:
        left, right = np.float32(np.cos(0.5 * np.pi * pan)), np.float32(np.sin(0.5 * np.pi * pan))
        stereo = sound if sound.ndim == 2 else np.stack([sound * left, sound * right], axis=1) * np.float32(1.4)
        add_at(self.dry, stereo, at=samples(at), gain=gain)
        add_at(self.wet, stereo, at=samples(at), gain=gain * send)

    def _mixed(self) -> Signal:
        pump = np.ones((len(self.dry), 1), np.float32)
        depth = 0.45 * (1 - 0.6 * self.style.softness)
        push = (1 - depth * np.exp(-np.arange(samples(0.5)) / samples(0.14))).astype(np.float32)
        for at in self.kicks:  # the kick pushes pads and bass back for a moment
            view = pump[samples(at) : samples(at) + len(push), 0]
            view[:] = push[: len(view)]
        wet = reverberated(self.wet, seconds=1.5 + 0.8 * self.style.softness, seed=41, darkness_hz=4200.0)
        pads = filtered(self.pumped, kind="highpass", hertz=45.0)
        whole = np.asarray(self.dry + pads * pump + 1.4 * wet, dtype=np.float32)
        whole = filtered(whole, kind="highpass", hertz=34.0)
        whole *= np.float32(0.16 / max(float(np.sqrt(np.mean(np.square(whole)))), 1e-6))
        driven = np.asarray(np.tanh(1.1 * whole) / 1.1, dtype=np.float32)
        return faded(driven, in_s=0.004, out_s=0.35)
