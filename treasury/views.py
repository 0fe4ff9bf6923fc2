"""An approval as a person reads it, rendered from the digested bytes alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from geminivideo.model import Noun
from geminivideo.money import Money
from geminivideo.spend import ChangeKind, ChangeSet, Purpose, SetState, SpendChange, SpendState
from memory.ledger import Decision, SetRecord

OVERSPEND_PERCENT = {"meta": 75}
"""How far a platform may go over a daily budget on one day (Meta: up to 75%, evened out over the week)."""
REVIEW_DAYS = 1
"""Budgets are reviewed daily by default."""


class ApprovalRow(Noun):
    """One change in plain words."""

    change_id: str
    kind: ChangeKind
    ad_id: str
    ad_name: str
    before: str
    after: str
    difference: str
    """Per day, signed."""
    reason: str
    details: tuple[str, ...] = ()
    """What a new ad says and where it leads, exactly as it is sent."""


class ApprovalView(Noun):
    """A set of changes for a decision. `digest` is what the decision must echo."""

    id: str
    account_id: str
    run_id: str
    purpose: Purpose
    simulated: bool
    state: SetState
    digest: str
    title: str
    rows: tuple[ApprovalRow, ...]
    total_before: str
    total_after: str
    most_to_lose: str
    """One sentence."""
    evidence: tuple[str, ...]
    supersedes: str | None
    created_at: datetime
    expires_at: datetime
    if_nothing: str
    """What happens if nobody answers."""
    decisions: tuple[Decision, ...] = ()


def view(record: SetRecord, *, decisions: Sequence[Decision] = ()) -> ApprovalView:
    """The set in plain words. The digest is that of the shown bytes: an altered body cannot be approved."""
    change_set = record.change_set
    return ApprovalView(
        id=change_set.id,
        account_id=change_set.account_id,
        run_id=change_set.run_id,
        purpose=change_set.purpose,
        simulated=change_set.simulated,
        state=record.state,
        digest=change_set.digest,
        title=_title(change_set),
        rows=tuple(_row(change) for change in change_set.changes),
        total_before=_total([change.before for change in change_set.changes], change_set),
        total_after=_total([change.after for change in change_set.changes], change_set),
        most_to_lose=_most_to_lose(change_set),
        evidence=change_set.evidence,
        supersedes=change_set.supersedes,
        created_at=change_set.created_at,
        expires_at=change_set.expires_at,
        if_nothing=_if_nothing(change_set),
        decisions=tuple(decisions),
    )


def _title(change_set: ChangeSet) -> str:
    kinds = [change.kind for change in change_set.changes]
    words = {"create": "new ad", "budget": "budget change", "pause": "pause", "resume": "resumed ad"}
    counts = {word: kinds.count(kind) for kind, word in words.items()}  # type: ignore[arg-type]
    parts = [f"{count} {word}{'s' if count > 1 else ''}" for word, count in counts.items() if count]
    subject = ", ".join(parts) or "no ad is changed"
    lead = {"spend": "", "stop": "Emergency stop: ", "start": "Start spending again: "}[change_set.purpose]
    return f"{lead}{subject}{' (simulated)' if change_set.simulated else ''}"


def _row(change: SpendChange) -> ApprovalRow:
    more = change.daily_increase_minor
    amount = Money(minor=abs(more), currency=change.after.daily_budget.currency)
    return ApprovalRow(
        change_id=change.id,
        kind=change.kind,
        ad_id=change.ad_id,
        ad_name=change.ad_name,
        before=_state(change.before),
        after=_state(change.after),
        difference="no change" if more == 0 else f"{'+' if more > 0 else '-'}{amount} a day",
        reason=change.reason,
        details=_details(change),
    )


def _state(state: SpendState | None) -> str:
    if state is None:
        return "not there yet"
    return f"{state.daily_budget} a day" if state.status == "ACTIVE" else f"paused (budget {state.daily_budget} a day)"


def _details(change: SpendChange) -> tuple[str, ...]:
    spec = change.publish
    if spec is None:
        return ()
    formats = ", ".join(f"{shape} {asset[:12]}…" for shape, asset in spec.videos)
    return (
        f"Campaign: {spec.campaign_name}",
        f"Text: {spec.primary_text}",
        f"Headline: {spec.headline}",
        f"Button: {spec.call_to_action}",
        f"Leads to: {spec.link}",
        f"Place: {spec.place or 'everywhere the account targets'}",
        f"Videos: {formats}",
    )


def _live_total(items: Sequence[SpendState | None]) -> int:
    return sum(item.daily_budget.minor for item in items if item is not None and item.status == "ACTIVE")


def _total(items: Sequence[SpendState | None], change_set: ChangeSet) -> str:
    currency = _currency(change_set)
    return str(Money(minor=_live_total(items), currency=currency)) if currency else "nothing"


def _currency(change_set: ChangeSet) -> str:
    return change_set.changes[0].after.daily_budget.currency if change_set.changes else ""


def _most_to_lose(change_set: ChangeSet) -> str:
    currency = _currency(change_set)
    if not currency:
        return "Nothing by itself; later changes can spend again."
    total = _live_total([change.after for change in change_set.changes]) * REVIEW_DAYS
    over = OVERSPEND_PERCENT.get(change_set.changes[0].platform, 0)
    worst = Money(minor=total + total * over // 100, currency=currency)
    if total == 0:
        return "Nothing: none of these ads is live afterwards."
    plain = Money(minor=total, currency=currency)
    return (
        f"At most {worst} on these ads before the next daily review: their budgets of {plain}, "
        f"which the platform may exceed by {over}% on one day."
    )


def _if_nothing(change_set: ChangeSet) -> str:
    stays = "the account stays stopped" if change_set.purpose == "start" else "everything stays as it is"
    return f"If nobody answers by {change_set.expires_at:%Y-%m-%d %H:%M} UTC, it expires: that is a no, and {stays}."
