"""The search for gaps among Stash's scenes: what Plex lacks, and what is newer than what was written."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from plexsync.model.gaps import Gap, GapKind, GapOutcome
from plexsync.model.scene import Scene
from plexsync.model.work import Put
from plexsync.store import gaps, jobs, seen, walks
from plexsync.store.database import Connection
from plexsync.store.gapruns import GapRun
from plexsync.sync.causes import PICTURE
from plexsync.sync.gaps.pages import SearchPage
from plexsync.sync.story.finder import Found
from plexsync.sync.story.takingpart import exclusion, taking_part
from plexsync.sync.story.ties import first_of_each, link_texts
from plexsync.sync.story.tools import Tools
from plexsync.sync.walks.sifting import Standing, WalkPage
from plexsync.sync.walks.walk import FULL, Walker, ends, why_moved

#: Scenes that are asked for by id at once.
_EACH = 50


@dataclass(slots=True, kw_only=True)
class StashSearch:
    """All scenes, or those touched since a time (seconds since the epoch), beside every server's items."""

    walker: Walker
    servers: Sequence[Tools]
    since: float | None = None
    _touched: list[int] | None = None

    @property
    def name(self) -> str:
        """Tells this step of a run from the others."""
        return "stash all" if self.since is None else "stash touched"

    async def page(self, at: int) -> SearchPage:
        """The scenes whose ids lie above that one."""
        if at:
            await self.walker.rest()
        elif self.walker.identity is not None:
            await self.walker.identity.compare()
        if self.since is None:
            page = await self.walker.page(at)
            return self._page(page, ends=ends(page))
        return await self._some(at, self.since)

    async def _some(self, at: int, since: float) -> SearchPage:
        if self._touched is None or at == 0:
            self._touched = sorted(await self.walker.stash.touched(since))
        begin = bisect_right(self._touched, at)
        ids = self._touched[begin : begin + _EACH]
        answer = await self.walker.stash.scenes_each(ids)
        scenes = [answer.found[number] for number in ids if number in answer.found]
        return self._page(WalkPage(ids=ids, each=scenes), ends=begin + _EACH >= len(self._touched))

    def _page(self, page: WalkPage, *, ends: bool) -> SearchPage:
        judged = _Judged(search=self, page=page)
        count = len(page.told) + len(page.each)
        return SearchPage(take=judged.take, next_at=page.ids[-1] if page.ids else 0, ends=ends, scenes=count)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """A page of scenes."""

    search: StashSearch
    page: WalkPage

    def take(self, connection: Connection, run: GapRun, now: float) -> int:
        """Record the page's gaps and queue what differs, as a walk does; how many jobs."""
        walker = self.search.walker
        sifted = walker.sifter.sift(connection, self.page)
        scenes = sifted.doubtful
        if not scenes:
            return 0
        known = seen.known(connection, [scene.id for scene in scenes])
        walk = walks.load(connection, FULL)
        why = {scene.id: reason for scene in scenes if (reason := why_moved(scene, known.get(scene.id), walk))}
        moved = {number: reason for number, reason in why.items() if reason != PICTURE}
        self._forget_unknown(connection, run, [scene for scene in scenes if scene.id not in known])
        standings = {tools.server: walker.standing(connection, tools.server, scenes) for tools in self.search.servers}
        puts: list[Put] = []
        for tools in self.search.servers:
            standing = standings[tools.server]
            found = list(_gaps(connection, scenes, tools, standing))
            gaps.record(connection, run.id, found, now, GapOutcome.LEFT if run.report_only else None)
            if not run.report_only:
                puts += self._puts(connection, run, scenes, tools.server, moved, standing)
        walker.sifter.learn(sifted, why, standings)
        if run.report_only:
            return 0
        seen.note(connection, [scene for scene in scenes if scene.id in moved], now)
        return jobs.put(connection, puts, now)

    def _puts(
        self,
        connection: Connection,
        run: GapRun,
        scenes: Sequence[Scene],
        server: str,
        moved: Mapping[int, str],
        standing: Standing,
    ) -> Iterator[Put]:
        restless = [scene for scene in scenes if scene.id in moved or scene.id not in standing.settled]
        for put in self.search.walker.differences(connection, server, restless, moved, standing):
            yield put
            yield replace(put, reason=run.reason)

    def _forget_unknown(self, connection: Connection, run: GapRun, new: Sequence[Scene]) -> None:
        """Files of scenes that nobody met before are no strangers."""
        for tools in self.search.servers:
            paths = [to for scene in new for file in scene.files if (to := tools.finder.paths.to_plex(file.path))]
            gaps.drop_unknown(connection, run.id, tools.server, paths)


def _gaps(connection: Connection, scenes: Sequence[Scene], tools: Tools, standing: Standing) -> Iterator[Gap]:
    doubtful = [scene for scene in scenes if standing.is_doubtful(scene)]
    every = tools.finder.find_each(connection, doubtful) if doubtful else {}
    for scene in doubtful:
        found = every[scene.id]
        if found.refusal or exclusion(scene, found, tools):
            continue
        yield from _gaps_of(scene, found, tools, standing.confirmed.get(scene.id, {}))


def _gaps_of(scene: Scene, found: Found, tools: Tools, confirmed: Mapping[int, str]) -> Iterator[Gap]:
    for match in found.absent:
        yield Gap(kind=GapKind.MISSING, server=tools.server, path=match.plex_path, scene=scene.id, title=scene.label)
    texts = link_texts(found.links)
    for tie in first_of_each(taking_part(scene, found.links, tools)):
        digest = tools.rules_of(tie.section).digest(scene, texts[tie.rating_key])
        if confirmed.get(tie.rating_key) != digest:
            yield Gap(
                kind=GapKind.STALE,
                server=tools.server,
                path=tie.plex_path,
                scene=scene.id,
                rating_key=tie.rating_key,
                title=scene.label,
            )
