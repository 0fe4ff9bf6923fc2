"""A brief's fields, checked one by one: from the plain mapping that a file, a form or a chat gave to a Brief."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast, get_args

from pydantic import ValidationError

from geminivideo.brief import Brief
from geminivideo.errors import InvalidInput
from geminivideo.money import Money, check_currency
from tools.briefs.amounts import Budget, Period, parse_budget
from tools.briefs.material import Assets, keep_footage, keep_voice

FIELDS = (
    "product", "budget", "brand", "offer", "audience", "place", "vertical", "benefits", "pains", "proof",
    "call_to_action", "link", "tone", "platforms", "formats", "variants", "days", "deadline", "footage", "voice",
    "notes",
)  # fmt: skip
"""What a brief may say. `product` and `budget` it must say."""
_LISTS = ("benefits", "pains", "proof", "platforms", "formats")
_BRAND = ("name", "primary", "secondary", "accent")
_BUDGET_FIX = "Write it as `budget: $300 a day` or `budget: {daily: 300, currency: USD}`."


def brief_from_mapping(
    data: object, *, where: str, today: date, assets: Assets | None = None, folder: Path | None = None,
    footage_dir: Path | None = None,
) -> Brief:  # fmt: skip
    """A validated Brief; InvalidInput says which field of `where` is wrong and what to write.

    Paths under `footage` and `voice` are read relative to `folder`, into `assets`; without both (a request from
    elsewhere) only ids of assets that are already kept are taken.
    """
    if not isinstance(data, Mapping):
        raise InvalidInput("A brief is a list of fields, such as `product: …`", where=where, fix="See examples/briefs.")
    given = {str(key): value for key, value in data.items() if value is not None}
    _refuse_unknown(given, known=FIELDS, where=where)
    for name in ("product", "budget"):
        if given.get(name) in (None, ""):
            fix = _BUDGET_FIX if name == "budget" else "Say in a few words what is advertised: `product: …`."
            raise InvalidInput(f"The brief has no {name}", where=f"{where}:{name}", fix=fix)
    fields = {name: value for name, value in given.items() if name not in {"budget", "footage", "voice"}}
    fields.update({name: _listed(given[name]) for name in _LISTS if name in given})
    fields["brand"] = _brand(given.get("brand"), product=given["product"], where=where)
    fields["daily_budget"] = _daily_budget(given["budget"], days=given.get("days", 14), where=f"{where}:budget")
    fields.update(_material(given, where=where, assets=assets, folder=folder, footage_dir=footage_dir))
    brief = _validated(fields, where=where)
    if brief.deadline is not None and brief.deadline < today:
        raise InvalidInput(
            f"The deadline {brief.deadline} is past (today is {today})",
            where=f"{where}:deadline",
            fix="Give a later date, or leave it out.",
        )
    return brief


def _refuse_unknown(given: Mapping[str, object], *, known: Sequence[str], where: str) -> None:
    for name in given:
        if name not in known:
            close = get_close_matches(name.lower().replace("-", "_"), known, n=1, cutoff=0.6)
            hint = f"Did you mean `{close[0]}`?" if close else f"Known are: {', '.join(known)}."
            raise InvalidInput(f"A brief has no field `{name[:60]}`", where=f"{where}:{name[:60]}", fix=hint)


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


def _brand(value: object, *, product: object, where: str) -> object:
    if value is None:  # the product's own words, shortened, until the person names the brand
        return {"name": str(product)[:60].strip().title() or "Brand"}
    if isinstance(value, str):
        return {"name": value}
    if isinstance(value, Mapping):
        _refuse_unknown({str(key): item for key, item in value.items()}, known=_BRAND, where=f"{where}:brand")
    return value


# Money


def _daily_budget(value: object, *, days: object, where: str) -> Money:
    try:
        budget = _budget(value)
        if budget.period == "total" and not (isinstance(days, int) and 1 <= days <= 365):
            raise InvalidInput("A total budget needs a number of days", fix="Add `days: 14`.")
        daily = budget.daily(days=cast("int", days) if budget.period == "total" else 1)
    except InvalidInput as error:
        raise InvalidInput(error.what, where=where, fix=error.fix or _BUDGET_FIX) from error
    if daily.minor <= 0:
        raise InvalidInput("The budget comes to less than one unit a day", where=where, fix=_BUDGET_FIX)
    return daily


def _budget(value: object) -> Budget:
    if isinstance(value, str):
        budget = parse_budget(value)
        if not budget.currency_named:
            raise InvalidInput("The budget names no currency", fix=_BUDGET_FIX)
        return budget
    if not isinstance(value, Mapping):
        raise InvalidInput(f"{value!r:.40} is not a budget with a currency", fix=_BUDGET_FIX)
    periods: dict[str, Period] = {"daily": "day", "weekly": "week", "monthly": "month", "total": "total"}
    named = [key for key in value if key in periods]
    _refuse_unknown({str(key): item for key, item in value.items()}, known=(*periods, "currency"), where="budget")
    if len(named) != 1 or "currency" not in value:
        raise InvalidInput("A budget is one amount and a currency", fix=_BUDGET_FIX)
    amount = value[named[0]]
    if isinstance(amount, bool) or not isinstance(amount, int | float | str):
        raise InvalidInput(f"{amount!r:.40} is not an amount", fix=_BUDGET_FIX)
    money = Money.parse(str(amount).replace(",", ""), currency=check_currency(str(value["currency"])))
    if money.minor <= 0:
        raise InvalidInput("The budget must be more than zero", fix=_BUDGET_FIX)
    return Budget(money, periods[named[0]], currency_named=True)


# Material


def _material(
    given: Mapping[str, Any], *, where: str, assets: Assets | None, folder: Path | None, footage_dir: Path | None
) -> dict[str, object]:
    wanted = given.get("footage", [])
    names = [wanted] if isinstance(wanted, str) else wanted
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) and name for name in names):
        raise InvalidInput(
            "`footage` is a folder, a file or a list of files", where=f"{where}:footage", fix="Write `footage: clips/`."
        )
    voice = given.get("voice")
    if voice is not None and not (isinstance(voice, str) and voice):
        raise InvalidInput("`voice` is one sound file", where=f"{where}:voice", fix="Write `voice: me.wav`.")
    if assets is None or folder is None:
        return {"footage": tuple(names), **({"voice": voice} if voice else {})}
    paths = [_path(name, folder=folder, where=f"{where}:footage") for name in names]
    paths += [footage_dir] if footage_dir is not None else []
    out: dict[str, object] = {"footage": keep_footage(paths, assets=assets, where=f"{where}:footage")}
    if voice:
        place = f"{where}:voice"
        out["voice"] = keep_voice(_path(voice, folder=folder, where=place), assets=assets, where=place)
    return out


def _path(name: str, *, folder: Path, where: str) -> Path:
    if "://" in name:
        what = f"{name[:80]!r} is an address, not a file"
        raise InvalidInput(what, where=where, fix="Download it and name the file.")
    if "\0" in name:
        raise InvalidInput("A file name holds a zero byte", where=where, fix="Check the path.")
    return folder / Path(name).expanduser()


# Everything else is checked by the noun itself


def _validated(fields: Mapping[str, object], *, where: str) -> Brief:
    try:
        return Brief.model_validate(fields)
    except ValidationError as error:
        problems = [_problem(item) for item in error.errors()]
        place, what, fix = problems[0]
        more = f" ({len(problems) - 1} more: {', '.join(p for p, _, _ in problems[1:5])})" if problems[1:] else ""
        raise InvalidInput(f"`{place}`: {what}{more}", where=f"{where}:{place}", fix=fix) from error


def _problem(item: Any) -> tuple[str, str, str]:
    place = ".".join(str(part) for part in item["loc"]) or "brief"
    shown = repr(item["input"])[:60]
    kind, limits = str(item["type"]), item.get("ctx", {})
    if kind == "literal_error":
        known = [str(choice) for choice in _choices(place)]
        close = get_close_matches(str(item["input"]).lower(), known, n=1, cutoff=0.5)
        hint = f"Did you mean `{close[0]}`?" if close else f"Use one of: {', '.join(known)}."
        return place, f"{shown} is not known", hint
    if kind == "string_too_long":
        return place, f"the text is too long ({len(item['input'])} characters)", f"At most {limits['max_length']}."
    if kind == "string_type":
        return place, f"{shown} is not text", "Put it in quotes."
    if kind.startswith("date"):
        return place, f"{shown} is not a date", "Write it as 2026-12-31."
    if kind in {"string_too_short", "too_short"}:
        return place, "it is empty", "Fill it in, or leave the field out."
    message = str(item["msg"]).removeprefix("Value error, ")
    return place, f"{shown}: {message[:1].lower()}{message[1:]}", "Correct it; examples/briefs shows the form."


def _choices(place: str) -> tuple[object, ...]:
    annotation: Any = Brief.model_fields[place.partition(".")[0]].annotation
    inner = get_args(annotation)
    return get_args(inner[0]) if inner and get_args(inner[0]) else inner
