"""The real Stash still does what the simulated one was built after."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from live.house import RUN
from live.server import Stash
from measured import FACTS, Asked

_MADE = "query { found: findScenes(filter: {per_page: -1}) { scenes { id files { id } } } }"


@pytest.fixture(scope="module")
def asked(stash: Stash) -> Iterator[Asked]:
    """The scenes without files that the facts make go afterwards."""
    yield Asked(stash.url, RUN)
    made = [scene["id"] for scene in stash.ask(_MADE)["found"]["scenes"] if not scene["files"]]
    stash.ask("mutation($ids: [ID!]!) { scenesDestroy(input: {ids: $ids}) }", ids=made)


@pytest.mark.parametrize("fact", FACTS, ids=[fact.__name__ for fact in FACTS])
def test_as_measured(asked: Asked, fact: Callable[[Asked], None]) -> None:
    fact(Asked(asked.url, f"{RUN} of {fact.__name__}"))
