"""Revision: each named defect is mended where it is, and the changelog says what changed and because of whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from agents.claims import unsupported
from agents.defects import Defect, parse_defect
from agents.director import DirectorContext
from agents.onboard.compose import HOOK_MAX_MS, HOOK_MAX_SPOKEN, Line, scene_ms
from agents.onboard.evidence import Evidence, read_evidence
from agents.onboard.material import Material, make_material
from agents.onboard.search import line_options, line_score
from agents.wording import capital, clean, content_words, speech_ms, split_phrase, spoken_words, words
from geminivideo.blueprint import MAX_MS, MIN_MS, Blueprint, Scene
from geminivideo.judgement import CouncilVerdict, OracleVerdict, Prediction

Predict = Callable[[Blueprint], Prediction]
_REWRITE = frozenset(
    {"unsupported_claim", "vague", "hard_to_read", "repeats", "personal_attribute", "like_loser", "unlike_winners",
     "low_prediction", "hook_late", "shouting", "address_in_text", "other"}
)  # fmt: skip


@dataclass
class _Work:
    """A revision in progress."""

    blueprint: Blueprint
    context: DirectorContext
    material: Material
    evidence: Evidence
    predict: Predict | None
    scenes: list[Scene]
    button: str
    primary_text: str
    changes: list[str] = field(default_factory=list)

    def put(self, at: int, scene: Scene, *, because: str) -> None:
        """Replace a scene and note it; an unchanged scene is not noted."""
        old = self.scenes[at]
        if scene != old:
            self.scenes[at] = scene
            self.changes.append(f"Scene {at + 1} ({scene.role}): {_difference(old, scene)}, because {because}")


def revise_blueprint(
    blueprint: Blueprint,
    *,
    criticism: CouncilVerdict,
    oracle: OracleVerdict | None,
    context: DirectorContext,
    predict: Predict | None = None,
) -> Blueprint:
    """Mend every defect of the judges and the Oracle's advice. Same id, hook type and scene order; revision + 1."""
    work = _Work(
        blueprint=blueprint, context=context, material=make_material(context.brief), evidence=read_evidence(context),
        predict=predict, scenes=list(blueprint.scenes), button=blueprint.cta_text, primary_text=blueprint.primary_text,
    )  # fmt: skip
    for judge, found in _defects(criticism, oracle):
        _mend(work, found, because=f"{judge}: {found.text}")
    _fit_total(work)
    return blueprint.model_copy(
        update={
            "scenes": tuple(work.scenes),
            "cta_text": work.button,
            "primary_text": work.primary_text,
            "revision": blueprint.revision + 1,
            "changes": (*blueprint.changes, *_numbered(work.changes, revision=blueprint.revision + 1)),
        }
    )


def _defects(criticism: CouncilVerdict, oracle: OracleVerdict | None) -> list[tuple[str, Defect]]:
    found = [(score.judge, parse_defect(text)) for score in criticism.scores for text in score.defects]
    found += [("Oracle", parse_defect(text)) for text in (oracle.advice if oracle else ())]
    unique: dict[tuple[str, int | None], tuple[str, Defect]] = {}
    for judge, item in found:
        unique.setdefault((item.code, item.scene), (judge, item))
    # Words first, then time: a rewritten line changes what its scene needs.
    return sorted(unique.values(), key=lambda pair: pair[1].code not in _REWRITE)


def _numbered(changes: list[str], *, revision: int) -> list[str]:
    return [
        f"Revision {revision}: {text}"
        for text in changes or ["nothing could be changed without breaking the brief's claims"]
    ]


def _mend(work: _Work, found: Defect, *, because: str) -> None:
    targets = _targets(work, found)
    if found.code == "unsupported_claim":
        _clean_post(work, because=because)
    for at in targets:
        _mend_scene(work, found, at=at, because=because)
    if found.code == "cta_missing":
        _give_cta(work, because=because)
    if found.code == "offer_unclear":
        _give_offer(work, because=because)


def _targets(work: _Work, found: Defect) -> list[int]:
    """The scenes (from 0) that a defect is about."""
    if found.scene is not None:
        return [found.scene - 1] if 0 < found.scene <= len(work.scenes) else []
    if found.code in (
        "hook_late",
        "like_loser",
        "unlike_winners",
        "low_prediction",
        "personal_attribute",
        "other",
    ):
        return [0]
    if found.code == "unsupported_claim":
        brief = work.context.brief
        return [at for at, s in enumerate(work.scenes) if unsupported(_texts(s), brief=brief)]
    if found.code in (
        "headline_long",
        "text_heavy",
        "too_fast",
        "scene_length",
        "address_in_text",
        "shouting",
    ):
        return list(range(len(work.scenes)))
    return [_plainest(work)] if found.code in ("vague", "hard_to_read", "repeats") else []


def _plainest(work: _Work) -> int:
    """The body scene that says least."""
    body = range(1, len(work.scenes) - 1)
    return min(body, key=lambda at: (len(content_words(_texts(work.scenes[at]))), at))


def _texts(scene: Scene) -> str:
    return f"{scene.headline} {scene.support} {scene.voice_over}"


def _mend_scene(work: _Work, found: Defect, *, at: int, because: str) -> None:
    scene = work.scenes[at]
    if found.code == "headline_long":
        work.put(at, _short_headline(scene), because=because)
    elif found.code == "text_heavy":
        work.put(at, scene.model_copy(update={"support": ""}), because=because)
    elif found.code in ("too_fast", "scene_length"):
        work.put(at, _retimed(work, scene, at=at), because=because)
    elif found.code in ("shouting", "address_in_text"):
        work.put(at, _calm(scene), because=because)
    elif found.code in _REWRITE:
        work.put(at, _rewritten(work, scene, at=at), because=because)
        if found.code == "hook_late" and work.scenes[at].milliseconds > HOOK_MAX_MS:
            work.put(at, work.scenes[at].model_copy(update={"milliseconds": HOOK_MAX_MS}), because=because)


def _short_headline(scene: Scene) -> Scene:
    head, rest = split_phrase(scene.headline, limit=7)
    if len(words(scene.headline)) <= 7:
        return scene
    if not head:
        head, rest = " ".join(scene.headline.split()[:7]).rstrip(",;:"), " ".join(scene.headline.split()[7:])
    support = scene.support or rest
    return scene.model_copy(update={"headline": capital(head), "support": support[:120]})


def _retimed(work: _Work, scene: Scene, *, at: int) -> Scene:
    """Time that follows the words; where a hook or a scene cannot grow, the words are exchanged for fewer."""
    need = speech_ms(scene.voice_over) + 300
    room = HOOK_MAX_MS if at == 0 else 7_000
    fits = need <= room or (at == 0 and spoken_words(scene.voice_over) <= HOOK_MAX_SPOKEN)
    if not fits:
        scene = _rewritten(work, scene, at=at)
        need = speech_ms(scene.voice_over) + 300
    floor = 1_600 if at == 0 else 1_700
    return scene.model_copy(update={"milliseconds": round(min(max(need, floor), room) / 100) * 100})


def _calm(scene: Scene) -> Scene:
    def quiet(text: str) -> str:
        plain = clean(text).replace("!!", "!")
        loud = [w for w in words(plain) if len(w) > 4 and w.isupper()]
        for word in loud:
            plain = plain.replace(word, word.lower())
        return capital(plain)

    return scene.model_copy(
        update={
            "headline": quiet(scene.headline) or scene.headline,
            "support": quiet(scene.support),
            "voice_over": quiet(scene.voice_over),
        }
    )


def _rewritten(work: _Work, scene: Scene, *, at: int) -> Scene:
    """Other words for the same job: the best line of the grammar that this ad does not use yet."""
    done = [_as_line(s) for i, s in enumerate(work.scenes) if i != at]
    before = [_claimed(work, line) for line in (done[:at] if at else [])]
    options = line_options(scene.role, before, hook=work.blueprint.hook_type, material=work.material)
    said = {s.headline.lower() for s in work.scenes} | {s.voice_over.lower() for s in work.scenes}
    fresh = [o for o in options if o.headline.lower() not in said and o.voice.lower() not in said]
    if scene.role == "cta":
        fresh = [o for o in fresh or options if o.voice != scene.voice_over]
    if not fresh:
        return scene
    ranked = sorted(fresh, key=lambda o: (-line_score(o, done, evidence=work.evidence), o.voice))
    best = _best_predicted(work, ranked[:4], at=at, scene=scene)
    return _with_line(scene, best, work=work)


def _claimed(work: _Work, line: Line) -> Line:
    """A finished line with the claim of the brief that it voices, so that the claim is not used twice."""
    material = work.material
    offer = (material.offer,) if material.offer else ()
    claims = (*material.benefits, *material.pains, *material.proof, *offer)
    text = f"{line.headline} {line.support} {line.voice}".lower()
    claim = next((p.text for p in claims if p.text.lower() in text), "")
    return Line(line.role, line.pattern, line.headline, line.voice, line.support, claim)


def _best_predicted(work: _Work, lines: list[Line], *, at: int, scene: Scene) -> Line:
    predict = work.predict
    if predict is None:
        return lines[0]

    def clicks(line: Line) -> int:
        scenes = [*work.scenes[:at], _with_line(scene, line, work=work), *work.scenes[at + 1 :]]
        return predict(work.blueprint.model_copy(update={"scenes": tuple(scenes)})).ctr_ppm

    return max(lines, key=clicks)


def _with_line(scene: Scene, line: Line, *, work: _Work) -> Scene:
    return scene.model_copy(
        update={
            "headline": line.headline,
            "support": line.support,
            "voice_over": line.voice,
            "milliseconds": scene_ms(line, pacing=work.blueprint.pacing),
        }
    )


def _as_line(scene: Scene) -> Line:
    return Line(scene.role, "", scene.headline, scene.voice_over, scene.support)


def _clean_post(work: _Work, *, because: str) -> None:
    brief = work.context.brief
    parts = work.primary_text.replace("? ", "?|").replace(". ", ".|").replace("! ", "!|").split("|")
    kept = [part for part in parts if not unsupported(part, brief=brief)]
    if len(kept) < len(parts):
        work.primary_text = " ".join(kept)
        work.changes.append(f"Post text: {len(parts) - len(kept)} sentence(s) taken out, because {because}")
    if unsupported(work.button, brief=brief):
        _give_cta(work, because=because)


def _give_cta(work: _Work, *, because: str) -> None:
    at = len(work.scenes) - 1
    work.put(at, _rewritten(work, work.scenes[at], at=at), because=because)
    options = line_options("cta", [], hook=work.blueprint.hook_type, material=work.material)
    button = options[0].button if options else work.button
    if button != work.button:
        work.changes.append(f"Button: “{work.button}” became “{button}”, because {because}")
        work.button = button


def _give_offer(work: _Work, *, because: str) -> None:
    options = line_options("cta", [], hook=work.blueprint.hook_type, material=work.material)
    offering = [o for o in options if o.pattern.startswith("end_offer")]
    if offering:
        at = len(work.scenes) - 1
        work.put(at, _with_line(work.scenes[at], offering[0], work=work), because=because)


def _fit_total(work: _Work) -> None:
    """Keep the whole within the studio's limits: shrink the roomiest scenes, or stretch the body."""
    total = sum(s.milliseconds for s in work.scenes)
    for at in sorted(range(1, len(work.scenes)), key=lambda i: -_slack(work.scenes[i])):
        if total <= MAX_MS:
            break
        cut = min(total - MAX_MS, max(0, work.scenes[at].milliseconds - 1_500))
        work.put(at, _resize(work.scenes[at], -cut), because="the ad must not last longer than 20 seconds")
        total -= cut
    body = list(range(1, len(work.scenes)))
    missing = MIN_MS - total
    for turn, at in enumerate(body):
        if missing > 0:
            add = min(-(-missing // (len(body) - turn)), 8_000 - work.scenes[at].milliseconds)
            work.put(at, _resize(work.scenes[at], add), because="the ad must last at least 10 seconds")
            missing -= add


def _slack(scene: Scene) -> int:
    return scene.milliseconds - speech_ms(scene.voice_over)


def _resize(scene: Scene, by: int) -> Scene:
    return scene.model_copy(update={"milliseconds": scene.milliseconds + by})


def _difference(old: Scene, new: Scene) -> str:
    parts = []
    if old.headline != new.headline:
        parts.append(f"headline “{old.headline}” became “{new.headline}”")
    if old.support != new.support:
        parts.append(f"small text “{old.support}” became “{new.support}”" if new.support else "small text taken out")
    if old.voice_over != new.voice_over:
        parts.append(f"voice “{old.voice_over}” became “{new.voice_over}”")
    if old.milliseconds != new.milliseconds:
        parts.append(f"{old.milliseconds / 1000:.1f} s became {new.milliseconds / 1000:.1f} s")
    return "; ".join(parts)
