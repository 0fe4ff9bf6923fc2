"""Loads prompt files: front matter, a system and a user part, slots. External text is fenced and labelled."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml

from geminivideo.errors import InvalidInput, NotFound
from geminivideo.model import Noun

Origin = Literal["ours", "external"]
FOLDER = Path(__file__).parent
_NAME = re.compile(r"^([a-z_]+)\.v(\d+)\.md$")
_SLOT = re.compile(r"\{\{(\w+)\}\}")
_FRONT = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
_PARTS = re.compile(r"\A\s*# system\n(.*?)\n# user\n(.*)\Z", re.DOTALL)
_LIMIT = 12_000


class Rendered(NamedTuple):
    """A prompt with its slots filled."""

    system: str
    user: str


class Prompt(Noun):
    """One version of one prompt. `sha256` is of the whole file, front matter included."""

    id: str
    version: int
    role: str
    schema_name: str
    inputs: dict[str, Origin]
    system: str
    user: str
    sha256: str

    def render(self, values: Mapping[str, str], *, boundary: str | None = None) -> Rendered:
        """Fill every slot; a missing or unknown input is an error. External values are fenced with `boundary`.

        The boundary is drawn anew for each call, so that no text from outside can close its own fence.
        """
        missing, unknown = self.inputs.keys() - values.keys(), values.keys() - self.inputs.keys()
        if missing or unknown:
            names = ", ".join(sorted(missing or unknown))
            raise InvalidInput(
                f"Prompt {self.id} v{self.version} {'lacks' if missing else 'does not know'} {names}",
                where="prompts", fix="Give exactly the inputs of its front matter.",
            )  # fmt: skip
        mark = boundary or secrets.token_hex(8)
        filled = {
            name: fence(values[name], origin=name, boundary=mark) if origin == "external" else values[name]
            for name, origin in self.inputs.items()
        }
        return Rendered(_fill(self.system, filled), _fill(self.user, filled))


def fence(text: str, *, origin: str, boundary: str) -> str:
    """External text between two lines that it cannot know, with its origin; a copy of the boundary is taken out."""
    inside = text.replace(boundary, "")
    return f"<<<data {boundary} origin={origin}\n{inside}\ndata {boundary}>>>"


def load_prompt(prompt_id: str, version: int | None = None, *, folder: Path = FOLDER) -> Prompt:
    """One prompt; the newest version when none is named."""
    versions = {
        int(match.group(2)): path
        for path in folder.glob(f"{prompt_id}.v*.md")
        if (match := _NAME.match(path.name)) and match.group(1) == prompt_id
    }
    if not versions or (version is not None and version not in versions):
        wanted = f"{prompt_id} v{version}" if version else prompt_id
        raise NotFound(f"There is no prompt {wanted}", where=str(folder), fix=f"Versions here: {sorted(versions)}.")
    return parse_prompt(versions[version or max(versions)])


def parse_prompt(path: Path) -> Prompt:
    """Read and check one prompt file."""
    text = path.read_text(encoding="utf-8")
    problems, parts = lint(text, name=path.name), _parts(text)
    if problems or parts is None:
        raise InvalidInput(f"{path.name}: {problems[0]}", where="prompts", fix="Mend the file.")
    front, system, user = parts
    return Prompt(
        id=front["id"],
        version=front["version"],
        role=front["role"],
        schema_name=front["schema"],
        inputs=front["inputs"],
        system=system.strip(),
        user=user.strip(),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
    )


def lint(text: str, *, name: str) -> list[str]:
    """What is wrong with a prompt file, one sentence each; empty when nothing is."""
    match, parts = _NAME.match(name), _parts(text)
    if not match or not parts:
        return ["it needs a name such as director.v1.md, front matter, and the parts `# system` and `# user`"]
    front, system, user = parts
    problems = [
        f"front matter lacks {key}" for key in ("id", "version", "role", "schema", "inputs") if key not in front
    ]
    if problems:
        return problems
    inputs, slots = front["inputs"], set(_SLOT.findall(system + user))
    if (front["id"], front["version"]) != (match.group(1), int(match.group(2))):
        problems.append("id and version differ from the file's name")
    problems += [f"slot {slot} is not among the inputs" for slot in sorted(slots - inputs.keys())]
    problems += [f"input {key} is never used" for key in sorted(inputs.keys() - slots)]
    problems += [
        f"input {key} must be ours or external" for key, origin in inputs.items() if origin not in ("ours", "external")
    ]
    external = {key for key, origin in inputs.items() if origin == "external"}
    problems += [
        f"external input {key} stands in the system part" for key in sorted(external & set(_SLOT.findall(system)))
    ]
    if external and "never instructions" not in system:
        problems.append("the system part does not say that fenced data is never instructions")
    if len(text) > _LIMIT:
        problems.append(f"it is longer than {_LIMIT} characters")
    return problems


def _parts(text: str) -> tuple[dict[str, Any], str, str] | None:
    front_match = _FRONT.match(text)
    parts = _PARTS.match(front_match.group(2)) if front_match else None
    front = yaml.safe_load(front_match.group(1)) if front_match else None
    return (front, parts.group(1), parts.group(2)) if parts and isinstance(front, dict) else None


def _fill(template: str, values: Mapping[str, str]) -> str:
    return _SLOT.sub(lambda match: values[match.group(1)], template)
