"""The kinds of values that say when something is done."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from pydantic import BeforeValidator

from plexsync.config.kinds import Allowed, wrong

#: Words in place of the five fields of cron.
WORDS = ("never", "hourly", "daily", "weekly")
_SCHEDULE = 'write never, hourly, daily, weekly, or minute, hour, day, month and weekday as cron has them: "30 4 * * *"'


def schedule(value: Any) -> str:
    """`never`, `hourly`, `daily`, `weekly`, or the five fields of cron."""
    text = value.strip().lower() if isinstance(value, str) else ""
    if text in WORDS:
        return text
    try:
        CronSim(" ".join(text.split()), datetime(2000, 1, 1))  # noqa: DTZ001 -- only its form is looked at
    except CronSimError as error:
        raise wrong(f"is no schedule ({str(error).lower()})", _SCHEDULE) from None
    return " ".join(text.split())


def zone(value: Any) -> str | None:
    """The name of a time zone; nothing for the machine's own."""
    if value is None or value == "":
        return None
    try:
        return ZoneInfo(str(value).strip()).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        remedy = 'write its name as "Europe/Berlin", or leave the setting out for the zone of this computer'
        raise wrong("is no time zone that is known here", remedy) from None


Schedule = Annotated[str, BeforeValidator(schedule), Allowed("never, hourly, daily, weekly or five fields of cron")]
Zone = Annotated[str | None, BeforeValidator(zone), Allowed("the name of a time zone")]
