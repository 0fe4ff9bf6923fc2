"""A Director on a language model, and the one that stands in when a model fails."""

from __future__ import annotations

import json
from collections.abc import Callable

from agents.chat_model import ChatModel
from agents.director import Director, DirectorContext
from agents.onboard.director import share_footage
from agents.wire import (
    RULES,
    WireBlueprints,
    WireRevision,
    ads_text,
    brief_text,
    problems,
    set_problems,
    to_blueprint,
    to_wire,
)
from agents.wording import clean
from geminivideo.blueprint import Author, Blueprint
from geminivideo.errors import ModelError
from geminivideo.judgement import CouncilVerdict, OracleVerdict
from prompts.loader import Prompt, load_prompt


class LlmDirector:
    """Writes by asking a model; code checks its claims, sets the times and keeps the set varied."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model
        self.name = model.name

    async def write_blueprints(self, context: DirectorContext, *, count: int) -> tuple[Blueprint, ...]:
        """`count` blueprints, or ModelError when the model's answer cannot be used even after one repair."""
        prompt = load_prompt("director")
        rendered = prompt.render(
            {
                "count": str(count),
                "rules": "\n".join(RULES),
                "brief": brief_text(context.brief),
                "winners": ads_text(context.winners),
                "losers": ads_text(context.losers),
                "learnings": "\n".join(clean(text)[:300] for text in context.learnings) or "(none)",
            }
        )
        answer = await self._model.structured(
            rendered,
            schema=WireBlueprints,
            check=lambda wire: set_problems(wire.blueprints, context=context, count=count),
        )
        wires = answer.value.blueprints
        clips = share_footage([[s.role for s in w.scenes] for w in wires], assets=context.brief.footage)
        author = self._author(prompt, model=answer.model)
        return tuple(
            to_blueprint(wire, context=context, author=author, footage=footage)
            for wire, footage in zip(wires, clips, strict=True)
        )

    async def revise(
        self,
        blueprint: Blueprint,
        *,
        criticism: CouncilVerdict,
        oracle: OracleVerdict | None,
        context: DirectorContext,
    ) -> Blueprint:
        """The blueprint mended by the model, with the same id, hook type, scene order and footage."""
        prompt = load_prompt("director_revise")
        rendered = prompt.render(
            {
                "rules": "\n".join(RULES),
                "brief": brief_text(context.brief),
                "blueprint": to_wire(blueprint).model_dump_json(indent=1),
                "criticism": _criticism(criticism, oracle),
            }
        )
        answer = await self._model.structured(
            rendered,
            schema=WireRevision,
            check=lambda wire: _revision_problems(wire, blueprint, context=context),
        )
        return _revised(blueprint, answer.value, context=context, author=self._author(prompt, model=answer.model))

    def _author(self, prompt: Prompt, *, model: str) -> Author:
        return Author(model=model, prompt_id=prompt.id, prompt_version=str(prompt.version), prompt_sha256=prompt.sha256)


def _revised(blueprint: Blueprint, wire: WireRevision, *, context: DirectorContext, author: Author) -> Blueprint:
    fresh = to_blueprint(wire.blueprint, context=context, author=author, footage=())
    scenes = tuple(
        new.model_copy(update={"footage": old.footage}) for new, old in zip(fresh.scenes, blueprint.scenes, strict=True)
    )
    revision = blueprint.revision + 1
    notes = [clean(text)[:300] for text in wire.changes if clean(text)] or ["the model named no change"]
    return fresh.model_copy(
        update={
            "id": blueprint.id,
            "scenes": scenes,
            "formats": blueprint.formats,
            "learned_from": fresh.learned_from or blueprint.learned_from,
            "revision": revision,
            "changes": (*blueprint.changes, *(f"Revision {revision}: {note}" for note in notes)),
        }
    )


def _revision_problems(wire: WireRevision, blueprint: Blueprint, *, context: DirectorContext) -> list[str]:
    found = problems(wire.blueprint, context=context)
    if wire.blueprint.hook_type != blueprint.hook_type:
        found.append(f"the hook type must stay {blueprint.hook_type}.")
    if tuple(scene.role for scene in wire.blueprint.scenes) != blueprint.structure:
        found.append(f"the order of scene roles must stay {', '.join(blueprint.structure)}.")
    return found


def _criticism(criticism: CouncilVerdict, oracle: OracleVerdict | None) -> str:
    rows = [
        {
            "judge": score.judge,
            "overall": score.overall,
            "reasons": list(score.reasons),
            "defects": list(score.defects),
        }
        for score in criticism.scores
    ]
    advice = {"oracle": oracle.why, "advice": list(oracle.advice)} if oracle else {}
    return json.dumps({"judges": rows, **advice}, ensure_ascii=False, indent=1)


class FallbackDirector:
    """Asks the first Director; when its model fails, the second one writes and the blueprint says so."""

    def __init__(self, first: Director, second: Director, *, notice: Callable[[str], None] | None = None) -> None:
        self._first, self._second, self._notice = first, second, notice
        self.name = f"{first.name}, with {second.name} as fallback"

    async def write_blueprints(self, context: DirectorContext, *, count: int) -> tuple[Blueprint, ...]:
        """The first one's blueprints, or the second one's, signed as standing in."""
        try:
            return await self._first.write_blueprints(context, count=count)
        except ModelError as error:
            made = await self._second.write_blueprints(context, count=count)
            return tuple(self._sign(blueprint, error) for blueprint in made)

    async def revise(
        self,
        blueprint: Blueprint,
        *,
        criticism: CouncilVerdict,
        oracle: OracleVerdict | None,
        context: DirectorContext,
    ) -> Blueprint:
        """The first one's revision, or the second one's, signed as standing in."""
        try:
            return await self._first.revise(blueprint, criticism=criticism, oracle=oracle, context=context)
        except ModelError as error:
            made = await self._second.revise(blueprint, criticism=criticism, oracle=oracle, context=context)
            return self._sign(made, error)

    def _sign(self, blueprint: Blueprint, error: ModelError) -> Blueprint:
        said = f"{self._second.name}, standing in for {self._first.name} ({error.outcome})"
        if self._notice:
            self._notice(f"{said}: {error.what}")
        return blueprint.model_copy(update={"author": Author(model=said)})
