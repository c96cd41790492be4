"""When something is due that is done by the clock on the wall."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from cronsim import CronSim

_HOUR = 3600.0
_EVERY = {"never": math.inf, "hourly": _HOUR, "daily": 24 * _HOUR, "weekly": 7 * 24 * _HOUR}


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """`text` is never, hourly, daily, weekly or five fields of cron; `zone` None is that of this machine."""

    text: str
    zone: str | None = None

    @property
    def never(self) -> bool:
        """Whether it names no time at all."""
        return self.text == "never"

    def next_after(self, last: float) -> float:
        """The first time after `last` (seconds since the epoch) that it names; infinity for none."""
        if self.text in _EVERY:
            return last + _EVERY[self.text]
        begins = datetime.fromtimestamp(last, UTC).astimezone(self._zone)
        due = next(CronSim(self.text, begins), None)
        return math.inf if due is None else due.timestamp()

    @property
    def _zone(self) -> tzinfo | None:
        return None if self.zone is None else ZoneInfo(self.zone)
