"""What is done with the queue, with dead letters and after outages, over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from plexsync.model.work import Failure, Lane, Outcome, Peer, Verdict
from plexsync.store import dead, jobs, outages
from plexsync.store.database import Database
from plexsync.store.dead import DeadLetter
from plexsync.store.outages import OutageKind
from web.house import Door, event, jobs_in


@pytest.fixture
def store(tmp_path: Path, door: Door) -> Iterator[Database]:
    """The store of the service behind the door."""
    database = Database.open(f"sqlite:///{tmp_path / 'data' / 'plexsync.db'}")
    yield database
    database.close()


def bury(store: Database, *scenes: int, error: str = "PlexPermanentError", days_ago: float = 0.0) -> None:
    at = time.time() - days_ago * 86_400.0
    failure = Failure(
        error=error, message="Plex refuses", at=at, peer=Peer.PLEX, status=400, place="PUT /library", excerpt="Bad"
    )
    with store.transaction() as connection:
        for scene in scenes:
            letter = DeadLetter(
                server="plex",
                scene=scene,
                error=error,
                failure=failure,
                context={"title": "A film", "path": "/data/a.mp4"},
                reasons=("gap", "hook"),
                attempts=6,
                digest=None,
                first_failed_at=at,
                died_at=at,
            )
            dead.bury(connection, letter)


def post(client: httpx2.Client, path: str, **body: object) -> httpx2.Response:
    return client.post(f"/api/v1/{path}", json=body)


def test_waiting_jobs_are_dropped_lane_by_lane_or_all_at_once(client: httpx2.Client) -> None:
    client.post("/api/v1/events", json={"events": [event(scene) for scene in (1, 2, 3)]})
    post(client, "sync", scenes=[4])
    assert post(client, "queue/clear", lane="user").json() == {"cleared": 1}
    assert set(jobs_in(client)) == {1, 2, 3}
    assert post(client, "queue/clear").json() == {"cleared": 3}
    assert jobs_in(client) == {}
    refused = post(client, "queue/clear", lane="fast")
    assert refused.status_code == 422
    assert "lane" in refused.json()["error"]


def test_nothing_waits_for_its_next_attempt_once_that_is_asked_for(client: httpx2.Client, store: Database) -> None:
    client.post("/api/v1/events", json={"events": [event(1), event(2)]})
    with store.transaction() as connection:
        (job,) = jobs.claim(connection, server="plex", lanes=list(Lane), limit=1, now=time.time(), token="t")
        later = Outcome(verdict=Verdict.RETRY, due_at=time.time() + 500, counts=True)
        jobs.finish(connection, job, later, time.time())
    assert post(client, "queue/retry").json() == {"due": 1}
    assert jobs_in(client)[job.scene]["due_at"] <= time.time()


def test_a_dead_letter_is_told_with_all_that_is_known_of_it(client: httpx2.Client, store: Database) -> None:
    bury(store, 7)
    (letter,) = client.get("/api/v1/dead/7").json()
    assert (letter["title"], letter["path"], letter["reasons"]) == ("A film", "/data/a.mp4", ["gap", "hook"])
    failure = letter["failure"]
    assert (failure["status"], failure["place"], failure["excerpt"]) == (400, "PUT /library", "Bad")
    assert client.get("/api/v1/dead").json() == [letter]
    assert client.get("/api/v1/dead/8").json() == []
    assert client.get("/api/v1/dead/0").status_code == 422


def test_dead_letters_are_tried_again_in_front_for_the_reasons_they_had(client: httpx2.Client, store: Database) -> None:
    bury(store, 7, 8, 9)
    assert post(client, "dead/retry", scenes=[7, 77]).json() == {"retried": 1, "unknown": [77]}
    job = jobs_in(client)[7]
    assert (job["lane"], job["reasons"]) == ("user", ["gap", "hook"])
    assert post(client, "dead/retry", all=True).json() == {"retried": 2, "unknown": []}
    assert client.get("/api/v1/dead").json() == []
    assert post(client, "dead/retry").status_code == 422


def test_dead_letters_are_forgotten_by_age_as_the_settings_say_or_altogether(
    client: httpx2.Client, store: Database
) -> None:
    for scene, days in ((1, 0.5), (2, 5), (3, 8)):
        bury(store, scene, days_ago=days)
    assert post(client, "dead/purge").json() == {"purged": 1}
    assert post(client, "dead/purge", older_than_days=1.5).json() == {"purged": 1}
    assert post(client, "dead/purge", all=True).json() == {"purged": 1}


@pytest.mark.parametrize("body", [{"older_than_days": -1}, {"older_than_days": 1, "all": True}])
def test_a_purge_that_cannot_be_meant_is_refused_with_what_to_give(client: httpx2.Client, body: dict[str, int]) -> None:
    refused = client.post("/api/v1/dead/purge", json=body)
    assert refused.status_code == 422
    assert "older_than_days" in refused.json()["error"]


def test_a_recovery_says_what_became_of_the_letters_and_what_keeps_it(client: httpx2.Client, store: Database) -> None:
    """Nobody answers where this Plex should be."""
    bury(store, 1, error="PlexServerDown")
    bury(store, 2)
    with store.transaction() as connection:
        now = time.time()
        outages.began(connection, "plex:plex", OutageKind.AWAY, "no answer", now - 60, now - 50)
        outages.ended(connection, "plex:plex", ["plex"], now + 60)
    (told,) = post(client, "dead/recover").json()["servers"]
    assert (told["server"], told["put"], told["left"], told["others"]) == ("plex", 0, 1, 1)
    assert "Plex (plex) is not well" in told["trouble"]
    (told,) = post(client, "dead/recover", all=True).json()["servers"]
    assert (told["left"], told["others"]) == (2, 0)
    (told,) = post(client, "dead/recover", errors=["PlexPermanentError"], since=time.time() + 5).json()["servers"]
    assert (told["left"], told["others"], told["trouble"]) == (0, 2, "")


def test_an_unknown_class_of_errors_is_named_with_those_that_there_are(client: httpx2.Client) -> None:
    refused = post(client, "dead/recover", errors=["Nonsense"])
    assert refused.status_code == 422
    for word in ("Nonsense", "PlexTemporaryError", "PlexPermanentError"):
        assert word in refused.json()["error"]
    assert post(client, "dead/recover", errors=["PlexNotFound"], all=True).status_code == 422
    assert post(client, "dead/recover", errors=[]).status_code == 422


def test_outages_are_told_by_peer_with_their_figures(client: httpx2.Client, store: Database) -> None:
    report = client.get("/api/v1/outages").json()
    assert [peer["name"] for peer in report["peers"]] == ["Stash", "Plex (plex)"]
    assert report["outages"] == []
    with store.transaction() as connection:
        now = time.time()
        for begin in (500.0, 200.0):
            outages.began(connection, "plex:plex", OutageKind.AWAY, "no answer", now - begin, now - begin)
            outages.ended(connection, "plex:plex", ["plex"], now - begin + 100)
        outages.began(connection, "stash", OutageKind.HELD, "401", now - 10, now - 10)
    report = client.get("/api/v1/outages").json()
    stash, plex = report["peers"]
    assert (plex["outages"], round(plex["mttr"]), round(plex["mtbf"])) == (2, 100, 300)
    assert stash["going_on"]
    assert [(one["name"], one["kind"], one["ended_at"] is None) for one in report["outages"]] == [
        ("Stash", "held", True),
        ("Plex (plex)", "away", False),
        ("Plex (plex)", "away", False),
    ]
