"""Winner search as a tool for agents. The account is fixed when the tool is made: no model can choose another."""

from __future__ import annotations

import asyncio
from typing import Annotated

from langchain_core.tools import StructuredTool
from pydantic import Field

from geminivideo.judgement import Recalled
from geminivideo.model import Noun
from geminivideo.vocabulary import Vertical
from memory.winners import Kind, WinnerIndex

NAME = "winner_search"


class WinnerQuery(Noun):
    """What to look for in the account's proven ads."""

    query: Annotated[str, Field(min_length=1, max_length=20_000, description="Text of a brief, hook or idea")]
    kind: Annotated[Kind, Field(description="winner: what worked; loser: what to avoid")] = "winner"
    k: Annotated[int, Field(ge=1, le=20, description="How many ads at most")] = 5
    vertical: Annotated[Vertical | None, Field(description="Only ads of this vertical")] = None


class WinnersFound(Noun):
    """The recalled ads, best first; empty when nothing is proven yet."""

    ads: tuple[Recalled, ...]


def winner_search_tool(index: WinnerIndex, *, account_id: str) -> StructuredTool:
    """The tool over one account's winners and losers. Reads only; works off the event loop."""

    def search(query: str, kind: Kind = "winner", k: int = 5, vertical: Vertical | None = None) -> WinnersFound:
        found = index.search(account_id, query=query, k=k, kind=kind, vertical=vertical)
        return WinnersFound(ads=tuple(found))

    async def search_aside(
        query: str, kind: Kind = "winner", k: int = 5, vertical: Vertical | None = None
    ) -> WinnersFound:
        return await asyncio.to_thread(search, query, kind=kind, k=k, vertical=vertical)

    return StructuredTool.from_function(
        func=search,
        coroutine=search_aside,
        name=NAME,
        description="Find this account's past ads that resemble a text, with the evidence of how they did.",
        args_schema=WinnerQuery,
        metadata={"effect": "read"},
    )
