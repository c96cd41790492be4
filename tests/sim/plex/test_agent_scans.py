"""A library with a metadata provider asks that one about new files and at each refresh, as a real server does."""

from __future__ import annotations

from hashlib import sha1
from pathlib import Path, PurePosixPath
from typing import Any

import httpx2
import pytest

from plexsync.sim.plex import PlexOptions, create_app
from plexsync.sim.plex.pictures import frame
from plexsync.sim.serving import serving
from sim.plex.asking import details, locks, switch, tags
from sim.plex.provider import IDENTIFIER, Films, appear, assign, attach, kept, refresh, scan, settled

WHOLE = {
    "title": "Sintel",
    "titleSort": "Sintel 1",
    "originalTitle": "Durian",
    "summary": "A *young* woman looks for a dragon.",
    "tagline": "An open movie",
    "studio": "Blender Foundation",
    "contentRating": "gb/12",
    "year": 2010,
    "Genre": [{"tag": "Saga"}, {"tag": "Dragon tale"}],
    "Country": [{"tag": "Netherlands"}],
    "Collection": [{"tag": "Open films"}],
    "Director": [{"tag": "Colin Levy", "role": "Director"}],
    "Guid": [{"id": "imdb://tt1727587"}],
    "Rating": [
        {"image": "x://image.rating", "type": "audience", "value": 7.4},
        {"image": "x://image.rating", "type": "critic", "value": 8},
    ],
    "Role": [{"tag": "Thom", "order": 2}, {"tag": "Halina", "role": "Sintel", "order": 1}],
}


def test_a_new_file_is_matched_and_told_of(plex: httpx2.Client, films: Films) -> None:
    attach(plex, films)
    switch(plex, refuse_private_images=False, first_genre_only=False)
    film = films.film("om-3", **WHOLE)
    film |= {"thumb": films.picture("poster"), "art": films.picture("back")}
    film["Role"][1]["thumb"] = films.picture("halina")
    appear(plex, "Open (2010)/om-3.mp4")
    scan(plex)
    item = kept(plex, "Open (2010)/om-3.mp4")
    plain = {name: item[name] for name in ("title", "titleSort", "originalTitle", "tagline", "studio", "year")}
    assert plain == {name: WHOLE[name] for name in plain}
    assert (item["guid"], item["audienceRating"], item["rating"]) == (f"{IDENTIFIER}://movie/om-3", 7.4, 8.0)
    assert (item["genres"], item["collections"]) == (["Saga", "Dragon tale"], ["Open films"])
    assert item["roles"] == {"Halina": "Sintel", "Thom": ""}
    assert item["thumbs"] == {"Halina": films.picture("halina"), "Thom": ""}
    assert item["posterSha1"] == sha1(picture("poster")).hexdigest()
    assert item["locks"] == []
    shown = details(plex, int(item["ratingKey"]))
    assert (shown["guid"], shown["Guid"]) == (f"{IDENTIFIER}://movie/om-3", [{"id": "imdb://tt1727587"}])
    assert (tags(shown, "Role"), tags(shown, "Country")) == (["Halina", "Thom"], ["Netherlands"])
    assert plex.get(shown["thumb"]).content == picture("poster")
    assert plex.get(shown["art"]).content == picture("back")
    collections = plex.get("/_sim/collections").json()
    assert collections["Open films"]["members"] == ["/plex/movies/Open (2010)/om-3.mp4"]


def picture(name: str) -> bytes:
    return frame(int.from_bytes(f"{name}.png".encode()[:3], "big"))


def test_a_provider_is_asked_as_a_real_server_asks(plex: httpx2.Client, films: Films) -> None:
    attach(plex, films)
    switch(plex, refuse_private_images=False)
    films.film("om-3", thumb=films.picture("poster"), Image=[{"type": "coverPoster", "url": films.picture("other")}])
    appear(plex, "Open/om-3.2010.mp4", "Open/om-3.mp4")
    films.asked.clear()
    switch(plex, provider_parallel=1)
    scan(plex)
    assert films.asked[0]["path"] == "/films/library/metadata/matches"
    assert films.asked[0]["body"] == {"type": 1, "title": "om-3", "year": 2010, "filename": "Open/om-3.2010.mp4"}
    assert [(one["method"], one["path"].removeprefix("/films")) for one in films.asked[1:]] == [
        ("POST", "/library/metadata/matches"),
        ("GET", "/library/metadata/om-3"),
        ("GET", "/pictures/poster.png".removeprefix("/films")),
        ("GET", "/pictures/other.png".removeprefix("/films")),
        ("GET", "/library/metadata/om-3/extras"),
    ]
    assert films.asked[2]["query"] == {
        "includeChildren": "1",
        "updating": "1",
        "X-Plex-Country": "US",
        "X-Plex-Language": "en-US",
        "X-Plex-Text-Format": "markdown",
    }
    assert films.asked[0]["headers"]["x-plex-language"] == "en-US"
    assert {one["version"] for one in films.asked} == {"1.1"}
    assert all("x-plex-token" not in one["headers"] for one in films.asked)


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("relative", "Open/om-3.mp4"),
        ("slash", "/Open/om-3.mp4"),
        ("folder", "movies/Open/om-3.mp4"),
        ("backslashes", "Open\\om-3.mp4"),
        ("absolute", "/plex/movies/Open/om-3.mp4"),
    ],
)
def test_a_file_is_told_in_every_form(plex: httpx2.Client, films: Films, form: str, told: str) -> None:
    attach(plex, films)
    switch(plex, provider_filename=form, include_adult=True)
    films.film("om-3")
    appear(plex, "Open/om-3.mp4")
    scan(plex)
    assert films.asked_for("matches")[0]["body"]["filename"] == told
    assert films.asked_for("matches")[0]["body"]["includeAdult"] == 1
    assert kept(plex, "Open/om-3.mp4")["title"] == "Film om-3"


def test_a_file_that_nobody_knows_stays_unmatched_until_a_refresh(plex: httpx2.Client, films: Films) -> None:
    attach(plex, films)
    appear(plex, "later.mp4")
    scan(plex)
    item = kept(plex, "later.mp4")
    assert (item["guid"], item["title"]) == (f"local://{item['ratingKey']}", "later")
    films.film("later")
    scan(plex)
    assert len(films.asked_for("matches")) == 1
    refresh(plex, item)
    found = kept(plex, "later.mp4")
    assert (found["title"], found["ratingKey"]) == ("Film later", item["ratingKey"])


def test_a_refresh_takes_what_is_told_and_empties_what_is_not(plex: httpx2.Client, films: Films) -> None:
    attach(plex, films)
    films.film("om-3", **WHOLE)
    appear(plex, "om-3.mp4")
    scan(plex)
    item = kept(plex, "om-3.mp4")
    assert item["genres"] == ["Saga"]
    films.film("om-3", title="Renamed", originallyAvailableAt="", Director=[{"tag": "Ann"}])
    refresh(plex, item)
    found = kept(plex, "om-3.mp4")
    empty = ("summary", "tagline", "studio", "contentRating", "titleSort", "audienceRating", "originallyAvailableAt")
    assert {found[name] for name in empty} == {None}
    assert (found["title"], found["year"], found["directors"]) == ("Renamed", None, ["Ann"])
    assert (found["genres"], found["actors"], found["collections"], found["countries"]) == ([], [], [], [])
    assert plex.get("/_sim/collections").json() == {}
    assert len(films.asked_for("matches")) == 1
    assert found["updatedAt"] >= item["updatedAt"]


def test_locked_fields_stay_through_a_refresh(plex: httpx2.Client, films: Films) -> None:
    attach(plex, films)
    films.film("om-3", **WHOLE)
    appear(plex, "om-3.mp4")
    scan(plex)
    item = kept(plex, "om-3.mp4")
    by_hand = {"summary": "Mine", "genres": ["Mine"], "labels": ["Kept"], "collections": ["Both"], "userRating": 8}
    plex.put(f"/_sim/items/{item['ratingKey']}", json=by_hand | {"locks": {"studio": True, "director": True}})
    plex.put(f"/_sim/items/{item['ratingKey']}", json={"tagline": "Gone", "actors": ["Gone"], "lock": False})
    plex.put(f"/library/metadata/{item['ratingKey']}?collection.locked=0&label.locked=0&userRating.locked=0")
    plex.post(f"/library/metadata/{item['ratingKey']}/posters", content=b"mine")
    films.film("om-3", title="New", Collection=[{"tag": "Told"}], Role=[{"tag": "Ann"}])
    refresh(plex, item)
    found = kept(plex, "om-3.mp4")
    assert (found["summary"], found["genres"], found["labels"], found["userRating"]) == ("Mine", ["Mine"], ["Kept"], 8)
    assert (found["studio"], found["directors"]) == ("Blender Foundation", ["Colin Levy"])
    assert (found["title"], found["tagline"], found["actors"]) == ("New", None, ["Ann"])
    assert found["collections"] == ["Both", "Told"]
    assert found["posterSha1"] == sha1(b"mine").hexdigest()


def test_a_forced_scan_refreshes_every_item_and_finds_new_files(plex: httpx2.Client, films: Films) -> None:
    attach(plex, films)
    films.film("a")
    appear(plex, "a.mp4")
    scan(plex)
    films.film("a", title="Again")
    films.film("b")
    appear(plex, "b.mp4")
    scan(plex, force="1")
    assert (kept(plex, "a.mp4")["title"], kept(plex, "b.mp4")["title"]) == ("Again", "Film b")


def test_a_library_that_is_converted_keeps_keys_views_and_locks(plex: httpx2.Client, films: Films) -> None:
    before = plex.get("/library/sections/2/all").json()["MediaContainer"]["Metadata"]
    path = before[0]["Media"][0]["Part"][0]["file"].removeprefix("/plex/movies/")
    key = int(before[0]["ratingKey"])
    plex.put(f"/:/scrobble?key={key}")
    plex.put(f"/library/metadata/{key}?title.value=Locked&title.locked=1&tagline.value=Unlocked&director.locked=1")
    attach(plex, films)
    films.files[PurePosixPath(path).stem] = "told"
    films.film("told", title="Told", summary="Told", Director=[{"tag": "Told"}])
    scan(plex)
    assert films.asked_for("matches") == []
    assert details(plex, key)["guid"] == before[0]["guid"]
    scan(plex, force="1")
    found = details(plex, key)
    assert found["guid"].startswith(f"{IDENTIFIER}://movie/")
    assert (found["title"], found["summary"], "tagline" in found) == ("Locked", "Told", False)
    assert (found["viewCount"], locks(found)) == (1, {"title", "director"})
    assert tags(found, "Director") != ["Told"]
    assert "studio" not in found
    others = plex.get("/library/sections/2/all").json()["MediaContainer"]["Metadata"]
    assert {one["ratingKey"] for one in others} == {one["ratingKey"] for one in before}
    unknown = next(one for one in others if int(one["ratingKey"]) != key)
    assert unknown["guid"] == next(one["guid"] for one in before if one["ratingKey"] == unknown["ratingKey"])


def test_a_library_of_other_videos_is_converted_and_goes_back(plex: httpx2.Client, films: Films) -> None:
    path = details(plex, 101)["Media"][0]["Part"][0]["file"]
    guid = details(plex, 101)["guid"]
    attach(plex, films, section=1)
    films.files[PurePosixPath(path).stem] = "told"
    films.film("told", title="Told", Genre=[{"tag": "Told"}])
    assert details(plex, 101)["guid"] == guid
    scan(plex, 1, force="1")
    assert (details(plex, 101)["title"], "subtype" in details(plex, 101)) == ("Told", False)
    assign(plex, "com.plexapp.agents.none", section=1)
    assert details(plex, 101)["title"] == "Told"
    scan(plex, 1, force="1")
    found = details(plex, 101)
    assert (found["guid"], found["title"], tags(found, "Genre")) == (guid, "Sintel", [])
    assert found["subtype"] == "clip"


def test_a_scan_answers_at_once_and_goes_on_until_all_is_asked(plex: httpx2.Client, films: Films) -> None:
    attach(plex, films)
    films.film("slow")
    films.seconds = 0.4
    appear(plex, "slow.mp4")
    plex.post("/library/sections/2/refresh")
    assert section(plex)["refreshing"] is True
    assert plex.get("/activities").json()["MediaContainer"]["Activity"][0]["type"] == "library.update.section"
    item = kept(plex, "slow.mp4")
    assert item["guid"].startswith("local://")
    settled(plex)
    assert section(plex)["refreshing"] is False
    assert plex.get("/activities").json()["MediaContainer"].get("Activity", []) == []
    assert kept(plex, "slow.mp4")["title"] == "Film slow"


def section(plex: httpx2.Client) -> dict[str, Any]:
    found: dict[str, Any] = plex.get("/library/sections").json()["MediaContainer"]["Directory"][1]
    return found


@pytest.mark.parametrize("parallel", [1, 3, 8])
def test_so_many_requests_are_made_at_once_and_no_more(plex: httpx2.Client, films: Films, parallel: int) -> None:
    attach(plex, films)
    switch(plex, provider_parallel=parallel)
    names = [f"film-{number}" for number in range(24)]
    for name in names:
        films.film(name)
    appear(plex, *(f"{name}.mp4" for name in names))
    films.gather, films.most_at_once = parallel, 0
    scan(plex)
    assert films.most_at_once == parallel
    assert {kept(plex, f"{name}.mp4")["title"] for name in names} == {f"Film {name}" for name in names}
    assert len(films.asked_for("matches")) == len(names)


def test_a_refresh_that_is_asked_for_twice_is_done_once_more_at_most(plex: httpx2.Client, films: Films) -> None:
    attach(plex, films)
    films.film("a")
    appear(plex, "a.mp4")
    scan(plex)
    item = kept(plex, "a.mp4")
    films.asked.clear()
    films.seconds = 0.1
    for _ in range(5):
        plex.put(f"/library/metadata/{item['ratingKey']}/refresh")
    settled(plex)
    assert 1 <= len(films.asked_for("/metadata/a")) <= 2
    assert films.most_at_once == 1


def test_chance_refreshes_the_same_items_for_the_same_seed(plex: httpx2.Client, films: Films) -> None:
    attach(plex, films)
    for name in "abcdef":
        films.film(name)
        appear(plex, f"{name}.mp4")
    scan(plex)
    films.asked.clear()
    wanted = {"items": 5, "seed": 3, "section": "2"}
    first, again = (plex.post("/_sim/refreshes", json=wanted).json()["ratingKeys"] for _ in range(2))
    other = plex.post("/_sim/refreshes", json=wanted | {"seed": 4}).json()["ratingKeys"]
    assert first == again != other
    assert len(set(first)) == 5
    settled(plex)
    assert plex.post("/_sim/refreshes", json={"items": 999}).json()["ratingKeys"].count("101") == 1
    settled(plex)


def test_pictures_are_fetched_once_for_each_address(plex: httpx2.Client, films: Films) -> None:
    attach(plex, films)
    switch(plex, refuse_private_images=False)
    films.film("a", thumb=films.picture("one"))
    appear(plex, "a.mp4")
    scan(plex)
    item = kept(plex, "a.mp4")
    link = details(plex, int(item["ratingKey"]))["thumb"]
    refresh(plex, item)
    assert len(films.asked_for("one.png")) == 1
    assert details(plex, int(item["ratingKey"]))["thumb"] == link
    films.film("a", thumb=films.picture("two"))
    refresh(plex, item)
    assert details(plex, int(item["ratingKey"]))["thumb"] != link
    listed = plex.get(f"/library/metadata/{item['ratingKey']}/posters").json()["MediaContainer"]["Metadata"]
    assert [one["selected"] for one in listed] == [False, False, True]
    assert listed[2]["ratingKey"].startswith(f"metadata://posters/{IDENTIFIER}_")
    plex.put(f"/library/metadata/{item['ratingKey']}/poster", params={"url": listed[1]["ratingKey"]})
    assert kept(plex, "a.mp4")["posterUrl"] == films.picture("one")
    films.film("a", thumb=films.picture("two"), title="Again")
    refresh(plex, item)
    assert kept(plex, "a.mp4")["posterUrl"] == films.picture("one")
    assert kept(plex, "a.mp4")["title"] == "Again"


@pytest.mark.parametrize("switched", [{}, {"refuse_private_images": False, "image_by_url": True}])
def test_the_address_of_a_picture_may_be_kept_without_the_picture(
    plex: httpx2.Client, films: Films, switched: dict[str, bool]
) -> None:
    attach(plex, films)
    switch(plex, **switched)
    films.film("a", thumb=films.picture("poster"))
    appear(plex, "a.mp4")
    scan(plex)
    assert films.asked_for(".png") == []
    item = kept(plex, "a.mp4")
    assert (item["posterUrl"], item["posterSha1"]) == (films.picture("poster"), None)
    shown = details(plex, int(item["ratingKey"]))
    assert plex.get(shown["thumb"]).status_code == 404
    listed = plex.get(f"/library/metadata/{item['ratingKey']}/posters").json()["MediaContainer"]["Metadata"]
    assert [one["ratingKey"] for one in listed if one["selected"]] == [films.picture("poster")]
    plex.post(f"/library/metadata/{item['ratingKey']}/posters", content=b"uploaded")
    refresh(plex, item)
    assert kept(plex, "a.mp4")["posterSha1"] == sha1(b"uploaded").hexdigest()
    switch(plex, refuse_private_images=False, image_by_url=False)
    plex.put(f"/library/metadata/{item['ratingKey']}?thumb.locked=0")
    refresh(plex, item)
    assert kept(plex, "a.mp4")["posterSha1"] == sha1(picture("poster")).hexdigest()


def test_faces_are_fetched_when_somebody_asks_for_them(plex: httpx2.Client, films: Films) -> None:
    attach(plex, films)
    switch(plex, refuse_private_images=False)
    films.film("a", Role=[{"tag": "Ann", "thumb": films.picture("ann")}])
    appear(plex, "a.mp4")
    scan(plex)
    assert films.asked_for("ann.png") == []
    (role,) = details(plex, int(kept(plex, "a.mp4")["ratingKey"]))["Role"]
    answer = plex.get("/photo/:/transcode", params={"url": role["thumb"], "width": 100, "height": 100})
    assert (answer.content, answer.headers["content-type"]) == (picture("ann"), "image/png")
    assert len(films.asked_for("ann.png")) == 1
    for wrong in (films.picture("ann")[:-4], "http://127.0.0.1:1/", "http://", "file:///etc/passwd", ""):
        assert plex.get("/photo/:/transcode", params={"url": wrong}).status_code == 404
    switch(plex, refuse_private_images=True)
    assert plex.get("/photo/:/transcode", params={"url": role["thumb"]}).status_code == 404


def test_a_refresh_may_ask_for_a_match_too_and_not_heed_it(plex: httpx2.Client, films: Films) -> None:
    attach(plex, films)
    films.film("a")
    appear(plex, "a.mp4")
    scan(plex)
    switch(plex, rematch_on_refresh=True)
    films.films["moved"] = films.films.pop("a") | {"guid": f"{IDENTIFIER}://movie/moved"}
    films.film("a", guid=f"{IDENTIFIER}://movie/other", title="Still")
    refresh(plex, kept(plex, "a.mp4"))
    assert len(films.asked_for("matches")) == 2
    assert (kept(plex, "a.mp4")["guid"], kept(plex, "a.mp4")["title"]) == (f"{IDENTIFIER}://movie/a", "Still")


def test_a_scan_can_be_cancelled_while_providers_are_asked(plex: httpx2.Client, films: Films) -> None:
    attach(plex, films)
    switch(plex, provider_parallel=1)
    names = [f"film-{number}" for number in range(5)]
    for name in names:
        films.film(name)
    appear(plex, *(f"{name}.mp4" for name in names))
    films.seconds = 0.2
    plex.post("/library/sections/2/refresh")
    plex.delete("/library/sections/2/refresh")
    assert section(plex)["refreshing"] is False
    settled(plex)
    assert len(films.asked_for("matches")) == 1


def test_a_scan_that_is_held_up_ends_when_it_may(plex: httpx2.Client, films: Films) -> None:
    attach(plex, films)
    films.film("a")
    appear(plex, "a.mp4")
    switch(plex, scan_hold=True)
    scan(plex, force="1")
    assert section(plex)["refreshing"] is True
    switch(plex, scan_hold=False)
    settled(plex)
    assert section(plex)["refreshing"] is False
    assert kept(plex, "a.mp4")["title"] == "Film a"


def test_a_library_without_files_is_done_at_once(plex: httpx2.Client, films: Films) -> None:
    attach(plex, films)
    plex.post("/_sim/sections", json={"title": "Empty", "path": "/plex/empty", "agent": IDENTIFIER, "group": 5})
    plex.post("/library/sections/3/refresh?force=1")
    plex.post("/library/sections/all/refresh")
    assert not any(one["refreshing"] for one in plex.get("/library/sections").json()["MediaContainer"]["Directory"])
    assert films.asked_for("matches") == []


def test_what_providers_told_outlives_the_process(tmp_path: Path, films: Films) -> None:
    options = PlexOptions(items=2, section_count=2, movies=2, state=tmp_path)
    headers = {"X-Plex-Token": "sim-plex-token", "Accept": "application/json"}
    seen = []
    for number in range(3):
        with (
            serving(create_app(options)) as server,
            httpx2.Client(base_url=server.url, headers=headers, timeout=30, verify=False) as plex,
        ):
            if number == 0:
                attach(plex, films)
                switch(plex, refuse_private_images=False)
                films.film("om-3", **WHOLE, thumb=films.picture("poster"))
                appear(plex, "om-3.mp4")
                scan(plex, force="1")
            key = int(kept(plex, "om-3.mp4")["ratingKey"])
            shown = details(plex, key)
            found = plex.get("/_sim/items").json(), plex.get("/_sim/collections").json()
            seen.append((found, shown, plex.get(shown["thumb"]).content))
            if number == 2:
                refresh(plex, kept(plex, "om-3.mp4"))
                assert kept(plex, "om-3.mp4")["posterSha1"] == sha1(picture("poster")).hexdigest()
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][2] == picture("poster")
