"""How the simulated Plex takes edits."""

from __future__ import annotations

import string
from urllib.parse import quote

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plexsync.sim.plex import PlexOptions, create_app
from plexsync.sim.serving import serving
from sim.plex.asking import ALL, details, edit, held, locks, switch, tags


def test_an_action_answers_with_an_empty_page_whatever_is_asked(plex: httpx2.Client) -> None:
    answer = edit(plex, "title.value=New")
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, "text/html", b"")


def test_both_forms_of_the_edit_do_the_same(plex: httpx2.Client) -> None:
    edit(plex, "title.value=New%20name&title.locked=1")
    plex.put("/library/metadata/102?type=1&title.value=New%20name&title.locked=1")
    assert {details(plex, key)["title"] for key in (101, 102)} == {"New name"}
    assert locks(details(plex, 102)) == {"title"}


def test_an_edit_without_ids_edits_the_whole_section(plex: httpx2.Client) -> None:
    plex.put(f"{ALL}?type=1&studio.value=Everywhere")
    studios = {path.startswith("/plex/media"): item["studio"] for path, item in plex.get("/_sim/items").json().items()}
    assert studios[True] == "Everywhere"
    assert studios[False] != "Everywhere"


def test_one_edit_reaches_all_the_ids_it_names(plex: httpx2.Client) -> None:
    plex.put(f"{ALL}?type=1&id=101,103&label%5B0%5D.tag.tag=Both")
    assert [tags(details(plex, key), "Label") for key in (101, 102, 103)] == [["Both"], [], ["Both"]]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("nonsense.value=1", 400),
        ("role%5B0%5D.tag.tag=Ann", 400),
        ("year.value=soon", 500),
        ("originallyAvailableAt.value=2010-99-99", 500),
    ],
)
def test_nonsense_is_refused(plex: httpx2.Client, query: str, status: int) -> None:
    before = held(plex)
    assert edit(plex, query).status_code == status
    assert held(plex) == before


def test_unknown_items_and_sections_are_not_found(plex: httpx2.Client) -> None:
    assert edit(plex, "title.value=x", 999).status_code == 404
    assert plex.put("/library/metadata/999?title.value=x").status_code == 404
    assert plex.put("/library/sections/9/all?type=1&id=101&title.value=x").status_code == 404
    assert plex.put(f"{ALL}?type=1&id=&title.value=x").status_code == 400


def test_an_empty_value_clears_a_field(plex: httpx2.Client) -> None:
    edit(plex, "tagline.value=Words&summary.value=More&year.value=2011")
    edit(plex, "tagline.value=&summary.value=&year.value=")
    item = details(plex)
    assert "tagline" not in item
    assert "year" not in item
    assert item["summary"] == ""


def test_locks_are_set_and_lifted_alone(plex: httpx2.Client) -> None:
    edit(plex, "thumb.locked=1&title.locked=1")
    assert locks(details(plex)) == {"thumb", "title"}
    edit(plex, "thumb.locked=0")
    assert locks(details(plex)) == {"title"}


def test_tags_are_added_to_those_that_are_there(plex: httpx2.Client) -> None:
    edit(plex, "genre%5B0%5D.tag.tag=One&genre%5B1%5D.tag.tag=Two")
    edit(plex, "genre%5B0%5D.tag.tag=Three")
    assert tags(details(plex), "Genre") == ["One", "Two", "Three"]


def test_a_server_may_replace_tags_instead(plex: httpx2.Client) -> None:
    switch(plex, tag_mode="replace")
    edit(plex, "genre%5B0%5D.tag.tag=One&genre%5B1%5D.tag.tag=Two")
    edit(plex, "genre%5B0%5D.tag.tag=Three")
    assert tags(details(plex), "Genre") == ["Three"]


def test_a_removal_is_decoded_twice(plex: httpx2.Client) -> None:
    edit(plex, "genre%5B0%5D.tag.tag=a%2Cb&genre%5B1%5D.tag.tag=a&genre%5B2%5D.tag.tag=b")
    edit(plex, "genre%5B%5D.tag.tag-=a%252Cb")
    assert tags(details(plex), "Genre") == ["a", "b"]
    edit(plex, "genre%5B%5D.tag.tag-=a%2Cb")
    assert tags(details(plex), "Genre") == []


def test_a_server_may_honour_only_the_first_removal(plex: httpx2.Client) -> None:
    switch(plex, multi_removal="first")
    edit(plex, "genre%5B0%5D.tag.tag=a&genre%5B1%5D.tag.tag=b")
    edit(plex, "genre%5B%5D.tag.tag-=a%2Cb")
    assert tags(details(plex), "Genre") == ["b"]


def test_all_tags_of_a_kind_go_at_once(plex: httpx2.Client) -> None:
    edit(plex, "genre%5B0%5D.tag.tag=a&genre%5B1%5D.tag.tag=b&label%5B0%5D.tag.tag=c")
    edit(plex, "genre%5B%5D.tag=")
    item = details(plex)
    assert (tags(item, "Genre"), tags(item, "Label")) == ([], ["c"])


def test_a_tag_keeps_the_capitals_of_its_first_use(plex: httpx2.Client) -> None:
    edit(plex, "label%5B0%5D.tag.tag=Watch%20me")
    edit(plex, "label%5B0%5D.tag.tag=WATCH%20ME", 102)
    first, second = details(plex)["Label"][0], details(plex, 102)["Label"][0]
    assert first == second
    assert first["tag"] == "Watch me"


def test_a_server_may_capitalize_labels(plex: httpx2.Client) -> None:
    switch(plex, labels_capitalized=True)
    edit(plex, "label%5B0%5D.tag.tag=mine")
    assert tags(details(plex), "Label") == ["Mine"]


def test_a_picture_belongs_to_the_person_and_a_role_to_the_item(plex: httpx2.Client) -> None:
    edit(plex, "actor%5B0%5D.tag.tag=Ann&actor%5B0%5D.tagging.text=Hero")
    edit(plex, "actor%5B0%5D.tag.tag=Ann&actor%5B0%5D.tag.thumb=http%3A%2F%2Fpictures%2Fann", 102)
    first, second = details(plex)["Role"][0], details(plex, 102)["Role"][0]
    assert first["thumb"] == second["thumb"] == "http://pictures/ann"
    assert first["role"] == "Hero"
    assert "role" not in second
    edit(plex, "actor%5B0%5D.tag.tag=Ann")
    assert "role" not in details(plex)["Role"][0]


def test_a_server_may_move_a_tag_that_is_added_again(plex: httpx2.Client) -> None:
    again = "genre%5B0%5D.tag.tag=C&genre%5B1%5D.tag.tag=A"
    edit(plex, "genre%5B0%5D.tag.tag=A&genre%5B1%5D.tag.tag=B&genre%5B2%5D.tag.tag=C")
    edit(plex, again)
    assert tags(details(plex), "Genre") == ["A", "B", "C"]
    switch(plex, tags_move=True)
    edit(plex, again)
    assert tags(details(plex), "Genre") == ["B", "C", "A"]


def test_an_agent_may_give_its_people_its_own_pictures_in_all_libraries(plex: httpx2.Client) -> None:
    item = next(item for path, item in plex.get("/_sim/items").json().items() if path.startswith("/plex/movies"))
    key, name = int(item["ratingKey"]), item["actors"][0]
    edit(plex, f"actor%5B0%5D.tag.tag={quote(name)}&actor%5B0%5D.tag.thumb=http%3A%2F%2Fours")
    plex.put(f"/library/metadata/{key}/refresh")
    assert held(plex)["thumbs"] == {name: "http://ours"}
    switch(plex, agent_portraits=True)
    plex.put(f"/library/metadata/{key}/refresh")
    assert held(plex)["thumbs"][name].startswith("https://agent.example/people/")


def test_a_plus_may_be_a_space_or_itself(plex: httpx2.Client) -> None:
    edit(plex, "title.value=a+b")
    assert details(plex)["title"] == "a b"
    switch(plex, plus_is_space=False)
    edit(plex, "title.value=a+b%2Bc")
    assert details(plex)["title"] == "a+b+c"


def test_the_date_may_drive_the_year(plex: httpx2.Client) -> None:
    edit(plex, "originallyAvailableAt.value=1999-02-03")
    assert details(plex)["year"] == 2010
    switch(plex, date_drives_year=True)
    edit(plex, "originallyAvailableAt.value=1998-02-03")
    assert details(plex)["year"] == 1998


def test_ratings_go_by_their_own_route_and_do_not_move_the_time(plex: httpx2.Client) -> None:
    before = details(plex)
    assert plex.put("/:/rate?key=101&identifier=com.plexapp.plugins.library&rating=7.5").status_code == 200
    item = details(plex)
    assert item["userRating"] == 7.5
    assert item["updatedAt"] == before["updatedAt"]
    plex.put("/:/rate?key=101&identifier=com.plexapp.plugins.library&rating=-1")
    assert "userRating" not in details(plex)
    assert plex.put("/:/rate?key=999&rating=1").status_code == 404
    assert plex.put("/:/rate?key=101").status_code == 400
    assert plex.put("/:/rate?key=101&rating=1&ratedAt=99999999999").status_code == 400


def test_a_request_line_may_not_be_too_long(plex: httpx2.Client) -> None:
    start = f"{ALL}?type=1&id=101&summary.value="
    room = 8192 - len(f"PUT {start} HTTP/1.1")
    assert plex.put(start + "x" * room).status_code == 200
    assert plex.put(start + "x" * (room + 1)).status_code == 414
    assert details(plex)["summary"] == "x" * room
    switch(plex, url_limit=None)
    assert plex.put(start + "y" * 20_000).status_code == 200


def test_repeats_are_counted(plex: httpx2.Client) -> None:
    plex.delete("/_sim/requests")
    edit(plex, "title.value=New&genre%5B0%5D.tag.tag=One")
    edit(plex, "title.value=New&genre%5B0%5D.tag.tag=One")
    plex.post("/library/metadata/101/posters", content=b"picture")
    plex.post("/library/metadata/101/posters", content=b"picture")
    log = plex.get("/_sim/requests").json()
    assert [log[key] for key in ("writes", "uploads", "repeats")] == [2, 2, 2]


def test_a_user_edits_in_plex_and_locks(plex: httpx2.Client) -> None:
    plex.put("/_sim/items/101", json={"title": "By hand", "genres": ["A", "B"], "locks": {"title": False}})
    item = held(plex)
    assert (item["title"], item["genres"], item["locks"]) == ("By hand", ["A", "B"], ["genre"])
    plex.put("/_sim/items/101", json={"genres": ["B"], "lock": False})
    assert held(plex)["genres"] == ["B"]
    assert plex.put("/_sim/items/101", json={"nonsense": 1}).status_code == 400
    plex.put("/_sim/items/101", json={"actors": ["Ann", {"name": "Bo", "role": "Hero", "thumb": "http://bo"}]})
    item = held(plex)
    assert (item["roles"], item["thumbs"]) == ({"Ann": "", "Bo": "Hero"}, {"Ann": "", "Bo": "http://bo"})


def test_collections_appear_with_their_first_item_and_vanish_with_their_last(plex: httpx2.Client) -> None:
    edit(plex, "collection%5B0%5D.tag.tag=Films")
    found = plex.get("/library/sections/1/collections").json()["MediaContainer"]["Metadata"]
    assert [(entry["title"], entry["childCount"]) for entry in found] == [("Films", "1")]
    edit(plex, "collection%5B%5D.tag.tag-=Films")
    assert plex.get("/library/sections/1/collections").json()["MediaContainer"]["size"] == 0


def test_an_empty_collection_may_stay(plex: httpx2.Client) -> None:
    switch(plex, empty_collections_vanish=False)
    edit(plex, "collection%5B0%5D.tag.tag=Films")
    edit(plex, "collection%5B%5D.tag.tag-=Films")
    assert plex.get("/_sim/collections").json()["Films"]["members"] == []


def test_a_collection_does_not_take_the_name_of_another(plex: httpx2.Client) -> None:
    edit(plex, "collection%5B0%5D.tag.tag=One&collection%5B1%5D.tag.tag=Two")
    key = plex.get("/_sim/collections").json()["One"]["ratingKey"]
    assert plex.put(f"/library/sections/1/all?type=18&id={key}&title.value=Two").status_code == 409
    assert plex.put(f"/library/sections/1/all?type=18&id={key}&title.value=Three").status_code == 200
    assert tags(details(plex), "Collection") == ["Three", "Two"]


NAMES = st.text(st.sampled_from(string.printable.strip() + " äß語,%+&="), min_size=1, max_size=12).map(
    lambda name: name.strip()
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(wanted=st.lists(NAMES.filter(bool), max_size=6, unique_by=str.lower), data=st.data())
def test_what_is_added_and_then_partly_removed_leaves_the_rest(wanted: list[str], data: st.DataObject) -> None:
    dropped = data.draw(st.lists(st.sampled_from(wanted), unique=True)) if wanted else []
    adds = "&".join(f"genre%5B{at}%5D.tag.tag={quote(name, safe='')}" for at, name in enumerate(wanted))
    removal = quote(",".join(quote(name, safe="") for name in dropped), safe="")
    app = create_app(PlexOptions(items=1))
    with serving(app) as server:
        headers = {"X-Plex-Token": "sim-plex-token", "Accept": "application/json"}
        with httpx2.Client(base_url=server.url, headers=headers, verify=False) as client:
            edit(client, adds)
            edit(client, f"genre%5B%5D.tag.tag-={removal}")
            assert tags(details(client), "Genre") == [name for name in wanted if name not in dropped]
