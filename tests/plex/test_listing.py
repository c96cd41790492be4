"""Odd but legal listings and details are understood."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Request, Response

from plexsync.model.errors import PlexTemporaryError
from plexsync.model.item import Part, Person
from plexsync.plex.documents import Loose, decimal, flag, integer, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_httpserver import HTTPServer

    from plexsync.plex.client import PlexClient

    Connect = Callable[..., PlexClient]

ALL = "/library/sections/1/all"


def serve_pages(server: HTTPServer, rows: list[dict[str, Any]], **odd: Any) -> list[int]:
    """Serve rows in pages of at most `cap`; returns the starts that were asked for."""
    starts: list[int] = []
    cap = odd.get("cap", 1000)

    def page(request: Request) -> Response:
        start = int(request.args["X-Plex-Container-Start"])
        starts.append(start)
        size = min(int(request.args["X-Plex-Container-Size"]), cap)
        if odd.get("unpaged"):
            start, size = 0, len(rows)
        found = rows[start : start + size]
        content: dict[str, Any] = {"size": len(found), "Metadata": found} if found else {"size": 0}
        if odd.get("total", True):
            content |= {"totalSize": odd.get("total_type", int)(len(rows)), "offset": start}
        return Response(json.dumps({"MediaContainer": content}), content_type="application/json")

    server.expect_request(ALL).respond_with_handler(page)
    return starts


def rows(count: int) -> list[dict[str, Any]]:
    return [{"ratingKey": str(number), "type": "movie", "title": f"t{number}"} for number in range(1, count + 1)]


async def keys(client: PlexClient, size: int = 10) -> list[int]:
    return [item.rating_key async for page in client.items(1, size) for item in page]


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"cap": 3},
        {"total": False},
        {"total": False, "cap": 3},
        {"total": False, "unpaged": True},
        {"unpaged": True},
        {"total_type": str},
        {"total_type": float},
    ],
)
@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 25])
async def test_a_listing_is_whole_however_the_server_pages(
    httpserver: HTTPServer, connect: Connect, odd: dict[str, Any], count: int
) -> None:
    starts = serve_pages(httpserver, rows(count), **odd)
    assert await keys(connect(httpserver.url_for(""))) == list(range(1, count + 1))
    assert len(set(starts)) == len(starts)


async def test_an_item_that_moves_between_pages_is_listed_once(httpserver: HTTPServer, connect: Connect) -> None:
    moved = rows(10) + rows(3) + rows(12)[10:]
    serve_pages(httpserver, moved)
    assert await keys(connect(httpserver.url_for(""))) == list(range(1, 13))


async def test_a_listing_that_ends_before_its_own_count_is_no_whole_listing(
    httpserver: HTTPServer, connect: Connect
) -> None:
    httpserver.expect_request(ALL).respond_with_json({"MediaContainer": {"size": 0, "totalSize": 7}})
    with pytest.raises(PlexTemporaryError, match="count"):
        await keys(connect(httpserver.url_for("")))


async def test_rows_of_every_kind_are_taken_for_what_they_are(httpserver: HTTPServer, connect: Connect) -> None:
    listed: list[dict[str, Any]] = [
        {"ratingKey": 1, "title": 300, "updatedAt": "1714425585"},
        {"ratingKey": "2", "title": None, "Media": None},
        {"ratingKey": "3", "Media": [{"Part": [{"file": "/a", "size": "7", "duration": 1500.0}, {"file": "/b"}]}, {}]},
        {"ratingKey": "4", "Media": [{"Part": [{"file": "/c"}]}, {"Part": [{"file": "/d"}, {"id": 4}]}]},
        {"ratingKey": "5", "type": "collection"},
        {"ratingKey": "none"},
        {"title": "no key"},
    ]
    serve_pages(httpserver, listed)
    pages = [page async for page in connect(httpserver.url_for("")).items(1)]
    found = {item.rating_key: item for item in pages[0]}
    assert sorted(found) == [1, 2, 3, 4]
    assert (found[1].title, found[1].updated_at) == ("300", 1714425585)
    assert (found[2].title, found[2].parts, found[2].updated_at) == ("", (), 0)
    assert found[3].parts == (Part(path="/a", size=7, duration=1.5), Part(path="/b"))
    assert [part.path for part in found[4].parts] == ["/c", "/d"]


async def test_details_of_uneven_types_are_understood(httpserver: HTTPServer, connect: Connect) -> None:
    row = {
        "ratingKey": 7,
        "librarySectionID": "5",
        "title": "Sintel",
        "year": "2010",
        "userRating": "8.0",
        "originallyAvailableAt": "2010-09-27",
        "Genre": [{"tag": "Animation", "id": "91"}, {"id": 3}],
        "Role": [{"tag": "Halina Reijn", "role": "Sintel"}, {"tag": "Other"}],
        "Field": [
            {"name": "title", "locked": True},
            {"name": "genre", "locked": "1"},
            {"name": "thumb", "locked": 1},
            {"name": "year", "locked": 0},
            {"name": "studio", "locked": False},
        ],
    }
    httpserver.expect_request("/library/metadata/7").respond_with_json({"MediaContainer": {"Metadata": [row]}})
    item = (await connect(httpserver.url_for("")).details([7]))[7]
    assert (item.section, item.year, item.rating, item.summary) == (5, 2010, 8.0, "")
    assert item.genres == ("Animation",)
    assert item.actors == (Person(name="Halina Reijn", role="Sintel"), Person(name="Other", role=""))
    assert item.locks == {"title", "genre", "thumb"}


async def test_libraries_of_uneven_types_are_understood(httpserver: HTTPServer, connect: Connect) -> None:
    found = [
        {"key": 5, "type": "movie", "title": "A", "refreshing": "1", "Location": [{"path": "C:\\v"}, {"id": 1}]},
        {"key": "6", "type": "show", "title": "B", "refreshing": False, "contentChangedAt": 3, "updatedAt": "9"},
        {"title": "no key"},
    ]
    httpserver.expect_request("/library/sections").respond_with_json({"MediaContainer": {"Directory": found}})
    first, second = await connect(httpserver.url_for("")).sections()
    assert (first.key, first.refreshing, first.locations) == (5, True, ("C:\\v",))
    assert (second.type, second.refreshing, second.marks) == ("show", False, "3//9")


@pytest.mark.parametrize(
    ("value", "whole", "exact", "said", "marked"),
    [
        (None, None, None, "", False),
        (7, 7, 7.0, "7", True),
        ("7", 7, 7.0, "7", False),
        ("7.9", 7, 7.9, "7.9", False),
        (7.0, 7, 7.0, "7.0", True),
        (True, 1, 1.0, "", True),
        ("1", 1, 1.0, "1", True),
        ("true", None, None, "true", True),
        ("NaN", None, None, "NaN", False),
        ("many", None, None, "many", False),
        ("90071992547409931", 90071992547409931, 90071992547409931.0, "90071992547409931", False),
        ("", None, None, "", False),
    ],
)
def test_a_scalar_of_any_type_means_one_thing(
    value: Loose, whole: int | None, exact: float | None, said: str, marked: bool
) -> None:
    assert integer(value) == whole
    assert decimal(value) == exact
    assert text(value) == said
    assert flag(value) == marked
