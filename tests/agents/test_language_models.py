"""The adapter for OpenAI-compatible servers, and the agents on it, replayed from cassettes.

Record anew (after a change of prompts, schemas or the test server) with

    GEMINIVIDEO_RECORD=1 .venv/bin/pytest tests/agents/test_language_models.py

which runs tests/support/openai_server.py on loopback and writes tests/cassettes/*.yaml without the key. Otherwise
nothing listens: a request that no cassette holds fails.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import vcr
import yaml
from vcr.errors import CannotOverwriteExistingCassetteException

from agents.council import hold_council
from agents.director import DirectorContext
from agents.llm_director import LlmDirector
from agents.llm_judge import LlmJudge
from agents.openai_compatible import OpenAiCompatible, wire_schema
from agents.roster import build_roster
from agents.wire import WireBlueprints, WireScore, to_blueprint
from geminivideo.blueprint import Author, Blueprint
from geminivideo.errors import InvalidInput, ModelError
from geminivideo.judgement import CouncilVerdict, Score
from geminivideo.settings import Settings
from tests.support.examples import example, recall
from tests.support.openai_server import BLUEPRINTS, KEY, PORT, serve

CASSETTES = Path(__file__).parents[1] / "cassettes"
RECORD = bool(os.environ.get("GEMINIVIDEO_RECORD"))
BASE = f"http://127.0.0.1:{PORT}/v1"
_BOUNDARY = re.compile(rb"data [0-9a-f]{16}|[0-9a-f]{16} origin=|data [0-9a-f]{16}>>>")


def _same_body(first: Any, second: Any) -> None:
    """Bodies match byte for byte, apart from the fence's boundary, which is new in each call."""
    left, right = (_BOUNDARY.sub(b"data -", re.sub(rb"\s", b" ", request.body or b"")) for request in (first, second))
    assert left == right


def _redact(response: dict[str, Any]) -> dict[str, Any]:
    body = response["body"]["string"]
    response["body"]["string"] = body.replace(KEY.encode(), b"[key]") if isinstance(body, bytes) else body
    return response


RECORDER = vcr.VCR(
    cassette_library_dir=str(CASSETTES),
    record_mode="all" if RECORD else "none",
    match_on=["method", "scheme", "host", "port", "path", "same_body"],
    filter_headers=[
        ("authorization", "Bearer [key]"),
        "user-agent",
        "x-stainless-os",
        "x-stainless-arch",
        "x-stainless-runtime-version",
    ],
    before_record_response=_redact,
)
RECORDER.register_matcher("same_body", _same_body)


@contextmanager
def tape(name: str) -> Iterator[Any]:
    """The cassette, and the server behind it while recording."""
    if RECORD:
        with serve(), RECORDER.use_cassette(f"{name}.yaml") as cassette:
            yield cassette
    else:
        with RECORDER.use_cassette(f"{name}.yaml", allow_playback_repeats=False) as cassette:
            yield cassette


class Naps:
    """A sleep that only remembers."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def model(name: str, *, key: str = KEY, naps: Naps | None = None) -> OpenAiCompatible:
    return OpenAiCompatible(base_url=BASE, api_key=key, model=name, timeout_s=5, sleep=naps or Naps())


@pytest.fixture
def context() -> DirectorContext:
    winners, losers = recall(7, vertical="local_services")
    return DirectorContext(brief=example().model_copy(update={"footage": ("a" * 64,)}), winners=winners, losers=losers)


def blueprint(context: DirectorContext) -> Blueprint:
    """A fixed blueprint, so that cassettes do not hang on the on-board grammar."""
    wire = WireBlueprints.model_validate({"blueprints": BLUEPRINTS}).blueprints[0]
    return to_blueprint(wire, context=context, author=Author(model="fixed"), footage=())


def criticism(*defects: str) -> CouncilVerdict:
    score = Score(judge="editor", model="m", overall=50, criteria={}, reasons=("r",), defects=defects)
    return CouncilVerdict(overall=50, scores=(score,), spread=0, quorum=True)


async def test_a_models_blueprints_become_ours_with_prompt_version_and_times(context: DirectorContext) -> None:
    with tape("director_steady") as cassette:
        director = LlmDirector(model("steady"))
        made = await director.write_blueprints(context, count=2)
    assert cassette.play_count == 1 or RECORD
    assert [b.hook_type for b in made] == ["pain", "statistic"]
    assert all(10_000 <= b.milliseconds <= 20_000 and b.scenes[0].milliseconds <= 2_500 for b in made)
    assert made[0].author.model == "steady-2026-09" and made[0].author.prompt_id == "director"
    assert len(made[0].author.prompt_sha256) == 64
    assert [c.ad_id for c in made[0].learned_from] == ["ad_w0"], "an ad that was never recalled cannot be cited"
    assert sum(any(s.footage for s in b.scenes) for b in made) == 1


async def test_thoughts_and_code_fences_around_the_answer_are_taken_off(context: DirectorContext) -> None:
    with tape("director_chatty"):
        made = await LlmDirector(model("chatty")).write_blueprints(context, count=2)
    assert len(made) == 2


async def test_a_server_without_schemas_is_asked_for_a_json_object(context: DirectorContext) -> None:
    with tape("director_plain"):
        made = await LlmDirector(model("plain")).write_blueprints(context, count=2)
    assert len(made) == 2


async def test_a_broken_rule_is_shown_to_the_model_once_and_mended(context: DirectorContext) -> None:
    with tape("director_sloppy") as cassette:
        made = await LlmDirector(model("sloppy")).write_blueprints(context, count=2)
    assert len(cassette) == 2
    assert "70%" not in made[0].script and "guaranteed" not in made[0].script


async def test_an_invented_claim_that_stays_is_an_error_with_its_cost(context: DirectorContext) -> None:
    with tape("director_stubborn") as cassette, pytest.raises(ModelError) as caught:
        await LlmDirector(model("stubborn")).write_blueprints(context, count=2)
    assert caught.value.outcome == "invalid" and "70" in caught.value.what
    assert len(cassette) == 2 and caught.value.tokens_in > 1_000 and caught.value.tokens_out > 100


@pytest.mark.parametrize(
    ("name", "outcome", "requests"), [("short", "truncated", 2), ("shy", "refusal", 1), ("mute", "empty", 2)]
)
async def test_each_kind_of_unusable_answer_has_its_name_and_its_cost(
    name: str, outcome: str, requests: int, context: DirectorContext
) -> None:
    with tape(f"director_{name}") as cassette, pytest.raises(ModelError) as caught:
        await LlmDirector(model(name)).write_blueprints(context, count=2)
    assert caught.value.outcome == outcome
    assert len(cassette) == requests
    assert caught.value.tokens_in > 0


async def test_a_rate_limit_is_waited_out_as_long_as_the_server_says(context: DirectorContext) -> None:
    naps = Naps()
    with tape("judge_busy"):
        score = await LlmJudge(model("busy", naps=naps), role="editor").score(blueprint(context), context)
    assert naps.seconds == [2.0] and score.overall == 71


async def test_a_server_that_keeps_failing_is_given_up_after_three_requests(context: DirectorContext) -> None:
    naps = Naps()
    with tape("judge_broken") as cassette, pytest.raises(ModelError) as caught:
        await LlmJudge(model("broken", naps=naps), role="editor").score(blueprint(context), context)
    assert caught.value.outcome == "unavailable" and len(cassette) == 3 and len(naps.seconds) == 2


async def test_the_key_is_in_no_error_even_when_the_server_echoes_it(context: DirectorContext) -> None:
    wrong = "not-the-right-key-987654321"
    with tape("judge_unauthorised"), pytest.raises(ModelError) as caught:
        await LlmJudge(model("steady", key=wrong), role="editor").score(blueprint(context), context)
    assert caught.value.outcome == "auth"
    assert wrong not in str(caught.value) and caught.value.__cause__ is None and caught.value.__suppress_context__


async def test_a_judge_on_a_model_scores_and_names_model_and_prompt(context: DirectorContext) -> None:
    with tape("judge_steady"):
        score = await LlmJudge(model("steady"), role="customer").score(blueprint(context), context)
    assert score.judge == "customer" and "steady with judge_customer v1" in score.model
    assert score.criteria["one clear idea"] == 77 and score.defects[0].startswith("vague:")


async def test_a_revision_keeps_id_hook_order_and_footage(context: DirectorContext) -> None:
    with tape("director_revise"):
        director = LlmDirector(model("steady"))
        before = (await director.write_blueprints(context, count=2))[0]
        after = await director.revise(
            before, criticism=criticism("vague: Scene 3 says little."), oracle=None, context=context
        )
    assert (after.id, after.hook_type, after.structure, after.revision) == (before.id, "pain", before.structure, 1)
    assert "Monday" in after.scenes[2].voice_over and "Monday keg" in after.changes[0]
    assert [s.footage for s in after.scenes] == [s.footage for s in before.scenes]


async def test_when_the_model_fails_the_on_board_director_writes_and_signs_as_stand_in(
    context: DirectorContext,
) -> None:
    notes: list[str] = []
    with tape("roster_fallback"):
        roster = build_roster(Settings(), chat_model=model("shy"), notice=notes.append)
        made = await roster.director.write_blueprints(context, count=3)
        verdict = await hold_council(roster.judges, blueprint(context), context, quorum=3, timeout_s=5)
    assert len(made) == 3
    assert made[0].author.model == "on-board grammar (not a language model), standing in for shy (refusal)"
    assert notes and "refusal" in notes[0]
    assert verdict.quorum and {s.judge for s in verdict.scores} == {"plan", "recall", "rubric"}
    assert [text.split(":")[0] for text in verdict.failed] == ["customer", "editor"]


async def test_a_request_that_no_cassette_holds_fails_loudly(context: DirectorContext) -> None:
    if RECORD:
        pytest.skip("recording")
    with tape("director_steady"), pytest.raises(CannotOverwriteExistingCassetteException, match="same_body differs"):
        await LlmDirector(model("steady")).write_blueprints(context, count=5)


def test_the_roster_names_who_is_at_work() -> None:
    onboard = build_roster(Settings(model_base_url=""))
    assert onboard.describe()[0] == "Director: on-board grammar (not a language model)"
    assert all("not a language model" in line for line in onboard.describe())
    with_model = build_roster(Settings(model_base_url=BASE, model_name="steady", model_api_key=KEY))
    assert "Director: steady, with on-board grammar (not a language model) as fallback" in with_model.describe()
    assert [judge.name for judge in with_model.judges] == ["recall", "rubric", "plan", "customer", "editor"]
    assert KEY not in repr(with_model.describe())
    asyncio.run(with_model.aclose())


def test_a_server_without_a_model_name_is_refused_with_the_setting_to_mend() -> None:
    with pytest.raises(InvalidInput, match="GEMINIVIDEO_MODEL_NAME"):
        build_roster(Settings(model_base_url=BASE))


@pytest.mark.parametrize("schema", [WireBlueprints, WireScore])
def test_wire_schemas_are_closed_and_require_everything(schema: Any) -> None:
    def objects(node: Any) -> Iterator[dict[str, Any]]:
        if isinstance(node, dict):
            if "properties" in node:
                yield node
            for value in node.values():
                yield from objects(value)
        elif isinstance(node, list):
            for value in node:
                yield from objects(value)

    found = list(objects(wire_schema(schema)))
    assert found
    for node in found:
        assert node["additionalProperties"] is False and node["required"] == list(node["properties"])
    assert "maxLength" not in str(found)


def test_cassettes_hold_no_key() -> None:
    texts = [path.read_text() for path in CASSETTES.glob("*.yaml")]
    assert len(texts) >= 12
    assert not any(KEY in text or re.search(r"Bearer (?!\[key\])", text) for text in texts)
    assert all(yaml.safe_load(text)["interactions"] for text in texts)
