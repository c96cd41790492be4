"""The time that may be trusted with throwing things away: a clock that jumped is not believed on its first day."""

from __future__ import annotations

from sqlalchemy import Connection

from plexsync.store import preferences

_NAME = "known time"
_DAY = 24 * 3600.0


def known_time(conn: Connection, now: float) -> float:
    """A time that surely has come, a day or two behind `now`; 0 where nothing was ever noted.

    Call it about once a day. A time counts once the clock has gone on from it for a day: a clock that is set a year
    ahead and back within a day makes nothing a year old. One that is set back counts at once.
    """
    noted = preferences.get(conn, _NAME)
    latest, known = (noted["latest"], noted["known"]) if noted is not None else (now, 0.0)
    if noted is not None and 0 <= now - latest < _DAY:
        return float(known)
    if now >= latest + _DAY:
        known = latest
    known = min(known, now)
    preferences.put(conn, _NAME, {"latest": now, "known": known})
    return float(known)
