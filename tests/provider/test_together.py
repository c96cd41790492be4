"""The provider beside a sync: what Plex took from one is completed by the other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2

from pictures import data_url, picture
from plexsync.app.graph import Graph
from plexsync.app.sources import Sources
from plexsync.provider.routes import provider_routes
from plexsync.web.api import create_app
from provider.desk import MATCHES
from world import World, opened, quiet, until, world


@contextlib.asynccontextmanager
async def at_work(place: World) -> AsyncIterator[Graph]:
    """PlexSync with all it has, syncing."""
    async with opened(Sources(environ=place.environ, data_dir=place.folder / "data"), place.clock) as graph:
        work = asyncio.create_task(graph.service.run())
        try:
            yield graph
        finally:
            await graph.service.wind_down(5)
            work.cancel()
            await asyncio.wait([work])


def plex_asking(graph: Graph) -> httpx2.AsyncClient:
    """A client of the provider."""
    secret = graph.identity.provider_path
    app = create_app(
        graph.service,
        api_key="key",
        events_token="token",
        allowed_hosts=(),
        stop=lambda: None,
        beside=[provider_routes(graph.provider, secret)],
    )
    transport = httpx2.ASGITransport(app=app)
    return httpx2.AsyncClient(transport=transport, base_url=f"http://127.0.0.1/provider/{secret}", timeout=60)


async def test_what_plex_matches_is_completed_by_a_sync_and_says_the_same(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=3) as place, at_work(place) as graph:
        await quiet(graph.service)
        # No hook tells of this edit, and no look for changes comes in time.
        await place.edit(2, rating100=90, title="Together", details="Both say the same.")
        path = (await place.graphql('{ findScene(id: "2") { files { path } } }'))["findScene"]["files"][0]["path"]
        async with plex_asking(graph) as plex:
            answer = await plex.post(MATCHES, json={"type": 1, "filename": path.removeprefix("/data/")})
            (told,) = answer.json()["MediaContainer"]["Metadata"]

        async def completed() -> bool:
            held = await place.item(2)
            return bool(held["title"] == "Together" and held["userRating"] == 9.0)

        await until(completed)
        held = await place.item(2)
        assert (told["title"], told["summary"], told["studio"]) == (held["title"], held["summary"], held["studio"])
        assert [one["tag"] for one in told["Genre"]] == held["genres"]
        assert [one["tag"] for one in told["Director"]] == held["directors"]


async def test_people_whom_no_other_library_lists_are_shown_by_default(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=2) as place, at_work(place) as graph:
        await quiet(graph.service)
        people = {"kind": "performer", "name": "Sintel", "image": data_url(picture("Sintel"))}
        await place.http.post(f"{place.stash.url}/_sim/named", json=people)
        async with plex_asking(graph) as plex:
            answer = await plex.get("/library/metadata/1")
        (told,) = answer.json()["MediaContainer"]["Metadata"]
        shown = {one["tag"] for one in told["Role"] if "thumb" in one}
        assert shown == {"Sintel"}


async def test_a_file_of_a_library_that_stash_lacks_is_a_gap_of_that_library(tmp_path: Path) -> None:
    async with world(tmp_path, scenes=2) as place, at_work(place) as graph:
        await quiet(graph.service)
        async with plex_asking(graph) as plex:
            await plex.post(MATCHES, json={"type": 1, "filename": "Nobody/knows.mp4"})
        (run, *_) = await graph.service.reconciling.runs(10)
        assert run["cause"] == "scan of Plex"
        assert run["found"]["unknown"] == {"left": 1}
