"""Items that may not be as they were when last in step: read whole with their scenes, and judged by a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from plexsync.log import logger
from plexsync.model.drift import Drift, drift_of, lost_pictures
from plexsync.model.errors import PlexTemporaryError
from plexsync.model.fields import Field
from plexsync.model.gaps import Gap
from plexsync.model.item import Item
from plexsync.model.plan import Written, make_plan
from plexsync.model.rules import desired
from plexsync.model.scene import Scene
from plexsync.plex.client import BATCH
from plexsync.stash.client import StashClient
from plexsync.store import in_step, ledger, links, pictures, pins
from plexsync.store.database import Connection
from plexsync.store.links import Link
from plexsync.sync.gates.sections import of_one_section
from plexsync.sync.story.known import PICTURES
from plexsync.sync.story.pictures import address_of
from plexsync.sync.story.ties import first_of_each, link_texts, one_of_each, pinned_of
from plexsync.sync.story.tools import Tools

_log = logger("plexsync.reconcile")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Items by rating key and scenes by id, as far as both sides could tell them."""

    items: Mapping[int, Item] = field(default_factory=dict)
    scenes: Mapping[int, Scene] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspects:
    """The suspects of one server."""

    tools: Tools
    stash: StashClient

    async def read(self, owners: Mapping[int, int]) -> Read:
        """These items, each with its scene. One that a side fails on is left out, and its neighbours are told."""
        if not owners:
            return Read()
        items = await self._items(list(owners))
        return Read(items=items, scenes=(await self.stash.scenes_each([owners[key] for key in items])).found)

    async def _items(self, keys: Sequence[int]) -> dict[int, Item]:
        found: dict[int, Item] = {}
        waiting = [keys[at : at + BATCH] for at in range(0, len(keys), BATCH)]
        while waiting:
            some = waiting.pop()
            try:
                found |= await self.tools.plex.details(some)
            except PlexTemporaryError as error:
                if not of_one_section(error):
                    raise
                if len(some) == 1:
                    server = self.tools.server
                    _log.warning("an item cannot be compared", server=server, item=some[0], reason=str(error))
                else:
                    waiting += [some[: len(some) // 2], some[len(some) // 2 :]]
        return found

    def judged(self, connection: Connection, read: Read, now: float) -> Iterator[tuple[int, Gap | None]]:
        """Each item that could be compared, with its gap if it has one."""
        server, keys = self.tools.server, list(read.items)
        linked = {key: _of_one_scene(some) for key, some in links.of_items(connection, server, keys).items()}
        paths = [tie.plex_path for some in linked.values() for tie in some]
        written, pinned = ledger.rows(connection, server, paths, now), pins.pinned(connection, server, paths)
        shown = pictures.shown_by_each(connection, server, keys)
        confirmed = in_step.digests(connection, server, read.scenes)
        for key, item in read.items.items():
            some = linked.get(key, [])
            scene = read.scenes.get(some[0].scene) if some else None
            if scene is None or self.tools.rules_of(some[0].section).excludes(scene):
                continue
            (tie,) = one_of_each(some, written)
            digest = self.tools.rules_of(tie.section).digest(scene, link_texts(some)[key])
            drift = self._drift(
                item,
                scene,
                tie,
                written.get(tie.plex_path, {}),
                pinned_of(some, pinned)[key],
                _moved_pictures(item, shown.get(key, {})),
                is_in_step=confirmed.get(scene.id, {}).get(key) == digest,
            )
            (first,) = first_of_each(some)
            yield key, _gap(drift, scene, first)

    def _drift(
        self,
        item: Item,
        scene: Scene,
        tie: Link,
        written: Mapping[Field, Written],
        pinned: frozenset[Field],
        moved: frozenset[Field],
        *,
        is_in_step: bool,
    ) -> Drift:
        rules = self.tools.rules_of(tie.section)
        plan = make_plan(
            scene=scene.id,
            item=item,
            path=tie.plex_path,
            wanted=desired(scene, rules).values,
            rules=rules,
            ledger={name: row for name, row in written.items() if name not in PICTURES},
            pins=pinned,
        )
        return drift_of(plan, in_step=is_in_step, pictures=lost_pictures(moved, written, rules, pinned))


def _of_one_scene(ties: Sequence[Link]) -> list[Link]:
    """Of an item that holds files of several scenes, those of the last one."""
    return [tie for tie in ties if tie.scene == ties[-1].scene]


def _gap(drift: Drift, scene: Scene, tie: Link) -> Gap | None:
    if drift.kind is None:
        return None
    return Gap(
        kind=drift.kind,
        server=tie.server,
        path=tie.plex_path,
        scene=scene.id,
        rating_key=tie.rating_key,
        title=scene.label,
        fields=tuple(sorted(name.value for name in drift.fields)),
    )


def _moved_pictures(item: Item, shown: Mapping[Field, pictures.Shown]) -> frozenset[Field]:
    """The fields that show another picture than when the item was last looked at."""
    return frozenset(name for name in PICTURES if name in shown and shown[name].address != address_of(item, name))
