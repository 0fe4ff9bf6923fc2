"""The report's first screen: the answer, and the charts of the money behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from api.demo.charts import Point, Series, interval, stacked_bars
from api.demo.report_figures import (
    AdFigures,
    Gain,
    Moment,
    Result,
    ads_of,
    count,
    decisions_needed,
    gain,
    gain_words,
    hook_words,
    ledger_words,
    made_words,
    moments,
    money,
    short_day,
    simulated_days,
    spent,
)
from api.demo.report_html import Child, Html, details, el, join, table

SIZES = (("narrow", 340), ("middle", 620), ("wide", 940))
"""A chart is drawn for each width, so that its type keeps its size; the style sheet shows one."""


def header(result: Result) -> Html:
    """Whose report it is, of what, and that it is simulated."""
    brand, days = result["brief"]["brand"]["name"], simulated_days(result)
    span = f"{short_day(days[0])} to {short_day(days[-1])} {days[-1][:4]}" if days else "not delivered yet"
    label = el("strong", "Simulated", cls="pill") if result.get("simulated") else None
    title = el("div", el("p", brand, cls="brand"), el("p", "Video ads: campaign report", cls="what"))
    facts = el("p", f"{result['account']['name']} · {span}", cls="when")
    return el("header", el("div", title, el("div", label, facts, cls="meta"), cls="wrap"), cls="band")


def summary(result: Result) -> Html:
    """Four answers: made, spent, gained, to decide."""
    waiting = decisions_needed(result)
    words = gain_words(result)
    found = gain(result)
    tiles = (
        _tile("Made", made_words(result), _made_details(result)),
        _tile("Spent", money(result, spent(result), whole=True), _spent_details(result)),
        _tile(
            "Against an even split",
            words.headline,
            words.span or words.sentence,
            cls=found.certainty if found else None,
        ),
        _tile(
            "Needs your decision",
            count(len(waiting), "thing").capitalize() if waiting else "Nothing now",
            el("ul", *(el("li", item) for item in waiting)) if waiting else ledger_words(result),
            cls="waiting" if waiting else None,
        ),
    )
    note = None
    if result.get("simulated"):
        note = el(
            "p",
            el("strong", "Everything here is simulated: "),
            "the account, its audience, its sales and its money. The videos are real files.",
            cls="note",
        )
    return el("section", el("h1", _headline(result)), note, el("div", *tiles, cls="tiles"), aria_label="In short")


def money_section(result: Result) -> Html | None:
    """Budgets per day, the gain, and each ad's results."""
    ads, days = ads_of(result), simulated_days(result)
    found = gain(result)
    if not days or found is None:
        return None
    parts = (
        el("h2", "Where the money went", id="money"),
        _budget_figure(result, ads, days=days),
        _gain_figure(result, found),
        _results(result, ads),
    )
    return el("section", *parts, aria_labelledby="money")


def charted(draw: Callable[[int, str], Html]) -> Html:
    """One chart in each size."""
    return join(el("div", draw(width, name), cls=f"only-{name}") for name, width in SIZES)


def _headline(result: Result) -> str:
    if not result["variants"]:
        return "No ad was made."
    made = made_words(result)
    found = gain(result)
    if found is None:
        return f"{made} made, nothing delivered yet."
    size = money(result, abs(found.mean), whole=True)
    ending = {
        "gain": f"{size} more than an even split would have earned",
        "unclear": "no clear gain over an even split",
        "loss": f"{size} less than an even split would have earned",
    }
    return f"{made} made, {money(result, spent(result), whole=True)} spent, {ending[found.certainty]}."


def _tile(name: str, value: str, more: Child, *, cls: str | None = None) -> Html:
    body = more if isinstance(more, Html) else el("p", more)
    return el("div", el("h2", name), el("p", value, cls="value"), body, cls=f"tile {cls}" if cls else "tile")


def _made_details(result: Result) -> str:
    variants = result["variants"]
    hooks = ", ".join(dict.fromkeys(hook_words(item["hook_type"]) for item in variants))
    files = sum(len(item.get("files", ())) for item in variants)
    footage = sum(bool(item.get("from_footage")) for item in variants)
    kinds = f"{footage} with your footage, {len(variants) - footage} by motion graphics alone"
    return (
        f"Openings: {hooks}. {count(files, 'video file').capitalize()}; {kinds}."
        if variants
        else "Nothing was rendered."
    )


def _spent_details(result: Result) -> str:
    days = len(simulated_days(result))
    agreed = money(result, result["brief"]["daily_budget"]["minor"], whole=True)
    kind = "simulated day" if result.get("simulated") else "day"
    return f"Over {count(days, kind)}, as the platform reported it. Agreed: {agreed} a day."


def _budget_figure(result: Result, ads: Sequence[AdFigures], *, days: Sequence[str]) -> Html:
    shown = [ad for ad in ads if any(ad.budgets)]
    events = moments(result, shown)
    signs = {day: str(number) for number, day in enumerate(dict.fromkeys(item.day for item in events), start=1)}
    words = _budget_words(result, shown, events)

    def draw(width: int, name: str) -> Html:
        return stacked_bars(
            [str(i + 1) for i in range(len(days))],
            [Series(ad.title, ad.budgets, ad.tone) for ad in shown],
            width=width,
            height=300 if width > 500 else 260,
            show=lambda value: money(result, value, whole=True),
            marks=list(signs.items()),
            ident=f"budgets-{name}",
            title="Daily budget per ad",
            summary=words,
        )

    legend = el("ul", *(_legend_item(result, ad) for ad in shown), cls="legend")
    return el(
        "figure",
        el("figcaption", el("h3", "Daily budget per ad"), el("p", _budget_lead(result, shown, days))),
        legend,
        charted(draw),
        _event_list(events, signs=signs),
        details("The same as a table", _budget_table(result, shown, days=days)),
        cls="card",
    )


def _budget_lead(result: Result, ads: Sequence[AdFigures], days: Sequence[str]) -> str:
    best = max(ads, key=lambda ad: ad.budgets[-1])
    total = sum(ad.budgets[-1] for ad in ads)
    if total == 0:
        return "On the last day no ad was live."
    share, first = best.budgets[-1] / total, sum(ad.budgets[0] for ad in ads)
    began = f", up from {best.budgets[0] / first:.0%}" if first and best.budgets[0] / first < share - 0.01 else ""
    return (
        f"On day {len(days)}, “{best.title}” gets {money(result, best.budgets[-1], whole=True)} a day, "
        f"{share:.0%} of the budget{began}."
    )


def _budget_words(result: Result, ads: Sequence[AdFigures], events: Sequence[Moment]) -> str:
    ends = "; ".join(
        f"{ad.title}: {money(result, ad.budgets[0], whole=True)} on the first day, "
        f"{money(result, ad.budgets[-1], whole=True)} on the last"
        for ad in ads
    )
    return f"{ends}. " + " ".join(f"Day {item.day + 1}: {item.text}" for item in events)


def _legend_item(result: Result, ad: AdFigures) -> Html:
    first, last = (money(result, ad.budgets[i], whole=True) for i in (0, -1))
    swatch = el("svg", el("rect", width="12", height="12", rx="3", cls=f"s{ad.tone}"), viewBox="0 0 12 12",
                width="12", height="12", aria_hidden="true")  # fmt: skip
    return el("li", swatch, el("span", ad.title), el("span", f"{first} → {last}", cls="quiet num"))


def _event_list(events: Sequence[Moment], *, signs: dict[int, str]) -> Html | None:
    if not events:
        return None
    items = (
        el("li", el("span", signs[day], cls="sign"), " ", el("span", f"Day {day + 1}: {_said(events, day)}"))
        for day in signs
    )
    return el("ol", *items, cls="events")


def _said(events: Iterable[Moment], day: int) -> str:
    return " ".join(item.text for item in events if item.day == day)


def _budget_table(result: Result, ads: Sequence[AdFigures], *, days: Sequence[str]) -> Html:
    rows = [
        [f"{i + 1} ({short_day(day)})", *(money(result, ad.budgets[i]) for ad in ads),
         money(result, sum(ad.budgets[i] for ad in ads))]
        for i, day in enumerate(days)
    ]  # fmt: skip
    headings = ["Day", *(ad.title for ad in ads), "Total"]
    return table(headings, rows, caption="Daily budget per ad", numbers=range(1, len(headings)))


def _gain_figure(result: Result, found: Gain) -> Html:
    long = gain_words(result).full

    def show(value: float) -> str:
        sign = "+" if value > 0 else ""
        return sign + money(result, value, whole=True)

    def draw(width: int, name: str) -> Html:
        points = [Point("Even split", 0, kind="zero"), Point("Best possible", found.best)]
        return interval(
            low=found.low,
            middle=found.mean,
            high=found.high,
            points=points,
            width=width,
            show=lambda value: show(value) if value else "",
            ident=f"gain-{name}",
            title="Gain against an even split",
            summary=long,
        )

    return el(
        "figure",
        el("figcaption", el("h3", "Gain against an even split"), el("p", long)),
        charted(draw),
        details("The same as a table", _plans_table(result)),
        cls="card",
    )


def _plans_table(result: Result) -> Html:
    found = result["simulation"]
    names = (
        ("system", "As it was"),
        ("even_split", "Even split"),
        ("best_possible", "Best possible under the same limits"),
    )
    rows = [
        [label, *(money(result, found[name][part], whole=True) for part in ("value", "spend", "net"))]
        for name, label in names
    ]
    caption = f"Mean of {found.get('repeats', 0)} replays, each deal counted in full"
    return table(["Budgets", "Value of deals", "Spend", "Left"], rows, caption=caption, numbers=(1, 2, 3))


def _results(result: Result, ads: Sequence[AdFigures]) -> Html:
    rows = [
        [
            ad.title,
            money(result, ad.spend, whole=True),
            f"{ad.impressions:,}",
            _percent(ad.ctr),
            _percent(ad.predicted_ctr),
            f"{ad.leads:,}",
            money(result, ad.spend / ad.leads) if ad.leads else "none yet",
        ]
        for ad in ads
    ]
    headings = ["Ad", "Spend", "Impressions", "CTR", "Predicted CTR", "Leads", "Cost per lead"]
    caption = "What each ad did, as the platform last reported it"
    found = table(headings, rows, caption=caption, numbers=range(1, len(headings)))
    return el("div", el("h3", "Results per ad"), found, cls="card")


def _percent(share: float | None) -> str:
    return "not yet" if share is None else f"{share:.2%}"
