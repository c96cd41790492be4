"""Waiting for something to become true, within a limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class NotReached(Exception):
    """What was waited for did not happen in time, or something broke that the show needs."""


def until(reached: Callable[[], T | None], seconds: float, what: str, *, every: float = 0.05) -> T:
    """The first answer that is neither None nor false; NotReached after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        if found := reached():
            return found
        if time.monotonic() > deadline:
            raise NotReached(f"after {seconds:.0f} s still not: {what}")
        time.sleep(every)
