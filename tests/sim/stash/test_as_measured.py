"""The simulated Stash does what a real one was seen to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from measured import FACTS, Asked
from plexsync.sim.serving import serving
from plexsync.sim.stash import StashOptions, create_app


@pytest.fixture(scope="module")
def asked() -> Iterator[Asked]:
    """One server for all: each fact makes what it needs."""
    with serving(create_app(StashOptions(scenes=1))) as running:
        yield Asked(running.url, "")


@pytest.mark.parametrize("fact", FACTS, ids=[fact.__name__ for fact in FACTS])
def test_as_measured(asked: Asked, fact: Callable[[Asked], None]) -> None:
    fact(Asked(asked.url, f"of {fact.__name__}"))
