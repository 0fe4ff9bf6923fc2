"""`geminivideo`: the command line. Commands live in `api.commands`; every error ends here as one clear answer."""

from __future__ import annotations

import errno
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

from api.commands import accounts, approvals, chatting, demo, imports, keeping, ledger, running, runs, serving
from geminivideo.errors import GeminiVideoError, InvalidInput, StorageError

app = typer.Typer(
    name="geminivideo",
    help="From a brief to approved, published, optimised video ads. Nothing is spent without your approval.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog="Exit codes and every command: docs/cli.md.",
)

for module in (demo, running, chatting, serving, keeping):
    module.register(app)
for name, group in (
    ("approvals", approvals.app),
    ("runs", runs.app),
    ("account", accounts.app),
    ("audit", ledger.audit_app),
    ("import", imports.app),
    ("winners", imports.winners_app),
):
    app.add_typer(group, name=name)
accounts.register(app)
ledger.register(app)


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,
) -> None:
    """Options of every command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code. Nothing escapes from here but the interpreter's own end."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    given = [word for word in given if word != "--debug"]
    try:
        code = app(args=given, prog_name="geminivideo", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except (KeyboardInterrupt, Exception) as error:  # boundary: a person gets a sentence, not a traceback
        if debug:
            traceback.print_exception(error)
        problem = _as_ours(error)
        _show(problem, as_json="--json" in given)
        return problem.exit_code


def _as_ours(error: BaseException) -> GeminiVideoError:
    if isinstance(error, GeminiVideoError):
        return error
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return _Interrupted("Stopped. What was begun is kept", fix="See `geminivideo runs list`.")
    if isinstance(error, OSError):
        return _of_the_system(error)
    return _of_the_parser(error) or GeminiVideoError(
        f"Something went wrong: {type(error).__name__}: {error}", fix="Run it again with --debug for the details."
    )


class _Interrupted(GeminiVideoError):
    code = "interrupted"
    exit_code = 130


def _show(error: GeminiVideoError, *, as_json: bool) -> None:
    from api.commands.output import document, err
    from api.terminal import error_panel

    err().print(error_panel(error))
    if as_json:
        document({"error": {"code": error.code, "what": error.what, "where": error.where, "fix": error.fix}})


def _of_the_parser(error: BaseException) -> GeminiVideoError | None:
    """Typer's own complaint about the command line, as ours."""
    message = getattr(error, "format_message", None)
    if message is None:
        return None
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "geminivideo"
    return InvalidInput(str(message()).rstrip("."), where=path, fix=f"See `{path} --help`.")


def _of_the_system(error: OSError) -> GeminiVideoError:
    where = str(error.filename or "")
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return StorageError("The disk is full", where=where, fix="Free some space and run it again; nothing is lost.")
    fix = "Check the path and its permissions, or choose another GEMINIVIDEO_HOME."
    return StorageError(error.strerror or type(error).__name__, where=where, fix=fix)


if __name__ == "__main__":
    sys.exit(main())
