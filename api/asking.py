"""Asking the person at this terminal to decide, on exactly the bytes that are shown."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable

from api.decisions import Answer, decide
from api.terminal import approval_panel, console
from geminivideo.errors import GeminiVideoError, InvalidInput
from geminivideo.money import Money
from geminivideo.principals import local_person
from geminivideo.spend import ChangeSet
from treasury.service import Treasury
from treasury.views import ApprovalView

Prompt = Callable[[str], str]
_CHOICES = "approve (a), edit (e), reject (r), ask (?), later (l)"


async def ask_person(treasury: Treasury, view: ApprovalView, *, prompt: Prompt | None = None) -> bool:
    """Show the approval and ask until it is decided; False when the person leaves it for later."""
    read = prompt or _read
    while True:
        console().print(approval_panel(view))
        said = (await asyncio.to_thread(read, f"{_CHOICES}: ")).strip().lower()[:1]
        try:
            if said == "l":
                return False
            if said == "a":
                await decide(treasury, view.id, person=local_person(), answer=Answer("approve", view.digest))
                return True
            if said == "r":
                why = await asyncio.to_thread(read, "Why? ")
                await decide(treasury, view.id, person=local_person(), answer=Answer("reject", view.digest, why))
                return True
            if said == "e":
                view = await _edit(treasury, view, read=read)
            elif said == "?":
                for line in explanation(view):
                    console().print(line, markup=False)
        except GeminiVideoError as error:
            console().print(str(error), style="red", markup=False)
            view = await treasury.show(view.id, account_id=view.account_id)
            if view.state != "proposed":
                return True


def explanation(view: ApprovalView) -> list[str]:
    """What the records say to a question: each change's reason, the evidence and who decided so far."""
    lines = [f"{row.ad_name}: {row.reason}" for row in view.rows]
    lines.append(f"Records that this rests on: {', '.join(item[:12] for item in view.evidence) or 'none were named'}.")
    lines += [f"{decision.principal} said {decision.verdict}: {decision.reason}" for decision in view.decisions]
    return [*lines, view.most_to_lose, view.if_nothing]


def parse_amount(text: str, *, change_set: ChangeSet) -> Money:
    """A daily budget in the set's currency, as a person writes it: `35`, `$35.50`."""
    if not change_set.changes:
        raise InvalidInput("There is no budget to edit", where=change_set.id, fix="Approve or reject it.")
    currency = change_set.changes[0].after.daily_budget.currency
    return Money.parse(text.strip().lstrip("$€£¥").replace(",", ""), currency=currency)


async def _edit(treasury: Treasury, view: ApprovalView, *, read: Prompt) -> ApprovalView:
    change_set = await treasury.change_set(view.id, account_id=view.account_id)
    budgets: dict[str, Money] = {}
    drop: list[str] = []
    for change in change_set.changes:
        budgeted = change.kind in {"create", "budget"}
        ask = f"{change.ad_name}: {change.after.daily_budget} a day. New amount, `drop`, or Enter to keep: "
        said = (await asyncio.to_thread(read, ask)).strip()
        if said.lower() == "drop":
            drop.append(change.id)
        elif said and budgeted:
            budgets[change.id] = parse_amount(said, change_set=change_set)
    if not budgets and not drop:
        return view
    answer = Answer("edit", view.digest, "edited in the terminal", budgets, drop)
    return await decide(treasury, view.id, person=local_person(), answer=answer)


def _read(question: str) -> str:
    sys.stderr.write(question)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        return "l"  # the terminal went away: nothing is decided
    return line
