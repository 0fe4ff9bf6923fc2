"""Nodes that bring results home: sync the platforms, learn from what came, keep the CTR model fresh."""

from __future__ import annotations

import asyncio
from typing import TypedDict

from sqlalchemy import Connection

from graphs.state import StartState
from graphs.states import ad_states
from graphs.steps import Steps
from memory import accounts, creatives, jobs, models
from memory.jobs import Job
from memory.runs import Line
from tools.insights.learn import index_winners
from tools.insights.sync import sync_account

RETRAIN_DAYS = 7


class _State(TypedDict, total=False):
    run_id: str
    account_id: str


class InsightSteps(Steps):
    """Nodes that read the outside world."""

    async def sync(self, state: StartState) -> _State:
        """Read ads, results and deals from the platforms."""
        run = await self.opened(state)
        run_id, account = run.id, await self.account(run.account_id)
        reader, crm = self.services.reader(account), self.services.crm(account)
        now = await self.services.business_now(account)
        report = await sync_account(self.db, account, reader=reader, crm=crm, now=now)
        text = f"{report.ads} ads ({report.new_ads} new), {report.days} daily rows, {report.deals} deals."
        data = report.model_dump(mode="json")
        await self.emit(run_id, Line(kind="sync.done", who="sync", text=text, key="sync", data=data))
        return {"run_id": run_id, "account_id": account.id}

    async def learn(self, state: _State) -> _State:
        """Index winners and losers, and score what was predicted against what happened."""
        run_id, account_id = state["run_id"], state["account_id"]
        account = await self.account(account_id)
        found, states = await ad_states(self.services, account_id)
        now = accounts.business_now(account, wall=self.services.wall.now())
        learned = await asyncio.to_thread(
            index_winners, self.services.index, account, ads=found, states=states, now=now
        )
        predicted = await self.db.read(lambda conn: creatives.predictions_of_ads(conn, account_id=account_id))

        def score(conn: Connection) -> None:
            for item in states:
                if item.ad_id in predicted and item.impressions:
                    creatives.score_prediction(
                        conn,
                        ad_id=item.ad_id,
                        ctr_ppm=round(item.ctr * 1_000_000),
                        impressions=item.impressions,
                        now=now,
                    )

        text = f"{learned.winners} ads are proven winners, {learned.losers} proven losers."
        line = Line(kind="learned", who="winner index", text=text, key="learned", data=learned.model_dump())
        await self.record(run_id, lines=[line], store=score)
        return {}

    async def train(self, state: _State) -> _State:
        """Have a CTR model that has seen the last week's results: a job, unless there is one."""
        run_id, account_id = state["run_id"], state["account_id"]
        account = await self.account(account_id)
        today = accounts.business_now(account, wall=self.services.wall.now()).date()
        current = await self.db.read(lambda conn: models.current_model(conn, account_id=account_id, kind="ctr"))
        if current is not None and (today - current.data_until).days < RETRAIN_DAYS:
            return {}
        now = self.services.wall.now()
        payload = {"label": "CTR model", "until": today.isoformat()}

        def enqueue(conn: Connection) -> None:
            jobs.enqueue(
                conn, account_id=account_id, run_id=run_id, kind="train_ctr", key="train_ctr", payload=payload, now=now
            )

        await self.record(run_id, store=enqueue)
        for job in await self.settled_jobs(run_id):
            if job.kind == "train_ctr":
                await self.emit(run_id, _trained(job))
        return {}


def _trained(job: Job) -> Line:
    """What the model's training came to, or why there is no new model."""
    if job.status == "done":
        result = dict(job.result or {})
        return Line(kind="learned", who="CTR model", text=str(result.get("text", "")), key="trained", data=result)
    error = dict(job.error or {})
    text = f"The CTR model could not be trained: {error.get('what', job.status)}"
    return Line(kind="step.failed", who="CTR model", text=text, key="trained", data=error)
