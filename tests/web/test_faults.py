"""When something breaks, the caller learns that it did, and nothing of the inside."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import httpx2
import pytest

from plexsync.log import Redactor, configure
from plexsync.model.errors import NeedsSignIn, PlexServerDown, StashTemporaryError, StoreError
from plexsync.model.work import Event
from plexsync.sync.plans.planning import Planned
from plexsync.sync.service import Service
from web.house import served

SECRET = "/private/path/of-a-film.mp4"
INSIDE = "something went wrong inside PlexSync: its log says what"


@dataclass
class Breaking:
    """A service that breaks with `error`, in a plan after `whole` good ones."""

    error: Exception
    whole: int = 0
    started: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, events: Sequence[Event]) -> None:
        """Break."""
        raise self.error

    async def status(self) -> dict[str, Any]:
        """Break."""
        raise self.error

    async def plan(self, scenes: Sequence[int]) -> AsyncIterator[Planned]:
        """Break after some plans."""
        for scene in range(1, self.whole + 1):
            yield Planned(scene=scene, title="\ud800 é", server="plex")
        raise self.error


@pytest.fixture
def service() -> Breaking:
    return Breaking(RuntimeError(SECRET))


@pytest.fixture
def client(service: Breaking) -> Iterator[httpx2.Client]:
    with served(cast("Service", service)) as door, door.client() as one:
        yield one


def post(client: httpx2.Client, path: str) -> httpx2.Response:
    return client.post(f"/api/v1/{path}", json={"events": []} if path == "events" else {"scenes": [1]})


def test_an_unforeseen_error_is_logged_and_not_told(client: httpx2.Client, service: Breaking) -> None:
    stream = io.StringIO()
    with configure(redactor=Redactor(), level="info", stream=stream):
        for answer in (post(client, "events"), post(client, "plan"), client.get("/api/v1/status")):
            assert (answer.status_code, answer.json()) == (500, {"error": INSIDE})
    assert stream.getvalue().count(f"RuntimeError: {SECRET}") == 3
    assert client.get("/healthz").status_code == 200, "it serves on"


def test_events_are_not_acknowledged_while_the_store_is_away(client: httpx2.Client, service: Breaking) -> None:
    service.error = StoreError("The database plexsync.db cannot be used: disk is full")
    answer = post(client, "events")
    assert (answer.status_code, answer.json()) == (503, {"error": str(service.error)})


@pytest.mark.parametrize("kind", [PlexServerDown, StashTemporaryError, NeedsSignIn])
def test_a_peer_that_gives_no_answer_makes_a_plan_unavailable(
    client: httpx2.Client, service: Breaking, kind: type[Exception]
) -> None:
    service.error = kind("it did not answer")
    answer = post(client, "plan")
    assert (answer.status_code, answer.json()) == (503, {"error": "it did not answer"})


def test_a_plan_that_breaks_off_says_so_in_its_last_line(client: httpx2.Client, service: Breaking) -> None:
    service.whole = 2
    for error, told in ((service.error, INSIDE), (PlexServerDown("Plex left"), "Plex left"), (StoreError("x"), "x")):
        service.error = error
        answer = post(client, "plan")
        lines = [json.loads(line) for line in answer.iter_lines()]
        assert answer.status_code == 200
        assert [line.get("scene") for line in lines] == [1, 2, None]
        assert lines[-1] == {"error": told}
