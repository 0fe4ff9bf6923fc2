from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from api.cli import app, main
from api.commands.output import CHECK_FAILED
from geminivideo.errors import GeminiVideoError
from geminivideo.settings import Settings
from tests.cli.conftest import Cli

DOCS = (Path(__file__).resolve().parents[2] / "docs" / "cli.md").read_text()
HEAVY = {"langgraph", "chromadb", "sqlalchemy", "numpy", "fastapi", "pydantic_settings", "xgboost", "httpx2", "openai"}


def _commands(command: Any, prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, sub in getattr(command, "commands", {}).items():
        path = f"{prefix} {name}".strip()
        found.update(_commands(sub, path) if hasattr(sub, "commands") else {path: sub})
    return found


COMMANDS = _commands(typer.main.get_command(app))


def test_help_costs_little_because_nothing_heavy_is_imported() -> None:
    code = "import sys, api.cli as c; c.main(['--help']); print(sorted({m.partition('.')[0] for m in sys.modules}))"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    text = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = status
    assert status == 0
    assert used.ru_utime + used.ru_stime < 0.5
    loaded = set(re.findall(r"'(\w+)'", text.splitlines()[-1]))
    assert not HEAVY & loaded


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_explains_itself_and_is_in_the_docs(name: str, cli: Cli) -> None:
    shown = cli(*name.split(), "--help")
    assert shown.code == 0
    assert "--json" in shown.out
    assert re.search(rf"\| `{name}( [A-Z]+)?` \|", DOCS), f"{name} is not in docs/cli.md"


def test_every_exit_code_is_in_the_docs() -> None:
    kinds = [GeminiVideoError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    codes = {kind.exit_code for kind in kinds} | {CHECK_FAILED, 0, 130}
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", DOCS, re.MULTILINE)}
    assert codes <= documented


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("runz",), "Did you mean 'run', 'runs'?"),
        (("approvals", "aprove"), "Did you mean 'approve'?"),
        (("run",), "Missing argument"),
        (("runs", "list", "--limit", "many"), "--limit"),
        (("runs", "list", "--nope"), "--nope"),
    ],
)
def test_a_mistyped_command_line_gets_a_hint(words: tuple[str, ...], expected: str, cli: Cli) -> None:
    result = cli(*words)
    assert result.code == 2
    assert expected in re.sub(r"[│\s]+", " ", result.err)
    as_json = cli(*words, "--json")
    assert as_json.document["error"]["code"] == "invalid_input"


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (("runs", "list"), "runs"),
        (("approvals", "list"), "approvals"),
        (("account", "list"), "accounts"),
        (("account", "show"), "account"),
        (("account", "set", "kill_roas_percent=90"), "account"),
        (("ledger",), "changes"),
        (("audit", "verify"), "audit"),
        (("keys",), "path"),
        (("winners", "search", "free", "tasting"), "ads"),
        (("chat", "hello"), "message"),
    ],
)
def test_json_is_exactly_one_document(words: tuple[str, ...], key: str, home: Settings, cli: Cli) -> None:
    result = cli(*words, "--json")
    assert result.code == 0, result.err
    assert key in result.document
    assert cli(*words).code == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("runs", "show", "run_nobody"), 3),
        (("approvals", "show", "ap_nobody"), 3),
        (("approvals", "approve", "run_nobody"), 3),
        (("ledger", "--account", "acc_other"), 3),
        (("account", "set", "caps.create_max=-5"), 2),
        (("account", "set", "currency=EUR"), 4),
        (("winners", "search", "x", "--kind", "best"), 2),
        (("serve", "--host", "192.0.2.1"), 5),
        (("start",), 4),
        (("open", "--in", "nowhere"), 3),
    ],
)
def test_errors_have_their_exit_codes_and_say_what_to_do(
    words: tuple[str, ...], code: int, home: Settings, cli: Cli
) -> None:
    result = cli(*words, "--json")
    assert result.code == code
    error = result.document["error"]
    assert error["what"]
    assert error["fix"] or error["where"]


def test_a_run_waits_and_is_approved_by_the_digest_that_was_seen(home: Settings, cli: Cli, brief: Path) -> None:
    started = cli("run", brief, "--json", "--seed", "3")
    assert started.code == 0, started.err
    body = started.document
    assert body["run"]["status"] == "waiting_approval"
    assert len(body["files"]) == 2
    assert all(Path(file["path"]).is_file() and file["path"].endswith(".mp4") for file in body["files"])
    assert "judge" in started.err
    assert cli("runs", "show", body["run"]["id"], "--json").document["files"] == body["files"]
    view = body["approval"]
    assert cli("approvals", "approve", view["id"]).code == 2  # no terminal, and no digest
    assert cli("approvals", "approve", view["id"], "--yes").code == 2
    assert cli("approvals", "approve", view["id"], "--digest", "0" * 64).code == 4
    asked = cli("approvals", "ask", view["id"], "Why these two?", "--json").document
    assert asked["approval"]["decisions"][0]["reason"] == "Why these two?"
    assert any(view["rows"][0]["reason"] in line for line in asked["answer"])
    change = view["rows"][0]["change_id"]
    edited = cli("approvals", "edit", view["id"], "--budget", f"{change}=12.50", "--json").document["approval"]
    assert (edited["supersedes"], edited["total_after"]) != (view["id"], view["total_after"])
    done = cli("approvals", "approve", edited["id"], "--digest", edited["digest"], "--json")
    assert done.code == 0, done.err
    assert done.document["run"]["status"] == "done"
    ledger = cli("ledger", "--json").document["changes"]
    assert sorted(row["state"] for row in ledger) == ["declined", "declined", "verified", "verified"]
    assert 1_250 in {row["after_minor"] for row in ledger}
    assert cli("audit", "verify").code == 0


def test_a_person_at_the_terminal_is_asked(
    home: Settings, cli: Cli, brief: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["?", "e", "10", "", "a"])
    monkeypatch.setattr("api.commands.running.is_interactive", lambda as_json=False: True)
    monkeypatch.setattr("api.asking._read", lambda question: next(answers))
    result = cli("run", brief)
    assert result.code == 0, result.err
    assert "is done" in result.out
    assert "Most you can lose" in result.err
    states = [row["state"] for row in cli("ledger", "--json").document["changes"]]
    assert states.count("verified") == 2


def test_a_rejected_run_ends_and_moves_nothing(home: Settings, cli: Cli, brief: Path) -> None:
    run = cli("run", brief, "--json").document["run"]
    result = cli("approvals", "reject", run["id"], "--reason", "not now", "--json")
    assert result.code == 0, result.err
    assert {row["state"] for row in cli("ledger", "--json").document["changes"]} == {"declined"}
    assert cli("runs", "cancel", run["id"]).code == 0


def test_stop_holds_at_once_and_start_needs_an_approval(home: Settings, cli: Cli) -> None:
    assert cli("stop", "--reason", "drill", "--json").document["stop"]["stopped"]
    assert cli("account", "show", "--json").document["account"]["stop_reason"] == "drill"
    view = cli("start", "--json").document["approval"]
    approved = cli("approvals", "approve", view["id"], "--digest", view["digest"], "--json")
    assert approved.code == 0, approved.err
    assert not cli("account", "show", "--json").document["account"]["stopped"]


def test_doctor_names_each_failing_item_with_its_fix(home: Settings, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli("keys")
    (home.home / "api.key").chmod(0o644)
    monkeypatch.setenv("GEMINIVIDEO_SANDBOX_URL", "http://127.0.0.1:9")
    result = cli("doctor", "--json")
    checks = {check["name"]: check for check in result.document["checks"]}
    assert result.code == CHECK_FAILED
    assert not checks["key file"]["ok"]
    assert "chmod 600" in checks["key file"]["fix"]
    assert not checks["sandbox"]["ok"]
    assert all(check["fix"] for check in checks.values() if not check["ok"])
    for name in ("python", "embedding weights", "ffmpeg", "on-board voice", "home", "database", "strict checkpoints"):
        assert checks[name]["ok"], checks[name]


def test_open_finds_the_newest_report(tmp_path: Path, cli: Cli) -> None:
    for number, name in enumerate(("a", "b")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.html").write_text("x")
        os.utime(tmp_path / name / "report.html", (number, number))
    assert cli("open", "--in", tmp_path, "--json").document["path"] == str(tmp_path / "b" / "report.html")


def test_ctrl_c_ends_cleanly(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(work: Any) -> None:
        work.close()
        raise KeyboardInterrupt

    monkeypatch.setattr("api.commands.ledger.await_", interrupted)
    result = cli("ledger")
    assert result.code == 130


def test_an_unexpected_error_is_one_sentence_unless_debug_is_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(work: Any) -> None:
        work.close()
        raise ZeroDivisionError("nobody foresaw this")

    monkeypatch.setattr("api.commands.ledger.await_", broken)
    assert main(["ledger"]) == 1
    quiet = capsys.readouterr().err
    assert "Traceback" not in quiet
    assert "--debug" in quiet
    assert main(["ledger", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_the_server_says_where_it_is_and_ends_cleanly(home: Settings) -> None:
    command = [sys.executable, "-m", "api.cli", "serve", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("}"):
                break
        assert '"url": "http://127.0.0.1:' in "".join(lines)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "Traceback" not in said
