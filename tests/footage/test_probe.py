"""Probing untrusted files: what they are, and that looking at one never opens another."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from geminivideo.errors import InvalidInput
from tools.footage import probe as probe_module
from tools.footage.probe import Probed, probe
from tools.studio.ffmpeg import ffmpeg_path, run_ffmpeg

SHARED = Path(os.environ.get("GEMINIVIDEO_SHARED", Path(__file__).parents[2].parent / "shared"))
HOSTILE = SHARED / "corpora" / "hostile-media"
MEDIA = SHARED / "media"
IN_OPEN, IN_NONBLOCK = 0x20, 0o4000


class OpenWatch:
    """Counts opens of files in a folder, by whatever process (Linux inotify)."""

    def __init__(self, folder: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd: int = libc.inotify_init1(IN_NONBLOCK)
        assert self.fd >= 0
        assert libc.inotify_add_watch(self.fd, os.fsencode(folder), IN_OPEN) >= 0

    def count(self) -> int:
        try:
            return len(os.read(self.fd, 1 << 16))
        except BlockingIOError:
            return 0


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[tuple[Path, OpenWatch]]:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    clip = folder / "canary.ts"
    run_ffmpeg(["-f", "lavfi", "-i", "testsrc2=d=1:size=64x64", "-c:v", "mpeg2video", str(clip)], timeout_s=20)
    watch = OpenWatch(folder)
    yield clip, watch
    os.close(watch.fd)


def _disguises(target: str) -> dict[str, bytes]:
    hls = f"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1.0,\n{target}\n#EXT-X-ENDLIST\n".encode()
    concat = f"ffconcat version 1.0\nfile '{target}'\n".encode()
    svg = f"<svg xmlns='http://www.w3.org/2000/svg'><image href='{target}'/></svg>".encode()
    dash = f"<?xml version='1.0'?><MPD><Period><BaseURL>{target}</BaseURL></Period></MPD>".encode()
    atom = len(hls).to_bytes(4, "big") + b"mdat" + hls
    return {
        "hls.mp4": hls, "concat.mp4": concat, "svg.png": svg, "dash.mp4": dash,
        "hls.mp3": hls, "concat.wav": concat, "sdp.mp4": b"v=0\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
        "ftyp+hls.mp4": b"\0\0\0\x10ftypisom\0\0\0\0" + atom,
        "ftyp+concat.mp4": b"\0\0\0\x10ftypisom\0\0\0\0" + concat,
        "id3+hls.mp3": b"ID3\x03\0\0\0\0\0\0" + hls,
        "wave+hls.wav": b"RIFF\xff\0\0\0WAVE" + hls,
        "ogg+concat.ogg": b"OggS" + concat,
        "mkv+hls.webm": b"\x1a\x45\xdf\xa3\x80" + hls,
        "jpeg+svg.jpg": b"\xff\xd8\xff\xe0" + svg,
        "png+svg.png": b"\x89PNG\r\n\x1a\n" + svg,
    }  # fmt: skip


def test_disguised_playlists_open_no_second_file(canary: tuple[Path, OpenWatch], tmp_path: Path) -> None:
    clip, watch = canary
    for name, content in _disguises(str(clip)).items():
        bait = tmp_path / name
        bait.write_bytes(content)
        with pytest.raises(InvalidInput) as caught:
            probe(bait)
        assert caught.value.fix, name
        assert watch.count() == 0, name
    bait = tmp_path / "concat.mp4"
    subprocess.run(
        [ffmpeg_path(), "-safe", "0", "-f", "concat", "-i", str(bait), "-f", "null", "-"],
        capture_output=True,
        check=True,
    )
    assert watch.count() > 0  # the watch does see an unguarded ffmpeg open the canary


def test_disguised_playlists_open_no_connection(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        called = threading.Event()

        def listen() -> None:
            while not done.is_set():
                try:
                    server.accept()[0].close()
                    called.set()
                except TimeoutError:
                    continue

        done = threading.Event()
        thread = threading.Thread(target=listen)
        thread.start()
        try:
            for name, content in _disguises(f"http://127.0.0.1:{server.getsockname()[1]}/x.ts").items():
                bait = tmp_path / name
                bait.write_bytes(content)
                with pytest.raises(InvalidInput):
                    probe(bait)
        finally:
            done.set()
            thread.join()
        assert not called.is_set()


@pytest.mark.skipif(not HOSTILE.is_dir(), reason="corpus not present")
def test_the_hostile_corpus_is_read_or_refused_and_nothing_else_is_opened(
    canary: tuple[Path, OpenWatch],
) -> None:
    answers = {}
    for path in sorted(HOSTILE.rglob("*")):
        if path.is_file():
            try:
                answers[path.name] = probe(path).kind
            except InvalidInput as error:
                assert error.where == str(path)
                assert error.fix
                answers[path.name] = "refused"
    assert len(answers) >= 69
    assert {answers[name] for name in answers if name.endswith((".svg", ".avi", ".gif", ".txt"))} == {"refused"}
    assert answers["read_passwd_bypass.mp4"] == answers["lottapixel.jpg"] == "refused"
    assert answers["mp4parse_capi__tests__white.mp4"] == "video"
    assert canary[1].count() == 0


@pytest.mark.skipif(not MEDIA.is_dir(), reason="media not present")
@pytest.mark.parametrize(
    ("name", "kind", "size", "milliseconds"),
    [
        ("edge/psd_rotate.mp4", "video", (544, 1280), 10_010),
        ("edge/mp_no_duration.webm", "video", (1280, 720), 4_938),
        ("video/nasa_13013.mp4", "video", (320, 180), 13_000),
        ("video/carphone_pristine.mp4", "video", (176, 144), 4_000),
        ("speech/jfk.flac", "audio", (0, 0), 11_000),
        ("music/sfx_crunching.mp3", "audio", (0, 0), 8_300),
    ],
)
def test_real_files_are_measured_by_decoding(name: str, kind: str, size: tuple[int, int], milliseconds: int) -> None:
    found = probe(MEDIA / name)
    assert (found.kind, (found.width, found.height)) == (kind, size)
    assert found.milliseconds == pytest.approx(milliseconds, abs=120)


def test_a_photo_turned_by_its_camera_has_its_displayed_size(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (64, 32)).save(tmp_path / "p.jpg", exif=exif)
    assert probe(tmp_path / "p.jpg") == Probed("image", 32, 64, None, "jpeg")


def test_missing_empty_folder_and_device_are_named_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    os.mkfifo(tmp_path / "pipe.mp4")
    for bad, words in {
        "none.png": "no such file", "empty.png": "empty", ".": "not a file", "pipe.mp4": "not a file",
        "x" * 300: "cannot be read",
    }.items():  # fmt: skip
        with pytest.raises(InvalidInput, match=words) as caught:
            probe(tmp_path / bad)
        assert str(tmp_path) in caught.value.where
        assert caught.value.fix


def test_a_cut_off_clip_and_picture_are_damaged_not_a_crash(tmp_path: Path) -> None:
    Image.effect_noise((200, 200), 80).save(tmp_path / "whole.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:900])
    run_ffmpeg(["-f", "lavfi", "-i", "testsrc2=d=1", str(tmp_path / "whole.mp4")], timeout_s=20)
    (tmp_path / "cut.mp4").write_bytes((tmp_path / "whole.mp4").read_bytes()[:3000])
    for name in ("cut.png", "cut.mp4"):
        with pytest.raises(InvalidInput, match="does not decode"):
            probe(tmp_path / name)


def test_a_file_over_the_limit_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe_module, "MAX_BYTES", 1_000)
    (tmp_path / "big.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(2_000))
    with pytest.raises(InvalidInput, match="Trim or compress"):
        probe(tmp_path / "big.png")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(prefix=st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"ID3", b"\0\0\0\x18ftypisom", b""]),
       tail=st.binary(max_size=200))  # fmt: skip
def test_any_bytes_are_probed_or_refused(tmp_path: Path, prefix: bytes, tail: bytes) -> None:
    path = tmp_path / "any.bin"
    path.write_bytes(prefix + tail)
    try:
        assert probe(path).kind in {"image", "video", "audio"}
    except InvalidInput as error:
        assert error.where == str(path)
