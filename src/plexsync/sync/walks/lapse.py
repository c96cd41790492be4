"""Something that need not be done again for a while."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Lapse:
    """`every` in seconds. A clock that was set back is taken for time that passed."""

    every: float
    _last: float = -math.inf

    def over(self, now: float) -> bool:
        """Whether it is time; then the next while begins."""
        if 0 <= now - self._last < self.every:
            return False
        self._last = now
        return True
