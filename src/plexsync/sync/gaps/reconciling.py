"""Runs of reconciliation as people and programs ask for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from plexsync.model.gaps import Scope
from plexsync.store import gapruns, wishes
from plexsync.store.database import Connection, Database
from plexsync.store.gapruns import Cause
from plexsync.sync.clock import Clock
from plexsync.sync.gaps.gapreports import no_run, run_facts, run_rows
from plexsync.sync.gaps.reconcile import RECONCILE

#: Seconds between two looks whether a search is over.
_LOOK_EVERY = 1.0
#: What is told of a search whose last gaps are being judged: 1 would mean that it is over.
_NEARLY = 0.99


class NoRunError(Exception):
    """There is no run of that number; the message says where to look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciling:
    """`look` is called with the name of what was wished for, once that is kept."""

    database: Database
    clock: Clock
    look: Callable[[str], None]

    async def ask(self, scope: Scope, *, report_only: bool = False, cause: Cause = Cause.PERSON) -> dict[str, Any]:
        """Ask for a run. One that waits or searches already and grants the same is not asked for twice (`joined`)."""

        def ask(connection: Connection) -> dict[str, Any]:
            now = self.clock.now()
            run, joined = gapruns.ask(connection, scope, cause, report_only=report_only, now=now)
            wishes.ask(connection, RECONCILE, now)
            return {"run": run.id, "joined": joined}

        asked = await self.database.run(ask)
        self.look(RECONCILE)
        return asked

    async def run(self, number: int, *, examples: int = 20) -> dict[str, Any]:
        """All that is known of a run. NoRunError where there is none."""
        facts = await self.database.run(lambda c: run_facts(c, number, examples=examples))
        if facts is None:
            raise NoRunError(no_run(number))
        return facts

    async def searched(self, number: int, show: Callable[[float], Awaitable[None]] | None = None) -> dict[str, Any]:
        """The same once all its gaps are known; `show` is told again and again how much is looked at, from 0 to 1."""
        while (facts := await self.run(number, examples=0))["searched_at"] is None:
            if show is not None:
                await show(min(facts["looked"] / facts["of"], 1.0) * _NEARLY if facts["of"] else 0.0)
            await self.clock.wait(asyncio.Event(), _LOOK_EVERY)
        return facts

    async def runs(self, limit: int) -> list[dict[str, Any]]:
        """The latest runs, newest first."""
        return await self.database.run(lambda c: run_rows(c, limit))
