"""What a person may have undone or kept as it is: pins, the undo of a scene, a run or a library."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plexsync.model.fields import Field
from plexsync.model.paths import path_key
from plexsync.model.provider import IDENTIFIER
from plexsync.model.work import Lane, Put
from plexsync.store import befores, conflicts, history, index, jobs, links, pins, sections, undos
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions
from plexsync.store.pins import PinnedBy
from plexsync.store.undos import Undo
from plexsync.sync.clock import Clock
from plexsync.sync.locking import puts_to_lock
from plexsync.sync.plainvalues import value_json

#: How many scenes an answer shows one by one.
_SHOWN = 20
_PAGE = 500
_UNDO = "undo-"
_BY_RULE = "gone-"

#: The files that are to be put back, by server and scene.
Places = Mapping[tuple[str, int], Sequence[str]]


class NothingToUndoError(Exception):
    """There is nothing of ours that could be meant; the message says what there is instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoing:
    """`servers` are the names of the Plex servers. `wake` is called when there is work."""

    database: Transactions
    clock: Clock
    servers: tuple[str, ...]
    wake: Callable[[], None]

    async def pin(self, scene: int, fields: Collection[Field]) -> dict[str, Any]:
        """Write these fields of the scene's items no more (none: all fields), until they are unpinned."""
        facts = await self.database.run(lambda c: pin(c, self.servers, scene, fields, self.clock.now()))
        self.wake()
        return facts

    async def unpin(self, scene: int, fields: Collection[Field]) -> dict[str, Any]:
        """Let these fields (none: all) be written again; what differs is written at once."""
        facts = await self.database.run(lambda c: unpin(c, self.servers, scene, fields, self.clock.now()))
        self.wake()
        return facts

    async def undo_scene(self, scene: int) -> dict[str, Any]:
        """Put back all that was ever written for the scene, and pin it."""
        return await self._ask(lambda c: self._of_scene(c, scene))

    async def undo_run(self, run: str) -> dict[str, Any]:
        """Put back what one run wrote, where that still stands, and pin it."""
        if run.startswith(_UNDO):
            raise NothingToUndoError(
                f"{run} is an undo itself: `plexsync unpin SCENE` lets what it put back be written again"
            )
        if run.startswith(_BY_RULE):
            raise NothingToUndoError(
                f"{run} was done by the rule `gone`, because Stash had lost a scene or a file: there is nothing that "
                "could be written again. `plexsync undo SCENE` puts back what Plex held before PlexSync, where that "
                "rule has only cleared it"
            )
        return await self._ask(lambda c: self._of_run(c, run), of_run=run)

    async def undo_library(self, server: str, section: int, *, pinned: bool = True) -> dict[str, Any]:
        """Put back all that was ever written in a library; without `pinned` it is for whoever keeps us out of it."""
        return await self._ask(lambda c: self._of_library(c, server, section), pinned=pinned)

    async def runs(self, limit: int) -> list[dict[str, Any]]:
        """The latest runs."""
        return await self.database.run(lambda c: run_rows(c, limit))

    async def conflicts(self, limit: int, scene: int | None = None) -> list[dict[str, Any]]:
        """The latest conflicts."""
        return await self.database.run(lambda c: conflict_rows(c, limit, scene))

    async def _ask(
        self, places_of: Callable[[Connection], Places], *, of_run: str = "", pinned: bool = True
    ) -> dict[str, Any]:
        def ask(connection: Connection) -> dict[str, Any]:
            places = places_of(connection)
            wanted = [
                Undo(server=server, scene=scene, paths=tuple(paths), of_run=of_run, pins=pinned)
                for (server, scene), paths in places.items()
            ]
            run = undos.ask(connection, wanted, self.clock.now())
            return {"run": run, **_told(connection, places)}

        facts = await self.database.run(ask)
        self.wake()
        return facts

    def _of_scene(self, connection: Connection, scene: int) -> Places:
        places: dict[tuple[str, int], list[str]] = {}
        for server in self.servers:
            ties = links.of_scenes(connection, server, [scene]).get(scene, ())
            paths = dict.fromkeys([tie.plex_path for tie in ties] + history.paths_of(connection, server, scene))
            if written := [path for path in befores.befores(connection, server, paths) if path in paths]:
                places[server, scene] = written
        if not places:
            raise NothingToUndoError(
                f"Nothing that PlexSync wrote for scene {scene} is left to undo. `plexsync why {scene}` shows "
                "where it stands"
            )
        return places

    def _of_run(self, connection: Connection, run: str) -> Places:
        places = history.touched_by(connection, run)
        if not places:
            known = ", ".join(one.id for one in history.runs(connection, 5))
            raise NothingToUndoError(
                f"No run is called {run!r}, or its history is gone by now. The latest are: {known or 'none'}; "
                "`plexsync runs` lists more"
            )
        return places

    def _of_library(self, connection: Connection, server: str, section: int) -> Places:
        places: dict[tuple[str, int], list[str]] = {}
        last = ""
        while paths := befores.paths_in(connection, server, section, last, _PAGE):
            for path, scene in _scenes_at(connection, server, paths).items():
                places.setdefault((server, scene), []).append(path)
            last = paths[-1]
        return places


def pin(
    connection: Connection, servers: Sequence[str], scene: int, fields: Collection[Field], now: float
) -> dict[str, Any]:
    """Pin these fields (none: all) of the scene's items; what is pinned then."""
    ties = _ties(connection, servers, scene)
    for tie in ties:
        pins.pin(connection, tie.server, tie.plex_path, fields or list(Field), PinnedBy.USER, now)
    jobs.put(connection, _refreshed(connection, ties), now)
    return {"scene": scene, "items": [_pinned(connection, tie) for tie in ties]}


def _refreshed(connection: Connection, ties: Sequence[links.Link]) -> list[Put]:
    """What is pinned has to be locked where Plex takes the values of a library from our provider."""
    told = {
        (server, section.key)
        for server in {tie.server for tie in ties}
        for section in sections.known(connection, server)
        if section.agent == IDENTIFIER
    }
    mine = {(tie.server, tie.scene) for tie in ties if (tie.server, tie.section) in told}
    return [put for server, scene in mine for put in puts_to_lock(connection, server, [scene], Lane.USER)]


def unpin(
    connection: Connection, servers: Sequence[str], scene: int, fields: Collection[Field], now: float
) -> dict[str, Any]:
    """Take these pins (none: all) away, and queue the scene where there were any."""
    ties = _ties(connection, servers, scene)
    gone = [pins.unpin(connection, tie.server, tie.plex_path, fields or list(Field)) for tie in ties]
    puts = [
        Put(server=server, scene=scene, lane=Lane.USER, reason="unpinned")
        for server in sorted({tie.server for tie, fields in zip(ties, gone, strict=True) if fields})
    ]
    jobs.put(connection, puts, now)
    items = [
        _pinned(connection, tie) | {"unpinned": [field.value for field in fields]}
        for tie, fields in zip(ties, gone, strict=True)
    ]
    return {"scene": scene, "items": items, "queued": len(puts)}


def _ties(connection: Connection, servers: Sequence[str], scene: int) -> list[links.Link]:
    """One of each file in Plex; NothingToUndoError where there is none."""
    found: dict[tuple[str, str], links.Link] = {}
    for server in servers:
        for tie in links.of_scenes(connection, server, [scene]).get(scene, ()):
            found.setdefault((server, tie.plex_path), tie)
    if not found:
        raise NothingToUndoError(
            f"Scene {scene} is linked to no item of Plex. `plexsync why {scene}` says why, "
            f"`plexsync sync {scene}` looks for it"
        )
    return list(found.values())


def run_rows(connection: Connection, limit: int) -> list[dict[str, Any]]:
    """The latest runs as JSON facts."""
    return [
        {"run": one.id, "fields": one.fields, "items": one.items, "began": one.began, "ended": one.ended}
        for one in history.runs(connection, limit)
    ]


def conflict_rows(connection: Connection, limit: int, scene: int | None = None) -> list[dict[str, Any]]:
    """The latest conflicts as JSON facts."""
    return [
        {
            "server": met.server,
            "scene": met.scene,
            "item": met.rating_key,
            "path": met.path,
            "field": met.conflict.field.value,
            "ours": value_json(met.conflict.ours),
            "plex": value_json(met.conflict.now),
            "done": met.conflict.done.value,
            "by": "a person" if met.conflict.edited else "Plex itself",
            "at": met.at,
        }
        for met in conflicts.listing(connection, limit, scene)
    ]


def _scenes_at(connection: Connection, server: str, paths: Sequence[str]) -> dict[str, int]:
    """The scene of each path: the one that is linked there, else the one that it was last written for."""
    found = history.scenes_of(connection, server, paths)
    at = index.at_paths(connection, server, [path_key(path) for path in paths])
    keys = {item.rating_key for items in at.values() for item in items}
    wanted = set(paths)
    for ties in links.of_items(connection, server, keys).values():
        found |= {tie.plex_path: tie.scene for tie in ties if tie.plex_path in wanted}
    return found


def _pinned(connection: Connection, tie: links.Link) -> dict[str, Any]:
    held = pins.pinned(connection, tie.server, [tie.plex_path]).get(tie.plex_path, frozenset())
    return {
        "server": tie.server,
        "item": tie.rating_key,
        "path": tie.plex_path,
        "pinned": [field.value for field in Field if field in held],
    }


def _told(connection: Connection, places: Places) -> dict[str, Any]:
    """How much is put back, and what cannot be because nobody knows how it was."""
    fields, unknown = 0, []
    for (server, scene), paths in places.items():
        for path, held in befores.befores(connection, server, paths).items():
            doubtful = [field.value for field, before in held.items() if not before.known]
            fields += len(held) - len(doubtful)
            if doubtful:
                unknown.append({"server": server, "scene": scene, "path": path, "fields": sorted(doubtful)})
    return {
        "scenes": len({scene for _, scene in places}),
        "items": sum(map(len, places.values())),
        "fields": fields,
        "unknown": unknown[:_SHOWN],
        "unknown_items": len(unknown),
    }


def fields_named(names: Iterable[str]) -> list[Field]:
    """The fields of these names; ValueError lists those that there are."""
    known = {field.value: field for field in Field}
    if wrong := [name for name in names if name not in known]:
        raise ValueError(f'"{wrong[0]}" is no field: give some of {", ".join(known)}')
    return [known[name] for name in dict.fromkeys(names)]
