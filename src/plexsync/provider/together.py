"""What many want to know at the same time, asked in one go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


@dataclass(slots=True)
class Together(Generic[K, V]):
    """`ask` is told all that is wanted by now, and once it has answered, all that came meanwhile."""

    ask: Callable[[Collection[K]], Awaitable[Mapping[K, V]]]
    _wanted: set[K] = field(default_factory=set)
    _next: asyncio.Task[Mapping[K, V]] | None = None
    _last: asyncio.Task[Mapping[K, V]] | None = None

    async def of(self, keys: Collection[K]) -> Mapping[K, V]:
        """What is known of these, and perhaps of others; what `ask` raises."""
        self._wanted.update(keys)
        if self._next is None:
            self._next = asyncio.create_task(self._answer(self._last))
            self._next.add_done_callback(_heard)
        # One who hangs up does not take it from the others.
        return await asyncio.shield(self._next)

    async def _answer(self, before: asyncio.Task[Mapping[K, V]] | None) -> Mapping[K, V]:
        if before is not None:
            await asyncio.wait({before})
        keys, self._wanted = self._wanted, set()
        self._last, self._next = self._next, None
        return await self.ask(keys)


def _heard(answer: asyncio.Task[Mapping[K, V]]) -> None:
    """All who asked may have hung up; then nobody hears of a failure."""
    if not answer.cancelled():
        answer.exception()
