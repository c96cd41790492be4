"""One real Stash for all tests, furnished anew for each; a Plex and a data folder of its own for each."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from live.furniture import furnish
from live.house import RUN, House, housed
from live.keeper import Keeper
from live.server import PATIENCE, PLUGIN, Stash
from plexsync.demo.waiting import until

pytest.register_assert_rewrite("measured")

STASH = "PLEXSYNC_LIVE_STASH"
PLUGINS = "PLEXSYNC_LIVE_PLUGINS"
MEDIA = "PLEXSYNC_LIVE_MEDIA"
COMMAND = "PLEXSYNC_LIVE_COMMAND"
LEAST_SCENES = 50


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper | None]:
    """The process of the real Stash, if these tests are to start it; somebody else's is left alone."""
    url, command = os.environ.get(STASH), os.environ.get(COMMAND)
    if not url or not command:
        yield None
        return
    keeper = Keeper(command, url.rstrip("/"), tmp_path_factory.mktemp("stash") / "stash.log")
    if keeper.answers():
        yield None
        return
    keeper.start()
    try:
        yield keeper
    finally:
        keeper.stop()


@pytest.fixture
def keeper(stash: Stash, kept: Keeper | None) -> Keeper:
    """The means to stop and start the real Stash."""
    if kept is None:
        pytest.skip(f"{COMMAND} is not set, or a Stash answered before: these tests start and stop it by that command")
    return kept


@pytest.fixture(scope="session")
def stash(kept: Keeper | None) -> Iterator[Stash]:
    """The real Stash."""
    url = os.environ.get(STASH)
    if not url:
        pytest.skip(f"{STASH} is not set: the address of a Stash that may be edited at will")
    if os.environ.get("PYTEST_XDIST_WORKER", "gw0") != "gw0":
        pytest.skip("there is one Stash only: run these tests with -n 0")
    # A run that is told to end takes its processes along: they would go on working for the same Stash.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with httpx2.Client(timeout=120, trust_env=False) as http:
        found = Stash(url.rstrip("/"), http)
        count = len(found.scenes())
        assert count >= LEAST_SCENES, f"{STASH} has {count} scenes with files; {LEAST_SCENES} are needed"
        yield found


@pytest.fixture(scope="session")
def plugins() -> Path:
    """The folder of that Stash's plugins."""
    folder = os.environ.get(PLUGINS)
    if not folder:
        pytest.skip(f"{PLUGINS} is not set: the plugins folder of the Stash in {STASH}")
    return Path(folder)


@pytest.fixture(scope="session")
def media(stash: Stash) -> Path:
    """A folder that Stash scans and these tests may fill."""
    folder = os.environ.get(MEDIA)
    if not folder:
        pytest.skip(f"{MEDIA} is not set: the media folder of the Stash in {STASH}")
    return Path(folder)


@pytest.fixture
def folder(media: Path, stash: Stash) -> Iterator[Path]:
    """A folder below Stash's that is empty before and after."""
    made = media / f"Live {RUN}"
    made.mkdir()
    yield made
    for scene in stash.scenes():
        if any(file["path"].startswith(f"{made}/") for file in scene["files"]):
            stash.destroy(scene["id"])
    shutil.rmtree(made)


@pytest.fixture
def house(stash: Stash, plugins: Path, tmp_path: Path) -> Iterator[House]:
    """A Plex with an item for each file; no daemon yet, and no plugin."""
    remove_plugin(stash, plugins)
    furnish(stash)
    with housed(tmp_path, stash, plugins) as house:
        try:
            yield house
        finally:
            remove_plugin(stash, plugins)
            if house.processes():
                house.run("stop")
        until(lambda: not house.processes(), PATIENCE, "no daemon is left")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits for other programs may take longer than a test of our own."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(900))


def remove_plugin(stash: Stash, plugins: Path) -> None:
    """Nothing of an earlier test may start a daemon or take an event."""
    shutil.rmtree(plugins / PLUGIN, ignore_errors=True)
    stash.ask("mutation { reloadPlugins }")
