"""How fast work goes on after an outage: a ramp from few jobs a second to many, a brake, and what is let through."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

#: Jobs a second at the beginning of the ramp, at its end, and while the brake is on.
SLOWEST = 5.0
FASTEST = 20.0
TRICKLE = 1.0
#: Seconds from the slowest to the fastest; then there is no pace any more.
RAMP = 300.0
#: The brake: how long it is on, over how many seconds and how many ended jobs at least the errors are counted, the
#: share of errors above which it goes on and below which it goes off. In seconds, jobs and parts of one.
BRAKE = 60.0
WINDOW = 60.0
FEWEST_ENDS = 10
TOO_MANY = 0.3
FEW_ENOUGH = 0.1
#: Seconds between two looks at a pace; where very many more seem to have passed, the clock has jumped.
LOOK_EVERY = 1.0
_JUMP = 120.0
#: Of a token: what arithmetic may lack.
_NOISE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """A recovery under way since `began`; `braked_at` is when the brake went on, None while it is off."""

    began: float
    braked_at: float | None = None
    looked_at: float | None = None  #: when it was looked at last, by this process

    def rate(self, now: float) -> float:
        """Jobs a second."""
        if self.braked_at is not None:
            return TRICKLE
        done = min(max((now - self.began) / RAMP, 0.0), 1.0)
        return SLOWEST + (FASTEST - SLOWEST) * done


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """How many jobs ended within the window, and how many of them by an error."""

    jobs: int = 0
    errors: int = 0

    @property
    def share(self) -> float:
        """The errors' part of one; nothing where nothing ended."""
        return self.errors / self.jobs if self.jobs else 0.0


def looked_at(pace: Pace, ends: Ends, now: float) -> Pace | None:
    """The pace after a look at how the jobs of the window ended; None once it is over."""
    pace = _unjumped(pace, now)
    if pace.braked_at is not None:
        if now - pace.braked_at < BRAKE:
            return pace
        if ends.share < FEW_ENOUGH:
            return Pace(began=now, looked_at=now)
        return replace(pace, braked_at=now)
    if ends.jobs >= FEWEST_ENDS and ends.share > TOO_MANY:
        return replace(pace, braked_at=now)
    return pace if now - pace.began < RAMP else None


def _unjumped(pace: Pace, now: float) -> Pace:
    """The ramp and the brake stand still while the clock jumps; before the first look only a way back is seen."""
    if pace.looked_at is None:
        jumped = min(now - pace.began, 0.0)
    else:
        passed = now - pace.looked_at
        jumped = 0.0 if 0.0 <= passed <= _JUMP else passed
    braked_at = None if pace.braked_at is None else min(pace.braked_at + jumped, now)
    return Pace(began=min(pace.began + jumped, now), braked_at=braked_at, looked_at=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Tokens, one for each job; never more than one, so that nothing is made up for at once."""

    tokens: float = 1.0
    at: float

    def filled(self, rate: float, now: float) -> Bucket:
        """What `rate` tokens a second have added. A clock that was set back adds nothing, and is followed."""
        added = max(now - self.at, 0.0) * rate
        return Bucket(tokens=min(self.tokens + added, 1.0), at=now)

    @property
    def full(self) -> bool:
        """A job may go."""
        return self.tokens >= 1.0 - _NOISE

    def full_in(self, rate: float) -> float:
        """Seconds until a job may go."""
        return 0.0 if self.full else (1.0 - self.tokens) / rate

    def taken(self, jobs: int) -> Bucket:
        """So many jobs have gone."""
        return replace(self, tokens=max(self.tokens - jobs, 0.0))


@dataclass(slots=True)
class Tally:
    """The ended jobs of the window, by the time they ended."""

    _ended: deque[tuple[float, bool]] = field(default_factory=deque)

    def note(self, now: float, *, error: bool) -> None:
        """A job ended."""
        self._forget(now)
        self._ended.append((now, error))

    def ends(self, now: float) -> Ends:
        """What the window holds."""
        self._forget(now)
        return Ends(jobs=len(self._ended), errors=sum(error for _, error in self._ended))

    def _forget(self, now: float) -> None:
        if self._ended and self._ended[-1][0] > now:
            # The clock was set back: when these ended is not known any more.
            self._ended.clear()
        while self._ended and self._ended[0][0] <= now - WINDOW:
            self._ended.popleft()
