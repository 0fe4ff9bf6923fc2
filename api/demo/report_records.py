"""The report's records: who decided what, the ledger and its audit, what was stopped, who worked, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from api.demo.report_figures import Result, count, ledger_words, money, short_day
from api.demo.report_html import Html, details, el, table

_STATES = {
    "proposed": "waits for a decision",
    "approved": "approved",
    "done": "carried out, approved",
    "declined": "declined",
    "expired": "expired without an answer",
    "voided": "void: the platform had changed",
}
_VERDICTS = {"approve": "approved", "reject": "declined", "edit": "edited", "ask": "asked about"}
_OPEN = frozenset({"proposed"})
_REPLAYED = (
    (
        "Gain",
        "The same ads, days and market were replayed {repeats} times with other draws of luck: with the budgets as "
        "they were, with an even split, and with the best plan that the same limits allow. Every plan meets the same "
        "luck. Value is the money that the delivered impressions are expected to bring, deals that close later "
        "included; the gain is value minus spend, set against the even split. Only a simulation can know this; a real "
        "account needs an experiment.",
    ),
    (
        "Range",
        "Nine of ten replays lie inside it; they differ in delivery and in clicks. Where it reaches below zero, luck "
        "alone could explain the gain. Which leads come and which deals close adds luck that no budget can do anything "
        "about; that wider range is named beside it.",
    ),
)
_METHODS = (
    ("Spent", "The sum of what the platform reported per ad and day, as last read back."),
    (
        "Attribution is not incrementality",
        "Deals are linked to ads by the click that came before them. That says which ad was there, not that the sale "
        "would have been missed without it.",
    ),
    (
        "Predicted CTR",
        "A model trained on this account's own past ads. Its interval is built to hold in 8 of 10 cases; what can be "
        "seen of an ad explains only a small part of how it does.",
    ),
    ("Measured", "Loudness, peak, contrast, safe zones and caption timing are read from the delivered video files."),
)


def approvals_section(result: Result) -> Html | None:
    """Each set of changes as the person read it, in order; what waits comes first and unfolded."""
    sets = sorted(result["approvals"], key=lambda item: item["state"] not in _OPEN)
    if not sets:
        return None
    lead = (
        "No money moves without a decision. Each one is bound to the exact changes below by a digest; "
        "changing a single cent afterwards makes it void."
    )
    days = {row["set_id"]: str(row["day"]) for row in result["ledger"] if row.get("day")}
    items = (
        _approval(item, day=days.get(item["id"], ""), unfolded=item["state"] in _OPEN or number == 0)
        for number, item in enumerate(sets)
    )
    return el(
        "section", el("h2", "Approvals", id="approvals"), el("p", lead, cls="lead"), *items, aria_labelledby="approvals"
    )


def records_section(result: Result) -> Html:
    """The ledger and whether its audit log is whole."""
    audit = result["audit"]
    whole = bool(audit.get("intact"))
    words = (
        f"The audit log verifies: {audit.get('rows', 0):,} rows, each chained to the one before by its hash."
        if whole
        else f"The audit log does not verify: {audit.get('problem') or 'unknown problem'}."
    )
    head = str((audit.get("head") or {}).get("hash", ""))
    rows = [
        [str(row.get("day") or ""), str(row["kind"]), _ad_name(result, row), _before(result, row), _after(result, row),
         str(row["state"])]
        for row in result["ledger"]
    ]  # fmt: skip
    headings = ["Day", "Change", "Ad", "Before", "After", "State"]
    return el(
        "section",
        el("h2", "Ledger and audit", id="ledger"),
        el("p", ledger_words(result), cls="lead"),
        el("p", words, " ", el("code", head[:16]) if head else None, cls="ok" if whole else "alarm"),
        details("Every spend change", table(headings, rows, caption="Ledger", numbers=(3, 4))) if rows else None,
        aria_labelledby="ledger",
    )


def stopped_section(result: Result) -> Html | None:
    """Ideas that were not made into ads, and ads that were found tired, with the reasons."""
    kept = {item["blueprint_id"] for item in result["variants"]}
    latest = {item.get("blueprint_id"): item for item in result.get("verdicts", ())}
    ideas = [item for key, item in latest.items() if key not in kept]
    tired = result.get("tired") or ()
    if not ideas and not tired:
        return None
    titles = {item["ad_id"]: item["title"] for item in result["variants"] if item.get("ad_id")}
    parts = [el("h2", "Stopped, and why", id="stopped")]
    if ideas:
        parts += [el("h3", "Ideas that were not made"), el("ul", *(_idea(item) for item in ideas), cls="plain")]
    if tired:
        rows = (
            el("li", el("strong", titles.get(item.get("ad_id"), item.get("ad_id", ""))), el("p", item["text"]))
            for item in tired
        )
        parts += [el("h3", "Ads that grew tired"), el("ul", *rows, cls="plain")]
    return el("section", *parts, aria_labelledby="stopped")


def method_section(result: Result) -> Html:
    """Who worked on it, and how the figures came about."""
    agents = [str(line) for line in result.get("agents") or ()]
    repeats = (result.get("simulation") or {}).get("repeats", 0)
    notes = [*((name, words.format(repeats=repeats)) for name, words in _REPLAYED if repeats), *_METHODS]
    workers = el("ul", *(el("li", line) for line in agents))
    methods = el("dl", *(_pair(name, words) for name, words in notes), cls="notes")
    return el(
        "section",
        el("h2", "How this was made", id="method"),
        el("div", el("h3", "Who was at work"), workers, _model_note(agents), cls="half"),
        el("div", el("h3", "How the numbers were computed"), methods, cls="half"),
        aria_labelledby="method",
    )


def _model_note(agents: Sequence[str]) -> Html | None:
    if not agents or not all(line.partition(": ")[2].startswith("on-board") for line in agents):
        return None
    words = "No language model was used: the on-board model writes and judges by rules, past ads and numbers."
    return el("p", el("strong", words), cls="note")


def _approval(item: Mapping[str, Any], *, day: str, unfolded: bool) -> Html:
    rows = [[_ad_cell(row), row["before"], row["after"], row["difference"], _why(row)] for row in item["rows"]]
    caption = f"Changes of {item['id']}"
    body = el(
        "div",
        table(["Ad", "Before", "After", "Per day", "Why"], rows, caption=caption, numbers=(1, 2, 3)) if rows else None,
        el(
            "dl",
            _pair("Total per day", f"{item['total_before']} → {item['total_after']}"),
            _pair("Most you can lose", item["most_to_lose"]),
            _pair("If nobody answers", item["if_nothing"]) if item["state"] in _OPEN else None,
            _pair("Decided by", decided(item)),
            _pair("Digest", el("code", item["digest"])),
            cls="notes",
        ),
    )
    state = _STATES.get(item["state"], item["state"])
    by = " by the demo’s stand-in" if any(one.get("stand_in") for one in item.get("decisions") or ()) else ""
    when = f"{short_day(day)} · " if day else ""
    summary = el("span", el("strong", item["title"]), el("span", f"{when}{state}{by}", cls="quiet"), cls="row")
    return el("details", el("summary", summary), body, cls="card approval", open=unfolded)


def decided(item: Mapping[str, Any]) -> str:
    """Who decided, how, and whether it was the demo's stand-in."""
    said = [
        f"{one['principal']}{' (the demo’s stand-in, not a person)' if one.get('stand_in') else ''}, "
        f"{_VERDICTS.get(one['verdict'], one['verdict'])} {str(one['at'])[:16].replace('T', ' ')} UTC"
        + (f": {one['reason']}" if one.get("reason") else "")
        for one in item.get("decisions") or ()
    ]
    if said:
        return "; ".join(said)
    return "nobody yet" if item["state"] in _OPEN else "not recorded in this document"


def _pair(name: str, value: str | Html) -> Html:
    return el("div", el("dt", name), el("dd", value))


def _ad_cell(row: Mapping[str, Any]) -> Html:
    return el("span", row["ad_name"])


def _why(row: Mapping[str, Any]) -> Html:
    lines = row.get("details") or ()
    more = (
        details(count(len(lines), "detail") + " as sent", el("ul", *(el("li", line) for line in lines)))
        if lines
        else None
    )
    return el("div", row["reason"], more)


def _ad_name(result: Result, row: Mapping[str, Any]) -> str:
    names = {item["change_id"]: item["ad_name"] for one in result["approvals"] for item in one["rows"]}
    return str(names.get(row["id"], row["ad_id"]))


def _before(result: Result, row: Mapping[str, Any]) -> str:
    return "" if row.get("before_minor") is None else money(result, row["before_minor"])


def _after(result: Result, row: Mapping[str, Any]) -> str:
    amount = money(result, row["after_minor"])
    return amount if row.get("after_status") == "ACTIVE" else f"paused ({amount})"


def _idea(item: Mapping[str, Any]) -> Html:
    verdict, line = str(item.get("verdict", "")), str(item.get("text", ""))
    title = line.partition(f": {verdict}.")[0]  # a title may hold a colon of its own
    why = str(item.get("why") or item.get("text", "")).removeprefix("Goes ahead: ")
    why = why[:1].upper() + why[1:]
    words = {"approve": "Good enough, but others ranked higher.", "revise": "Not good enough in time."}.get(verdict, "")
    return el("li", el("strong", title), el("p", f"{words} {why}".strip()))
