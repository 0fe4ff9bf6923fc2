"""What recalled ads say about openings, order, pace and looks, as weights with their sources."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from agents.director import DirectorContext
from agents.wording import content_words, script_overlap
from geminivideo.judgement import Recalled
from geminivideo.vocabulary import HOOK_TYPES, HookType, Pacing, Palette, SceneRole

Pair = tuple[SceneRole, SceneRole]
Weighed = tuple[tuple[Recalled, float, tuple[SceneRole, ...]], ...]
"""Ads with their weight and the order of ideas in their copy."""
_FULL_EVIDENCE = 5_000
"""Impressions from which an ad's result counts in full."""
_ORIGIN = {"account": 1.0, "pattern": 0.7, "competitor": 0.5}
_OTHER_VERTICAL = 0.35
"""What won in another line of business is a weaker hint."""
_MORE = re.compile(r"\b(?:more|better|higher|up|beats?|best|won|wins?|above|outperform\w*)\b", re.IGNORECASE)
_LESS = re.compile(r"\b(?:less|fewer|worse|lower|down|lost|loses?|below|underperform\w*|avoid)\b", re.IGNORECASE)
_ROLES: tuple[tuple[SceneRole, str], ...] = (
    ("cta", r"^(?:book|shop|tap|click|sign up|learn more|get started|claim|order|subscribe|join|try|start"
        r"|reserve|call)\b[^.]{0,40}$"),
    ("offer", r"\bfree\b|% off|\btrial\b|discount|guarantee|money[- ]back|gift|\bsave\b|limited|[$€£]\d"),
    ("proof", r"\bstars?\b|review|rated|rating|customers|trusted|loved|members"
        r"|\d[\d,]* (?:\w+ )?(?:people|offices|teams|clients|users|homes|smiles|runners|students|families|businesses)"),
    ("problem", r"\?$|tired of|sick of|still |struggl|no more|hate|fed up|stop |forget |without the"),
    ("demo", r"see how|watch|how it works|here'?s how|look at|take a look"),
    ("solution", r"\bmeet\b|introducing|that'?s why|this is|we (?:made|built|bring|deliver)|\b(?:is|are) here\b"),
)  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """Weights in about [-1, 1] from winners (up) and losers (down), and whose they are."""

    hooks: Mapping[HookType, float]
    pairs: Mapping[Pair, float]
    strength: float
    """0 without recall, towards 1 with much of it."""
    pacing: Pacing | None
    palette: Palette | None
    numbers: float
    """Whether winners carry numbers (up) or losers do (down)."""
    offers: float
    """Whether winners carry an offer (up) or losers do (down)."""
    winners: Weighed = ()
    losers: Weighed = ()
    learned: Mapping[HookType, float] = field(default_factory=dict)
    """Effect of the account's own statements on an opening."""

    def opening(self, text: str) -> float:
        """How much an opening sounds like those of winners, less how much like those of losers."""
        won = max((w * script_overlap(text, ad.dna.opening) for ad, w, _ in self.winners), default=0.0)
        lost = max((w * script_overlap(text, ad.dna.opening) for ad, w, _ in self.losers), default=0.0)
        return won - lost

    def wording(self, text: str) -> float:
        """Share of a text's content words that winners used, less the share that only losers used."""
        own = content_words(text)
        won: set[str] = set().union(*(content_words(ad.copy_text) for ad, _, _ in self.winners))
        lost: set[str] = set().union(*(content_words(ad.copy_text) for ad, _, _ in self.losers)) - won
        return (len(own & won) - len(own & lost)) / len(own) if own else 0.0


def read_evidence(context: DirectorContext) -> Evidence:
    """Turn what was recalled into weights."""
    winners, losers = _weigh(context.winners, context=context), _weigh(context.losers, context=context)
    total = sum(w for _, w, _ in winners) + sum(w for _, w, _ in losers)
    return Evidence(
        hooks=_hooks(winners, losers),
        pairs=_pairs(winners, losers),
        strength=total / (total + 0.6),
        pacing=_pacing(winners),
        palette=_palette(winners),
        numbers=_share(winners, "has_number") - _share(losers, "has_number"),
        offers=_offering(winners) - _offering(losers),
        winners=winners,
        losers=losers,
        learned=_learnings(context.learnings),
    )


def _weigh(ads: Iterable[Recalled], *, context: DirectorContext) -> Weighed:
    weighed = []
    for ad in ads:
        near = min(max(ad.similarity, 0.05) / 0.5, 1.0)
        proven = min(ad.impressions / _FULL_EVIDENCE, 1.0)
        kin = 1.0 if ad.vertical in ("", context.brief.vertical) else _OTHER_VERTICAL
        weighed.append((ad, near * (0.3 + 0.7 * proven) * kin * _ORIGIN[ad.origin], copy_order(ad.copy_text)))
    return tuple(weighed)


def copy_order(text: str) -> tuple[SceneRole, ...]:
    """The order of ideas in an ad's copy, as scene roles: the opening counts as hook, the ask as call to action."""
    parts = [part.strip() for part in re.split(r"(?<=[.!?…])\s+|\n+|\s[—|•]\s", text) if re.search(r"\w", part)]
    order: list[SceneRole] = ["hook"]
    for part in parts[1:]:
        bare = part.lower().rstrip(".! ")
        role = _role_of(bare)
        if order[-1] != role and order[-1] != "cta":
            order.append(role)
    return (*order, "cta") if order[-1] != "cta" else tuple(order)


def _role_of(text: str) -> SceneRole:
    for role, pattern in _ROLES:
        if re.search(pattern, text):
            return role
    return "benefit"


def _hooks(winners: Weighed, losers: Weighed) -> dict[HookType, float]:
    weights: dict[HookType, float] = dict.fromkeys(HOOK_TYPES, 0.0)
    for ads, sign in ((winners, 1.0), (losers, -0.8)):
        scale = sum(w for _, w, _ in ads) or 1.0
        for ad, weight, _ in ads:
            weights[ad.dna.hook_type] += sign * weight / scale
    return weights


def _pairs(winners: Weighed, losers: Weighed) -> dict[Pair, float]:
    weights: dict[Pair, float] = defaultdict(float)
    for ads, sign in ((winners, 1.0), (losers, -0.6)):
        scale = sum(w for _, w, _ in ads) or 1.0
        for _, weight, order in ads:
            for pair in pairwise(order):
                weights[pair] += sign * weight / scale
    return dict(weights)


def _learnings(statements: tuple[str, ...]) -> dict[HookType, float]:
    found: dict[HookType, float] = {}
    for text in statements:
        up, down = bool(_MORE.search(text)), bool(_LESS.search(text))
        for hook in HOOK_TYPES:
            if up != down and re.search(rf"\b{hook.replace('_', '.')}\b", text, re.IGNORECASE):
                found[hook] = 0.35 if up else -0.35
    return found


def _pacing(winners: Weighed) -> Pacing | None:
    votes: dict[Pacing, float] = defaultdict(float)
    for ad, weight, _ in winners:
        if ad.dna.pacing:
            votes[ad.dna.pacing] += weight
    ranked = sorted(votes.items(), key=lambda item: (-item[1], item[0]))
    return ranked[0][0] if ranked else None


def _palette(winners: Weighed) -> Palette | None:
    seen = [(ad.dna.warmth, ad.dna.brightness, w) for ad, w, _ in winners if ad.dna.warmth is not None]
    if not seen:
        return None
    scale = sum(w for _, _, w in seen) or 1.0
    warmth = sum((warm or 0) * w for warm, _, w in seen) / scale
    light = sum((bright if bright is not None else 50) * w for _, bright, w in seen) / scale
    if light < 38:
        return "dark"
    return "warm" if warmth > 58 else "cool" if warmth < 42 else "bright" if light > 65 else "fresh"


def _share(ads: Weighed, feature: str) -> float:
    scale = sum(w for _, w, _ in ads)
    return sum(w for ad, w, _ in ads if getattr(ad.dna, feature)) / scale if scale else 0.0


def _offering(ads: Weighed) -> float:
    scale = sum(w for _, w, _ in ads)
    return sum(w for ad, w, _ in ads if ad.dna.offer_type != "none") / scale if scale else 0.0
