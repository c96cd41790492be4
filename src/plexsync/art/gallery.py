"""Serves pictures of Stash to those who hold a signed address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from plexsync.art.addresses import Address, Addresses
from plexsync.art.covers import Art
from plexsync.art.sources import Source, by_id
from plexsync.flights import Flights
from plexsync.log import logger
from plexsync.model.errors import ServerDown, StashServerDown, StashTemporaryError, StoreError, SyncError
from plexsync.model.pictures import Recipe
from plexsync.stash.covers import Cover
from plexsync.store import pictures
from plexsync.store.pictures import Picture

_log = logger("plexsync.art")

T = TypeVar("T")
#: Seconds in which Stash has to show a picture: whoever asks about scenes waits for that too, and not for ever.
PATIENCE = 10.0
#: Seconds after which one who waits in line is told to come back.
LONGEST = 60.0
#: Seconds for which a Stash that is away is not asked again: who waits in line hears the same.
PAUSE = 2.0
#: Seconds that the store is waited for, where the picture is there already.
_STORE_SECONDS = 3.0


class Reads(Protocol):
    """Looks at the store, which may be away."""

    async def run(self, work: Callable[[Connection], T]) -> T:
        """What the store tells. StoreError while it does not."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A JPEG. `is_current`: it is the very picture that the address was made for."""

    sha1: str
    content: bytes
    is_current: bool


@dataclass(slots=True, kw_only=True)
class Gallery:
    """Pictures by address: those that are kept at once, others from Stash, where many ask for one only once.

    `recipe` is what is made of those whose address names none. Stash is asked one question at a time, by `turn`.
    `sure` raises a SyncError while Stash may not be believed; `doubt` makes it look anew which Stash it is.
    """

    art: Art
    reads: Reads
    recipe: Recipe
    now: Callable[[], float]
    addresses: Addresses
    sure: Callable[[], Awaitable[None]]
    doubt: Callable[[], None]
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _line: asyncio.Lock = field(default_factory=asyncio.Lock)
    _flights: Flights[Address, Served | None] = field(default_factory=Flights)
    _away: tuple[float, ServerDown] | None = None

    async def picture(self, address: Address) -> Served | None:
        """The picture; None where Stash has none. SyncError while it has to be fetched and Stash is away."""
        known = await self._known(address)
        kept = await self.art.kept(known.sha1) if known is not None else None
        if known is not None and kept is not None and _is_current(known.sha1, address):
            return _served(known.sha1, kept, address)
        return await self._flights.of(address, partial(self._fetched, address, known, kept))

    async def _known(self, address: Address) -> Picture | None:
        try:
            held = await self.reads.run(lambda c: pictures.of(c, address.kind, address.id))
        except StoreError:
            return None
        return held.get(self._recipe(address).name)

    async def _fetched(self, address: Address, known: Picture | None, kept: bytes | None) -> Served | None:
        try:
            return await self._shown(address, known, kept)
        except SyncError:
            if known is not None and kept is not None:
                return _served(known.sha1, kept, address)
            raise

    async def _shown(self, address: Address, known: Picture | None, kept: bytes | None) -> Served | None:
        """However many pictures are asked for, a question about scenes waits for Stash to show one of them at most."""
        source, latest = by_id(address.kind, address.id), asyncio.get_running_loop().time() + LONGEST
        # One at a time is brought into shape as well: all that Stash has shown by then would lie in memory.
        async with _taken(self._line, latest):
            async with _taken(self.turn, latest):
                found = await self._asked(source, known.etag if known is not None and kept is not None else "")
            if found is None:
                return None
            if known is not None and kept is not None and found.kind == "unchanged":
                return _served(known.sha1, kept, address)
            row, content = await self.art.shown(source, self._recipe(address), found, self.now())
        if known is None or known.sha1 != row.sha1:
            await self._note(row)
        return _served(row.sha1, content, address) if content else None

    async def _asked(self, source: Source, etag: str) -> Cover | None:
        if self._away is not None and 0 <= self.now() - self._away[0] < PAUSE:
            raise StashServerDown(self._away[1].message, retry_after=self._away[1].retry_after)
        try:
            async with asyncio.timeout(PATIENCE):
                await self.sure()
                return await self._told(source, etag)
        except TimeoutError as error:
            raise StashTemporaryError(f"Stash gave no picture within {PATIENCE:g} s") from error
        except ServerDown as error:
            # What comes back need not be what went away.
            self.doubt()
            self._away = (self.now(), error)
            raise

    async def _told(self, source: Source, etag: str) -> Cover | None:
        """What Stash shows, unchanged where it still is the one of that tag; None where it knows no such owner."""
        try:
            if etag:
                glimpse = await self.art.stash.glimpse(source.address, etag)
                if glimpse.kind != "none" and glimpse.etag == etag:
                    return Cover(kind="unchanged", etag=etag)
            return await self.art.stash.picture(source.address)
        except SyncError as error:
            if error.status == 404:
                return None
            raise

    async def _note(self, row: Picture) -> None:
        """What is not noted now is found at the next look."""
        try:
            async with asyncio.timeout(_STORE_SECONDS):
                await self.art.database.run(lambda c: pictures.put(c, [row]))
        except (StoreError, TimeoutError) as error:
            _log.debug("a picture cannot be noted", reason=str(error) or type(error).__name__)

    def _recipe(self, address: Address) -> Recipe:
        return address.recipe or self.recipe


@asynccontextmanager
async def _taken(lock: asyncio.Lock, latest: float) -> AsyncIterator[None]:
    """It is ours within the block. StashTemporaryError where it was not until `latest`, by the loop's clock."""
    try:
        async with asyncio.timeout_at(latest) as waiting, lock:
            waiting.reschedule(None)
            yield
    except TimeoutError as error:
        raise StashTemporaryError(f"Stash had no time for the picture within {LONGEST:g} s") from error


def _served(sha1: str, content: bytes, address: Address) -> Served:
    return Served(sha1=sha1, content=content, is_current=_is_current(sha1, address))


def _is_current(sha1: str, address: Address) -> bool:
    return bool(address.version) and sha1.startswith(address.version)
