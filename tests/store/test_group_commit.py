"""Work that is asked for at the same time shares a commit, and nothing else."""

from __future__ import annotations

import asyncio

import pytest

from plexsync.store import preferences
from plexsync.store.database import Connection, Database


async def test_one_piece_of_work_that_fails_undoes_only_itself(database: Database) -> None:
    def fail(conn: Connection) -> None:
        preferences.put(conn, "half", "written")
        raise ValueError("on purpose")

    wishes = [database.run(lambda c, n=n: preferences.put(c, f"name {n}", n)) for n in range(20)]  # type: ignore[misc]
    ends = await asyncio.gather(*wishes, database.run(fail), return_exceptions=True)
    assert [type(end) for end in ends] == [type(None)] * 20 + [ValueError]
    kept = await database.run(lambda c: preferences.all_under(c, ""))
    assert kept == {f"name {n}": n for n in range(20)}


async def test_work_of_one_group_runs_in_the_order_it_was_asked_for(database: Database) -> None:
    order: list[int] = []
    await asyncio.gather(*(database.run(lambda _c, n=n: order.append(n)) for n in range(300)))  # type: ignore[misc]
    assert order == list(range(300))


async def test_work_that_nobody_waits_for_any_more_is_not_begun(database: Database) -> None:
    began: list[str] = []
    release = asyncio.Event()
    loop = asyncio.get_running_loop()

    def block(_conn: Connection) -> None:
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result()

    first = asyncio.create_task(database.run(block))
    await asyncio.sleep(0)
    second = asyncio.create_task(database.run(lambda _c: began.append("second")))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    release.set()
    await first
    await database.run(lambda _c: None)
    assert began == []
