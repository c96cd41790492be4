"""Pictures on their way from Stash to Plex: fetched once, brought into shape, told apart by their bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from plexsync.art.folder import FOLDER_LIMIT, PictureFolder, sha1_of
from plexsync.art.shaping import LARGEST_BYTES, UnreadablePictureError, shaped
from plexsync.art.sources import Source
from plexsync.log import logger
from plexsync.model.errors import OwnDiskError
from plexsync.model.pictures import UNMADE, Recipe
from plexsync.stash.client import StashClient
from plexsync.stash.covers import Cover
from plexsync.store import pictures
from plexsync.store.fence import Transactions
from plexsync.store.pictures import Picture

_log = logger("plexsync.art")

#: What is known of pictures, by the kind and id of their owners, and by recipe.
Album = dict[tuple[str, int], Mapping[str, Picture]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Art:
    """Pictures of one Stash. `folder` keeps the shaped bytes until they are uploaded, within about `limit` bytes."""

    folder: Path
    stash: StashClient
    database: Transactions
    limit: int = FOLDER_LIMIT
    #: A large picture takes much memory while it is brought into shape: one after the other.
    bench: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def look(
        self,
        source: Source,
        recipes: Collection[Recipe],
        now: float,
        *,
        closely: bool = False,
        held: Album | None = None,
        make: bool = True,
    ) -> Mapping[Recipe, str]:
        """The sha1 of what each recipe makes of the picture, "" when it has no own one.

        Asks Stash, once for all of them, only if its owner was touched, or if told to look `closely`: by our clock
        alone one cannot be sure. `held` is what was read of the store before, and learns what is found. With `make`
        off a picture that is another one is UNMADE, and not remembered.
        """
        album = {} if held is None else held
        mine = (source.kind.value, source.id)
        if held is None:
            album[mine] = await self.database.run(lambda c: pictures.of(c, source.kind, source.id))
        album[mine] = await self._seen(source, recipes, now, album.get(mine, {}), closely=closely, make=make)
        return {recipe: album[mine][recipe.name].sha1 for recipe in recipes}

    async def _seen(
        self,
        source: Source,
        recipes: Collection[Recipe],
        now: float,
        held: Mapping[str, Picture],
        *,
        closely: bool,
        make: bool,
    ) -> Mapping[str, Picture]:
        """The picture as the store tells it, or else as Stash does now, by recipe."""
        known = {recipe: held[recipe.name] for recipe in recipes if recipe.name in held}
        if len(known) == len(set(recipes)):
            settled = all(source.is_settled(one.checked_for, one.checked_at) for one in known.values())
            if settled and not closely:
                return held
            tags = {one.etag for one in known.values()}
            etag = tags.pop() if len(tags) == 1 else None
        else:
            etag = None
        # Only its bytes tell whether a picture that could not be read before can be now.
        make = make or any(not one.checked_for for one in known.values())
        found = await (self.stash.picture if make else self.stash.glimpse)(source.address, etag)
        if found.kind == "picture" and not make:
            same = {recipe for recipe, one in known.items() if one.etag and one.etag == found.etag}
            new = [recipe for recipe in recipes if recipe not in same]
            return {**held, **{recipe.name: _unmade(source, recipe, found, now) for recipe in new}}
        if found.kind == "unchanged":
            rows = {recipe: replace(one, checked_for=source.mark, checked_at=now) for recipe, one in known.items()}
        else:
            rows = {recipe: await self._made(source, recipe, found, now) for recipe in recipes}
        await self.database.run(lambda c: pictures.put(c, rows.values()))
        return {**held, **{recipe.name: row for recipe, row in rows.items()}}

    async def content(self, source: Source, recipe: Recipe, sha1: str, now: float) -> tuple[str, bytes] | None:
        """What `look` told of, with its sha1; where Stash shows another one by now, that one; None when it has none."""
        kept = await self.kept(sha1)
        if kept is not None:
            return sha1, kept
        row, ready = await self.shown(source, recipe, await self.stash.picture(source.address), now)
        known = await self.database.run(lambda c: pictures.of(c, source.kind, source.id).get(recipe.name))
        if known is None or known.sha1 != row.sha1:
            await self.database.run(lambda c: pictures.put(c, [row]))
        return (row.sha1, ready) if ready else None

    async def shown(self, source: Source, recipe: Recipe, found: Cover, now: float) -> tuple[Picture, bytes]:
        """What is to be remembered of a whole picture of Stash, and its bytes in shape, b"" for none.

        The store is not asked. It is kept in the folder too, where that can be written.
        """
        row, ready = await self._ready(source, recipe, found, now)
        try:
            await self._keep(source, ready)
        except OwnDiskError as error:
            _log.warning("a picture is shown and not kept", reason=error.message)
        return row, ready

    async def kept(self, sha1: str) -> bytes | None:
        """The bytes of a picture that was shaped, while the folder has them."""
        return await asyncio.to_thread(self._kept.load, sha1) if sha1 else None

    @property
    def _kept(self) -> PictureFolder:
        return PictureFolder(self.folder, self.limit)

    async def _made(self, source: Source, recipe: Recipe, found: Cover, now: float) -> Picture:
        """What is to be remembered of an answer of Stash, whose picture is kept in shape. OwnDiskError."""
        row, ready = await self._ready(source, recipe, found, now)
        await self._keep(source, ready)
        return row

    async def _ready(self, source: Source, recipe: Recipe, found: Cover, now: float) -> tuple[Picture, bytes]:
        """The same and the picture in shape, which is not kept yet."""
        ready = await self._shaped(source, recipe, found.content) if found.kind == "picture" else b""
        # What could not be read may have been cut on its way: it is fetched anew at every look.
        read = bool(ready) or found.kind == "none"
        row = Picture(
            kind=source.kind.value,
            id=source.id,
            recipe=recipe.name,
            etag=(found.etag or "") if read else "",
            sha1=sha1_of(ready) if ready else "",
            size=len(ready),
            checked_for=source.mark if read else "",
            checked_at=now,
        )
        return row, ready

    async def _shaped(self, source: Source, recipe: Recipe, content: bytes) -> bytes:
        await self.bench.acquire()
        work = asyncio.create_task(asyncio.to_thread(shaped, content, recipe))
        work.add_done_callback(self._cleared)
        try:
            # It cannot be stopped: until it is over the bench is taken, also where nobody waits any more.
            return await asyncio.shield(work)
        except UnreadablePictureError as error:
            _log.warning(
                "the picture in Stash cannot be read, what Plex shows stays", of=source.label, reason=str(error)
            )
            return b""

    def _cleared(self, work: asyncio.Task[bytes]) -> None:
        """The bench is free."""
        self.bench.release()
        if not work.cancelled():
            # Who waited for it may have hung up; then nobody hears of a failure.
            work.exception()

    async def _keep(self, source: Source, ready: bytes) -> None:
        try:
            if ready:
                await asyncio.to_thread(self._kept.keep, ready)
        except OSError as error:
            raise OwnDiskError(
                f"the picture of {source.label} cannot be kept in {self.folder} ({error.strerror}): make room on its "
                "disk, or let PlexSync's user write there"
            ) from error


def _unmade(source: Source, recipe: Recipe, found: Cover, now: float) -> Picture:
    """Another picture than the known one, of about that size once it is made."""
    return Picture(
        kind=source.kind.value,
        id=source.id,
        recipe=recipe.name,
        etag=found.etag or "",
        sha1=UNMADE,
        size=min(found.size, LARGEST_BYTES),
        checked_for=source.mark,
        checked_at=now,
    )
