"""What many want at the same time is asked in one go, whoever of them hangs up and whatever fails."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field

import pytest

from plexsync.model.errors import StoreError
from plexsync.provider.together import Together


@dataclass
class Oracle:
    """Doubles numbers, once it is let; negative ones it cannot."""

    asked: list[list[int]] = field(default_factory=list)
    let: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, numbers: Collection[int]) -> dict[int, int]:
        self.asked.append(sorted(numbers))
        await self.let.wait()
        if min(numbers) < 0:
            raise StoreError("no such number")
        return {number: 2 * number for number in numbers}


async def begun(oracle: Oracle, times: int) -> None:
    """Until it was asked so often."""
    async with asyncio.timeout(30):
        while len(oracle.asked) < times:  # noqa: ASYNC110 -- it runs as soon as it may
            await asyncio.sleep(0)


async def test_all_that_is_wanted_at_once_is_one_question_and_what_comes_meanwhile_the_next() -> None:
    oracle = Oracle()
    together = Together(oracle.answer)
    first = [asyncio.create_task(together.of([number])) for number in (1, 2, 2, 3)]
    await begun(oracle, 1)
    later = [asyncio.create_task(together.of([number, 9])) for number in (4, 5)]
    oracle.let.set()
    assert [(await one)[number] for one, number in zip(first, (1, 2, 2, 3), strict=True)] == [2, 4, 4, 6]
    assert [(await one)[9] for one in later] == [18, 18]
    assert oracle.asked == [[1, 2, 3], [4, 5, 9]]


async def test_one_who_hangs_up_takes_the_answer_from_nobody() -> None:
    oracle = Oracle()
    together = Together(oracle.answer)
    first, second = (asyncio.create_task(together.of([number])) for number in (1, 2))
    await begun(oracle, 1)
    first.cancel()
    oracle.let.set()
    assert (await second)[2] == 4
    assert first.cancelled() or first.cancelling()


async def test_a_failure_is_told_to_each_and_is_over_with_the_next_question() -> None:
    oracle = Oracle()
    oracle.let.set()
    together = Together(oracle.answer)
    failed = await asyncio.gather(*(together.of([number]) for number in (-1, 1)), return_exceptions=True)
    assert [type(one) for one in failed] == [StoreError, StoreError]
    assert (await together.of([1]))[1] == 2


async def test_a_failure_that_nobody_waits_for_is_no_fault(recwarn: pytest.WarningsRecorder) -> None:
    oracle = Oracle()
    together = Together(oracle.answer)
    alone = asyncio.create_task(together.of([-1]))
    await begun(oracle, 1)
    alone.cancel()
    oracle.let.set()
    await asyncio.wait({alone})
    assert (await together.of([3]))[3] == 6
    assert not recwarn.list
