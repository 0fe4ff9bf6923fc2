"""`geminivideo demo`: plays the story, prints progress to stderr, writes the result and the report."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.prompt import Prompt

from api.demo.ending import ending
from api.demo.report import write_report
from api.demo.result import build_result
from api.demo.sheet import write_contact_sheet
from api.demo.story import DAYS, Decide, Watcher, open_stage, play
from api.terminal import approval_panel, console, event_line
from geminivideo.events import RunEvent
from geminivideo.principals import STAND_IN, Principal, local_person
from geminivideo.settings import Settings
from geminivideo.spend import Verdict
from treasury.views import ApprovalView

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"
_ANSWERS: dict[str, Verdict] = {"a": "approve", "r": "reject"}


def run_demo(*, out: Path, brief: Path | None, footage: Path | None, yes: bool, as_json: bool, seed: int) -> int:
    """Run it; 0 when the story ended well, 1 when the campaign was not published."""
    return asyncio.run(_run(out=out, brief=brief, footage=footage, yes=yes, as_json=as_json, seed=seed))


async def _run(*, out: Path, brief: Path | None, footage: Path | None, yes: bool, as_json: bool, seed: int) -> int:
    started = time.perf_counter()
    screen = console()
    _introduce(screen, out=out)
    asks = sys.stdin.isatty() and sys.stderr.isatty() and not yes
    async with open_stage(out, base=Settings(), seed=seed) as stage:
        played = await play(
            stage,
            brief_path=brief or EXAMPLES / "briefs" / "northbrew.yaml",
            footage=footage,
            decide=_person(screen) if asks else _stand_in(screen),
            watch=_watcher(screen),
        )
        screen.rule("[bold]4  What came of it[/]", align="left")
        result = await build_result(stage, played)
    result["contact_sheet"] = str(await asyncio.to_thread(write_contact_sheet, result, out=out / "contact_sheet.png"))
    result["seconds"] = round(time.perf_counter() - started, 1)
    result["report"] = str((await asyncio.to_thread(write_report, result, out=out / "report.html")).resolve())
    _write(result, out=out / "result.json")
    for line in ending(result):
        screen.print(line)
    if as_json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    return 0 if played.campaign.status == "done" and result["simulation"].get("days") else 1


def _introduce(screen: Console, *, out: Path) -> None:
    screen.print(
        "[reverse] SIMULATED [/] Everything in this demo is simulated: the account, its audience, its money. "
        f"No ad is shown to anybody, nothing is spent. It lives in [bold]{out}[/]; a second run starts afresh there "
        "and touches nothing else."
    )
    screen.print(
        "[dim]No language model is at work: the on-board model writes and judges by rules, past ads and numbers.[/]"
    )


def _watcher(screen: Console) -> Watcher:
    progress: dict[str, int] = {}

    def event(item: RunEvent) -> None:
        if item.kind == "render.progress" and not _news(item, progress):
            return
        line = event_line(item)
        if line is not None:
            screen.print(line, soft_wrap=False)

    return Watcher(
        heading=lambda text: screen.rule(f"[bold]{text}[/]", align="left"),
        event=event,
        note=lambda text: screen.print(f"[bold dim]{text}[/]"),
    )


def _news(item: RunEvent, progress: dict[str, int]) -> bool:
    """A render's progress is worth a line at each third."""
    label, third = str(item.data.get("label")), int(item.data.get("percent", 0)) // 34
    if third <= progress.get(label, 0):
        return False
    progress[label] = third
    return True


def _stand_in(screen: Console) -> Decide:
    shown = 0

    async def decide(view: ApprovalView) -> tuple[Principal, Verdict]:
        nonlocal shown
        shown += 1
        if shown <= 1 or any(row.kind in {"create", "pause"} for row in view.rows):
            screen.print(approval_panel(view))
            screen.print(
                "[yellow]No person is asked here: the demo's stand-in approves. It could not approve real spend.[/]"
            )
        else:
            screen.print(
                f"[bold]approval[/] {view.title}: {view.total_before} → {view.total_after} a day. "
                "[yellow]The demo's stand-in approves.[/]"
            )
        return STAND_IN, "approve"

    return decide


def _person(screen: Console) -> Decide:
    rest = False

    async def decide(view: ApprovalView) -> tuple[Principal, Verdict]:
        nonlocal rest
        if rest:
            return await stand_in(view)
        screen.print(approval_panel(view))
        question = (
            f"[bold]a[/]pprove, [bold]r[/]eject, or let the stand-in decide the rest of the {DAYS} days ([bold]s[/])"
        )
        answer = await asyncio.to_thread(Prompt.ask, question, choices=["a", "r", "s"], default="a", console=screen)
        if answer == "s":
            rest = True
            return await stand_in(view)
        return local_person(), _ANSWERS[answer]

    stand_in = _stand_in(screen)
    return decide


def _write(result: dict[str, Any], *, out: Path) -> None:
    part = out.with_suffix(".part")
    part.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    part.replace(out)
