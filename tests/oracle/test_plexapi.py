"""An independent client judges the simulated Plex: what it writes it can read back, and its errors are known ones."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha1
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from plexapi.exceptions import BadRequest, NotFound, Unauthorized
from plexapi.server import PlexServer

from plexsync.sim.plex import PlexOptions, create_app
from plexsync.sim.serving import Serving, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "sim-plex-token"


@pytest.fixture
def server() -> Iterator[Serving]:
    with serving(create_app(PlexOptions(items=25, section_count=2))) as running:
        yield running


@pytest.fixture
def plex(server: Serving) -> Iterator[Any]:
    connect: Any = PlexServer
    connected = connect(server.url, TOKEN)
    yield connected
    connected._session.close()


@pytest.fixture
def section(plex: Any) -> Any:
    return plex.library.section("Open movies")


@pytest.fixture
def movie(section: Any) -> Any:
    return section.get("Sintel")


def tags_of(items: list[Any]) -> list[str]:
    return [item.tag for item in items]


def locked(item: Any) -> set[str]:
    return {field.name for field in item.fields if field.locked}


def test_it_connects_and_sees_server_and_sections(plex: Any) -> None:
    assert plex.friendlyName == "Simulated Plex"
    assert plex.machineIdentifier == plex.identity().machineIdentifier
    assert [(section.title, section.type) for section in plex.library.sections()] == [
        ("Open movies", "movie"),
        ("Movies", "movie"),
    ]
    section = plex.library.section("Open movies")
    assert section.agent == "com.plexapp.agents.none"
    assert section.locations == ["/plex/media"]
    assert section.refreshing is False
    assert section.totalSize == 25


def test_it_lists_everything_over_several_pages(section: Any) -> None:
    items = section.search(container_size=7)
    assert len({item.ratingKey for item in items}) == 25
    assert all(item.locations[0].startswith("/plex/media/") for item in items)
    assert len(section.all()) == 25


def test_it_fetches_an_item_and_reads_every_field(plex: Any, movie: Any) -> None:
    item = plex.fetchItem(movie.ratingKey)
    assert item.title == "Sintel"
    assert item.year == 2010
    assert item.originallyAvailableAt.year == 2010
    assert item.summary == ""
    assert item.studio is None
    assert item.userRating is None
    assert item.genres == item.labels == item.collections == item.roles == item.fields == []
    assert item.media[0].parts[0].file == movie.locations[0]
    assert item.duration == item.media[0].duration
    assert isinstance(item.addedAt, datetime)
    assert item.section().key == 1


def test_it_reads_agent_facts_of_the_modern_library(plex: Any) -> None:
    item = plex.library.section("Movies").get("Sintel")
    item.reload()
    assert item.guid.startswith("plex://movie/")
    assert [guid.id[:7] for guid in item.guids] == ["imdb://", "tmdb://"]
    assert "animation" in tags_of(item.genres)
    assert item.tagline
    assert item.audienceRating == 7.5


def test_it_searches_by_title_field_and_tag(section: Any, movie: Any) -> None:
    movie.addGenre("Dragons")
    assert [item.title for item in section.search(title="sintel", maxresults=1)] == ["Sintel"]
    assert [item.ratingKey for item in section.search(genre="Dragons")] == [movie.ratingKey]
    assert movie.ratingKey in {item.ratingKey for item in section.search(year=2010)}
    years = [item.year for item in section.search(sort="year:desc")]
    assert years == sorted(years, reverse=True)


@pytest.mark.parametrize(
    ("method", "attribute", "value"),
    [
        ("editTitle", "title", "Sintel & <friends> — 日本語 #1?"),
        ("editSortTitle", "titleSort", "Sort me"),
        ("editOriginalTitle", "originalTitle", "Durian"),
        ("editSummary", "summary", 'Two lines\nand "quotes" + plus & amp; 100%'),
        ("editStudio", "studio", "Blender Foundation"),
        ("editContentRating", "contentRating", "TV-14"),
        ("editTagline", "tagline", "Search the world."),
        ("editUserRating", "userRating", 7.5),
        ("editAudienceRating", "audienceRating", 6.2),
    ],
)
def test_a_field_is_edited_locked_and_cleared(movie: Any, method: str, attribute: str, value: Any) -> None:
    getattr(movie, method)(value)
    assert getattr(movie.reload(), attribute) == value
    assert attribute in locked(movie)
    getattr(movie, method)("", locked=False)
    assert not getattr(movie.reload(), attribute) or attribute == "titleSort"
    assert attribute not in locked(movie)


def test_dates_and_years_are_edited(movie: Any) -> None:
    movie.editOriginallyAvailable("2010-09-27").reload()
    movie.edit(**{"year.value": 2011, "year.locked": 1})
    movie.reload()
    assert movie.originallyAvailableAt == datetime(2010, 9, 27)  # noqa: DTZ001  # as the client gives it
    assert movie.year == 2011
    assert {"originallyAvailableAt", "year"} <= locked(movie)


@pytest.mark.parametrize(
    ("kind", "attribute"),
    [
        ("Genre", "genres"),
        ("Label", "labels"),
        ("Collection", "collections"),
        ("Director", "directors"),
        ("Writer", "writers"),
        ("Producer", "producers"),
        ("Country", "countries"),
    ],
)
def test_tags_are_added_and_removed(movie: Any, kind: str, attribute: str) -> None:
    names = ["One", "Two, with a comma", "!@#$%^&*()-_=+[]{};:'\",.<>/?", "Drei äöü"]
    getattr(movie, f"add{kind}")(names).reload()
    assert tags_of(getattr(movie, attribute)) == names
    getattr(movie, f"remove{kind}")(names[1:3]).reload()
    assert tags_of(getattr(movie, attribute)) == ["One", "Drei äöü"]
    assert kind.lower() in locked(movie)


def test_many_edits_travel_in_one_request(movie: Any) -> None:
    movie.addGenre(["Old"]).reload()
    movie.batchEdits()
    movie.editTitle("New title").editSummary("New summary").addGenre("Fresh").removeGenre("Old").addLabel("Kept")
    movie.saveEdits()
    movie.reload()
    assert (movie.title, movie.summary) == ("New title", "New summary")
    assert tags_of(movie.labels) == ["Kept"]
    assert "Fresh" in tags_of(movie.genres)


def test_many_items_are_edited_at_once(section: Any) -> None:
    items = section.search(maxresults=3)
    section.batchMultiEdits(items).addLabel("Shared").saveMultiEdits()
    assert all(tags_of(item.reload().labels) == ["Shared"] for item in items)
    assert {item.ratingKey for item in section.search(label="Shared")} == {item.ratingKey for item in items}


def test_ratings_are_given_and_taken_back(movie: Any) -> None:
    movie.rate(8.5)
    assert movie.reload().userRating == 8.5
    assert movie.lastRatedAt is not None
    movie.rate(None)
    assert movie.reload().userRating is None


def test_marking_as_watched_counts(movie: Any) -> None:
    movie.markPlayed()
    assert movie.reload().viewCount == 1
    movie.markUnplayed()
    assert movie.reload().viewCount == 0


def test_an_uploaded_poster_is_shown_listed_once_and_locked(movie: Any, tmp_path: Path) -> None:
    picture = tmp_path / "poster.jpg"
    picture.write_bytes(b"\xff\xd8\xff picture")
    digest = sha1(picture.read_bytes()).hexdigest()
    before = movie.thumb
    movie.uploadPoster(filepath=str(picture))
    movie.uploadPoster(filepath=str(picture))
    posters = movie.posters()
    assert [poster.ratingKey for poster in posters if poster.selected] == [f"upload://posters/{digest}"]
    assert len(posters) == 2
    movie.reload()
    assert movie.thumb != before
    assert "thumb" in locked(movie)
    shown = movie._server._session.get(movie.thumbUrl)
    assert shown.content == picture.read_bytes()


def test_another_poster_is_chosen_and_the_choice_deleted(movie: Any, tmp_path: Path) -> None:
    picture = tmp_path / "poster.jpg"
    picture.write_bytes(b"\xff\xd8\xff picture")
    movie.uploadPoster(filepath=str(picture))
    movie.posters()[0].select()
    assert [poster.selected for poster in movie.posters()] == [True, False]
    movie.unlockPoster()
    assert "thumb" not in locked(movie.reload())
    movie.deletePoster()
    assert movie.reload().thumb is None
    assert "thumb" in locked(movie)
    movie.refresh()
    assert movie.reload().thumb


def test_backgrounds_are_uploaded_too(movie: Any, tmp_path: Path) -> None:
    picture = tmp_path / "art.jpg"
    picture.write_bytes(b"\xff\xd8\xff background")
    movie.uploadArt(filepath=str(picture))
    assert [art.selected for art in movie.arts()] == [False, True]
    assert "art" in locked(movie.reload())


def test_a_refresh_reverts_what_is_not_locked(movie: Any) -> None:
    movie.editTitle("Unlocked", locked=False).editStudio("Locked studio").addGenre("Gone", locked=False)
    movie.addDirector("Stays").addLabel("Mine", locked=False)
    movie.refresh()
    movie.reload()
    assert movie.title == "Sintel"
    assert movie.studio == "Locked studio"
    assert movie.genres == []
    assert tags_of(movie.directors) == ["Stays"]
    assert tags_of(movie.labels) == ["Mine"]


def test_collections_come_from_tags_and_from_items(plex: Any, section: Any, movie: Any) -> None:
    movie.addCollection("By tag")
    collection = section.collection("By tag")
    assert [item.ratingKey for item in collection.items()] == [movie.ratingKey]
    made = section.createCollection("By hand", items=section.search(maxresults=2))
    assert made.childCount == 2
    made.addItems(movie)
    made.removeItems(movie)
    assert movie.ratingKey not in {item.ratingKey for item in section.collection("By hand").items()}
    made.reload().editTitle("Renamed").reload()
    assert made.title == "Renamed"
    made.delete()
    assert [item.title for item in section.collections()] == ["By tag"]


def test_locking_a_field_everywhere_locks_every_item(section: Any) -> None:
    section.lockAllField("title")
    assert all("title" in locked(item.reload()) for item in section.all())
    section.unlockAllField("title")
    assert not any(locked(item.reload()) for item in section.all())


def test_scans_and_trash_are_accepted(section: Any) -> None:
    section.update()
    section.refresh()
    section.emptyTrash()
    section.cancelUpdate()


def test_errors_are_those_that_the_client_knows(server: Serving, plex: Any, movie: Any) -> None:
    connect: Any = PlexServer
    with pytest.raises(Unauthorized):
        connect(server.url, "wrong")
    with pytest.raises(NotFound):
        plex.fetchItem(987654321)
    with pytest.raises(NotFound):
        plex.query("/nowhere")
    with pytest.raises(BadRequest):
        movie.edit(**{"nonsense.value": "x"})
    with pytest.raises(BadRequest):
        movie.edit(**{"summary.value": "語" * 1500})
    with pytest.raises(NotFound):
        movie.posters()[0]._server.query("/library/metadata/987654321/posters")
