"""Where an account's platforms are: the configured address, or the sandbox for a simulated account."""

from __future__ import annotations

from geminivideo.accounts import Account
from geminivideo.errors import InvalidInput
from geminivideo.settings import Settings
from platforms.graph import GraphCredentials


def meta_address(settings: Settings, account: Account) -> str:
    """Base URL of the Graph API. A simulated account never reaches a real platform, nor the other way round."""
    if account.simulated:
        return sandbox_address(settings)
    return _configured(settings.meta_base_url, name="GEMINIVIDEO_META_BASE_URL")


def hubspot_address(settings: Settings, account: Account) -> str:
    """Base URL of HubSpot's API."""
    if account.simulated:
        return sandbox_address(settings)
    return _configured(settings.hubspot_base_url, name="GEMINIVIDEO_HUBSPOT_BASE_URL")


def sandbox_address(settings: Settings) -> str:
    """Base URL of the running sandbox."""
    if not settings.sandbox_url:
        raise InvalidInput(
            "The sandbox is not running",
            where="GEMINIVIDEO_SANDBOX_URL",
            fix="Start it with `python -m sandbox` and set the variable to the address it prints.",
        )
    return settings.sandbox_url.rstrip("/")


def meta_credentials(settings: Settings) -> GraphCredentials:
    """Token and app secret from the settings."""
    return GraphCredentials(access_token=settings.meta_access_token, app_secret=settings.meta_app_secret)


def _configured(address: str, *, name: str) -> str:
    if not address:
        raise InvalidInput("No address is configured for a real account", where=name, fix="Set it, then start again.")
    return address.rstrip("/")
