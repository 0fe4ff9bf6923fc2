"""Spend changes: proposed changes of what leaves the account, and the digest that an approval is bound to.

One change walks one state machine (DESIGN rule 2):

    proposed -> approved -> leased -> sent -> applied | refused | unknown -> verified
    beside it: declined, expired, voided, rolled_back
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, model_validator

from geminivideo.brief import AssetId
from geminivideo.canonical import digest
from geminivideo.model import Noun
from geminivideo.money import Money
from geminivideo.vocabulary import Format, Platform

ChangeKind = Literal["create", "budget", "pause", "resume"]
ChangeState = Literal[
    "proposed", "approved", "leased", "sent", "applied", "refused", "unknown", "verified",
    "declined", "expired", "voided", "rolled_back",
]  # fmt: skip
OPEN_STATES: frozenset[ChangeState] = frozenset({"proposed", "approved", "leased", "sent", "unknown", "applied"})
"""States from which a change still moves; `applied` waits for its read-back."""

SetState = Literal["proposed", "approved", "declined", "expired", "voided", "done"]
Verdict = Literal["approve", "edit", "reject", "ask"]
Purpose = Literal["spend", "stop", "start"]
"""Ordinary changes; the emergency pause of the kill switch; starting again after it."""
DeliveryStatus = Literal["ACTIVE", "PAUSED"]


class SpendState(Noun):
    """What the platform shows, or shall show, for one ad set: its delivery and its daily budget."""

    status: DeliveryStatus
    daily_budget: Money


class PublishSpec(Noun):
    """Everything that a create sends, so that the approval's digest covers it."""

    campaign_name: str
    campaign_external_id: str | None = None
    """Set when the creative joins a campaign that is already there."""
    primary_text: str
    headline: str
    call_to_action: str
    link: str
    place: str
    videos: Annotated[tuple[tuple[Format, AssetId], ...], Field(min_length=1)]
    blueprint_id: str
    replaces_ad_id: str | None = None


class SpendChange(Noun):
    """One change, aimed at (platform, account, entity kind, external id), with a before and an after.

    `ad_id` is our id of the ad that a person sees; the budget sits on its ad set (`external_id`).
    """

    id: str
    kind: ChangeKind
    platform: Platform
    entity_kind: Literal["ad_set"] = "ad_set"
    external_id: str | None
    ad_id: str
    ad_name: str
    before: SpendState | None
    after: SpendState
    publish: PublishSpec | None = None
    reason: str
    """One plain sentence that a person can judge."""

    @model_validator(mode="after")
    def _consistent(self) -> SpendChange:
        creates = self.kind == "create"
        if creates != (self.external_id is None) or creates != (self.before is None):
            raise ValueError("a create has no external id and no before; every other change has both")
        if creates != (self.publish is not None):
            raise ValueError("a create carries what it publishes; no other change does")
        if self.after.daily_budget.minor < 0 or (creates and self.after.daily_budget.minor == 0):
            raise ValueError("a budget must not be negative, and a new ad's must be more than zero")
        if self.before is not None:
            _check_kind(self.kind, self.before, self.after)
        return self

    @property
    def daily_increase_minor(self) -> int:
        """How much more may leave the account in a day once this is applied (negative: less)."""
        return _live_minor(self.after) - _live_minor(self.before)


class ChangeSet(Noun):
    """Changes that one person decides at once, and what the decision is bound to."""

    id: str
    account_id: str
    simulated: bool
    run_id: str
    """Empty where a person asked directly, as with the kill switch."""
    purpose: Purpose = "spend"
    changes: tuple[SpendChange, ...]
    evidence: tuple[str, ...] = ()
    """SHA-256 of each record that the proposal rests on."""
    policy_version: str
    """Hash of the account configuration that the proposal was made under."""
    code_version: str
    """Version of the code that asked; other code parks the approval."""
    supersedes: str | None = None
    created_at: AwareDatetime
    expires_at: AwareDatetime

    @model_validator(mode="after")
    def _each_thing_once(self) -> ChangeSet:
        if not self.changes and self.purpose != "start":
            raise ValueError("a set holds at least one change")
        only: dict[Purpose, ChangeKind] = {"stop": "pause", "start": "resume"}
        if any(change.kind != only.get(self.purpose, change.kind) for change in self.changes):
            raise ValueError("an emergency stop only pauses, and starting again only resumes")
        aims = [(change.platform, change.external_id) for change in self.changes if change.external_id]
        ids = [change.id for change in self.changes]
        if len(set(aims)) < len(aims) or len(set(ids)) < len(ids):
            raise ValueError("a set changes each ad set once, and each change has its own id")
        return self

    @property
    def digest(self) -> str:
        """SHA-256 that an approval must echo: canonical JSON of everything above."""
        return digest(self.model_dump(mode="json"), prefix="geminivideo/change-set/1")


def _live_minor(state: SpendState | None) -> int:
    return state.daily_budget.minor if state and state.status == "ACTIVE" else 0


def _check_kind(kind: ChangeKind, before: SpendState, after: SpendState) -> None:
    """A change does what its kind says and no more, so that what a person reads is what happens."""
    if before.daily_budget.currency != after.daily_budget.currency:
        raise ValueError("before and after are in different currencies")
    same_status, same_budget = before.status == after.status, before.daily_budget == after.daily_budget
    fits = {
        "budget": same_status,
        "pause": same_budget and after.status == "PAUSED",
        "resume": same_budget and after.status == "ACTIVE",
        "create": True,
    }[kind]
    if not fits:
        raise ValueError(f"a {kind} change alters only what its kind says")
