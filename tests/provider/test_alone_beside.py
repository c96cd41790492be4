"""The provider in a process of its own: what it keeps for a daemon, and how it knows its Stash again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from newstore import spare_first_start
from plexsync.app.alone import provider_alone
from plexsync.app.folder import home_of, open_store
from plexsync.app.sources import Sources
from plexsync.log import Redactor
from plexsync.store import brakes, gapruns, gaps, jobs, owner, preferences
from plexsync.store.database import Connection
from plexsync.sync.clock import SystemClock
from plexsync.sync.gates.identities import OTHER_STASH
from plexsync.sync.gates.peers import plex_key
from process.programs import until
from provider.desk import MATCHES
from provider.stand import Stand, standing
from web.house import NOWHERE

FILES = "stash files"
PLEX = ("PLEXSYNC_PLEX_URL", "PLEXSYNC_PLEX_TOKEN")


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    with standing(tmp_path, without=PLEX) as one:
        yield one


def kept(stand: Stand, look: Callable[[Connection], Any]) -> Any:
    """What the database tells once it tells something: Plex is answered before."""

    def looked() -> Any:
        with stand.database.transaction() as connection:
            return look(connection)

    return until(looked, "something is kept")


def asked(stand: Stand, filename: str) -> httpx2.Response:
    """Plex asks about a file."""
    return stand.client.post(f"{stand.base}{MATCHES}", json={"type": 1, "filename": filename})


def path_of(stand: Stand, scene: int) -> str:
    """Where the file of a scene lies in its library."""
    found = stand.stash.get("/_sim/scenes", params={"covers": "0"}).json()
    return next(str(one["paths"][0]).removeprefix("/data/") for one in found if one["id"] == scene)


def unknown(connection: Connection) -> list[tuple[str, str]]:
    """The servers and paths of files that Stash lacks."""
    runs = gapruns.listing(connection, 10)
    return [(one.gap.server, one.gap.path) for run in runs for one in gaps.listing(connection, run.id, limit=9)]


def test_what_plex_asks_for_is_kept_for_the_daemon_of_the_database_though_no_plex_is_named(stand: Stand) -> None:
    assert asked(stand, path_of(stand, 1)).json()["MediaContainer"]["size"] == 1
    waiting = kept(stand, lambda c: [(one.server, one.scene) for one in jobs.listing(c, limit=9)])
    assert waiting == [("plex", 1)]
    asked(stand, "Nobody/knows.mp4")
    assert kept(stand, unknown) == [("plex", "/plex/media/Nobody/knows.mp4")]


async def test_what_plex_asks_for_is_kept_for_a_daemon_that_begins_later_too(tmp_path: Path) -> None:
    config = Sources(environ={"PLEXSYNC_STASH_URL": NOWHERE}, data_dir=tmp_path).load()
    spare_first_start(home_of(config))
    database = open_store(config)
    alone = provider_alone(config, database, clock=SystemClock(), redactor=Redactor())
    with database.transaction() as connection:
        owner.take(connection, plex_key("plex"), "a daemon")
    await alone.provider.rest.matched([1])
    await alone.provider.rest.unknown("/plex/media/Nobody/knows.mp4")
    with database.transaction() as connection:
        assert [(one.server, one.scene) for one in jobs.listing(connection, limit=9)] == [("plex", 1)]
        assert unknown(connection) == [("plex", "/plex/media/Nobody/knows.mp4")]
    assert alone.provider.shelves.servers == ["plex"]
    await alone.stash.close()
    database.close()


def test_a_stash_made_anew_is_told_from_the_one_whose_scenes_plex_took(stand: Stand) -> None:
    for scene in (1, 2, 3):
        assert asked(stand, path_of(stand, scene)).json()["MediaContainer"]["size"] == 1
    remembered = kept(stand, lambda c: len(preferences.get(c, FILES) or {}) == 3 and preferences.get(c, FILES))
    assert set(remembered) == {"1", "2", "3"}
    with stand.database.transaction() as connection:
        preferences.put(connection, FILES, {number: ["0" * 16] for number in remembered})
    # Whatever is away for a moment may be another one when it comes back.
    stand.fault({"path": "/graphql", "fault": "maintenance503"})
    assert stand.client.get(f"{stand.base}/library/metadata/1").status_code == 503
    stand.fault()
    answer = stand.client.get(f"{stand.base}/library/metadata/1")
    assert answer.status_code == 503
    assert "brake list" in answer.json()["error"]["message"]
    assert [one.kind for one in kept(stand, brakes.listing)] == [OTHER_STASH]


def test_whoever_waits_when_the_provider_ends_is_asked_to_come_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with standing(tmp_path) as stand:
            stand.fault({"path": "/graphql", "fault": "hang"})
            address = f"http://127.0.0.1:{stand.port}{stand.base}/library/metadata/1"
            waiting = pool.submit(httpx2.get, address, timeout=60, verify=False)
            until(lambda: stand.stash.get("/_sim/faults").json()[0]["struck"], "Stash is asked")
        answer = waiting.result()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert answer.json() == {"error": "PlexSync is stopping: ask again once it runs"}
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []
