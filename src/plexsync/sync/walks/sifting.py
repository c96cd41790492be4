"""Pages of scenes, sifted: those that surely are as they were when found in step, and those that are to be judged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from plexsync.model.rules import RuleBook
from plexsync.model.scene import Scene
from plexsync.stash.unread import UnreadScene
from plexsync.store import holdings, links
from plexsync.store.database import Connection
from plexsync.sync.index import librarytitles
from plexsync.sync.walks.settled import Settled


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How scenes stand on one server: those that are in step, and by scene what of its items was confirmed and tied."""

    settled: set[int]
    confirmed: Mapping[int, Mapping[int, str]]
    ties: Mapping[int, Sequence[links.Link]]

    def is_doubtful(self, scene: Scene) -> bool:
        """Whether not each of its files is an item that is in step."""
        tied = {tie.stash_path for tie in self.ties.get(scene.id, ())}
        return scene.id not in self.settled or not tied.issuperset(file.path for file in scene.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkPage:
    """The ids of a page in order, and the scenes that Stash could tell: `told` as a page, or else `each` by itself."""

    ids: Sequence[int]
    told: Sequence[UnreadScene] = ()
    each: Sequence[Scene] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sifted:
    """The scenes of a page: those to be judged, and those at rest. `holdings` numbers what the store holds of each."""

    doubtful: Sequence[Scene]
    resting: Sequence[UnreadScene] = ()
    marks: Mapping[int, int] = field(default_factory=dict)
    holdings: Mapping[int, int] = field(default_factory=dict)

    @property
    def ids(self) -> set[int]:
        """All of them."""
        return {scene.id for scene in self.doubtful} | {one.id for one in self.resting}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sifter:
    """A scene is at rest that was found unmoved, undecided and in step with all its files on every server, if neither
    Stash nor our store tells anything else of it since.
    """

    rules: RuleBook
    servers: tuple[str, ...]
    settled: Settled

    def sift(self, connection: Connection, page: WalkPage) -> Sifted:
        """The scenes of a page. Only those that are doubtful are read."""
        if not page.told:
            return Sifted(doubtful=page.each)
        shelves = hash(tuple(self._shelf(connection, server) for server in self.servers))
        rows = holdings.of_scenes(connection, self.servers, page.ids[0], page.ids[-1])
        numbers = {scene: number ^ shelves for scene, number in rows.items()}
        resting: list[UnreadScene] = []
        doubtful: list[UnreadScene] = []
        for one in page.told:
            number = numbers.get(one.id)
            at_rest = number is not None and self.settled.knows(one.mark, number)
            (resting if at_rest else doubtful).append(one)
        return Sifted(
            doubtful=[one.read() for one in doubtful],
            resting=resting,
            marks={one.id: one.mark for one in doubtful},
            holdings=numbers,
        )

    def learn(self, sifted: Sifted, moved: Collection[int], standings: Mapping[str, Standing]) -> None:
        """Those that were judged and are at rest from now on; `moved` are those that are not as they were seen."""
        if standings.keys() != set(self.servers):
            return
        for scene in sifted.doubtful:
            mark, number = sifted.marks.get(scene.id), sifted.holdings.get(scene.id)
            if mark is None or number is None or scene.id in moved:
                continue
            if not any(standing.is_doubtful(scene) for standing in standings.values()):
                self.settled.add(mark, number)

    def _shelf(self, connection: Connection, server: str) -> Iterable[tuple[int, str]]:
        """What says which rules a library has."""
        return tuple(librarytitles.titles(connection, server).items()) if self.rules.libraries else ()
