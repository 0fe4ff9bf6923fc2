"""The graphs by name, compiled with a saver for the runner, or bare for LangGraph's own server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph.state import CompiledStateGraph, StateGraph

from graphs.campaign import build_campaign
from graphs.optimise import build_optimise
from graphs.refresh import build_refresh
from graphs.services import Services

BUILDERS: Mapping[str, Callable[[Services], StateGraph[Any]]] = {
    "campaign": build_campaign,
    "optimise": build_optimise,
    "refresh": build_refresh,
}


def compile_graphs(services: Services, *, saver: BaseCheckpointSaver[Any]) -> dict[str, CompiledStateGraph[Any]]:
    """Every graph, durable through `saver`."""
    return {name: build(services).compile(checkpointer=saver) for name, build in BUILDERS.items()}
