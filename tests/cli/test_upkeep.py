"""Verbs for the queue, the dead letters and the outages, with a daemon and without."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from cli.program import Done, House
from plexsync.demo.waiting import until
from plexsync.model.work import Failure, Lane, Peer, Put
from plexsync.store import dead, jobs, outages
from plexsync.store.database import Connection, Database
from plexsync.store.dead import DeadLetter
from plexsync.store.lock import FolderLock
from plexsync.store.outages import OutageKind

pytestmark = pytest.mark.process

DAY = 86_400.0
Call = Callable[..., Done]


@pytest.fixture
def call(house: House) -> Call:
    """Runs a verb."""
    return house.call


@contextmanager
def store(house: House) -> Iterator[Connection]:
    """The store of the house, beside whoever works on it."""
    database = Database.open(f"sqlite:///{house.data_dir / 'plexsync.db'}")
    try:
        with database.transaction() as connection:
            yield connection
    finally:
        database.close()


def bury(house: House, *scenes: int, error: str = "PlexPermanentError", ago: float = 60.0) -> None:
    at = time.time() - ago
    failure = Failure(
        error=error,
        message="Plex refuses the title",
        at=at,
        peer=Peer.PLEX,
        status=400,
        place="PUT /library/sections/1/all",
        excerpt="Bad Request",
    )
    with store(house) as connection:
        for scene in scenes:
            letter = DeadLetter(
                server="plex",
                scene=scene,
                error=error,
                failure=failure,
                context={
                    "title": "Sintel",
                    "path": "/data/Sintel.mp4",
                    "plan": [
                        {
                            "item": 41,
                            "field": "title",
                            "before": None,
                            "after": "Sintel",
                            "because": "changed in Stash",
                        }
                    ],
                },
                reasons=("hook",),
                attempts=6,
                digest=None,
                first_failed_at=at - 30,
                died_at=at,
            )
            dead.bury(connection, letter)


def an_outage(house: House) -> None:
    with store(house) as connection:
        now = time.time()
        outages.began(connection, "plex:plex", OutageKind.AWAY, "Plex does not answer", now - 7700, now - 7600)
        outages.ended(connection, "plex:plex", ["plex"], now - 100)


def previewed(call: Call) -> int:
    """How many scenes the daemon has looked at, all of which wait for a person's go."""
    return int(call("status", "--json").facts["servers"][0]["first_contact"]["waiting"])


def test_verbs_with_a_daemon_from_a_letter_to_its_recovery(house: House, call: Call) -> None:
    """Shown, tried again, forgotten and recovered; each says what it did."""
    with house.daemon():
        # Scenes that the first walk queues would take their letters away.
        until(lambda: previewed(call) == 6, 60, "the first walk is done")
        bury(house, 1, 2, 3)
        listed = call("dead", "list")
        assert "Sintel" in listed.out
        assert "plexsync dead show SCENE" in listed.out
        letter = call("dead", "show", "1")
        assert letter.code == 0, letter.err
        for part in (
            'Scene 1 "Sintel" on Plex (plex).',
            "What happened: Plex refuses the title (PlexPermanentError)",
            "after 6 attempts",
            "Request: PUT /library/sections/1/all, answered with status 400",
            "The answer began: Bad Request",
            "File in Stash: /data/Sintel.mp4",
            "Queued because: hook",
            "To be written to item 41: title from (empty) to Sintel (changed in Stash)",
            "plexsync dead retry 1",
        ):
            assert part in letter.out
        assert call("dead", "show", "1", "--json").facts[0]["failure"]["status"] == 400

        tried = call("dead", "retry", "1", "99")
        assert (tried.code, "1 dead letter to be tried again" in tried.out) == (1, True)
        assert "No dead letter is there for: 99" in tried.err
        until(lambda: house.items()["Sintel"]["studio"] == "Blender Foundation", 60, "scene 1 is written")
        kept = call("dead", "purge", "--older-than", "1")
        assert (kept.code, "There is no such dead letter." in kept.out) == (0, True)
        assert call("dead", "recover", "--errors", "PlexPermanentError").out.startswith(
            "Plex (plex): 2 dead letters tried again."
        )
        none = call("dead", "show", "2")
        assert (none.code, "plexsync why 2" in none.err) == (1, True)
        assert call("queue", "retry", "--json").facts["due"] >= 0
        cleared = call("queue", "clear")
        assert "Nothing waits." in cleared.out or "dropped. The next full walk" in cleared.out
        assert "no outage in" in call("outages").out


def test_store_verbs_without_a_daemon_need_no_servers(house: House, call: Call) -> None:
    """Both peers are gone, and their addresses too: what only changes the store still can."""
    assert call("sync", "1").code == 0
    bury(house, 1, ago=20 * DAY)
    bury(house, 2, ago=2 * DAY)
    house.configure("")
    with store(house) as connection:
        jobs.put(connection, [Put(server="plex", scene=5, lane=Lane.BULK, reason="gap")], time.time())
    assert call("dead", "purge").out.startswith("1 dead letter forgotten.")
    assert call("dead", "purge", "--all", "--json").facts == {"purged": 1}
    assert call("queue", "clear", "--lane", "user", "--json").facts == {"cleared": 0}
    assert call("queue", "clear", "--lane", "bulk").out.startswith("1 job dropped. The next full walk")
    assert call("queue", "clear").out == "Nothing waits.\n"
    assert call("outages").out.startswith("Stash: no outage in ")


def test_letters_are_tried_again_in_this_process_when_no_daemon_runs(house: House, call: Call) -> None:
    """The letter goes, and Plex holds the scene; an outage's victims are found by themselves."""
    assert call("sync", "1").code == 0
    bury(house, 2)
    done = call("dead", "retry", "2")
    assert (done.code, "1 dead letter tried again." in done.out) == (0, True), done.err
    assert house.items()["Big Buck Bunny"]["studio"] == "Blender Foundation"
    assert call("dead", "list", "--json").facts == []
    bury(house, 3, error="PlexServerDown", ago=3600)
    bury(house, 4)
    an_outage(house)
    recovered = call("dead", "recover", "--since", "12h")
    assert recovered.code == 0, recovered.err
    assert "Plex (plex): 1 dead letter tried again; 1 not asked for." in recovered.out
    assert [row["scene"] for row in call("dead", "list", "--json").facts] == [4]
    told = call("outages").out
    assert "1 outage in " in told
    assert "2 h 5 min" in told
    facts = call("outages", "--json").facts
    assert (facts["outages"][0]["cause"], facts["peers"][1]["outages"]) == ("Plex does not answer", 1)


def test_a_recovery_while_plex_is_away_puts_nothing_says_why_and_fails(house: House, call: Call) -> None:
    """The letter stays as it was."""
    assert call("sync", "1").code == 0
    bury(house, 3)
    toml = house.data_dir / "plexsync.toml"
    toml.write_text(toml.read_text().replace(house.plex, "http://127.0.0.1:1"))
    done = call("dead", "recover", "--all")
    assert done.code == 1
    assert "0 dead letters tried again; 1 kept for later." in done.out
    assert "Plex (plex) is not well" in done.out
    assert [row["scene"] for row in call("dead", "list", "--json").facts] == [3]


def test_nothing_is_changed_beside_a_process_that_holds_the_folder(house: House, call: Call) -> None:
    """The process is named."""
    assert call("sync", "2").code == 0
    with FolderLock(house.data_dir) as lock:
        lock.acquire({"pid": 12345, "verb": True})
        for words in (("queue", "clear"), ("dead", "purge", "--all"), ("dead", "retry", "--all")):
            refused = call(*words)
            assert (refused.code, "12345" in refused.err) == (1, True)


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("dead", "retry"), "--all"),
        (("dead", "retry", "1", "--all"), "--all"),
        (("dead", "purge", "--older-than", "-1"), "give 0 for every dead letter"),
        (("dead", "purge", "--older-than", "1", "--all"), "--all"),
        (("dead", "recover", "--errors", "Nonsense"), "PlexTemporaryError"),
        (("dead", "recover", "--errors", "PlexNotFound", "--all"), "--all"),
        (("dead", "recover", "--since", "yesterday"), "12h"),
        (("dead", "show", "0"), "1"),
        (("queue", "clear", "--lane", "fast"), "bulk"),
    ],
)
def test_what_cannot_be_meant_is_bad_usage_and_says_what_can(
    house: House, call: Call, words: tuple[str, ...], remedy: str
) -> None:
    """The code is 2 and nothing is done."""
    refused = call(*words)
    assert refused.code == 2
    assert remedy in refused.err
    assert not (house.data_dir / "plexsync.db").exists()


def test_a_folder_where_nothing_was_synced_says_how_to_begin(house: House, call: Call) -> None:
    """No verb makes a database for nothing."""
    for words in (("queue", "clear"), ("dead", "purge"), ("outages",), ("dead", "show", "1")):
        told = call(*words)
        assert (told.code, "plexsync run" in told.err) == (1, True)
    assert not (house.data_dir / "plexsync.db").exists()
