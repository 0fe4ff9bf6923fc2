"""A Council seat on a language model."""

from __future__ import annotations

from agents.chat_model import ChatModel
from agents.defects import CODES
from agents.director import DirectorContext
from agents.wire import WireScore, brief_text, to_score, to_wire
from geminivideo.blueprint import Blueprint
from geminivideo.judgement import Score
from prompts.loader import load_prompt

CRITERIA = "stops the thumb, one clear idea, believable, worth the seconds, clear next step"


class LlmJudge:
    """Reads brief and blueprint in one role (`customer`, `editor`) and scores in a schema."""

    def __init__(self, model: ChatModel, *, role: str) -> None:
        self._llm = model
        self._prompt = load_prompt(f"judge_{role}")
        self.name = role
        self.model = f"{model.name} with {self._prompt.id} v{self._prompt.version} ({self._prompt.sha256[:12]})"

    async def score(self, blueprint: Blueprint, context: DirectorContext) -> Score:
        """The model's score, cleaned; ModelError when it gives none."""
        rendered = self._prompt.render(
            {
                "criteria": CRITERIA,
                "codes": ", ".join(sorted(CODES)),
                "brief": brief_text(context.brief),
                "blueprint": to_wire(blueprint).model_dump_json(indent=1),
            }
        )
        answer = await self._llm.structured(rendered, schema=WireScore)
        return to_score(answer.value, judge=self.name, model=self.model)
