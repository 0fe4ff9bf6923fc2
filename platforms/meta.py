"""Meta's Marketing API v26: reading and writing are separate classes, and only the treasury writes."""

from __future__ import annotations

from platforms.graph import GraphCredentials, GraphRefusal
from platforms.meta_batch import BATCH_LIMIT, BatchOutcome, plan_batches
from platforms.meta_read import MetaReader
from platforms.meta_types import (
    BUTTONS,
    STYLES,
    Found,
    MetaAccount,
    MetaAd,
    MetaAdDay,
    MetaAdSet,
    MetaAdTotal,
    MetaCampaign,
    MetaCreative,
    MetaUpdate,
    MetaVideo,
    marked,
)
from platforms.meta_upload import UploadSession

__all__ = [
    "BATCH_LIMIT",
    "BUTTONS",
    "STYLES",
    "BatchOutcome",
    "Found",
    "GraphCredentials",
    "GraphRefusal",
    "MetaAccount",
    "MetaAd",
    "MetaAdDay",
    "MetaAdSet",
    "MetaAdTotal",
    "MetaCampaign",
    "MetaCreative",
    "MetaReader",
    "MetaUpdate",
    "MetaVideo",
    "UploadSession",
    "marked",
    "plan_batches",
]
