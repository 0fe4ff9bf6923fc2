"""What a run's log says: one line per thing that happened, for a person, with the numbers behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agents.onboard.judges import score_prediction
from geminivideo.blueprint import Blueprint
from geminivideo.brief import Brief
from geminivideo.judgement import CouncilVerdict, OracleVerdict, Prediction
from memory.jobs import Job
from memory.runs import Line


def understood(brief: Brief) -> Line:
    """The brief as it was read."""
    return Line(
        kind="step.finished",
        who="intake",
        text=f"{brief.brand.name}: {brief.product}. {brief.daily_budget} a day for {brief.days} days.",
        key="intake",
        data={"brand": brief.brand.name, "daily_budget": brief.daily_budget.model_dump()},
    )


def recalled(found: Mapping[str, Any]) -> list[Line]:
    """The past ads that resemble the brief."""
    text = f"Recalled {len(found['winner'])} winning ads and {len(found['loser'])} to avoid."
    return [Line(kind="recall.done", who="director", text=text, key="recall", data=dict(found))]


def written(blueprint: Blueprint, *, who: str) -> Line:
    """A new blueprint."""
    return Line(
        kind="blueprint.written",
        who=who,
        text=f"{blueprint.title}: {blueprint.hook_type.replace('_', '/')} hook, "
        f"{' > '.join(blueprint.structure)}, {blueprint.milliseconds / 1000:.1f} s",
        key=f"written:{blueprint.id}",
        data=blueprint.model_dump(mode="json"),
    )


def chosen(kept: Sequence[Blueprint], *, left: Sequence[Blueprint]) -> Line:
    """What goes to the studio, and what does not."""
    text = f"{len(kept)} of {len(kept) + len(left)} ideas go to the studio: {_titles(kept)}."
    if left:
        text += f" Stopped before they cost a render: {_titles(left)}."
    data = {"kept": [item.id for item in kept], "stopped": [item.id for item in left]}
    return Line(kind="gate.decided", who="gate", text=text, key="chosen", data=data)


def mended(blueprint: Blueprint, value: Mapping[str, Any], *, who: str, key: str) -> Line:
    """What a revision changed, or why there is none."""
    if "failed" in value:
        text = f"{blueprint.title} could not be mended and is left out: {value['failed']}"
        return Line(kind="step.failed", who=who, text=text, key=key, data={"blueprint_id": blueprint.id, **value})
    changes = list(value["changes"])
    text = f"{value['title']}: " + "; ".join(changes[len(blueprint.changes) :] or ("nothing to mend",))
    data = {"blueprint_id": blueprint.id, "changes": changes}
    return Line(kind="blueprint.revised", who=who, text=text, key=key, data=data)


def judged(blueprint: Blueprint, *, seat: str, value: Mapping[str, Any], key: str) -> Line:
    """A judge's score or the Oracle's prediction, or why there is none."""
    if "failed" in value:
        text = f"{seat} did not answer on {blueprint.title}: {value['failed']}"
        return Line(kind="judge.failed", who=seat, text=text, key=key, data=dict(value))
    if "ctr_ppm" in value:
        score = score_prediction(Prediction.model_validate(value))
        seat, value = score.judge, score.model_dump(mode="json")
    text = f"{value['overall']}/100 for {blueprint.title}. {value['reasons'][-1]}"
    data = {"blueprint_id": blueprint.id, **value}
    return Line(kind="judge.scored", who=seat, text=text, key=key, data=data)


def decided(blueprint: Blueprint, judgement: tuple[CouncilVerdict, OracleVerdict], *, round_: int) -> Line:
    """Go, mend or stop."""
    council, verdict = judgement
    return Line(
        kind="oracle.verdict",
        who="oracle",
        text=f"{blueprint.title}: {verdict.verdict}. {verdict.why}",
        key=f"verdict:{blueprint.id}:{round_}",
        data={"blueprint_id": blueprint.id, "council": council.overall, **verdict.model_dump(mode="json")},
    )


def not_rendered(job: Job) -> Line:
    """A format that could not be made."""
    error = job.error or {}
    return Line(
        kind="render.failed",
        who="studio",
        text=f"{job.payload['label']} could not be rendered: {error.get('what', job.status)}",
        key=f"render-failed:{job.id}",
        data=error,
    )


def _titles(items: Sequence[Blueprint]) -> str:
    return ", ".join(f"“{item.title}”" for item in items) or "none"
