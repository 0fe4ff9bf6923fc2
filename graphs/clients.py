"""Reading clients of the accounts' platforms, one each per process, closed together."""

from __future__ import annotations

from datetime import datetime

import httpx2

from geminivideo.accounts import Account
from geminivideo.errors import PlatformTransient
from geminivideo.settings import Settings
from platforms.addresses import hubspot_address, meta_address, meta_credentials, sandbox_address
from platforms.hubspot import HubSpotReader
from platforms.meta import MetaReader


class Clients:
    """Makes a client at its first use."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._readers: dict[str, MetaReader] = {}
        self._crms: dict[str, HubSpotReader] = {}

    def reader(self, account: Account) -> MetaReader:
        """The account's ad platform, reading only."""
        if account.id not in self._readers:
            self._readers[account.id] = MetaReader(
                base_url=meta_address(self._settings, account),
                account_id=account.external_id,
                credentials=meta_credentials(self._settings),
            )
        return self._readers[account.id]

    def crm(self, account: Account) -> HubSpotReader:
        """The account's CRM, reading only."""
        if account.id not in self._crms:
            self._crms[account.id] = HubSpotReader(
                base_url=hubspot_address(self._settings, account),
                token=self._settings.hubspot_access_token,
                currency=account.config.currency,
            )
        return self._crms[account.id]

    async def simulated_now(self, account: Account) -> datetime:
        """The sandbox's time."""
        url = f"{sandbox_address(self._settings)}/sandbox/clock"
        try:
            async with httpx2.AsyncClient(timeout=10) as client:
                response = await client.get(url)
                response.raise_for_status()
                return datetime.fromisoformat(response.json()["now"])
        except (httpx2.HTTPError, KeyError, ValueError) as error:
            raise PlatformTransient("The sandbox's clock cannot be read", where=url, fix="Is it running?") from error

    async def aclose(self) -> None:
        """Close every connection."""
        for reader in self._readers.values():
            await reader.aclose()
        for crm in self._crms.values():
            await crm.aclose()
