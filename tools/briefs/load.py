"""A brief from a file: YAML, JSON, Markdown with front matter (its text becomes notes) or plain English."""

from __future__ import annotations

import json
import stat
from collections.abc import Hashable
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from geminivideo.brief import Brief
from geminivideo.errors import InvalidInput
from tools.briefs.fields import brief_from_mapping
from tools.briefs.free_text import parse_free_text
from tools.briefs.material import Assets

MAX_BYTES = 256 * 1024
"""Largest brief file; a larger one is refused unread."""


def load_brief(path: Path, *, assets: Assets, footage_dir: Path | None = None, today: date) -> Brief:
    """Read, check and complete a brief, and keep its footage and voice in `assets`.

    InvalidInput names the file and field and says what to write. `footage_dir` adds a folder of footage to what
    the brief names.
    """
    text = _text(path)
    suffix = path.suffix.lower()
    if suffix == ".json":
        data = _json(text, where=str(path))
    elif text.startswith("---\n") and suffix not in {".yaml", ".yml"}:
        data = _front_matter(text, where=str(path))
    elif suffix in {".md", ".markdown", ".txt"}:
        data = _plain(text, where=str(path))
    else:
        data = _yaml(text, where=str(path))
    return brief_from_mapping(
        data, where=str(path), today=today, assets=assets, folder=path.parent, footage_dir=footage_dir
    )


def _text(path: Path) -> str:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise InvalidInput("The brief is not a file", where=str(path), fix="Give the path of a brief file.")
        if found.st_size > MAX_BYTES:
            raise InvalidInput(
                f"The brief has {found.st_size / 1e6:,.1f} MB; at most {MAX_BYTES // 1024} KB are read",
                where=str(path),
                fix="Keep what the ads need; footage belongs in files of its own.",
            )
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)[:MAX_BYTES]  # it may have grown since
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        raise InvalidInput("There is no such brief", where=str(path), fix="Check the path.") from None
    except UnicodeDecodeError:
        raise InvalidInput("The brief is not text in UTF-8", where=str(path), fix="Save it as UTF-8 text.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        where = str(path)[:200]
        raise InvalidInput(f"The brief cannot be read: {reason}", where=where, fix="Check the path.") from error
    if not text.strip():
        raise InvalidInput("The brief is empty", where=str(path), fix="Start from one in examples/briefs.")
    return text


def _json(text: str, *, where: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_no_double_keys, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _unreadable("JSON", where=f"{where}:{error.lineno}", reason=error.msg) from error
    except (ValueError, RecursionError) as error:
        raise _unreadable("JSON", where=where, reason=str(error)[:100]) from error


def _no_double_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen = dict(pairs)
    if len(seen) != len(pairs):
        raise ValueError("a field is given twice")
    return seen


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a number")


class _Loader(yaml.SafeLoader):
    """Safe YAML without aliases (a short file could grow to gigabytes) and without double keys."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.constructor.ConstructorError(None, None, "aliases (*name) are not read", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if len({str(key) for key in keys}) != len(keys):
            raise yaml.constructor.ConstructorError(None, None, "a field is given twice", node.start_mark)
        return super().construct_mapping(node, deep=deep)


def _yaml(text: str, *, where: str) -> object:
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506  (a SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise _unreadable("YAML", where=f"{where}{line}", reason=str(error.problem)[:100]) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)[:100]
        raise _unreadable("YAML", where=where, reason=reason) from error


def _front_matter(text: str, *, where: str) -> object:
    head, closed, body = text.removeprefix("---\n").partition("\n---")
    if not closed:
        raise _unreadable("front matter", where=where, reason="the closing line --- is missing")
    data = _yaml(head, where=where)
    notes = body.partition("\n")[2].strip()
    if not isinstance(data, dict) or not notes:
        return data
    return {**data, "notes": "\n\n".join(part for part in (str(data.get("notes") or ""), notes) if part)}


def _plain(text: str, *, where: str) -> object:
    draft = parse_free_text(text)
    if draft.missing:
        missing = "; ".join(draft.missing)
        raise InvalidInput(
            f"The text does not say: {missing}", where=where, fix="Add it, or use the form in examples/briefs."
        )
    return draft.fields


def _unreadable(kind: str, *, where: str, reason: str) -> InvalidInput:
    what = f"The brief's {kind} cannot be read: {reason}"
    return InvalidInput(what, where=where, fix="Compare it with examples/briefs.")
