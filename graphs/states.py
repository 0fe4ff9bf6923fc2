"""The states of an account's ads, assembled from the records."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from geminivideo.ads import Ad, AdState
from graphs.services import Services
from memory import accounts, ads, creatives
from tools.decisions.ad_state import assemble


async def ad_states(services: Services, account_id: str) -> tuple[Sequence[Ad], tuple[AdState, ...]]:
    """Every ad of the account, oldest first, and its state at the account's business time."""
    wall = services.wall.now()

    def read(conn: Connection) -> tuple[list[Ad], tuple[AdState, ...]]:
        account = accounts.get_account(conn, account_id)
        found = ads.list_ads(conn, account_id=account_id)
        days = ads.days_of_ads(conn, account_id=account_id)
        predicted = creatives.predictions_of_ads(conn, account_id=account_id)
        states = assemble(
            found,
            days=[row for rows in days.values() for row in rows],
            deals=ads.list_deals(conn, account_id=account_id),
            config=account.config,
            now=accounts.business_now(account, wall=wall),
            predicted_ctr_ppm={ad_id: prediction.ctr_ppm for ad_id, prediction in predicted.items()},
        )
        return found, states

    return await services.db.read(read)
