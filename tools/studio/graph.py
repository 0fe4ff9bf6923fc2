"""The ffmpeg graph of one ad: moving pictures, transitions, drawing, text and encoding, in a single pass."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ffmpeg  # type: ignore[import-untyped]

from tools.footage.probe import input_args
from tools.studio.layout import Stage
from tools.studio.mix import AAC_ARGS
from tools.studio.motion import FPS
from tools.studio.pictures import PAN_STEP, Picture
from tools.studio.timeline import Shot, Timeline

Stream = Any
"""A node of ffmpeg-python, which has no types."""

SAMPLE_EVERY = 15
"""Of so many frames one is kept without its text, at half size, for the measure of contrast."""
VIDEO_CODEC = "keyint=15:min-keyint=15:scenecut=0:open-gop=0:bframes=2:b-adapt=0:ref=2:threads=2:lookahead-threads=1"
_ENCODING: dict[str, Any] = {
    "c:v": "libx264", "preset": "veryfast", "crf": 21, "profile:v": "high", "pix_fmt": "yuv420p",
    "x264-params": VIDEO_CODEC, "threads": 2, "r": FPS,
    "color_primaries": "bt709", "color_trc": "bt709", "colorspace": "bt709", "color_range": "tv",
    **{name[1:]: value for name, value in zip(AAC_ARGS[::2], AAC_ARGS[1::2], strict=True)},
    "use_editlist": 0, "movflags": "+faststart+negative_cts_offsets",
    "map_metadata": -1, "fflags": "+bitexact", "flags:v": "+bitexact", "flags:a": "+bitexact", "f": "mp4",
}  # fmt: skip


def build_graph(
    *,
    stage: Stage,
    timeline: Timeline,
    pictures: Sequence[Picture],
    transitions: Sequence[str],
    folder: Path,
    sound: Path,
) -> list[str]:
    """Arguments for ffmpeg (without its name) that write `ad.mp4` and its text-free `samples.rgb` in `folder`.

    Beside the pictures' files it reads `under.ass`, `over.ass` and the faces in `fonts/` there, and `sound`.
    """
    fonts = str(folder / "fonts")
    stream = _joined(stage, timeline, pictures, transitions)
    drawn = stream.filter("ass", filename=str(folder / "under.ass"), fontsdir=fonts).filter_multi_output("split", 2)
    video = drawn[0].filter("ass", filename=str(folder / "over.ass"), fontsdir=fonts)
    kept = (
        drawn[1]
        .filter("select", f"not(mod(n,{SAMPLE_EVERY}))")
        .filter("scale", stage.width // 2, stage.height // 2, flags="area", in_color_matrix="bt709")
    )
    seconds = timeline.frames / FPS
    audio = ffmpeg.input(str(sound), f="wav", protocol_whitelist="file,pipe").audio
    audio = audio.filter("apad").filter("atrim", end=f"{seconds:.6f}")
    outputs = ffmpeg.merge_outputs(
        ffmpeg.output(video, audio, f"file:{folder / 'ad.mp4'}", **{**_ENCODING, "frames:v": timeline.frames}),
        ffmpeg.output(kept, f"file:{folder / 'samples.rgb'}", f="rawvideo", pix_fmt="rgb24", fps_mode="passthrough"),
    )
    args: list[str] = ffmpeg.get_args(outputs)
    return ["-v", "warning", "-filter_complex_threads", "2", *args, "-y"]


def _joined(stage: Stage, timeline: Timeline, pictures: Sequence[Picture], transitions: Sequence[str]) -> Stream:
    """All shots one after the other. Only the frames of a transition pass xfade: it works in 4:4:4, at a price."""
    parts: list[Stream] = []
    tail: Stream | None = None
    blend, final = timeline.transition, len(timeline.shots) - 1
    for shot, picture in zip(timeline.shots, pictures, strict=True):
        length = shot.last - shot.first
        head = blend if shot.index > 0 else 0
        end = length - blend if shot.index < final else length
        pieces = [(head, end)] + [(0, head)] * (head > 0) + [(end, length)] * (end < length)
        copies = _shot(stage, shot, picture).filter_multi_output("split", len(pieces))
        body, *rest = (_cut(copies[index], *piece) for index, piece in enumerate(pieces))
        if tail is not None:
            mixed = ffmpeg.filter(
                [tail, rest[0]], "xfade", transition=transitions[shot.index - 1],
                duration=f"{blend / FPS:.6f}", offset=0,
            )  # fmt: skip
            parts.append(mixed.filter("format", "yuv420p"))
        parts.append(body)
        tail = rest[-1] if shot.index < final else None
    joined = ffmpeg.filter(parts, "concat", n=len(parts), v=1, a=0)
    return joined.filter("setparams", range="tv", color_primaries="bt709", color_trc="bt709", colorspace="bt709")


def _cut(stream: Stream, first: int, last: int) -> Stream:
    return stream.filter("trim", start_frame=first, end_frame=last).filter("setpts", "PTS-STARTPTS")


def _shot(stage: Stage, shot: Shot, picture: Picture) -> Stream:
    frames = shot.last - shot.first
    match picture.kind:
        case "still":
            stream = _zoomed(picture, frames=frames)
        case "drawn":
            stream = _drifting(stage, picture, frames=frames)
        case "clip":
            stream = _played(picture, frames=frames)
    if picture.area.width != stage.width or picture.area.height != stage.height:
        stream = stream.filter(
            "pad", stage.width, stage.height, int(picture.area.left), int(picture.area.top),
            color="0x{:02X}{:02X}{:02X}".format(*picture.ground),
        )  # fmt: skip
    if picture.scrim is not None:
        veil = _file(picture.scrim).filter("format", "yuva420p")
        stream = ffmpeg.filter([stream, veil], "overlay", 0, 0, eof_action="repeat", format="yuv420")
    return stream.filter("fps", FPS).filter("settb", f"1/{FPS}").filter("setsar", 1).filter("format", "yuv420p")


def _file(path: Path) -> Stream:
    return ffmpeg.input(f"file:{path}", f="png_pipe", protocol_whitelist="file,pipe")


def _yuv(stream: Stream) -> Stream:
    return stream.filter("scale", out_color_matrix="bt709", out_range="tv").filter("format", "yuv420p")


def _zoomed(picture: Picture, *, frames: int) -> Stream:
    width, height = int(picture.area.width), int(picture.area.height)
    if picture.move in {"left", "right"}:
        held = _yuv(_file(picture.path)).filter("loop", loop=frames - 1, size=1).filter("setpts", f"N/{FPS}/TB")
        x = f"{PAN_STEP}*n" if picture.move == "right" else f"iw-ow-{PAN_STEP}*n"
        return held.filter("crop", width, height, x, 0)
    zoom = f"1.01+0.14*on/{frames}" if picture.move == "in" else f"1.15-0.14*on/{frames}"
    return _yuv(_file(picture.path)).filter(
        "zoompan", z=zoom, x="iw/2-iw/zoom/2", y="ih/2-ih/zoom/2", d=frames, s=f"{width}x{height}", fps=FPS
    )


def _drifting(stage: Stage, picture: Picture, *, frames: int) -> Stream:
    held = _yuv(_file(picture.path)).filter("loop", loop=frames - 1, size=1).filter("setpts", f"N/{FPS}/TB")
    x, y = (f"(iw-ow)*n/{frames}", f"(ih-oh)*n/{frames}")
    if picture.move in {"left", "out"}:
        x = f"(iw-ow)*(1-n/{frames})"
    return held.filter("crop", stage.width, stage.height, x, y)


def _played(picture: Picture, *, frames: int) -> Stream:
    assert picture.clip is not None  # noqa: S101  (a clip was probed)
    args = input_args(picture.path, probed=picture.clip)
    options = {name.lstrip("-"): value for name, value in zip(args[::2], args[1::2], strict=True) if name != "-i"}
    width, height = int(picture.area.width * 1.06) // 2 * 2, int(picture.area.height * 1.06) // 2 * 2
    stream = ffmpeg.input(args[-1], stream_loop=-1, **options).video
    stream = (
        stream.filter("fps", FPS)
        .filter(
            "scale",
            width,
            height,
            force_original_aspect_ratio="increase",
            out_color_matrix="bt709",
            out_range="tv",
            flags="bicubic",
        )
        .filter("format", "yuv420p")
        .filter("trim", end_frame=frames)
        .filter("setpts", f"N/{FPS}/TB")
    )
    drift = f"n/{frames}" if picture.move in {"in", "right"} else f"(1-n/{frames})"
    return stream.filter(
        "crop",
        int(picture.area.width),
        int(picture.area.height),
        f"(iw-ow)*(0.35+0.3*{drift})",
        f"(ih-oh)*(0.35+0.3*{drift})",
    ).filter("eq", contrast=1.05, saturation=1.06)
