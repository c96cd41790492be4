"""Pictures, keys and everything else that is not GraphQL."""

import hashlib
from collections.abc import Callable

import httpx2
import pytest

from plexsync.sim.library import cover
from sim.stash.remote import PluginFolder, Remote, data_url, png


def test_a_cover_carries_its_md5_and_answers_not_modified(stash: Remote) -> None:
    first = stash.get("/scene/1/screenshot?t=5")
    assert first.content == cover(1)
    assert first.headers["content-type"] == "image/jpeg"
    assert first.headers["etag"] == f'"{hashlib.md5(cover(1)).hexdigest()}"'
    assert first.headers["cache-control"] == "private, max-age=31536000, immutable"
    again = stash.get("/scene/1/screenshot", **{"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["cache-control"] == "no-cache"


def test_two_covers_within_a_second_differ_by_etag_only(stash: Remote) -> None:
    seen = set()
    for color in ("red", "blue"):
        stash.update(id="1", cover_image=data_url(png(color)))
        seen.add(stash.get("/scene/1/screenshot").headers["etag"])
    assert len(seen) == 2


def test_no_cover_is_an_svg_with_status_200(stash: Remote) -> None:
    made = stash.ask('mutation {sceneCreate(input: {title: "Bare"}) {id}}')["sceneCreate"]["id"]
    answer = stash.get(f"/scene/{made}/screenshot")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("image/svg+xml")


def test_only_get_is_routed(stash: Remote) -> None:
    assert httpx2.head(f"{stash.url}/scene/1/screenshot").status_code == 405
    assert httpx2.post(f"{stash.url}/scene/1/screenshot").status_code == 405


def test_a_missing_scene_has_no_cover(stash: Remote) -> None:
    assert stash.get("/scene/999/screenshot").status_code == 404


def test_pictures_of_performers_tags_and_studios(stash: Remote) -> None:
    stash.ask("mutation ($p: String) {performerUpdate(input: {id: 1, image: $p}) {id}}", p=data_url(png("red")))
    own = stash.ask("{findPerformer(id: 1) {image_path}}")["findPerformer"]["image_path"]
    assert "default=true" not in own
    assert stash.get("/performer/1/image").content == png("red")
    assert stash.get("/performer/2/image?default=true").headers["content-type"] == "image/png"
    assert stash.get("/tag/1/image").headers["content-type"].startswith("image/svg+xml")
    assert stash.get("/studio/1/image").status_code == 200
    assert stash.get("/studio/99/image").status_code == 404


def test_a_group_has_a_front_picture(stash: Remote) -> None:
    ask = "{findGroup(id: 1) {front_image_path}}"
    assert "default=true" in stash.ask(ask)["findGroup"]["front_image_path"]
    stash.ask("mutation ($p: String) {groupUpdate(input: {id: 1, front_image: $p}) {id}}", p=data_url(png("red")))
    assert "default=true" not in stash.ask(ask)["findGroup"]["front_image_path"]
    assert stash.get("/group/1/frontimage").content == png("red")


def test_a_picture_that_is_no_base64_is_refused(stash: Remote) -> None:
    assert stash.refused('mutation {sceneUpdate(input: {id: 1, cover_image: "data:image/png;base64,#"}) {id}}')
    assert "not simulated" in stash.refused(
        'mutation {sceneUpdate(input: {id: 1, cover_image: "http://127.0.0.1/x.png"}) {id}}'
    )


def test_without_a_key_everything_is_open_but_a_key_is_refused(stash: Remote) -> None:
    assert stash.post("{version {version}}").status_code == 200
    assert stash.post("{version {version}}", headers={"ApiKey": "any"}).status_code == 401
    assert stash.get("/scene/1/screenshot?apikey=any").status_code == 401


def test_with_a_key_nothing_is_answered_without_it(start: Callable[..., Remote]) -> None:
    stash = start(api_key="secret")
    assert stash.post("{version {version}}").status_code == 401
    assert stash.post("{version {version}}", headers={"ApiKey": "wrong"}).status_code == 401
    assert stash.post("{version {version}}", headers={"ApiKey": "secret"}).status_code == 200
    assert stash.get("/scene/1/screenshot?apikey=secret").status_code == 200
    assert stash.get("/plugin/x/script.js").status_code == 401
    assert stash.get("/healthz").status_code == 200
    refused = stash.get("/scene/1/screenshot")
    assert refused.status_code == 302
    assert refused.headers["location"] == "/login"
    assert stash.get("/login").headers["content-type"].startswith("text/html")
    assert stash.get("/_sim/scenes?covers=0").status_code == 200


def test_a_plugins_cookie_opens_the_server_and_shows_the_key(
    start: Callable[..., Remote], recorder: PluginFolder
) -> None:
    stash = start(api_key="secret", plugins=(recorder.folder,))
    stash.post("mutation {sceneUpdate(input: {id: 1}) {id}}", headers={"ApiKey": "secret"})
    cookie = recorder.calls[0]["server_connection"]["SessionCookie"]["Value"]
    told = stash.post("{configuration {general {apiKey}}}", headers={"Cookie": f"session={cookie}"})
    assert told.json()["data"]["configuration"]["general"]["apiKey"] == "secret"
    forged = stash.post("{version {version}}", headers={"Cookie": f"session={cookie[:-1]}"})
    assert forged.status_code == 401


def test_addresses_follow_the_request_and_streams_carry_the_key(start: Callable[..., Remote]) -> None:
    stash = start(api_key="secret")
    headers = {"ApiKey": "secret", "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/stash", "Host": "nas"}
    answer = stash.post("{findScene(id: 1) {paths {screenshot stream}}}", headers=headers)
    paths = answer.json()["data"]["findScene"]["paths"]
    assert paths["screenshot"].startswith("https://nas/stash/scene/1/screenshot?t=")
    assert paths["stream"] == "https://nas/stash/scene/1/stream?apikey=secret"


@pytest.mark.parametrize("body", [b"no json", b"[]", b"{}"])
def test_a_body_that_is_no_request_is_refused(stash: Remote, body: bytes) -> None:
    answer = httpx2.post(f"{stash.url}/graphql", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.json()["errors"]


def test_requests_are_counted_as_reads_and_writes_and_faults_strike(stash: Remote) -> None:
    stash.ask("{version {version}}")
    stash.update(id="1")
    told = stash.get("/_sim/requests").json()
    assert (told["reads"], told["writes"]) == (1, 1)
    httpx2.put(f"{stash.url}/_sim/faults", json=[{"fault": "status500", "times": 1}]).raise_for_status()
    assert stash.post("{version {version}}").status_code == 500
    assert stash.post("{version {version}}").status_code == 200


def test_the_control_route_shows_every_scene_with_the_sums_of_its_cover(stash: Remote) -> None:
    shown = stash.get("/_sim/scenes").json()
    assert len(shown) == 40
    assert shown[0]["cover"]["md5"] == hashlib.md5(cover(1)).hexdigest()
    assert shown[0]["cover"]["sha1"] == hashlib.sha1(cover(1)).hexdigest()
    assert shown[0]["performers"] == ["Sintel", "The Shaman", "Scales"]


def test_a_control_route_says_what_is_wrong(stash: Remote) -> None:
    assert httpx2.post(f"{stash.url}/_sim/silent", json={"id": 999}).status_code == 400
    assert httpx2.post(f"{stash.url}/_sim/files", json={"pfad": "x"}).status_code == 400
    assert httpx2.put(f"{stash.url}/_sim/status", json={"status": "FINE"}).status_code == 400
    assert httpx2.post(f"{stash.url}/_sim/named", json={"kind": "film", "name": "x"}).status_code == 400
