"""Which scenes a walk asks for, and what may be believed of `updated_at`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

#: Stash compares time stamps as text, each with the offset of the moment it was written; no offset spans a day.
MARGIN = timedelta(days=1)
#: By so much a zone's offset moves where clocks are put forward and back.
SUMMER = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A time by Stash's clock (seconds since the epoch), and the offset of the zone in which Stash wrote it."""

    at: float
    offset: timedelta

    @property
    def text(self) -> str:
        """As Stash writes it."""
        told = datetime.fromtimestamp(self.at, timezone(self.offset)).isoformat(timespec="seconds")
        return told.removesuffix("+00:00") + "Z" if told.endswith("+00:00") else told

    def earlier(self, span: timedelta) -> Moment:
        """So much before, in the same zone."""
        return Moment(at=self.at - span.total_seconds(), offset=self.offset)


def moment_of(updated_at: str) -> Moment | None:
    """The moment that Stash's text names; None where it names none."""
    try:
        moment = datetime.fromisoformat(updated_at)
    except ValueError:
        return None
    offset = moment.utcoffset()
    return None if offset is None else Moment(at=moment.timestamp(), offset=offset)


def later_than(moment: Moment) -> dict[str, Any]:
    """What was updated after a moment, to Stash's way of comparing: rows of another offset differ by that."""
    return {"updated_at": {"modifier": "GREATER_THAN", "value": moment.text}}


def page(limit: int) -> dict[str, Any]:
    """The first `limit` scenes in the order of their ids: the only order in which a walk skips and repeats nothing."""
    if limit < 1:
        raise ValueError("a page holds at least one scene")
    return {"page": 1, "per_page": limit, "sort": "id", "direction": "ASC"}


def above(last_id: int) -> dict[str, Any]:
    """Scenes whose id is greater."""
    return {"id": {"modifier": "GREATER_THAN", "value": last_id}}


def at_path(path: str) -> dict[str, Any]:
    """Scenes with a file whose path is *like* this one: `%` and `_` in it are wildcards, ASCII case is ignored."""
    return {"path": {"modifier": "EQUALS", "value": path}}


def touched_since(since: float) -> dict[str, Any]:
    """A superset of the scenes updated at or after `since` (seconds since the epoch)."""
    try:
        moment = datetime.fromtimestamp(max(since, 0.0), UTC) - MARGIN
    except (OverflowError, ValueError, OSError):
        moment = datetime.max.replace(tzinfo=UTC)
    return {"updated_at": {"modifier": "GREATER_THAN", "value": f"{moment:%Y-%m-%dT%H:%M:%S}Z"}}


def is_since(updated_at: str, since: float) -> bool:
    """Whether Stash's text names a moment at or after `since`; what cannot be read counts as changed.

    Stash keeps whole seconds, so the fraction of `since` is not compared.
    """
    try:
        moment = datetime.fromisoformat(updated_at)
    except ValueError:
        return True
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC).timestamp() >= since - MARGIN.total_seconds()
    return moment.timestamp() >= int(since)
