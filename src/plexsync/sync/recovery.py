"""What died in an outage is tried again once the servers are well: exactly that, each scene once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plexsync.log import logger
from plexsync.model.errors import (
    PlexServerDown,
    PlexTemporaryError,
    StashServerDown,
    StashTemporaryError,
    SyncError,
)
from plexsync.model.work import Lane, Put
from plexsync.stash.client import StashClient
from plexsync.store import dead, jobs, outages, queue
from plexsync.store.batches import batches
from plexsync.store.database import Connection
from plexsync.store.dead import DeadLetter
from plexsync.store.fence import Transactions
from plexsync.sync.clock import Clock
from plexsync.sync.gates.gatekeeper import Gatekeeper
from plexsync.sync.gates.peers import STASH, plex_key

_log = logger("plexsync.recovery")

#: Seconds before an outage in which its first signs already cost jobs their attempts.
EARLIER = 600.0
#: The errors that pass with an outage.
TEMPORARY = frozenset(
    error.__name__ for error in (PlexServerDown, PlexTemporaryError, StashServerDown, StashTemporaryError)
)
#: Scenes that Stash is asked for at once.
_ASKED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Victims:
    """Which dead letters are meant. As it stands: temporary errors that began with an outage.

    `errors` are classes meant wherever they began, `everything` means every class; `since` leaves out what began to
    fail before (seconds since the epoch).
    """

    errors: frozenset[str] = frozenset()
    everything: bool = False
    since: float | None = None

    def mean(self, letter: DeadLetter, windows: Sequence[tuple[float, float | None]]) -> bool:
        """Whether that letter is one of them; `windows` are the outages that its server could suffer from."""
        first = letter.first_failed_at
        if self.since is not None and first < self.since:
            return False
        if self.everything or letter.error in self.errors:
            return True
        if self.errors or letter.error not in TEMPORARY:
            return False
        return any(begin - EARLIER <= first and (end is None or first <= end) for begin, end in windows)


def victims_of(errors: Iterable[str], *, everything: bool, since: float | None) -> Victims:
    """The letters that a person means; ValueError names the classes that there are."""
    given = frozenset(errors)
    known = {error.__name__ for error in _classes(SyncError)}
    if unknown := sorted(given - known):
        raise ValueError(f"there is no error class {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    return Victims(errors=given, everything=everything, since=since)


def _classes(root: type[SyncError]) -> Iterator[type[SyncError]]:
    yield root
    for kind in root.__subclasses__():
        yield from _classes(kind)


@dataclass(slots=True, kw_only=True)
class Recovered:
    """What became of a server's dead letters."""

    server: str
    put: int = 0  #: are tried again
    queued: int = 0  #: were queued already
    gone: int = 0  #: their scene is gone from Stash, and so are they
    left: int = 0  #: stay as they are: a peer is not well, or Stash cannot tell the scene now
    others: int = 0  #: were not meant
    trouble: SyncError | None = None  #: what kept the rest from being tried

    def as_json(self) -> dict[str, Any]:
        """The facts as the JSON API shows them."""
        facts = {name: getattr(self, name) for name in ("server", "put", "queued", "gone", "left", "others")}
        return facts | {"trouble": "" if self.trouble is None else self.trouble.message}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """`gates` are those of the Plex servers by name. `wake` is called when jobs were put."""

    database: Transactions
    clock: Clock
    stash: StashClient
    gates: Mapping[str, Gatekeeper]
    wake: Callable[[], None]

    async def run(self, victims: Victims) -> list[Recovered]:
        """Try these letters again, in the bulk lane and for the reasons they had; one entry a server."""
        return [await self._of_server(server, victims) for server in self.gates]

    async def after_outage(self) -> None:
        """The same by itself, for all outages so far. Raises what kept letters from being tried."""
        for found in await self.run(Victims()):
            if found.trouble is not None:
                raise found.trouble

    async def _of_server(self, server: str, victims: Victims) -> Recovered:
        scenes, others = await self.database.run(lambda c: _chosen(c, server, victims))
        found = Recovered(server=server, left=len(scenes), others=others)
        if scenes:
            await self._try_again(found, scenes)
            _log.info("dead letters were looked at", **found.as_json())
        return found

    async def _try_again(self, found: Recovered, scenes: Sequence[int]) -> None:
        gate = self.gates[found.server]
        if not await gate.healthy():
            # The gate knows already: without a peer the error tells it nothing.
            found.trouble = SyncError(f"{gate.name} is not well: {gate.gate.reason}")
            return
        queued = await self.database.run(lambda c: queue.among(c, found.server, scenes))
        found.queued = len(queued)
        found.left -= len(queued)
        for some in batches([scene for scene in scenes if scene not in queued], _ASKED):
            try:
                answer = await self.stash.scenes_each(some)
            except SyncError as error:
                found.trouble = error
                return
            await self._settle(found, list(answer.found), set(some) - set(answer.found) - set(answer.failed))

    async def _settle(self, found: Recovered, there: Collection[int], gone: Collection[int]) -> None:
        """Put those that are there and still dead; a letter about nothing goes."""

        def settle(connection: Connection) -> tuple[int, int]:
            letters = dead.dead_some(connection, there, server=found.server)
            put = put_again(connection, letters, Lane.BULK, self.clock.now())
            return put, dead.dead_drop(connection, found.server, gone)

        put, dropped = await self.database.run(settle)
        found.put += put
        found.gone += dropped
        # One that a hook put meanwhile has no letter any more.
        found.left -= len(there) + len(gone)
        if put:
            self.wake()


def put_again(connection: Connection, letters: Collection[DeadLetter], lane: Lane, now: float) -> int:
    """Queue the scenes of these letters for the reasons they had; how many."""
    puts = [
        Put(server=letter.server, scene=letter.scene, lane=lane, reason=reason)
        for letter in letters
        for reason in letter.reasons or ("retry",)
    ]
    return jobs.put(connection, puts, now)


def _chosen(connection: Connection, server: str, victims: Victims) -> tuple[list[int], int]:
    """The scenes whose letters are meant, and how many others there are."""
    windows = outages.windows(connection, [STASH, plex_key(server)])
    letters = list(dead.dead_all(connection, server=server))
    scenes = [letter.scene for letter in letters if victims.mean(letter, windows)]
    return scenes, len(letters) - len(scenes)
