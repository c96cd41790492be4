"""Serves pictures of Stash to those who hold a signed address."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from plexsync.art.addresses import Address, Addresses
from plexsync.art.covers import Art
from plexsync.art.sources import by_id
from plexsync.model.errors import SyncError
from plexsync.model.pictures import Recipe
from plexsync.store import pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A JPEG. `is_current`: it is the very picture that the address was made for."""

    sha1: str
    content: bytes
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """Pictures by address: those that are kept at once, others from Stash, where many ask for one only once."""

    art: Art
    recipe: Recipe
    now: Callable[[], float]
    addresses: Addresses
    _flights: dict[tuple[str, int], asyncio.Task[Served | None]] = field(default_factory=dict)

    async def picture(self, address: Address) -> Served | None:
        """The picture; None where Stash has none. SyncError while it has to be fetched and Stash is away."""
        held = await self.art.database.run(lambda c: pictures.of(c, address.kind, address.id))
        known = held.get(self.recipe.name)
        if known is not None and known.sha1 and (kept := await self.art.kept(known.sha1)) is not None:
            return _served(known.sha1, kept, address)
        place = (address.kind.value, address.id)
        if (flight := self._flights.get(place)) is None:
            flight = self._flights[place] = asyncio.create_task(self._fetched(address))
            flight.add_done_callback(partial(self._landed, place))
        # One who hangs up does not take it from the others.
        return await asyncio.shield(flight)

    def _landed(self, place: tuple[str, int], flight: asyncio.Task[Served | None]) -> None:
        self._flights.pop(place, None)
        if not flight.cancelled():
            # All who asked may have hung up; then nobody else hears of it.
            flight.exception()

    async def _fetched(self, address: Address) -> Served | None:
        try:
            found = await self.art.content(by_id(address.kind, address.id), self.recipe, "", self.now())
        except SyncError as error:
            if error.status == 404:
                return None
            raise
        return None if found is None else _served(*found, address)


def _served(sha1: str, content: bytes, address: Address) -> Served:
    return Served(sha1=sha1, content=content, is_current=bool(address.version) and sha1.startswith(address.version))
