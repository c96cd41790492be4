"""What many ask for at the same time, fetched once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Flights(Generic[K, V]):
    """Whoever asks for a key while it is on its way is told with the others."""

    _flying: dict[K, asyncio.Task[V]] = field(default_factory=dict)

    async def of(self, key: K, fetch: Callable[[], Coroutine[Any, Any, V]]) -> V:
        """What `fetch` tells, or told the one who asked first; what it raises."""
        if (flight := self._flying.get(key)) is None:
            flight = self._flying[key] = asyncio.create_task(fetch())
            flight.add_done_callback(partial(self._landed, key))
        # One who hangs up does not take it from the others.
        return await asyncio.shield(flight)

    def _landed(self, key: K, flight: asyncio.Task[V]) -> None:
        self._flying.pop(key, None)
        if not flight.cancelled():
            # All who asked may have hung up; then nobody else hears of a failure.
            flight.exception()
