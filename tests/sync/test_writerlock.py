"""One writer at a time, the higher lane first, whoever gives up meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.model.work import Lane
from plexsync.sync.story.writerlock import WriterLock
from sync.hands import settled


@dataclass(slots=True)
class Desk:
    """A lock and those who used it."""

    pen: WriterLock = field(default_factory=WriterLock)
    holders: int = 0
    wrote: list[int] = field(default_factory=list)

    async def write(self, number: int, lane: Lane, turns: int) -> None:
        async with self.pen.turn(lane):
            self.holders += 1
            assert self.holders == 1
            try:
                for _ in range(turns):
                    await asyncio.sleep(0)
                self.wrote.append(number)
            finally:
                self.holders -= 1


WRITERS = st.lists(
    st.tuples(st.sampled_from(list(Lane)), st.integers(0, 3), st.none() | st.integers(0, 25)), min_size=1, max_size=25
)


@given(WRITERS, st.lists(st.integers(0, 3), min_size=25, max_size=25))
def test_no_turn_is_shared_or_lost_whoever_is_cancelled_when(
    writers: list[tuple[Lane, int, int | None]], gaps: list[int]
) -> None:
    async def play() -> None:
        desk = Desk()
        tasks: list[asyncio.Task[None]] = []
        for number, (lane, turns, _) in enumerate(writers):
            tasks.append(asyncio.create_task(desk.write(number, lane, turns)))
            for _ in range(gaps[number]):
                await asyncio.sleep(0)
        for tick in range(26):
            for task, (_, _, cancelled_at) in zip(tasks, writers, strict=True):
                if cancelled_at == tick:
                    task.cancel()
            await asyncio.sleep(0)
        ended = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
        assert not [error for error in ended if error is not None and not isinstance(error, asyncio.CancelledError)]
        well = [number for number, error in enumerate(ended) if error is None]
        assert sorted(desk.wrote) == well
        await asyncio.wait_for(desk.write(-1, Lane.BULK, 0), 5)

    asyncio.run(play())


@given(st.lists(st.sampled_from(list(Lane)), min_size=2, max_size=20))
def test_those_who_wait_go_by_lane_and_within_it_in_their_order(lanes: list[Lane]) -> None:
    async def play() -> None:
        desk = Desk()
        async with desk.pen.turn(Lane.USER):
            tasks = [asyncio.create_task(desk.write(number, lane, 1)) for number, lane in enumerate(lanes)]
            await settled()
        await asyncio.gather(*tasks)
        assert desk.wrote == sorted(range(len(lanes)), key=lambda number: (lanes[number].value, number))

    asyncio.run(play())


async def test_one_who_is_cancelled_as_the_turn_arrives_hands_it_on() -> None:
    desk = Desk()
    async with desk.pen.turn(Lane.USER):
        first = asyncio.create_task(desk.write(1, Lane.USER, 0))
        second = asyncio.create_task(desk.write(2, Lane.USER, 0))
        await settled()
    first.cancel()
    await asyncio.wait_for(second, 1)
    assert desk.wrote == [2]
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_block_that_fails_gives_the_pen_back() -> None:
    desk = Desk()
    with pytest.raises(ValueError, match="own"):
        async with desk.pen.turn(Lane.BULK):
            raise ValueError("own")
    await asyncio.wait_for(desk.write(1, Lane.BULK, 0), 1)
