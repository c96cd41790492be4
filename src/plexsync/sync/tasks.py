"""The tasks of Stash's pages: carried out here, and answered in Stash's own log."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from plexsync.log import logger
from plexsync.model.errors import SyncError
from plexsync.model.gaps import Scope
from plexsync.model.spans import many, span
from plexsync.model.work import Event, EventType
from plexsync.stash.client import StashClient
from plexsync.store.gapruns import Cause
from plexsync.sync import telling
from plexsync.sync.checks import Doctor, finding_line
from plexsync.sync.gaps.gapreports import search_lines
from plexsync.sync.gaps.reconciling import Reconciling
from plexsync.sync.gates.gatekeeper import Gatekeeper
from plexsync.sync.paths.advice import PathAdvice, suggestion_lines
from plexsync.sync.rebuilding import Rebuilding, index_lines
from plexsync.sync.recovery import Victims
from plexsync.sync.shown import Shown
from plexsync.sync.timetable import Entry
from plexsync.sync.upkeep import Upkeep

_log = logger("plexsync.tasks")

#: Seconds after which a task that drops or repeats something is no longer what its user wants.
LATE = 600.0
#: The tasks that are let go then.
_CHANGING = frozenset({EventType.QUEUE_CLEAR, EventType.DEAD_RETRY, EventType.DEAD_CLEAR, EventType.DEAD_PURGE})
_TITLES = {
    EventType.QUEUE_STATUS: "Queue status",
    EventType.PROCESS_QUEUE: "Process queue now",
    EventType.QUEUE_CLEAR: "Clear queue",
    EventType.DEAD_SHOW: "Dead letters: show",
    EventType.DEAD_RETRY: "Dead letters: retry",
    EventType.DEAD_CLEAR: "Dead letters: clear",
    EventType.DEAD_PURGE: "Dead letters: purge old ones",
    EventType.RECOVER: "Recover outage jobs",
    EventType.HEALTH: "Health check",
    EventType.OUTAGES: "Outage report",
    EventType.DOCTOR: "Doctor",
    EventType.REFRESH_INDEX: "Refresh Plex index",
    EventType.SUGGEST_PATHS: "Suggest path rules",
    EventType.RECONCILE_ALL: "Reconcile all",
    EventType.RECONCILE_DAY: "Reconcile last 24 hours",
    EventType.RECONCILE_WEEK: "Reconcile last 7 days",
    EventType.RECONCILE_EMPTY: "Reconcile empty only",
}
_SCOPES = {
    EventType.RECONCILE_ALL: Scope.ALL,
    EventType.RECONCILE_DAY: Scope.DAY,
    EventType.RECONCILE_WEEK: Scope.WEEK,
    EventType.RECONCILE_EMPTY: Scope.EMPTY,
}
#: How many jobs, letters and outages a task names; the log of Stash is no place for more.
_NAMED = 20
_WALK = "A full walk (the task Sync all, or the next one by itself) finds what still differs."


def wish_of(event: Event, now: float) -> str | None:
    """The entry of the timetable that the event asks for; None when it is no task of this room."""
    if event.type not in _TITLES:
        return None
    # An event without a time comes from a program that speaks for now.
    is_late = event.type in _CHANGING and event.at > 0 and now - event.at > LATE
    return _late(event.type) if is_late else str(event.type)


def _late(kind: str) -> str:
    return f"{kind}, late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a task says, `troubles` as warnings; `titles` and `paths` are those in it, for logs that must not tell."""

    lines: Sequence[str] = ()
    troubles: Sequence[str] = ()
    titles: Sequence[str] = ()
    paths: Sequence[str] = ()


Work = Callable[[], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tasks:
    """`plugin` is the id of our plugin in Stash, which writes the answers into its log."""

    upkeep: Upkeep
    stash: StashClient
    gates: tuple[Gatekeeper, ...]
    reconciling: Reconciling
    rebuilding: Rebuilding
    advice: PathAdvice
    doctor: Doctor
    plugin: str

    def entries(self) -> list[Entry]:
        """One entry of the timetable for each task, and one for each that may come too late."""
        works: dict[EventType, Work] = {
            EventType.QUEUE_STATUS: self._queue_status,
            EventType.PROCESS_QUEUE: self._process_queue,
            EventType.QUEUE_CLEAR: self._clear_queue,
            EventType.DEAD_SHOW: self._show_dead,
            EventType.DEAD_RETRY: self._retry_dead,
            EventType.DEAD_CLEAR: self._clear_dead,
            EventType.DEAD_PURGE: self._purge_dead,
            EventType.RECOVER: self._recover,
            EventType.HEALTH: self._health,
            EventType.OUTAGES: self._outages,
            EventType.DOCTOR: self._doctor,
            EventType.REFRESH_INDEX: self._shown(EventType.REFRESH_INDEX, self._refresh_index),
            EventType.SUGGEST_PATHS: self._shown(EventType.SUGGEST_PATHS, self._suggest_paths),
        }
        for kind, scope in _SCOPES.items():
            works[kind] = self._shown(kind, partial(self._reconcile, scope))
        done = [Entry(name=kind, run=self._carried_out(kind, work), at_start=False) for kind, work in works.items()]
        late = [Entry(name=_late(kind), run=self._let_go(kind), at_start=False) for kind in sorted(_CHANGING)]
        return done + late

    def _shown(self, kind: EventType, work: Callable[[Shown], Awaitable[Answer]]) -> Work:
        """A work that may take long: how far it is can be seen in Stash's job list."""

        async def run() -> Answer:
            shown = Shown(stash=self.stash, plugin=self.plugin, task=kind, clock=self.upkeep.clock)
            await shown.show(0.0)
            try:
                return await work(shown)
            finally:
                await shown.end()

        return run

    def _carried_out(self, kind: EventType, work: Work) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            try:
                answer = await work()
            except SyncError as error:
                answer = Answer(troubles=[error.message])
            await self._tell(kind, answer)

        return run

    def _let_go(self, kind: EventType) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            _log.warning("a task came too late and was let go", task=_TITLES[kind])
            reason = f"this was asked for more than {span(LATE)} ago, while no daemon ran, and is not done any more."
            await self._tell(kind, Answer(troubles=[f"{reason} Start the task again if you still want it."]))

        return run

    async def _tell(self, kind: EventType, answer: Answer) -> None:
        """Have the plugin write the answer into Stash's log; where Stash cannot be told it stands in ours."""
        title = _TITLES[kind]
        try:
            for level, lines in (("info", answer.lines), ("warning", answer.troubles)):
                if lines:
                    told = {"mode": "tell", "level": level, "lines": [f"{title}: {line}" for line in lines]}
                    await self.stash.run_operation(self.plugin, told)
        except SyncError as error:
            _log.warning(
                "Stash cannot be told how a task ended, so it stands here",
                task=title,
                answer=[*answer.lines, *answer.troubles],
                titles=list(answer.titles),
                paths=list(answer.paths),
                reason=error.message,
            )

    async def _queue_status(self) -> Answer:
        rows = [row for row in await self.upkeep.waiting(1000) if row["failure"]]
        lines = telling.queue_lines(await self.upkeep.status(), rows[:_NAMED], self.upkeep.clock.now())
        lines += [f"{len(rows) - _NAMED} more failed before."] if len(rows) > _NAMED else []
        return Answer(lines=lines, troubles=self._away())

    async def _process_queue(self) -> Answer:
        moved = await self.upkeep.hurry()
        lines = telling.queue_lines(await self.upkeep.status(), [], self.upkeep.clock.now())
        said = (
            f"{many(moved, 'job')} no longer waiting for the next attempt." if moved else "nothing had to be hurried."
        )
        return Answer(lines=[said, *lines], troubles=self._away())

    async def _clear_queue(self) -> Answer:
        count = await self.upkeep.clear_queue()
        return Answer(lines=[f"{many(count, 'job')} dropped; what is being worked on goes on. {_WALK}"])

    async def _show_dead(self) -> Answer:
        letters = await self.upkeep.dead(_NAMED + 1)
        lines = [telling.letter_line(letter) for letter in letters[:_NAMED]] or ["there is none."]
        lines += ["there are more: `plexsync dead list` shows all."] if len(letters) > _NAMED else []
        return Answer(
            lines=lines,
            titles=[letter["title"] for letter in letters if letter["title"]],
            paths=[letter["path"] for letter in letters if letter["path"]],
        )

    async def _retry_dead(self) -> Answer:
        found = await self.upkeep.retry(None)
        return Answer(lines=[f"{many(found.retried, 'dead letter')} tried again, in front of everything else."])

    async def _clear_dead(self) -> Answer:
        return Answer(lines=[f"{many(await self.upkeep.forget_dead(), 'dead letter')} dropped. {_WALK}"])

    async def _purge_dead(self) -> Answer:
        count, days = await self.upkeep.purge(None), self.upkeep.purge_days
        return Answer(lines=[f"{many(count, 'dead letter')} older than {many(days, 'day')} dropped. {_WALK}"])

    async def _recover(self) -> Answer:
        found = [one.as_json() for one in await self.upkeep.recover(Victims())]
        return Answer(
            lines=[telling.recovered_line(one) for one in found],
            troubles=[line for one in found for line in telling.left_lines(one)],
        )

    async def _health(self) -> Answer:
        well = await asyncio.gather(*(gate.healthy() for gate in self.gates))
        found = list(zip(self.gates, well, strict=True))
        return Answer(
            lines=[f"{gate.name} answers." for gate, is_well in found if is_well],
            troubles=[f"{gate.name} is not well: {gate.gate.reason}" for gate, is_well in found if not is_well],
        )

    async def _outages(self) -> Answer:
        return Answer(lines=telling.outage_lines(await self.upkeep.outages(), listed=_NAMED))

    async def _reconcile(self, scope: Scope, shown: Shown) -> Answer:
        """Asks for a run, and answers once all its gaps are known; they are closed after that."""
        number = (await self.reconciling.ask(scope, cause=Cause.TASK))["run"]
        facts = await self.reconciling.searched(number, shown.show)
        return Answer(lines=search_lines(facts))

    async def _refresh_index(self, shown: Shown) -> Answer:
        """Asks for it, and answers once it is made; where that takes long, with how far it is."""
        await self.rebuilding.ask()
        return Answer(lines=index_lines(await self.rebuilding.made(LATE, shown.show)))

    async def _suggest_paths(self, _shown: Shown) -> Answer:
        found = [suggestion_lines(one) for one in await self.advice.suggestions()]
        return Answer(
            lines=[line for told, _ in found for line in told],
            troubles=[line for _, open_ones in found for line in open_ones],
        )

    async def _doctor(self) -> Answer:
        found = await self.doctor.findings()
        now = self.upkeep.clock.now()
        lines = [finding_line(one, now) for one in found if not one.is_trouble]
        return Answer(lines=lines, troubles=[finding_line(one, now) for one in found if one.is_trouble])

    def _away(self) -> list[str]:
        return [
            f"{gate.name} is {gate.gate.state.value} ({gate.gate.reason}): its jobs are kept and go on by themselves."
            for gate in self.gates
            if not gate.closed
        ]
