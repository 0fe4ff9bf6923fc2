"""A small copy of an ad for a report: 540 lines wide at most, under a fixed size."""

from __future__ import annotations

import tempfile
from pathlib import Path

from geminivideo.errors import RenderError
from tools.studio.ffmpeg import Limits, run_ffmpeg

MAX_BYTES = 1_200_000
"""Largest preview, so that eight fit into a report of 15 MB with room for base64."""
_LIMITS = Limits(cpu_s=300, memory_mb=4096, file_mb=64)
_RATES = ((24, 900), (28, 520), (33, 300))
"""Constant rate factor and ceiling in kbit/s, tried in turn until the file is small enough."""


def make_preview(video: Path, out: Path, *, side: int = 540) -> Path:
    """Write a copy of `video` whose shorter side is `side` pixels to `out`; RenderError if it cannot be made."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.stem}-", dir=out.parent) as work:
        made = Path(work) / "preview.mp4"
        for crf, kilobits in _RATES:
            run_ffmpeg(_args(video, made, side=side, crf=crf, kilobits=kilobits), timeout_s=300, limits=_LIMITS)
            if made.stat().st_size <= MAX_BYTES:
                made.replace(out)
                return out
    raise RenderError(f"No preview under {MAX_BYTES:,} bytes could be made", where=str(video), fix="Shorten the ad.")


def _args(video: Path, made: Path, *, side: int, crf: int, kilobits: int) -> list[str]:
    shorter = f"scale='if(lt(iw,ih),{side},-2)':'if(lt(iw,ih),-2,{side})':flags=area"
    return [
        *("-v", "error", "-protocol_whitelist", "file,pipe", "-f", "mov", "-i", f"file:{video}", "-vf", shorter),
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", str(crf), "-maxrate", f"{kilobits}k"),
        *("-bufsize", f"{2 * kilobits}k", "-threads", "2", "-pix_fmt", "yuv420p", "-g", "60"),
        *("-c:a", "aac", "-b:a", "64k", "-ac", "2", "-map_metadata", "-1", "-fflags", "+bitexact"),
        *("-flags:v", "+bitexact", "-flags:a", "+bitexact", "-movflags", "+faststart", "-f", "mp4", "-y"),
        f"file:{made}",
    ]  # fmt: skip
