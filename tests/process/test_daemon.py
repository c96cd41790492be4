"""The daemon as a process: how it starts, how it ends, and what it carries over from one life to the next."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from process.household import Household, household
from process.programs import finished, until

pytestmark = pytest.mark.process

#: Seconds in which a daemon that was told to end has ended.
STOP_SECONDS = 5.0
SCENES = 20


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    with household(tmp_path, scenes=SCENES, plugin=True, lasting=True) as found:
        yield found


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Household]:
    """One whose servers may be killed, and know what they knew when they are started again."""
    with household(tmp_path, scenes=SCENES, plugin=True, kept=True) as found:
        yield found


def in_step(home: Household) -> None:
    """Wait until Plex holds what Stash holds."""
    until(lambda: not home.differences(), "in step")


def struck(home: Household, server: str) -> bool:
    """Whether the first fault in force has befallen a request."""
    url = home.plex_url if server == "plex" else home.stash_url
    return bool(home.client.get(f"{url}/_sim/faults").json()[0]["struck"])


def waiting_events(home: Household) -> list[str]:
    """The files that the plugin left and nobody took in."""
    return [file.name for file in home.spool.glob("*.json")]


def post_events(home: Household, *scenes: int) -> dict[str, Any]:
    events = [{"type": "Scene.Update.Post", "id": scene, "at": time.time()} for scene in scenes]
    return dict(home.ask("POST", "/api/v1/events", json={"events": events}))


def test_sigterm_ends_an_idle_daemon_and_frees_its_folder(home: Household) -> None:
    home.start_daemon()
    home.quiet()
    assert home.daemon.terminate() < STOP_SECONDS
    assert not (home.data / "daemon.json").exists()
    home.start_daemon()
    home.quiet()
    assert home.plex_requests()["repeats"] == 0


def test_sigterm_in_the_middle_of_a_sync_ends_in_time_and_repeats_nothing_later(home: Household) -> None:
    home.faults("plex", {"path": "/library/sections", "method": "PUT", "fault": "delay", "seconds": 0.2})
    home.start_daemon()
    until(lambda: home.plex_requests()["writes"] > 2, "the sync is under way")
    assert home.daemon.terminate() < STOP_SECONDS
    assert home.plex_requests()["writes"] < SCENES
    home.faults("plex")
    home.start_daemon()
    in_step(home)
    home.quiet()
    counts = home.plex_requests()
    assert counts["repeats"] <= 1
    assert counts["writes"] <= SCENES + 1
    assert counts["uploads"] <= SCENES + 1


def test_sigterm_ends_the_daemon_in_time_while_a_server_hangs(home: Household) -> None:
    """Whichever it is; what the daemon had to leave, the next one does."""
    home.start_daemon()
    for scene, (server, path) in enumerate([("plex", "/library"), ("stash", "/graphql"), ("plex", "/")], 1):
        home.quiet()
        home.silently(scene, details="Rewritten")
        home.faults(server, {"path": path, "fault": "hang"})
        post_events(home, scene)
        until(lambda server=server: struck(home, server), f"a request to {server}{path} hangs")  # type: ignore[misc]
        assert home.daemon.terminate() < STOP_SECONDS, f"{server}{path}"
        home.faults(server)
        home.start_daemon()
        in_step(home)


def test_sigterm_ends_a_daemon_that_waits_for_servers_which_are_away(mortal: Household) -> None:
    mortal.plex.kill()
    mortal.stash.kill()
    mortal.start_daemon()
    assert mortal.daemon.terminate() < STOP_SECONDS


def test_a_second_daemon_on_the_same_folder_is_refused_and_harms_nothing(home: Household) -> None:
    home.start_daemon()
    code, said, fault = home.verb("run")
    assert (code, said) == (1, "")
    assert str(home.data) in fault
    assert f"process {home.daemon.running.pid}" in fault
    assert "Traceback" not in fault
    home.quiet()
    assert home.differences() == []


def test_a_wrong_configuration_ends_with_one_line_for_each_fault(tmp_path: Path) -> None:
    (tmp_path / "plexsync.toml").write_text('port = "no"\nmax_retries = 99\nunheard_of = 1\n', encoding="utf-8")
    done = finished(["--data-dir", str(tmp_path), "run"])
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    for name in ("port", "max_retries", "unheard_of"):
        assert len([line for line in lines if name in line]) == 1, done.stderr
    assert len(lines) == 3, done.stderr


def test_without_addresses_the_daemon_says_what_it_needs(tmp_path: Path) -> None:
    done = finished(["--data-dir", str(tmp_path), "run"])
    assert done.returncode == 2
    assert "stash_url is missing" in done.stderr
    assert "plex_url is missing" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_named_and_another_one_asked_for(home: Household) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        home.configure(port=port)
        code, _, fault = home.verb("run")
    assert code == 2
    assert f"127.0.0.1:{port}" in fault
    assert "choose another" in fault
    assert "Traceback" not in fault
    home.configure()
    home.start_daemon()


def test_a_restart_keeps_what_waits_for_plex(mortal: Household) -> None:
    mortal.start_daemon()
    mortal.quiet()
    mortal.plex.kill()
    for scene in (1, 2, 3):
        mortal.edit(scene, title=f"Edited in the outage {scene}")
    until(lambda: mortal.rows("select count(*) from jobs") == [(3,)], "three jobs wait")
    mortal.daemon.terminate()
    assert mortal.rows("select scene from jobs order by scene") == [(1,), (2,), (3,)]
    mortal.start_daemon()
    mortal.start_plex()
    in_step(mortal)
    assert mortal.status()["servers"][0]["queue"]["dead"] == 0


def test_a_daemon_that_starts_before_plex_begins_when_plex_comes(mortal: Household) -> None:
    mortal.plex.kill()
    mortal.start_daemon()
    until(lambda: mortal.status()["troubles"], "the daemon says that Plex is away")
    mortal.start_plex()
    in_step(mortal)
    mortal.quiet()
    assert mortal.status()["troubles"] == []


def test_a_daemon_that_starts_before_stash_begins_when_stash_comes(mortal: Household) -> None:
    mortal.stash.kill()
    mortal.start_daemon()
    until(lambda: mortal.status()["troubles"], "the daemon says that Stash is away")
    mortal.start_stash()
    in_step(mortal)
    mortal.quiet()
    assert mortal.status()["troubles"] == []


def test_what_a_user_saves_in_stash_is_in_plex_within_seconds(home: Household) -> None:
    home.start_daemon()
    home.quiet()
    home.edit(7, title="Saved by a user", details="With a hook", rating100=55)
    until(lambda: not home.differences(), "in step", patience=5)
    until(lambda: not waiting_events(home), "the folder is worked off")


def test_edits_made_while_no_daemon_runs_wait_in_the_spool_folder(home: Household) -> None:
    home.start_daemon()
    home.quiet()
    home.daemon.terminate()
    home.edit(7, title="Nobody there")
    assert waiting_events(home)
    home.start_daemon()
    in_step(home)


def test_an_event_that_was_acknowledged_outlives_a_kill_at_once(home: Household) -> None:
    home.start_daemon()
    home.quiet()
    # Plex hangs, so that nothing but the queue can know of the event when the kill comes.
    home.faults("plex", {"path": "/", "fault": "hang"})
    home.silently(4, title="Acknowledged")
    assert post_events(home, 4) == {"accepted": 1}
    home.daemon.kill()
    assert home.rows("select scene, reasons from jobs") == [(4, json.dumps(["hook"]))]
    home.faults("plex")
    home.start_daemon()
    in_step(home)


def test_entries_of_the_spool_folder_that_make_no_sense_harm_no_event_beside_them(home: Household) -> None:
    home.start_daemon()
    home.quiet()
    home.silently(5, title="Among garbage")
    # Anybody may write there: opened as a file, a pipe would hold the daemon up for ever.
    os.mkfifo(home.spool / "0.json")
    (home.spool / "1.json").mkdir()
    (home.spool / "2.json").symlink_to("/dev/zero")
    (home.spool / "3.json").symlink_to(home.spool / "nowhere")
    event = json.dumps({"v": 1, "type": "Scene.Update.Post", "id": 5, "at": time.time()})
    texts = ["", "{", "[]", "null", '{"type": 5}', '{"type": "Scene.Update.Post", "id": "x"}', "\0" * 5000, event]
    for number, text in enumerate(texts, 4):
        half = home.spool / f"half{number}.tmp"
        half.write_text(text, encoding="utf-8")
        half.rename(home.spool / f"{number}.json")
    in_step(home)
    until(lambda: not waiting_events(home), "the folder is worked off")
    home.quiet()
    assert home.status()["running"]
    assert home.daemon.terminate() < STOP_SECONDS
