"""The index of Plex's items, kept in step with its libraries: what changed, and now and then all of it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from plexsync.log import logger
from plexsync.model.errors import PlexTemporaryError
from plexsync.model.item import IndexedItem, Item, Section
from plexsync.plex.client import BATCH, PlexClient
from plexsync.plex.listings import PAGE, Page, is_last
from plexsync.store import index, listings, queue
from plexsync.store.batches import batches
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions
from plexsync.store.listings import Listing, Progress
from plexsync.sync.causes import APPEARED, INDEXED
from plexsync.sync.index.listingway import Way, goes_on, rested, scan_ended, way_of
from plexsync.sync.index.rows import ItemRows

_log = logger("plexsync.libraries")

#: Seconds by which a change may be known to Plex before others that it shows already.
_OVERLAP = 10
#: Seconds between two listings of a library in which scenes wait for their items after a scan.
_WAITED = 600.0


@dataclass(slots=True, kw_only=True)
class Indexing:
    """`turn` is held from a look at items until the index has learnt it: what was read later is kept."""

    server: str
    plex: PlexClient
    database: Transactions
    rows: ItemRows
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def look(self, section: Section, *, told: bool = False, whole: bool = False) -> bool:
        """Follow one library. `told`: something in it changed; `whole`: list all of it. True when the index moved."""
        listing = await self.database.run(lambda c: listings.get(c, self.server, section.key))
        way = Way.WHOLE if whole else way_of(listing, section.marks, self.rows.clock.now(), told=told)
        if way is Way.NOTHING:
            return False
        moved = False
        if way is Way.NEWER and listing is not None:
            moved, fits = await self._newer(section, listing)
            if fits and not await self._awaited(section, listing):
                return moved
            await self.database.run(lambda c: listings.doubt(c, self.server, [section.key]))
            if not rested(listing, self.rows.clock.now()):
                return moved
        return await self._whole(section) or moved

    async def read(self, keys: Collection[int], synced: Collection[int]) -> bool:
        """Have Plex tell these items by id. Those that it does not have are let go; of libraries that are not synced
        only what the index holds is followed. True when the index moved.
        """
        moved = False
        for some in batches(keys, BATCH - 1):
            async with self.turn:
                moved = await self._read_some(some, synced) or moved
        return moved

    async def _read_some(self, keys: Sequence[int], synced: Collection[int]) -> bool:
        held, witness = await self.database.run(
            lambda c: (index.of_keys(c, self.server, keys), index.other_than(c, self.server, keys))
        )
        found = await self._by_id(keys, witness)
        wanted = [of(item) for key, item in found.items() if item.section in synced or key in held]
        gone = [key for key in held if key not in found]

        def learn(connection: Connection) -> bool:
            new = self.rows.take_changed(connection, wanted)
            return bool(self.rows.remove(connection, gone)) or bool(new)

        return await self.database.run(learn) if wanted or gone else False

    async def _by_id(self, keys: Sequence[int], witness: int | None) -> dict[int, Item]:
        """The items that Plex has. One that it is known to have is asked for as well: where none of a list is there
        Plex answers as if the list itself were wrong, and each would have to be asked for alone.
        """
        asked = [*keys, witness] if witness is not None and len(keys) > 1 else keys
        return await self.plex.details(asked)

    async def _newer(self, section: Section, listing: Listing) -> tuple[bool, bool]:
        """List what changed. Whether the index moved, and whether it then holds as many items as Plex counts."""
        since, start, newest, moved = max(1, listing.newest - _OVERLAP), 0, listing.newest, False
        while True:
            async with self.turn:
                page = await self._page(section, start, since)
                if page is None or any(0 < item.updated_at < since for item in page.items):
                    return moved, False
                if start == 0:
                    newest = max([newest, *(item.updated_at for item in page.items)])
                moved = bool(await self.database.run(partial(self._take_changed, page))) or moved
            start += page.rows
            if is_last(page, start, new=page.rows == PAGE):
                break
        total = (await self.plex.newest(section.key))[1]
        return moved, await self.database.run(partial(self._followed, section, newest, total))

    async def _page(self, section: Section, start: int, since: int) -> Page | None:
        """None from a server that does not know how to list what changed."""
        try:
            return await self.plex.page(section.key, start, since=since)
        except PlexTemporaryError as error:
            if error.status == 400:
                return None
            raise

    def _take_changed(self, page: Page, connection: Connection) -> int:
        return self.rows.take_changed(connection, page.items)

    def _followed(self, section: Section, newest: int, total: int | None, connection: Connection) -> bool:
        listing = listings.get(connection, self.server, section.key)
        if listing is None:
            return False
        followed = replace(listing, marks=section.marks, newest=newest)
        if followed != listing:
            listings.put(connection, self.server, section.key, followed)
        return total is None or total - self._count(connection, section) == listing.uncounted

    async def _awaited(self, section: Section, listing: Listing) -> bool:
        """Whether a scan ended and yet scenes wait for items: perhaps one has moved, which Plex need not date."""
        waited = self.rows.clock.now() - listing.whole_at
        if not scan_ended(listing.marks, section.marks) or 0 <= waited < _WAITED:
            return False
        return await self.database.run(lambda c: queue.awaits_items(c, self.server))

    async def _whole(self, section: Section) -> bool:
        """List all of the library, from where an earlier run was cut off. True when the index moved."""
        progress = await self._begun(section)
        start, new, rows = max(0, progress.position - PAGE), 0, 0
        seen: set[int] = set()
        while True:
            async with self.turn:
                page = await self.plex.page(section.key, start)
                start += page.rows
                taken = await self.database.run(partial(self._take, section, page, progress, start))
            if taken is None:
                # The server is another one now: what was listed of the old one does not count.
                return True
            new, rows = new + taken, len(seen)
            seen |= {item.rating_key for item in page.items}
            if is_last(page, start, new=len(seen) > rows):
                break
        gone = await self._let_go(section, progress.run)
        # What fits one page costs Plex nothing worth a rest.
        took = max(0.0, self.rows.clock.now() - progress.began_at) if len(seen) > PAGE else 0.0
        await self.database.run(partial(self._ended, section, progress, page.total, took))
        if new or gone:
            _log.info("library indexed", library=section.title, new=new, gone=gone)
        return bool(new or gone)

    async def _begun(self, section: Section) -> Progress:
        """A listing that was cut off goes on; else what is to be known at the end of a new one is noted now."""
        now = self.rows.clock.now()
        listing = await self.database.run(lambda c: listings.get(c, self.server, section.key))
        if listing is not None and listing.progress is not None and goes_on(listing, now):
            return listing.progress
        newest, _ = await self.plex.newest(section.key)

        def begin(connection: Connection) -> Progress:
            known = listings.get(connection, self.server, section.key)
            before = known or Listing()
            first = known is None or (before.progress is not None and before.progress.first)
            run = self.rows.next_run(connection)
            progress = Progress(
                run=run, began_at=now, marks=section.marks, newest=newest, doubts=before.doubts, first=first
            )
            listings.put(connection, self.server, section.key, replace(before, progress=progress))
            return progress

        return await self.database.run(begin)

    def _take(
        self, section: Section, page: Page, progress: Progress, position: int, connection: Connection
    ) -> int | None:
        listing = self._under_way(connection, section, progress)
        if listing is None:
            return None
        # What the first listing shows is the backlog; what a later one shows came since.
        new = self.rows.take(connection, page.items, progress.run, INDEXED if progress.first else APPEARED)
        moved = replace(listing, progress=replace(progress, position=position))
        listings.put(connection, self.server, section.key, moved)
        return new

    async def _let_go(self, section: Section, run: int) -> int:
        """Items that the listing did not show and that Plex, asked by id, does not have; how many those were."""
        unseen, witness = await self.database.run(
            lambda c: (
                index.unseen(c, self.server, section.key, run),
                index.touched(c, self.server, section.key, run),
            )
        )
        count = 0
        for some in batches(unseen, BATCH - 1):
            async with self.turn:
                found = await self._by_id(some, witness)
                still = [of(found[key]) for key in some if key in found]
                gone = [key for key in some if key not in found]
                count += await self.database.run(partial(self._confirmed, still, gone, run))
        return count

    def _confirmed(self, still: Sequence[IndexedItem], gone: Sequence[int], run: int, connection: Connection) -> int:
        self.rows.take(connection, still, run, APPEARED)
        return len(self.rows.remove(connection, gone, run))

    def _ended(
        self, section: Section, progress: Progress, total: int | None, took: float, connection: Connection
    ) -> None:
        """Unless the listing was given up meanwhile, the library is followed from what it began with."""
        listing = self._under_way(connection, section, progress)
        if listing is None:
            return
        ended = replace(
            listing,
            marks=progress.marks,
            newest=progress.newest,
            uncounted=0 if total is None else total - self._count(connection, section),
            whole_at=self.rows.clock.now(),
            whole_marks=progress.marks,
            took=took,
            settled=progress.doubts,
            progress=None,
        )
        listings.put(connection, self.server, section.key, ended)

    def _under_way(self, connection: Connection, section: Section, progress: Progress) -> Listing | None:
        """How far the library is followed; None unless this very listing of it is under way."""
        listing = listings.get(connection, self.server, section.key)
        ours = listing is not None and listing.progress is not None and listing.progress.run == progress.run
        return listing if ours else None

    def _count(self, connection: Connection, section: Section) -> int:
        return index.count_in(connection, self.server, section.key)


def of(item: Item) -> IndexedItem:
    """What a listing would have told of the item."""
    return IndexedItem(
        rating_key=item.rating_key,
        section=item.section,
        title=item.title,
        parts=item.parts,
        updated_at=item.updated_at,
    )
