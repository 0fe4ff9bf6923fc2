"""campaign: a brief becomes judged, rendered, approved and published ads.

intake -> recall -> direct -> (council and oracle per blueprint) -> gate <-> revise -> render jobs -> allocate
-> propose -> approval (interrupt) -> execute -> remember
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, ClassVar

from langgraph.graph import END, START, StateGraph

from graphs.creative import CreativeSteps
from graphs.insight import InsightSteps
from graphs.publishing import PublishingSteps
from graphs.services import Services
from graphs.state import CampaignState, StartState
from memory.runs import GraphName


class CampaignSteps(CreativeSteps, PublishingSteps, InsightSteps):
    """Every node of the campaign graph."""

    graph: ClassVar[GraphName] = "campaign"


def build_campaign(services: Services) -> StateGraph[Any]:
    """The campaign graph, not compiled."""
    return wire(CampaignSteps(services))


def wire(steps: CampaignSteps) -> StateGraph[Any]:
    """Nodes and edges from the brief to the ads; the refresh graph differs in its steps, not in its order."""
    graph: StateGraph[Any] = StateGraph(CampaignState, input_schema=StartState)
    nodes: tuple[Any, ...] = (
        steps.intake,
        steps.train,
        steps.recall,
        steps.direct,
        steps.judge,
        steps.gate,
        steps.revise,
        steps.enqueue_renders,
        steps.await_renders,
        steps.allocate,
        steps.propose,
        steps.approval,
        steps.execute,
        steps.remember,
        steps.stop,
    )
    for node in nodes:
        graph.add_node(node.__name__, node)
    order = ("intake", "train", "recall", "direct")
    graph.add_edge(START, "intake")
    for before, after in pairwise(order):
        graph.add_edge(before, after)
    for source in ("direct", "revise"):
        graph.add_conditional_edges(source, steps.fan_out, ["judge", "gate"])
    graph.add_edge("judge", "gate")
    graph.add_conditional_edges("gate", steps.after_gate, ["revise", "enqueue_renders", "stop"])
    graph.add_edge("enqueue_renders", "await_renders")
    graph.add_conditional_edges("await_renders", steps.after_renders, ["allocate", "stop"])
    tail = ("allocate", "propose", "approval", "execute", "remember")
    for before, after in pairwise(tail):
        graph.add_edge(before, after)
    graph.add_edge("remember", END)
    graph.add_edge("stop", END)
    return graph
