"""One settings object, read once from the environment and passed on. docs/environment.md lists every name."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where things live and which services are configured. Environment names start with `GEMINIVIDEO_`."""

    model_config = SettingsConfigDict(env_prefix="GEMINIVIDEO_", frozen=True, extra="ignore")

    home: Path = Field(default=Path("out/home"), description="Folder of databases, assets, keys and logs")
    database_url: str = Field(default="", description="SQLAlchemy URL; empty means SQLite under home")
    host: str = Field(default="127.0.0.1", description="Address that `serve` listens on")
    port: int = Field(default=8321, ge=0, le=65535, description="Port that `serve` listens on; 0 picks a free one")
    sandbox_url: str = Field(default="", description="Base URL of a running sandbox; empty means none")
    meta_base_url: str = Field(default="", description="Base URL of the Meta Graph API; empty means the sandbox")
    meta_access_token: SecretStr = Field(default=SecretStr(""), description="Token for the Meta Graph API")
    meta_app_secret: SecretStr = Field(default=SecretStr(""), description="App secret for appsecret_proof")
    meta_page_id: str = Field(default="", description="Facebook page that the ads are published for")
    hubspot_base_url: str = Field(default="", description="Base URL of the HubSpot API; empty means the sandbox")
    hubspot_access_token: SecretStr = Field(default=SecretStr(""), description="Token for HubSpot")
    model_base_url: str = Field(default="", description="Base URL of an OpenAI-compatible server, ending in /v1")
    model_api_key: SecretStr = Field(default=SecretStr(""), description="Key for that server")
    model_name: str = Field(default="", description="Model name at that server")
    renders_at_once: int = Field(default=2, ge=1, le=64, description="Renders that run side by side")
    lease_seconds: int = Field(
        default=30, ge=1, le=3600, description="How long a run, job or change is held without heartbeat"
    )

    @property
    def records_url(self) -> str:
        """The SQLAlchemy URL of the records database."""
        return self.database_url or f"sqlite+aiosqlite:///{self.home / 'records.db'}"

    @property
    def checkpoints_path(self) -> Path:
        """The file of the checkpoints: apart from the records, losing it costs nothing."""
        return self.home / "checkpoints.db"

    @property
    def assets_path(self) -> Path:
        """The folder of the asset store."""
        return self.home / "assets"

    @property
    def index_path(self) -> Path:
        """The folder of the embedded Chroma store."""
        return self.home / "chroma"
