"""Running ffmpeg: progress, cancel, time-out, limits, and what an untrusted input may open."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import psutil
import pytest

from geminivideo.errors import RenderCancelled, RenderError
from tools.studio.ffmpeg import Limits, ffmpeg_path, read_ffmpeg, run_ffmpeg, untrusted_input

ENDLESS = ["-re", "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=30", "-f", "null", "-"]


def _ffmpeg_children() -> list[psutil.Process]:
    return [p for p in psutil.Process().children(recursive=True) if "ffmpeg" in p.name()]


def test_progress_rises_to_the_length_of_the_output(tmp_path: Path) -> None:
    seen: list[int] = []
    out = tmp_path / "a.wav"
    run_ffmpeg(["-f", "lavfi", "-i", "sine=d=2", str(out)], timeout_s=20, on_progress=seen.append)
    assert out.stat().st_size > 100_000
    assert seen == sorted(seen)
    assert seen[-1] >= 1_900


def test_a_failure_carries_the_end_of_ffmpegs_own_message(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="no-such-file"):
        run_ffmpeg(["-i", str(tmp_path / "no-such-file.mp4"), "-f", "null", "-"], timeout_s=20)


def test_cancelling_leaves_no_child_within_two_seconds() -> None:
    flag = threading.Event()
    threading.Timer(0.3, flag.set).start()
    began = time.monotonic()
    with pytest.raises(RenderCancelled):
        run_ffmpeg(ENDLESS, timeout_s=60, cancelled=flag.is_set)
    assert time.monotonic() - began < 2.3
    assert _ffmpeg_children() == []


def test_a_time_out_ends_the_child_and_says_so() -> None:
    with pytest.raises(RenderError, match=r"within 0\.5 s"):
        run_ffmpeg(ENDLESS, timeout_s=0.5)
    assert _ffmpeg_children() == []


def test_frames_are_fed_through_stdin_and_a_failing_source_is_raised_again(tmp_path: Path) -> None:
    raw = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", "16x16", "-r", "25", "-i", "pipe:0"]
    out = tmp_path / "v.mp4"
    run_ffmpeg([*raw, str(out)], timeout_s=20, stdin=(bytes([n]) * 256 for n in range(50)))
    assert out.stat().st_size > 500

    def broken() -> object:
        yield bytes(256)
        raise ZeroDivisionError("in the caller's frames")

    with pytest.raises(ZeroDivisionError):
        run_ffmpeg([*raw, "-f", "null", "-"], timeout_s=20, stdin=broken())  # type: ignore[arg-type]
    assert _ffmpeg_children() == []


def test_the_file_size_limit_holds(tmp_path: Path) -> None:
    out = tmp_path / "big.wav"
    with pytest.raises(RenderError):
        run_ffmpeg(
            ["-f", "lavfi", "-i", "sine=d=100", str(out)],
            timeout_s=30, limits=Limits(cpu_s=10, memory_mb=1024, file_mb=1),
        )  # fmt: skip
    assert out.stat().st_size <= 1 << 20


def test_an_untrusted_input_cannot_open_a_second_file(tmp_path: Path) -> None:
    secret = tmp_path / "other.ts"
    run_ffmpeg(["-f", "lavfi", "-i", "testsrc2=d=1", "-c:v", "mpeg2video", str(secret)], timeout_s=20)
    disguised = tmp_path / "clip.mp4"
    disguised.write_text(f"ffconcat version 1.0\nfile {secret}\n")
    plain = ["-safe", "0", "-f", "concat", "-i", str(disguised)]  # the door is real ...
    assert read_ffmpeg([*plain, "-f", "rawvideo", "pipe:1"], timeout_s=20)
    with pytest.raises(RenderError):  # ... and shut
        read_ffmpeg(
            [*untrusted_input(disguised, demuxer="mov,mp4,m4a,3gp,3g2,mj2"), "-f", "rawvideo", "pipe:1"],
            timeout_s=20,
        )


def test_a_file_name_is_never_read_as_an_option_or_protocol(tmp_path: Path) -> None:
    odd = tmp_path / "concat:x|-y %d.wav"
    run_ffmpeg(["-f", "lavfi", "-i", "sine=d=0.2", f"file:{odd}"], timeout_s=20)
    pcm = read_ffmpeg([*untrusted_input(odd, demuxer="wav"), "-f", "s16le", "pipe:1"], timeout_s=20)
    assert len(pcm) > 10_000


def test_the_child_sees_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    spy = tmp_path / "ffmpeg"
    spy.write_text("#!/bin/sh\nenv >&2\n")
    spy.chmod(0o755)
    monkeypatch.setenv("GEMINIVIDEO_META_ACCESS_TOKEN", "canary-token")
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(spy))
    ffmpeg_path.cache_clear()
    try:
        log = run_ffmpeg([], timeout_s=5)
    finally:
        ffmpeg_path.cache_clear()
    assert "PATH=" in log
    assert "canary-token" not in log
