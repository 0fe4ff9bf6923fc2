from __future__ import annotations

import asyncio
import random
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from agents.council import FailedJudge, ask_judge, hold_council, tally
from agents.defects import defect, parse_defect
from agents.director import DirectorContext
from agents.onboard.director import OnboardDirector, compose_blueprints
from agents.onboard.judges import CtrJudge, PlanJudge, RecallJudge, RubricJudge, score_prediction
from agents.oracle import OracleThresholds, judge
from agents.wording import spoken_words
from geminivideo.blueprint import Blueprint, Scene
from geminivideo.errors import ModelError
from geminivideo.judgement import CouncilVerdict, Prediction, Score
from geminivideo.vocabulary import HookType
from tests.support.examples import example, many_briefs, recall, recalled

BASE = 15_000


def prediction(ctr: int, low: int = 0, high: int = 0, **more: Any) -> Prediction:
    return Prediction(
        ctr_ppm=ctr,
        low_ppm=low or ctr * 3 // 4,
        high_ppm=high or ctr * 4 // 3,
        base_rate_ppm=BASE,
        model_version="t",
        **more,
    )


def predict_from_traits(blueprint: Blueprint) -> Prediction:
    """A stand-in for the trained model: reads traits that no on-board judge scores directly."""
    rng = random.Random(
        f"{blueprint.palette}/{blueprint.music}/{blueprint.pacing}/{blueprint.hook_type}/{len(blueprint.scenes)}"
    )
    return prediction(round(BASE * rng.uniform(0.6, 1.6)))


@cache
def hundred() -> tuple[tuple[Blueprint, DirectorContext], ...]:
    """A hundred blueprints over many briefs with recall, a third of them roughened as a weak author might."""
    pairs: list[tuple[Blueprint, DirectorContext]] = []
    rng = random.Random(8)
    for seed, brief in enumerate(many_briefs()):
        winners, losers = recall(seed, vertical=brief.vertical)
        written = DirectorContext(brief=brief, seed=seed)
        judged = written.model_copy(update={"winners": winners, "losers": losers})
        for blueprint in (*compose_blueprints(written, count=3), *compose_blueprints(judged, count=2)):
            pairs.append((roughened(blueprint, rng), judged))
    return tuple(pairs[:100])


def roughened(blueprint: Blueprint, rng: random.Random) -> Blueprint:
    scenes = list(blueprint.scenes)
    if rng.random() < 0.35:
        at = rng.randrange(1, len(scenes) - 1)
        vague = f"Our innovative quality solution will {rng.choice(('elevate', 'empower'))} your journey."
        scenes[at] = scenes[at].model_copy(update={"voice_over": vague, "headline": "A quality experience"})
    if rng.random() < 0.35:
        at = rng.randrange(1, len(scenes))
        scenes[at] = scenes[at].model_copy(update={"milliseconds": max(900, scenes[at].milliseconds - 1_500)})
    changed = blueprint.model_copy(update={"scenes": tuple(scenes)})
    return changed if changed.milliseconds >= 10_000 else blueprint


async def test_the_four_seats_rank_a_hundred_blueprints_differently() -> None:
    judges = (RecallJudge(), RubricJudge(), PlanJudge(), CtrJudge(predict=predict_from_traits))
    rows = [[(await j.score(b, c)).overall for j in judges] for b, c in hundred()]
    table = np.array(rows)
    assert table.shape == (100, 4)
    assert (table.std(axis=0) > 2).all(), "a seat that gives everyone the same points judges nothing"
    for i in range(4):
        for j in range(i):
            assert abs(spearmanr(table[:, i], table[:, j]).statistic) < 0.8


@cache
def good() -> tuple[Blueprint, DirectorContext]:
    context = DirectorContext(brief=example())
    return compose_blueprints(context, count=3)[0], context


def with_scene(blueprint: Blueprint, at: int, **changes: Any) -> Blueprint:
    scenes = list(blueprint.scenes)
    scenes[at] = Scene.model_validate(scenes[at].model_dump() | changes)
    return blueprint.model_copy(update={"scenes": tuple(scenes)})


FAST = "One two, this goes on and on and on and never stops to breathe for anyone at all, does it now, my friend?"


@pytest.mark.parametrize(
    ("judge_", "plant", "code"),
    [
        (RubricJudge(), {"voice_over": "Save 70% today."}, "unsupported_claim"),
        (RubricJudge(), {"voice_over": "Guaranteed, clinically proven coffee."}, "unsupported_claim"),
        (RubricJudge(), {"headline": "See www.else.example now"}, "address_in_text"),
        (RubricJudge(), {"voice_over": "An innovative solution for you."}, "vague"),
        (RubricJudge(), {"headline": "This headline goes on for far more words than a phone can show"}, "headline_long"),
        (RubricJudge(), {"headline": "FRESH COFFEE TODAY!!"}, "shouting"),
        (PlanJudge(), {"voice_over": FAST}, "too_fast"),
        (PlanJudge(), {"support": "and a lot of small text that nobody can read while it moves past on a phone screen today"}, "text_heavy"),
        (PlanJudge(), {"voice_over": "Are you overweight? Drink this."}, "personal_attribute"),
        (PlanJudge(), {"milliseconds": 7_900}, "scene_length"),
    ],
)  # fmt: skip
async def test_each_judge_catches_its_own_planted_defect_and_the_others_stay_silent(
    judge_: RubricJudge | PlanJudge, plant: dict[str, Any], code: str
) -> None:
    blueprint, context = good()
    planted = with_scene(blueprint, 1, **plant)
    score = await judge_.score(planted, context)
    found = [parse_defect(text) for text in score.defects]
    assert (code, 2) in [(d.code, d.scene) for d in found]
    assert score.overall < (await judge_.score(blueprint, context)).overall
    other = PlanJudge() if isinstance(judge_, RubricJudge) else RubricJudge()
    assert code not in [parse_defect(text).code for text in (await other.score(planted, context)).defects]


async def test_the_plan_judge_misses_a_call_to_action_and_a_late_hook() -> None:
    blueprint, context = good()
    silent = with_scene(blueprint, len(blueprint.scenes) - 1, headline="The end", voice_over="That was it.")
    codes = {parse_defect(t).code for t in (await PlanJudge().score(silent, context)).defects}
    assert "cta_missing" in codes
    late = with_scene(blueprint, 0, milliseconds=4_000)
    assert "hook_late" in {parse_defect(t).code for t in (await PlanJudge().score(late, context)).defects}


async def test_the_rubric_asks_for_the_offer_when_nothing_says_it() -> None:
    _, context = good()
    blueprint = compose_blueprints(DirectorContext(brief=context.brief.model_copy(update={"offer": ""})), count=1)[0]
    defects = (await RubricJudge().score(blueprint, context)).defects
    assert any(d.startswith("offer_unclear:") and "free tasting week" in d for d in defects)


async def test_the_recall_judge_knows_a_loser_when_it_sees_one_and_prefers_winners() -> None:
    rng = random.Random(2)
    blueprint, _ = good()
    opening = blueprint.scenes[0].headline

    def ads(hook: HookType, kind: Any) -> tuple[Any, ...]:
        ad = recalled("ad_x", hook, kind=kind, vertical="local_services", rng=rng)
        like = ad.model_copy(
            update={"dna": ad.dna.model_copy(update={"opening": opening}), "copy_text": blueprint.script}
        )
        return (like,)

    hook = blueprint.hook_type
    other: HookType = "testimonial" if hook != "testimonial" else "curiosity"
    lost = DirectorContext(
        brief=example(),
        winners=ads(other, "winner")[:0]
        or (recalled("ad_w", other, kind="winner", vertical="local_services", rng=rng),),
        losers=ads(hook, "loser"),
    )
    won = DirectorContext(
        brief=example(),
        winners=ads(hook, "winner"),
        losers=(recalled("ad_l", other, kind="loser", vertical="local_services", rng=rng),),
    )
    bad, fine = await RecallJudge().score(blueprint, lost), await RecallJudge().score(blueprint, won)
    assert any(d.startswith("like_loser: Scene 1") for d in bad.defects) and not fine.defects
    assert fine.overall > bad.overall + 20
    nothing = await RecallJudge().score(blueprint, DirectorContext(brief=example()))
    assert nothing.overall == 50 and "No past ads" in nothing.reasons[0]


async def test_the_recall_judge_uses_the_vectors_that_it_is_given() -> None:
    blueprint, _ = good()
    winners, losers = recall(3, vertical="local_services")
    context = DirectorContext(brief=example(), winners=winners, losers=losers)

    def towards(kind: str) -> Any:
        close = {ad.copy_text for ad in (winners if kind == "winner" else losers)}
        far = {ad.copy_text for ad in (losers if kind == "winner" else winners)} - close

        def embed(texts: Any) -> Any:
            return np.array([[0.0, 1.0] if t in far else [1.0, 0.0] for t in texts], dtype=np.float32)

        return embed

    near_winners = await RecallJudge(embed=towards("winner")).score(blueprint, context)
    near_losers = await RecallJudge(embed=towards("loser")).score(blueprint, context)
    assert near_winners.overall > near_losers.overall


class Seat:
    model = "test"

    def __init__(self, name: str, points: int = 60, *, fault: BaseException | None = None, hang: bool = False) -> None:
        self.name, self._points, self._fault, self._hang = name, points, fault, hang
        self.started = asyncio.Event()

    async def score(self, blueprint: Blueprint, context: DirectorContext) -> Score:
        self.started.set()
        if self._hang:
            await asyncio.Event().wait()
        if self._fault:
            raise self._fault
        return given(self.name, self._points)


def given(name: str, points: int, *defects: str) -> Score:
    return Score(
        judge=name,
        model="test",
        overall=points,
        criteria={"x": points},
        reasons=(f"{name} thinks so.",),
        defects=defects,
    )


async def test_a_failing_and_a_hanging_judge_are_named_and_block_nothing() -> None:
    blueprint, context = good()
    secret = RuntimeError("token sk-123 leaked")
    seats = [
        Seat("a", 70),
        Seat("b", 60),
        Seat("c", fault=secret),
        Seat("d", fault=ModelError("it refused")),
        Seat("e", hang=True),
    ]
    verdict = await hold_council(seats, blueprint, context, quorum=2, timeout_s=0.2)
    assert verdict.quorum and verdict.overall == 65 and verdict.spread == 10
    assert verdict.failed == ("c: failed (RuntimeError)", "d: it refused", "e: no answer within 0.2 s")
    assert "sk-123" not in repr(verdict)
    assert not (await hold_council(seats, blueprint, context, quorum=3, timeout_s=0.2)).quorum


async def test_judges_sit_at_the_same_time() -> None:
    blueprint, context = good()
    first = Seat("first")

    class Waits(Seat):
        async def score(self, blueprint: Blueprint, context: DirectorContext) -> Score:
            await first.started.wait()
            return given(self.name, 50)

    verdict = await hold_council([Waits("waits"), first], blueprint, context, quorum=2, timeout_s=2)
    assert verdict.failed == ()


async def test_cancelling_a_run_is_not_swallowed_as_a_judges_fault() -> None:
    blueprint, context = good()
    seat = Seat("slow", hang=True)
    task = asyncio.create_task(ask_judge(seat, blueprint, context, timeout_s=60))
    await seat.started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_weights_move_the_tally_and_order_does_not() -> None:
    scores = [given("a", 90), given("b", 50), given("c", 52)]
    even = tally(scores, quorum=2)
    assert even.overall == 64 and even.spread == 40
    assert "a is 39 points higher than the others: a thinks so." in even.dissent
    assert tally(scores[::-1], quorum=2) == even
    assert (
        tally(scores, weights={"a": 3.0}, quorum=2).overall
        > even.overall
        > tally(scores, weights={"a": 0.0}, quorum=2).overall
    )
    assert tally([], ["a: gone"], quorum=1).quorum is False
    assert str(FailedJudge(judge="a", why="gone")) == "a: gone"


def test_the_ctr_seat_scores_the_base_rate_as_ordinary() -> None:
    ordinary, better, worse = (score_prediction(prediction(BASE * n // 100)) for n in (100, 140, 70))
    assert 45 <= ordinary.overall <= 55 and better.overall > ordinary.overall + 15 > worse.overall + 30
    assert "1.50%" in ordinary.reasons[1]


def council(points: int, *defects: str, quorum: bool = True) -> CouncilVerdict:
    return tally([given("rubric", points, *defects)], quorum=1 if quorum else 3)


@pytest.mark.parametrize(
    ("guess", "verdict", "outcome", "because"),
    [
        (prediction(16_000), council(75), "approve", "Goes ahead"),
        (prediction(16_000), council(50), "revise", "not convinced"),
        (prediction(16_000), council(30), "reject", "see too little"),
        (prediction(12_000), council(75), "revise", "fewer people than usual"),
        (prediction(7_000, 5_000, 11_000), council(90), "reject", "even a good outcome"),
        (prediction(16_000), council(90, "unsupported_claim: Scene 2 says 70%."), "revise", "unsupported claim"),
        (prediction(16_000), council(90, "vague: Scene 2."), "approve", "Goes ahead"),
        (prediction(16_000), council(90, quorum=False), "revise", "too few judges"),
    ],
)
def test_the_oracle_approves_mends_or_stops_and_says_why(
    guess: Prediction, verdict: CouncilVerdict, outcome: str, because: str
) -> None:
    found = judge(guess, verdict)
    assert found.verdict == outcome and because in found.why
    assert "in 8 of 10 such cases" in found.why and found.why.count(".") >= 1 and "\n" not in found.why
    assert outcome != "approve" or found.advice == ()


def test_the_interval_is_said_in_words() -> None:
    why = judge(prediction(18_000, 14_000, 23_000), council(74)).why
    assert why == (
        "Goes ahead: about 1.8% of viewers should click (in 8 of 10 such cases 1.4% to 2.3%; the account's average is 1.5%), "
        "and the judges give it 74 of 100."
    )


def test_the_oracles_advice_names_what_weighs_against_the_idea() -> None:
    advice = judge(
        prediction(12_000, drivers=(("words", -400), ("has_number", 200))), council(75, "vague: Scene 2.")
    ).advice
    assert (
        advice[0] == "vague: Scene 2." and "the amount of text" in advice[1] and advice[1].startswith("low_prediction:")
    )


def test_thresholds_are_the_callers() -> None:
    strict = OracleThresholds(approve_council=90)
    assert judge(prediction(16_000), council(80)).verdict == "approve"
    assert judge(prediction(16_000), council(80), thresholds=strict).verdict == "revise"


# ---- revision


async def revised(blueprint: Blueprint, context: DirectorContext, *defects: str) -> Blueprint:
    criticism = tally([given("rubric", 40, *defects)], quorum=1)
    return await OnboardDirector().revise(blueprint, criticism=criticism, oracle=None, context=context)


@pytest.mark.parametrize(
    "plant", [{"voice_over": "Save 70% today, guaranteed."}, {"voice_over": "An innovative solution."}]
)
async def test_a_revision_mends_what_the_judges_found_and_says_so(plant: dict[str, Any]) -> None:
    blueprint, context = good()
    planted = with_scene(blueprint, 1, **plant)
    found = (await RubricJudge().score(planted, context)).defects
    after = await revised(planted, context, *found)
    assert (await RubricJudge().score(after, context)).defects == ()
    assert plant["voice_over"] not in after.script
    assert (after.id, after.hook_type, after.structure, after.revision) == (
        blueprint.id,
        blueprint.hook_type,
        blueprint.structure,
        1,
    )
    assert any("Scene 2" in change and "rubric" in change and plant["voice_over"] in change for change in after.changes)
    Blueprint.model_validate(after.model_dump())


@pytest.mark.parametrize(
    "plant",
    [
        {"voice_over": FAST},
        {"milliseconds": 7_900},
        {"support": "and a lot of small text that nobody can read while it moves past on a phone screen today"},
        {"voice_over": "Are you overweight? Drink this."},
    ],
)
async def test_a_revision_mends_the_plan(plant: dict[str, Any]) -> None:
    blueprint, context = good()
    planted = with_scene(blueprint, 1, **plant)
    found = (await PlanJudge().score(planted, context)).defects
    assert found
    after = await revised(planted, context, *found)
    assert (await PlanJudge().score(after, context)).defects == ()
    assert all(spoken_words(s.voice_over) / s.milliseconds * 1000 <= 3.0 for s in after.scenes)
    Blueprint.model_validate(after.model_dump())


async def test_a_missing_call_to_action_and_an_unsaid_offer_are_put_on_the_end_card() -> None:
    blueprint, context = good()
    last = len(blueprint.scenes) - 1
    silent = with_scene(blueprint, last, headline="The end", support="", voice_over="That was it.")
    after = await revised(silent, context, defect("cta_missing", "The end does not say what to do."))
    assert (await PlanJudge().score(after, context)).defects == ()
    said = await revised(silent, context, defect("offer_unclear", "Nothing says what one gets."))
    assert "tasting week" in f"{said.scenes[-1].headline} {said.scenes[-1].voice_over}".lower()


async def test_an_opening_like_a_losers_is_exchanged_and_a_second_revision_goes_on() -> None:
    blueprint, context = good()
    opening = blueprint.scenes[0].headline
    one = await revised(blueprint, context, defect("like_loser", f"Scene 1 “{opening}” opens like ad_9."))
    assert one.scenes[0].headline != opening and one.hook_type == blueprint.hook_type
    two = await revised(one, context, defect("like_loser", "Scene 1 opens like ad_9."))
    assert two.revision == 2 and len(two.changes) >= 2 and two.changes[0].startswith("Revision 1:")


async def test_a_revision_without_a_mendable_defect_says_that_nothing_changed() -> None:
    blueprint, context = good()
    after = await revised(blueprint, context, "flow: something about the order.")
    assert after.scenes == blueprint.scenes and "nothing could be changed" in after.changes[-1]


def test_defects_are_written_and_read_alike() -> None:
    read = parse_defect(defect("too_fast", "Scene 3 says 4.1 words a second; cut it."))
    assert (read.code, read.scene) == ("too_fast", 3)
    assert parse_defect("I do not like it").code == "other"
    assert parse_defect("nonsense_code: Scene 2").code == "other"
