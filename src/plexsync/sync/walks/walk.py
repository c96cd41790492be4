"""Walks through Stash: they find what no hook told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from plexsync.log import logger
from plexsync.model.errors import StashTemporaryError, SyncError
from plexsync.model.rules import RuleBook
from plexsync.model.scene import Scene
from plexsync.model.work import Lane, Put, PutKind
from plexsync.stash.client import StashClient
from plexsync.store import brakes, decisions, in_step, index, jobs, links, seen, undos, walks, wishes
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions
from plexsync.sync.brakes.brake import GONE, HELD, KINDS, PREVIEW, REJECTED
from plexsync.sync.causes import CHANGED, FIRST_SEEN, GAP, LOST, NEW, PERHAPS_GONE, PICTURE, UNREADABLE
from plexsync.sync.clock import Clock
from plexsync.sync.gates.identities import StashIdentity
from plexsync.sync.index import librarytitles
from plexsync.sync.story.ties import link_texts
from plexsync.sync.walks.lapse import Lapse
from plexsync.sync.walks.portraitwatch import PortraitWatch
from plexsync.sync.walks.settled import Settled
from plexsync.sync.walks.sifting import Sifted, Sifter, Standing, WalkPage

_log = logger("plexsync.walk")

FULL = "full"
#: The entry of the timetable that walks.
FULL_WALK = "full walk"
_PAGE = 200
_GREATEST_ID = 2**31 - 1
#: Seconds after which a walk that was cut off starts anew.
_STALE = 6 * 3600
#: Seconds after which a walk has a dead letter tried again.
_REVIVED_AFTER = 24 * 3600
#: Seconds by which the clocks of two machines may differ.
_CLOCKS_DIFFER = 3600.0
#: Seconds between two pages while Stash works on something long.
_REST = 2.0
#: Seconds after which the place of a walk is kept, though nothing came of the pages since.
REMEMBERED = 1.0
#: Seconds that "recent" looks back.
RECENT = 24 * 3600


@dataclass(slots=True, kw_only=True)
class Walker:
    """Walks for every server at once. `wake` is called whenever jobs were put."""

    stash: StashClient
    database: Transactions
    clock: Clock
    rules: RuleBook
    servers: tuple[str, ...]
    wake: Callable[[], None]
    identity: StashIdentity | None = None  #: where it may turn out that Stash is another one
    people: PortraitWatch | None = None  #: where pictures of people are written
    settled: Settled = field(default_factory=Settled)
    busy: Callable[[], bool] | None = None  #: whether Stash scans, generates or the like: then it is asked seldom
    sifter: Sifter = field(init=False)
    _lapse: Lapse = field(default_factory=lambda: Lapse(every=REMEMBERED), init=False)

    def __post_init__(self) -> None:
        """Set up what keeps scenes at rest from being judged."""
        self.sifter = Sifter(rules=self.rules, servers=self.servers, settled=self.settled)

    async def full(self) -> int:
        """Every scene by id, going on where a walk was cut off; how many jobs were put.

        A walk that is wished for begins at the first scene, and goes on only where it was cut off itself.
        """
        if self.identity is not None:
            await self.identity.compare()
        walk = begun = await self._begin()
        self.settled.begin()
        if self.people is not None:
            self.people.begin()
        put = 0
        while True:
            try:
                page = await self.page(walk.last_id)
            except SyncError:
                if walk is not begun:
                    await self.database.run(partial(walks.save, walk=walk))
                raise
            ended = ends(page)
            before = walk
            walk = replace(
                walk,
                last_id=page.ids[-1] if page.ids else walk.last_id,
                finished_at=self.clock.now() if ended else None,
                facts=walk.facts | {"completed": _completed(walk) + ended},
            )
            if ended and self.identity is not None:
                await self.identity.learn(page.ids)
            put += await self._take(page, before, walk)
            if ended:
                _log.info("full walk done", jobs=put, last_id=walk.last_id)
                return put
            await self.rest()

    async def rest(self) -> None:
        """Between two pages: a pause where Stash works on something long."""
        if self.busy is not None and self.busy():
            await self.clock.wait(asyncio.Event(), _REST)

    async def page(self, last_id: int) -> WalkPage:
        """The next scenes. One that Stash cannot tell would fail the page: then each is asked for by itself."""
        try:
            told = await self.stash.unread_after(last_id, _PAGE, self.settled.familiar)
        except StashTemporaryError:
            ids = await self.stash.ids_after(last_id, _PAGE)
            each = await self.stash.scenes_each(ids)
            return WalkPage(ids=ids, each=[each.found[number] for number in ids if number in each.found])
        return WalkPage(ids=[scene.id for scene in told], told=told)

    async def recent(self) -> int:
        """The scenes that were touched in the last 24 hours; how many there are."""
        scenes = await self.stash.touched(self.clock.now() - RECENT)
        puts = [
            Put(server=server, scene=scene, lane=Lane.CHANGE, reason="recent")
            for scene in scenes
            for server in self.servers
        ]
        await self.database.run(lambda c: jobs.put(c, puts, self.clock.now()))
        self.wake()
        _log.info("recent scenes put", scenes=len(scenes))
        return len(scenes)

    async def _begin(self) -> walks.Walk:
        now = self.clock.now()
        walk, wish = await self.database.run(lambda c: (walks.load(c, FULL), wishes.waiting(c).get(FULL_WALK, 0)))
        if walk is not None and _goes_on(walk, wish, now):
            return walk
        return walks.Walk(name=FULL, last_id=0, started_at=now, facts={"completed": _completed(walk), "wish": wish})

    async def _take(self, page: WalkPage, before: walks.Walk, after: walks.Walk) -> int:
        def work(connection: Connection) -> int:
            sifted = self.sifter.sift(connection, page)
            scenes = sifted.doubtful
            known = seen.known(connection, [scene.id for scene in scenes])
            moved = {scene.id: why for scene in scenes if (why := why_moved(scene, known.get(scene.id), before))}
            puts = list(self._unmet(connection, page, sifted, before, after))
            standings = {server: self.standing(connection, server, scenes) for server in self.servers}
            for server, standing in standings.items():
                puts += self.differences(connection, server, scenes, moved, standing)
                puts += self._restless(connection, server, sifted)
                puts += self._revived(connection, server, page)
                puts += self._lost(connection, server) if after.finished_at is not None else ()
            self.sifter.learn(sifted, moved, standings)
            jobs.put(connection, puts, self.clock.now())
            noted = [scene for scene in scenes if scene.id in moved or _is_old(known[scene.id])]
            seen.note(connection, noted, self.clock.now())
            # Pages of which nothing came are remembered together: each would make a disk write of its own.
            if puts or noted or after.finished_at is not None or self._lapse.over(self.clock.now()):
                walks.save(connection, after)
            return len(puts)

        count = await self.database.run(work)
        if count:
            self.wake()
        return count

    def standing(self, connection: Connection, server: str, page: Sequence[Scene]) -> Standing:
        """Which of these scenes are in step on that server."""
        ids = [scene.id for scene in page]
        confirmed = in_step.digests(connection, server, ids)
        ties = links.of_scenes(connection, server, ids)
        shelf = librarytitles.titles(connection, server) if self.rules.libraries else {}
        settled = {s.id for s in page if self._in_step(s, confirmed.get(s.id, {}), ties.get(s.id, []), shelf)}
        return Standing(settled=settled, confirmed=confirmed, ties=ties)

    def differences(
        self,
        connection: Connection,
        server: str,
        page: Sequence[Scene],
        moved: Mapping[int, str],
        standing: Standing | None = None,
    ) -> Iterable[Put]:
        """What is to be looked at of these scenes; `moved` says why those that are not as they were last seen."""
        ids = [scene.id for scene in page]
        if not page:
            return
        self._reopen(connection, server, ids)
        settled = (standing or self.standing(connection, server, page)).settled
        if self.people is not None:
            unmoved = [scene for scene in page if scene.id in settled and scene.id not in moved]
            moved = self.people.restless(connection, server, unmoved) | dict(moved)
        self._withdraw(connection, server, [scene for scene in page if scene.id in settled])
        answered = brakes.among(connection, server, ids, (HELD, REJECTED))
        for scene in page:
            reason = moved.get(scene.id, "" if scene.id in settled else GAP)
            if reason:
                is_gap = reason == GAP or scene.id in answered
                kind = PutKind.GAP if is_gap else PutKind.CHANGED
                digest = self.rules.digest(scene) if is_gap else None
                yield Put(server=server, scene=scene.id, lane=Lane.BULK, reason=reason, kind=kind, digest=digest)

    def _withdraw(self, connection: Connection, server: str, settled: Sequence[Scene]) -> None:
        """What nobody answered yet, or turned down, is no question any more where Stash took its change back.

        One about a scene that is as it was then is about something that only Plex shows.
        """
        kinds = (PREVIEW, *KINDS)
        asked = brakes.asked_at(connection, server, [scene.id for scene in settled], kinds)
        back = [one.id for one in settled if one.id in asked and self.rules.digest(one) != asked[one.id]]
        brakes.forget(connection, server, back, kinds)

    def _in_step(
        self, scene: Scene, confirmed: dict[int, str], ties: Sequence[links.Link], titles: Mapping[int, str]
    ) -> bool:
        """Whether every item that may get the scene holds what the rules of its library ask for."""
        ruled = [(tie, self.rules.of(titles.get(tie.section, ""), str(tie.section))) for tie in ties]
        wanted: dict[int, str] = {}
        texts = link_texts(ties)
        for tie, rules in ruled:
            if tie.rating_key not in wanted and not rules.excludes(scene):
                wanted[tie.rating_key] = rules.digest(scene, texts[tie.rating_key])
        return bool(wanted) and all(confirmed.get(key) == digest for key, digest in wanted.items())

    def _restless(self, connection: Connection, server: str, sifted: Sifted) -> Iterable[Put]:
        """The scenes at rest that somebody's picture is to be looked at for: of people nothing is kept with a scene."""
        if self.people is None or not sifted.resting:
            return ()
        scenes = [one.read() for one in sifted.resting]
        standing = Standing(settled={scene.id for scene in scenes}, confirmed={}, ties={})
        return self.differences(connection, server, scenes, {}, standing)

    def _reopen(self, connection: Connection, server: str, ids: Sequence[int]) -> None:
        """What was decided while the index looked otherwise is asked again."""
        version = index.version(connection, server)
        found = decisions.decided(connection, server, ids)
        moved = [scene for scene, decision in found.items() if decision.index_version not in (0, version)]
        decisions.clear(connection, server, moved)

    def _revived(self, connection: Connection, server: str, page: WalkPage) -> Iterable[Put]:
        """What died long enough ago is tried once more, for the reasons it had: whatever ailed it may be over."""
        if not page.ids:
            return
        first, now = (server, page.ids[0] - 1), self.clock.now()
        letters = jobs.dead_list(
            connection, server=server, after=first, died_before=now - _REVIVED_AFTER, limit=2 * _PAGE
        )
        met = set(page.ids)
        for letter in letters:
            if letter.scene in met:
                for reason in letter.reasons:
                    yield Put(server=server, scene=letter.scene, lane=Lane.BULK, reason=reason)

    def _lost(self, connection: Connection, server: str) -> Iterable[Put]:
        """What Stash lost and nobody took care of yet: its job may have been dropped."""
        for scene in undos.lost(connection, server):
            yield Put(server=server, scene=scene, lane=Lane.BULK, reason=LOST, kind=PutKind.GAP, digest=GONE)

    def _unmet(
        self, connection: Connection, page: WalkPage, sifted: Sifted, before: walks.Walk, after: walks.Walk
    ) -> Iterable[Put]:
        """Scenes that Stash could not tell, and those we know whose ids the walk passed without meeting them.

        Their job reads each by id, which has the last word.
        """
        last = after.last_id if after.finished_at is None else _GREATEST_ID
        passed = seen.ids_between(connection, before.last_id + 1, last)
        unmet = sorted({*passed, *page.ids} - sifted.ids)
        for server in self.servers:
            answered = brakes.among(connection, server, unmet, (HELD, REJECTED))
            for scene in unmet:
                reason = UNREADABLE if scene in page.ids else PERHAPS_GONE
                kind = PutKind.GAP if scene in answered else PutKind.CHANGED
                yield Put(server=server, scene=scene, lane=Lane.BULK, reason=reason, kind=kind, digest=GONE)


def ends(page: WalkPage) -> bool:
    """Whether no scene lies behind it."""
    return len(page.ids) < _PAGE


def why_moved(scene: Scene, old: seen.Seen | None, walk: walks.Walk | None) -> str:
    """Why the scene is not as it was last seen; "" when it is."""
    if old is None:
        # What the first walk meets is the backlog; what a later one meets came since.
        return NEW if _completed(walk) else FIRST_SEEN
    if old.content_hash != scene.content_hash:
        return CHANGED
    settled = scene.surely_touched_before
    if old.updated_at != scene.updated_at or (settled is not None and old.seen_at <= settled + _CLOCKS_DIFFER):
        return PICTURE
    return ""


def _is_old(known: seen.Seen) -> bool:
    """Whether it was noted by a version that did not keep what scenes name."""
    return known.related is None


def _goes_on(walk: walks.Walk, wish: int, now: float) -> bool:
    """Whether a walk that was cut off is not too old, and the one that is wished for (0: none is)."""
    is_young = walk.finished_at is None and 0 <= now - walk.started_at < _STALE
    return is_young and wish in (0, walk.facts.get("wish"))


def _completed(walk: walks.Walk | None) -> int:
    """How many walks came to their end before this one."""
    return int(walk.facts.get("completed", 0)) if walk is not None else 0
