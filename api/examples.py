"""One example for each operation of the OpenAPI document, made from the nouns so that it cannot drift from them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder

from geminivideo.accounts import Account, AccountConfig
from geminivideo.ads import AdState
from geminivideo.brief import BrandKit, Brief
from geminivideo.creative_dna import CreativeDna
from geminivideo.judgement import Prediction, Recalled
from geminivideo.money import Money
from memory.audit import AuditReport
from memory.ledger import ChangeRecord
from memory.runs import Run
from treasury.views import ApprovalRow, ApprovalView

_NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
_ACCOUNT, _RUN, _SET, _THREAD = "acc_demo", "run_01m7weqcs9", "ap_01m7wetcsc", "thr_01m7wevzxc"
_DIGEST = "7bf888aef1cb2b79" * 4
_CHANGE = "chg_01m7wf2k5p"


def add_examples(app: FastAPI) -> None:
    """Put the examples into the document when it is asked for."""
    plain: Callable[[], dict[str, Any]] = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()
            for path in document["paths"].values():
                for operation in path.values():
                    _illustrate(operation)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _illustrate(operation: dict[str, Any]) -> None:
    said, answered = EXAMPLES[operation["operationId"]]
    if said is not None:
        operation["requestBody"]["content"]["application/json"]["example"] = jsonable_encoder(said)
    good = next(status for status in operation["responses"] if status.startswith("2"))
    for media in operation["responses"][good].setdefault("content", {"application/json": {}}).values():
        media["example"] = jsonable_encoder(answered)


_BRIEF = Brief(
    brand=BrandKit(name="Northbrew", primary="#2B1A12", secondary="#F6EBDD", accent="#E8A33D"),
    product="cold brew on tap for offices",
    offer="a free tasting week for your whole office",
    place="Austin, Texas",
    vertical="local_services",
    benefits=("fresh keg every Monday", "ready in 5 seconds"),
    call_to_action="book",
    link="https://northbrew.example/tasting",
    daily_budget=Money(minor=30_000, currency="USD"),
)
_CONFIG = AccountConfig(mode="service", vertical="local_services", timezone="America/Chicago")
_OWNER = Account(
    id=_ACCOUNT,
    name="Northbrew (simulated)",
    platform="meta",
    external_id="118020000000007",
    simulated=True,
    config=_CONFIG,
    simulated_now=_NOW,
    created_at=_NOW,
)
_STARTED = Run(
    id=_RUN,
    account_id=_ACCOUNT,
    graph="campaign",
    status="queued",
    inputs={"brief": _BRIEF.model_dump(mode="json")},
    code_version="5d41402abc4b2a76",
    idempotency_key="brief-2026-03-02",
    created_at=_NOW,
)
_VIEW = ApprovalView(
    id=_SET,
    account_id=_ACCOUNT,
    run_id=_RUN,
    purpose="spend",
    simulated=True,
    state="proposed",
    digest=_DIGEST,
    title="1 new ad (simulated)",
    rows=(
        ApprovalRow(
            change_id=_CHANGE,
            kind="create",
            ad_id="ad_01m7wf2k5q",
            ad_name="Why is the line so long?",
            before="not there yet",
            after="$100.00 a day",
            difference="+$100.00 a day",
            reason="Predicted CTR 2.4% (1.8% to 3.1%), above the account's 1.9%.",
        ),
    ),
    total_before="$0.00",
    total_after="$100.00",
    most_to_lose="At most $175.00 on these ads before the next daily review.",
    evidence=(),
    supersedes=None,
    created_at=_NOW,
    expires_at=_NOW + timedelta(days=1),
    if_nothing="If nobody answers by 2026-03-03 15:00 UTC, it expires: that is a no, and everything stays as it is.",
)
_ENTRY = ChangeRecord(
    id=_CHANGE,
    account_id=_ACCOUNT,
    set_id=_SET,
    position=0,
    kind="create",
    external_id="120210000000311",
    ad_id="ad_01m7wf2k5q",
    before_minor=None,
    after_status="ACTIVE",
    after_minor=10_000,
    currency="USD",
    state="verified",
    lease_owner=None,
    lease_until=None,
    fence=1,
    attempts=1,
    day=_NOW.date(),
    sent_at=_NOW,
    settled_at=_NOW,
    steps={},
    read_back=None,
    error=None,
    rollback_of=None,
)
_DNA = CreativeDna(
    hook_type="question",
    cta_style="book",
    offer_type="free_trial",
    duration_ms=14_000,
    words=30,
    headline_words=6,
    has_number=False,
    has_question=True,
    second_person=True,
    urgency=False,
    social_proof=False,
    opening="Why is the line so long?",
)
_STATE = AdState(
    ad_id="ad_01m7wf2k5q",
    account_id=_ACCOUNT,
    as_of=_NOW,
    age_days=6,
    status="active",
    daily_budget_minor=10_000,
    currency="USD",
    impressions=41_000,
    reach=29_500,
    clicks=930,
    spend_minor=58_400,
    leads=31,
    deals=4,
    deal_amount_minor=360_000,
    pipeline_value_minor=126_000,
    revenue_minor=90_000,
)
_WINNER = Recalled(
    ad_id="ad_lnnzimwcfr",
    kind="winner",
    copy_text="Taste it before you buy it. One free week for your whole office.",
    dna=_DNA,
    similarity=0.71,
    impressions=88_000,
    ctr_ppm=31_200,
    ctr_low_ppm=29_900,
    roas_percent=412,
    vertical="local_services",
)
_PREDICTED = Prediction(ctr_ppm=24_100, low_ppm=18_300, high_ppm=31_000, base_rate_ppm=19_200, model_version="ctr/1")
_EVENT = {"run_id": _RUN, "seq": 4, "at": _NOW, "kind": "recall.done", "who": "director",
          "text": "Recalled 5 winning ads and 5 to avoid.", "data": {}}  # fmt: skip
_SAID = {
    "type": "TEXT_MESSAGE_CONTENT",
    "messageId": "msg_01m7wew00p",
    "delta": "I understood budget: $300.00 a day; place: Austin; product: bakery.",
}
_THREAD_BODY = {"id": _THREAD, "account_id": _ACCOUNT, "draft": {}, "created_at": _NOW}
_STOPPED = {"account_id": _ACCOUNT, "stopped": True, "pauses": None}

EXAMPLES: dict[str, tuple[Any, Any]] = {
    "get_health": (None, {"status": "ok", "accounts": 1, "models": ["Director: on-board"]}),
    "post_run": (
        {"account_id": _ACCOUNT, "graph": "campaign", "brief": _BRIEF.model_dump(mode="json"), "seed": 7},
        _STARTED,
    ),
    "get_runs": (None, [_STARTED]),
    "get_run": (None, _STARTED),
    "post_resume": (None, _STARTED),
    "post_cancel": (None, _STARTED.model_copy(update={"status": "cancelled", "finished_at": _NOW})),
    "get_events": (None, _EVENT),
    "get_approvals": (None, [_VIEW]),
    "get_approval": (None, _VIEW),
    "post_decision": (
        {"verdict": "approve", "digest": _DIGEST, "reason": "Looks right."},
        _VIEW.model_copy(update={"state": "approved"}),
    ),
    "post_thread": ({"account_id": _ACCOUNT}, _THREAD_BODY),
    "get_conversation": (None, {"thread": _THREAD_BODY, "messages": []}),
    "post_message": ({"text": "$300 a day for a bakery in Austin"}, _SAID),
    "get_accounts": (None, [_OWNER]),
    "get_account": (None, _OWNER),
    "get_config": (None, _CONFIG),
    "put_config": (_CONFIG, _CONFIG),
    "post_stop": ({"reason": "something looks wrong", "pause_all": False}, _STOPPED),
    "post_start": (None, _VIEW.model_copy(update={"purpose": "start", "run_id": ""})),
    "get_ledger": (None, [_ENTRY]),
    "get_audit": (
        None,
        AuditReport(account_id=_ACCOUNT, rows=12, intact=True, head={"seq": 12, "hash": _DIGEST}),  # type: ignore[arg-type]
    ),
    "get_asset": (None, "the bytes of the file"),
    "search_winners": ({"account_id": _ACCOUNT, "query": "free tasting week", "k": 3}, {"ads": [_WINNER]}),
    "predict_ctr": (
        {"account_id": _ACCOUNT, "creatives": [{"dna": _DNA, "text": "Why is the line so long?"}]},
        {
            "predictions": [_PREDICTED],
            "report": {
                "ads": 220,
                "impressions": 2_400_000,
                "clicks": 46_000,
                "base_rate_ppm": 19_200,
                "beats_base_rate": True,
                "normalised_entropy": 0.991,
                "gain_low": 0.002,
                "gain_high": 0.015,
                "rank_correlation": 0.31,
                "coverage_percent": 81.0,
                "slope": 0.6,
                "text": "Trained on 220 ads.",
            },
        },
    ),
    "allocate": (
        {"account_id": _ACCOUNT, "total_minor": 30_000, "seed": 7, "states": [_STATE], "now": _NOW},
        {"ads": [], "asked_minor": 30_000, "total_minor": 0, "currency": "USD", "seed": 7, "as_of": _NOW, "notes": []},
    ),
}
"""Request and answer by operation; None where there is no body."""
