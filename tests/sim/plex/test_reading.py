"""What the simulated Plex answers to those who only read."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from sim.plex.asking import ALL, details, edit, switch, tags

if TYPE_CHECKING:
    from plexsync.sim.serving import Serving

UNAUTHORIZED = "<html><head><title>Unauthorized</title></head><body><h1>401 Unauthorized</h1></body></html>"
NOT_FOUND = "<html><head><title>Not Found</title></head><body><h1>404 Not Found</h1></body></html>"


def test_identity_needs_no_token_and_everything_else_does(server: Serving) -> None:
    assert 'claimed="1"' in httpx2.get(f"{server.url}/identity", verify=False).text
    for path in ("/", "/library/sections", ALL, "/library/metadata/101", "/nowhere"):
        answer = httpx2.get(server.url + path, verify=False)
        assert (answer.status_code, answer.text) == (401, UNAUTHORIZED)
        assert answer.headers["content-type"] == "text/html"


def test_the_token_may_come_in_the_query(server: Serving) -> None:
    assert httpx2.get(f"{server.url}/?X-Plex-Token=sim-plex-token", verify=False).status_code == 200
    assert httpx2.get(f"{server.url}/?X-Plex-Token=other", verify=False).status_code == 401


def test_a_guest_reads_but_neither_writes_nor_sees_the_library_root(server: Serving) -> None:
    with httpx2.Client(base_url=server.url, headers={"X-Plex-Token": "guest"}, verify=False) as guest:
        assert 'allowSync="0"' in guest.get("/library/sections").text.partition("<Directory")[2]
        assert guest.get("/library").status_code == 403
        assert guest.put(f"{ALL}?type=1&id=101&title.value=x").status_code == 403


def test_xml_is_the_default_and_json_comes_on_request(server: Serving, plex: httpx2.Client) -> None:
    answer = httpx2.get(f"{server.url}/library/sections?X-Plex-Token=sim-plex-token", verify=False)
    assert answer.headers["content-type"] == "text/xml;charset=utf-8"
    assert ET.fromstring(answer.text).tag == "MediaContainer"
    assert plex.get("/library/sections").headers["content-type"] == "application/json"


def test_json_types_are_as_uneven_as_the_real_ones(plex: httpx2.Client) -> None:
    section = plex.get("/library/sections").json()["MediaContainer"]["Directory"][0]
    item = plex.get(ALL).json()["MediaContainer"]["Metadata"][0]
    media, part = item["Media"][0], item["Media"][0]["Part"][0]
    kinds: list[tuple[Any, type]] = [
        (section["key"], str),
        (section["hidden"], int),
        (section["refreshing"], bool),
        (item["ratingKey"], str),
        (item["year"], int),
        (item["createdAtTZOffset"], str),
        (media["optimizedForStreaming"], int),
        (part["optimizedForStreaming"], bool),
        (media["aspectRatio"], float),
        (item["UltraBlurColors"], dict),
    ]
    assert [type(value) for value, _ in kinds] == [kind for _, kind in kinds]


def test_a_plain_item_has_only_what_its_file_tells(plex: httpx2.Client) -> None:
    item = details(plex)
    assert (item["title"], item["summary"], item["year"], item["subtype"]) == ("Sintel", "", 2010, "clip")
    assert item["Media"][0]["Part"][0]["file"] == "/plex/media/Blender Foundation/Sintel (2010)/Sintel.mp4"
    assert not {"studio", "tagline", "userRating", "Genre", "Guid", "Field", "titleSort"} & set(item)


def test_pages_say_where_they_are_in_headers_and_attributes(plex: httpx2.Client) -> None:
    paging = {"X-Plex-Container-Start": "10", "X-Plex-Container-Size": "5"}
    for answer in (plex.get(ALL, headers=paging), plex.get(ALL, params=paging)):
        container = answer.json()["MediaContainer"]
        assert (container["offset"], container["size"], container["totalSize"]) == (10, 2, 12)
        assert answer.headers["X-Plex-Container-Total-Size"] == "12"
    whole = plex.get(ALL, params={"X-Plex-Container-Size": "5"}).json()["MediaContainer"]
    assert whole["size"] == 12
    assert "totalSize" not in whole
    counted = plex.get(ALL, params={"X-Plex-Container-Start": "0", "X-Plex-Container-Size": "0"})
    assert counted.json()["MediaContainer"]["totalSize"] == 12
    assert "Metadata" not in counted.json()["MediaContainer"]


def test_pages_may_be_capped(plex: httpx2.Client) -> None:
    paging = {"X-Plex-Container-Start": "0", "X-Plex-Container-Size": "1001"}
    assert plex.get(ALL, params=paging).status_code == 200
    switch(plex, page_cap_1000_to_400=True)
    assert plex.get(ALL, params=paging).status_code == 400


def test_a_listing_cuts_tag_lists_and_hides_labels_and_locks(plex: httpx2.Client) -> None:
    query = "&".join(
        f"{kind}%5B{at}%5D.tag.tag={kind}{at}" for kind in ("genre", "actor", "label", "writer") for at in range(5)
    )
    assert edit(plex, f"{query}&genre.locked=1").status_code == 200
    listed = plex.get(f"{ALL}?id=101").json()["MediaContainer"]["Metadata"][0]
    assert tags(listed, "Genre") == ["genre0", "genre1"]
    assert tags(listed, "Role") == ["actor0", "actor1", "actor2"]
    assert tags(listed, "Writer") == ["writer0", "writer1"]
    assert set(listed["Genre"][0]) == {"tag"}
    assert not {"Label", "Field"} & set(listed)
    assert len(tags(details(plex), "Genre")) == len(tags(details(plex), "Label")) == 5


def test_exclusions_are_honoured_or_ignored(plex: httpx2.Client) -> None:
    query = f"{ALL}?id=101&excludeElements=Image,UltraBlurColors&excludeFields=summary,tagline"
    slim = plex.get(query).json()["MediaContainer"]["Metadata"][0]
    assert not {"Image", "UltraBlurColors", "summary"} & set(slim)
    assert "Media" in slim
    switch(plex, ignore_excludes=True)
    assert {"Image", "summary"} <= set(plex.get(query).json()["MediaContainer"]["Metadata"][0])


def test_guids_come_on_request_and_only_from_agents(plex: httpx2.Client) -> None:
    movies = "/library/sections/2/all"
    assert "Guid" not in plex.get(movies).json()["MediaContainer"]["Metadata"][0]
    assert "Guid" in plex.get(f"{movies}?includeGuids=1").json()["MediaContainer"]["Metadata"][0]
    assert "Guid" not in plex.get(f"{ALL}?includeGuids=1").json()["MediaContainer"]["Metadata"][0]


def test_several_items_come_in_the_order_asked_for(plex: httpx2.Client) -> None:
    found = plex.get("/library/metadata/105,999,102").json()["MediaContainer"]["Metadata"]
    assert [item["ratingKey"] for item in found] == ["105", "102"]
    switch(plex, missing_id="404")
    assert plex.get("/library/metadata/105,999,102").status_code == 404


@pytest.mark.parametrize(
    "path", ["/library/metadata/999", "/library/sections/9/all", "/library/metadata/x", "/nowhere"]
)
def test_what_is_not_there_is_a_short_page(plex: httpx2.Client, path: str) -> None:
    answer = plex.get(path)
    assert (answer.status_code, answer.text) == (404, NOT_FOUND)


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("id=103,101", {101, 103}),
        ("title=SINTEL", {101}),
        ("title%3D=Sint", set()),
        ("title%3C=sin", {101}),
        ("year=2010", {101}),
        ("addedAt%3C%3C=5", set()),
    ],
)
def test_filters_choose_items(plex: httpx2.Client, query: str, keys: set[int]) -> None:
    found = plex.get(f"{ALL}?type=1&{query}").json()["MediaContainer"].get("Metadata", [])
    assert {int(item["ratingKey"]) for item in found} == keys


def test_changed_items_are_found_by_their_time(plex: httpx2.Client) -> None:
    before = details(plex)["updatedAt"]
    assert plex.get(f"{ALL}?updatedAt%3E%3E={before}").json()["MediaContainer"]["size"] == 0
    assert plex.get(f"{ALL}?updatedAt%3E={before}").json()["MediaContainer"]["size"] == 12


def test_vocabularies_name_what_is_used(plex: httpx2.Client) -> None:
    edit(plex, "genre%5B0%5D.tag.tag=Dragons&studio.value=Blender%20Foundation")
    genres = plex.get("/library/sections/1/genre").json()["MediaContainer"]["Directory"]
    assert [genre["title"] for genre in genres] == ["Dragons"]
    found = plex.get(f"{ALL}?genre={genres[0]['key']}").json()["MediaContainer"]["Metadata"]
    assert [item["ratingKey"] for item in found] == ["101"]
    studios = plex.get("/library/sections/1/studio").json()["MediaContainer"]["Directory"]
    assert [studio["title"] for studio in studios] == ["Blender Foundation"]
    assert "Dragons" in plex.get("/library/tags?type=1").text


@pytest.mark.parametrize("path", ["/status/sessions", "/status/sessions/history/all", "/activities", "/library/all"])
def test_minor_routes_answer(plex: httpx2.Client, path: str) -> None:
    assert plex.get(path).status_code == 200


def test_the_server_can_turn_into_another_one(plex: httpx2.Client) -> None:
    switch(plex, machine_identifier="f" * 40)
    assert plex.get("/identity").json()["MediaContainer"]["machineIdentifier"] == "f" * 40


def test_maintenance_strikes_identity_too(plex: httpx2.Client, server: Serving) -> None:
    plex.put("/_sim/faults", json=[{"fault": "maintenance503"}])
    answer = plex.get("/identity")
    assert (answer.status_code, answer.json()["title"]) == (503, "Maintenance")
    assert ET.fromstring(httpx2.get(f"{server.url}/identity", verify=False).text).tag == "Response"
