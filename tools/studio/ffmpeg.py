"""The one safe way of running ffmpeg: a separate process with limits, progress, cancel and a bounded log.

ffmpeg is GPL and has a long history of holes, so it is always a child process, never a library. Flags are
not a sandbox: `untrusted_input` closes the doors that ffmpeg opens by itself (playlists, other files, the
network), `Limits` bounds what is left.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

import imageio_ffmpeg  # type: ignore[import-untyped]

from geminivideo.errors import RenderCancelled, RenderError

_POLL_S = 0.05
_TAIL_LINES = 400
_KEPT_ENVIRONMENT = ("PATH", "TMPDIR", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "LD_LIBRARY_PATH")


_DECODERS = (
    "h264,hevc,av1,libdav1d,vp8,vp9,mpeg4,mpeg2video,h263,mjpeg,prores,dnxhd,png,"
    "aac,mp3,mp3float,flac,alac,opus,libopus,vorbis,ac3,amrnb,"
    "pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_u8,pcm_s8"
)
"""What cameras, phones and editors write; the rarely used rest of ffmpeg's decoders is where its holes are."""


@dataclass(frozen=True)
class Limits:
    """Bounds on one child: processor seconds, address space and size of any file that it writes."""

    cpu_s: int
    memory_mb: int
    file_mb: int


UNTRUSTED = Limits(cpu_s=20, memory_mb=2048, file_mb=512)
"""For a file that somebody sent us."""


@cache
def ffmpeg_path() -> str:
    """The ffmpeg that came with the Python dependencies; RenderError without one."""
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise RenderError(
            "No ffmpeg was found", where="imageio-ffmpeg", fix="Install the dependencies again: make setup."
        ) from error


def untrusted_input(path: Path, *, demuxer: str) -> list[str]:
    """Arguments that open `path` with exactly one demuxer and let it open nothing else.

    `demuxer` is ffmpeg's own full name (`mov,mp4,m4a,3gp,3g2,mj2`); a file in another format is refused.
    """
    return [
        *("-protocol_whitelist", "file,pipe", "-format_whitelist", demuxer),
        *("-codec_whitelist", _DECODERS),
        *("-f", demuxer.partition(",")[0], "-i", f"file:{path.resolve()}"),
    ]  # fmt: skip


def run_ffmpeg(
    args: Sequence[str],
    *,
    timeout_s: float,
    on_progress: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    stdin: Iterable[bytes] | None = None,
    limits: Limits | None = None,
) -> str:
    """Run ffmpeg with `args` (without the program's name) and return the end of its log.

    `on_progress` gets the position reached in the output, in ms, on the caller's thread. `stdin` feeds
    `pipe:0`, one chunk at a time. RenderError on failure or time-out, RenderCancelled once `cancelled()` is
    true; in every case no child is left.
    """
    return _run(args, timeout_s, on_progress, cancelled, stdin, limits, capture=False)[0]


def read_ffmpeg(args: Sequence[str], *, timeout_s: float, limits: Limits | None = None) -> bytes:
    """Like `run_ffmpeg`, for `args` that write to `pipe:1`: what was written there."""
    return _run(args, timeout_s, None, None, None, limits, capture=True)[1]


def _run(
    args: Sequence[str],
    timeout_s: float,
    on_progress: Callable[[int], None] | None,
    cancelled: Callable[[], bool] | None,
    stdin: Iterable[bytes] | None,
    limits: Limits | None,
    *,
    capture: bool,
) -> tuple[str, bytes]:
    flags = ["-hide_banner", "-nostats"] + ([] if stdin is not None else ["-nostdin"])
    if not capture:
        flags += ["-progress", "pipe:1"]
    with subprocess.Popen(
        [*_limited(limits), ffmpeg_path(), *flags, *args],
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=child_environment(),
        start_new_session=True,  # Ctrl-C in the terminal reaches us alone; we then end the child
    ) as process:
        pipes = _Pipes(process, stdin, capture=capture)
        try:
            _supervise(process, pipes, timeout_s, on_progress, cancelled)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            pipes.join()
    if process.returncode:
        raise _failed(process.returncode, pipes)
    if pipes.stdin_error is not None:
        raise pipes.stdin_error
    if on_progress is not None and pipes.position_ms > 0:
        on_progress(pipes.position_ms)  # the last line may have been read after the child had ended
    return pipes.log, bytes(pipes.output)


class _Pipes:
    """Threads that keep the child's pipes flowing, so that neither side ever waits for the other."""

    def __init__(self, process: subprocess.Popen[bytes], stdin: Iterable[bytes] | None, *, capture: bool) -> None:
        assert process.stdout is not None and process.stderr is not None  # noqa: S101  (both are PIPE)
        self.position_ms = 0
        self.output = bytearray()
        self.stdin_error: BaseException | None = None
        self._lines: deque[str] = deque(maxlen=_TAIL_LINES)
        read = self._collect if capture else self._follow
        self._threads = [
            threading.Thread(target=read, args=(process.stdout,), daemon=True),
            threading.Thread(target=self._drain, args=(process.stderr,), daemon=True),
        ]
        if stdin is not None and process.stdin is not None:
            feeder = threading.Thread(target=self._feed, args=(process.stdin, stdin), daemon=True)
            self._threads.append(feeder)
        for thread in self._threads:
            thread.start()

    @property
    def log(self) -> str:
        return "\n".join(self._lines)

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _collect(self, pipe: IO[bytes]) -> None:
        while chunk := pipe.read(1 << 16):
            self.output += chunk

    def _follow(self, pipe: IO[bytes]) -> None:
        for line in pipe:
            key, _, value = line.decode(errors="replace").strip().partition("=")
            if key == "out_time_us" and value.lstrip("-").isdigit():
                self.position_ms = max(self.position_ms, int(value) // 1000)

    def _drain(self, pipe: IO[bytes]) -> None:
        for line in pipe:
            self._lines.append(line.decode(errors="replace").rstrip()[:2000])

    def _feed(self, pipe: IO[bytes], chunks: Iterable[bytes]) -> None:
        try:
            with suppress(BrokenPipeError), pipe:
                for chunk in chunks:
                    pipe.write(chunk)
        except BaseException as error:  # whatever the caller's generator raised is raised again on its thread
            self.stdin_error = error


def _supervise(
    process: subprocess.Popen[bytes],
    pipes: _Pipes,
    timeout_s: float,
    on_progress: Callable[[int], None] | None,
    cancelled: Callable[[], bool] | None,
) -> None:
    deadline = time.monotonic() + timeout_s
    told = -1
    while True:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_POLL_S)
        if on_progress is not None and pipes.position_ms > told:
            told = pipes.position_ms
            on_progress(told)
        if process.poll() is not None:
            return
        if pipes.stdin_error is not None:
            raise pipes.stdin_error
        if cancelled is not None and cancelled():
            raise RenderCancelled("The render was cancelled")
        if time.monotonic() > deadline:
            raise RenderError(
                f"ffmpeg did not finish within {timeout_s:g} s",
                where="ffmpeg",
                fix="The input may be damaged or the machine busy: try again, or use a shorter file.",
            )


def _limited(limits: Limits | None) -> list[str]:
    # A shell sets the limits in the child: preexec_fn is unsafe in a program with threads.
    if limits is None:
        return []
    script = f"ulimit -c 0; ulimit -t {limits.cpu_s}; ulimit -f {limits.file_mb * 2048}; "
    script += f'ulimit -v {limits.memory_mb * 1024} 2>/dev/null; exec "$@"'
    return ["/bin/sh", "-c", script, "ffmpeg"]


def child_environment() -> dict[str, str]:
    """What a child process may know of our environment: where programs lie, none of our secrets."""
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    return kept | {"LC_ALL": "C", "AV_LOG_FORCE_NOCOLOR": "1"}


def _failed(code: int, pipes: _Pipes) -> RenderError:
    tail = " | ".join(line for line in pipes.log.splitlines()[-6:] if line)[-900:]
    how = f"was ended by signal {-code}" if code < 0 else f"failed with code {code}"
    return RenderError(f"ffmpeg {how}: {tail or 'no message'}", where="ffmpeg", fix="Check the input file.")
