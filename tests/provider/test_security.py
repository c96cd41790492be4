"""Nobody reaches more of Stash than the pictures and answers that Plex gets, and nothing tells a secret."""

from __future__ import annotations

import base64
import io
import itertools
import json
import re
import string
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from plexsync.art.addresses import Addresses
from plexsync.art.sources import PictureKind
from plexsync.log.output import configure
from plexsync.model.pictures import Recipe, Shape
from plexsync.provider.routes import description
from provider.desk import IDENTIFIER, MATCHES
from provider.stand import NAME, Stand, standing

#: All that Stash may ever be asked for.
INTENDED = re.compile(r"/graphql|/(?:scene/\d+/screenshot|(?:performer|studio)/\d+/image|group/\d+/frontimage)")
ODD_IDS = (
    *("1/../../graphql", "1%2f..%2f..%2fgraphql", "1%2F", "..", "%2e%2e", "%2e%2e%2f", "1;x=1", "1%00", "1%0d%0aX: y"),
    *("01", "+1", "1.0", "0x1", "٣", "%D9%A3", "-1", "0", "99999999999", "1 ", "%20", "http://127.0.0.1/", "//evil"),
    *("1?apikey=x", "1%3Fapikey=x", "1%23", "1%5c..", "*", "null", "1,2", "[1]", "1%25%32%66"),
)


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with standing(tmp_path_factory.mktemp("stand")) as one:
        yield one


def raw(line: str, *headers: str, body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    told = [line, "Host: localhost", "Connection: close", *headers, "", ""]
    return "\r\n".join(told).encode("utf-8", "surrogateescape") + body


def parts_of(answer: bytes) -> tuple[int, bytes, bytes]:
    """Status, head and body; an answer has to be there."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.lower(), body


def test_whatever_is_asked_stash_is_asked_for_nothing_but_scenes_and_their_pictures(stand: Stand) -> None:
    addresses = Addresses(key=stand.alone.identity.signing_key, base="")
    before = len(stand.asked_of_stash())
    places = [f"{stand.base}/library/metadata/{{}}", f"{stand.base}/library/metadata/{{}}/images", f"{stand.base}/{{}}"]
    kinds = ("scene", "performer", "tag", "image", "gallery", "marker", "graphql", "..", "%2e%2e", "SCENE")
    paths = [place.format(odd) for place in places for odd in ODD_IDS]
    paths += [f"/art/{kind}/{odd}/0123456789ab/{'0' * 32}.jpg" for kind in kinds for odd in ("1", *ODD_IDS[:8])]
    # Signed by us, as if the key had been used for more than it should.
    paths += [addresses.of(kind, 1, "0123456789ab") for kind in PictureKind if kind is not PictureKind.TAG]
    paths += [addresses.of(PictureKind.TAG, 1, "0123456789ab")]
    for path, method in zip(paths, itertools.cycle(("GET", "HEAD", "GET", "POST", "GET")), strict=False):
        status, head, body = parts_of(stand.said(raw(f"{method} {path} HTTP/1.1")))
        assert status in {200, 400, 404, 405}, path
        assert b"\r\nlocation:" not in head
        assert method == "HEAD" or b"image/jpeg" in head or json.loads(body)
    for line in (
        f"GET {stand.stash.base_url}graphql HTTP/1.1",
        "GET //graphql HTTP/1.1",
        "CONNECT stash:9999 HTTP/1.1",
    ):
        assert parts_of(stand.said(raw(line)))[0] in {400, 404, 405}
    asked = stand.asked_of_stash()[before:]
    assert asked
    assert not [one["path"] for one in asked if not INTENDED.fullmatch(one["path"])]
    assert not [one for one in asked if "apikey" in one["query"].lower()]


def test_a_body_cannot_lead_anywhere_else_either(stand: Stand) -> None:
    before = len(stand.asked_of_stash())
    for odd in (*ODD_IDS, "stash:1/../../x", 'x" } mutation { sceneDestroy(input: {id: 1}) { id } } #', "%", "_", "\\"):
        for told in ({"title": odd, "manual": 1}, {"filename": odd}, {"guid": odd}, {"filename": f"a/{odd}/b.mp4"}):
            answer = stand.client.post(stand.base + MATCHES, json=told)
            assert answer.status_code == 200
    asked = stand.asked_of_stash()[before:]
    assert {one["path"] for one in asked} <= {"/graphql"}
    assert not [one for one in asked if one["kind"] != "read"]


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
def test_a_header_changes_no_method(stand: Stand, name: str) -> None:
    answer = stand.client.post(f"{stand.base}/library/metadata/1", headers={name: "GET"})
    assert answer.status_code == 405
    answer = stand.client.get(f"{stand.base}/library/metadata/1", headers={name: "DELETE"})
    assert answer.status_code == 200
    assert stand.client.post(f"{stand.base}/library/metadata/1?_method=GET").status_code == 405


def test_a_signature_cannot_be_found_by_trying(stand: Stand) -> None:
    path = stand.picture()
    assert stand.client.get(path).status_code == 200
    _, _, kind, number, version, name = path.split("/")
    signature = name.removesuffix(".jpg")
    digits = itertools.cycle(string.hexdigits[:16])
    near = [
        signature[:at] + next(one for one in digits if one != signature[at]) + signature[at + 1 :] for at in range(32)
    ]
    guesses = [f"/art/{kind}/{number}/{version}/{one}.jpg" for one in near]
    guesses += [
        f"/art/{kind}/{number}/{version}/{one}" for one in (signature, f"{signature[:-1]}.jpg", ".jpg", "x.png")
    ]
    guesses += [
        f"/art/{kind}/{number}/{version}/{signature.upper()}.jpg",
        f"/art/{kind}/{number}/{version}/{signature}0.jpg",
    ]
    guesses += [f"/art/{kind}/{other}/{version}/{name}" for other in ("2", "01", "1%00", "10", "")]
    guesses += [f"/art/{other}/{number}/{version}/{name}" for other in ("performer", "studio", "tag", "Scene", "")]
    guesses += [f"/art/{kind}/{number}/{other}/{name}" for other in (version[:-1], version + "0", "0" * 12, "")]
    guesses += [
        f"/art/{kind}/{number}/{version.partition('.')[0]}.{recipe}/{name}" for recipe in ("poster-9999-100", "x")
    ]
    answers = {
        (answer.status_code, answer.text) for answer in map(stand.client.get, guesses) if answer.url.path != path
    }
    assert {status for status, _ in answers} == {404}
    assert {text for _, text in answers} <= {'{"error":"there is no such picture"}', '{"error":"Not Found"}'}


def test_a_wrong_secret_finds_what_any_unknown_address_finds(stand: Stand) -> None:
    secret = stand.alone.identity.provider_path
    nothing = stand.client.get("/nowhere")
    wrong = ("x", secret[:-1], secret + "x", secret.swapcase(), "", "%00", "é", "%FF", "a" * 5000, f"{secret[:-1]}%2F")
    for guess, end, method in itertools.product(
        wrong, ("", "/", "/library/metadata/1", MATCHES), ("GET", "POST", "PUT")
    ):
        answer = stand.client.request(method, f"/provider/{guess}{end}")
        assert (answer.status_code, answer.content) == (nothing.status_code, nothing.content)
        assert sorted(answer.headers) == sorted(nothing.headers)
    for path in ("/provider", "/provider/", f"/provider{secret}", f"/PROVIDER/{secret}", f"//provider/{secret}"):
        assert stand.client.get(path).status_code == 404


def test_no_answer_holds_a_secret_or_an_address_of_stash(stand: Stand) -> None:
    asked = ["", "/", "/library/metadata/1", "/library/metadata/1/images", "/library/metadata/0", "/nowhere"]
    answers = [stand.client.get(stand.base + path) for path in asked]
    answers += [stand.client.put(stand.base), stand.client.post(stand.base + MATCHES, content=b"{")]
    answers += [stand.client.get(path) for path in ("/", "/metrics", "/status", "/healthz", "/openapi.json", "/docs")]
    answers += [stand.client.get(stand.picture(), headers={"Range": "bytes=0-10"})]
    stand.fault({"path": "/", "fault": "unauthorized401"})
    answers += [stand.client.get(f"{stand.base}/library/metadata/3"), stand.client.get("/art/x")]
    stand.fault()
    told = [answer.text + str(answer.headers) for answer in answers]
    told.append(json.dumps(description(stand.alone.provider)))
    stash = str(stand.stash.base_url).rstrip("/")
    assert not [text for text in told for secret in (*stand.secrets, stash) if secret in text]
    assert "apikey" not in "".join(told).lower()


def test_no_line_of_the_log_holds_a_secret(stand: Stand) -> None:
    lines = io.StringIO()
    with configure(redactor=stand.redactor, level="debug", stream=lines):
        path = stand.picture()
        stand.client.get(path)
        stand.client.get(f"{stand.base}/library/metadata/1?X-Plex-Token={stand.secrets[1]}")
        stand.said(raw(f"GET {stand.base}/x HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket"))
        stand.said(f"GET {stand.base} nonsense\r\n\r\n".encode())
        for fault in ("status500", "unauthorized401", "html", "half_json", "maintenance503", "cut", "redirect"):
            stand.fault({"path": "/", "fault": fault})
            stand.client.get(f"{stand.base}/library/metadata/4")
            stand.client.post(stand.base + MATCHES, json={"filename": f"Films/{stand.secrets[0]}.mp4"})
            stand.client.get(Addresses(key=stand.secrets[2], base="").of(PictureKind.SCENE, 4, "0" * 12))
        stand.fault()
    written = lines.getvalue()
    assert written
    assert not [secret for secret in stand.secrets if secret in written]
    assert path.rpartition("/")[2] not in written


@pytest.mark.parametrize("place", ["{base}" + MATCHES, "/art/scene/1/0/0.jpg", "/nowhere", "{base}/library/metadata/1"])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_is_never_taken_in(stand: Stand, place: str, *, chunked: bool) -> None:
    size = 10_000_000
    kind = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
    body = b"".join(b"10000\r\n" + b" " * 65536 + b"\r\n" for _ in range(size // 65536)) if chunked else b" " * size
    answer = stand.said(raw(f"POST {place.format(base=stand.base)} HTTP/1.1", kind, body=body))
    # Who sends on and on may be cut off before it reads why.
    if answer:
        status, _, told = parts_of(answer)
        assert status == (413 if place.endswith(MATCHES) else 405 if "library" in place or "/art" in place else 404)
        assert json.loads(told)["error"]
    assert stand.client.get(stand.base).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 30_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"year": ' + b"9" * 60_000 + b"}",
        b'{"year": -' + b"9" * 5_000 + b'.5e999999999, "type": 1e400}',
        b'{"year": NaN, "type": Infinity, "manual": -Infinity}',
        b'{"filename": "a.mp4", "filename": ["b"], "manual": 0, "manual": {}}',
        b'{"title": "' + b"\\ud800" * 5_000 + b'", "manual": 1}',
        b'{"filename": "' + b"../" * 20_000 + b'"}',
        b'{"filename": "' + b"a/" * 2_000 + b'b.mp4"}',
        b'{"title": "' + b"(a+)+" * 5_000 + b'!", "manual": 1}',
        b"\xff\xfe{\x00}\x00",
        b"\x00" * 60_000,
        b"null",
        b'"x"',
    ],
    ids=range(14),
)
def test_a_bomb_of_json_does_no_harm(stand: Stand, body: bytes) -> None:
    answer = stand.client.post(stand.base + MATCHES, content=body)
    assert answer.status_code in {200, 400}
    assert answer.json()


def test_only_hosts_that_are_ours_are_answered_and_the_one_that_plex_uses_is(stand: Stand) -> None:
    for host in (
        NAME,
        f"{NAME}:9797",
        f"{NAME.upper()}.",
        "localhost:1",
        "127.0.0.1",
        "192.168.1.9:9797",
        "[::1]:9797",
    ):
        answer = stand.client.get(stand.base, headers={"Host": host})
        assert answer.status_code == 200
    for host in ("evil.example", f"{NAME}.evil.example", f"evil.{NAME}", "127.0.0.1.evil.example", "", "a b", "x,y"):
        for path in (stand.base, stand.picture(), "/nowhere"):
            answer = stand.client.get(path, headers={"Host": host})
            assert answer.status_code in {400, 421}
            assert answer.json()["error"]
            assert IDENTIFIER not in answer.text


def test_a_host_that_is_made_up_does_not_lead_plex_elsewhere(stand: Stand) -> None:
    item: dict[str, Any] = stand.client.get(f"{stand.base}/library/metadata/1", headers={"Host": "10.9.9.9"}).json()
    thumb = item["MediaContainer"]["Metadata"][0]["thumb"]
    assert thumb.startswith(f"http://{NAME}:9797/art/")


def test_a_recipe_is_read_only_where_we_signed_it(stand: Stand) -> None:
    addresses = Addresses(key=stand.alone.identity.signing_key, base="")
    recipe = Recipe(shape=Shape.POSTER, edge=300, quality=50)
    path = addresses.of(PictureKind.SCENE, 1, "0" * 40, recipe)
    assert stand.client.get(path).status_code == 200
    assert stand.client.get(path.replace("-300-", "-9999-")).status_code == 404


def png(width: int, height: int) -> bytes:
    """Black, and by its head so many pixels wide and high."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    # A large one is refused before anything of it is opened.
    rows = zlib.compress(b"\0" * min(height * (width // 8 + 2), 1_000_000))
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (png(40, 60), 200),
        (png(30_000, 30_000), 404),
        (png(2**31 - 1, 2**31 - 1), 404),
        (png(40, 60)[:-30], 404),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', 404),
        (b"<!DOCTYPE html><html><script>alert(1)</script></html>", 404),
        (b"\xff\xd8\xff\xe0" + b"\0" * 1000, 404),
        (b"GIF89a" + b"\xff" * 500, 404),
        (b"%PDF-1.7", 404),
    ],
    ids=range(9),
)
def test_what_stash_holds_as_a_picture_is_shown_only_where_it_is_one(stand: Stand, content: bytes, status: int) -> None:
    cover = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    query = "mutation($input: SceneUpdateInput!) { sceneUpdate(input: $input) { id } }"
    asked = {"query": query, "variables": {"input": {"id": "2", "cover_image": cover}}}
    made = stand.stash.post("/graphql", json=asked, headers={"ApiKey": stand.secrets[0]}).json()
    assert "errors" not in made
    version = f"{zlib.crc32(content):012x}"
    answer = stand.client.get(
        Addresses(key=stand.alone.identity.signing_key, base="").of(PictureKind.SCENE, 2, version)
    )
    assert answer.status_code == status
    assert answer.headers["content-type"] == ("image/jpeg" if status == 200 else "application/json")


def test_a_picture_is_told_with_its_type_its_tag_and_its_length(stand: Stand) -> None:
    path = stand.picture()
    whole = stand.client.get(path)
    assert whole.content[:3] == b"\xff\xd8\xff"
    assert whole.headers["content-type"] == "image/jpeg"
    assert int(whole.headers["content-length"]) == len(whole.content)
    assert whole.headers["x-content-type-options"] == "nosniff"
    head = stand.client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"]
    same = stand.client.get(path, headers={"If-None-Match": whole.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    part = stand.client.get(path, headers={"Range": "bytes=0-9"})
    assert part.status_code in {200, 206}
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        assert stand.client.request(method, path).status_code == 405
