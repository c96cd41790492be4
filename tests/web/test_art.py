"""Pictures for Plex, which shows no key."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from PIL import Image

from plexsync.art.addresses import Addresses
from plexsync.art.sources import PictureKind
from plexsync.config import load
from plexsync.model.pictures import Recipe, Shape
from plexsync.sim.library import cover
from plexsync.sim.serving import serving
from plexsync.sim.stash import StashOptions
from plexsync.sim.stash import create_app as stash_app
from plexsync.store import identity
from web.house import NOWHERE, Settings, opened

SHA1 = hashlib.sha1(cover(7), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Hall:
    """PlexSync's door, a Stash behind it, and addresses that PlexSync signed."""

    client: httpx2.Client
    stash: httpx2.Client
    addresses: Addresses

    def path(self, kind: PictureKind = PictureKind.PERFORMER, number: int = 1, sha1: str = SHA1) -> str:
        return self.addresses.of(kind, number, sha1)

    def asked(self) -> list[str]:
        """The pictures that Stash was asked for."""
        log = self.stash.get("/_sim/requests").json()["requests"]
        return [one["path"] for one in log if "image" in one["path"] or "screenshot" in one["path"]]

    def fault(self, *rules: dict[str, object]) -> None:
        self.stash.put("/_sim/faults", json=list(rules))


def drawn(kind: str) -> str:
    written = io.BytesIO()
    Image.new("RGB", (40, 30), (1, 2, 3)).save(written, kind)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(written.getvalue()).decode()}"


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    folder = tmp_path / "data"
    with (
        serving(stash_app(StashOptions(scenes=2, config_dir=tmp_path))) as stash,
        opened(Settings(folder=folder, stash=stash.url), working=False) as door,
        door.client(key=None) as client,
        httpx2.Client(base_url=stash.url, verify=False) as other,
    ):
        key = identity.load_or_create(folder / identity.FILE_NAME).signing_key
        give(other, 1, f"data:image/jpeg;base64,{base64.b64encode(cover(7)).decode()}")
        yield Hall(client=client, stash=other, addresses=Addresses(key=key, base=""))


def give(stash: httpx2.Client, performer: int, image: str | None) -> None:
    document = "mutation($input: PerformerUpdateInput!) { performerUpdate(input: $input) { id } }"
    variables = {"input": {"id": str(performer), "image": image}}
    answer = stash.post("/graphql", json={"query": document, "variables": variables}).json()
    assert "errors" not in answer, answer


def test_a_signed_address_opens_the_picture_without_a_key(hall: Hall) -> None:
    answer = hall.client.get(hall.path())
    assert answer.status_code == 200
    assert answer.content == cover(7)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-length"] == str(len(cover(7)))
    assert answer.headers["etag"] == f'"{SHA1}"'
    assert "immutable" in answer.headers["cache-control"]


def test_head_tells_the_same_without_the_picture(hall: Hall) -> None:
    whole, head = hall.client.get(hall.path()), hall.client.head(hall.path())
    assert head.content == b""
    names = ("content-type", "content-length", "etag", "cache-control")
    assert [head.headers[name] for name in names] == [whole.headers[name] for name in names]


def test_one_who_has_the_picture_is_told_so(hall: Hall) -> None:
    tag = hall.client.get(hall.path()).headers["etag"]
    for given in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        assert hall.client.get(hall.path(), headers={"If-None-Match": given}).status_code == 304
    assert hall.client.get(hall.path(), headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/art/performer/1/0123456789ab/" + "0" * 32 + ".jpg",
        "/art/performer/1/0123456789ab/",
        "/art/performer/1",
        "/art/image/1/0123456789ab/" + "0" * 32 + ".jpg",
        "/art/performer/..%2F..%2Fgraphql/x/" + "0" * 32 + ".jpg",
        "/art/http:%2F%2F127.0.0.1/1/x/y.jpg",
    ],
)
def test_what_we_did_not_sign_is_not_there_and_stash_is_not_asked(hall: Hall, path: str) -> None:
    assert hall.client.get(path).status_code == 404
    assert hall.client.head(path).status_code == 404
    assert hall.asked() == []


def test_every_kind_is_fetched_by_its_id_alone(hall: Hall) -> None:
    assert hall.client.get(hall.path(PictureKind.SCENE, 1)).content == cover(1)
    for kind in (PictureKind.STUDIO, PictureKind.GROUP):
        # Stash shows a drawing in place of what has no picture.
        assert hall.client.get(hall.path(kind, 1)).status_code == 404
    assert hall.asked() == ["/scene/1/screenshot", "/studio/1/image", "/group/1/frontimage"]


def test_no_other_kind_is_served_even_if_it_is_signed(hall: Hall) -> None:
    assert hall.client.get(hall.path(PictureKind.TAG, 1)).status_code == 404
    assert hall.asked() == []


def test_an_old_address_shows_the_picture_that_stash_has_now(hall: Hall) -> None:
    assert hall.client.get(hall.path()).content == cover(7)
    give(hall.stash, 1, f"data:image/jpeg;base64,{base64.b64encode(cover(8)).decode()}")
    old = hall.client.get(hall.path(sha1="f" * 40))
    assert old.content == cover(8)
    assert "immutable" not in old.headers["cache-control"]
    assert hall.client.get(hall.path(sha1="f" * 40)).content == cover(8)
    hall.fault({"path": "/", "fault": "maintenance503"})
    assert hall.client.get(hall.path(sha1="f" * 40)).content == cover(8)


def test_an_address_may_ask_for_the_picture_as_a_poster(hall: Hall) -> None:
    poster = Recipe(shape=Shape.POSTER, edge=300, quality=70)
    path = hall.addresses.of(PictureKind.SCENE, 1, SHA1, poster)
    with Image.open(io.BytesIO(hall.client.get(path).content)) as picture:
        assert picture.width * 3 == picture.height * 2
    assert hall.client.get(path.replace("poster-300-70", "poster-301-70")).status_code == 404


def test_what_stash_does_not_have_is_not_there(hall: Hall) -> None:
    assert hall.client.get(hall.path(number=987_654)).status_code == 404


def test_a_picture_is_fetched_once_and_served_while_stash_is_away(hall: Hall) -> None:
    assert hall.client.get(hall.path()).status_code == 200
    hall.fault({"path": "/", "fault": "maintenance503"})
    assert hall.client.get(hall.path()).content == cover(7)
    away = hall.client.get(hall.path(number=2))
    assert away.status_code == 503
    assert int(away.headers["retry-after"]) > 0
    assert len([path for path in hall.asked() if path == "/performer/1/image"]) == 1


def test_many_at_once_take_one_fetch(hall: Hall) -> None:
    hall.fault({"path": "/performer/", "fault": "delay", "seconds": 0.3})
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: hall.client.get(hall.path()).content, range(8)))
    assert answers == [cover(7)] * 8
    assert len(hall.asked()) == 1


def test_a_redirect_of_stash_is_not_followed(hall: Hall) -> None:
    hall.fault({"path": "/performer/", "fault": "redirect"})
    assert hall.client.get(hall.path()).status_code == 503


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_whatever_stash_holds_comes_as_a_jpeg(hall: Hall, kind: str) -> None:
    give(hall.stash, 1, drawn(kind))
    answer = hall.client.get(hall.path())
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (40, 30))
    assert answer.headers["content-type"] == "image/jpeg"
    # The address was made for another picture: it shows this one, and says so for a short time only.
    assert "immutable" not in answer.headers["cache-control"]


def test_a_name_that_is_not_ours_gets_nothing(hall: Hall) -> None:
    assert hall.client.get(hall.path(), headers={"Host": "evil.example"}).status_code == 421


def test_the_name_by_which_plex_reaches_us_is_one_of_ours(tmp_path: Path) -> None:
    text = 'url_from_plex = "http://plexsync.lan:9797/behind"\nallowed_hosts = ["nas"]\n'
    (tmp_path / "plexsync.toml").write_text(text)
    config = load(config_file=None, data_dir=tmp_path, environ={})
    assert config.host_names == ("nas", "plexsync.lan")


@pytest.mark.parametrize(
    ("url", "name"),
    [("http://müller.lan:9797", "xn--mller-kva.lan"), ("http://NAS.:1", "nas."), ("http://[fd00::5]:1", "fd00::5")],
)
def test_that_name_is_one_of_ours_as_a_request_spells_it(tmp_path: Path, url: str, name: str) -> None:
    config = load(config_file=None, data_dir=tmp_path, environ={"PLEXSYNC_URL_FROM_PLEX": url})
    assert config.host_names == (name,)


def test_a_name_that_clients_spell_in_two_ways_is_known_by_both(tmp_path: Path) -> None:
    environ = {"PLEXSYNC_URL_FROM_PLEX": "http://Straße.lan:9797"}
    config = load(config_file=None, data_dir=tmp_path, environ=environ)
    assert set(config.host_names) == {"strasse.lan", "xn--strae-oqa.lan"}


def test_while_nothing_is_kept_and_stash_is_nowhere_plex_is_told_to_come_back(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with opened(Settings(folder=folder, stash=NOWHERE), working=False) as door, door.client(key=None) as client:
        key = identity.load_or_create(folder / identity.FILE_NAME).signing_key
        answer = client.get(Addresses(key=key, base="").of(PictureKind.PERFORMER, 1, SHA1))
        assert answer.status_code == 503
        assert "retry-after" in answer.headers
