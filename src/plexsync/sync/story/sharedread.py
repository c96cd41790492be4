"""One request for what many scenes of a batch want to read at the same point of their story."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

K = TypeVar("K")
V = TypeVar("V")


class SharedRead(Generic[K, V]):
    """Collects the keys of all members and fetches them at once when the last has asked or left.

    An error of the fetch reaches every member that asked.
    """

    def __init__(self, fetch: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]], members: int) -> None:
        self._fetch = fetch
        self._missing = members
        self._askers = 0
        self._keys: dict[K, None] = {}
        self._answer: asyncio.Future[Mapping[K, V]] = asyncio.get_running_loop().create_future()
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def member(self) -> Iterator[Member[K, V]]:
        """Take part; leaving the block without having asked counts as wanting nothing."""
        member = Member(self)
        try:
            yield member
        finally:
            member.leave()

    async def ask(self, keys: Iterable[K]) -> Mapping[K, V]:
        """All wanted values that exist; a key without one is absent."""
        wanted = list(keys)
        if not wanted:
            self.arrived()
            return {}
        self._keys.update(dict.fromkeys(wanted))
        self._askers += 1
        self.arrived()
        try:
            found = await asyncio.shield(self._answer)
        finally:
            self._askers -= 1
            self._abandon()
        return {key: found[key] for key in wanted if key in found}

    def arrived(self) -> None:
        """One member fewer to wait for; the last one starts the fetch, if anyone still wants it."""
        self._missing -= 1
        if self._missing == 0 and self._askers:
            self._task = asyncio.create_task(self._run())

    def _abandon(self) -> None:
        """Once all who asked were cancelled, nobody needs the answer."""
        if not self._askers and self._task is not None and not self._task.done():
            self._task.cancel()

    async def _run(self) -> None:
        try:
            found = await self._fetch(list(self._keys))
        except asyncio.CancelledError:
            self._answer.cancel()
            raise
        except Exception as error:  # noqa: BLE001 -- handed on to the members, who asked for it
            self._answer.set_exception(error)
            # Known to be seen: those who asked may all have been cancelled by now.
            self._answer.exception()
        else:
            self._answer.set_result(found)


class Member(Generic[K, V]):
    """One of those who read together."""

    def __init__(self, shared: SharedRead[K, V]) -> None:
        self._shared = shared
        self._arrived = False

    async def ask(self, keys: Iterable[K]) -> Mapping[K, V]:
        """Ask once for everything this member wants at this point."""
        self._arrived = True
        return await self._shared.ask(keys)

    def leave(self) -> None:
        if not self._arrived:
            self._arrived = True
            self._shared.arrived()
