"""What Plex is told of a scene: the values of a sync, and nothing that is switched off."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from pictures import data_url, form, picture
from plexsync.store import preferences
from provider.desk import MATCHES, Desk, desk


def with_rules(folder: Path, lines: str) -> None:
    """Settings that no variable can hold."""
    (folder / "data").mkdir()
    (folder / "data" / "plexsync.toml").write_text(lines)


def test_every_field_that_stash_can_fill_is_told(tmp_path: Path) -> None:
    with_rules(
        tmp_path,
        """
        people_pictures = "always"
        url_from_plex = "http://plexsync.lan:9797"
        sync_background = true
        [rules]
        sort_title = "{studio} {title}"
        tagline = "by {director}"
        content_rating = "XXX"
        collections = ["studio", "groups"]
        collection_pictures = true
        picture_shape = "poster"
        """,
    )
    with desk(tmp_path) as one:
        for kind, name in (("performer", "Ann"), ("group", "Series"), ("studio", "House")):
            key = "front_image" if kind == "group" else "image"
            one.stash.post("/_sim/named", json={"kind": kind, "name": name, key: data_url(picture(name))})
        one.edit(
            1,
            title="One",
            studio="House",
            groups=["Series"],
            performers=["Ann", "Ben"],
            rating100=85,
            urls=["https://www.imdb.com/title/tt1727587/", "https://www.themoviedb.org/movie/45745-sintel"],
        )
        item = one.item(1)
        assert item["titleSort"] == "House One"
        assert item["tagline"].startswith("by ")
        assert (item["contentRating"], item["isAdult"]) == ("XXX", True)
        assert [one["tag"] for one in item["Collection"]] == ["House", "Series"]
        assert all(one["thumb"].startswith("http://plexsync.lan:9797/art/") for one in item["Collection"])
        assert item["Rating"][0]["value"] == 8.5
        assert item["Guid"] == [{"id": "imdb://tt1727587"}, {"id": "tmdb://45745"}]
        ann, ben = item["Role"]
        assert (ann["tag"], ann["order"], ben["tag"]) == ("Ann", 1, "Ben")
        assert "thumb" not in ben
        for address, size in ((item["thumb"], (320, 480)), (item["art"], (320, 180)), (ann["thumb"], (640, 360))):
            with one.door.client(key=None) as plex:
                got = plex.get(address.replace("http://plexsync.lan:9797", one.door.url))
            assert got.headers["content-type"] == "image/jpeg"
            assert form(got.content) == ("JPEG", size)
        assert [(image["type"], image["url"]) for image in item["Image"]] == [
            ("coverPoster", item["thumb"]),
            ("background", item["art"]),
        ]


def test_pictures_are_fetched_where_plex_reached_us_unless_told_otherwise(own: Desk) -> None:
    address = own.item(1)["thumb"]
    assert address.startswith(f"{own.door.url}/art/scene/1/")
    with httpx2.Client(verify=False) as plex:
        whole, head = plex.get(address), plex.head(address)
        assert whole.status_code == head.status_code == 200
        assert head.headers["content-length"] == str(len(whole.content))
        again = plex.get(address, headers={"If-None-Match": whole.headers["etag"]})
        assert again.status_code == 304
        for wrong in (address.replace("/scene/1/", "/scene/2/"), address.replace(".jpg", "0.jpg"), address[:-6]):
            assert plex.get(wrong).status_code == 404


def test_the_address_of_a_picture_moves_with_the_picture(own: Desk) -> None:
    before = own.item(1)["thumb"]
    own.edit(1, cover_image=data_url(picture("another")), updated_at="2031-01-01T00:00:00Z")
    own.later()
    after = own.item(1)["thumb"]
    assert before != after
    with httpx2.Client(verify=False) as plex:
        assert plex.get(after).content == plex.get(before).content == picture("another")


def test_what_is_switched_off_is_not_told_and_the_title_always_is(tmp_path: Path) -> None:
    off = ("title", "summary", "tags", "performers", "studio", "cover", "date")
    with_rules(tmp_path, "".join(f"sync_{name} = false\n" for name in off))
    with desk(tmp_path) as one:
        item = one.item(1)
        assert item["title"]
        assert item["originallyAvailableAt"] == ""
        hidden = {"summary", "Genre", "Role", "studio", "Studio", "thumb", "Image", "year"}
        assert not hidden & set(item)
        assert "Director" in item


def test_the_master_switch_is_about_writing(tmp_path: Path) -> None:
    with desk(tmp_path, sync_enabled="false") as one:
        assert {"summary", "Genre", "Role", "studio"} <= set(one.item(1))


def test_a_bare_scene_has_the_name_of_its_file(own: Desk) -> None:
    scene = own.file("/data/new/Some Film.mp4")
    item = own.item(scene)
    assert item["title"] == "Some Film"
    assert item["originallyAvailableAt"] == ""
    assert not {"summary", "Genre", "Role", "Rating", "Guid", "Collection"} & set(item)


def test_markup_of_a_summary_does_not_reach_plex(own: Desk) -> None:
    own.edit(1, details="# Big\n**bold** <b>x</b> [a](http://b/c) &amp; `code`")
    assert own.item(1)["summary"] == "Big\nbold x a & code"


def test_the_rules_of_the_library_that_holds_the_file_count(tmp_path: Path) -> None:
    with_rules(tmp_path, '[rules]\ntagline = "all"\n[rules.library."Two"]\ntagline = "two"\n')
    with desk(tmp_path, rules="/plex/one => /data/one\n/plex/two => /data/two") as one:
        one.libraries(["/plex/one"], ["/plex/two"], titles=["One", "Two"])
        first, second = one.file("/data/one/a/b.mp4"), one.file("/data/two/a/c.mp4")
        assert (one.item(first)["tagline"], one.item(second)["tagline"]) == ("all", "two")


def test_so_they_do_where_plex_and_stash_have_one_path_for_it(tmp_path: Path) -> None:
    with_rules(tmp_path, '[rules.library."Two"]\ntagline = "two"\nonly_organized = true\n')
    with desk(tmp_path, rules="") as one:
        one.libraries(["/data/one"], ["/data/two"], titles=["One", "Two"])
        first, second = one.file("/data/one/a/b.mp4"), one.file("/data/two/a/c.mp4")
        assert "tagline" not in one.item(first)
        assert one.item(second)["tagline"] == "two"
        assert one.keys(filename="two/a/c.mp4") == []


def test_while_stash_is_away_plex_is_asked_to_come_back(own: Desk) -> None:
    path = own.scenes()[0]["paths"][0].removeprefix("/data/")
    own.index()
    own.fault({"path": "/graphql", "fault": "maintenance503"})
    answers = [
        own.client.get("/library/metadata/1"),
        own.client.get("/library/metadata/999999"),
        own.client.get("/library/metadata/1/images"),
        own.client.get("/library/metadata/1/extras"),
        own.client.post(MATCHES, json={"filename": path}),
        own.client.post(MATCHES, json={"filename": "un/known.mp4"}),
        own.client.post(MATCHES, json={"title": "Sintel", "manual": 1}),
    ]
    for answer in answers:
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert "Stash" in answer.json()["error"]["message"]
    assert own.client.get("/").status_code == 200
    assert own.unknown() == []
    # A Stash that is away is left alone for a moment, however many ask.
    assert len([one for one in own.asked_of_stash() if one["path"] == "/graphql"]) < 10


def test_what_was_last_known_is_told_where_the_setting_wants_it(tmp_path: Path) -> None:
    with desk(tmp_path, provider_last_known="true") as one:
        path = one.scenes()[0]["paths"][0].removeprefix("/data/")
        one.index()
        before = one.item(1)
        one.fault({"path": "/graphql", "fault": "maintenance503"})
        one.later()
        assert one.item(1) == before
        assert one.keys(filename=path) == ["1"]
        assert one.client.get("/library/metadata/2").status_code == 503


def test_a_stash_whose_numbers_mean_other_films_tells_plex_nothing(own: Desk) -> None:
    with own.graph.database.transaction() as connection:
        preferences.put(connection, "stash files", {str(number): ["0" * 16] for number in range(1, 7)})
    path = own.scenes()[0]["paths"][0].removeprefix("/data/")
    for answer in (own.client.get("/library/metadata/1"), own.client.post(MATCHES, json={"filename": path})):
        assert answer.status_code == 503
        assert "brake list" in answer.json()["error"]["message"]
    with own.graph.database.transaction() as connection:
        preferences.put(connection, "stash files", None)
    own.later()
    assert own.item(1)
    assert own.keys(filename=path) == ["1"]


@pytest.mark.parametrize("indexed", [True, False])
def test_without_its_database_plexsync_asks_stash(own: Desk, indexed: bool) -> None:
    if indexed:
        own.index()
    scene = own.scenes()[0]
    own.stash.post("/_sim/named", json={"kind": "performer", "name": "Sintel", "image": data_url(picture("Ann"))})
    own.keys(filename="learns/where the libraries are.mp4")
    own.lose_store()
    path = scene["paths"][0].removeprefix("/data/")
    assert own.keys(filename=path) == ["1"]
    assert own.keys(filename="not/there.mp4") == []
    item = own.item(1)
    assert item["title"] == scene["title"]
    with httpx2.Client(verify=False) as plex:
        assert plex.get(item["thumb"]).status_code == 200
