"""Whether Stash and Plex still are the ones that everything stored is about, and what becomes of it if not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from plexsync.log import logger
from plexsync.model.errors import Incompatible
from plexsync.model.scene import Scene
from plexsync.model.work import Peer
from plexsync.stash.client import StashClient
from plexsync.store import brakes, newpeers, preferences, seen
from plexsync.store.brakes import Question, State
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions
from plexsync.sync.clock import Clock
from plexsync.sync.gates.peers import plex_name

_log = logger("plexsync.brake")

#: The kinds of the questions about a peer.
OTHER_STASH = "other Stash"
OTHER_PLEX = "other Plex"
#: Where the files of some scenes are kept by which Stash is known again.
_FILES = "stash files"
#: So many scenes are compared, and fewer prove nothing.
_COMPARED = 20
_FEWEST = 3
_GREATEST_ID = 2**31 - 1


@dataclass(slots=True, kw_only=True)
class StashIdentity:
    """Knows Stash by the files of some of its scenes: their ids must not come to mean others."""

    stash: StashClient
    database: Transactions
    clock: Clock
    _sure: bool = False
    _doubts: int = 0
    _refused: str = ""  #: why the last look found that it is another one
    _comparing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def insist(self) -> None:
        """Return where it is the one that is known, asked once as long as nobody doubts it; Incompatible otherwise."""
        async with self._comparing:
            if not self._sure:
                await self.compare()

    def doubt(self) -> None:
        """Whoever answers next may be another one: it was away, or tells other things than it did."""
        self._doubts += 1
        self._sure = False

    def insist_as_last_known(self) -> None:
        """As `insist`, for one who cannot look now: Incompatible where the last look found another one."""
        if self._refused:
            raise Incompatible(self._refused, peer=Peer.STASH)

    async def check(self) -> None:
        """The same as part of a health check, which looks anew while a person is asked."""
        await self.stash.healthy()
        if await self.database.run(lambda c: brakes.opened(c, OTHER_STASH, "stash")) is not None:
            await self.compare()

    async def compare(self) -> None:
        """Look now. Incompatible when most of the known scenes have other files than they had."""
        self._sure, doubts = False, self._doubts
        known = await self.database.run(_known)
        told = await self.stash.scenes_each(list(known)) if known else None
        found = told.found if told is not None else {}
        other = _is_other(known, found)
        question = await self.database.run(lambda c: self._ask(c, known, other=other))
        self._refused = _refusal(question) if other else ""
        self.insist_as_last_known()
        if moved := _moved(known, found):
            await self.database.run(lambda c: _remember(c, moved))
        self._sure = doubts == self._doubts

    async def learn(self, more: Sequence[int] = ()) -> None:
        """Remember the files of some scenes, taken from all over Stash; `more` are scenes not seen before.

        Incompatible as with `compare`: what was too little to tell it by may have become enough since.
        """
        await self.compare()
        ids = await self.database.run(lambda c: _some_ids(c, more))
        told = await self.stash.scenes_each(ids) if ids else None
        files = _files(told.found) if told is not None else {}
        await self.database.run(lambda c: preferences.put(c, _FILES, files or None))

    async def acquaint(self, scenes: Sequence[int]) -> None:
        """Remember the files of these scenes too, as long as few are known and nobody doubts which Stash it is."""
        new = await self.database.run(lambda c: _lacking(c, scenes)) if self._sure else []
        told = await self.stash.scenes_each(new) if new else None
        if told is not None and self._sure:
            await self.database.run(lambda c: _remember(c, _files(told.found)))

    def _ask(self, connection: Connection, known: Mapping[int, Sequence[str]], *, other: bool) -> int:
        question = brakes.opened(connection, OTHER_STASH, "stash")
        if other and question is None:
            _log.error("Stash is another one than before; everything waits for an answer", compared=len(known))
            return brakes.ask(connection, OTHER_STASH, "stash", {"compared": len(known)}, self.clock.now())
        if not other and question is not None:
            brakes.end(connection, question.id, State.WITHDRAWN, self.clock.now())
        return question.id if question is not None else 0


def _known(connection: Connection) -> dict[int, list[str]]:
    return {int(number): marks for number, marks in (preferences.get(connection, _FILES) or {}).items()}


def _refusal(question: int) -> str:
    return (
        "the scenes of this Stash have other files than the ones known by the same numbers. Nothing is written"
        f" until you say which Stash it is: `plexsync brake list`, question {question}"
    )


def _remember(connection: Connection, files: dict[str, list[str]]) -> None:
    preferences.put(connection, _FILES, (preferences.get(connection, _FILES) or {}) | files)


def _lacking(connection: Connection, scenes: Sequence[int]) -> list[int]:
    known = _known(connection)
    return [one for one in scenes if one not in known][: max(_COMPARED - len(known), 0)]


def _some_ids(connection: Connection, more: Sequence[int]) -> list[int]:
    """Scenes from all over Stash."""
    ids = sorted({*seen.ids_after(connection, 0, _GREATEST_ID), *more})
    return ids[:: max(1, len(ids) // _COMPARED)][:_COMPARED]


def _files(found: Mapping[int, Scene]) -> dict[str, list[str]]:
    return {str(number): marks for number, scene in found.items() if (marks := _marks(scene))}


def _marks(scene: Scene) -> list[str]:
    return [file.oshash for file in scene.files if file.oshash]


def _is_other(known: Mapping[int, Sequence[str]], found: Mapping[int, Scene]) -> bool:
    same, others = _compared(known, found)
    return others >= _FEWEST and others > same


def _moved(known: Mapping[int, Sequence[str]], found: Mapping[int, Scene]) -> dict[str, list[str]]:
    """The scenes whose files are other ones by now, where enough of them prove that it is the same Stash.

    One that was made anew may have few of its scenes yet.
    """
    same, others = _compared(known, found)
    if same < _FEWEST or same <= others:
        return {}
    return {number: marks for number, marks in _files(found).items() if marks != known[int(number)]}


def _compared(known: Mapping[int, Sequence[str]], found: Mapping[int, Scene]) -> tuple[int, int]:
    """How many of the known scenes have a file that they had, and how many have none of theirs."""
    pairs = [(set(marks), set(_marks(found[number]))) for number, marks in known.items() if number in found]
    comparable = [(before, now) for before, now in pairs if before and now]
    others = sum(before.isdisjoint(now) for before, now in comparable)
    return len(comparable) - others, others


def as_same(connection: Connection, question: Question, now: float) -> None:
    """A person says that this is the Stash that is known: from now on it is known by the files that it has."""
    preferences.put(connection, _FILES, None)
    brakes.end(connection, question.id, State.RELEASED, now)


def as_new(connection: Connection, question: Question, now: float) -> None:
    """A person says that it is another Stash: what is known by numbers of scenes is about nothing any more.

    The ledger stays: it is about files in Plex.
    """
    newpeers.forget_scenes(connection)
    as_same(connection, question, now)


def other_plex(connection: Connection, server: str, expected: str, found: str, now: float) -> int:
    """Ask about another Plex at a server's address; the number of the question."""
    question = brakes.opened(connection, OTHER_PLEX, server)
    if question is not None and question.facts.get("found") == found:
        return question.id
    if question is not None:
        brakes.end(connection, question.id, State.WITHDRAWN, now)
    _log.error("another Plex answers; everything of it waits for an answer", server=server)
    return brakes.ask(connection, OTHER_PLEX, server, {"expected": expected, "found": found}, now)


def known_plex(connection: Connection, server: str, now: float) -> None:
    """The Plex that is known answers: there is nothing to ask."""
    question = brakes.opened(connection, OTHER_PLEX, server)
    if question is not None:
        brakes.end(connection, question.id, State.WITHDRAWN, now)


def accepted_plex(connection: Connection, server: str, found: str) -> bool:
    """Whether a person said that this Plex takes the place of the one that was known."""
    asked = [one for one in brakes.listing(connection) if one.kind == OTHER_PLEX and one.about == server]
    return bool(asked) and asked[0].state is State.RELEASED and asked[0].facts.get("found") == found


def accept_plex(connection: Connection, question: Question, now: float, *, new: bool) -> None:
    """A person says that this Plex takes the place of the one that was known: its items have other keys.

    Of a `new` one nothing is known either: what the ledger tells of the other is kept under another name.
    """
    server = question.about
    away = f"{server} until {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(now))}"
    newpeers.forget_items(connection, server, away)
    if new:
        newpeers.put_away(connection, server, away)
    brakes.end(connection, question.id, State.RELEASED, now)


def identity_line(question: Question) -> str:
    """What such a question asks, for people."""
    if question.kind == OTHER_PLEX:
        facts: dict[str, Any] = question.facts
        return (
            f"another Plex answers at the address of {plex_name(question.about)}: {facts['found']} instead of "
            f"{facts['expected']}. `release` says that it is the same one after a reinstallation, `release --new` that "
            "it is another one, to be met for the first time; else mend the address"
        )
    return (
        f"the scenes of Stash have other files than before by the same numbers ({question.facts['compared']} were "
        "compared). `release` says that it is the same Stash, `release --new` that it was made anew; else mend "
        "`stash_url`"
    )
