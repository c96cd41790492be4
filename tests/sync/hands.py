"""A clock that moves only when told to, and what the small rooms of the sync are tested with."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

#: Turns of the loop after which everything that could run has run, the store's thread aside.
_TURNS = 20


@dataclass(slots=True)
class SetClock:
    """Stands still until `move`; waits end when it passed them."""

    at: float = 1_000_000.0
    waits: list[tuple[float, asyncio.Event]] = field(default_factory=list)

    def now(self) -> float:
        return self.at

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        over = asyncio.Event()
        if seconds is not None:
            self.waits.append((self.at + seconds, over))
        waiting = [asyncio.create_task(event.wait()), asyncio.create_task(over.wait())]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        return event.is_set()

    async def move(self, seconds: float) -> None:
        """Let time pass and everything that waited for it run."""
        await settled()
        self.at += seconds
        due = [entry for entry in self.waits if entry[0] <= self.at]
        for entry in due:
            self.waits.remove(entry)
            entry[1].set()
        await settled()


async def settled() -> None:
    """Let everything run that can."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)
