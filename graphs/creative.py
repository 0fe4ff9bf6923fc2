"""The creative half of a run: recall, direct, judge, decide, render. Used by the campaign and refresh graphs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langgraph.types import Send
from sqlalchemy import Connection

from agents import oracle
from agents.council import FailedJudge, ask_judge, tally
from agents.director import DirectorContext
from agents.onboard.judges import score_prediction
from geminivideo.blueprint import Blueprint
from geminivideo.canonical import digest
from geminivideo.errors import GeminiVideoError, NotFound, StorageError
from geminivideo.judgement import CouncilVerdict, OracleVerdict, Prediction, Recalled, Score
from graphs import telling
from graphs.recent import Recent
from graphs.services import Services
from graphs.state import CampaignState, JudgeState, StartState
from graphs.steps import Steps, input_hash
from memory import creatives, jobs, runs
from memory.runs import Line
from tools.decisions.creative_dna import dna_of_blueprint
from tools.dispatcher import Dispatcher

ROUNDS = 3
"""Judged at most this often: the first writing and two revisions."""
SPARE_IDEAS = 2
"""Blueprints written beyond the variants wanted, so that weak ideas can be stopped before they cost a render."""
RECALLED = 5
QUORUM = 2
ORACLE = "oracle"
JUDGE_SECONDS = 60.0

Judged = tuple[CouncilVerdict, OracleVerdict]


@dataclass(frozen=True)
class _Round:
    """What the judges' branches of one round share: read once, because a blueprint's revision of a round is settled."""

    blueprints: Mapping[str, tuple[Blueprint, str]]
    """By id: the blueprint, and the hash under which answers about it are kept."""
    answered: frozenset[tuple[str, str]]
    """(branch, hash) of the answers that are stored."""
    tools: Dispatcher


class CreativeSteps(Steps):
    """Nodes from the brief to finished files."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._contexts = Recent[str, DirectorContext]()
        self._rounds = Recent[tuple[str, int], _Round]()

    async def intake(self, state: StartState) -> CampaignState:
        """Validate the brief again and say what was understood."""
        run = await self.opened(state)
        brief = await self.brief_of(run)
        await self.emit(run.id, telling.understood(brief))
        return {"run_id": run.id, "account_id": run.account_id, "round": 0}

    async def recall(self, state: CampaignState) -> CampaignState:
        """Find the winners and losers that resemble the brief."""
        run_id, account_id = state["run_id"], state["account_id"]
        brief = await self.brief(run_id)

        async def search() -> dict[str, Any]:
            tools = await self.tools(account_id, run_id=run_id)
            query = " ".join((brief.product, brief.offer, brief.audience, *brief.benefits))
            questions = [{"query": query, "kind": kind, "k": RECALLED} for kind in ("winner", "loser")]
            answers = await asyncio.gather(
                *(tools.call("winner_search", item, caller="director") for item in questions)
            )
            return {
                str(item["kind"]): [ad.model_dump(mode="json") for ad in answer.ads]
                for item, answer in zip(questions, answers, strict=True)
            }

        inputs = brief.model_dump(mode="json")
        await self.once(run_id, node="recall", branch="", inputs=inputs, make=search, lines=telling.recalled)
        return {}

    async def direct(self, state: CampaignState) -> CampaignState:
        """Write blueprints, a few more than are wanted."""
        blueprints = await self.ideas(state)
        who = self.services.roster.director.name
        lines = [telling.written(item, who=who) for item in blueprints]
        at = self.services.wall.now()

        def keep(conn: Connection) -> None:
            creatives.save_blueprints(conn, blueprints, account_id=state["account_id"], run_id=state["run_id"], now=at)

        await self.record(state["run_id"], lines=lines, store=keep)
        return {"candidates": [item.id for item in blueprints], "kept": [], "round": 1}

    async def ideas(self, state: CampaignState) -> list[Blueprint]:
        """The blueprints to judge."""
        brief = await self.brief(state["run_id"])
        return await self.write(state, count=brief.variants + SPARE_IDEAS)

    async def write(self, state: CampaignState, *, count: int) -> list[Blueprint]:
        """Have the Director write, once per run."""
        run_id = state["run_id"]
        context = await self.context(run_id)

        async def write() -> list[dict[str, Any]]:
            written = await self.services.roster.director.write_blueprints(context, count=count)
            return [item.model_dump(mode="json") for item in written]

        inputs = {"brief": context.brief.model_dump(mode="json"), "count": count}
        written = await self.once(run_id, node="direct", branch="", inputs=inputs, make=write)
        return [Blueprint.model_validate(item) for item in written]

    def fan_out(self, state: CampaignState) -> list[Send] | str:
        """One branch per candidate and seat; the Oracle's prediction is a branch of its own."""
        seats = [*(judge.name for judge in self.services.roster.judges), ORACLE]
        branches = [
            Send(
                "judge",
                JudgeState(
                    run_id=state["run_id"],
                    account_id=state["account_id"],
                    blueprint_id=blueprint_id,
                    round=state["round"],
                    seat=seat,
                ),
            )
            for blueprint_id in state["candidates"]
            for seat in seats
        ]
        return branches or "gate"  # without branches the graph would end here, and the run would not

    async def judge(self, state: JudgeState) -> CampaignState:
        """One branch: a judge's score, or the Oracle's prediction. A failing branch costs its own vote only."""
        run_id, seat = state["run_id"], state["seat"]
        branch = f"{state['blueprint_id']}:{state['round']}:{seat}"
        round_ = await self._rounds.get((run_id, state["round"]), make=lambda: self._read_round(state))
        blueprint, key = round_.blueprints[state["blueprint_id"]]

        def keep(conn: Connection, value: dict[str, Any]) -> None:
            if seat == ORACLE and "failed" not in value:
                self._log_prediction(conn, Prediction.model_validate(value), state=state)

        def lines(value: dict[str, Any]) -> list[Line]:
            return [telling.judged(blueprint, seat=seat, value=value, key=f"judged:{branch}")]

        if (branch, key) not in round_.answered:
            made = await self._ask(state, blueprint)
            await self.put(run_id, node="judge", branch=branch, key=key, made=made, keep=keep, lines=lines)
        return {"judged": [branch]}

    async def gate(self, state: CampaignState) -> CampaignState:
        """Go, mend or stop, for each candidate; after the last round the best of what may run goes on."""
        run_id, round_ = state["run_id"], state["round"]
        brief = await self.brief(run_id)
        verdicts = await self.verdicts(state, [(blueprint_id, round_) for blueprint_id in state["candidates"]])
        lines = [telling.decided(item, verdict, round_=round_) for item, verdict in verdicts.values() if verdict]
        said = {key: verdict[1].verdict for key, (_, verdict) in verdicts.items() if verdict}
        kept = [*state.get("kept", []), *(key for key, word in said.items() if word == "approve")]
        revise = [key for key, word in said.items() if word == "revise"]
        if revise and round_ < ROUNDS and len(kept) < brief.variants + SPARE_IDEAS:
            await self.emit(run_id, *lines)
            return {"kept": kept, "revise": revise}
        last = [key for key in revise if (found := verdicts[key][1]) and not _must_not_run(found[0])]
        chosen = await self._choose(state, [*kept, *last], wanted=brief.variants, known=verdicts)
        written = await self.db.read(lambda conn: creatives.blueprints_of_run(conn, run_id))
        going = [item for item in written if item.id in chosen]
        left = [item for item in written if item.id not in chosen]
        await self.emit(run_id, *lines, telling.chosen(going, left=left))
        return {"kept": chosen, "revise": []}

    def after_gate(self, state: CampaignState) -> str:
        """Revise, render, or stop when nothing was good enough."""
        if state.get("revise"):
            return "revise"
        return "enqueue_renders" if state.get("kept") else "stop"

    async def revise(self, state: CampaignState) -> CampaignState:
        """Mend each blueprint by its judges' words; one that cannot be mended is left out and named."""
        round_ = state["round"]
        verdicts = await self.verdicts(state, [(blueprint_id, round_) for blueprint_id in state["revise"]])
        mended = [
            blueprint_id
            for blueprint_id, (blueprint, verdict) in verdicts.items()
            if verdict and await self._mend(state, blueprint, verdict=verdict)
        ]
        return {"candidates": mended, "revise": [], "round": round_ + 1}

    async def enqueue_renders(self, state: CampaignState) -> CampaignState:
        """One job per variant and format."""
        run_id, account_id = state["run_id"], state["account_id"]
        now = self.services.wall.now()
        blueprints = await self.blueprints(account_id, state["kept"])

        def write(conn: Connection) -> None:
            for item in blueprints:
                for shape in item.formats:
                    label = f"{item.title} {shape}"
                    payload = {"blueprint_id": item.id, "format": shape, "sha256": item.sha256, "label": label}
                    key = f"render:{item.id}:{shape}"
                    jobs.enqueue(
                        conn, account_id=account_id, run_id=run_id, kind="render", key=key, payload=payload, now=now
                    )

        await self.record(run_id, store=write)
        return {}

    async def await_renders(self, state: CampaignState) -> CampaignState:
        """Park until every render ended; a variant with a failed format is left out and named."""
        run_id = state["run_id"]
        ended = [job for job in await self.settled_jobs(run_id) if job.kind == "render"]
        failed = [job for job in ended if job.status != "done"]
        if failed:
            await self.emit(run_id, *map(telling.not_rendered, failed))
        left_out = {job.payload["blueprint_id"] for job in failed}
        return {"rendered": [blueprint_id for blueprint_id in state["kept"] if blueprint_id not in left_out]}

    def after_renders(self, state: CampaignState) -> str:
        """Go on with what could be rendered."""
        return "allocate" if state["rendered"] else "stop"

    async def stop(self, state: CampaignState) -> CampaignState:
        """End without a proposal, with the reason."""
        why = await self._why_stopped(state)
        await self.finish(state["run_id"], status="failed", outcome=why)
        return {"outcome": why}

    async def context(self, run_id: str) -> DirectorContext:
        """What the Director and the judges may know. Settled once recall is done, so it is read once."""
        return await self._contexts.get(run_id, make=lambda: self._read_context(run_id))

    async def blueprints(self, account_id: str, blueprint_ids: Sequence[str]) -> list[Blueprint]:
        """The newest revision of each, in this order."""

        return await self.db.read(lambda conn: creatives.get_blueprints(conn, blueprint_ids, account_id=account_id))

    async def verdicts(
        self, state: CampaignState, wanted: Sequence[tuple[str, int]]
    ) -> dict[str, tuple[Blueprint, Judged | None]]:
        """The verdict on each (blueprint id, round); None where the Oracle could not predict, so nothing is known."""
        run_id, account_id = state["run_id"], state["account_id"]
        if not wanted:
            return {}
        seats = [judge.name for judge in self.services.roster.judges]

        def read(conn: Connection) -> dict[str, tuple[Blueprint, Judged | None]]:
            names = {(key, seat): f"{key}:{round_}:{seat}" for key, round_ in wanted for seat in (*seats, ORACLE)}
            values = runs.latest_node_results(conn, run_id, node="judge", branches=list(names.values()))
            found = {}
            for blueprint in creatives.get_blueprints(conn, [key for key, _ in wanted], account_id=account_id):
                of_this = {seat: values[names[blueprint.id, seat]] for seat in (*seats, ORACLE)}
                found[blueprint.id] = (blueprint, _verdict(seats, of_this))
            return found

        return await self.db.read(read)

    async def _why_stopped(self, state: CampaignState) -> str:
        if state.get("kept"):
            return "No variant could be rendered."
        candidates = state.get("candidates", [])
        if not candidates and state["round"] == 1:
            return "The brief gave nothing to write an ad from: add benefits, pains or proof."
        verdicts = await self.verdicts(state, [(key, state["round"]) for key in candidates])
        if candidates and not any(verdict for _, verdict in verdicts.values()):
            return "Nothing could be predicted of any idea, so none was judged fit to spend money on."
        return "No idea was good enough to spend money on."

    async def _read_context(self, run_id: str) -> DirectorContext:
        run, stored = await self.db.read(
            lambda conn: (
                runs.get_run(conn, run_id),
                runs.latest_node_result(conn, run_id, node="recall", branch=""),
            )
        )
        recalled = stored or {"winner": [], "loser": []}
        seed = int(digest(run_id, prefix="seed/1")[:8], 16)
        return DirectorContext(
            brief=await self.brief(run_id),
            winners=tuple(Recalled.model_validate(item) for item in recalled["winner"]),
            losers=tuple(Recalled.model_validate(item) for item in recalled["loser"]),
            seed=int(run.inputs.get("seed", seed)),
            namespace=run.idempotency_key or run_id,
        )

    async def _mend(self, state: CampaignState, blueprint: Blueprint, *, verdict: Judged) -> bool:
        """Have one blueprint revised, once per round; whether it could be."""
        run_id, account_id, round_ = state["run_id"], state["account_id"], state["round"]
        context, director = await self.context(run_id), self.services.roster.director
        branch = f"{blueprint.id}:{round_}"
        at = self.services.wall.now()

        async def mend() -> dict[str, Any]:
            try:
                criticism, advice = verdict
                mended = await director.revise(blueprint, criticism=criticism, oracle=advice, context=context)
            except StorageError:
                raise
            except GeminiVideoError as error:
                return {"failed": str(error)}
            return mended.model_dump(mode="json")

        value = await self.once(run_id, node="revise", branch=branch, inputs=branch, make=mend)

        def keep(conn: Connection) -> None:
            if "failed" not in value:
                mended = Blueprint.model_validate(value)
                creatives.save_blueprint(conn, mended, account_id=account_id, run_id=run_id, now=at)

        # Stored on every pass: a run that begins again from lost checkpoints has put the first writing back.
        line = telling.mended(blueprint, value, who=director.name, key=f"revised:{branch}")
        await self.record(run_id, lines=[line], store=keep)
        return "failed" not in value

    async def _read_round(self, state: JudgeState) -> _Round:
        """What the branches of one round share. A branch that misses a later answer asks again; the first one stays."""
        run_id, account_id = state["run_id"], state["account_id"]

        def read(conn: Connection) -> tuple[list[Blueprint], set[tuple[str, str]]]:
            return creatives.blueprints_of_run(conn, run_id), runs.node_results_of(conn, run_id, node="judge")

        blueprints, answered = await self.db.read(read)
        try:
            tools = await self.tools(account_id, run_id=run_id, predicting=True)
        except NotFound:  # no model: the Oracle's branches say so
            tools = await self.tools(account_id, run_id=run_id)
        return _Round(
            blueprints={item.id: (item, input_hash("judge", item.sha256)) for item in blueprints},
            answered=frozenset(answered),
            tools=tools,
        )

    async def _ask(self, state: JudgeState, blueprint: Blueprint) -> dict[str, Any]:
        """A branch's answer, or why there is none."""
        try:
            return await (self._predict(state, blueprint) if state["seat"] == ORACLE else self._score(state, blueprint))
        except StorageError:
            raise
        except GeminiVideoError as error:
            return {"failed": str(error)}
        except Exception as error:  # boundary: one branch's fault must not end the others
            return {"failed": f"failed ({type(error).__name__})"}

    async def _score(self, state: JudgeState, blueprint: Blueprint) -> dict[str, Any]:
        judge = next(item for item in self.services.roster.judges if item.name == state["seat"])
        context = await self.context(state["run_id"])
        answer = await ask_judge(judge, blueprint, context, timeout_s=JUDGE_SECONDS)
        if isinstance(answer, FailedJudge):
            return {"failed": answer.why}
        return answer.model_dump(mode="json")

    async def _predict(self, state: JudgeState, blueprint: Blueprint) -> dict[str, Any]:
        brief = await self.brief(state["run_id"])
        tools = (await self._rounds.get((state["run_id"], state["round"]), make=lambda: self._read_round(state))).tools
        dna = dna_of_blueprint(blueprint, format=blueprint.formats[0], brand=brief.brand)
        creative = {"dna": dna.model_dump(mode="json"), "text": _copy_of(blueprint)}
        answer = await tools.call("predict_ctr", {"creatives": [creative]}, caller="oracle")
        prediction: Prediction = answer.predictions[0]
        return prediction.model_dump(mode="json")

    def _log_prediction(self, conn: Connection, prediction: Prediction, *, state: JudgeState) -> None:
        creatives.log_prediction(
            conn,
            prediction,
            account_id=state["account_id"],
            run_id=state["run_id"],
            blueprint_id=state["blueprint_id"],
            now=self.services.wall.now(),
        )

    async def _choose(
        self,
        state: CampaignState,
        candidates: list[str],
        *,
        wanted: int,
        known: Mapping[str, tuple[Blueprint, Judged | None]],
    ) -> list[str]:
        """The best `wanted` by the Council's score and the predicted CTR, keeping both ways of making an ad."""
        earlier = await self.blueprints(state["account_id"], [key for key in candidates if key not in known])
        judged = {**await self.verdicts(state, [(item.id, 1 + item.revision) for item in earlier]), **known}
        ranked = sorted(
            (_rank(*verdict), key, any(scene.footage for scene in blueprint.scenes))
            for key, (blueprint, verdict) in judged.items()
            if verdict and key in candidates
        )[::-1]
        chosen = ranked[:wanted]
        for kind in (True, False):  # one with footage and one by motion graphics alone, where both were written
            if len(chosen) > 1 and all(item[2] is not kind for item in chosen):
                spare = next((item for item in ranked[wanted:] if item[2] is kind), None)
                chosen = [*chosen[:-1], spare] if spare else chosen
        return [item[1] for item in chosen]


def _verdict(seats: Sequence[str], values: dict[str, Any]) -> Judged | None:
    """The Council's tally and the Oracle's verdict from the branches' results. Pure."""
    missing = [seat for seat in seats if values[seat] is None or "failed" in values[seat]]
    scores = [Score.model_validate(values[seat]) for seat in seats if seat not in missing]
    if values[ORACLE] is None or "failed" in values[ORACLE]:
        return None
    prediction = Prediction.model_validate(values[ORACLE])
    scores.append(score_prediction(prediction))  # the CTR model sits in the Council too
    council = tally(scores, missing, quorum=QUORUM)
    return council, oracle.judge(prediction, council)


def _must_not_run(council: CouncilVerdict) -> bool:
    """Whether a fault is left that no score outweighs, or too few judges answered to tell."""
    return not council.quorum or bool(oracle.blocking_defects(council))


def _rank(council: CouncilVerdict, verdict: OracleVerdict) -> float:
    return council.overall / 100 + verdict.prediction.ctr_ppm / max(1, verdict.prediction.base_rate_ppm)


def _copy_of(blueprint: Blueprint) -> str:
    """The words as a past ad's are read: the headline, then the post's text."""
    return f"{blueprint.scenes[0].headline}\n{blueprint.primary_text or blueprint.script}"[:4000]
