"""How many jobs a gate lets through now: all of them, unless something is wrong or was until lately."""

from __future__ import annotations

from dataclasses import dataclass, field

from plexsync.sync.gates.pace import Bucket, Ends, Pace, Tally
from plexsync.sync.gates.state import GateState

#: As many as there are.
ALL = 1_000_000


@dataclass(slots=True)
class Admission:
    """Counts the jobs under way, and hands out what the pace of a recovery gives."""

    under_way: int = 0
    _bucket: Bucket | None = None
    _tally: Tally = field(default_factory=Tally)

    def admits(self, state: GateState, pace: Pace | None, now: float) -> int:
        """How many more jobs may go."""
        if state is GateState.HALF_OPEN:
            return 0 if self.under_way else 1
        if state is not GateState.CLOSED:
            return 0
        if pace is None:
            return ALL
        return 1 if self._filled(pace, now).full else 0

    def admits_in(self, state: GateState, pace: Pace | None, now: float) -> float | None:
        """Seconds until it lets another job through; None: not by time alone."""
        if self.admits(state, pace, now):
            return 0.0
        if state is not GateState.CLOSED or pace is None:
            return None
        return self._filled(pace, now).full_in(pace.rate(now))

    def enter(self, jobs: int, pace: Pace | None, now: float) -> None:
        """So many jobs go."""
        self.under_way += jobs
        if pace is not None:
            self._bucket = self._filled(pace, now).taken(jobs)

    def leave(self, pace: Pace | None, now: float, *, error: bool | None) -> None:
        """A job ended, by an error of the peer or not; None where its end says nothing of the peer."""
        self.under_way -= 1
        if pace is not None and error is not None:
            self._tally.note(now, error=error)

    def ends(self, now: float) -> Ends:
        """How the jobs of the last minute ended."""
        return self._tally.ends(now)

    def begin_pace(self) -> None:
        """What was counted before has nothing to do with the recovery that begins."""
        self._bucket = None
        self._tally = Tally()

    def _filled(self, pace: Pace, now: float) -> Bucket:
        self._bucket = (self._bucket or Bucket(at=now)).filled(pace.rate(now), now)
        return self._bucket
