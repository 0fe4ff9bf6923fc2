"""A mark sheet: criteria from 0 to 100 with weights, reasons and defects, which becomes a Score."""

from __future__ import annotations

from dataclasses import dataclass, field

from geminivideo.judgement import Score


@dataclass
class Marks:
    """What one judge writes down while it looks at a blueprint."""

    criteria: dict[str, int] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)

    def give(self, criterion: str, points: float, *, weight: float = 1.0) -> None:
        """Points for a criterion, held within 0 to 100."""
        self.criteria[criterion] = round(min(max(points, 0), 100))
        self.weights[criterion] = weight

    def say(self, reason: str, *, when: bool = True) -> None:
        """A reason in plain words."""
        if when:
            self.reasons.append(f"{reason}.")

    def fault(self, written: str) -> None:
        """A defect, once."""
        if written not in self.defects:
            self.defects.append(written)

    def score(self, *, judge: str, model: str) -> Score:
        """The weighted mean with everything that led to it; each defect costs points once more, up to 30."""
        total = sum(self.criteria[c] * w for c, w in self.weights.items()) / (sum(self.weights.values()) or 1)
        return Score(
            judge=judge,
            model=model,
            overall=round(max(total - min(6 * len(self.defects), 30), 0)),
            criteria=self.criteria,
            reasons=(*self._extremes(), *self.reasons),
            defects=tuple(self.defects),
        )

    def _extremes(self) -> list[str]:
        if len(self.criteria) < 2:
            return []
        ordered = sorted(self.criteria.items(), key=lambda item: (item[1], item[0]))
        (worst, low), (best, high) = ordered[0], ordered[-1]
        names = best.replace("_", " "), worst.replace("_", " ")
        return [f"Strongest in {names[0]} ({high} of 100), weakest in {names[1]} ({low})."]
