"""Nodes that bring results home: sync the platforms, learn from what came, keep the CTR model fresh."""

from __future__ import annotations

import asyncio
from typing import Any, TypedDict

from graphs.states import ad_states
from graphs.steps import Steps
from memory import accounts, creatives, jobs, models
from tools.insights.learn import index_winners
from tools.insights.sync import sync_account

RETRAIN_DAYS = 7


class _State(TypedDict, total=False):
    run_id: str
    account_id: str


class InsightSteps(Steps):
    """Nodes that read the outside world."""

    async def sync(self, state: _State) -> _State:
        """Read ads, results and deals from the platforms."""
        run_id = state["run_id"]
        account = await self.account(state["account_id"])
        reader, crm = self.services.reader(account), self.services.crm(account)
        now = await self.services.business_now(account)
        report = await sync_account(self.db, account, reader=reader, crm=crm, now=now)
        await self.emit(
            run_id,
            kind="sync.done",
            who="sync",
            text=f"{report.ads} ads ({report.new_ads} new), {report.days} daily rows, {report.deals} deals.",
            key="sync",
            data=report.model_dump(mode="json"),
        )
        return {}

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

        def write(conn: Any) -> None:
            for item in states:
                if item.ad_id in predicted and item.impressions:
                    creatives.score_prediction(
                        conn,
                        ad_id=item.ad_id,
                        ctr_ppm=round(item.ctr * 1_000_000),
                        impressions=item.impressions,
                        now=now,
                    )

        await self.db.write(write)
        await self.emit(
            run_id,
            kind="learned",
            who="winner index",
            text=f"{learned.winners} ads are proven winners, {learned.losers} proven losers.",
            key="learned",
            data=learned.model_dump(),
        )
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
        await self.db.write(
            lambda conn: jobs.enqueue(
                conn, account_id=account_id, run_id=run_id, kind="train_ctr", key="train_ctr", payload=payload, now=now
            )
        )
        for job in await self.settled_jobs(run_id):
            if job.kind == "train_ctr" and job.status == "done":
                text = str((job.result or {}).get("text", ""))
                await self.emit(run_id, kind="learned", who="CTR model", text=text, key="trained", data=job.result)
        return {}
