"""What PlexSync cannot know at the moment it neither guesses nor waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NoReturn

import pytest

from pictures import data_url, picture
from plexsync.app import sure
from plexsync.provider import reading
from plexsync.store import preferences, sections
from provider.desk import MATCHES, SERVER, Desk

Leave = Callable[[Desk, pytest.MonkeyPatch], None]


def remembers_other_files(desk: Desk) -> None:
    """The scenes of this Stash have other files than those that are remembered of it."""
    with desk.graph.database.transaction() as connection:
        preferences.put(connection, "stash files", {str(number): ["0" * 16] for number in range(1, 7)})


def silence_store(desk: Desk, patch: pytest.MonkeyPatch) -> None:
    """From now on the database takes questions and never answers, and is waited for only a moment."""
    patch.setattr(reading, "_PATIENCE", 0.05)
    patch.setattr(sure, "_STORE_SECONDS", 0.05)

    async def silent(_work: object) -> NoReturn:
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    desk.graph.database.run = desk.graph.database.look = silent  # type: ignore[method-assign,assignment]


def lose_store(desk: Desk, _patch: pytest.MonkeyPatch) -> None:
    """From now on the database cannot be reached."""
    desk.lose_store()


def test_nobody_is_shown_before_plex_has_told_what_libraries_it_has(own: Desk) -> None:
    own.stash.post("/_sim/named", json={"kind": "performer", "name": "Sintel", "image": data_url(picture("Ann"))})
    with own.graph.database.transaction() as connection:
        sections.keep(connection, SERVER, [])
    assert [role for role in own.item(1)["Role"] if "thumb" in role] == []


@pytest.mark.parametrize("leave", [lose_store, silence_store])
def test_another_stash_tells_nothing_while_the_database_is_away_either(
    own: Desk, leave: Leave, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = own.scenes()[0]["paths"][0].removeprefix("/data/")
    remembers_other_files(own)
    assert own.client.get("/library/metadata/1").status_code == 503
    leave(own, monkeypatch)
    own.later()
    for answer in (own.client.get("/library/metadata/1"), own.client.post(MATCHES, json={"filename": path})):
        assert answer.status_code == 503
        assert "brake list" in answer.json()["error"]["message"]


def test_a_file_that_was_replaced_counts_the_next_time_that_stash_has_to_be_known_again(own: Desk) -> None:
    own.walked()
    with own.graph.database.transaction() as connection:
        known: dict[str, list[str]] = preferences.get(connection, "stash files") or {}
        preferences.put(connection, "stash files", known | {"1": ["0" * 16]})
    own.item(1)
    with own.graph.database.transaction() as connection:
        assert preferences.get(connection, "stash files") == known


def test_a_stash_in_doubt_is_asked_while_the_database_does_not_answer(
    own: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.walked()
    scene = own.scenes()[0]
    own.keys(filename="learns/where the libraries are.mp4")
    own.graph.provider.catalogue.doubt()
    silence_store(own, monkeypatch)
    assert own.keys(filename=scene["paths"][0].removeprefix("/data/")) == ["1"]
    assert own.item(1)["title"] == scene["title"]
    assert own.item(2)
