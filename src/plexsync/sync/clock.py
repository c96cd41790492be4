"""Time, as handed to everything that needs it."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Seconds since the epoch; may jump either way, so nothing relies on its order."""

    def now(self) -> float: ...

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        """Wait until `event` is set, or for so many seconds (None: for ever); whether it was set."""
        ...


class SystemClock:
    """The machine's clock. A wait is not disturbed when it jumps."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        """Wait until `event` is set, or for so many seconds (None: for ever); whether it was set."""
        try:
            await asyncio.wait_for(event.wait(), seconds)
        except TimeoutError:
            return False
        return True
