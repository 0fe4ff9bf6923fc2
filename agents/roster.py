"""Who is at work: the Director and the judges that the settings allow, each named for people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agents.chat_model import ChatModel
from agents.council import Judge
from agents.director import Director
from agents.llm_director import FallbackDirector, LlmDirector
from agents.llm_judge import LlmJudge
from agents.onboard.director import OnboardDirector
from agents.onboard.judges import CtrJudge, PlanJudge, RecallJudge, RubricJudge
from agents.onboard.resemblance import Embed
from geminivideo.blueprint import Blueprint
from geminivideo.errors import InvalidInput
from geminivideo.judgement import Prediction
from geminivideo.settings import Settings

_LLM_SEATS = ("customer", "editor")


@dataclass(frozen=True)
class Roster:
    """The agents of a run."""

    director: Director
    judges: tuple[Judge, ...]
    chat_model: ChatModel | None = None

    def describe(self) -> tuple[str, ...]:
        """One line per agent: who does what, and on which model."""
        return (
            f"Director: {self.director.name}",
            *(f"Judge {judge.name}: {judge.model}" for judge in self.judges),
        )

    async def aclose(self) -> None:
        """Close the model's connections, if there are any."""
        if self.chat_model:
            await self.chat_model.aclose()


def build_roster(
    settings: Settings,
    *,
    embed: Embed | None = None,
    predict: Callable[[Blueprint], Prediction] | None = None,
    chat_model: ChatModel | None = None,
    notice: Callable[[str], None] | None = None,
) -> Roster:
    """On-board agents always; a language model beside them when `model_base_url` is set or `chat_model` is given.

    `predict` seats the CTR model and guides the on-board Director; `embed` sharpens the recall judge; `notice` is told
    when the on-board Director stands in for a failed model.
    """
    onboard = OnboardDirector(predict=predict)
    seats: list[Judge] = [RecallJudge(embed=embed), RubricJudge(), PlanJudge()]
    if predict:
        seats.append(CtrJudge(predict=predict))
    model = chat_model or _configured(settings)
    if model is None:
        return Roster(director=onboard, judges=tuple(seats))
    seats += [LlmJudge(model, role=role) for role in _LLM_SEATS]
    director = FallbackDirector(LlmDirector(model), onboard, notice=notice)
    return Roster(director=director, judges=tuple(seats), chat_model=model)


def _configured(settings: Settings) -> ChatModel | None:
    if not settings.model_base_url:
        return None
    if not settings.model_name:
        raise InvalidInput(
            "A model server is set but no model is named", where="GEMINIVIDEO_MODEL_NAME",
            fix="Name the model that the server shall use.",
        )  # fmt: skip
    from agents.openai_compatible import OpenAiCompatible  # the SDK takes a second to import: only where it is used

    return OpenAiCompatible(
        base_url=settings.model_base_url,
        api_key=settings.model_api_key.get_secret_value(),
        model=settings.model_name,
    )
