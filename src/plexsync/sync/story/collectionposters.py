"""Posters of collections: the picture of what a collection is named by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from plexsync.art.covers import Art
from plexsync.art.sources import PictureKind, Source, by_id, picture_of
from plexsync.model.compare import text_key
from plexsync.model.fields import Field, Owner
from plexsync.model.pictures import Recipe
from plexsync.model.rules import Rules, desired
from plexsync.model.rules.collected import Collected, collected
from plexsync.model.scene import Scene
from plexsync.model.work import Lane
from plexsync.plex.client import PlexClient
from plexsync.plex.link import LinkBroken
from plexsync.store import pictures
from plexsync.store.fence import Transactions
from plexsync.sync.clock import Clock
from plexsync.sync.story.writerlock import WriterLock

#: Seconds between two looks at a picture of which no scene tells when it was touched.
_DAY = 24 * 3600.0
_UPLOADED = "upload://"


@dataclass(slots=True, kw_only=True)
class CollectionPosters:
    """The collections of one server. Each picture is sent once; a poster that a person gave stays."""

    server: str
    database: Transactions
    plex: PlexClient
    pen: WriterLock
    art: Art
    clock: Clock
    _keys: dict[int, dict[str, int]] = field(default_factory=dict)

    async def show(self, scene: Scene, section: int, rules: Rules, lane: Lane) -> None:
        """Give the collections that the scene was put into by the rules of a library their posters."""
        if not rules.collection_pictures or rules.owner(Field.COLLECTIONS) is Owner.PLEX:
            return
        names = desired(scene, rules).values.get(Field.COLLECTIONS)
        owners = collected(scene, rules)
        for name in names if isinstance(names, tuple) else ():
            if isinstance(name, str) and (owner := owners.get(text_key(name))) is not None:
                await self._show(section, text_key(name), owner, rules.recipe(Field.POSTER), lane)

    async def _show(self, section: int, name_key: str, owner: Collected, recipe: Recipe, lane: Lane) -> None:
        now = self.clock.now()
        source = _source(owner, now)
        sha1 = (await self.art.look(source, [recipe], now))[recipe]
        key = await self._key_of(section, name_key) if sha1 else None
        if key is None or await self._sent(key, sha1):
            return
        async with self.pen.turn(lane):
            try:
                await self._send(key, source, recipe, sha1)
            except LinkBroken:
                # It is made anew with the next scene, under another key.
                self._keys.pop(section, None)

    async def _send(self, key: int, source: Source, recipe: Recipe, sha1: str) -> None:
        if await self._sent(key, sha1) or await self._is_theirs(key):
            return
        made = await self.art.content(source, recipe, sha1, self.clock.now())
        if made is None:
            return
        await self.plex.upload_picture(key, made[1])
        at = self.clock.now()
        kept = f"{_UPLOADED}posters/{made[0]}"
        await self.database.run(lambda c: pictures.note_upload(c, self.server, key, Field.POSTER, made[0], kept, at))

    async def _sent(self, key: int, sha1: str) -> bool:
        found = await self.database.run(lambda c: pictures.uploaded(c, self.server, key, Field.POSTER, sha1))
        return found is not None

    async def _is_theirs(self, key: int) -> bool:
        """Whether the collection shows a poster that a person uploaded."""
        shown = next((one.key for one in await self.plex.pictures(key) if one.selected), "")
        ours = await self.database.run(lambda c: pictures.of_key(c, self.server, key, Field.POSTER, shown))
        return shown.startswith(_UPLOADED) and ours is None

    async def _key_of(self, section: int, name_key: str) -> int | None:
        known = self._keys.get(section, {})
        if name_key not in known:
            known = self._keys[section] = _by_name(await self.plex.collections(section))
        return known.get(name_key)


def _by_name(listed: Sequence[tuple[int, str]]) -> dict[str, int]:
    return {text_key(title): key for key, title in reversed(listed)}


def _source(owner: Collected, now: float) -> Source:
    kind = PictureKind(owner.kind)
    if owner.picture:
        return picture_of(kind, owner.id, owner.picture)
    plain = by_id(kind, owner.id)
    return Source(kind=kind, id=owner.id, address=plain.address, mark="", settled=now - _DAY)
