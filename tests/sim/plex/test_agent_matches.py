"""A person mends a match: the list to choose from, the choice, and the way back."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from starlette.responses import HTMLResponse

from sim.plex.asking import switch
from sim.plex.provider import IDENTIFIER, Films, appear, attach, kept, refresh, scan, settled


@pytest.fixture
def item(plex: httpx2.Client, films: Films) -> dict[str, Any]:
    """A file that was matched with the first of three films."""
    attach(plex, films)
    switch(plex, refuse_private_images=False)
    films.film("one", title="Big Buck Bunny", year=2008, summary="A rabbit.", thumb=films.picture("one"))
    films.film("two", title="Big Buck Bunny (stereo)", year=2013)
    films.film("three", title="Sintel")
    appear(plex, "one.mp4")
    scan(plex)
    films.asked.clear()
    return kept(plex, "one.mp4")


def found(plex: httpx2.Client, item: dict[str, Any], **asked: str) -> list[dict[str, Any]]:
    answer = plex.get(f"/library/metadata/{item['ratingKey']}/matches", params={"manual": "1", **asked})
    listed: list[dict[str, Any]] = answer.raise_for_status().json()["MediaContainer"].get("SearchResult", [])
    return listed


def test_a_search_lists_what_the_provider_finds_best_first(
    plex: httpx2.Client, films: Films, item: dict[str, Any]
) -> None:
    first, second = found(plex, item, title="bunny", year="2008")
    assert first == {
        "guid": f"{IDENTIFIER}://movie/one",
        "name": "Big Buck Bunny",
        "year": 2008,
        "summary": "A rabbit.",
        "thumb": films.picture("one"),
        "type": "movie",
        "score": 100,
    }
    assert (second["name"], second["score"]) == ("Big Buck Bunny (stereo)", 99)
    assert films.asked[0]["body"] == {"type": 1, "title": "bunny", "year": 2008, "manual": 1}
    assert found(plex, item, title="nothing of this name") == []


def test_a_search_without_words_asks_for_the_files_name(
    plex: httpx2.Client, films: Films, item: dict[str, Any]
) -> None:
    found(plex, item)
    switch(plex, manual_filename=True)
    found(plex, item, title="bunny", year="")
    plex.get(f"/library/metadata/{item['ratingKey']}/matches")
    assert [one["body"] for one in films.asked] == [
        {"type": 1, "title": "one", "manual": 1},
        {"type": 1, "title": "bunny", "manual": 1, "filename": "one.mp4"},
        {"type": 1, "title": "one", "filename": "one.mp4"},
    ]


def test_a_search_with_a_provider_that_is_wrong_finds_nothing(
    plex: httpx2.Client, films: Films, item: dict[str, Any]
) -> None:
    films.answers["matches"] = HTMLResponse("login")
    assert found(plex, item, title="bunny") == []


def test_a_choice_counts_at_once_and_is_refreshed(plex: httpx2.Client, films: Films, item: dict[str, Any]) -> None:
    plex.put(f"/library/metadata/{item['ratingKey']}?summary.value=Locked&summary.locked=1")
    plex.put(f"/:/scrobble?key={item['ratingKey']}")
    films.seconds = 0.2
    wanted = {"guid": f"{IDENTIFIER}://movie/two", "name": "Chosen", "year": "2013"}
    answer = plex.put(f"/library/metadata/{item['ratingKey']}/match", params=wanted)
    assert (answer.status_code, answer.content) == (200, b"")
    after = kept(plex, "one.mp4")
    assert (after["guid"], after["title"], after["year"]) == (wanted["guid"], "Chosen", 2013)
    settled(plex)
    after = kept(plex, "one.mp4")
    assert (after["title"], after["summary"], after["posterSha1"]) == ("Big Buck Bunny (stereo)", "Locked", None)
    assert after["ratingKey"] == item["ratingKey"]
    detail = plex.get(f"/library/metadata/{item['ratingKey']}").json()["MediaContainer"]["Metadata"][0]
    assert detail["viewCount"] == 1
    assert films.asked_for("matches") == []
    assert plex.put(f"/library/metadata/{item['ratingKey']}/match").status_code == 400


def test_a_choice_stays_while_the_provider_is_silent(plex: httpx2.Client, films: Films, item: dict[str, Any]) -> None:
    films.answers["two"] = HTMLResponse("login")
    wanted = {"guid": f"{IDENTIFIER}://movie/two", "name": "Chosen"}
    plex.put(f"/library/metadata/{item['ratingKey']}/match", params=wanted)
    settled(plex)
    assert (kept(plex, "one.mp4")["guid"], kept(plex, "one.mp4")["title"]) == (wanted["guid"], "Chosen")
    films.answers.clear()
    refresh(plex, item)
    assert kept(plex, "one.mp4")["title"] == "Big Buck Bunny (stereo)"


@pytest.mark.parametrize(("action", "guid"), [("match", f"{IDENTIFIER}://movie/two"), ("unmatch", "local://")])
def test_what_a_person_does_in_the_midst_of_a_refresh_counts(
    plex: httpx2.Client, films: Films, item: dict[str, Any], action: str, guid: str
) -> None:
    films.seconds = 0.2
    plex.put(f"/library/metadata/{item['ratingKey']}/refresh")
    while not films.asked:
        plex.get("/_sim/agents")
    plex.put(f"/library/metadata/{item['ratingKey']}/{action}", params={"guid": guid})
    settled(plex)
    assert kept(plex, "one.mp4")["guid"].startswith(guid)


def test_what_is_unmatched_holds_nothing_of_its_provider(
    plex: httpx2.Client, films: Films, item: dict[str, Any]
) -> None:
    assert item["posterUrl"] == films.picture("one")
    plex.put(f"/library/metadata/{item['ratingKey']}?studio.value=Mine&studio.locked=1")
    plex.put(f"/library/metadata/{item['ratingKey']}/unmatch")
    after = kept(plex, "one.mp4")
    assert (after["guid"], after["title"], after["summary"]) == (f"local://{item['ratingKey']}", "one", None)
    assert (after["studio"], after["posterUrl"]) == ("Mine", None)
    listed = plex.get(f"/library/metadata/{item['ratingKey']}/posters").json()["MediaContainer"]["Metadata"]
    assert len(listed) == 1
    assert films.asked == []
    refresh(plex, item)
    assert kept(plex, "one.mp4")["title"] == "Big Buck Bunny"


def test_libraries_of_the_servers_own_agents_take_no_match(plex: httpx2.Client, films: Films) -> None:
    before = plex.get("/_sim/items").json()
    assert plex.get("/library/metadata/101/matches?manual=1").json()["MediaContainer"]["size"] == 0
    assert plex.put("/library/metadata/101/match?guid=x&name=y").status_code == 200
    assert plex.put("/library/metadata/101/unmatch").status_code == 200
    assert plex.get("/_sim/items").json() == before
    assert films.asked == []
