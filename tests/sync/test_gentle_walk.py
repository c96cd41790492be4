"""A walk asks Stash seldom while Stash has work of its own, and goes on where it stood after Stash failed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from newstore import new_store
from plexsync.model.errors import StashTemporaryError
from plexsync.model.rules import RuleBook
from plexsync.sim.serving import serving
from plexsync.sim.stash import StashOptions, create_app
from plexsync.stash.client import StashClient
from plexsync.store import walks
from plexsync.store.database import Database
from plexsync.sync.walks.walk import FULL, Walker
from sync.hands import SetClock
from world import until

SCENES = 410  # two whole pages and a little


@asynccontextmanager
async def walking(folder: Path, clock: SetClock, *, busy: bool) -> AsyncIterator[tuple[Walker, str]]:
    database = Database.open(new_store(folder / "plexsync.db"))
    with serving(create_app(StashOptions(scenes=SCENES, config_dir=folder))) as server:
        stash = StashClient(server.url)
        walker = Walker(
            stash=stash,
            database=database,
            clock=clock,
            rules=RuleBook(),
            servers=("plex",),
            wake=lambda: None,
            busy=lambda: busy,
        )
        yield walker, server.url
        await stash.close()
    database.close()


async def stands_at(walker: Walker) -> int:
    walk = await walker.database.run(lambda c: walks.load(c, FULL))
    return 0 if walk is None else walk.last_id


async def test_while_stash_works_on_something_long_there_is_a_rest_after_each_page(tmp_path: Path) -> None:
    clock = SetClock()
    async with walking(tmp_path, clock, busy=True) as (walker, _):
        walk = asyncio.create_task(walker.full())
        for last in (200, 400):

            async def rests(last: int = last) -> bool:
                return await stands_at(walker) >= last and bool(clock.waits)

            await until(rests)
            assert (await stands_at(walker), walk.done()) == (last, False)
            await clock.move(2)
        assert await walk == SCENES


async def test_a_walk_that_stash_failed_on_goes_on_where_it_stood(tmp_path: Path) -> None:
    async with walking(tmp_path, SetClock(), busy=False) as (walker, url):
        rule = {"path": "/graphql", "fault": "status500", "after": 1}
        httpx2.put(f"{url}/_sim/faults", json=[rule]).raise_for_status()
        with pytest.raises(StashTemporaryError):
            await walker.full()
        assert await stands_at(walker) == 200
        httpx2.put(f"{url}/_sim/faults", json=[])
        assert await walker.full() == SCENES - 200
