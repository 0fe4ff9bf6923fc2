"""`serve` and `open`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.output import Json, await_, document, err, is_interactive, load_settings, out

if TYPE_CHECKING:
    import socket

    from geminivideo.settings import Settings

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("serve")(serve)
    app.command("open")(open_)


def serve(
    host: Annotated[str | None, typer.Option(help="A loopback address. Default: GEMINIVIDEO_HOST.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="0 picks a free one.")] = None,
    as_json: Json = False,
) -> None:
    """Serve the HTTP API, drive runs and work on renders until stopped."""
    settings = load_settings()
    chosen = settings.model_copy(
        update={"host": host or settings.host, "port": settings.port if port is None else port}
    )
    await_(_serve(chosen, as_json=as_json))


async def _serve(settings: Settings, *, as_json: bool) -> None:
    import signal

    import uvicorn

    from api.app import create_app
    from api.keys import key_path
    from api.local_sandbox import needs_sandbox, with_sandbox

    listener = _listen(settings)
    async with with_sandbox(settings, needed=await needs_sandbox(settings)) as complete:
        config = uvicorn.Config(create_app(complete), log_level="warning", timeout_graceful_shutdown=3, lifespan="on")
        address, number = listener.getsockname()[:2]
        url = f"http://[{address}]:{number}" if ":" in address else f"http://{address}:{number}"

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                if self.started:
                    _ready(url, key_file=key_path(settings.home), as_json=as_json)

        for ending in (signal.SIGINT, signal.SIGTERM):  # the server passes them on after its own clean end
            signal.signal(ending, lambda *_: None)
        await Server(config).serve(sockets=[listener])


def _ready(url: str, *, key_file: Path, as_json: bool) -> None:
    import os

    if as_json:
        document({"url": url, "pid": os.getpid(), "key_file": str(key_file), "openapi": f"{url}/api/v1/openapi.json"})
        return
    out().print(f"GeminiVideo is at {url}/api/v1 (documents: {url}/docs). Ctrl-C stops it.", markup=False)
    err().print(f"Send the key in {key_file} as `Authorization: Bearer …`; see `geminivideo keys`.", markup=False)


def _listen(settings: Settings) -> socket.socket:
    import socket

    from geminivideo.errors import InvalidInput, NotPermitted

    if settings.host not in _LOOPBACK:
        raise NotPermitted(
            f"{settings.host[:80]} is not this machine alone, and the key file is made for this machine",
            where="--host",
            fix="Use 127.0.0.1, and a reverse proxy or SSH tunnel to reach it from elsewhere.",
        )
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # skips the wait after a restart, no more
        listener.bind((settings.host, settings.port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise InvalidInput(
            f"Port {settings.port} cannot be used: {(error.strerror or '').lower()}",
            where=f"{settings.host}:{settings.port}",
            fix="Stop what uses it, or choose another: geminivideo serve --port 0 picks a free one.",
        ) from None
    return listener


def open_(
    folder: Annotated[Path, typer.Option("--in", help="Where to look.")] = Path("out"),
    as_json: Json = False,
) -> None:
    """Open the newest report, or print where it is."""
    from geminivideo.errors import NotFound

    found = sorted(folder.rglob("report*.html"), key=lambda path: path.stat().st_mtime) if folder.is_dir() else []
    if not found:
        raise NotFound("There is no report yet", where=str(folder), fix="Run `geminivideo demo`.")
    newest = found[-1].resolve()
    if as_json:
        document({"path": str(newest)})
        return
    out().print(str(newest), markup=False, soft_wrap=True)
    if is_interactive():
        typer.launch(str(newest))
