"""The Graph API as far as one slice needs it: routing, tokens, paging, batches, usage headers and planted faults."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from sandbox.catalogue import AdNode, AdSet, Campaign, Node, Video
from sandbox.faults import Fault, Faults, strikes_first
from sandbox.graph_error import GraphError, invalid, of_code, unknown_object
from sandbox.journal import Journal
from sandbox.simulation import Op, Simulation
from sandbox.wire.answers import broken_answer
from sandbox.wire.meta_insights import insight_rows, show_insight
from sandbox.wire.meta_nodes import Renderer, parse_fields
from sandbox.wire.meta_writes import create_op, update_op
from sandbox.wire.params import Call, item_call, read_call, structure, text, whole

BATCH_LIMIT = 50
_EDGES = ("campaigns", "adsets", "adcreatives", "ads", "advideos")
_POINTS_LIMIT, _POINTS_SECONDS = 9_000, 300.0
"""Read 1 point, write 3; 9000 decaying over 300 s (platforms.md, Meta limits)."""


@dataclass(frozen=True)
class Secrets:
    """What a caller must know. These open a simulation, nothing else."""

    access_token: str = "sandbox-token"  # noqa: S105
    app_secret: str = "sandbox-app-secret"  # noqa: S105


@dataclass
class MetaWire:
    """One Graph endpoint in front of one simulation."""

    sim: Simulation
    journal: Journal
    faults: Faults
    secrets: Secrets
    _points: deque[tuple[float, int]] = field(default_factory=deque)

    async def handle(self, request: Request, path: str) -> Response:
        """Answer one request."""
        try:
            call = await read_call(request, path=path)
        except GraphError as error:
            return self._answer(error.status, error.body())
        label = f"{call.method} /{path.strip('/')}"
        fault = self.faults.take(request=label, body=json.dumps(call.content(), default=str))
        if fault is not None and strikes_first(fault) and fault.kind != "human_edit":
            return await self._struck(call, fault)
        if fault is not None and fault.edit is not None:
            self.edit(fault.edit.model_dump(exclude_none=True))
        status, body = self._serve(call, fault=fault)
        if fault is not None and fault.kind.startswith("commit_then"):
            return await broken_answer(fault, status=status, body=json.dumps(body).encode())
        return self._answer(status, body, insights=call.path.endswith("insights"))

    def edit(self, change: dict[str, Any]) -> dict[str, Any]:
        """A person changes something in the platform's own page; it counts against no limit."""
        op: Op = {"do": "update", "id": change["id"], "by_hand": True}
        if "daily_budget_minor" in change:
            op["daily_budget"] = change["daily_budget_minor"]
        if "status" in change:
            op["status"] = change["status"]
        result = self.sim.apply(op)
        self.record("HUMAN", path=change["id"], content=change, status=200, body=result, op=op)
        return result

    def record(
        self,
        method: str,
        *,
        path: str,
        content: dict[str, Any],
        status: int,
        body: Any,
        op: Op | None,
        change: str = "",
        fault: str = "",
    ) -> None:
        """One journal line: what came, what it answered, and the operation if it took effect."""
        self.journal.append(
            {
                "at": self.sim.world.now.isoformat(),
                "wall": round(time.time(), 3),
                "method": method,
                "path": path,
                "change": change,
                "content": content,
                "outcome": {"status": status, "body": body},
                "committed": op is not None,
                "fault": fault,
                "op": op,
            }
        )

    async def _struck(self, call: Call, fault: Fault) -> Response:
        """A fault before anything happened: the write is journalled as not committed."""
        if fault.kind == "expired_token":
            error = of_code(190)
        elif fault.kind == "graph_error":
            error = of_code(fault.code, subcode=fault.subcode)
        else:
            error = GraphError("No answer", code=2, status=502)
        if call.method != "GET":
            self.record(call.method, path=call.path, content=call.content(), status=error.status, body=error.body(),
                        op=None, change=call.change, fault=fault.kind)  # fmt: skip
        if fault.kind in ("timeout", "html_502"):
            return await broken_answer(fault, status=error.status, body=b"")
        return self._answer(error.status, error.body())

    def _serve(self, call: Call, *, fault: Fault | None) -> tuple[int, Any]:
        try:
            self._check_token(call)
            if call.path == "" and call.method == "POST":
                return 200, self._batch(call)
            return 200, self._one(call, fault=fault)
        except GraphError as error:
            return error.status, error.body()

    def _check_token(self, call: Call) -> None:
        if not call.token:
            raise GraphError("An active access token must be used to query information.", code=2500)
        if not hmac.compare_digest(call.token.encode(), self.secrets.access_token.encode()):
            raise GraphError("Invalid OAuth access token - Cannot parse access token", code=190, status=401)
        proof = hmac.new(self.secrets.app_secret.encode(), call.token.encode(), hashlib.sha256).hexdigest()
        if call.proof and not hmac.compare_digest(call.proof, proof):
            raise GraphError("Invalid appsecret_proof provided in the API argument", code=100)

    def _one(self, call: Call, *, fault: Fault | None = None) -> Any:
        self._points.append((time.monotonic(), 1 if call.method == "GET" else 3))
        if call.method == "GET":
            return self._read(call)
        planted = fault.kind if fault is not None else ""
        try:
            op = self._operation(call)
            if op["do"] == "upload_transfer":
                self._keep_bytes(call, op)
            result = self.sim.apply(op) if not self._dry(call) else {"success": True}
        except GraphError as error:
            self.record(call.method, path=call.path, content=call.content(), status=error.status, body=error.body(),
                        op=None, change=call.change, fault=planted)  # fmt: skip
            raise
        self.record(call.method, path=call.path, content=call.content(), status=200, body=result,
                    op=None if self._dry(call) else op, change=call.change, fault=planted)  # fmt: skip
        return result

    def _operation(self, call: Call) -> Op:
        parts = call.path.split("/")
        if call.method == "DELETE" and len(parts) == 1:
            return {"do": "update", "id": parts[0], "status": "DELETED"}
        if call.method != "POST":
            raise invalid(f"Unsupported {call.method[:10]} request")
        if len(parts) == 2 and parts[0] == f"act_{self.sim.account_id}" and parts[1] in _EDGES:
            return create_op(self.sim, parts[1], call)
        if len(parts) == 1 and not parts[0].startswith("act_"):
            return update_op(self.sim, parts[0], call)
        raise unknown_object(parts[0])

    def _keep_bytes(self, call: Call, op: Op) -> None:
        video = self.sim.session(op["upload_session_id"])
        if op["start_offset"] == video.received:
            self.sim.put_chunk(video, offset=op["start_offset"], chunk=call.chunk or b"")

    def _dry(self, call: Call) -> bool:
        return "validate_only" in (structure(call.params, "execution_options") or [])

    # Reading.

    def _read(self, call: Call) -> Any:
        renderer = Renderer(self.sim, base_url=call.base_url)
        fields = parse_fields(text(call.params, "fields", default=""))
        parts = call.path.split("/") if call.path else []
        if not parts:
            ids = [part for part in text(call.params, "ids").split(",") if part]
            return {node_id: renderer.show(self.sim.node(node_id), fields=fields) for node_id in ids[:50]}
        if len(parts) == 1:
            if parts[0].startswith("act_"):
                self._own_account(parts[0])
                return renderer.account(fields=fields)
            return renderer.show(self.sim.node(parts[0]), fields=fields)
        if parts[1] == "insights":
            rows = insight_rows(self.sim, call, ads=self._ads_below(parts[0], call))
            return self._page(call, rows, show=lambda row: show_insight(self.sim, call, row))
        nodes = self._filtered(call, self._edge(parts[0], parts[1]))
        return self._page(call, nodes, show=lambda node: renderer.show(node, fields=fields))

    def _edge(self, owner: str, edge: str) -> list[Any]:
        if owner.startswith("act_"):
            self._own_account(owner)
            shelves: dict[str, dict[str, Any]] = {
                "campaigns": self.sim.campaigns,
                "adsets": self.sim.ad_sets,
                "adcreatives": self.sim.creatives,
                "ads": self.sim.ads,
                "advideos": self.sim.videos,
            }
            if edge in shelves:
                return list(shelves[edge].values())
            raise unknown_object(f"{owner}/{edge}")
        node = self.sim.node(owner)
        if edge == "adsets" and isinstance(node, Campaign):
            return [s for s in self.sim.ad_sets.values() if s.campaign_id == node.id]
        if edge == "ads" and isinstance(node, Campaign):
            return [a for a in self.sim.ads.values() if self.sim.ad_sets[a.ad_set_id].campaign_id == node.id]
        if edge == "ads" and isinstance(node, AdSet):
            return [a for a in self.sim.ads.values() if a.ad_set_id == node.id]
        raise unknown_object(f"{owner}/{edge}")

    def _ads_below(self, owner: str, call: Call) -> list[AdNode]:
        if not owner.startswith("act_"):
            node = self.sim.node(owner)
            if isinstance(node, AdNode):
                return [node]
        wanted = _conditions(call)
        ads: list[AdNode] = self._edge(owner, "ads")
        return [ad for ad in ads if all(self._holds(ad, condition) for condition in wanted)]

    def _filtered(self, call: Call, nodes: list[Any]) -> list[Any]:
        conditions = _conditions(call)
        title = call.params.get("title")
        if title:
            nodes = [n for n in nodes if isinstance(n, Video) and str(title) in n.title]
        return [node for node in nodes if all(self._holds(node, condition) for condition in conditions)]

    def _holds(self, node: Node, condition: dict[str, Any]) -> bool:
        name, operator, value = condition["field"].split(".")[-1], condition["operator"], condition["value"]
        shown = {"id": node.id, "name": getattr(node, "name", getattr(node, "title", ""))}
        if isinstance(node, Campaign | AdSet | AdNode):
            shown |= {"effective_status": self.sim.effective(node), "configured_status": node.status}
        if name not in shown:
            raise invalid(f"Filtering field {name[:40]} is not supported here")
        if operator == "EQUAL":
            return bool(shown[name] == value)
        if operator == "CONTAIN":
            return str(value).lower() in shown[name].lower()
        if operator == "IN":
            return shown[name] in value
        raise invalid(f"Filtering operator {str(operator)[:40]} is not supported here")

    def _own_account(self, name: str) -> None:
        if name != f"act_{self.sim.account_id}":
            raise unknown_object(name)

    def _page(self, call: Call, items: list[Any], *, show: Callable[[Any], Any]) -> dict[str, Any]:
        limit = min(500, max(1, whole(call.params, "limit") or 25))
        start = _offset(call.params.get("after"))
        chosen = items[start : start + limit]
        page: dict[str, Any] = {"data": [show(item) for item in chosen]}
        if chosen:
            cursors = {"before": _cursor(start), "after": _cursor(start + len(chosen))}
            paging: dict[str, Any] = {"cursors": cursors}
            page["paging"] = paging
            if start + limit < len(items):
                query = {**call.params, "access_token": call.token, "after": _cursor(start + limit)}
                paging["next"] = f"{call.base_url}/v26.0/{call.path}?{urlencode(query)}"
        return page

    # Batches.

    def _batch(self, call: Call) -> list[dict[str, Any] | None]:
        items = structure(call.params, "batch")
        if not isinstance(items, list) or not items:
            raise invalid("Param batch must be a non-empty array")
        if len(items) > BATCH_LIMIT:
            raise GraphError(f"Too many requests in batch message. Maximum batch size is {BATCH_LIMIT}", code=100)
        touched: dict[str, str] = {}
        return [self._batch_item(item_call(item, outer=call), touched=touched) for item in items]

    def _batch_item(self, call: Call, *, touched: dict[str, str]) -> dict[str, Any] | None:
        kinds = frozenset({"null_batch_item"})
        label, body = f"BATCH {call.method} /{call.path}", json.dumps(call.content())
        fault = self.faults.take(request=label, body=body, kinds=kinds)  # type: ignore[arg-type]
        if fault is not None and not fault.commit:
            self.record(call.method, path=call.path, content=call.content(), status=0, body=None, op=None,
                        change=call.change, fault=fault.kind)  # fmt: skip
            return None
        try:
            self._one_ad_set_per_campaign(call, touched=touched)
            status, answer = 200, self._one(call, fault=fault)
        except GraphError as error:
            status, answer = error.status, error.body()
        if fault is not None:
            return None
        headers = [{"name": name, "value": value} for name, value in self._usage().items()]
        return {"code": status, "headers": headers, "body": json.dumps(answer)}

    def _one_ad_set_per_campaign(self, call: Call, *, touched: dict[str, str]) -> None:
        """A batch may not hold several ad sets of one campaign (platforms.md 0.4)."""
        ad_set = self.sim.ad_sets.get(call.path)
        if ad_set is None or call.method == "GET":
            return
        first = touched.setdefault(ad_set.campaign_id, ad_set.id)
        if first != ad_set.id:
            error = invalid("A batch must not contain several ad sets of one campaign", subcode=1487390)
            self.record(call.method, path=call.path, content=call.content(), status=error.status, body=error.body(),
                        op=None, change=call.change)  # fmt: skip
            raise error

    # Answering.

    def _answer(self, status: int, body: Any, *, insights: bool = False) -> Response:
        headers = self._usage()
        if insights:
            headers["x-fb-ads-insights-throttle"] = json.dumps(
                {"app_id_util_pct": 0.5, "acc_id_util_pct": 0.5, "ads_api_access_tier": "standard_access"}
            )
        return Response(
            json.dumps(body, ensure_ascii=False),
            status_code=status,
            headers=headers,
            media_type="application/json; charset=UTF-8",
        )

    def _usage(self) -> dict[str, str]:
        horizon = time.monotonic() - _POINTS_SECONDS
        while self._points and self._points[0][0] < horizon:
            self._points.popleft()
        percent = min(100, round(100 * sum(points for _, points in self._points) / _POINTS_LIMIT))
        load = {"call_count": percent, "total_cputime": percent, "total_time": percent}
        business = [{"type": "ads_management", **load, "estimated_time_to_regain_access": 0}]
        account = {"acc_id_util_pct": percent, "reset_time_duration": 0, "ads_api_access_tier": "standard_access"}
        return {
            "X-Business-Use-Case-Usage": json.dumps({self.sim.account_id: business}),
            "X-Ad-Account-Usage": json.dumps(account),
            "X-App-Usage": json.dumps(load),
            "facebook-api-version": "v26.0",
        }


def _conditions(call: Call) -> list[dict[str, Any]]:
    given = structure(call.params, "filtering") or []
    statuses = structure(call.params, "effective_status")
    if statuses:
        given = [*given, {"field": "effective_status", "operator": "IN", "value": statuses}]
    for condition in given:
        if not isinstance(condition, dict) or not {"field", "operator", "value"} <= set(condition):
            raise invalid("Param filtering must be a list of {field, operator, value}")
    return list(given)


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(f"o{offset}".encode()).decode()


def _offset(cursor: Any) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.urlsafe_b64decode(str(cursor)).decode().removeprefix("o"))
    except ValueError:
        raise invalid("Invalid cursors values", subcode=1487534) from None
