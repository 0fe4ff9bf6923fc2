"""The soundtrack as delivered: words in step, levels after encoding, music under the voice, time that fits."""

from __future__ import annotations

import math
import os
import wave
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from geminivideo.blueprint import MAX_MS, Author, Blueprint, Scene
from geminivideo.errors import InvalidInput, RenderError
from geminivideo.vocabulary import MusicMood, SceneRole
from tools.studio import dsp
from tools.studio.ffmpeg import run_ffmpeg
from tools.studio.loudness import integrated_lufs, measure_loudness
from tools.studio.mix import AAC_ARGS, Span, duck_gain, effects, limited, mix
from tools.studio.music import Cues, compose, tempo_for
from tools.studio.recording import read_recording, split_recording
from tools.studio.soundtrack import Soundtrack, make_soundtrack
from tools.studio.voice import speak

SHARED = Path(os.environ.get("GEMINIVIDEO_SHARED", Path(__file__).parents[2].parent / "shared"))
SPEECH = SHARED / "media" / "speech"
LINES = (
    "Still paying $4.50 for cold coffee?",
    "Office coffee runs eat hours every week.",
    "Northbrew puts cold brew on tap.",
    "Try it free for one week.",
    "Book at northbrew.com today.",
)
ROLES: tuple[SceneRole, ...] = ("hook", "problem", "solution", "offer", "cta")
CUES = Cues(groove_ms=2300, lift_ms=8500, end_card_ms=11_500, total_ms=15_000)


def blueprint(
    *, mood: MusicMood = "upbeat", lines: tuple[str, ...] = LINES,
    lengths: tuple[int, ...] = (2800, 3100, 3000, 2600, 3500),
) -> Blueprint:  # fmt: skip
    return Blueprint(
        id="bp_1", title="t", hook_type="question", cta_style="book", cta_text="Book", music=mood,
        author=Author(model="test"),
        scenes=tuple(
            Scene(role=role, milliseconds=length, headline="h", voice_over=line)
            for role, length, line in zip(ROLES, lengths, lines, strict=True)
        ),
    )  # fmt: skip


def pcm(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels()) == (48_000, 2)
        return np.frombuffer(file.readframes(-1), "<i2").reshape(-1, 2) / 32768


def deliver(track: Soundtrack, folder: Path) -> tuple[float, float]:
    out = folder / "delivered.mp4"
    run_ffmpeg(
        ["-y", "-f", "lavfi", "-i", "color=s=64x64:r=30", "-i", str(track.wav), "-shortest", *AAC_ARGS, str(out)],
        timeout_s=60,
    )
    found = measure_loudness(out)
    return found.integrated_lufs, found.true_peak_dbtp


@pytest.mark.parametrize(("mood", "seed"), [("upbeat", 1), ("warm", 2), ("driving", 3), ("calm", 77)])
def test_the_delivered_file_keeps_loudness_and_peak_with_music_under_the_voice(
    mood: MusicMood, seed: int, tmp_path: Path
) -> None:
    track = make_soundtrack(blueprint(mood=mood), voice_file=None, out_dir=tmp_path, seed=seed)
    lufs, peak = deliver(track, tmp_path)
    assert lufs == pytest.approx(-14, abs=0.5)
    assert peak <= -1
    assert (lufs, peak) == pytest.approx((track.integrated_lufs, track.true_peak_dbtp), abs=0.15)
    assert 9 <= track.music_under_voice_db < 20
    sound = pcm(track.wav)
    assert len(sound) == 48 * track.milliseconds
    assert np.abs(sound).max() < 0.9
    assert np.abs(sound.mean(axis=0)).max() < 1e-3
    loud = dsp.level(sound.astype(np.float32), window_s=0.5)[12_000:-24_000]
    assert loud.min() > 0.01  # nowhere does the sound fall into a hole
    assert np.abs(sound[-480:]).max() < 0.02  # and it ends in a ring, not in a cut
    assert "eSpeak NG" in track.voice_name


def test_every_written_word_is_timed_inside_its_scene_and_in_order(tmp_path: Path) -> None:
    ad = blueprint()
    track = make_soundtrack(ad, voice_file=None, out_dir=tmp_path, seed=1)
    assert " ".join(word.text for word in track.words) == ad.script
    ends = (*track.scene_starts_ms[1:], track.milliseconds)
    for word in track.words:
        assert track.scene_starts_ms[word.scene] <= word.start_ms < word.end_ms <= ends[word.scene]
    assert all(a.start_ms < b.start_ms and a.end_ms <= b.start_ms + 1 for a, b in pairwise(track.words))


def test_word_times_point_at_the_sound_of_the_word() -> None:
    plain = speak(["Cold brew. On tap."], mood="upbeat")[0]
    heard = dsp.level(plain.samples, window_s=0.01)
    threshold = heard.max() * 0.03
    brew, on = plain.words[1], plain.words[2]
    assert on.start_ms - brew.end_ms > 100  # the pause between the sentences belongs to no word
    pause = heard[48 * (brew.end_ms + 20) : 48 * (on.start_ms - 20)]
    assert pause.max() < threshold
    for word in plain.words:
        assert heard[48 * word.start_ms : 48 * word.end_ms].max() > 5 * threshold


def test_the_same_blueprint_and_seed_give_the_same_bytes_and_another_seed_other_music(tmp_path: Path) -> None:
    made = [
        make_soundtrack(blueprint(), voice_file=None, out_dir=tmp_path / str(n), seed=seed).wav.read_bytes()
        for n, seed in enumerate((4, 4, 5))
    ]
    assert made[0] == made[1] != made[2]


def test_a_line_too_long_for_its_scene_speeds_up_then_stretches_the_scene_and_says_so(tmp_path: Path) -> None:
    long = "We bring fresh kegs to your kitchen every Monday and clean the tap for you."
    ad = blueprint(lines=(*LINES[:2], long, *LINES[3:]), lengths=(2800, 3000, 2000, 2600, 3500))
    track = make_soundtrack(ad, voice_file=None, out_dir=tmp_path, seed=1)
    assert " ".join(word.text for word in track.words) == ad.script
    assert ad.milliseconds < track.milliseconds <= MAX_MS
    assert any("faster" in note for note in track.notes)
    assert any("Scene 3 now lasts" in note for note in track.notes)


def test_an_over_long_ad_takes_time_from_scenes_that_do_not_need_it(tmp_path: Path) -> None:
    long = "We bring fresh kegs to your kitchen every Monday and clean the tap for you."
    ad = blueprint(lines=("Thirsty?", "", long, "", LINES[4]), lengths=(4000, 5000, 2000, 4000, 4500))
    track = make_soundtrack(ad, voice_file=None, out_dir=tmp_path, seed=1)
    assert track.milliseconds == MAX_MS
    assert " ".join(word.text for word in track.words).split() == ad.script.split()


def test_words_that_cannot_fit_into_twenty_seconds_are_refused_with_a_number_to_cut(tmp_path: Path) -> None:
    flood = "word after word after word and still more words to say before this long line is over today " * 2
    with pytest.raises(RenderError, match=r"about \d+ of its \d+ words have to go") as caught:
        make_soundtrack(
            blueprint(lines=(LINES[0], flood.strip(), flood.strip(), LINES[3], LINES[4])),
            voice_file=None, out_dir=tmp_path, seed=1,
        )  # fmt: skip
    assert caught.value.where == "voice_over"


def test_an_ad_without_words_is_music_alone(tmp_path: Path) -> None:
    track = make_soundtrack(blueprint(lines=("",) * 5), voice_file=None, out_dir=tmp_path, seed=1)
    assert track.words == ()
    assert track.voice_name == ""
    assert track.music_under_voice_db == math.inf
    assert deliver(track, tmp_path)[0] == pytest.approx(-14, abs=0.5)


# Your own recording


def test_your_own_recording_is_used_and_named(tmp_path: Path) -> None:
    spoken = [utterance.samples for utterance in speak(LINES, mood="calm")]
    gap = np.zeros(dsp.samples(0.4), np.float32)
    whole = np.concatenate([part for sound in spoken for part in (sound, gap)])
    with wave.open(str(tmp_path / "me.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes((whole * 20_000).astype("<i2").tobytes())
    track = make_soundtrack(blueprint(), voice_file=tmp_path / "me.wav", out_dir=tmp_path / "o", seed=1)
    assert track.voice_name == "your recording (me.wav)"
    assert " ".join(word.text for word in track.words) == " ".join(LINES)
    starts = {word.scene: word.start_ms for word in reversed(track.words)}
    for scene, begin in enumerate(track.scene_starts_ms):  # each line begins with its scene
        assert starts[scene] - begin == pytest.approx(150, abs=60)


@pytest.mark.skipif(not SPEECH.is_dir(), reason="media not present")
def test_a_real_recording_is_cut_at_its_pauses() -> None:
    lines = ("And so, my fellow Americans,", "ask not what your country can do for you,",
             "ask what you can do for your country.")  # fmt: skip
    parts = split_recording(read_recording(SPEECH / "jfk.flac"), lines)
    assert [len(part.words) for part in parts] == [5, 9, 8]
    assert [part.milliseconds / 1000 for part in parts] == pytest.approx([1.9, 4.4, 2.9], abs=0.5)


def test_a_recording_that_cannot_be_the_script_or_is_silent_is_refused(tmp_path: Path) -> None:
    run_ffmpeg(["-f", "lavfi", "-i", "anullsrc=d=3", str(tmp_path / "silent.wav")], timeout_s=20)
    run_ffmpeg(["-f", "lavfi", "-i", "anoisesrc=d=1:a=0.3", str(tmp_path / "short.wav")], timeout_s=20)
    for name, words in (("silent.wav", "silent"), ("short.wav", "Record exactly"), ("none.wav", "no such file")):
        with pytest.raises(InvalidInput) as caught:
            make_soundtrack(blueprint(), voice_file=tmp_path / name, out_dir=tmp_path / "o", seed=1)
        assert words in str(caught.value)
        assert name in caught.value.where


# The parts, where the whole cannot show them


@pytest.mark.parametrize("mood", ["upbeat", "warm", "driving", "calm"])
def test_the_music_keeps_its_promises_to_the_cut(mood: MusicMood) -> None:
    for seed in (1, 2):
        beats = CUES.end_card_ms / 60_000 * tempo_for(CUES, mood=mood, seed=seed)
        assert beats == pytest.approx(round(beats), abs=1e-6)  # the end card falls on a beat
    music = compose(CUES, mood=mood, seed=1)
    assert music.shape == (720_000, 2)
    assert np.abs(music).max() < 1
    spectrum = np.square(np.abs(np.fft.rfft(music.mean(axis=1))))
    hertz = np.fft.rfftfreq(len(music), 1 / 48_000)
    share = [spectrum[(hertz >= low) & (hertz < high)].sum() / spectrum.sum()
             for low, high in ((30, 200), (200, 1500), (1500, 12_000))]  # fmt: skip
    assert min(share) > 0.005  # bass, body and air
    assert max(share) < 0.9
    assert np.corrcoef(music.T)[0, 1] < 0.97  # it is wide
    parts = [np.sqrt(np.square(music[48 * a : 48 * b]).mean()) for a, b in ((300, 2200), (8700, 11_000))]
    assert parts[1] > parts[0]  # it lifts
    ring = [np.sqrt(np.square(music[48 * a : 48 * (a + 200)]).mean()) for a in (13_900, 14_700)]
    assert ring[0] > ring[1] > 0.001  # it rings out


def test_ducked_music_is_back_within_six_tenths_of_a_second() -> None:
    gain = duck_gain([Span(1000, 2000)], length=48 * 5000, depth_db=9)
    assert gain[48 * 1000 : 48 * 2000].max() <= dsp.amplitude(-9) + 1e-6
    assert gain[48 * 2600] == pytest.approx(1)
    assert gain[0] == 1
    assert np.abs(np.diff(gain)).max() < 0.001  # and never jumps


def test_loud_effects_on_a_quiet_line_still_leave_nine_decibels() -> None:
    voice = np.zeros(48 * 6000, np.float32)
    for begin, loudness in ((500, 1.0), (3500, 0.5)):
        part = speak(["Cold brew on tap."], mood="upbeat")[0].samples * loudness
        voice[48 * begin : 48 * begin + len(part)] = part
    spans = [Span(500, 1700), Span(3500, 4700)]
    music = compose(Cues(1000, 3000, 4000, 6000), mood="driving", seed=1)
    loud = 3 * effects((0, 3400, 5000), total_ms=6000, lift_ms=0)
    assert mix(voice, spans=spans, music=music, effects=loud).music_under_voice_db >= 9


def test_the_limiter_holds_the_true_peak() -> None:
    rng = np.random.default_rng(1)
    wild = (rng.standard_normal((48_000, 2)) * 0.7).astype(np.float32)
    wild[1000:1010] = 5
    held = limited(dsp.filtered(wild, kind="lowpass", hertz=15_000.0, order=6), ceiling_dbtp=-1.6)
    peak = np.abs(np.fft.irfft(np.fft.rfft(held, axis=0), 8 * 48_000, axis=0)).max() * 8
    assert dsp.decibels(float(peak)) <= -1.3


def test_our_loudness_meter_agrees_with_ffmpegs(tmp_path: Path) -> None:
    music = compose(CUES, mood="warm", seed=1) * np.float32(0.5)
    with wave.open(str(tmp_path / "m.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes((music * 32767).astype("<i2").tobytes())
    assert integrated_lufs(music) == pytest.approx(measure_loudness(tmp_path / "m.wav").integrated_lufs, abs=0.1)
