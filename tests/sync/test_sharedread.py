"""Many members, one request."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.sync.story.sharedread import SharedRead
from sync.hands import settled


@dataclass(slots=True)
class Shelf:
    """Gives each even key its half, after a while, or fails."""

    asked: list[list[int]] = field(default_factory=list)
    error: Exception | None = None
    ended: int = 0
    held: asyncio.Event | None = None

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, int]:
        self.asked.append(list(keys))
        await asyncio.sleep(0)
        if self.held is not None:
            await self.held.wait()
        self.ended += 1
        if self.error is not None:
            raise self.error
        return {key: key // 2 for key in keys if key % 2 == 0}


async def took(shared: SharedRead[int, int], keys: list[int] | None, turns: int = 0) -> Mapping[int, int] | None:
    with shared.member() as member:
        for _ in range(turns):
            await asyncio.sleep(0)
        return None if keys is None else await member.ask(keys)


MEMBERS = st.lists(st.tuples(st.none() | st.lists(st.integers(0, 9), max_size=4), st.integers(0, 3)), max_size=12)


@given(MEMBERS)
def test_all_members_keys_come_with_one_request_whoever_leaves(members: list[tuple[list[int] | None, int]]) -> None:
    async def play() -> None:
        shelf = Shelf()
        shared = SharedRead(shelf.fetch, len(members))
        got = await asyncio.wait_for(asyncio.gather(*(took(shared, keys, turns) for keys, turns in members)), 5)
        wanted = {key for keys, _ in members for key in keys or ()}
        assert len(shelf.asked) == (1 if wanted else 0)
        assert {key for keys in shelf.asked for key in keys} == wanted
        for (keys, _), found in zip(members, got, strict=True):
            assert found == (None if keys is None else {key: key // 2 for key in keys if key % 2 == 0})

    asyncio.run(play())


async def test_an_error_reaches_all_who_asked_and_nobody_else() -> None:
    shelf = Shelf(error=ValueError("broken"))
    shared = SharedRead(shelf.fetch, 4)
    got = await asyncio.gather(
        took(shared, [1]), took(shared, None), took(shared, [2]), took(shared, []), return_exceptions=True
    )
    assert got[0] is got[2] is shelf.error
    assert (got[1], got[3]) == (None, {})


async def test_a_member_that_fails_before_it_asked_holds_nobody_up() -> None:
    shelf = Shelf()
    shared = SharedRead(shelf.fetch, 2)

    async def failing() -> None:
        with shared.member():
            await asyncio.sleep(0)
            raise ValueError("own")

    got = await asyncio.gather(took(shared, [4]), failing(), return_exceptions=True)
    assert got[0] == {4: 2}


@pytest.mark.parametrize("error", [None, ValueError("broken")])
async def test_one_cancelled_member_does_not_take_the_answer_from_the_others(error: Exception | None) -> None:
    shelf = Shelf(error=error, held=asyncio.Event())
    shared = SharedRead(shelf.fetch, 2)
    first, second = asyncio.create_task(took(shared, [2])), asyncio.create_task(took(shared, [4]))
    await settled()
    first.cancel()
    await settled()
    assert shelf.held is not None
    shelf.held.set()
    got = await asyncio.gather(first, second, return_exceptions=True)
    assert isinstance(got[0], asyncio.CancelledError)
    assert got[1] == (error or {4: 2})


@pytest.mark.parametrize("error", [None, ValueError("broken")])
async def test_once_all_are_cancelled_the_request_is_given_up_without_a_trace(error: Exception | None) -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, facts: complaints.append(facts))
    shelf = Shelf(error=error, held=asyncio.Event())
    shared = SharedRead(shelf.fetch, 2)
    tasks = [asyncio.create_task(took(shared, [2])), asyncio.create_task(took(shared, [4]))]
    await settled()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await settled()
    del shared, tasks, task
    gc.collect()
    await settled()
    assert shelf.ended == 0
    assert complaints == []


async def test_members_cancelled_before_the_last_arrived_start_no_request() -> None:
    shelf = Shelf()
    shared = SharedRead(shelf.fetch, 2)
    tasks = [asyncio.create_task(took(shared, [2])), asyncio.create_task(took(shared, [4], turns=1000))]
    await settled()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await settled()
    assert shelf.asked == []
