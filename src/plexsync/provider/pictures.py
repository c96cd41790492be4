"""The pictures that a scene shows in Plex, by addresses that carry no key and move with the picture."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from plexsync.art.addresses import SERVED, Addresses
from plexsync.art.sources import PictureKind, Source, by_id, cover_of, picture_of
from plexsync.model.compare import text_key
from plexsync.model.errors import StoreError
from plexsync.model.fields import Field
from plexsync.model.pictures import Recipe
from plexsync.model.rules import Rules
from plexsync.model.rules.collected import collected
from plexsync.model.scene import Performer, Scene
from plexsync.provider.reading import Reading
from plexsync.provider.together import Together
from plexsync.store import pictures, portraits
from plexsync.store.database import Connection
from plexsync.store.pictures import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """A picture of Stash, and what is made of it."""

    source: Source
    recipe: Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """What a scene would show. `people` are by the performers' ids, `collections` by their names' keys."""

    poster: Print
    background: Print
    people: Mapping[int, Print]
    collections: Mapping[str, Print]

    def __iter__(self) -> Iterator[Print]:
        """All of them."""
        yield self.poster
        yield self.background
        yield from self.people.values()
        yield from self.collections.values()


@dataclass(slots=True, kw_only=True)
class Pictures:
    """Makes the addresses. `usual` is the recipe of those whose address names none; `servers` may show people."""

    reading: Reading
    key: str = field(repr=False)
    usual: Recipe
    servers: Sequence[str] = ()
    _known: Together[Print, Picture] = field(init=False)
    _winners: Together[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self._known = Together(lambda prints: self.reading.run(lambda c: _known(c, prints)))
        self._winners = Together(lambda keys: self.reading.run(lambda c: portraits.winners(c, self.servers, keys)))

    async def winners(self, names: Collection[str]) -> Mapping[str, int]:
        """The performers whose pictures these names show in Plex already; of others nothing is known."""
        keys = {name: text_key(name) for name in names}
        try:
            found = await self._winners.of(keys.values()) if keys else {}
        except StoreError:
            return {}
        return {name: found[key] for name, key in keys.items() if key in found}

    def wall(self, scene: Scene, rules: Rules, people: Mapping[int, int]) -> Wall:
        """The pictures of a scene by these rules; `people` are those of its performers who have one, and whose."""
        cover = cover_of(scene)
        faces = [one for one in scene.performers if one.picture and one.id in people]
        shared = collected(scene, rules) if rules.collection_pictures else {}
        return Wall(
            poster=Print(source=cover, recipe=rules.recipe(Field.POSTER)),
            background=Print(source=cover, recipe=rules.recipe(Field.BACKGROUND)),
            people={one.id: self._face(one, people[one.id]) for one in faces},
            collections={
                key: self._print(PictureKind(one.kind), one.id, one.picture)
                for key, one in shared.items()
                if one.picture and PictureKind(one.kind) in SERVED
            },
        )

    async def addresses(self, prints: Collection[Print], base: str) -> dict[Print, str]:
        """Where Plex fetches each, `base` being where it reaches us; what Stash has no own picture for is left out."""
        try:
            known = await self._known.of(prints)
        except StoreError:
            known = {}
        book = Addresses(key=self.key, base=base)
        return {one: self._address(book, one, version) for one in prints if (version := _version(one, known.get(one)))}

    def _print(self, kind: PictureKind, number: int, address: str) -> Print:
        return Print(source=picture_of(kind, number, address), recipe=self.usual)

    def _face(self, one: Performer, winner: int) -> Print:
        if winner == one.id:
            return self._print(PictureKind.PERFORMER, one.id, one.picture)
        return Print(source=by_id(PictureKind.PERFORMER, winner), recipe=self.usual)

    def _address(self, book: Addresses, one: Print, version: str) -> str:
        recipe = None if one.recipe == self.usual else one.recipe
        return book.of(one.source.kind, one.source.id, version, recipe)


def _version(one: Print, known: Picture | None) -> str:
    """The sha1 of the picture where it is surely known, else a text that moves whenever its owner is touched.

    Of what is told by its number alone no touch is known: what was seen of it last counts.
    """
    if not one.source.mark and one.source.address:
        return known.sha1 if known is not None else ""
    if known is not None and one.source.is_settled(known.checked_for, known.checked_at):
        return known.sha1
    return hashlib.sha1(one.source.mark.encode(), usedforsecurity=False).hexdigest() if one.source.address else ""


def _known(connection: Connection, prints: Collection[Print]) -> dict[Print, Picture]:
    groups: dict[tuple[PictureKind, str], list[Print]] = defaultdict(list)
    for one in prints:
        groups[one.source.kind, one.recipe.name].append(one)
    found: dict[Print, Picture] = {}
    for (kind, recipe), some in groups.items():
        rows = pictures.of_each(connection, kind, {one.source.id for one in some}, recipe)
        found |= {one: rows[one.source.id] for one in some if one.source.id in rows}
    return found
