"""Change windows: again and again one question to Stash for all that was touched since the one before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from plexsync.log import logger
from plexsync.stash.changes import Changes
from plexsync.stash.client import StashClient
from plexsync.stash.windows import MARGIN, SUMMER, Moment, moment_of
from plexsync.store.fence import Transactions
from plexsync.sync.clock import Clock
from plexsync.sync.gates.identities import StashIdentity
from plexsync.sync.walks.fanout import names_known
from plexsync.sync.walks.touches import Touches

_log = logger("plexsync.windows")

#: The entries of the timetable: each `stash_poll`, and what hooks ask for, which waits for nothing.
WINDOWS, TOUCHED, NAMES = "change windows", "touched in Stash", "names in Stash"

#: Stash writes a time before it commits, and some of its edits take minutes.
_OVERLAP = timedelta(minutes=10)
#: Seconds between two questions that tell all of a day, whatever zone Stash wrote it in and however late.
_WIDE_EVERY = 3600.0
#: Seconds between two looks at all names.
_NAMES_EVERY = 300.0
#: Seconds between two questions.
_GAP = 0.5
#: Seconds from now beyond which a time is not Stash's present.
_FUTURE = 24 * 3600.0
_BEGINNING = Moment(at=0.0, offset=timedelta(0))
#: The hours of the night.
_NIGHT = range(1, 6)


@dataclass(slots=True, kw_only=True)
class ChangeWindows:
    """`wake` is called whenever jobs were put.

    A window begins before the newest time that Stash told, and in the zone that Stash told it in: its clock and its
    zone need not be ours.
    """

    stash: StashClient
    database: Transactions
    clock: Clock
    touches: Touches
    identity: StashIdentity
    wake: Callable[[], None]
    at_night: bool = True  #: asks at night, too
    zone: tzinfo | None = None  #: where the nights are; None: where this machine is
    busy: bool = False  #: Stash was working on one of its long tasks when it was last asked
    _newest: Moment | None = None
    _asked_at: float | None = None
    _wide_at: float | None = None
    _listed_at: float | None = None
    _was_full: bool = False
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def poll(self) -> None:
        """The look of each `stash_poll`."""
        if self.at_night or not is_night(self.clock.now(), self.zone):
            await self._look(listed=False)
        else:
            self.busy = False

    async def touched(self) -> None:
        """A hook told that something was touched that scenes name."""
        await self._look(listed=False)

    async def names(self) -> None:
        """A hook told that something was merged or removed that scenes name."""
        await self._look(listed=True)

    async def _look(self, *, listed: bool) -> None:
        async with self._turn:
            await self._wait_gap()
            await self.identity.insist()
            now = self.clock.now()
            wide = _is_due(self._wide_at, _WIDE_EVERY, now)
            listed = listed or _is_due(self._listed_at, _NAMES_EVERY, now)
            before = await self.database.run(names_known) if listed else {}
            found = await self.stash.changes(self._since(now, wide=wide), learn=wide, listed=listed)
            self._asked_at, self.busy = now, found.busy
            if count := await self.touches.take(found, before):
                _log.info("touched in Stash", jobs=count)
                self.wake()
            self._learn(found, now)
            if wide:
                self._wide_at = now
                self.touches.forget_all_but(found)
            if listed:
                self._listed_at = now

    async def _wait_gap(self) -> None:
        rest = 0.0 if self._asked_at is None else self._asked_at + _GAP - self.clock.now()
        if 0 < rest <= _GAP:
            await self.clock.wait(asyncio.Event(), rest)

    def _since(self, now: float, *, wide: bool) -> Moment:
        if self._newest is None:
            return _before(Moment(at=now, offset=timedelta(0)), _OVERLAP + MARGIN)
        margin = MARGIN if wide else timedelta(0) if self._was_full else SUMMER
        return _before(self._newest, _OVERLAP + margin)

    def _learn(self, found: Changes, now: float) -> None:
        """Stash's clock and zone. A time that was typed in may lie far ahead: it is nobody's present."""
        self._was_full = found.full
        told = (moment_of(text) for text in found.texts)
        present = [moment for moment in told if moment is not None and moment.at <= now + _FUTURE]
        known = [] if self._newest is None else [self._newest]
        self._newest = max(known + present, key=lambda moment: moment.at, default=None)


def is_night(now: float, zone: tzinfo | None = None) -> bool:
    """Whether disks may sleep at that time (seconds since the epoch), in that zone or this machine's."""
    return datetime.fromtimestamp(now, UTC).astimezone(zone).hour in _NIGHT


def _before(moment: Moment, span: timedelta) -> Moment:
    return moment.earlier(span) if moment.at > span.total_seconds() else _BEGINNING


def _is_due(at: float | None, every: float, now: float) -> bool:
    """Whether it was so long ago, or the clock was set back since."""
    return at is None or not 0 <= now - at < every
