"""The simulated ad account and CRM around one world: operations that change it, and what follows from them.

Every change is one JSON-plain operation, `apply(op)`. Operations are deterministic, so replaying a journal of them
gives the same ids, the same figures and the same deals.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from geminivideo.creative_dna import CreativeDna
from geminivideo.errors import InvalidInput
from sandbox.catalogue import AdNode, AdSet, Campaign, Colour, Creative, Node, Video
from sandbox.graph_error import GraphError, invalid, of_code, unknown_object
from sandbox.past import publish_past
from sandbox.world import World, WorldConfig

BUDGET_MOVES_PER_HOUR = 4
"""An ad set's budget may change four times an hour (platforms.md, Meta limits), on the business clock."""
CHUNK = 1 << 20
"""Bytes that an upload asks for at a time."""
MIN_DAILY_BUDGET = 100

Op = dict[str, Any]


class Simulation:
    """One advertiser on one simulated platform, with its CRM."""

    def __init__(
        self, config: WorldConfig, *, history_days: int = 90, history_ads: int = 220, media: Path | None = None
    ) -> None:
        self.config = config
        self.world = World(config)
        self.zone = ZoneInfo(config.timezone)
        self.account_id = str(118_020_000_000_000 + config.seed)
        self.page_id = str(104_000_000_000_000 + config.seed)
        self.campaigns: dict[str, Campaign] = {}
        self.ad_sets: dict[str, AdSet] = {}
        self.creatives: dict[str, Creative] = {}
        self.videos: dict[str, Video] = {}
        self.ads: dict[str, AdNode] = {}
        self.traits: dict[str, tuple[CreativeDna, str | None]] = {}
        """Registered traits by the file's SHA-256, and the world's key for the ad that uses it first."""
        self.ad_of_key: dict[str, str] = {}
        self._counter = 0
        self._media = media
        self._bytes: dict[str, bytearray] = {}
        self._do: dict[str, Callable[[Op], dict[str, Any]]] = {
            "create_campaign": self._create_campaign,
            "create_ad_set": self._create_ad_set,
            "create_creative": self._create_creative,
            "create_ad": self._create_ad,
            "update": self._update,
            "upload_start": self._upload_start,
            "upload_transfer": self._upload_transfer,
            "upload_finish": self._upload_finish,
            "register": self._register,
            "advance": self._advance,
        }
        if history_ads:
            publish_past(self, self.world.seed_history(days=history_days, ads=history_ads))

    def apply(self, op: Op) -> dict[str, Any]:
        """Carry out one operation and return what it answers; a GraphError leaves everything as it was."""
        return self._do[op["do"]](op)

    def node(self, node_id: str) -> Node:
        """Any object by its id."""
        for shelf in (self.ads, self.ad_sets, self.campaigns, self.creatives, self.videos):
            if node_id in shelf:
                return shelf[node_id]
        raise unknown_object(node_id)

    def effective(self, node: Campaign | AdSet | AdNode) -> str:
        """What the platform calls the effective status: the first parent that is off names it."""
        if isinstance(node, Campaign) or node.status != "ACTIVE":
            return node.status
        if isinstance(node, AdSet):
            above = self.campaigns[node.campaign_id].status
            return "ACTIVE" if above == "ACTIVE" else "CAMPAIGN_PAUSED"
        ad_set = self.ad_sets[node.ad_set_id]
        if ad_set.status != "ACTIVE":
            return "ADSET_PAUSED"
        return self.effective(ad_set)

    def put_chunk(self, video: Video, *, offset: int, chunk: bytes) -> None:
        """Keep the bytes of an upload; called before the operation that records them."""
        if self._media is None:
            held = self._bytes.setdefault(video.id, bytearray())
            del held[offset:]
            held += chunk
            return
        with self._file(video).open("r+b" if self._file(video).exists() else "w+b") as file:
            file.seek(offset)
            file.truncate()
            file.write(chunk)

    def digest_of(self, video: Video) -> str:
        """SHA-256 of the bytes received."""
        if self._media is None:
            return hashlib.sha256(self._bytes.get(video.id, b"")).hexdigest()
        return hashlib.sha256(self._file(video).read_bytes()).hexdigest()

    def _file(self, video: Video) -> Path:
        if self._media is None:
            raise InvalidInput("This sandbox keeps uploads in memory")
        return self._media / f"{video.id}.mp4"

    # Creating.

    def _create_campaign(self, op: Op) -> dict[str, Any]:
        now = self.world.now
        node = Campaign(self.new_id(), op["name"], op["status"], now, now)
        node.objective = op["objective"]
        node.daily_budget = op.get("daily_budget")
        node.special_ad_categories = tuple(op["special_ad_categories"])
        self.campaigns[node.id] = node
        return {"id": node.id}

    def _create_ad_set(self, op: Op) -> dict[str, Any]:
        campaign = self._campaign(op["campaign_id"])
        budget = op.get("daily_budget")
        if campaign.daily_budget is not None and budget is not None:
            raise invalid(
                "Invalid parameter",
                subcode=1885621,
                title="Can't Set Ad Set Budget",
                advice="You can only set an ad set budget or a campaign budget.",
            )
        if campaign.daily_budget is None and budget is None:
            raise invalid("Invalid parameter", subcode=1885090, title="Budget Missing", advice="Set a daily budget.")
        # Refusals come before the id is drawn: a refused operation must leave no trace that a replay would miss.
        checked = None if budget is None else _checked_budget(budget)
        now = self.world.now
        node = AdSet(self.new_id(), campaign.id, op["name"], op["status"], now, now, checked)
        node.billing_event, node.optimization_goal = op["billing_event"], op["optimization_goal"]
        node.bid_strategy, node.targeting = op["bid_strategy"], op["targeting"]
        self.ad_sets[node.id] = node
        return {"id": node.id}

    def _create_creative(self, op: Op) -> dict[str, Any]:
        videos = tuple(self._ready_video(video_id) for video_id in op["video_ids"])
        node = Creative(
            id=self.new_id(),
            name=op["name"],
            created=self.world.now,
            body=op["body"],
            title=op["title"],
            call_to_action=op["call_to_action"],
            link=op["link"],
            video_ids=tuple(video.id for video in videos),
            spec=op["spec"],
        )
        if videos:
            node.aspect, node.looks = videos[0].aspect, videos[0].looks
        self.creatives[node.id] = node
        return {"id": node.id}

    def _create_ad(self, op: Op) -> dict[str, Any]:
        if op["adset_id"] not in self.ad_sets:
            raise unknown_object(op["adset_id"])
        if op["creative_id"] not in self.creatives:
            raise unknown_object(op["creative_id"])
        now = self.world.now
        node = AdNode(self.new_id(), op["name"], op["adset_id"], op["creative_id"], op["status"], now, now)
        self.ads[node.id] = node
        self._follow(self.ad_sets[node.ad_set_id])
        return {"id": node.id}

    # Changing.

    def _update(self, op: Op) -> dict[str, Any]:
        node = self.node(op["id"])
        if isinstance(node, Video | Creative):
            raise invalid("This object cannot be changed here")
        changed = {name: op[name] for name in ("name", "status", "daily_budget") if name in op}
        if node.status == "DELETED":
            raise invalid("Invalid parameter", subcode=1487056, title="Deleted", advice="It was deleted.")
        if "daily_budget" in changed:
            self._move_budget(node, minor=changed["daily_budget"], by_hand=op.get("by_hand", False))
        node.status = changed.get("status", node.status)
        node.name = changed.get("name", node.name)
        node.updated = self.world.now
        self._follow_all(node)
        return {"success": True}

    def _move_budget(self, node: Campaign | AdSet | AdNode, *, minor: int, by_hand: bool) -> None:
        if isinstance(node, AdNode):
            raise invalid("Param daily_budget is not supported on an ad")
        budget = _checked_budget(minor)
        if isinstance(node, AdSet):
            if self.campaigns[node.campaign_id].daily_budget is not None:
                raise invalid("Invalid parameter", subcode=1885621, title="Can't Set Ad Set Budget")
            if budget != node.daily_budget and not by_hand:
                self._count_move(node)
        node.daily_budget = budget

    def _count_move(self, node: AdSet) -> None:
        now = self.world.now
        recent = [moved for moved in node.budget_moves if now - moved < timedelta(hours=1)]
        if len(recent) >= BUDGET_MOVES_PER_HOUR:
            raise of_code(17)
        node.budget_moves = [*recent, now]

    def _follow_all(self, node: Campaign | AdSet | AdNode) -> None:
        if isinstance(node, AdNode):
            self._follow(self.ad_sets[node.ad_set_id])
        elif isinstance(node, AdSet):
            self._follow(node)
        else:
            for ad_set in self.ad_sets.values():
                if ad_set.campaign_id == node.id:
                    self._follow(ad_set)

    def _follow(self, ad_set: AdSet) -> None:
        """Bring the world in step: running ads of the set share its budget, the others stand still."""
        members = [ad for ad in self.ads.values() if ad.ad_set_id == ad_set.id]
        running = [ad for ad in members if self.effective(ad) == "ACTIVE"]
        share = self._budget_of(ad_set) // max(1, len(running))
        for ad in members:
            if ad in running:
                self.world.set_budget(self._enter_world(ad), minor=share)
            if ad.world_key is not None:
                self.world.set_active(ad.world_key, active=ad in running)

    def _budget_of(self, ad_set: AdSet) -> int:
        if ad_set.daily_budget is not None:
            return ad_set.daily_budget
        siblings = [s for s in self.ad_sets.values() if s.campaign_id == ad_set.campaign_id and s.status == "ACTIVE"]
        return (self.campaigns[ad_set.campaign_id].daily_budget or 0) // max(1, len(siblings))

    def _enter_world(self, ad: AdNode) -> str:
        """The ad's key in the world; an ad enters it when it first runs, with the traits known by then."""
        if ad.world_key is None:
            traits, wanted = self._traits_of(self.creatives[ad.creative_id])
            key = wanted if wanted is not None and wanted not in self.ad_of_key else ad.id
            self.world.add_ad(key, traits=traits, daily_budget_minor=0, active=False)
            ad.world_key, self.ad_of_key[key] = key, ad.id
        return ad.world_key

    def _traits_of(self, creative: Creative) -> tuple[CreativeDna | None, str | None]:
        for video_id in creative.video_ids:
            known = self.traits.get(self.videos[video_id].sha256 or "")
            if known is not None:
                return known
        return None, None

    # Uploading.

    def _upload_start(self, op: Op) -> dict[str, Any]:
        video = Video(self.new_id(), self.new_id(), self.world.now, op["file_size"])
        self.videos[video.id] = video
        return {"upload_session_id": video.session_id, "video_id": video.id, **_span(video)}

    def _upload_transfer(self, op: Op) -> dict[str, Any]:
        video = self.session(op["upload_session_id"])
        if op["start_offset"] != video.received or video.received + op["length"] > video.size:
            raise _wrong_offset(video)
        video.received += op["length"]
        return _span(video)

    def _upload_finish(self, op: Op) -> dict[str, Any]:
        video = self.session(op["upload_session_id"])
        if video.received != video.size:
            raise _wrong_offset(video)
        video.sha256, video.title = op["sha256"], op["title"]
        known = self.traits.get(op["sha256"])
        if known is not None:
            _dress(video, known[0])
        return {"success": True}

    def session(self, session_id: str) -> Video:
        """The video of an open upload."""
        for video in self.videos.values():
            if video.session_id == session_id and not video.finished:
                return video
        raise invalid("Invalid upload session", subcode=1363041, title="Invalid session")

    # The control plane.

    def _register(self, op: Op) -> dict[str, Any]:
        dna = CreativeDna.model_validate(op["traits"])
        self.traits[op["sha256"]] = (dna, op.get("key"))
        for video in self.videos.values():
            if video.sha256 == op["sha256"]:
                _dress(video, dna)
        return {"registered": op["sha256"]}

    def _advance(self, op: Op) -> dict[str, Any]:
        for _ in range(op.get("days", 0)):
            self.world.advance_day()
        self.world.advance_hours(op.get("hours", 0))
        return {"now": self.world.now.isoformat()}

    # Inside.

    def new_id(self) -> str:
        """The next id, in the platform's manner."""
        self._counter += 1
        return str(120_210_000_000_000_000 + self._counter * 10)

    def _campaign(self, campaign_id: str) -> Campaign:
        try:
            return self.campaigns[campaign_id]
        except KeyError:
            raise unknown_object(campaign_id) from None

    def _ready_video(self, video_id: str) -> Video:
        video = self.videos.get(video_id)
        if video is None:
            raise unknown_object(video_id)
        if not video.finished:
            raise invalid("Invalid parameter", subcode=1885252, title="Video Not Ready", advice="Still processing.")
        return video


def _checked_budget(minor: int) -> int:
    if minor < MIN_DAILY_BUDGET:
        raise invalid(
            "Invalid parameter",
            subcode=1885272,
            title="Your Budget Is Too Low",
            advice="The minimum budget is $1.00.",
        )
    return minor


def _span(video: Video) -> dict[str, Any]:
    end = min(video.size, video.received + CHUNK)
    return {"start_offset": str(video.received), "end_offset": str(end)}


def _wrong_offset(video: Video) -> GraphError:
    span = _span(video)
    return GraphError(
        "There was a problem uploading your video. Please try again.",
        code=6001,
        subcode=1363037,
        title="Error Uploading Video",
        advice="There was a problem uploading your video. Please try uploading it again.",
        data={name: int(value) for name, value in span.items()},
    )


def _dress(video: Video, dna: CreativeDna) -> None:
    """What the platform would see in the file: length, shape and colours."""
    video.length_ms = dna.duration_ms or 0
    video.aspect = dna.aspect
    light = round((dna.brightness if dna.brightness is not None else 50) * 2.55)
    tilt = round(((dna.warmth if dna.warmth is not None else 50) - 50) * 1.275)
    spread = round((dna.contrast if dna.contrast is not None else 30) * 1.275)
    video.looks = (_tint(light + spread, tilt=tilt), _tint(light - spread, tilt=tilt))


def _tint(light: int, *, tilt: int) -> Colour:
    red, green, blue = (min(255, max(0, value)) for value in (light + tilt, light, light - tilt))
    return red, green, blue
