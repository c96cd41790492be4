"""Pictures of people: written once for each name of a server, and told from others by their row alone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from plexsync.art.addresses import Addresses
from plexsync.art.covers import Album, Art
from plexsync.art.sources import PictureKind, by_id, picture_of
from plexsync.log import logger
from plexsync.model.compare import text_key
from plexsync.model.errors import SyncError
from plexsync.model.fields import Field, Owner
from plexsync.model.item import Item, Person
from plexsync.model.pictures import Recipe
from plexsync.model.plan import Plan
from plexsync.model.portraits import Portrait
from plexsync.model.rules import Rules, Shown
from plexsync.model.scene import Scene
from plexsync.store import pictures, portraits
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions
from plexsync.store.portraits import PortraitRow
from plexsync.sync.clock import Clock
from plexsync.sync.index.outsiders import Outsiders

_log = logger("plexsync.portraits")

#: Seconds for which a write that was never read back keeps others from writing the same, and in which a list of
#: actors that was read may be older than our last write.
_DOUBT = 600.0
#: Seconds after which somebody looks whether a performer whom no scene shows any more still exists.
_LOST_AFTER = 24 * 3600.0
#: Writes of one address after which Plex is left the one that it shows.
_MOST_TRIES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """What is known of the people of some scenes, by the keys of their names; it learns what is found of them."""

    rows: dict[str, PortraitRow] = field(default_factory=dict)
    album: Album = field(default_factory=dict)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Portraits:
    """The people of one server. Without `addresses` no picture is written."""

    server: str
    database: Transactions
    art: Art
    clock: Clock
    recipe: Recipe
    addresses: Addresses | None = None
    #: The names that libraries outside the synced ones list; None where that makes no difference.
    outsiders: Outsiders | None = None

    async def added(self, plan: Plan, scene: Scene, item: Item, rules: Rules, people: People | None = None) -> Plan:
        """The plan with the pictures that are due. One that cannot be had now waits for the next look.

        Without `people` the store is asked for those of this scene alone.
        """
        if self.addresses is None or rules.owner(Field.ACTORS) is Owner.PLEX:
            return plan
        cast = _cast(plan, item)
        shown = {key: one for one in rules.people.shown(scene.performers) if (key := text_key(one.person.name)) in cast}
        if people is None:
            people = await self.database.run(lambda c: self.people(c, shown.values()))
        # Scenes of one company often show the same people: each is looked at once.
        async with people.turn:
            due = await self._all_due(shown, cast, item, people, self.addresses)
        return replace(plan, portraits=tuple(due))

    def people(self, connection: Connection, cast: Iterable[Shown]) -> People:
        """What is known of them."""
        if self.addresses is None:
            return People()
        some = list(cast)
        ids = {one.performer.id for one in some}
        checked = pictures.of_all(connection, PictureKind.PERFORMER, ids)
        rows = portraits.rows(connection, self.server, {text_key(one.person.name) for one in some})
        album: Album = {(PictureKind.PERFORMER.value, number): checked.get(number, {}) for number in ids}
        return People(rows=rows, album=album)

    async def _all_due(
        self, shown: Mapping[str, Shown], cast: Mapping[str, str], item: Item, people: People, addresses: Addresses
    ) -> list[Portrait]:
        due: list[Portrait] = []
        for key, one in shown.items():
            try:
                row = people.rows[key] = await self._met(key, one, people.rows.get(key))
                portrait = await self._due(row, one, cast[key], item, addresses, people)
            except SyncError as error:
                _log.debug("a performer's picture cannot be had now", performer=one.performer.id, reason=str(error))
                await self.database.run(lambda c, key=key: portraits.unlook(c, self.server, key))  # type: ignore[misc]
                continue
            due += [portrait] if portrait is not None else []
        return due

    async def _met(self, key: str, one: Shown, row: PortraitRow | None) -> PortraitRow:
        """The row of a name after this performer was met."""
        now = self.clock.now()
        before = row or PortraitRow(server=self.server, name_key=key, name=one.person.name)
        winner = await self._winner(before, one)
        after = replace(before, name=one.person.name, performer=winner, looked_at=now)
        if row is None or row.performer != winner or now - row.looked_at > _LOST_AFTER:
            return await self.database.run(lambda c: self._keep(c, after, row))
        return after

    async def _winner(self, row: PortraitRow, one: Shown) -> int | None:
        """Of all performers with the name and a picture the lowest id."""
        mine, theirs = one.performer.id, row.performer
        if not one.performer.picture:
            return None if theirs == mine else theirs
        if theirs is None or mine <= theirs:
            return mine
        long_ago = self.clock.now() - row.looked_at > _LOST_AFTER
        return mine if long_ago and await self._is_gone(theirs) else theirs

    def _keep(self, connection: Connection, row: PortraitRow, known: PortraitRow | None) -> PortraitRow:
        """Keep the row. What another scene told since `known` was read stays, and of both the lower id wins."""
        held = portraits.rows(connection, self.server, [row.name_key]).get(row.name_key)
        if held is not None and held != known:
            both = [one for one in (held.performer, row.performer) if one is not None]
            row = replace(held, name=row.name, performer=min(both, default=None), looked_at=row.looked_at)
        if row.performer is not None:
            portraits.release(connection, self.server, row.performer, row.name_key)
        portraits.put(connection, [row])
        return row

    async def _is_gone(self, performer: int) -> bool:
        try:
            await self.art.stash.picture(by_id(PictureKind.PERFORMER, performer).address)
        except SyncError as error:
            return error.status == 404
        return False

    async def _due(
        self, row: PortraitRow, one: Shown, name: str, item: Item, addresses: Addresses, people: People
    ) -> Portrait | None:
        if row.performer not in (None, one.performer.id):
            # The picture that the name has comes from another scene, which will tell when it is another one.
            return None
        shows = _shows(item, row.name_key)
        wanted = await self._wanted(row, one, shows, addresses, people)
        if wanted is None or (row.intended is None and wanted == shows):
            return None
        portrait = Portrait(name=name, before=shows, after=wanted, performer=row.performer)
        return portrait if self._differs(row, wanted, shows, item.rating_key) else None

    async def _wanted(
        self, row: PortraitRow, one: Shown, shows: str, addresses: Addresses, people: People
    ) -> str | None:
        """The address that Plex should show; None for whatever it shows."""
        if row.performer is None:
            return self._theirs(row.before or "") if row.intended is not None or self._is_ours(shows) else None
        if self.outsiders is not None and await self.outsiders.lists(row.name_key):
            return None
        performer = one.performer
        source = picture_of(PictureKind.PERFORMER, performer.id, performer.picture)
        sha1 = (await self.art.look(source, [self.recipe], self.clock.now(), held=people.album))[self.recipe]
        return addresses.of(PictureKind.PERFORMER, performer.id, sha1) if sha1 else None

    def _differs(self, row: PortraitRow, wanted: str, shows: str, rating_key: int) -> bool:
        if wanted != row.intended:
            return True
        fresh = 0 <= self.clock.now() - row.intended_at <= _DOUBT
        if fresh and (row.is_confirmed or row.rating_key != rating_key):
            return False
        return shows not in (wanted, row.confirmed if row.is_confirmed else wanted) and row.tries < _MOST_TRIES

    def claimed(self, connection: Connection, plan: Plan) -> tuple[Portrait, ...]:
        """Those of the plan's pictures that nobody wrote meanwhile, intended from now on."""
        now = self.clock.now()
        held = portraits.rows(connection, self.server, [text_key(one.name) for one in plan.portraits])
        claimed: list[Portrait] = []
        for one in plan.portraits:
            key = text_key(one.name)
            row = held.get(key) or PortraitRow(server=self.server, name_key=key, name=one.name)
            outdone = one.performer is not None and row.performer not in (None, one.performer)
            if outdone or not self._differs(row, one.after, one.before, plan.rating_key):
                continue
            again = row.intended == one.after
            before = self._theirs(one.before) if row.intended is None else row.before
            tries = row.tries + row.is_confirmed if again else 0
            portraits.put(
                connection,
                [
                    replace(
                        row,
                        before=before,
                        intended=one.after,
                        is_confirmed=False,
                        tries=tries,
                        rating_key=plan.rating_key,
                        intended_at=now,
                    )
                ],
            )
            claimed.append(one)
        return tuple(claimed)

    def confirm(self, connection: Connection, item: Item, some: Sequence[Portrait]) -> None:
        """After a write: what Plex shows now."""
        held = portraits.rows(connection, self.server, [text_key(one.name) for one in some])
        for one in some:
            row = held.get(text_key(one.name))
            if row is None or row.intended != one.after:
                continue
            shows = _shows(item, row.name_key)
            taken = shows == one.after
            tries = row.tries if taken else row.tries + 1
            portraits.put(connection, [replace(row, confirmed=shows, is_confirmed=taken, tries=tries)])

    def taken_back(self, connection: Connection, item: Item) -> tuple[Portrait, ...]:
        """What gives the people of an item the pictures back that they had before us."""
        keys = {text_key(person.name): person.name for person in item.actors}
        held = portraits.rows(connection, self.server, keys)
        return tuple(
            Portrait(name=keys[key], before=_shows(item, key), after=self._theirs(row.before or ""), performer=None)
            for key, row in held.items()
            if (row.intended is not None and _shows(item, key) in (row.intended, row.confirmed))
            or self._is_ours(_shows(item, key))
        )

    def _is_ours(self, address: str) -> bool:
        """Whether Plex has it from us, be it from a sync or because it asked."""
        return self.addresses is not None and self.addresses.made(address)

    def _theirs(self, address: str) -> str:
        """What Plex had without us."""
        return "" if self._is_ours(address) else address

    def returned(self, connection: Connection, item: Item, some: Sequence[Portrait]) -> None:
        """After a write: nothing of those who have their pictures back is ours any more."""
        for one in some:
            key = text_key(one.name)
            if _shows(item, key) in (one.after, ""):
                portraits.drop(connection, self.server, key)


def _cast(plan: Plan, item: Item) -> Mapping[str, str]:
    """The names that the item has once the plan is carried out, by their keys."""
    change = next((change for change in plan.changes if change.field is Field.ACTORS), None)
    people = item.actors if change is None else change.after if isinstance(change.after, tuple) else ()
    return {text_key(person.name): person.name for person in people if isinstance(person, Person)}


def _shows(item: Item, name_key: str) -> str:
    return next((address for name, address in item.portraits.items() if text_key(name) == name_key), "")
