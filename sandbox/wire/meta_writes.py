"""Writes of the Marketing API: parameters checked as Graph checks them, then turned into one operation."""

from __future__ import annotations

import hashlib
from typing import Any

from sandbox.catalogue import STATUSES, AdNode, AdSet, Campaign
from sandbox.graph_error import GraphError, invalid
from sandbox.simulation import Op, Simulation
from sandbox.wire.meta_params import KNOWN
from sandbox.wire.params import Call, choice, structure, text, whole

_OBJECTIVES = ("OUTCOME_APP_PROMOTION", "OUTCOME_AWARENESS", "OUTCOME_ENGAGEMENT", "OUTCOME_LEADS", "OUTCOME_SALES",
               "OUTCOME_TRAFFIC")  # fmt: skip
_CATEGORIES = ("CREDIT", "EMPLOYMENT", "FINANCIAL_PRODUCTS_SERVICES", "HOUSING", "ISSUES_ELECTIONS_POLITICS", "NONE",
               "ONLINE_GAMBLING_AND_GAMING")  # fmt: skip
_GOALS = ("LEAD_GENERATION", "QUALITY_LEAD", "OFFSITE_CONVERSIONS", "LINK_CLICKS", "LANDING_PAGE_VIEWS", "REACH",
          "IMPRESSIONS", "THRUPLAY", "VALUE")  # fmt: skip
_BIDS = ("COST_CAP", "LOWEST_COST_WITHOUT_CAP", "LOWEST_COST_WITH_BID_CAP", "LOWEST_COST_WITH_MIN_ROAS")
_BUTTONS = ("SHOP_NOW", "BOOK_NOW", "BOOK_TRAVEL", "LEARN_MORE", "SIGN_UP", "GET_OFFER", "SUBSCRIBE", "CONTACT_US",
            "GET_QUOTE", "APPLY_NOW", "DOWNLOAD", "ORDER_NOW", "REQUEST_TIME", "CALL_NOW", "NO_BUTTON")  # fmt: skip


def create_op(sim: Simulation, edge: str, call: Call) -> Op:
    """The operation of a create on an account edge, refused before anything changes."""
    _only_known(call.params, kind=edge)
    _one_account_budget(call.params)
    if edge == "campaigns":
        return _campaign(call.params)
    if edge == "adsets":
        return _ad_set(call.params)
    if edge == "adcreatives":
        return _creative(call.params)
    if edge == "ads":
        return _ad(call.params)
    return _upload(sim, call)


def update_op(sim: Simulation, node_id: str, call: Call) -> Op:
    """The operation of `POST /{id}`: name, status and daily budget, set absolutely."""
    node = sim.node(node_id)
    kind = {Campaign: "campaign", AdSet: "ad set", AdNode: "ad"}.get(type(node))
    if kind is None:
        raise invalid("This object cannot be changed here")
    _only_known(call.params, kind=kind)
    _one_account_budget(call.params)
    op: Op = {"do": "update", "id": node_id}
    if "name" in call.params:
        op["name"] = text(call.params, "name")
    if "status" in call.params:
        op["status"] = choice(call.params, "status", among=STATUSES)
    budget = whole(call.params, "daily_budget")
    if budget is not None:
        op["daily_budget"] = budget
    if len(op) == 2:
        raise invalid("Nothing to update: this sandbox changes name, status and daily_budget")
    return op


def _campaign(params: dict[str, Any]) -> Op:
    categories = structure(params, "special_ad_categories")
    if categories is None:
        raise invalid("The parameter special_ad_categories is required.")
    if not isinstance(categories, list) or any(c not in _CATEGORIES for c in categories):
        raise invalid("Param special_ad_categories must be an array of known categories")
    return {
        "do": "create_campaign",
        "name": text(params, "name"),
        "objective": choice(params, "objective", among=_OBJECTIVES),
        "status": choice(params, "status", among=STATUSES, default="PAUSED"),
        "daily_budget": whole(params, "daily_budget"),
        "special_ad_categories": categories,
    }


def _ad_set(params: dict[str, Any]) -> Op:
    targeting = structure(params, "targeting")
    if not isinstance(targeting, dict) or not targeting.get("geo_locations"):
        raise invalid("Invalid parameter", subcode=1885364, title="Location Missing", advice="Add a location.")
    return {
        "do": "create_ad_set",
        "name": text(params, "name"),
        "campaign_id": text(params, "campaign_id"),
        "status": choice(params, "status", among=STATUSES, default="PAUSED"),
        "daily_budget": whole(params, "daily_budget"),
        "billing_event": choice(params, "billing_event", among=("IMPRESSIONS", "LINK_CLICKS", "THRUPLAY")),
        "optimization_goal": choice(params, "optimization_goal", among=_GOALS),
        "bid_strategy": choice(params, "bid_strategy", among=_BIDS, default="LOWEST_COST_WITHOUT_CAP"),
        "targeting": targeting,
    }


def _creative(params: dict[str, Any]) -> Op:
    spec = structure(params, "object_story_spec")
    if not isinstance(spec, dict) or not spec.get("page_id"):
        raise invalid("The parameter object_story_spec with a page_id is required.")
    video = spec.get("video_data")
    if not isinstance(video, dict) or not video.get("video_id"):
        raise invalid("object_story_spec needs video_data with a video_id")
    if not (video.get("image_url") or video.get("image_hash")):
        raise invalid(
            "Invalid parameter",
            subcode=1443226,
            title="Please Select A Thumbnail",
            advice="Please specify one of image_hash or image_url in the video_data field of object_story_spec.",
        )
    action = video.get("call_to_action") or {}
    button = action.get("type", "NO_BUTTON")
    if button not in _BUTTONS:
        raise invalid(f"Invalid call to action type {str(button)[:40]}")
    videos = [str(video["video_id"]), *_other_videos(params, first=str(video["video_id"]))]
    return {
        "do": "create_creative",
        "name": text(params, "name", default=" "),
        "body": str(video.get("message", "")),
        "title": str(video.get("title", "")),
        "call_to_action": button,
        "link": str((action.get("value") or {}).get("link", "")),
        "video_ids": videos,
        "spec": spec,
    }


def _other_videos(params: dict[str, Any], *, first: str) -> list[str]:
    """More cuts of the same ad, one per placement."""
    feed = structure(params, "asset_feed_spec") or {}
    found = [str(item.get("video_id", "")) for item in feed.get("videos", [])]
    return [video_id for video_id in found if video_id and video_id != first]


def _ad(params: dict[str, Any]) -> Op:
    creative = structure(params, "creative")
    if not isinstance(creative, dict) or not creative.get("creative_id"):
        raise invalid("The parameter creative with a creative_id is required.")
    return {
        "do": "create_ad",
        "name": text(params, "name"),
        "adset_id": text(params, "adset_id"),
        "creative_id": str(creative["creative_id"]),
        "status": choice(params, "status", among=STATUSES, default="PAUSED"),
    }


def _upload(sim: Simulation, call: Call) -> Op:
    phase = choice(call.params, "upload_phase", among=("start", "transfer", "finish", "cancel"))
    if phase == "start":
        size = whole(call.params, "file_size")
        if not size:
            raise invalid("The parameter file_size is required.")
        return {"do": "upload_start", "file_size": size}
    video = sim.session(text(call.params, "upload_session_id"))
    if phase == "finish":
        return {
            "do": "upload_finish",
            "upload_session_id": video.session_id,
            "title": text(call.params, "title", default=""),
            "sha256": sim.digest_of(video),
        }
    if phase == "cancel":
        raise invalid("This sandbox does not cancel uploads")
    offset = whole(call.params, "start_offset")
    if call.chunk is None or offset is None:
        raise invalid("A transfer needs start_offset and video_file_chunk")
    return {
        "do": "upload_transfer",
        "upload_session_id": video.session_id,
        "start_offset": offset,
        "length": len(call.chunk),
        "sha256": hashlib.sha256(call.chunk).hexdigest(),
    }


def _only_known(params: dict[str, Any], *, kind: str) -> None:
    strange = sorted(set(params) - KNOWN[kind] - {"method", "pretty"})
    if strange:
        raise invalid(f"Unknown parameter {strange[0][:60]!r} (this sandbox refuses what the API does not list)")


def _one_account_budget(params: dict[str, Any]) -> None:
    if whole(params, "lifetime_budget") is not None:
        raise GraphError("(#100) This sandbox knows daily budgets only", code=100, subcode=1885316)
