"""`plexsync provider show`: the address for Plex's settings, and how Plex uses it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import HTMLResponse

from cli.introduction import GUEST, MOVIES, OTHERS, Introduction, introduced
from cli.program import Done
from plexsync.demo.waiting import until
from plexsync.model.provider import IDENTIFIER
from plexsync.store.lock import FolderLock


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Introduction]:
    with introduced(tmp_path) as one:
        yield one


def facts(done: Done) -> dict[str, Any]:
    """What is told of the only server."""
    assert done.code == 0, done.err
    (found,) = done.facts["servers"]
    return dict(found)


def test_the_address_is_shown_whole_and_it_is_said_that_it_is_a_secret(stage: Introduction) -> None:
    done = stage.call("show")
    assert done.code == 0, done.err
    assert done.out.splitlines()[:4] == [
        "The address for Plex's settings (Metadata Agents > Metadata Providers > Add Provider):",
        f"    {stage.address}",
        "Its last part is a secret, shown here alone: whoever knows it and reaches PlexSync may ask it.",
        "Plex does not know PlexSync: `plexsync provider register` makes it known.",
    ]
    assert "When Plex last asked is not known: no daemon answers for this data folder." in done.out
    assert stage.told() == []
    assert stage.call("show", "--json").facts["address"] == stage.address


def test_without_url_from_plex_the_end_of_the_address_is_shown_and_what_is_missing(stage: Introduction) -> None:
    stage.settings(url_from_plex="")
    done = stage.call("show")
    assert "url_from_plex is not set, so how Plex reaches PlexSync is not known" in done.out
    assert f"    /provider/{stage.me.provider_path}\n" in done.out
    assert stage.call("show", "--json").facts["address"] is None


def test_where_plex_knows_an_address_and_we_do_not_it_is_said_what_to_set(stage: Introduction) -> None:
    stage.steps()
    stage.settings(url_from_plex="")
    done = stage.call("show")
    assert "set url_from_plex to what stands before /provider/ there, and start the daemon anew." in done.out
    assert "`plexsync provider register` changes it" not in done.out, "without url_from_plex it changes nothing"
    assert "Pictures: the address is private." in done.out


def test_a_provider_that_runs_alone_is_not_taken_for_none(stage: Introduction) -> None:
    lock = FolderLock(stage.house.data_dir)
    lock.acquire({"pid": 1, "only": "provider", "provider_url": "http://127.0.0.1:1"})
    try:
        said = stage.call("show").out
    finally:
        lock.release()
    assert "When Plex last asked is not known: a provider that runs alone does not tell." in said


def test_who_matched_the_items_of_each_library_is_counted(stage: Introduction) -> None:
    stage.steps("--library", MOVIES)
    found = facts(stage.call("show", "--json"))
    assert found["known"] == {
        "address": f"{stage.address.partition('/provider/')[0]}/provider/"
        f"{stage.me.provider_path[:4]}...{stage.me.provider_path[-4:]}",
        "same": True,
        "same_secret": True,
        "online": True,
    }
    (library,) = found["libraries"]
    assert library == {
        "library": MOVIES,
        "key": 2,
        "agent": "PlexSync",
        "items": 4,
        "plexsync": 0,
        "others": 4,
        "nobody": 0,
        "synced": True,
    }
    (first, *_) = stage.plex.get("/library/sections/2/all").json()["MediaContainer"]["Metadata"]
    match = {"guid": f"{IDENTIFIER}://movie/1", "name": "Sintel"}
    assert stage.plex.put(f"/library/metadata/{first['ratingKey']}/match", params=match).status_code == 200
    assert facts(stage.call("show", "--json"))["libraries"][0]["plexsync"] == 1
    shown = stage.call("show").out
    assert "Plex knows PlexSync at this address." in shown
    assert "Plex says that it answers." in shown
    assert 'The agent "PlexSync" asks PlexSync (Stash), then Plex Local Media.' in shown
    assert f"{MOVIES!r}: 3 items not matched by PlexSync. Refresh All Metadata in Plex matches them anew" in shown


def test_a_provider_that_is_away_and_one_at_another_address_are_told(stage: Introduction) -> None:
    stage.steps()
    stage.films.answers["*"] = HTMLResponse("away", 503)
    assert "Plex says that it does not answer." in stage.call("show").out
    old = stage.address.partition("/provider/")[0]
    stage.settings(url_from_plex='"http://192.168.1.5:9797"')
    assert f"Plex asks PlexSync at {old}/provider/" in stage.call("show").out
    assert (
        "which is not what url_from_plex leads to: `plexsync provider register` changes it." in stage.call("show").out
    )


def test_a_provider_of_another_plexsync_is_told_apart(stage: Introduction) -> None:
    stage.plex.post("/media/providers/metadata", params={"uri": f"{stage.films.url}/provider/another"})
    shown = stage.call("show").out
    assert "Plex asks a provider of PlexSync's name at" in shown
    assert "which is not this one" in shown
    assert "No agent asks PlexSync: `plexsync provider register` makes one." in shown


PICTURES = [
    ("1.43.2.1", "http://192.168.1.5:9797", "is private. This Plex can take pictures from there, from 1.43.5 on"),
    ("1.43.5.1", "http://192.168.1.5:9797", "is private, and this Plex may take none from there: the sync uploads"),
    ("1.43.5.1", "https://1.1.1.1", "is a public one, from which Plex can take posters and people's pictures"),
    ("1.43.5.1", "https://nobody.invalid", "whether the address is public cannot be told from here"),
]


@pytest.mark.parametrize(("version", "url", "said"), PICTURES)
def test_whether_pictures_can_work_is_told_by_address_and_version(
    stage: Introduction, version: str, url: str, said: str
) -> None:
    stage.steps()
    stage.switch(version=version)
    stage.settings(url_from_plex=f'"{url}"')
    assert said in stage.call("show").out


def test_an_old_plex_asks_nobody(stage: Introduction) -> None:
    stage.switch(version="1.42.1.1")
    done = stage.call("show")
    assert done.code == 0
    assert "Plex 1.42.1.1 asks no providers; 1.43 and later do." in done.out


def test_a_plex_that_cannot_be_asked_is_told_behind_the_address(stage: Introduction) -> None:
    stage.settings(plex_url='"http://127.0.0.1:1"')
    done = stage.call("show")
    assert done.code == 1
    assert stage.address in done.out
    assert "Plex (plex) cannot be asked: Plex refuses the connection" in done.err
    stage.settings(plex_token=f'"{GUEST}"')
    assert "Plex forbids this (403): the token must be that of the server's owner" in stage.call("show").err


def test_agents_and_libraries_that_need_a_hand_are_told(stage: Introduction) -> None:
    stage.steps("--library", MOVIES)
    movie = stage.providers()["tv.plex.agents.movie"]["id"]
    stage.plex.put(f"/media/providers/metadata/group/{stage.group('PlexSync')}/items/{movie}").raise_for_status()
    stage.settings(libraries=f'["{OTHERS}"]')
    shown = stage.call("show").out
    assert 'The agent "PlexSync" asks "Plex Movie" after PlexSync' in shown
    assert f"{MOVIES!r} is not among `libraries`" in shown


@pytest.mark.process
def test_the_daemon_is_registered_with_and_tells_when_plex_last_asked(stage: Introduction) -> None:
    common = {"stash_url": '"http://127.0.0.1:9"', "port": "0", "stash_poll": "600", "reconcile": '"never"'}
    stage.settings(**common)
    with stage.house.daemon() as daemon:
        stage.settings(**common, url_from_plex=f'"{daemon.facts["url"]}"')
        assert "Plex has not asked since the daemon started." in stage.call("show").out
        done = stage.call("register")
        assert done.code == 0, done.err
        assert stage.providers()[IDENTIFIER]["title"] == "PlexSync (Stash)"
        asked = stage.call("show", "--json").facts["asked"]
        assert asked["running"]
        first = asked["at"]
        assert first is not None
        stage.plex.get("/media/providers/metadata").raise_for_status()
        until(lambda: stage.call("show", "--json").facts["asked"]["at"] > first, 30, "Plex asked again")
        assert "Plex last asked " in stage.call("show").out
    logs = "".join(file.read_text() for file in (stage.house.data_dir / "logs").iterdir())
    assert stage.me.provider_path not in logs
