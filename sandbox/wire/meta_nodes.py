"""How Graph shows objects: field lists with nesting, statuses, times, money as strings of minor units."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox.catalogue import AdNode, AdSet, Campaign, Creative, Node, Video
from sandbox.graph_error import invalid
from sandbox.simulation import Simulation

Fields = dict[str, "Fields"]
_SPLIT = re.compile(r"[,{}]|[^,{}]+")
_PIXELS = {"9:16": (1080, 1920), "4:5": (1080, 1350), "1:1": (1080, 1080), "16:9": (1920, 1080)}
_DEFAULTS: dict[type, str] = {Campaign: "id", AdSet: "id", Creative: "id", AdNode: "id", Video: "id,updated_time"}


def parse_fields(text: str) -> Fields:
    """`id,creative{body,title}` as a tree."""
    root: Fields = {}
    stack, last = [root], ""
    for piece in map(str.strip, _SPLIT.findall(text)):
        if piece == "{":
            stack.append(stack[-1].setdefault(last, {}))
        elif piece == "}":
            stack.pop()
            if not stack:
                raise invalid("Syntax error in fields")
        elif piece and piece != ",":
            last = piece
            stack[-1].setdefault(last, {})
    if len(stack) != 1:
        raise invalid("Syntax error in fields")
    return root


class Renderer:
    """Shows objects of one simulation to one caller."""

    def __init__(self, simulation: Simulation, *, base_url: str) -> None:
        self._sim = simulation
        self._base = base_url
        self._shapes: dict[type, tuple[str, Callable[[Any], dict[str, Any]]]] = {
            Campaign: ("Campaign", self._campaign),
            AdSet: ("AdSet", self._ad_set),
            Creative: ("AdCreative", self._creative),
            AdNode: ("Ad", self._ad),
            Video: ("Video", self._video),
        }

    def show(self, node: Node, *, fields: Fields) -> dict[str, Any]:
        """The asked fields of an object; the id is always there; empty values are left out, as Graph does."""
        label, shape = self._shapes[type(node)]
        values = shape(node)
        wanted = fields or parse_fields(_DEFAULTS[type(node)])
        shown: dict[str, Any] = {}
        for name, below in wanted.items():
            if name not in values:
                raise invalid(f"Tried accessing nonexisting field ({name[:60]}) on node type ({label})")
            value = values[name]
            if isinstance(value, Campaign | AdSet | Creative | AdNode | Video):
                value = self.show(value, fields=below)
            if value is not None:
                shown[name] = value
        shown["id"] = node.id
        return shown

    def account(self, *, fields: Fields) -> dict[str, Any]:
        """The ad account."""
        sim = self._sim
        values = {
            "account_id": sim.account_id,
            "id": f"act_{sim.account_id}",
            "name": "Northbrew (simulated)",
            "currency": sim.config.currency,
            "timezone_name": sim.config.timezone,
            "account_status": 1,
            "amount_spent": str(sim.world.spend_minor()),
            "balance": "0",
            "spend_cap": "0",
        }
        unknown = [name for name in fields if name not in values]
        if unknown:
            raise invalid(f"Tried accessing nonexisting field ({unknown[0][:60]}) on node type (AdAccount)")
        return {name: values[name] for name in (fields or {"account_id": {}})} | {"id": values["id"]}

    def time(self, moment: datetime) -> str:
        """A time as Graph writes it, in the account's zone."""
        return moment.astimezone(self._sim.zone).strftime("%Y-%m-%dT%H:%M:%S%z")

    def _common(self, node: Campaign | AdSet | AdNode) -> dict[str, Any]:
        return {
            "id": node.id,
            "account_id": self._sim.account_id,
            "name": node.name,
            "status": node.status,
            "configured_status": node.status,
            "effective_status": self._sim.effective(node),
            "created_time": self.time(node.created),
            "updated_time": self.time(node.updated),
        }

    def _campaign(self, node: Campaign) -> dict[str, Any]:
        return self._common(node) | {
            "objective": node.objective,
            "buying_type": "AUCTION",
            "daily_budget": _money(node.daily_budget),
            "special_ad_categories": list(node.special_ad_categories),
        }

    def _ad_set(self, node: AdSet) -> dict[str, Any]:
        return self._common(node) | {
            "campaign_id": node.campaign_id,
            "campaign": self._sim.campaigns[node.campaign_id],
            "daily_budget": _money(node.daily_budget),
            "billing_event": node.billing_event,
            "optimization_goal": node.optimization_goal,
            "bid_strategy": node.bid_strategy,
            "targeting": node.targeting,
            "start_time": self.time(node.created),
        }

    def _ad(self, node: AdNode) -> dict[str, Any]:
        ad_set = self._sim.ad_sets[node.ad_set_id]
        return self._common(node) | {
            "adset_id": ad_set.id,
            "adset": ad_set,
            "campaign_id": ad_set.campaign_id,
            "campaign": self._sim.campaigns[ad_set.campaign_id],
            "creative": self._sim.creatives[node.creative_id],
        }

    def _creative(self, node: Creative) -> dict[str, Any]:
        return {
            "id": node.id,
            "account_id": self._sim.account_id,
            "name": node.name,
            "status": "ACTIVE",
            "body": node.body or None,
            "title": node.title or None,
            "call_to_action_type": node.call_to_action,
            "link_url": node.link,
            "object_type": "VIDEO" if node.video_ids else "SHARE",
            "video_id": node.video_ids[0] if node.video_ids else None,
            "thumbnail_url": f"{self._base}/cdn/{node.id}.png",
            "image_url": None if node.video_ids else f"{self._base}/cdn/{node.id}.png",
            "object_story_spec": node.spec or None,
        }

    def _video(self, node: Video) -> dict[str, Any]:
        width, height = _PIXELS.get(node.aspect, (1080, 1080))
        picture = f"{self._base}/cdn/{node.id}.png"
        native = {"filter": "native", "width": width, "height": height, "picture": picture}
        return {
            "id": node.id,
            "title": node.title or None,
            "length": node.length_ms / 1000,
            "status": {"video_status": _video_status(node)},
            "picture": picture,
            "format": [native],
            "created_time": self.time(node.created),
            "updated_time": self.time(node.created),
        }


def _video_status(node: Video) -> str:
    """Uploads are ready from the second look on: a client has to poll."""
    if not node.finished:
        return "uploading"
    node.polls += 1
    return "ready" if node.polls > 1 else "processing"


def _money(minor: int | None) -> str | None:
    return None if minor is None else str(minor)
