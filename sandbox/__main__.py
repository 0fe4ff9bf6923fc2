"""`python -m sandbox --port 0 --seed 7 --data DIR`: serve one simulated world until told to stop."""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from geminivideo.errors import GeminiVideoError, InvalidInput
from sandbox.server import create_app
from sandbox.world import NORTHBREW_ZONE, WorldConfig

DEFAULT_START = "2026-03-02T15:00:00+00:00"
"""A Monday morning in Austin. Fixed, so that one seed is one world."""


class _Server(uvicorn.Server):
    """Says where it is, once, when it answers."""

    def __init__(self, config: uvicorn.Config, *, ready: dict[str, object]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then print the one line."""
        await super().startup(sockets)
        if self.started:
            sys.stdout.write(json.dumps(self._ready) + "\n")
            sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    """Run the server; 0 when it was stopped, 2 when it could not start."""
    options = _parser().parse_args(arguments)
    try:
        listener = _listen(options.host, port=options.port)
        config = WorldConfig(seed=options.seed, start=_moment(options.start), timezone=options.timezone)
        app = create_app(config, data=options.data, history_days=options.days, history_ads=options.ads)
    except GeminiVideoError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    host, port = listener.getsockname()[:2]
    ready: dict[str, object] = {
        "url": f"http://{host}:{port}",
        "pid": os.getpid(),
        "simulated": True,
        "account_id": app.state.simulation.account_id,
    }
    server = _Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=2), ready=ready)
    server.run(sockets=[listener])
    app.state.journal.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A simulated ad platform, CRM and audience.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--data", type=Path, default=None, help="folder that keeps the state; none: memory only")
    parser.add_argument("--start", default=DEFAULT_START, help="business time of the first moment, ISO 8601")
    parser.add_argument("--timezone", default=NORTHBREW_ZONE)
    parser.add_argument("--days", type=int, default=90, help="days of history")
    parser.add_argument("--ads", type=int, default=220, help="ads in the history; 0: none")
    return parser


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{text[:40]!r} is not a time", where="--start", fix="Write 2026-03-02T15:00:00Z.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _listen(host: str, *, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # Without SO_REUSEPORT a port in use is refused; SO_REUSEADDR only skips the wait after a restart.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        raise InvalidInput(
            f"The sandbox cannot listen on {host}:{port} ({error})",
            where="--port",
            fix="Stop what uses it, choose another port, or use 0 for a free one.",
        ) from None
    return listener


if __name__ == "__main__":
    raise SystemExit(main())
