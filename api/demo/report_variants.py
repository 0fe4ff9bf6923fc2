"""The report's ads: one card each, with its video, what it says, what was expected of it, and what was measured."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from api.demo.charts import Point, interval, score_bar
from api.demo.report_figures import AdFigures, Result, ads_of, hook_words
from api.demo.report_html import Html, details, el, join
from api.demo.report_media import Shelf, upright

_DISSENT_POINTS = 18
"""As in the Council: a judge so far from the others' mean dissents."""
_SAFE_LUFS, _LUFS_SPAN, _PEAK, _CONTRAST, _UNDER_VOICE = -14.0, 0.5, -1.0, 4.5, 9.0
_LATE_MS = 100
_ROLES = {"cta": "call to action"}
_JUDGES = {"ctr_model": "CTR model"}
Variant = Mapping[str, Any]


def variants_section(result: Result, shelf: Shelf) -> Html | None:
    """Every variant that was rendered."""
    if not result["variants"]:
        return None
    delivered = {ad.ad_id: ad for ad in ads_of(result)}
    titles = {ad.ad_id: ad.title for ad in delivered.values()}
    cards = (
        _card(item, number=number, shelf=shelf, ad=delivered.get(item.get("ad_id") or ""), titles=titles)
        for number, item in enumerate(result["variants"], start=1)
    )
    return el("section", el("h2", "The ads", id="ads"), *cards, aria_labelledby="ads")


def expectation(prediction: Mapping[str, float]) -> str:
    """The prediction and its interval in words."""
    middle, low, high = (f"{prediction[name]:.2%}" for name in ("ctr", "low", "high"))
    base = prediction["base_rate"]
    beside = prediction["ctr"] / base - 1 if base else 0.0
    if abs(beside) < 0.02:
        against = "about the account's average"
    else:
        against = f"{abs(beside):.0%} {'above' if beside > 0 else 'below'} the account's average of {base:.2%}"
    return f"About {middle} of impressions should be clicked, {against}. In 8 of 10 such cases: {low} to {high}."


def dissent(scores: Sequence[Mapping[str, Any]]) -> str:
    """One sentence about the judge who stands furthest from the others, if far enough."""
    if len(scores) < 2:
        return ""
    gaps = []
    for lone in scores:
        others = [item["overall"] for item in scores if item is not lone]
        gaps.append((lone, lone["overall"] - statistics.fmean(others)))
    lone, gap = max(gaps, key=lambda pair: abs(pair[1]))
    if abs(gap) < _DISSENT_POINTS:
        return ""
    return f"{_judge(lone)} dissents: {abs(round(gap))} points {'above' if gap > 0 else 'below'} the others."


def _card(item: Variant, *, number: int, shelf: Shelf, ad: AdFigures | None, titles: Mapping[str, str]) -> Html:
    ident = f"ad-{number}"
    instead = titles.get(item.get("replaces_ad_id") or "")
    chips = el(
        "ul",
        el("li", f"{hook_words(item['hook_type'])} opening".capitalize()),
        el("li", "From your footage" if item.get("from_footage") else "Motion graphics"),
        el("li", f"{item['seconds']:.1f} s"),
        el("li", f"Replaces “{instead}”", cls="hot") if instead else None,
        cls="chips",
    )
    head = el(
        "div",
        el("h3", item["title"], id=ident),
        chips,
        el("ol", *(el("li", _ROLES.get(role, role)) for role in item["structure"]), cls="structure",
           aria_label="Order of scenes"),
        cls="head",
    )  # fmt: skip
    body = el(
        "div",
        head,
        el("blockquote", el("p", item["script"])) if item.get("script") else None,
        _prediction(item, ad=ad, ident=ident),
        _council(item),
        _learned(item),
        _changes(item),
        cls="body",
    )
    side = el("div", _player(item, shelf), _measured(item), cls="side")
    return el("article", side, body, aria_labelledby=ident, cls="card ad")


def _player(item: Variant, shelf: Shelf) -> Html:
    file = upright(item)
    if file is None:
        return el("div", cls="player")
    poster, source = shelf.picture(file.get("poster")), shelf.video(file.get("preview"))
    name = f"Video: {item['title']}"
    if source:
        shown = el("video", el("source", src=source, type="video/mp4"), controls=True, playsinline=True, preload="none",
                   poster=poster, width="270", height="480", aria_label=name)  # fmt: skip
    elif poster:
        shown = el("img", src=poster, alt=f"Poster of {item['title']}", width="270", height="480")
    else:
        shown = el("p", "The preview could not be embedded.", cls="quiet")
    links = (
        el("li", el("a", f"{one['format']} · {one['width']}×{one['height']}", href=shelf.link(one["path"])))
        for one in item.get("files", ())
        if one.get("path")
    )
    return el("div", shown, el("p", "Full quality", cls="quiet small"), el("ul", *links, cls="files"), cls="player")


def _prediction(item: Variant, *, ad: AdFigures | None, ident: str) -> Html:
    found = item["prediction"]
    points = [Point("Average", found["base_rate"])]
    words = expectation(found)
    if ad is not None and ad.ctr is not None:
        points.append(Point("Delivered", ad.ctr, kind="seen"))
        words += f" Delivered: {ad.ctr:.2%} of {ad.impressions:,} impressions."
    chart = interval(
        low=found["low"], middle=found["ctr"], high=found["high"], points=points, width=360, label="Predicted ",
        show=lambda value: f"{value:.2%}", ident=f"{ident}-ctr", title="Predicted click-through rate", summary=words,
    )  # fmt: skip
    return el("div", el("h4", "What to expect"), el("p", words), el("div", chart, cls="strip"))


def _council(item: Variant) -> Html | None:
    scores = item.get("council") or ()
    if not scores:
        return None
    rows = (_score(score) for score in scores)
    lone = dissent(scores)
    return el(
        "div",
        el("h4", "What the judges said"),
        el("ul", *rows, cls="judges"),
        el("p", lone, cls="dissent") if lone else None,
    )


def _score(score: Mapping[str, Any]) -> Html:
    points = el("span", f"{score['overall']}/100", cls="num")
    head = el("div", el("strong", _judge(score)), score_bar(score["overall"]), points, cls="line")
    reasons = " ".join(score.get("reasons") or ())
    faults = score.get("defects") or ()
    mended = el("p", f"To mend: {' '.join(faults)}", cls="quiet") if faults else None
    return el("li", head, el("p", reasons, cls="quiet") if reasons else None, mended)


def _judge(score: Mapping[str, Any]) -> str:
    name = str(score["judge"])
    return _JUDGES.get(name) or f"{name.replace('_', ' ').capitalize()} judge"


def _learned(item: Variant) -> Html | None:
    cited = item.get("winners") or ()
    if not cited:
        return el("div", el("h4", "What it learned"), el("p", "It draws on no past ad.", cls="quiet"))
    rows = (
        el("li", el("span", "Winner" if one["kind"] == "winner" else "Avoided", cls=f"tag {one['kind']}"), " ",
           _sentence(one["took"], loser=one["kind"] == "loser"), " ", el("code", one["ad_id"]))
        for one in cited
    )  # fmt: skip
    return el("div", el("h4", "What it learned from past ads"), el("ul", *rows, cls="learned"))


def _sentence(took: str, *, loser: bool) -> str:
    plain = took.removeprefix("avoided: ") if loser else took
    return plain[:1].upper() + plain[1:]


def _measured(item: Variant) -> Html:
    under = item.get("music_under_voice_db")
    facts: list[tuple[str, str, bool]] = [
        ("Loudness", f"{item['lufs']:.1f} LUFS", abs(item["lufs"] - _SAFE_LUFS) <= _LUFS_SPAN),
        ("True peak", f"{item['true_peak']:.1f} dBTP", item["true_peak"] <= _PEAK),
        ("Text outside safe zones", _frames(item["safe_zone_violations"]), item["safe_zone_violations"] == 0),
        ("Lowest text contrast", f"{item['min_contrast_ratio']:.1f} : 1", item["min_contrast_ratio"] >= _CONTRAST),
        ("Captions against voice", f"{item['caption_offset_ms']} ms", abs(item["caption_offset_ms"]) <= _LATE_MS),
    ]
    if isinstance(under, int | float) and math.isfinite(under):
        facts.append(("Music under voice", f"{under:.0f} dB", under >= _UNDER_VOICE))
    pairs = join(_fact(*fact) for fact in facts)
    voice = _fact("Voice", str(item["voice"]), None) if item.get("voice") else None
    return el("div", el("h4", "Measured on the delivered file"), el("dl", pairs, voice, cls="facts"), cls="measured")


def _fact(name: str, value: str, good: bool | None) -> Html:
    sign = None
    if good is not None:
        sign = el("span", "✓" if good else "✗ out of range", cls="good" if good else "bad",
                  aria_label="in range" if good else "out of range", role="img")  # fmt: skip
    return el("div", el("dt", name), el("dd", value, "\N{NO-BREAK SPACE}" if sign else None, sign))


def _frames(number: int) -> str:
    return "none" if number == 0 else f"{number} frames"


def _changes(item: Variant) -> Html | None:
    if not item.get("changes"):
        return None
    rows = (el("li", change) for change in item["changes"])
    return details(f"Revised {item.get('revision') or 1}×: what changed and because of whom", el("ul", *rows))
