"""What many ask for at the same time, fetched once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


@dataclass(slots=True)
class _Flight(Generic[V]):
    """`waiting` counts those who ask."""

    task: asyncio.Task[V]
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Flights(Generic[K, V]):
    """Whoever asks for a key while it is on its way is told with the others."""

    _flying: dict[K, _Flight[V]] = field(default_factory=dict)

    async def of(self, key: K, fetch: Callable[[], Coroutine[Any, Any, V]]) -> V:
        """What `fetch` tells, or told the one who asked first; what it raises."""
        if (flight := self._flying.get(key)) is None:
            flight = self._flying[key] = _Flight(asyncio.create_task(fetch()))
            flight.task.add_done_callback(partial(self._landed, key, flight))
        flight.waiting += 1
        try:
            # One who hangs up does not take it from the others.
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting:
                # What nobody waits for any more would only keep others from their turn.
                self._land(key, flight)
                flight.task.cancel()

    def _landed(self, key: K, flight: _Flight[V], task: asyncio.Task[V]) -> None:
        self._land(key, flight)
        if not task.cancelled():
            # All who asked may have hung up; then nobody else hears of a failure.
            task.exception()

    def _land(self, key: K, flight: _Flight[V]) -> None:
        if self._flying.get(key) is flight:
            del self._flying[key]
