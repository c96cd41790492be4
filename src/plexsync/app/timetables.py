"""What is done again and again, whichever Plex servers there are."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from zoneinfo import ZoneInfo

from plexsync.app.advice import advice_of, doctor_of
from plexsync.app.folder import home_of
from plexsync.app.gaps import reconciler_of
from plexsync.app.parts import Parts
from plexsync.app.pictures import watch_of
from plexsync.app.sources import PLUGIN_ID
from plexsync.config import Config
from plexsync.store.fence import Transactions
from plexsync.sync.clock import Clock
from plexsync.sync.gates.gatekeeper import Gatekeeper
from plexsync.sync.gates.stored import RECOVERY
from plexsync.sync.housekeeping import trim
from plexsync.sync.rebuilding import Rebuilding
from plexsync.sync.recovery import Recovery
from plexsync.sync.service import BACKUP
from plexsync.sync.tasks import Tasks
from plexsync.sync.timetable import Entry, Timetable
from plexsync.sync.upkeep import Upkeep
from plexsync.sync.walks.touches import Touches
from plexsync.sync.walks.walk import FULL_WALK, Walker
from plexsync.sync.walks.windows import NAMES, TOUCHED, WINDOWS, ChangeWindows

_DAY = 24 * 3600.0
#: Seconds between two looks whether a backup is due.
_BACKUP_LOOK = 3600.0


def timetable_of(
    parts: Parts,
    rows: Transactions,
    entries: Sequence[Entry],
    gates: tuple[Gatekeeper, ...],
    resume: Callable[[], Awaitable[None]],
) -> Timetable:
    """These entries, whose failures the gates learn of; `resume` is called first of all."""
    return Timetable(
        clock=parts.clock,
        database=rows,
        entries={entry.name: entry for entry in entries},
        gates=gates,
        poll=parts.poll,
        resume=resume,
    )


def common_entries(parts: Parts, rows: Transactions, gates: tuple[Gatekeeper, ...]) -> list[Entry]:
    """What belongs to no server: walks through Stash, upkeep, and the tasks of Stash's pages."""
    config, upkeep = parts.config, upkeep_of(parts, rows)
    windows = windows_of(parts, rows)
    walker = Walker(
        stash=parts.stash,
        database=rows,
        clock=parts.clock,
        rules=parts.rules,
        servers=parts.names,
        wake=parts.wake,
        identity=parts.stash_identity,
        people=watch_of(config, parts.me, parts.rules),
        busy=lambda: windows.busy,
    )
    reconciler = reconciler_of(parts, rows, walker, lambda: windows.busy)

    async def walk() -> int:
        put = await walker.full()
        reconciler.walked()
        return put

    return [
        Entry(name=WINDOWS, run=windows.poll, every=config.stash_poll),
        Entry(name=TOUCHED, run=windows.touched, at_start=False),
        Entry(name=NAMES, run=windows.names, at_start=False),
        Entry(name=FULL_WALK, run=walk, every=config.full_walk_hours * 3600),
        Entry(name="recent", run=walker.recent, at_start=False),
        reconciler.entry,
        Entry(name="housekeeping", run=partial(_keep_house, config, parts.clock, rows), every=_DAY),
        Entry(name=BACKUP, run=partial(_back_up, config, parts.clock), every=_BACKUP_LOOK, optional=True),
        Entry(name=RECOVERY, run=upkeep.recovery.after_outage),
        *Tasks(
            upkeep=upkeep,
            stash=parts.stash,
            gates=gates,
            plugin=PLUGIN_ID,
            reconciling=parts.reconciling,
            rebuilding=rebuilding_of(parts, rows),
            advice=advice_of(parts, rows),
            doctor=doctor_of(parts, rows),
        ).entries(),
    ]


def windows_of(parts: Parts, rows: Transactions) -> ChangeWindows:
    """What finds changes in Stash by asking."""
    return ChangeWindows(
        stash=parts.stash,
        database=rows,
        clock=parts.clock,
        touches=Touches(stash=parts.stash, database=rows, clock=parts.clock, servers=parts.names),
        identity=parts.stash_identity,
        wake=parts.wake,
        at_night=parts.config.night_poll,
        zone=None if parts.config.timezone is None else ZoneInfo(parts.config.timezone),
    )


def rebuilding_of(parts: Parts, rows: Transactions) -> Rebuilding:
    """What people do with the index of Plex."""

    def look(_wish: str) -> None:
        parts.look()

    return Rebuilding(database=rows, clock=parts.clock, servers=parts.names, look=look)


def upkeep_of(parts: Parts, rows: Transactions) -> Upkeep:
    """What people do with the queue and the dead letters."""
    recovery = Recovery(database=rows, clock=parts.clock, stash=parts.stash, gates=parts.gates, wake=parts.wake)
    return Upkeep(
        database=rows,
        clock=parts.clock,
        servers=parts.names,
        recovery=recovery,
        wake=parts.wake,
        purge_days=parts.config.purge_days,
    )


async def _keep_house(config: Config, clock: Clock, rows: Transactions) -> None:
    now = clock.now()
    await rows.run(lambda c: trim(c, now, history_days=config.history_days, dead_letter_days=config.dead_letter_days))


async def _back_up(config: Config, clock: Clock) -> None:
    """On a thread of its own: it reads long, and holds up nobody, nor the end of the daemon."""
    halt = threading.Event()
    try:
        await asyncio.to_thread(home_of(config).backups.make_if_due, clock.now(), halt)
    finally:
        halt.set()
