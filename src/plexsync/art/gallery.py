"""Serves pictures of Stash to those who hold a signed address."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from plexsync.art.addresses import Address, Addresses
from plexsync.art.covers import Art
from plexsync.art.sources import Source, by_id
from plexsync.flights import Flights
from plexsync.model.errors import StoreError, SyncError
from plexsync.model.pictures import Recipe
from plexsync.store import pictures
from plexsync.store.pictures import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A JPEG. `is_current`: it is the very picture that the address was made for."""

    sha1: str
    content: bytes
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """Pictures by address: those that are kept at once, others from Stash, where many ask for one only once.

    `recipe` is what is made of those whose address names none. Stash is asked one question at a time, by `turn`.
    """

    art: Art
    recipe: Recipe
    now: Callable[[], float]
    addresses: Addresses
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _flights: Flights[Address, Served | None] = field(default_factory=Flights)

    async def picture(self, address: Address) -> Served | None:
        """The picture; None where Stash has none. SyncError while it has to be fetched and Stash is away."""
        known = await self._known(address)
        kept = await self.art.kept(known.sha1) if known is not None else None
        if known is not None and kept is not None and _is_current(known.sha1, address):
            return _served(known.sha1, kept, address)
        return await self._flights.of(address, partial(self._fetched, address, known, kept))

    async def _known(self, address: Address) -> Picture | None:
        try:
            held = await self.art.database.run(lambda c: pictures.of(c, address.kind, address.id))
        except StoreError:
            return None
        return held.get(self._recipe(address).name)

    async def _fetched(self, address: Address, known: Picture | None, kept: bytes | None) -> Served | None:
        try:
            async with self.turn:
                return await self._told(address, known, kept)
        except SyncError as error:
            if error.status == 404:
                return None
            if known is not None and kept is not None:
                return _served(known.sha1, kept, address)
            raise

    async def _told(self, address: Address, known: Picture | None, kept: bytes | None) -> Served | None:
        """The picture as Stash has it: the known one, unless Stash says that it is another by now."""
        source = by_id(address.kind, address.id)
        if known is not None and kept is not None and known.etag:
            glimpse = await self.art.stash.glimpse(source.address, known.etag)
            if glimpse.kind != "none" and glimpse.etag == known.etag:
                return _served(known.sha1, kept, address)
        found = await self._content(source, self._recipe(address))
        return None if found is None else _served(*found, address)

    async def _content(self, source: Source, recipe: Recipe) -> tuple[str, bytes] | None:
        try:
            return await self.art.content(source, recipe, "", self.now())
        except StoreError:
            row = await self.art.fetched(source, recipe, self.now())
            kept = await self.art.kept(row.sha1)
            return None if kept is None else (row.sha1, kept)

    def _recipe(self, address: Address) -> Recipe:
        return address.recipe or self.recipe


def _served(sha1: str, content: bytes, address: Address) -> Served:
    return Served(sha1=sha1, content=content, is_current=_is_current(sha1, address))


def _is_current(sha1: str, address: Address) -> bool:
    return bool(address.version) and sha1.startswith(address.version)
