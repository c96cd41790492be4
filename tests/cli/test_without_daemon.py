"""Verbs while no daemon runs."""

from __future__ import annotations

import pytest

from cli.program import LIBRARY, House
from plexsync.store.lock import FolderLock

pytestmark = pytest.mark.process


def test_reading_verbs_say_what_to_do_when_nothing_was_ever_synced(house: House) -> None:
    """A data folder without a database is no crash."""
    told = house.call("status")
    assert told.code == 1
    assert "plexsync run" in told.err
    assert "Traceback" not in told.err


def test_a_scene_is_synced_in_this_process_and_its_story_can_be_read_afterwards(house: House) -> None:
    """`sync` works under the folder lock and leaves; status and why read the store."""
    done = house.call("sync", "2", "--json")
    assert done.code == 0, done.err
    assert done.facts["queued"] == 1
    assert house.items()["Big Buck Bunny"]["studio"] == "Blender Foundation"
    assert house.items()["Sintel"]["studio"] is None
    status = house.call("status")
    assert "No daemon runs" in status.out
    assert "in step" in house.call("why", "2").out
    unknown = house.call("why", "99")
    assert (unknown.code, "never seen" in unknown.err) == (1, True)


def test_a_folder_held_by_a_process_that_takes_no_requests_can_still_be_read(house: House) -> None:
    """Another verb at work is neither called a daemon nor stopped."""
    assert house.call("sync", "2").code == 0
    with FolderLock(house.data_dir) as lock:
        lock.acquire({"pid": 12345, "verb": True})
        assert "Process 12345 works here" in house.call("status").out
        refused = house.call("stop")
        assert (refused.code, "no daemon" in refused.err) == (1, True)
        busy = house.call("sync", "1")
        assert (busy.code, "12345" in busy.err) == (1, True)


def test_a_plan_in_this_process_writes_nothing(house: House) -> None:
    """The plan of all scenes shows every one, and Plex is as it was."""
    planned = house.call("plan", "--all")
    assert planned.code == 0, planned.err
    assert "6 scenes looked at" in planned.out
    assert house.writes() == 0


def test_a_whole_library_is_synced_in_this_process(house: House) -> None:
    """After the go all scenes are there, and a second run writes nothing."""
    done = house.call("sync", "--library", LIBRARY, "--go")
    assert done.code == 0, done.err
    assert all(item["studio"] == "Blender Foundation" for item in house.items().values())
    writes = house.writes()
    assert house.call("sync", "--all").code == 0
    assert house.writes() == writes


def test_work_that_plex_is_away_for_is_kept_and_told(house: House) -> None:
    """The code is 1; the job waits for the daemon or the next sync, without an attempt counted."""
    assert house.call("sync", "1").code == 0
    toml = house.data_dir / "plexsync.toml"
    toml.write_text(toml.read_text().replace(house.plex, "http://127.0.0.1:1"))
    refused = house.call("sync", "3")
    assert refused.code == 1
    assert "What is queued is kept" in refused.err
    (job,) = house.call("queue", "list", "--json").facts
    assert (job["scene"], job["attempts"]) == (3, 0)
    assert "is away" in house.call("status").out


def test_bad_settings_are_all_told_and_the_code_is_2(house: House) -> None:
    """One line for each fault, for every verb."""
    house.configure('stash_url = 5\npoll_interval = "never"\n')
    for verb in (("run",), ("status",), ("sync", "1")):
        refused = house.call(*verb)
        assert refused.code == 2
        assert len(refused.err.splitlines()) == 2
        assert "stash_url" in refused.err
        assert "poll_interval" in refused.err


def test_missing_settings_are_told_before_anything_is_done(house: House) -> None:
    """Without addresses there is no work."""
    house.configure("")
    refused = house.call("run")
    assert refused.code == 2
    assert "stash_url is missing" in refused.err


@pytest.mark.parametrize(
    "words", [(), ("sync",), ("sync", "1", "--all"), ("sync", "1", "--go"), ("plan",), ("why", "0"), ("nonsense",)]
)
def test_what_cannot_be_meant_is_bad_usage(house: House, words: tuple[str, ...]) -> None:
    """The code is 2 and nothing is done."""
    assert house.call(*words).code == 2
    assert not (house.data_dir / "plexsync.db").exists()


def test_settings_are_shown_with_their_place_and_without_secrets(house: House) -> None:
    """A token never appears whole."""
    house.configure('plex_token = "abcdefghijklmnopqrstuvwxyz"\nplex_url = "http://127.0.0.1:1"\n')
    shown = house.call("config", "--json")
    assert shown.code == 0
    assert shown.facts["settings"]["plex_token"] == "abcd...wxyz"
    assert "plexsync.toml" in shown.facts["origins"]["plex_token"]
    assert "efghij" not in house.call("config").out
