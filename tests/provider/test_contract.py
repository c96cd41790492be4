"""What Plex relies on: each address, each status and each key of an answer."""

from __future__ import annotations

import re
from typing import Any

import pytest

from plexsync.model.provider import guid_of, key_of
from plexsync.provider.identifiers import scene_of_guid, scene_of_key
from provider.desk import IDENTIFIER, MATCHES, Desk

KEYS = {"offset", "totalSize", "size", "identifier"}


def envelope(body: dict[str, Any], of: str = "Metadata") -> list[dict[str, Any]]:
    """The entries of an answer whose envelope is whole."""
    container = body["MediaContainer"]
    assert set(container) == KEYS | {of}
    assert container["identifier"] == IDENTIFIER
    assert container["size"] == len(container[of]) <= container["totalSize"]
    return list(container[of])


@pytest.mark.parametrize("path", ["", "/", "?includePreferences=1", "/?X-Plex-Language=de-DE&unknown=%00"])
def test_the_root_says_what_the_provider_is(shared: Desk, path: str) -> None:
    answer = shared.client.get(str(shared.client.base_url).rstrip("/") + path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    provider = answer.json()["MediaProvider"]
    assert provider["identifier"] == IDENTIFIER
    assert provider["Types"] == [{"type": 1, "Scheme": [{"scheme": IDENTIFIER}]}]
    assert provider["Feature"] == [
        {"type": "metadata", "key": "/library/metadata"},
        {"type": "match", "key": "/library/metadata/matches"},
    ]


def test_what_plex_keeps_for_ever_is_never_changed() -> None:
    assert (key_of(123), guid_of(123)) == ("123", "tv.plex.agents.custom.plexsync://movie/123")
    assert scene_of_guid(guid_of(123)) == scene_of_key(key_of(123)) == 123
    # Letters, digits and dots alone: Plex refuses any other identifier.
    assert re.fullmatch(r"tv\.plex\.agents\.custom\.[A-Za-z0-9.]+", IDENTIFIER)


def test_an_item_carries_its_identifiers_and_all_that_stash_knows(shared: Desk) -> None:
    item = shared.item(1)
    scene = shared.scenes()[0]
    assert item["ratingKey"] == "1"
    assert item["key"] == "/library/metadata/1"
    assert item["guid"] == f"{IDENTIFIER}://movie/1"
    assert item["type"] == "movie"
    assert item["title"] == scene["title"]
    assert item["originallyAvailableAt"] == scene["date"]
    assert item["year"] == int(scene["date"][:4])
    assert item["summary"] == scene["details"]
    assert item["studio"] == scene["studio"]
    assert item["Studio"] == [{"tag": scene["studio"]}]
    assert [one["tag"] for one in item["Genre"]] == scene["tags"]
    assert [one["tag"] for one in item["Director"]] == [scene["director"]]
    assert [(one["tag"], one["order"]) for one in item["Role"]] == [
        (name, number) for number, name in enumerate(scene["performers"], 1)
    ]
    assert isinstance(item["duration"], int)
    assert item["thumb"] in [one["url"] for one in item["Image"]]


@pytest.mark.parametrize("slash", ["", "/"])
def test_each_list_of_an_item_comes_in_its_envelope(shared: Desk, slash: str) -> None:
    for name, of in (("", "Metadata"), ("/images", "Image")):
        answer = shared.client.get(f"/library/metadata/1{name}{slash}")
        assert answer.status_code == 200
        assert envelope(answer.json(), of)
    for name in ("extras", "children", "grandchildren"):
        answer = shared.client.get(f"/library/metadata/1/{name}{slash}")
        assert answer.status_code == 200
        assert envelope(answer.json()) == []
        assert answer.headers["x-plex-container-start"] == "0"
        assert answer.headers["x-plex-container-total-size"] == "0"
    answer = shared.client.post(MATCHES + slash, json={"title": "stash:1", "manual": 1})
    assert envelope(answer.json())[0]["ratingKey"] == "1"


def test_a_part_of_a_list_is_asked_for_by_header_or_query(shared: Desk) -> None:
    whole = shared.client.get("/library/metadata/1/images").json()["MediaContainer"]
    asked = {"X-Plex-Container-Start": "1", "X-Plex-Container-Size": "1"}
    for answer in (
        shared.client.get("/library/metadata/1/images", headers=asked),
        shared.client.get("/library/metadata/1/images", params=asked),
    ):
        part = answer.json()["MediaContainer"]
        assert (part["offset"], part["size"], part["totalSize"]) == (1, 1, whole["totalSize"])
        assert part["Image"] == whole["Image"][1:2]
        assert answer.headers["x-plex-container-start"] == "1"
    for start in ("-1", "x", "9" * 50, ""):
        answer = shared.client.get("/library/metadata/1/images", params={"X-Plex-Container-Start": start})
        assert answer.status_code == 200


@pytest.mark.parametrize(
    "key",
    [
        "999999",
        "0",
        "-1",
        "01",
        "1.0",
        "x",
        "matches",
        "٣",
        "99999999999",
        "%00",
        "%0A",
        "%0D%0A",
        "1%2F2",
        "1e3",
        " 1",
    ],
)
def test_what_stash_does_not_have_is_not_there(shared: Desk, key: str) -> None:
    for end in ("", "/", "/images", "/extras", "/children/", "/grandchildren"):
        answer = shared.client.get(f"/library/metadata/{key}{end}")
        assert answer.status_code == 404
        assert answer.json()["error"]


def test_every_refusal_is_json(shared: Desk) -> None:
    for answer in (
        shared.client.get("/library/collections/1"),
        shared.client.get("/nowhere"),
        shared.client.put("/library/metadata/1"),
        shared.client.delete(""),
        shared.client.get(MATCHES),
        shared.client.post(MATCHES, content=b"{"),
        shared.client.post(MATCHES, content=b"[1]"),
        shared.client.post(MATCHES, content=b"x" * 100_000),
    ):
        assert answer.status_code in {400, 404, 405, 413}
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["error"]


def test_head_tells_the_same_without_the_body(shared: Desk) -> None:
    for path in ("/", "/library/metadata/1", "/library/metadata/1/images", "/library/metadata/1/extras/"):
        whole, head = shared.client.get(path), shared.client.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == whole.headers["content-length"]


def test_who_does_not_know_the_secret_finds_nothing(shared: Desk) -> None:
    secret = shared.graph.identity.provider_path
    with shared.door.client(key=None) as stranger:
        for guess in ("x", secret[:-1], secret + "x", secret.swapcase(), "%00", "..", "é"):
            for end in ("", "/", "/library/metadata/1", "/library/metadata/1/images"):
                answer = stranger.get(f"/provider/{guess}{end}")
                assert answer.status_code == 404
                assert IDENTIFIER not in answer.text
        assert stranger.get(f"/provider/{secret}").status_code == 200
        description = stranger.get("/api/v1/openapi.json").text
    assert secret not in description
    assert "/provider" not in description


def test_no_address_and_no_answer_holds_a_secret(shared: Desk) -> None:
    identity = shared.graph.identity
    secrets = (identity.api_key, identity.events_token, identity.signing_key, identity.provider_path, "sim-plex-token")
    told = [
        shared.client.get("/").text,
        shared.client.get("/library/metadata/1").text,
        shared.client.get("/library/metadata/1/images").text,
        shared.client.get("/library/metadata/0").text,
    ]
    assert not [secret for secret in secrets for text in told if secret in text]
    assert "apikey" not in "".join(told).lower()
    assert str(shared.stash.base_url) not in "".join(told)
