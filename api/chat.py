"""The conversation that turns words into a brief and a run. Shared by the terminal and the HTTP API.

What is said is data. It can fill in a brief and start a run, which spends nothing; it cannot decide an approval,
raise a cap or touch a live ad, because nothing here can. Threads and drafts are stored, so a conversation goes on
after a restart.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from api.engine import Engine
from api.intake import has_history, start_campaign
from geminivideo.accounts import Account
from geminivideo.brief import Brief
from geminivideo.errors import GeminiVideoError, InvalidInput
from memory import accounts, chats, runs
from memory.chats import Message, Thread
from tools.briefs.amounts import parse_budget
from tools.briefs.fields import brief_from_mapping
from tools.briefs.free_text import MAX_CHARACTERS, BriefDraft, parse_free_text

EXAMPLE = "$300 a day for a teeth-whitening clinic in Austin, first visit free, 3 variants, calm tone"
CANNOT = (
    "I cannot do yet: take files here (name footage with `geminivideo run BRIEF --footage DIR`), change a run that is "
    "under way, or answer questions beyond this brief. I never decide approvals: only you do."
)
_NO_MODEL = "No language model is at work here: a fixed grammar reads your words, and on-board models write and judge."
_WITH_MODEL = "Briefs are read by a fixed grammar here; {name} writes and judges beside the on-board models."
_DECIDING = re.compile(
    r"^\W*(?:yes|yep|ok(?:ay)?|go ahead|confirm(?:ed)?|do it|(?:i )?(?:approve|reject|decline)\w*)\b.{0,60}$",
    re.I | re.S,
)
_STATUS = re.compile(r"\b(?:status|progress|how (?:is|are|far)|ready|finished|done yet|where (?:is|are))\b", re.I)
_PRODUCT = "what is advertised (for example: a teeth-whitening clinic)"
_BUDGET = "the budget, with its currency (for example: $300 a day)"


@dataclass
class Reply:
    """An answer: paragraphs for a person, data for a program, and the draft as it now is."""

    paragraphs: list[str]
    draft: dict[str, Any]
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The whole answer."""
        return "\n\n".join(self.paragraphs)


async def open_thread(engine: Engine, account_id: str) -> Thread:
    """Start a conversation about an account; NotFound without one."""
    services = engine.services
    now = services.wall.now()

    def write(conn: Connection) -> Thread:
        accounts.get_account(conn, account_id)
        return chats.create_thread(conn, account_id=account_id, now=now)

    return await services.db.write(write)


async def answer(engine: Engine, thread_id: str, text: str) -> tuple[Message, Reply]:
    """Store what the person said, find the answer and store it too. The stored answer and its parts."""
    services = engine.services
    said_at = services.wall.now()

    def hear(conn: Connection) -> tuple[Thread, Account, Message]:
        thread = chats.get_thread(conn, thread_id)
        said = chats.add_message(conn, thread, role="person", text=text, now=said_at)
        return thread, accounts.get_account(conn, thread.account_id), said

    thread, account, said = await services.db.write(hear)
    reply = await _reply(engine, thread, account, said)
    now = services.wall.now()

    def speak(conn: Connection) -> Message:
        chats.set_draft(conn, thread.id, draft=reply.draft)
        return chats.add_message(conn, thread, role="assistant", text=reply.text, now=now, data=reply.data)

    return await services.db.write(speak), reply


async def events(engine: Engine, thread_id: str, text: str) -> AsyncIterator[dict[str, Any]]:
    """The answer as AG-UI events: run started, state, the text by paragraphs, run finished."""
    turn = {"threadId": thread_id}
    yield {"type": "RUN_STARTED", **turn}
    message, reply = await answer(engine, thread_id, text)
    yield {"type": "STATE_SNAPSHOT", "snapshot": {"draft": reply.draft.get("fields", {}), **reply.data}}
    yield {"type": "TEXT_MESSAGE_START", "messageId": message.id, "role": "assistant"}
    for number, paragraph in enumerate(reply.paragraphs):
        delta = paragraph if number == 0 else f"\n\n{paragraph}"
        yield {"type": "TEXT_MESSAGE_CONTENT", "messageId": message.id, "delta": delta}
    yield {"type": "TEXT_MESSAGE_END", "messageId": message.id}
    yield {"type": "RUN_FINISHED", **turn, "runId": message.id, "result": reply.data}


async def _reply(engine: Engine, thread: Thread, account: Account, said: Message) -> Reply:
    if _DECIDING.search(said.text):
        return await _not_here(engine, thread, account)
    if thread.draft.get("run_id") and len(said.text) < 120 and _STATUS.search(said.text):
        return await _status(engine, thread)
    try:
        draft = _grown(thread.draft, said.text, account=account)
    except InvalidInput as error:
        return Reply([f"{error.what}. {error.fix}", f"Example: {EXAMPLE}"], thread.draft, {"problem": error.code})
    if draft["missing"]:
        return Reply(_asking(engine, draft), draft, {"missing": draft["missing"]})
    return await _start(engine, account, draft, said)


# Reading


def _grown(old: dict[str, Any], text: str, *, account: Account) -> dict[str, Any]:
    """The draft after one more message: what was said explicitly stays until it is said anew."""
    base = {} if old.get("run_id") else old
    texts = [*base.get("texts", []), text]
    now, whole = parse_free_text(text), parse_free_text("\n".join(texts)[-MAX_CHARACTERS:])
    fresh = {line.partition(":")[0].replace(" ", "_"): line for line in now.understood}
    fields = {**base.get("given", {}), **{name: now.fields[name] for name in fresh if name in now.fields}}
    said = {**base.get("said", {}), **fresh}
    missing = _fill_in(fields, said, base=base, text=text, now=now)
    _in_account_currency(fields, said, readings=(now, whole), account=account)
    complete = {**whole.fields, **fields}
    return {
        "texts": texts[-40:],
        "given": fields,
        "said": said,
        "fields": complete,
        "defaults": [line for line in whole.defaults if not _answered(line, fields)],
        "ignored": [*base.get("ignored", []), *now.ignored][-20:],
        "missing": missing,
    }


def _fill_in(
    fields: dict[str, Any], said: dict[str, Any], *, base: dict[str, Any], text: str, now: BriefDraft
) -> list[str]:
    """Take a bare answer to what was asked; what is still missing."""
    asked = base.get("missing", [])
    bare = " ".join(text.split()).strip(" .!")
    if "budget" not in fields and any("budget" in item for item in asked):
        try:
            budget = parse_budget(bare)
            daily = budget.daily(days=14)
            fields["budget"] = {"daily": str(daily.major), "currency": daily.currency}
            said["budget"] = f"budget: {daily} a day"
            if not budget.currency_named:
                said["currency_defaulted"] = ""
        except InvalidInput:
            pass
    is_bare = 0 < len(bare.split()) <= 10 and "?" not in bare and not any(char.isdigit() for char in bare)
    if "product" not in fields and _PRODUCT in asked and is_bare and not now.ignored and "budget" in fields:
        fields["product"], said["product"] = bare[:300], f"product: {bare[:300]}"
    missing = [] if "product" in fields else [_PRODUCT]
    if "budget" not in fields:
        missing.append(next((item for item in now.missing if "budget" in item), _BUDGET))
    return missing


def _in_account_currency(
    fields: dict[str, Any], said: dict[str, Any], *, readings: tuple[BriefDraft, BriefDraft], account: Account
) -> None:
    """A figure without a currency is in the account's."""
    budget = fields.get("budget")
    named_none = any(line.startswith("currency:") for line in readings[0].defaults) or "currency_defaulted" in said
    said.pop("currency_defaulted", None)
    if isinstance(budget, dict) and named_none and budget["currency"] != account.config.currency:
        fields["budget"] = {**budget, "currency": account.config.currency}
        said["budget"] = f"budget: {budget['daily']} {account.config.currency} a day, the account's currency"


def _answered(default: str, fields: dict[str, Any]) -> bool:
    if default.startswith("currency:"):
        return True  # told with the budget, in the account's currency
    names = {"platform": "platforms", "length": "days", "kind of business": "vertical"}
    head = default.partition(":")[0]
    return names.get(head, head.replace(" ", "_")) in fields


# Answering


def _mode(engine: Engine) -> str:
    model = engine.services.roster.chat_model
    return _WITH_MODEL.format(name=model.name) if model else _NO_MODEL


def _understood(draft: dict[str, Any]) -> list[str]:
    said = [str(line) for line in draft["said"].values()]
    parts = [f"I understood {'; '.join(said)}."] if said else []
    if draft["ignored"]:
        parts.append(f"I left out {'; '.join(draft['ignored'])}.")
    return parts


def _asking(engine: Engine, draft: dict[str, Any]) -> list[str]:
    return [
        _mode(engine),
        *_understood(draft),
        f"Please tell me {' and '.join(draft['missing'])}.",
        f"Example: {EXAMPLE}",
        CANNOT,
    ]


async def _start(engine: Engine, account: Account, draft: dict[str, Any], said: Message) -> Reply:
    services = engine.services
    today = accounts.business_now(account, wall=services.wall.now()).date()
    try:
        brief = brief_from_mapping(_brief_fields(draft), where="chat", today=today)
        if not await has_history(engine, account.id):
            key = f"first-sync:{account.id}"
            await engine.start_run(account_id=account.id, graph="optimise", inputs={}, idempotency_key=key)
        run = await start_campaign(engine, account_id=account.id, brief=brief, idempotency_key=f"chat:{said.id}")
    except GeminiVideoError as error:
        told = [_mode(engine), *_understood(draft), f"It cannot be started so: {error.what}. {error.fix}"]
        return Reply([*told, f"Example: {EXAMPLE}"], draft, {"problem": error.code, "missing": []})
    data = {"run_id": run.id, "brief": brief.model_dump(mode="json"), "missing": []}
    return Reply(_started(engine, draft, brief, run.id), {**draft, "run_id": run.id}, data)


def _brief_fields(draft: dict[str, Any]) -> dict[str, Any]:
    notes = "\n\n".join(draft["texts"])
    return {**draft["fields"], "notes": notes[:20_000]}


def _started(engine: Engine, draft: dict[str, Any], brief: Brief, run_id: str) -> list[str]:
    settings = engine.services.settings
    defaults = [f"I took as given: {'; '.join(draft['defaults'])}."] if draft["defaults"] else []
    return [
        _mode(engine),
        *_understood(draft),
        *defaults,
        f"Run {run_id} now writes, judges and renders {brief.variants} ads for {brief.brand.name}. Nothing is spent: "
        f"it stops and asks you first, and {brief.daily_budget} a day is what it will ask for.",
        *_wished(brief, named="brand" in draft["given"]),
        f"To change something, say it again as a whole, for example: {EXAMPLE}",
        CANNOT,
        f"Follow it: geminivideo runs show {run_id}\n"
        f"That also puts the finished files into {settings.home.resolve() / 'runs' / run_id}\n"
        f"Then decide: geminivideo approvals approve {run_id}",
    ]


def _wished(brief: Brief, *, named: bool) -> list[str]:
    """What would make better ads: ads claim nothing that the brief does not say."""
    absent = [
        name
        for name, given in (("a brand name", named), ("benefits", brief.benefits), ("proof", brief.proof))
        if not given
    ]
    lines = "a line each: `brand: …`, `benefits: …; …`, `proof: …`"
    return [f"The ads claim nothing that you did not say. Better with {', '.join(absent)} ({lines})."] if absent else []


async def _not_here(engine: Engine, thread: Thread, account: Account) -> Reply:
    waiting = await engine.services.treasury.pending(account.id)
    lines = [f"{view.title}: geminivideo approvals approve {view.id}" for view in waiting]
    told = "Decisions about money are not taken in chat, whatever is written here."
    rest = ["What waits for you:\n" + "\n".join(lines)] if lines else ["Nothing waits for a decision at the moment."]
    return Reply([told, *rest], thread.draft, {"approvals": [view.id for view in waiting]})


async def _status(engine: Engine, thread: Thread) -> Reply:
    run_id = str(thread.draft["run_id"])
    services = engine.services
    run = await services.db.read(lambda conn: runs.get_run(conn, run_id))
    said = await services.db.read(lambda conn: runs.events_after(conn, run_id, limit=10_000))
    latest = f" Last: {said[-1].who}: {said[-1].text}" if said else ""
    follow = f"Decide: geminivideo approvals approve {run_id}" if run.status == "waiting_approval" else ""
    parts = [f"Run {run_id} is {run.status.replace('_', ' ')}.{latest}", follow, f"geminivideo runs show {run_id}"]
    return Reply([part for part in parts if part], thread.draft, {"run_id": run_id, "status": run.status})
