"""The asset store: one name per bytes, whole or absent, and no way out of its folder."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geminivideo.errors import InvalidInput, NotFound, StorageError
from memory.assets import AssetStore


@pytest.fixture
def store(tmp_path: Path) -> AssetStore:
    return AssetStore(tmp_path / "assets")


def _files(store: AssetStore) -> list[Path]:
    return [path for path in store.root.rglob("*") if path.is_file()]


def test_an_asset_is_named_by_the_hash_of_its_bytes_and_reads_back(store: AssetStore) -> None:
    asset_id = store.put_bytes(b"poster")
    assert asset_id == hashlib.sha256(b"poster").hexdigest()
    assert store.path(asset_id).read_bytes() == b"poster"
    assert store.exists(asset_id) and store.size(asset_id) == 6 and store.verify(asset_id)
    with store.open(asset_id) as stream:
        stream.seek(2)
        assert stream.read() == b"ster"


def test_the_same_bytes_have_one_name_however_they_arrive(store: AssetStore, tmp_path: Path) -> None:
    source = tmp_path / "clip.mp4"
    source.write_bytes(b"\x00" * 3_000_001)
    assert store.put_file(source) == store.put_bytes(source.read_bytes()) == store.put_file(source)
    assert len(_files(store)) == 1


def test_an_empty_file_is_an_asset_too(store: AssetStore, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert store.size(store.put_file(tmp_path / "empty")) == 0


def test_files_and_folders_are_private_to_their_owner(store: AssetStore) -> None:
    asset_id = store.put_bytes(b"private")
    assert stat.S_IMODE(store.path(asset_id).stat().st_mode) == 0o600
    for folder in (store.root, store.path(asset_id).parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "name",
    ["", "..", "../" * 5 + "etc/passwd", "/etc/passwd", "a" * 63, "a" * 65, "A" * 64, "a" * 63 + "\n",
     "a" * 64 + "\n", "a" * 63 + "/", "٣" * 64, "a" * 62 + "\x00a"],
)  # fmt: skip
def test_what_is_not_64_hex_digits_answers_like_an_absent_asset(store: AssetStore, name: str) -> None:
    store.put_bytes(b"something")
    assert not store.exists(name) and not store.verify(name)
    for ask in (store.path, store.open, store.size):
        with pytest.raises(NotFound):
            ask(name)


@given(name=st.text(max_size=80))
def test_no_text_at_all_reaches_a_file_outside_the_store(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.getbasetemp() / "walled"
    assert not AssetStore(root).exists(name)


def test_an_absent_asset_is_not_found(store: AssetStore) -> None:
    with pytest.raises(NotFound):
        store.path("0" * 64)


def test_tampered_bytes_are_noticed_and_healed_by_keeping_them_again(store: AssetStore) -> None:
    asset_id = store.put_bytes(b"the real bytes")
    store.path(asset_id).write_bytes(b"the other bytes")
    assert not store.verify(asset_id)
    assert store.put_bytes(b"the real bytes") == asset_id
    assert store.verify(asset_id)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: None])
def test_what_is_not_a_readable_file_is_refused_and_leaves_nothing(store: AssetStore, tmp_path: Path, make) -> None:
    make(tmp_path / "source")
    with pytest.raises(InvalidInput, match="cannot be read"):
        store.put_file(tmp_path / "source")
    assert _files(store) == []


def test_a_full_disk_is_a_storage_error_with_advice_and_nothing_half_written(store: AssetStore, tmp_path: Path) -> None:
    source = tmp_path / "big"
    source.write_bytes(os.urandom(3 << 20))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        for put in (lambda: store.put_file(source), lambda: store.put_bytes(source.read_bytes())):
            with pytest.raises(StorageError) as caught:
                put()
            assert "Free disk space" in caught.value.fix and str(store.root) in str(caught.value)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert _files(store) == []
    assert store.verify(store.put_file(source))


def test_a_folder_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        AssetStore(tmp_path / "file" / "assets").put_bytes(b"x")


def test_many_writers_of_the_same_and_other_bytes_agree(store: AssetStore) -> None:
    payloads = [bytes([number % 7]) * 70_000 for number in range(56)]
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(store.put_bytes, payloads))
    assert len(set(ids)) == 7 == len(_files(store))
    assert all(store.verify(asset_id) for asset_id in ids)


def test_leftovers_of_a_crash_are_swept_after_a_day_and_fresh_ones_kept(store: AssetStore) -> None:
    store.put_bytes(b"first")
    old, fresh = store.root / "incoming" / "old", store.root / "incoming" / "fresh"
    for leftover in (old, fresh):
        leftover.write_bytes(b"half")
    os.utime(old, (time.time() - 90_000,) * 2)
    store.put_bytes(b"second")
    assert not old.exists() and fresh.exists()
