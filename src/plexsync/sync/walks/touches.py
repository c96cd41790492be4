"""What windows told becomes jobs: what is another than it was seen, each once for each time that it is told with."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from plexsync.model.related import Key
from plexsync.model.scene import Scene
from plexsync.model.work import Put
from plexsync.stash.changes import Changes, Touched
from plexsync.stash.client import StashClient
from plexsync.stash.windows import moment_of
from plexsync.store import jobs, seen, walks
from plexsync.store.batches import batches
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions
from plexsync.sync.causes import CHANGED, NEW, PERHAPS_GONE, PICTURE
from plexsync.sync.clock import Clock
from plexsync.sync.story.heirs import owners_of
from plexsync.sync.walks.fanout import FanOut, Names, lane_of
from plexsync.sync.walks.meetings import SETTLED, Meetings
from plexsync.sync.walks.walk import FULL

#: Seconds by which the clocks of two machines may differ.
_CLOCKS_DIFFER = 3600.0
#: Objects whose scenes are put in one transaction.
_AT_ONCE = 50


@dataclass(slots=True, kw_only=True)
class Touches:
    """Puts on every one of these servers."""

    stash: StashClient
    database: Transactions
    clock: Clock
    servers: tuple[str, ...]
    _scenes: Meetings[int] = field(default_factory=Meetings)
    _files: Meetings[int] = field(default_factory=Meetings)
    _related: Meetings[Key] = field(default_factory=Meetings)
    _left: dict[int, str] = field(default_factory=dict)  #: what the first walk had not met yet
    _took: bool = False

    async def take(self, found: Changes, before: Names) -> int:
        """Put what differs; how many puts. `before` are the names as they were known before Stash told all of them."""
        now = self.clock.now()
        count = await self._take_scenes(found.scenes, found.paths, now)
        count += await self._take_files(found.files, now)
        count += await self._take_related(found.related, now)
        if found.names is not None:
            told = found.names
            count += await self.database.run(lambda c: self._fan_out.listed(c, before, told, now))
        self._took = True
        return count

    def forget_all_but(self, found: Changes) -> None:
        """Nothing else lies in any window any more."""
        self._scenes.forget_all_but(found.scenes)
        self._files.forget_all_but(found.files)
        self._left = {scene: text for scene, text in self._left.items() if scene in found.scenes}
        self._related.forget_all_but({one.now.key for one in found.related})

    @property
    def _fan_out(self) -> FanOut:
        return FanOut(servers=self.servers)

    async def _take_scenes(self, told: Mapping[int, str], paths: Mapping[int, Sequence[str]], now: float) -> int:
        fresh, again = self._scenes.fresh(told), self._scenes.again(told, now)
        if not fresh and not again:
            return 0

        def work(connection: Connection) -> tuple[dict[int, str], set[int]]:
            known = seen.known(connection, [*fresh, *again])
            reasons = {scene: _touched(known.get(scene), told[scene]) for scene in fresh}
            reasons |= {scene: _hidden(known.get(scene), told[scene], at) for scene, at in again.items()}
            left = set() if _walked(connection) else {scene for scene, why in reasons.items() if why == NEW}
            due = {scene: why for scene, why in reasons.items() if why and scene not in left}
            moved = [path for scene, why in due.items() if why != PICTURE for path in paths.get(scene, ())]
            # What has its files in another scene now may have been merged into that one.
            due |= dict.fromkeys(owners_of(connection, moved) - due.keys(), PERHAPS_GONE)
            self._put(connection, due, now)
            return due, left

        due, left = await self.database.run(work)
        self._scenes.keep(told, fresh - left, again, now)
        # What was touched before the start, or is backlog, is looked at closely by the walk alone.
        calm = fresh - left - due.keys()
        self._scenes.settle(scene for scene in calm if not self._took or self._left.get(scene) == told[scene])
        self._left |= {scene: told[scene] for scene in left}
        return len(due) * len(self.servers)

    async def _take_files(self, told: Mapping[int, str], now: float) -> int:
        """Where its files lie is no part of what moves the time of a scene: what they are now has to be read."""
        fresh, again = self._files.fresh(told), self._files.again(told, now)
        if not fresh and not again:
            return 0
        known = await self.database.run(lambda c: seen.known(c, [*fresh, *again]))
        due = [
            scene for scene in fresh if scene in known and (self._took or _perhaps_before(known[scene], told[scene]))
        ]
        due += [scene for scene, at in again.items() if scene in known and known[scene].seen_at < at + SETTLED]
        scenes = list((await self.stash.scenes_each(due)).found.values()) if due else []
        moved = await self.database.run(lambda c: self._put_moved(c, scenes, now)) if scenes else 0
        self._files.keep(told, fresh, again, now)
        return moved * len(self.servers)

    def _put_moved(self, connection: Connection, scenes: Sequence[Scene], now: float) -> int:
        known = seen.known(connection, [scene.id for scene in scenes])
        moved = [
            scene
            for scene in scenes
            if (old := known.get(scene.id)) is not None and old.content_hash != scene.content_hash
        ]
        self._put(connection, {scene.id: CHANGED for scene in moved}, now)
        seen.note(connection, moved, now)
        return len(moved)

    async def _take_related(self, some: Sequence[Touched], now: float) -> int:
        told = {one.now.key: one.updated_at for one in some}
        fresh, again = self._related.fresh(told), self._related.again(told, now)
        count = 0
        for part in batches((one for one in some if one.now.key in fresh or one.now.key in again), _AT_ONCE):
            count += await self._put_touched(part, again.keys(), now)
        self._related.keep(told, fresh, again, now)
        return count

    async def _put_touched(self, part: Sequence[Touched], again: Collection[Key], now: float) -> int:
        took = self._took
        return await self.database.run(lambda c: self._fan_out.touched(c, part, again, now, since_start=took))

    def _put(self, connection: Connection, reasons: Mapping[int, str], now: float) -> None:
        lane = lane_of(len(reasons))
        puts = [
            Put(server=server, scene=scene, lane=lane, reason=why)
            for server in self.servers
            for scene, why in sorted(reasons.items())
        ]
        jobs.put(connection, puts, now)


def _touched(old: seen.Seen | None, updated_at: str) -> str:
    """Why a scene is put that is told with that time; "" where it was seen with it."""
    if old is None:
        return NEW
    return "" if old.updated_at == updated_at else CHANGED


def _hidden(old: seen.Seen | None, updated_at: str, met_at: float) -> str:
    """Why it is put once more: after it was read it may have been touched within the same second, its cover too."""
    return PICTURE if old is not None and old.updated_at == updated_at and old.seen_at < met_at + SETTLED else ""


def _perhaps_before(old: seen.Seen, updated_at: str) -> bool:
    """Whether a scene may have been seen before that time of Stash, whose clock may differ from ours a little."""
    moment = moment_of(updated_at)
    return moment is None or old.seen_at <= moment.at + _CLOCKS_DIFFER


def _walked(connection: Connection) -> bool:
    """Whether all of Stash was seen once; until then, what was never seen is the backlog."""
    walk = walks.load(connection, FULL)
    return walk is not None and bool(walk.facts.get("completed", 0))
