"""HubSpot's CRM search over the simulated deals, in its own shapes."""

from __future__ import annotations

import hashlib
import hmac
import json
import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from geminivideo.money import Money
from sandbox.faults import Fault, Faults, strikes_first
from sandbox.simulation import Simulation
from sandbox.wire.answers import broken_answer
from sandbox.world import DealRow

SEARCH_LIMIT = 10_000
"""A search shows ten thousand results at most (platforms.md, HubSpot)."""

Operator = Literal["EQ", "NEQ", "LT", "LTE", "GT", "GTE", "IN", "BETWEEN", "HAS_PROPERTY", "NOT_HAS_PROPERTY"]
_KNOWN = ("dealname", "amount", "dealstage", "pipeline", "createdate", "closedate", "hs_lastmodifieddate",
          "hs_object_id", "source_ad_id", "deal_currency_code")  # fmt: skip
_ALWAYS = ("createdate", "hs_lastmodifieddate", "hs_object_id")
_TIMES = ("createdate", "closedate", "hs_lastmodifieddate")


_COMPARE: dict[str, Callable[[tuple[int, str], tuple[int, str]], bool]] = {
    "EQ": operator.eq,
    "NEQ": operator.ne,
    "LT": operator.lt,
    "LTE": operator.le,
    "GT": operator.gt,
    "GTE": operator.ge,
}


class Filter(BaseModel):
    """One condition on one property."""

    propertyName: str
    operator: Operator
    value: str | int | None = None
    values: list[str] = []
    highValue: str | int | None = None


class FilterGroup(BaseModel):
    """Conditions that must all hold."""

    filters: Annotated[list[Filter], Field(max_length=6)]


class Sort(BaseModel):
    """An order by one property."""

    propertyName: str
    direction: Literal["ASCENDING", "DESCENDING"] = "ASCENDING"


class Search(BaseModel):
    """The body of a search; groups are alternatives."""

    filterGroups: Annotated[list[FilterGroup], Field(max_length=5)] = []
    sorts: Annotated[list[Sort], Field(max_length=1)] = []
    properties: list[str] = []
    limit: Annotated[int, Field(ge=1, le=200)] = 10
    after: str | int | None = None


class HubSpotWire:
    """The deal search in front of one simulation."""

    def __init__(self, *, sim: Simulation, faults: Faults, token: str) -> None:
        self._sim, self._faults, self._token = sim, faults, token
        self._held: tuple[datetime, list[_Deal]] | None = None

    async def search(self, request: Request) -> Response:
        """POST /crm/v3/objects/deals/search."""
        raw = await request.body()
        fault = self._faults.take(request=f"POST {request.url.path}", body=raw.decode("utf-8", "replace"))
        if fault is not None and strikes_first(fault):
            return await self._struck(fault)
        status, body = self._serve(request.headers.get("authorization", ""), raw=raw)
        if fault is not None:
            return await broken_answer(fault, status=status, body=json.dumps(body).encode())
        return _answer(status, body)

    async def _struck(self, fault: Fault) -> Response:
        if fault.kind == "hubspot_429":
            body = _error("You have reached your secondly limit.", category="RATE_LIMITS")
            body |= {"errorType": "RATE_LIMIT", "policyName": "SECONDLY"}
            return _answer(429, body, headers={"Retry-After": "1"})
        if fault.kind == "expired_token":
            message = "The OAuth token used to make this call expired."
            return _answer(401, _error(message, category="EXPIRED_AUTHENTICATION"))
        if fault.kind == "graph_error":
            return _answer(500, _error("internal error", category="INTERNAL_ERROR"))
        return await broken_answer(fault, status=502, body=b"")

    def _serve(self, bearer: str, *, raw: bytes) -> tuple[int, dict[str, Any]]:
        if not hmac.compare_digest(bearer.encode(), f"Bearer {self._token}".encode()):
            return 401, _error("Authentication credentials not found.", category="INVALID_AUTHENTICATION")
        try:
            search = Search.model_validate_json(raw)
            start = int(search.after or 0)
        except (ValidationError, ValueError):
            return 400, _error("Invalid input JSON", category="VALIDATION_ERROR")
        if start + search.limit > SEARCH_LIMIT:
            return 400, _error("Search results are limited to 10,000.", category="VALIDATION_ERROR")
        try:
            return 200, self._found(search, start=start)
        except (ValueError, ArithmeticError):
            return 400, _error("A filter's value does not fit its property", category="VALIDATION_ERROR")

    def _deals(self) -> list[_Deal]:
        """All deals as they stand; they move with the clock alone, so one moment is rendered once."""
        now = self._sim.world.now
        if self._held is None or self._held[0] != now:
            self._held = (now, [_deal(row, sim=self._sim) for row in self._sim.world.deals()])
        return self._held[1]

    def _found(self, search: Search, *, start: int) -> dict[str, Any]:
        chosen = [deal for deal in self._deals() if _matches(deal, search.filterGroups)]
        for sort in search.sorts:
            chosen.sort(
                key=lambda deal: (_comparable(deal, sort.propertyName), deal.shown["hs_object_id"]),
                reverse=sort.direction == "DESCENDING",
            )
        page = chosen[start : start + search.limit]
        results = [_result(deal.shown, search.properties) for deal in page]
        body: dict[str, Any] = {"total": len(chosen), "results": results}
        end = start + search.limit
        if end < len(chosen):
            body["paging"] = {"next": {"after": str(end), "link": f"?after={end}"}}
        return body


@dataclass(frozen=True)
class _Deal:
    """A deal's properties, and its times and amount as numbers to compare by."""

    shown: dict[str, str]
    numbers: dict[str, int]


def _deal(row: DealRow, *, sim: Simulation) -> _Deal:
    shown = _properties(row, sim=sim)
    numbers = {name: _milliseconds(shown[name]) for name in _TIMES if shown[name]}
    return _Deal(shown, numbers | {"amount": int(Decimal(shown["amount"]) * 100)})


def _properties(deal: DealRow, *, sim: Simulation) -> dict[str, str]:
    amount = Money(minor=deal.amount_minor, currency=sim.config.currency).major
    closed = deal.stage in ("closedwon", "closedlost")
    return {
        "hs_object_id": deal.id,
        "dealname": f"Office tasting {deal.id[-5:]}",
        "amount": str(amount.quantize(Decimal(1)) if amount == amount.to_integral_value() else amount),
        "deal_currency_code": sim.config.currency,
        "dealstage": deal.stage,
        "pipeline": "default",
        "createdate": _time(deal.created_at),
        "closedate": _time(deal.modified_at) if closed else "",
        "hs_lastmodifieddate": _time(deal.modified_at),
        "source_ad_id": sim.ad_of_key.get(deal.source_ad_key, ""),
    }


def _matches(deal: _Deal, groups: list[FilterGroup]) -> bool:
    return not groups or any(all(_holds(deal, condition) for condition in group.filters) for group in groups)


def _holds(deal: _Deal, condition: Filter) -> bool:
    name = condition.propertyName
    if condition.operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return bool(deal.shown.get(name)) == (condition.operator == "HAS_PROPERTY")
    if condition.operator == "IN":
        return deal.shown.get(name, "") in condition.values
    ours, bound = _comparable(deal, name), _bound(name, condition.value)
    if condition.operator == "BETWEEN":
        return bound <= ours <= _bound(name, condition.highValue)
    return _COMPARE[condition.operator](ours, bound)


def _comparable(deal: _Deal, name: str) -> tuple[int, str]:
    if name in deal.numbers:
        return deal.numbers[name], ""
    return 0, deal.shown.get(name, "")


def _bound(name: str, value: str | int | None) -> tuple[int, str]:
    """Times compare as milliseconds whether they came as ISO or as a number; amounts as cents; the rest as text."""
    if name in _TIMES and value not in (None, ""):
        return _milliseconds(str(value)), ""
    if name == "amount" and value not in (None, ""):
        return int(Decimal(str(value)) * 100), ""
    return 0, str(value or "")


def _milliseconds(value: str) -> int:
    if value.isdigit():
        return int(value)
    moment = datetime.fromisoformat(value)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _result(deal: dict[str, str], properties: list[str]) -> dict[str, Any]:
    wanted = dict.fromkeys([*_ALWAYS, *properties])
    shown = {name: (deal[name] or None) if name in _KNOWN else None for name in wanted}
    return {
        "id": deal["hs_object_id"],
        "properties": shown,
        "createdAt": deal["createdate"],
        "updatedAt": deal["hs_lastmodifieddate"],
        "archived": False,
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _error(message: str, *, category: str) -> dict[str, Any]:
    correlation = hashlib.sha256(message.encode()).hexdigest()[:32]
    return {"status": "error", "message": message, "correlationId": correlation, "category": category}


def _answer(status: int, body: dict[str, Any], *, headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(body), status_code=status, headers=headers, media_type="application/json")
