"""What registering does, step by step, in lines for people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class NotRegistered(Exception):
    """It cannot be done as it is wanted; the message says why, and what to do instead."""


class State(StrEnum):
    """What became of a step."""

    LOOKED = "looked"  #: nothing was to be done but to look
    THERE = "there"  #: it was so already
    DONE = "done"
    WOULD = "would"  #: it would be done, were this no dry run
    NOTE = "note"  #: left as it is; good to know


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step; `says` is a line for people."""

    name: str
    state: State
    says: str

    def as_json(self) -> dict[str, Any]:
        """As JSON facts."""
        return {"step": self.name, "state": self.state.value, "says": self.says}


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """How one thing becomes again what it was: in words, and where it is a library's agent in Plex's own values."""

    says: str
    library: int | None = None
    identifier: str | None = None
    agent: int | None = None

    def as_json(self) -> dict[str, Any]:
        """As JSON facts."""
        facts: dict[str, Any] = {"says": self.says}
        if self.library is not None:
            facts |= {"library": self.library, "agent": self.identifier, "group": self.agent}
        return facts
