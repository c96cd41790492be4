"""How far a task is, in Stash's job list, where its user left the button waiting for it."""

from __future__ import annotations

from dataclasses import dataclass, field

from plexsync.model.errors import SyncError
from plexsync.stash.client import StashClient
from plexsync.sync.clock import Clock
from plexsync.sync.walks.lapse import Lapse

#: Seconds between two tellings: each starts a process inside Stash.
EVERY = 2.0


@dataclass(slots=True, kw_only=True)
class Shown:
    """Tells it to the plugin, whose id is `plugin`, of the task with that name, until nobody waits any more."""

    stash: StashClient
    plugin: str
    task: str
    clock: Clock
    waits: bool = True
    _lapse: Lapse = field(default_factory=lambda: Lapse(every=EVERY))

    async def show(self, done: float) -> None:
        """So much is done, from 0 to 1; told now and then only."""
        if self.waits and self._lapse.over(self.clock.now()):
            await self._tell(done)

    async def end(self) -> None:
        """It is done, well or not."""
        if self.waits:
            await self._tell(1.0)

    async def _tell(self, done: float) -> None:
        told = {"mode": "progress", "task": self.task, "done": done}
        try:
            answer = await self.stash.run_operation(self.plugin, told)
        except SyncError:
            # A plugin that is older, or gone, knows nobody who waits; the task itself goes on.
            answer = None
        self.waits = isinstance(answer, dict) and bool(answer.get("waits"))
