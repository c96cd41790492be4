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
from plexsync.store import brakes, decisions, jobs, queue, undos, walks
from plexsync.store.brakes import Question, State
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions
from plexsync.sync.brakes.brake import (
    FEW,
    HELD,
    JUDGED,
    LIMITS,
    PENDING,
    REJECTED,
    RELEASED,
    Drastic,
    Limits,
    Tally,
)
from plexsync.sync.brakes.letgo import RECENT, LetGo
from plexsync.sync.brakes.setaside import SetAside, held_lately, is_few, pages, tally, what
from plexsync.sync.clock import Clock
from plexsync.sync.timetable import Entry

_log = logger("plexsync.brake")

#: The kind of the question about what bulk work would do.
BULK = "bulk"
#: The walk whose puts are judged together; so are those of a search for gaps, kept under this name.
_FULL = "full"
SEARCH = "search"
_LANES = (Lane.CHANGE, Lane.BULK)
#: Seconds until what waits to be judged is looked at again, and after which a walk that does not end is not waited for.
_LOOK_EVERY = 5.0
_STALE = 6 * 3600.0
#: Seconds more after which few are judged though more come as they did, and until they are judged once more.
_AT_LAST = 60.0
_FEW_AGAIN = 60.0
#: Where more wait, few wait with them: all would have to be counted again and again, and the store does nothing else.
_COUNTED_OFTEN = 5000
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
    #: When few are to be judged whatever else waits; at the start it is not known whether there are any.
    _few_at: float | None = 0.0
    _few_came: int = 0

    def __post_init__(self) -> None:
        """Make the entry of the timetable that judges."""
        self.entry = Entry(name=brake_of(self.server), run=self.judge)

    def job_ended(self, _job: Job, outcome: Outcome) -> None:
        """Another one was set aside, or the lane is emptier: perhaps all are counted now."""
        if outcome.decision is not None and outcome.decision.kind == PENDING:
            self._waiting = True
            if outcome.decision.facts.get(FEW):
                self._few_came += 1
                self._few_at = self.clock.now() + _LOOK_EVERY if self._few_at is None else self._few_at
        if self._waiting:
            self.entry.asked.set()

    async def judge(self) -> None:
        """Let what was set aside go on, or ask about it; nothing while more of it may come, but for a few."""
        now, came = self.clock.now(), self._few_came
        few = await self._few_are_due(now)
        left, put = await self.database.run(partial(judge, self.server, now, self.limits, few=few))
        if put:
            self.wake()
        if few:
            # Those that stay are too many by now, and in a while perhaps no more.
            more = self._few_came != came
            self._few_at = now + (_LOOK_EVERY if more else _FEW_AGAIN) if left or more else None
        question = await self.database.run(lambda c: brakes.opened(c, BULK, self.server))
        self._waiting = bool(left)
        self.entry.every = _LOOK_EVERY if left else _OPEN_EVERY if question is not None else None

    async def _few_are_due(self, now: float) -> bool:
        """Whether those that came with them had the time to be set aside as well."""
        late = now - self._few_at if self._few_at is not None else -1.0
        if -_FEW_AGAIN <= late < 0:
            return False
        if not 0 <= late < _AT_LAST:
            return True
        return not await self.database.run(lambda c: _more_to_come(c, self.server, now, (Lane.CHANGE,)))


def judge(server: str, now: float, limits: Limits, connection: Connection, *, few: bool = False) -> tuple[int, int]:
    """How many scenes still wait to be judged, and how many go on. `few` are not to wait for the others any longer."""
    question = brakes.opened(connection, BULK, server)
    waiting = brakes.held(connection, server, PENDING)
    if not waiting:
        if question is not None and not _more_to_come(connection, server, now):
            _look_again(connection, server, question, now)
        return 0, 0
    found = [walk for name in (_FULL, SEARCH) if (walk := walks.load(connection, name)) is not None]
    if any(_under_way(walk, now) for walk in found) or _more_to_come(connection, server, now):
        alone = few and waiting <= _COUNTED_OFTEN
        gone_on = _let_few_go(connection, server, SetAside.read(connection, server), limits, now) if alone else 0
        return waiting - gone_on, gone_on
    all_of_it = SetAside.read(connection, server)
    gone_on = _let_few_go(connection, server, all_of_it, limits, now)
    if gone_on == waiting:
        return 0, gone_on
    rest = SetAside.read(connection, server) if gone_on else all_of_it
    since, began = max((walk.started_at for walk in found), default=0.0), _began(found, now)
    let_go, scenes = LetGo.load(connection, server, now), brakes.linked(connection, server)
    # What comes of the same walk, or was asked about, belongs to the question; what else comes is judged by itself.
    joins = question is not None and (rest.asked or question.facts.get("since") == since)
    known = let_go.counted(began - RECENT, since) + held_lately(connection, server, began - RECENT, now)
    if not joins and not limits.exceeded(rest.tally + known, scenes, by=rest.tally):
        let_go.plus(rest.tally, now, since).keep(connection, server)
        return 0, gone_on + put_on(connection, server, PENDING, JUDGED, now)
    _hold(connection, server, question, {"linked": scenes, "since": since}, now)
    return 0, gone_on


def _let_few_go(connection: Connection, server: str, aside: SetAside, limits: Limits, now: float) -> int:
    """How many go on that came few at a time: where of their kind not too much waits, was held lately, or went on."""
    if not aside.few:
        return 0
    let_go, scenes = LetGo.load(connection, server, now), brakes.linked(connection, server)
    lately = now - RECENT
    whole = aside.tally + held_lately(connection, server, lately, now) + let_go.counted(lately)
    retitled = [row for row in aside.few if what(row) == [Drastic.RETITLE]]
    others = [row for row in aside.few if what(row) != [Drastic.RETITLE]]
    parts = [rows for rows in (retitled, others) if not limits.exceeded(whole, scenes, by=Tally.of(map(what, rows)))]
    going = [row for rows in parts for row in rows]
    if going:
        let_go.plus(Tally.of(map(what, going)), now).keep(connection, server)
    return _put_rows(connection, going, JUDGED, now)


def _look_again(connection: Connection, server: str, question: Question, now: float) -> None:
    """What is left of a question that was asked."""
    held = brakes.held(connection, server, HELD)
    if not held:
        brakes.end(connection, question.id, State.WITHDRAWN, now)
    elif held != question.facts.get("scenes"):
        brakes.retell(connection, question.id, question.facts | _counted(connection, server))


def _began(found: Sequence[walks.Walk], now: float) -> float:
    """When that began which is judged now: a walk that ended lately, or nothing but what just came."""
    lately = (walk.started_at for walk in found if walk.finished_at is not None and now - walk.finished_at < RECENT)
    return min((*lately, now))


def _under_way(walk: walks.Walk, now: float) -> bool:
    return walk.finished_at is None and 0 <= now - walk.started_at < _STALE


def _more_to_come(connection: Connection, server: str, now: float, lanes: Sequence[Lane] = _LANES) -> bool:
    """Whether work is due or under way that may be set aside as well: of hooks, those that tell of lost scenes."""
    due = jobs.next_due(connection, server, lanes)
    return (due is not None and due <= now) or any(queue.busy(connection, server, lane) for lane in lanes)


def _counted(connection: Connection, server: str) -> dict[str, Any]:
    """What is held, as a question tells it."""
    held = tally(connection, server, HELD)
    counts = {kind.value: held.count(kind) for kind in Drastic}
    return {"counts": counts, "scenes": brakes.held(connection, server, HELD)}


def _hold(connection: Connection, server: str, question: Question | None, around: dict[str, Any], now: float) -> None:
    number = brakes.ask(connection, BULK, server, around, now) if question is None else question.id
    reason = f"too many scenes would change at once: see `plexsync brake list`, question {number}"
    brakes.turn(connection, server, PENDING, HELD, reason, now)
    told = _counted(connection, server)
    brakes.retell(connection, number, around | told)
    _log.warning("the brake holds bulk work", server=server, question=number, **told)


def put_on(connection: Connection, server: str, kind: str, reason: str, now: float) -> int:
    """Queue what was decided in that way once more, for the reasons it had and one that passes; how many scenes."""
    return sum(_put_rows(connection, page, reason, now) for page in pages(connection, server, kind))


def _put_rows(connection: Connection, rows: Sequence[decisions.Decided], reason: str, now: float) -> int:
    puts = [
        Put(server=row.server, scene=row.scene, lane=_lane(row), reason=why)
        for row in rows
        for why in (*row.decision.facts.get("reasons", ()), reason)
    ]
    jobs.put(connection, puts, now)
    return len(rows)


def _lane(row: decisions.Decided) -> Lane:
    return Lane.CHANGE if row.decision.facts.get(FEW) else Lane.BULK


def release_some(connection: Connection, question: Question, now: float) -> int:
    """A person wants it so: how many more scenes go on; 0 once all do, and the question is answered."""
    for rows in _meant(connection, question):
        return _put_rows(connection, rows, RELEASED, now)
    brakes.end(connection, question.id, State.RELEASED, now)
    return 0


def reject(connection: Connection, question: Question, now: float) -> int:
    """A person does not want it; how many scenes are left alone until they change again."""
    day = time.strftime("%Y-%m-%d", time.gmtime(now))
    reason = f"you turned this change down on {day}; it stands until something else of the scene is to be written"
    count = 0
    for rows in _meant(connection, question):
        scenes = [row.scene for row in rows]
        undos.leave(connection, question.about, scenes)
        count += brakes.turn_some(connection, question.about, scenes, REJECTED, reason, now)
    brakes.end(connection, question.id, State.REJECTED, now)
    return count


def _meant(connection: Connection, question: Question) -> Iterator[Sequence[decisions.Decided]]:
    """What an answer is about: what is held, and what waits to be; few that came meanwhile are judged by themselves."""
    for kind in (HELD, PENDING):
        for page in pages(connection, question.about, kind):
            if rows := [row for row in page if kind == HELD or not is_few(row)]:
                yield rows


def counts_line(counts: dict[str, Any], linked: int) -> str:
    """What a question is about, in numbers."""
    parts = [f"{counts[kind]} {_VERBS[kind]}" for kind in Drastic if counts.get(kind)]
    return f"{', '.join(parts)}, of {many(linked, 'linked scene')}"
