"""The creative half of a run: recall, direct, judge, decide, render. Used by the campaign and refresh graphs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langgraph.types import Send

from agents import oracle
from agents.council import FailedJudge, ask_judge, tally
from agents.director import DirectorContext
from agents.onboard.judges import score_prediction
from geminivideo.blueprint import Blueprint
from geminivideo.canonical import digest
from geminivideo.errors import GeminiVideoError, Refused
from geminivideo.judgement import CouncilVerdict, OracleVerdict, Prediction, Recalled, Score
from graphs.state import CampaignState, JudgeState
from graphs.steps import Steps
from memory import creatives, jobs
from tools.decisions.creative_dna import dna_of_blueprint

ROUNDS = 3
"""Judged at most this often: the first writing and two revisions."""
SPARE_IDEAS = 2
"""Blueprints written beyond the variants wanted, so that weak ideas can be stopped before they cost a render."""
RECALLED = 5
QUORUM = 2
ORACLE = "oracle"
JUDGE_SECONDS = 60.0


class CreativeSteps(Steps):
    """Nodes from the brief to finished files."""

    async def intake(self, state: CampaignState) -> CampaignState:
        """Validate the brief again and say what was understood."""
        brief = await self.brief(state["run_id"])
        await self.emit(
            state["run_id"],
            kind="step.finished",
            who="intake",
            text=f"{brief.brand.name}: {brief.product}. {brief.daily_budget} a day for {brief.days} days.",
            key="intake",
            data={"brand": brief.brand.name, "daily_budget": brief.daily_budget.model_dump()},
        )
        return {"round": 0}

    async def recall(self, state: CampaignState) -> CampaignState:
        """Find the winners and losers that resemble the brief, and have the account's CTR model ready."""
        run_id, account_id = state["run_id"], state["account_id"]
        brief = await self.brief(run_id)

        async def search() -> dict[str, Any]:
            tools = await self.tools(account_id, run_id=run_id)
            query = " ".join((brief.product, brief.offer, brief.audience, *brief.benefits))
            found = {
                kind: await tools.call(
                    "winner_search", {"query": query, "kind": kind, "k": RECALLED}, caller="director"
                )
                for kind in ("winner", "loser")
            }
            return {kind: [item.model_dump(mode="json") for item in answer.ads] for kind, answer in found.items()}

        recalled = await self.once(run_id, node="recall", branch="", inputs=brief.model_dump(mode="json"), make=search)
        await self.emit(
            run_id,
            kind="recall.done",
            who="director",
            text=f"Recalled {len(recalled['winner'])} winning ads and {len(recalled['loser'])} to avoid.",
            key="recall",
            data=recalled,
        )
        return {}

    async def direct(self, state: CampaignState) -> CampaignState:
        """Write blueprints, a few more than are wanted."""
        blueprints = await self.ideas(state)
        for blueprint in blueprints:
            await self._keep(state, blueprint)
            await self.emit(
                state["run_id"],
                kind="blueprint.written",
                who=self.services.roster.director.name,
                text=f"{blueprint.title}: {blueprint.hook_type.replace('_', '/')} hook, "
                f"{' > '.join(blueprint.structure)}, {blueprint.milliseconds / 1000:.1f} s",
                key=f"written:{blueprint.id}",
                data=blueprint.model_dump(mode="json"),
            )
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

    def fan_out(self, state: CampaignState) -> list[Send]:
        """One branch per candidate and seat; the Oracle's prediction is a branch of its own."""
        seats = [*(judge.name for judge in self.services.roster.judges), ORACLE]
        return [
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

    async def judge(self, state: JudgeState) -> CampaignState:
        """One branch: a judge's score, or the Oracle's prediction. A failing branch costs its own vote only."""
        run_id, seat = state["run_id"], state["seat"]
        blueprint = await self.blueprint(state, state["blueprint_id"])
        branch = f"{blueprint.id}:{state['round']}:{seat}"

        async def ask() -> dict[str, Any]:
            try:
                return await (self._predict(state, blueprint) if seat == ORACLE else self._score(state, blueprint))
            except GeminiVideoError as error:
                return {"failed": str(error)}

        value = await self.once(run_id, node="judge", branch=branch, inputs=blueprint.sha256, make=ask)
        await self._report_branch(run_id, blueprint, seat=seat, value=value, key=f"judged:{branch}")
        return {"judged": [branch]}

    async def gate(self, state: CampaignState) -> CampaignState:
        """Go, mend or stop, for each candidate; after the last round the best of what is left goes on."""
        run_id, round_ = state["run_id"], state["round"]
        brief = await self.brief(run_id)
        verdicts = {
            blueprint_id: await self.verdict(state, blueprint_id, round_=round_) for blueprint_id in state["candidates"]
        }
        for blueprint_id, (council, verdict) in verdicts.items():
            blueprint = await self.blueprint(state, blueprint_id)
            await self.emit(
                run_id,
                kind="oracle.verdict",
                who="oracle",
                text=f"{blueprint.title}: {verdict.verdict}. {verdict.why}",
                key=f"verdict:{blueprint_id}:{round_}",
                data={"blueprint_id": blueprint_id, "council": council.overall, **verdict.model_dump(mode="json")},
            )
        approved = [key for key, (_, verdict) in verdicts.items() if verdict.verdict == "approve"]
        revise = [key for key, (_, verdict) in verdicts.items() if verdict.verdict == "revise"]
        kept = [*state.get("kept", []), *approved]
        if revise and round_ < ROUNDS and len(kept) < brief.variants + SPARE_IDEAS:
            return {"kept": kept, "revise": revise}
        return {"kept": await self._choose(state, [*kept, *revise], wanted=brief.variants), "revise": []}

    def after_gate(self, state: CampaignState) -> str:
        """Revise, render, or stop when nothing was good enough."""
        if state.get("revise"):
            return "revise"
        return "enqueue_renders" if state.get("kept") else "stop"

    async def revise(self, state: CampaignState) -> CampaignState:
        """Mend each blueprint by its judges' words."""
        run_id, round_ = state["run_id"], state["round"]
        context = await self.context(run_id)
        for blueprint_id in state["revise"]:
            blueprint = await self.blueprint(state, blueprint_id)
            council, verdict = await self.verdict(state, blueprint_id, round_=round_)

            async def mend(
                blueprint: Blueprint = blueprint,
                council: CouncilVerdict = council,
                verdict: OracleVerdict = verdict,
            ) -> dict[str, Any]:
                director = self.services.roster.director
                mended = await director.revise(blueprint, criticism=council, oracle=verdict, context=context)
                return mended.model_dump(mode="json")

            branch = f"{blueprint_id}:{round_}"
            value = await self.once(run_id, node="revise", branch=branch, inputs=branch, make=mend)
            mended = Blueprint.model_validate(value)
            await self._keep(state, mended)
            await self.emit(
                run_id,
                kind="blueprint.revised",
                who=self.services.roster.director.name,
                text=f"{mended.title}: " + "; ".join(mended.changes[len(blueprint.changes) :] or ("nothing to mend",)),
                key=f"revised:{branch}",
                data={"blueprint_id": blueprint_id, "changes": list(mended.changes)},
            )
        return {"candidates": state["revise"], "revise": [], "round": round_ + 1}

    async def enqueue_renders(self, state: CampaignState) -> CampaignState:
        """One job per variant and format."""
        run_id, account_id = state["run_id"], state["account_id"]
        now = self.services.wall.now()
        for blueprint_id in state["kept"]:
            blueprint = await self.blueprint(state, blueprint_id)
            for format_ in blueprint.formats:
                payload = {
                    "blueprint_id": blueprint_id,
                    "format": format_,
                    "sha256": blueprint.sha256,
                    "label": f"{blueprint.title} {format_}",
                }

                def write(conn: Any, payload: Mapping[str, Any] = payload) -> None:
                    key = f"render:{payload['blueprint_id']}:{payload['format']}"
                    jobs.enqueue(
                        conn, account_id=account_id, run_id=run_id, kind="render", key=key, payload=payload, now=now
                    )

                await self.db.write(write)
        return {}

    async def await_renders(self, state: CampaignState) -> CampaignState:
        """Park until every render ended; a variant with a failed format is left out and named."""
        run_id = state["run_id"]
        ended = [job for job in await self.settled_jobs(run_id) if job.kind == "render"]
        failed = {job.payload["blueprint_id"] for job in ended if job.status != "done"}
        for job in ended:
            if job.status == "done":
                continue
            error = job.error or {}
            await self.emit(
                run_id,
                kind="render.failed",
                who="studio",
                text=f"{job.payload['label']} could not be rendered: {error.get('what', job.status)}",
                key=f"render-failed:{job.id}",
                data=error,
            )
        return {"rendered": [blueprint_id for blueprint_id in state["kept"] if blueprint_id not in failed]}

    def after_renders(self, state: CampaignState) -> str:
        """Go on with what could be rendered."""
        return "allocate" if state["rendered"] else "stop"

    async def stop(self, state: CampaignState) -> CampaignState:
        """End without a proposal, with the reason."""
        why = "No variant could be rendered." if state.get("kept") else "No idea was good enough to spend money on."
        await self.finish(state["run_id"], status="failed", outcome=why)
        return {"outcome": why}

    async def context(self, run_id: str) -> DirectorContext:
        """What the Director and the judges may know."""
        recalled = await self.stored(run_id, node="recall", branch="") or {"winner": [], "loser": []}
        run = await self.run(run_id)
        seed = int(digest(run_id, prefix="seed/1")[:8], 16)
        return DirectorContext(
            brief=await self.brief(run_id),
            winners=tuple(Recalled.model_validate(item) for item in recalled["winner"]),
            losers=tuple(Recalled.model_validate(item) for item in recalled["loser"]),
            seed=int(run.inputs.get("seed", seed)),
            namespace=run.idempotency_key or run_id,
        )

    async def blueprint(self, state: CampaignState | JudgeState, blueprint_id: str) -> Blueprint:
        """The newest revision."""
        account_id = state["account_id"]
        return await self.db.read(lambda conn: creatives.get_blueprint(conn, blueprint_id, account_id=account_id))

    async def verdict(
        self, state: CampaignState, blueprint_id: str, *, round_: int
    ) -> tuple[CouncilVerdict, OracleVerdict]:
        """The Council's tally and the Oracle's verdict, from the branches' stored results. Pure after the reads."""
        scores: list[Score] = []
        failed: list[str] = []
        for judge in self.services.roster.judges:
            value = await self.stored(state["run_id"], node="judge", branch=f"{blueprint_id}:{round_}:{judge.name}")
            if value is None or "failed" in value:
                failed.append(judge.name)
            else:
                scores.append(Score.model_validate(value))
        value = await self.stored(state["run_id"], node="judge", branch=f"{blueprint_id}:{round_}:{ORACLE}")
        if value is None or "failed" in value:
            raise Refused("The Oracle could not predict this blueprint", where=blueprint_id)
        prediction = Prediction.model_validate(value)
        scores.append(score_prediction(prediction))  # the CTR model sits in the Council too
        council = tally(scores, failed, quorum=QUORUM)
        return council, oracle.judge(prediction, council)

    async def _score(self, state: JudgeState, blueprint: Blueprint) -> dict[str, Any]:
        judge = next(item for item in self.services.roster.judges if item.name == state["seat"])
        context = await self.context(state["run_id"])
        answer = await ask_judge(judge, blueprint, context, timeout_s=JUDGE_SECONDS)
        if isinstance(answer, FailedJudge):
            return {"failed": answer.why}
        return answer.model_dump(mode="json")

    async def _predict(self, state: JudgeState, blueprint: Blueprint) -> dict[str, Any]:
        brief = await self.brief(state["run_id"])
        tools = await self.tools(state["account_id"], run_id=state["run_id"], predicting=True)
        dna = dna_of_blueprint(blueprint, format=blueprint.formats[0], brand=brief.brand)
        creative = {"dna": dna.model_dump(mode="json"), "text": _copy_of(blueprint)}
        answer = await tools.call("predict_ctr", {"creatives": [creative]}, caller="oracle")
        prediction: Prediction = answer.predictions[0]
        now = self.services.wall.now()
        await self.db.write(
            lambda conn: creatives.log_prediction(
                conn,
                prediction,
                account_id=state["account_id"],
                run_id=state["run_id"],
                blueprint_id=blueprint.id,
                now=now,
            )
        )
        return prediction.model_dump(mode="json")

    async def _report_branch(
        self, run_id: str, blueprint: Blueprint, *, seat: str, value: Mapping[str, Any], key: str
    ) -> None:
        named = {"blueprint_id": blueprint.id}
        if seat == ORACLE and "failed" not in value:
            score = score_prediction(Prediction.model_validate(value))
            seat, value = score.judge, score.model_dump(mode="json")
        if "failed" in value:
            text = f"{seat} did not answer on {blueprint.title}: {value['failed']}"
            await self.emit(run_id, kind="judge.failed", who=seat, text=text, key=key, data=named | dict(value))
        else:
            text = f"{blueprint.title}: {value['overall']}/100. {' '.join(value['reasons'][:2])}"
            await self.emit(run_id, kind="judge.scored", who=seat, text=text, key=key, data=named | dict(value))

    async def _choose(self, state: CampaignState, candidates: list[str], *, wanted: int) -> list[str]:
        """The best `wanted` by the Council's score and the predicted CTR, keeping both ways of making an ad."""
        ranked: list[tuple[float, str, bool]] = []
        for blueprint_id in dict.fromkeys(candidates):
            blueprint = await self.blueprint(state, blueprint_id)
            council, verdict = await self.verdict(state, blueprint_id, round_=1 + blueprint.revision)
            lift = verdict.prediction.ctr_ppm / max(1, verdict.prediction.base_rate_ppm)
            footage = any(scene.footage for scene in blueprint.scenes)
            ranked.append((council.overall / 100 + lift, blueprint_id, footage))
        ranked.sort(reverse=True)
        chosen = ranked[:wanted]
        for kind in (True, False):  # one with footage and one by motion graphics alone, where both were written
            if len(chosen) > 1 and all(item[2] is not kind for item in chosen):
                spare = next((item for item in ranked[wanted:] if item[2] is kind), None)
                chosen = [*chosen[:-1], spare] if spare else chosen
        return [item[1] for item in chosen]

    async def _keep(self, state: CampaignState, blueprint: Blueprint) -> None:
        now = self.services.wall.now()
        await self.db.write(
            lambda conn: creatives.save_blueprint(
                conn, blueprint, account_id=state["account_id"], run_id=state["run_id"], now=now
            )
        )


def _copy_of(blueprint: Blueprint) -> str:
    """The words as a past ad's are read: the headline, then the post's text."""
    return f"{blueprint.scenes[0].headline}\n{blueprint.primary_text or blueprint.script}"[:4000]
