"""A small cache of things that never change under their key, such as the brief of a run."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Keeps the most recently used; forgetting one costs a read, never a result."""

    def __init__(self, *, size: int = 64) -> None:
        self._size = size
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._making = asyncio.Lock()

    async def get(self, key: K, *, make: Callable[[], Awaitable[V]]) -> V:
        """The value under this key, made now if it is not here. A failure to make it is not kept."""
        if key not in self._kept:
            async with self._making:
                await self._make(key, make=make)
        self._kept.move_to_end(key)
        return self._kept[key]

    async def _make(self, key: K, *, make: Callable[[], Awaitable[V]]) -> None:
        if key in self._kept:
            return
        self._kept[key] = await make()
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)
