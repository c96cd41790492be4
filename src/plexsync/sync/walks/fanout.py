"""What scenes name was changed, merged or removed: the scenes that name it are put."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from plexsync.model.related import Key, Related, RelatedKind
from plexsync.model.work import Lane, Put
from plexsync.stash.changes import Touched
from plexsync.store import jobs, related
from plexsync.store.database import Connection
from plexsync.store.related import Known
from plexsync.sync.causes import PICTURE, RELATED

#: As many scenes at once go before bulk work; the brake counts them, but has them wait for no walk.
FEW = 50

Names = Mapping[RelatedKind, Mapping[int, str]]


def lane_of(scenes: int) -> Lane:
    """The lane of so many scenes: a single edit does not wait behind the scenes of a whole library."""
    return Lane.CHANGE if scenes <= FEW else Lane.BULK


@dataclass(frozen=True, slots=True, kw_only=True)
class FanOut:
    """Puts on every one of these servers."""

    servers: tuple[str, ...]

    def touched(
        self,
        connection: Connection,
        some: Sequence[Touched],
        again: Collection[Key],
        now: float,
        *,
        since_start: bool = True,
    ) -> int:
        """Put the scenes that name what changed of these; how many puts.

        Of what is the same but was touched, one scene is put for its picture: so it is of those met `again`, which
        may have been touched twice within one second. What was touched before the start and never met is only noted:
        to its scenes it is a part of the backlog.
        """
        held = related.known(connection, [one.now.key for one in some])
        changed: dict[RelatedKind, set[int]] = defaultdict(set)
        looks: list[Key] = []
        rows: list[Known] = []
        for one in some:
            kind, number = key = one.now.key
            row = held.get(key)
            moved = row is None or row.updated_at != one.updated_at
            differs = row is not None and row.differs(one.now)
            if not since_start and _is_backlog(row, one.now):
                rows += [Known.of(one.now, one.updated_at)] if row is not None or one.below else []
                continue
            if differs:
                changed[kind].add(number)
            if moved:
                changed[kind].update(one.below)
            if row is not None and not differs and (moved or key in again) and kind is not RelatedKind.TAG:
                looks.append(key)
            if differs or (moved and (row is not None or one.below)):
                rows.append(Known.of(one.now, one.updated_at))
        related.keep(connection, rows)
        return self._put(connection, changed, looks, now)

    def listed(self, connection: Connection, before: Names, told: Names, now: float) -> int:
        """Put the scenes that name what has another name now, or is gone: merged or removed; how many puts.

        `before` are the names as they were known before Stash was asked for those that it `told`.
        """
        changed: dict[RelatedKind, set[int]] = {}
        for kind, names in before.items():
            gone = names.keys() - told[kind].keys()
            renamed = {number for number, name in told[kind].items() if names.get(number, name) != name}
            changed[kind] = {*gone, *renamed}
            held = related.known(connection, [(kind, number) for number in renamed])
            related.keep(connection, [replace(row, name=told[kind][row.id]) for row in held.values()])
            related.drop(connection, [(kind, number) for number in gone])
        return self._put(connection, changed, (), now)

    def _put(
        self, connection: Connection, changed: Mapping[RelatedKind, Iterable[int]], looks: Iterable[Key], now: float
    ) -> int:
        scenes = {scene for kind, ids in changed.items() for scene in related.scenes_of(connection, kind, ids)}
        lane = lane_of(len(scenes))
        puts = [
            Put(server=server, scene=scene, lane=lane, reason=RELATED)
            for server in self.servers
            for scene in sorted(scenes)
        ]
        puts += [
            Put(server=server, scene=scene, lane=Lane.CHANGE, reason=PICTURE)
            for server in self.servers
            for key in looks
            if (scene := related.a_linked_scene(connection, server, key)) is not None and scene not in scenes
        ]
        return jobs.put(connection, puts, now)


def _is_backlog(row: Known | None, now: Related) -> bool:
    """Whether an object was never looked at, and nothing of it is known to be another than its scenes were told."""
    if row is None:
        return True
    return not row.updated_at and row.name == now.name and row.facts in ("", now.facts)


def names_known(connection: Connection) -> dict[RelatedKind, dict[int, str]]:
    """The names of all that scenes name, as their scenes were told."""
    return {kind: related.all_names(connection, kind) for kind in RelatedKind}
