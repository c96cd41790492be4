"""Bulk work that the brake set aside is judged: it goes on by itself, or a person is asked once about all of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from plexsync.log import logger
from plexsync.model.spans import many
from plexsync.model.work import Job, Lane, Outcome, Put
from plexsync.store import brakes, decisions, jobs, preferences, queue, undos, walks
from plexsync.store.brakes import Question, State
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions
from plexsync.sync.brakes.brake import ASKED, HELD, JUDGED, LIMITS, PENDING, REJECTED, RELEASED, Drastic, Limits, Tally
from plexsync.sync.clock import Clock
from plexsync.sync.timetable import Entry

_log = logger("plexsync.brake")

#: The kind of the question about what bulk work would do.
BULK = "bulk"
#: The walk whose puts are judged together; so are those of a search for gaps, kept under this name.
_FULL = "full"
SEARCH = "search"
_PAGE = 1000
_LANES = (Lane.CHANGE, Lane.BULK)
#: Seconds until what waits to be judged is looked at again, and after which a walk that does not end is not waited for.
_LOOK_EVERY = 5.0
_STALE = 6 * 3600.0
#: Seconds until it is looked whether anything of an open question is left.
_OPEN_EVERY = 60.0
_VERBS = {
    Drastic.CLEAR: "cleared",
    Drastic.RESTORE: "set back after a change in Plex",
    Drastic.UNLINK: "unlinked or gone",
    Drastic.RETITLE: "retitled",
    Drastic.PUT_BACK: "put back as before PlexSync",
}


def brake_of(server: str) -> str:
    """The entry of the server's timetable that judges."""
    return f"brake of {server}"


@dataclass(slots=True, kw_only=True)
class Brake:
    """Judges what was set aside on one server. `wake` is called when that puts jobs."""

    server: str
    database: Transactions
    clock: Clock
    wake: Callable[[], None]
    limits: Limits = LIMITS
    entry: Entry = field(init=False)
    _waiting: bool = False

    def __post_init__(self) -> None:
        """Make the entry of the timetable that judges."""
        self.entry = Entry(name=brake_of(self.server), run=self.judge)

    def job_ended(self, _job: Job, outcome: Outcome) -> None:
        """Another one was set aside, or the lane is emptier: perhaps all are counted now."""
        if outcome.decision is not None and outcome.decision.kind == PENDING:
            self._waiting = True
        if self._waiting:
            self.entry.asked.set()

    async def judge(self) -> None:
        """Let what was set aside go on, or ask about it; nothing while more of it may come."""
        left, put = await self.database.run(partial(judge, self.server, self.clock.now(), self.limits))
        question = await self.database.run(lambda c: brakes.opened(c, BULK, self.server))
        self._waiting = bool(left)
        self.entry.every = _LOOK_EVERY if left else _OPEN_EVERY if question is not None else None
        if put:
            self.wake()


def judge(server: str, now: float, limits: Limits, connection: Connection) -> tuple[int, int]:
    """How many scenes still wait to be judged, and how many go on."""
    question = brakes.opened(connection, BULK, server)
    waiting = brakes.held(connection, server, PENDING)
    if not waiting:
        if question is not None and not _more_to_come(connection, server, now):
            _look_again(connection, server, question, now)
        return 0, 0
    found = [walk for name in (_FULL, SEARCH) if (walk := walks.load(connection, name)) is not None]
    if any(_under_way(walk, now) for walk in found) or _more_to_come(connection, server, now):
        return waiting, 0
    since = max((walk.started_at for walk in found), default=0.0)
    (tally, asked), known = _tally(connection, server, PENDING), _let_go(connection, server, since)
    scenes = brakes.linked(connection, server)
    # What comes of the same walk, or was asked about, belongs to the question; what else comes is judged by itself.
    joins = question is not None and (asked or question.facts.get("since") == since)
    if not joins and not limits.exceeded(tally + known, scenes):
        _keep(connection, server, since, tally + known)
        return 0, put_on(connection, server, PENDING, JUDGED, now)
    _hold(connection, server, question, {"linked": scenes, "since": since}, now)
    return 0, 0


def _look_again(connection: Connection, server: str, question: Question, now: float) -> None:
    """What is left of a question that was asked."""
    held = brakes.held(connection, server, HELD)
    if not held:
        brakes.end(connection, question.id, State.WITHDRAWN, now)
    elif held != question.facts.get("scenes"):
        brakes.retell(connection, question.id, question.facts | _counted(connection, server))


def _under_way(walk: walks.Walk, now: float) -> bool:
    return walk.finished_at is None and 0 <= now - walk.started_at < _STALE


def _more_to_come(connection: Connection, server: str, now: float) -> bool:
    """Whether work is due or under way that may be set aside as well: of hooks, those that tell of lost scenes."""
    due = jobs.next_due(connection, server, _LANES)
    return (due is not None and due <= now) or any(queue.busy(connection, server, lane) for lane in _LANES)


def _pages(connection: Connection, server: str, kind: str) -> Iterator[Sequence[decisions.Decided]]:
    after: tuple[str, int] | None = None
    while page := decisions.listing(connection, server=server, kind=kind, limit=_PAGE, after=after):
        yield page
        after = (page[-1].server, page[-1].scene)


def _tally(connection: Connection, server: str, kind: str) -> tuple[Tally, bool]:
    """What was decided in that way, and whether a person is asked about any of it."""
    tally, asked = Tally(), False
    for page in _pages(connection, server, kind):
        tally += Tally.of(map(_what, page))
        asked = asked or any(_was_asked(row) for row in page)
    return tally, asked


def _what(row: decisions.Decided) -> list[Drastic]:
    return [Drastic(kind) for kind in row.decision.facts.get("what", ())]


def _was_asked(row: decisions.Decided) -> bool:
    """Whether a person is asked already about such a change of the scene."""
    reasons = row.decision.facts.get("reasons", ())
    return any(ASKED[kind] in reasons for kind in _what(row))


def _counted(connection: Connection, server: str) -> dict[str, Any]:
    """What is held, as a question tells it."""
    tally, _ = _tally(connection, server, HELD)
    counts = {kind.value: tally.count(kind) for kind in Drastic}
    return {"counts": counts, "scenes": brakes.held(connection, server, HELD)}


def _let_go(connection: Connection, server: str, since: float) -> Tally:
    """What went on by itself since that walk began: a limit that counted anew each time would be none."""
    kept = preferences.get(connection, f"let go:{server}") or {}
    if kept.get("since") != since:
        return Tally()
    return Tally(taken=kept["taken"], retitled=kept["retitled"])


def _keep(connection: Connection, server: str, since: float, tally: Tally) -> None:
    facts = {"since": since, "taken": tally.taken, "retitled": tally.retitled}
    preferences.put(connection, f"let go:{server}", facts)


def _hold(connection: Connection, server: str, question: Question | None, around: dict[str, Any], now: float) -> None:
    number = brakes.ask(connection, BULK, server, around, now) if question is None else question.id
    reason = f"too many scenes would change at once: see `plexsync brake list`, question {number}"
    brakes.turn(connection, server, PENDING, HELD, reason)
    told = _counted(connection, server)
    brakes.retell(connection, number, around | told)
    _log.warning("the brake holds bulk work", server=server, question=number, **told)


def put_on(connection: Connection, server: str, kind: str, reason: str, now: float) -> int:
    """Queue what was decided in that way once more, for the reasons it had and one that passes; how many scenes."""
    return sum(_put_page(connection, page, reason, now) for page in _pages(connection, server, kind))


def _put_page(connection: Connection, page: Sequence[decisions.Decided], reason: str, now: float) -> int:
    puts = [
        Put(server=row.server, scene=row.scene, lane=Lane.BULK, reason=why)
        for row in page
        for why in (*row.decision.facts.get("reasons", ()), reason)
    ]
    jobs.put(connection, puts, now)
    return len(page)


def release_some(connection: Connection, question: Question, now: float) -> int:
    """A person wants it so: how many more scenes go on; 0 once all do, and the question is answered."""
    for kind in (HELD, PENDING):
        for page in _pages(connection, question.about, kind):
            return _put_page(connection, page, RELEASED, now)
    brakes.end(connection, question.id, State.RELEASED, now)
    return 0


def reject(connection: Connection, question: Question, now: float) -> int:
    """A person does not want it; how many scenes are left alone until they change again."""
    day = time.strftime("%Y-%m-%d", time.gmtime(now))
    reason = f"you turned this change down on {day}; it is asked again when the scene or the rules change"
    for kind in (HELD, PENDING):
        for page in _pages(connection, question.about, kind):
            undos.leave(connection, question.about, [row.scene for row in page])
    count = sum(brakes.turn(connection, question.about, kind, REJECTED, reason) for kind in (HELD, PENDING))
    brakes.end(connection, question.id, State.REJECTED, now)
    return count


def counts_line(counts: dict[str, Any], linked: int) -> str:
    """What a question is about, in numbers."""
    parts = [f"{counts[kind]} {_VERBS[kind]}" for kind in Drastic if counts.get(kind)]
    return f"{', '.join(parts)}, of {many(linked, 'linked scene')}"
