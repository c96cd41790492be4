"""How long a failed job waits."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Full jitter: a wait is drawn evenly from nothing up to base x 2^attempts, at most the cap. In seconds."""

    base: float
    cap: float
    retries: int

    def wait(self, attempts: int, chance: random.Random) -> float:
        """The wait after `attempts` counted attempts."""
        return chance.uniform(0, min(self.cap, self.base * 2.0 ** min(attempts, 30)))


NOT_IN_PLEX_YET = Backoff(base=30, cap=600, retries=12)
#: While a peer is away but its gate has not opened yet, or a person has to act on it.
AWAY = Backoff(base=1, cap=1, retries=0)

#: While our own disk takes no file: nothing tells that it does again.
OWN_DISK = Backoff(base=15, cap=15, retries=0)


def standard(retries: int) -> Backoff:
    """The back-off after a failure that may pass."""
    return Backoff(base=5, cap=80, retries=retries)
