"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from plexsync.model.spans import span


class Grade(StrEnum):
    """How much a finding matters."""

    WELL = "well"
    NOTE = "note"  #: good to know, nothing is lost
    WARNING = "warning"  #: something works worse than it could, or will soon fail
    FAILURE = "failure"  #: scenes do not reach Plex because of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`check` is its name for programs, `what` a sentence, `since` when it was first found so, None where not known."""

    check: str
    grade: Grade
    what: str
    remedy: str = ""
    since: float | None = None

    @property
    def is_trouble(self) -> bool:
        """Whether a person should do something."""
        return self.grade in (Grade.WARNING, Grade.FAILURE)

    def as_json(self) -> dict[str, Any]:
        """As JSON facts."""
        return {
            "check": self.check,
            "grade": self.grade.value,
            "what": self.what,
            "remedy": self.remedy,
            "since": self.since,
        }


def finding_line(found: Finding, now: float) -> str:
    """A finding in one line, with since when it stands and what to do."""
    since = f" (for {span(now - found.since)} at least)" if found.since is not None and found.since < now else ""
    return f"{found.what}{since}.{f' {found.remedy}.' if found.remedy else ''}"


def well(check: str, what: str) -> Finding:
    """Nothing to do."""
    return Finding(check=check, grade=Grade.WELL, what=what)


def note(check: str, what: str, remedy: str = "") -> Finding:
    """Good to know."""
    return Finding(check=check, grade=Grade.NOTE, what=what, remedy=remedy)


def warning(check: str, what: str, remedy: str) -> Finding:
    """Should be seen to."""
    return Finding(check=check, grade=Grade.WARNING, what=what, remedy=remedy)


def failure(check: str, what: str, remedy: str, since: float | None = None) -> Finding:
    """Has to be seen to."""
    return Finding(check=check, grade=Grade.FAILURE, what=what, remedy=remedy, since=since)
