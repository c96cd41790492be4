"""How the simulated Plex keeps pictures."""

from __future__ import annotations

from hashlib import sha1
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx2
import pytest

from sim.plex.asking import details, held, locks, switch

if TYPE_CHECKING:
    from plexsync.sim.serving import Serving

POSTERS = "/library/metadata/101/posters"


def names(plex: httpx2.Client, *, selected: bool = False) -> list[str]:
    entries = plex.get(POSTERS).json()["MediaContainer"]["Metadata"]
    return [entry["ratingKey"] for entry in entries if entry["selected"] or not selected]


def upload_name(content: bytes) -> str:
    return f"upload://posters/{sha1(content).hexdigest()}"


def test_uploads_pile_up_under_their_hash_and_the_last_is_shown(plex: httpx2.Client) -> None:
    for content in (b"one", b"two", b"one"):
        answer = plex.post(POSTERS, content=content)
        assert (answer.status_code, answer.content) == (200, b"")
    assert names(plex)[1:] == [upload_name(b"one"), upload_name(b"two")]
    assert names(plex, selected=True) == [upload_name(b"one")]
    item = held(plex)
    assert (item["posterSha1"], item["uploads"]) == (sha1(b"one").hexdigest(), 2)


def test_an_upload_locks_the_picture_unless_the_server_does_not(plex: httpx2.Client) -> None:
    plex.post(POSTERS, content=b"one")
    assert locks(details(plex)) == {"thumb"}
    switch(plex, poster_upload_locks=False)
    plex.post("/library/metadata/102/posters", content=b"one")
    assert locks(details(plex, 102)) == set()


def test_the_address_of_the_picture_moves_with_it(plex: httpx2.Client) -> None:
    seen = [details(plex)["thumb"]]
    for content in (b"one", b"two"):
        plex.post(POSTERS, content=content)
        seen.append(details(plex)["thumb"])
    assert len(set(seen)) == 3
    assert plex.get(seen[-1]).content == b"two"


def test_a_listed_picture_is_chosen_and_an_unlisted_one_is_not(plex: httpx2.Client) -> None:
    plex.post(POSTERS, content=b"one")
    default = names(plex)[0]
    assert plex.put(f"/library/metadata/101/poster?url={quote(default, safe='')}").status_code == 200
    assert names(plex, selected=True) == [default]
    assert plex.put("/library/metadata/101/poster?url=upload%3A%2F%2Fposters%2Fnone").status_code == 404
    assert plex.put("/library/metadata/101/poster").status_code == 400


def test_every_listed_upload_can_be_read_back(plex: httpx2.Client) -> None:
    plex.post(POSTERS, content=b"one")
    entry = plex.get(POSTERS).json()["MediaContainer"]["Metadata"][1]
    assert plex.get(entry["key"]).content == b"one"


def test_deleting_the_choice_locks_it_and_a_refresh_brings_a_frame_back(plex: httpx2.Client) -> None:
    assert plex.delete("/library/metadata/101/thumb").status_code == 200
    assert plex.delete("/library/metadata/101/thumb").status_code == 404
    item = details(plex)
    assert "thumb" not in item
    assert locks(item) == {"thumb"}
    plex.put("/library/metadata/101/refresh")
    assert "thumb" in details(plex)


def test_a_refresh_keeps_a_locked_picture_and_drops_an_unlocked_one(plex: httpx2.Client) -> None:
    plex.post(POSTERS, content=b"one")
    plex.put("/library/metadata/101/refresh")
    assert held(plex)["posterSha1"] is not None
    plex.put("/library/metadata/101?thumb.locked=0")
    plex.put("/library/metadata/101/refresh")
    assert held(plex)["posterSha1"] is None
    assert held(plex)["uploads"] == 1


@pytest.mark.parametrize(("size", "status"), [(0, 400), (10_480_000, 200), (10_480_001, 413)])
def test_uploads_have_a_largest_size(plex: httpx2.Client, size: int, status: int) -> None:
    assert plex.post(POSTERS, content=b"x" * size).status_code == status


def test_the_server_fetches_a_picture_itself(plex: httpx2.Client, server: Serving) -> None:
    source = f"{server.url}/identity"
    assert plex.post(f"{POSTERS}?url={quote(source, safe='')}").status_code == 200
    assert names(plex, selected=True) == [upload_name(httpx2.get(source).content)]
    assert plex.post(f"{POSTERS}?url={quote(server.url + '/library', safe='')}").status_code == 500


def test_backgrounds_are_apart_from_posters(plex: httpx2.Client) -> None:
    plex.post("/library/metadata/101/arts", content=b"wide")
    assert locks(details(plex)) == {"art"}
    assert (held(plex)["artSha1"], held(plex)["posterSha1"]) == (sha1(b"wide").hexdigest(), None)
    assert plex.get(details(plex)["art"]).content == b"wide"


def test_a_collection_shows_the_picture_that_it_was_given(plex: httpx2.Client) -> None:
    plex.put("/library/sections/1/all?type=1&id=101&collection%5B0%5D.tag.tag=Films")
    key = plex.get("/_sim/collections").json()["Films"]["ratingKey"]
    before = plex.get(f"/library/collections/{key}").json()["MediaContainer"]["Metadata"][0]["thumb"]
    assert "/composite/" in before
    plex.post(f"/library/collections/{key}/posters", content=b"one")
    found = plex.get("/_sim/collections").json()["Films"]
    assert (found["posterSha1"], found["uploads"], found["artUploads"]) == (sha1(b"one").hexdigest(), 1, 0)
    thumb = plex.get(f"/library/collections/{key}").json()["MediaContainer"]["Metadata"][0]["thumb"]
    assert plex.get(thumb).content == b"one"


def test_backgrounds_pile_up_and_lock_like_posters(plex: httpx2.Client) -> None:
    for content in (b"one", b"two", b"one"):
        plex.post("/library/metadata/101/arts", content=content)
    item = held(plex)
    assert (item["artSha1"], item["artUploads"], item["uploads"]) == (sha1(b"one").hexdigest(), 2, 0)
    assert locks(details(plex)) == {"art"}
    switch(plex, poster_upload_locks=False)
    plex.post("/library/metadata/102/arts", content=b"one")
    assert locks(details(plex, 102)) == set()
    plex.put("/library/metadata/102/refresh")
    assert held(plex, 102)["artSha1"] is None
