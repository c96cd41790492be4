"""The search for gaps in one library of Plex: pages of its listing beside what was written and what Stash has."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from plexsync.model.gaps import Gap, GapKind, GapOutcome, Scope
from plexsync.model.looks import ListedItem
from plexsync.model.paths import name_key, path_key
from plexsync.model.work import Lane, Put, PutKind
from plexsync.plex.plainlistings import Mark
from plexsync.plex.unread import UnreadItem
from plexsync.store import brakes, gaps, holdings, in_step, jobs, seen
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions
from plexsync.store.gapruns import GapRun
from plexsync.sync.brakes.brake import KINDS, PREVIEW
from plexsync.sync.causes import GAP
from plexsync.sync.gaps.pages import SearchPage
from plexsync.sync.gaps.suspects import Read, Suspects
from plexsync.sync.story.tools import Tools
from plexsync.sync.walks.settled import Settled

#: Every item is read whole once in so many days, whatever Plex says of its last change.
ROTATION = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class PlexSearch:
    """One library, or with `mark` what of it is newer. `turns` are the remainders of rating keys whose turn it is."""

    tools: Tools
    suspects: Suspects
    rows: Transactions
    section: int
    settled: Settled
    mark: Mark | None = None
    turns: frozenset[int] = frozenset()

    @property
    def name(self) -> str:
        """Tells this step of a run from the others."""
        return f"plex {self.tools.server} {self.section} {self.mark.name if self.mark else 'all'}"

    async def page(self, at: int) -> SearchPage:
        """The page that begins at that place of the listing."""
        familiar = self.settled.familiar
        listing = await self.tools.plex.plain_page(self.section, at, mark=self.mark, familiar=familiar)
        sorted_ = await self.rows.run(lambda c: self._sorted(c, listing.items))
        read = await self.suspects.read(sorted_.suspects)
        judged = _Judged(search=self, items=sorted_.items, sorted=sorted_, read=read)
        return SearchPage(
            take=judged.take,
            next_at=at + listing.rows,
            ends=listing.ends(at),
            items=len(listing.items),
            read=len(sorted_.suspects),
        )

    def _sorted(self, connection: Connection, page: Sequence[UnreadItem]) -> _Sorted:
        """Without those that are told as they were when last in step, while we hold the same of them."""
        numbers = holdings.of_items(connection, self.tools.server, [item.rating_key for item in page])
        doubtful = [one for one in page if not self._rests(one, numbers.get(one.rating_key))]
        items = [one.read() for one in doubtful]
        known = in_step.looks(connection, self.tools.server, [item.rating_key for item in items])
        suspects = {
            item.rating_key: known[item.rating_key].scene
            for item in items
            if item.rating_key in known and self._is_suspect(item, known[item.rating_key])
        }
        for one, item in zip(doubtful, items, strict=True):
            if item.rating_key in known and item.rating_key not in suspects and len(item.parts) == 1:
                self.settled.add(one.mark, numbers[item.rating_key])
        return _Sorted(
            items=items,
            suspects=suspects,
            fresh=frozenset(item.rating_key for item in items if item.rating_key not in known),
        )

    def _rests(self, item: UnreadItem, number: int | None) -> bool:
        """Whether it holds one file, and surely looks as it did when it was last in step."""
        is_turn = item.rating_key % ROTATION in self.turns
        return number is not None and not is_turn and self.settled.knows(item.mark, number)

    def _is_suspect(self, item: ListedItem, known: in_step.Look) -> bool:
        """Whether it may not be as it was when it was last in step."""
        moved = known.look != item.look or known.updated_at != item.updated_at
        return moved or item.rating_key % ROTATION in self.turns


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sorted:
    """The items of a page that are looked at, those to be read whole with their scenes, and those never in step."""

    items: Sequence[ListedItem]
    suspects: Mapping[int, int]
    fresh: Collection[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """A page of a listing, with the suspects read whole."""

    search: PlexSearch
    items: Sequence[ListedItem]
    sorted: _Sorted
    read: Read
    tools: Tools = field(init=False)

    def __post_init__(self) -> None:
        """What is used all over."""
        object.__setattr__(self, "tools", self.search.tools)

    def take(self, connection: Connection, run: GapRun, now: float) -> int:
        """Record the page's gaps and queue what closes them; how many jobs."""
        judged = dict(self.search.suspects.judged(connection, self.read, now))
        self._note_fine(connection, {key for key, gap in judged.items() if gap is None})
        found = [*(gap for gap in judged.values() if gap is not None), *self._unmet(connection)]
        if run.scope is Scope.EMPTY:
            found = [gap for gap in found if gap.kind is GapKind.EMPTY]
        unknown = [gap for gap in found if gap.kind is GapKind.UNKNOWN]
        known = [gap for gap in found if gap.kind is not GapKind.UNKNOWN]
        gaps.record(connection, run.id, unknown, now, GapOutcome.LEFT)
        gaps.record(connection, run.id, known, now, GapOutcome.LEFT if run.report_only else None)
        return 0 if run.report_only else jobs.put(connection, list(self._puts(connection, run, known)), now)

    def _note_fine(self, connection: Connection, fine: Collection[int]) -> None:
        """What was read whole and holds what it should need not be read again while it looks the same."""
        seen_now = {item.rating_key: (item.look, item.updated_at) for item in self.items if item.rating_key in fine}
        known = in_step.looks(connection, self.tools.server, seen_now)
        same = {key for key, old in known.items() if (old.look, old.updated_at) == seen_now[key]}
        new = {key: look for key, look in seen_now.items() if key not in same}
        in_step.note_looks(connection, self.tools.server, new)

    def _unmet(self, connection: Connection) -> Iterator[Gap]:
        """Items that were never brought in step: their scene never came to them, or there is none."""
        fresh = self.sorted.fresh
        doubtful = [item for item in self.items if item.rating_key in fresh or len(item.parts) > 1]
        owners = self._owners(connection, doubtful)
        for item in doubtful:
            for part in item.parts:
                scenes = owners.get(part.path, ())
                gap = Gap(
                    kind=GapKind.EMPTY if scenes else GapKind.UNKNOWN,
                    server=self.tools.server,
                    path=part.path,
                    scene=min(scenes, default=0),
                    rating_key=item.rating_key,
                    title=item.title,
                )
                if not scenes or (item.bare and item.rating_key in fresh):
                    yield gap

    def _owners(self, connection: Connection, items: Sequence[ListedItem]) -> dict[str, list[int]]:
        """The scenes that have a file where an item has one, by Plex's path."""
        paths = [part.path for item in items for part in item.parts]
        return owners_of(connection, self.tools, paths)

    def _puts(self, connection: Connection, run: GapRun, found: Sequence[Gap]) -> Iterator[Put]:
        scenes = list(dict.fromkeys(gap.scene for gap in found))
        # What waits for a person is not put again; any other decision was about something else.
        asked = brakes.among(connection, self.tools.server, scenes, (PREVIEW, *KINDS))
        for scene in scenes:
            for reason in (GAP, run.reason):
                yield Put(
                    server=self.tools.server,
                    scene=scene,
                    lane=Lane.BULK,
                    reason=reason,
                    kind=PutKind.GAP,
                    digest=None if scene in asked else run.reason,
                )


def owners_of(connection: Connection, tools: Tools, paths: Sequence[str]) -> dict[str, list[int]]:
    """The scenes that have a file at these paths of Plex; where no rule maps one, those with a file of its name."""
    mapped = {path: tools.finder.paths.to_stash(path) for path in paths}
    at_path = seen.scenes_at(connection, [path_key(to) for to in mapped.values() if to is not None])
    named = seen.scenes_named(connection, [name_key(path) for path, to in mapped.items() if to is None])
    return {
        path: at_path.get(path_key(to), []) if to is not None else [one for one, _ in named.get(name_key(path), ())]
        for path, to in mapped.items()
    }
