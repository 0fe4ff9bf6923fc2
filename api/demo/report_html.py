"""HTML that cannot be injected into: texts are escaped unless they are `Html`, which only these functions make."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

_VOID = frozenset({"meta", "img", "source", "br"})
# Control characters have no meaning in HTML, and lone surrogates cannot be written as UTF-8.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Html(str):
    """Markup that is safe as it is."""

    __slots__ = ()


Child = str | Html | None


def text(value: object) -> Html:
    """Any value as escaped text, for element content and for attributes."""
    return value if isinstance(value, Html) else Html(escape(_UNPRINTABLE.sub("", str(value)), quote=True))


def el(tag: str, *children: Child, **attributes: str | bool | None) -> Html:
    """An element. `cls` is `class`, underscores become hyphens; a None or False attribute is left out."""
    shown = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in _VOID:
        return Html(f"<{tag}{shown}>")
    return Html(f"<{tag}{shown}>{join(children)}</{tag}>")


def join(children: Iterable[Child]) -> Html:
    """Children one after another; None is nothing."""
    return Html("".join(text(child) for child in children if child is not None))


def table(
    headings: Sequence[str], rows: Iterable[Sequence[Child]], *, caption: str, numbers: Iterable[int] = ()
) -> Html:
    """A table whose cells carry their heading, so that a phone can stack them. `numbers` are right-aligned columns."""
    right = frozenset(numbers)
    head = join(el("th", name, scope="col", cls="n" if i in right else None) for i, name in enumerate(headings))
    body = join(_row(headings, row, right=right) for row in rows)
    return el("div", el("table", el("caption", caption), el("thead", el("tr", head)), el("tbody", body)), cls="table")


def details(summary: Child, *children: Child, cls: str | None = None) -> Html:
    """Something to unfold."""
    return el("details", el("summary", summary), *children, cls=cls)


def _row(headings: Sequence[str], row: Sequence[Child], *, right: frozenset[int]) -> Html:
    first = el("th", row[0], scope="row", data_label=headings[0])
    rest = (
        el("td", cell, data_label=headings[i], cls="n" if i in right else None) for i, cell in enumerate(row) if i > 0
    )
    return el("tr", first, *rest)


def _attribute(name: str, value: str | bool | None) -> str:
    if value is None or value is False:
        return ""
    plain = "class" if name == "cls" else name.rstrip("_").replace("_", "-")
    return f" {plain}" if value is True else f' {plain}="{text(value)}"'
