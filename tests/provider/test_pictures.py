"""Pictures by address, while Stash is slow, away or another one, and while our own disk and store are no help."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import httpx2
import pytest

from pictures import data_url, picture
from plexsync.art import gallery
from plexsync.art.shaping import shaped
from plexsync.model.pictures import Recipe
from plexsync.sim.library import cover
from plexsync.store import portraits, preferences
from plexsync.store.database import Database
from plexsync.store.portraits import PortraitRow
from provider.desk import SERVER, Desk, desk

SCREENSHOT = "/screenshot"


class Turn(asyncio.Lock):
    """Counts those who wait for it."""

    waiting = 0

    async def acquire(self) -> Literal[True]:
        self.waiting += 1
        try:
            return await super().acquire()
        finally:
            self.waiting -= 1


@contextmanager
def crowd(number: int) -> Iterator[ThreadPoolExecutor]:
    """So many who ask at the same time."""
    with ThreadPoolExecutor(number) as pool:
        yield pool


def thumbs(one: Desk) -> list[str]:
    """The posters' addresses of all scenes."""
    return [one.item(scene["id"])["thumb"] for scene in one.scenes()]


def shown(address: str) -> httpx2.Response:
    return httpx2.get(address, timeout=60, verify=False)


def asked_pictures(one: Desk) -> list[str]:
    return [asked["path"] for asked in one.asked_of_stash() if asked["path"].endswith(SCREENSHOT)]


def soon(what: Callable[[], Any]) -> None:
    """Wait until it is so."""
    end = time.monotonic() + 30
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_however_many_pictures_are_asked_for_a_question_about_a_film_waits_for_one_of_them(
    own: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plexsync.art.gallery.PATIENCE", 60.0)
    addresses, turn = thumbs(own), Turn()
    own.graph.provider.catalogue.turn = own.graph.service.gallery.turn = turn
    own.later()
    own.fault({"path": "/scene/", "fault": "hang"})
    before = len(own.asked_of_stash())
    with crowd(len(addresses) + 1) as pool:
        pictures = [pool.submit(shown, address) for address in addresses]
        soon(turn.locked)
        film: Future[dict[str, Any]] = pool.submit(own.item, 1)
        soon(lambda: turn.waiting)
        own.fault()
        assert film.result()["ratingKey"] == "1"
        assert {one.result().status_code for one in pictures} == {200}
    asked = [one["path"] for one in own.asked_of_stash()[before:]]
    assert asked.index("/graphql") == 1
    assert len(asked_pictures(own)) == len(addresses)


def test_a_picture_that_does_not_come_keeps_nobody_waiting_for_ever(own: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plexsync.art.gallery.PATIENCE", 0.3)
    first = thumbs(own)[0]
    own.later()
    own.fault({"path": "/scene/", "fault": "hang"})
    with crowd(1) as pool:
        missing = pool.submit(shown, first)
        soon(lambda: own.graph.service.gallery.turn.locked() or missing.done())
        assert own.item(3)["ratingKey"] == "3"
        assert missing.result().status_code == 503
    own.fault()
    monkeypatch.setattr("plexsync.art.gallery.PATIENCE", 60.0)
    assert shown(first).content == cover(1)


def test_nobody_waits_in_line_for_ever(own: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plexsync.art.gallery.PATIENCE", 60.0)
    first, second, *_ = thumbs(own)
    own.fault({"path": "/scene/", "fault": "hang"})
    with crowd(1) as pool:
        there = pool.submit(shown, first)
        soon(own.graph.service.gallery.turn.locked)
        monkeypatch.setattr("plexsync.art.gallery.LONGEST", 0.1)
        assert shown(second).status_code == 503
        own.fault()
        assert there.result().content == cover(1)


def test_a_stash_that_is_away_is_asked_once_for_all_who_wait_for_pictures(
    own: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plexsync.art.gallery.PAUSE", 60.0)
    addresses = thumbs(own)
    assert shown(addresses[0]).status_code == 200
    own.fault({"path": "/scene/", "fault": "hang", "seconds": 0.2})
    asked = len(asked_pictures(own))
    with crowd(len(addresses)) as pool:
        answers = list(pool.map(shown, addresses))
    assert answers[0].content == cover(1)
    assert {one.status_code for one in answers[1:]} == {503}
    assert len(asked_pictures(own)) - asked == 1


def test_no_picture_comes_from_a_stash_whose_numbers_mean_other_films(own: Desk) -> None:
    first, second, *_ = thumbs(own)
    assert shown(first).content == cover(1)
    own.graph.provider.catalogue.doubt()
    with own.graph.database.transaction() as connection:
        preferences.put(connection, "stash files", {str(number): ["0" * 16] for number in range(1, 7)})
    asked = len(asked_pictures(own))
    assert shown(first).content == cover(1)
    assert shown(second).status_code == 503
    assert len(asked_pictures(own)) == asked
    with own.graph.database.transaction() as connection:
        preferences.put(connection, "stash files", None)
    assert shown(second).content == cover(2)


def test_a_picture_that_takes_long_to_be_made_keeps_no_question_waiting(
    own: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = threading.Event(), threading.Event()

    def slowly(content: bytes, recipe: Recipe) -> bytes:
        begun.set()
        assert go.wait(30)
        return shaped(content, recipe)

    monkeypatch.setattr("plexsync.art.covers.shaped", slowly)
    monkeypatch.setattr("plexsync.art.gallery.PATIENCE", 60.0)
    first = thumbs(own)[0]
    own.later()
    with crowd(1) as pool:
        picture = pool.submit(shown, first)
        assert begun.wait(30)
        assert own.item(3)["ratingKey"] == "3"
        assert not picture.done()
        go.set()
        assert picture.result().content == cover(1)


def test_a_picture_is_shown_though_it_takes_longer_to_be_made_than_stash_may_take(
    own: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(content: bytes, recipe: Recipe) -> bytes:
        time.sleep(2 * gallery.PATIENCE)
        return shaped(content, recipe)

    monkeypatch.setattr("plexsync.art.covers.shaped", slowly)
    first = thumbs(own)[0]
    monkeypatch.setattr(gallery, "PATIENCE", 0.5)
    soon(lambda: shown(first).content == cover(1))


def test_a_stash_that_cannot_be_told_apart_now_takes_no_picture_away(own: Desk) -> None:
    """A proxy whose Stash is away may say that there is nothing at its address."""
    own.walked()
    first, second, *_ = thumbs(own)
    assert shown(first).content == cover(1)
    own.graph.provider.catalogue.doubt()
    own.fault({"path": "/graphql", "fault": "status", "status": 404})
    assert shown(first).content == cover(1)
    assert shown(second).status_code == 503
    own.fault()
    assert shown(second).content == cover(2)


def test_pictures_that_cannot_be_kept_are_shown_all_the_same(tmp_path: Path) -> None:
    with desk(tmp_path) as one:
        (tmp_path / "data" / "art").write_text("in the way")
        for _ in range(2):
            assert [shown(address).content for address in thumbs(one)[:2]] == [cover(1), cover(2)]


def test_a_store_that_hangs_takes_no_picture_away(own: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plexsync.provider.reading._PATIENCE", 0.1)
    monkeypatch.setattr("plexsync.art.gallery._STORE_SECONDS", 0.1)
    first = thumbs(own)[0]

    async def never(_database: Database, _work: object) -> None:
        await asyncio.Event().wait()

    own.graph.provider.catalogue.sure = own.graph.service.gallery.sure = _sure
    monkeypatch.setattr(Database, "run", never)
    monkeypatch.setattr(Database, "look", never)
    assert shown(first).content == cover(1)


def test_a_name_has_one_picture_in_a_list_however_its_letters_are_written(tmp_path: Path) -> None:
    with desk(tmp_path, people_pictures="always") as one:
        for number, name in enumerate(("Éléa", "éléa", "ÉlÉa"), 1):
            one.stash.post("/_sim/named", json={"kind": "performer", "name": name, "image": data_url(picture(name))})
            one.edit(number, title=f"Sintel {number}", performers=[name])
        face = one.item(1)["Role"][0]["thumb"]
        assert shown(face).status_code == 200
        winner = httpx2.URL(face).path.split("/")[3]
        row = PortraitRow(server=SERVER, name_key="éléa", name="Éléa", performer=int(winner))
        with one.graph.database.transaction() as connection:
            portraits.put(connection, [row])
        found = [scene["Role"][0]["thumb"] for scene in one.match(title="Sintel", manual=1)]
        assert [httpx2.URL(address).path.split("/")[3] for address in found] == [winner] * 3


async def _sure() -> None:
    """Which Stash it is was looked at."""
