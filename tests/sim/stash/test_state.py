"""What survives the end of the process, however it ends."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from plexsync.sim.serving import serving
from plexsync.sim.stash import StashOptions, create_app
from plexsync.sim.stash.options import local_now
from plexsync.sim.stash.sessions import Sessions, Visit
from sim.stash.remote import Remote, data_url, png

PROGRAM = """
import sys
from pathlib import Path
from plexsync.sim.stash import StashOptions, main
main(0, StashOptions(scenes=7, state=Path(sys.argv[1]), api_key="k"))
"""


@contextmanager
def running(**options: Any) -> Iterator[Remote]:
    """A server that ends with the block."""
    with serving(create_app(StashOptions(**options))) as server:
        yield Remote(server.url)


def everything(stash: Remote) -> Any:
    """All scenes, settings and names."""
    names = "{allTags {id name updated_at} allPerformers {id name} configuration {plugins}}"
    return stash.get("/_sim/scenes").json(), stash.ask(names)


def test_a_server_that_is_started_again_holds_what_it_held(tmp_path: Path) -> None:
    with running(scenes=12, state=tmp_path, prefix="/films") as stash:
        stash.update(id="1", title="Kept", cover_image=data_url(png("red")))
        stash.ask("""mutation {
          sceneDestroy(input: {id: 2}) tagsMerge(input: {source: [1], destination: 2}) {id}
          performerCreate(input: {name: "New Voice"}) {id} sceneCreate(input: {title: "Bare"}) {id}
          configurePlugin(plugin_id: "mine", input: {a: 1}) setPluginsEnabled(enabledMap: {mine: false})}""")
        before = everything(stash)
    with running(scenes=99, state=tmp_path) as stash:
        assert everything(stash) == before
        assert stash.get("/scene/1/screenshot").content == png("red")
        assert stash.get("/_sim/scenes").json()[1]["paths"][0].startswith("/films/")
        made = stash.ask('mutation {sceneCreate(input: {title: "Next"}) {id}}')["sceneCreate"]["id"]
        assert made == "14"


def test_the_id_of_the_last_scene_is_not_used_again_after_a_restart(tmp_path: Path) -> None:
    with running(scenes=3, state=tmp_path) as stash:
        stash.ask('mutation {sceneCreate(input: {title: "Gone"}) {id} sceneDestroy(input: {id: 4})}')
    with running(scenes=3, state=tmp_path) as stash:
        made = stash.ask('mutation {sceneCreate(input: {title: "Next"}) {id}}')
        assert made["sceneCreate"]["id"] == "5"


def test_a_commit_that_was_cut_short_is_left_out(tmp_path: Path) -> None:
    with running(scenes=3, state=tmp_path) as stash:
        stash.update(id="1", title="Whole")
    journal = tmp_path / "journal.jsonl"
    journal.write_bytes(journal.read_bytes() + b'[{"kind":"scene","key":"2","val')
    with running(scenes=3, state=tmp_path) as stash:
        titles = [scene["title"] for scene in stash.get("/_sim/scenes").json()]
        assert titles == ["Whole", "Big Buck Bunny", "Elephants Dream"]


def test_many_edits_of_one_scene_do_not_make_the_journal_grow_for_ever(tmp_path: Path) -> None:
    with running(scenes=3, state=tmp_path) as stash:
        for number in range(20):
            stash.update(id="1", title=f"Title {number}")
    with running(scenes=3, state=tmp_path):
        assert len((tmp_path / "journal.jsonl").read_text().splitlines()) == 2


@contextmanager
def process(folder: Path) -> Iterator[tuple[subprocess.Popen[str], Remote, dict[str, Any]]]:
    """A server as a process of its own; gives what it told on its first line."""
    arguments = [sys.executable, "-c", PROGRAM, str(folder)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            ready = json.loads(server.stdout.readline())
            yield server, Remote(ready["url"]), ready
        finally:
            server.kill()


@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_an_edit_outlives_every_signal(tmp_path: Path, number: signal.Signals) -> None:
    key = {"ApiKey": "k"}
    with process(tmp_path) as (server, stash, ready):
        assert ready == {"url": stash.url, "apiKey": "k", "scenes": 7}
        answer = stash.post('mutation {sceneUpdate(input: {id: 1, title: "Kept"}) {title}}', headers=key)
        assert answer.json()["data"]["sceneUpdate"]["title"] == "Kept"
        os.kill(server.pid, number)
        assert server.wait(10) == (-9 if number is signal.SIGKILL else 0)
    with process(tmp_path) as (_, stash, _):
        answer = stash.post("{findScene(id: 1) {title}}", headers=key)
        assert answer.json()["data"]["findScene"]["title"] == "Kept"


def test_a_hundred_thousand_scenes_are_there(start: Callable[..., Remote]) -> None:
    stash = start(scenes=100_000)
    told = stash.ask("{findScenes(filter: {per_page: 0}) {count} findScene(id: 100000) {files {path}}}")
    assert told["findScenes"]["count"] == 100_000
    assert told["findScene"]["files"][0]["path"].startswith("/data/")


def test_a_cookie_ends_after_its_time_and_keeps_its_chain_until_then() -> None:
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    sessions = Sessions(secret="s", seconds=3600, clock=lambda: now[0])
    chain = (Visit("mine", "Scene.Update.Post"),)
    value = sessions.cookie(chain)["Value"]
    assert sessions.chain(value) == chain
    now[0] += timedelta(seconds=3601)
    assert sessions.chain(value) is None
    assert sessions.chain(None) is None


def test_the_time_of_this_machine_has_an_offset() -> None:
    assert local_now().utcoffset() is not None
