"""All that can reach Plex is read from a server that answers it as Stash does, the same by id and by page."""

from __future__ import annotations

import base64
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from plexsync.model.scene import Group, Named, Performer, StashId, Studio, Tag
from plexsync.sim.library import cover
from plexsync.sim.serving import serving
from plexsync.sim.stash.app import create_app
from plexsync.sim.stash.options import StashOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from plexsync.model.scene import Scene
    from plexsync.stash.client import StashClient

    Connect = Callable[..., StashClient]

SCENE = 7
FACE = "data:image/jpeg;base64," + base64.b64encode(cover(1)).decode()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A simulated Stash for all of these tests: each sets what it looks at."""
    with serving(create_app(StashOptions(scenes=10))) as server:
        yield server.url


def post(url: str, what: str, **told: Any) -> int:
    return int(httpx2.post(f"{url}/_sim/{what}", json=told, verify=False).raise_for_status().json()["id"])


def named(url: str, kind: str, name: str, **told: Any) -> int:
    """Makes or edits what scenes name, without a hook."""
    return post(url, "named", kind=kind, name=name, **told)


def edit(url: str, **told: Any) -> None:
    post(url, "silent", id=SCENE, **told)


async def read(stash: StashClient) -> Scene:
    """The scene, told the same in both ways."""
    (scene,) = (await stash.scenes([SCENE])).values()
    assert await stash.scenes_after(SCENE - 1, 1) == [scene]
    return scene


async def test_texts_urls_and_ids_at_stash_boxes_are_read(url: str, connect: Connect) -> None:
    ids = [{"endpoint": "https://box.example/graphql", "stash_id": "0af1"}, {"endpoint": "https://b", "stash_id": "2"}]
    edit(url, code="X-1", director="Colin Levy", urls=["https://one", "https://two"], stash_ids=ids, organized=True)
    scene = await read(connect(url))
    assert (scene.code, scene.director, scene.organized) == ("X-1", "Colin Levy", True)
    assert scene.urls == ("https://one", "https://two")
    assert scene.stash_ids == tuple(StashId(endpoint=each["endpoint"], id=each["stash_id"]) for each in ids)
    edit(url, code=None, director="", urls=[], stash_ids=[])
    scene = await read(connect(url))
    assert (scene.code, scene.director, scene.urls, scene.stash_ids) == ("", "", (), ())


async def test_a_chain_of_studios_is_read_to_the_third_above(url: str, connect: Connect) -> None:
    chain = ["Studio", "Label", "Network", "Holding", "Owner"]
    ids = [named(url, "studio", below, parent=above) for below, above in pairwise(chain)]
    edit(url, studio="Studio")
    above = tuple(Named(id=number, name=name) for number, name in zip(ids[1:], chain[1:], strict=False))
    assert (await read(connect(url))).studio == Studio(id=ids[0], name="Studio", parents=above)
    named(url, "studio", "Label", parent="Studio")
    assert (await read(connect(url))).studio == Studio(id=ids[0], name="Studio", parents=above[:1])
    named(url, "studio", "Studio", parent=None)
    assert (await read(connect(url))).studio == Studio(id=ids[0], name="Studio")


async def test_tags_above_a_tag_are_read_only_where_they_are_asked_for(url: str, connect: Connect) -> None:
    parents = {"red": ["warm", "colour"], "warm": ["colour"], "colour": ["look"], "look": ["all", "red"]}
    ids = {below: named(url, "tag", below, parents=above) for below, above in parents.items()}
    edit(url, tags=["red", "look"])
    red, look = Tag(id=ids["red"], name="red"), Tag(id=ids["look"], name="look")
    assert (await read(connect(url))).tags == (look, red)
    look, red = (await read(connect(url, tag_parents=True))).tags
    assert [above.name for above in red.ancestors] == ["colour", "warm", "look", "all"]
    assert [above.name for above in look.ancestors] == ["all", "red", "colour", "warm"]
    assert {above.id for above in red.ancestors} > {ids["warm"], ids["colour"], ids["look"]}


async def test_performers_are_read_with_what_tells_them_apart_and_their_pictures(url: str, connect: Connect) -> None:
    facts = {"disambiguation": "the elder", "alias_list": ["A.", "Countess"], "gender": "TRANSGENDER_FEMALE"}
    bo, ada = named(url, "performer", "Bo"), named(url, "performer", "Ada", image=FACE, **facts)
    edit(url, performers=["Bo", "Ada"])
    stash = connect(url)
    first, second = (await read(stash)).performers
    assert first == Performer(id=bo, name="Bo")
    assert second.picture.startswith(f"/performer/{ada}/image?t=")
    assert second == Performer(
        id=ada,
        name="Ada",
        disambiguation="the elder",
        aliases=("A.", "Countess"),
        gender="TRANSGENDER_FEMALE",
        picture=second.picture,
    )
    assert (await stash.picture(second.picture)).content == cover(1)
    named(url, "performer", "Ada", image=None)
    assert (await read(stash)).performers[1].picture == ""


async def test_groups_are_read_with_their_numbers_and_front_pictures(url: str, connect: Connect) -> None:
    first, second = named(url, "group", "Open films", front_image=FACE), named(url, "group", "Dragons")
    edit(url, groups=[{"name": "Open films", "scene_index": 3}, "Dragons"])
    stash = connect(url)
    groups = (await read(stash)).groups
    assert groups[0].picture.startswith(f"/group/{first}/frontimage?t=")
    assert groups == (
        Group(id=first, name="Open films", index=3, picture=groups[0].picture),
        Group(id=second, name="Dragons"),
    )
    assert (await stash.picture(groups[0].picture)).content == cover(1)


async def test_a_studio_has_its_picture_too(url: str, connect: Connect) -> None:
    number = named(url, "studio", "Durian", image=FACE)
    edit(url, studio="Durian")
    stash = connect(url)
    studio = (await read(stash)).studio
    assert studio is not None
    assert studio.picture.startswith(f"/studio/{number}/image?t=")
    assert (await stash.picture(studio.picture)).content == cover(1)


#: What moves the content of a scene, and what only touches it.
MOVES: dict[str, dict[str, Any]] = {
    "code": {"code": "Y"},
    "director": {"director": "Y"},
    "organized": {"organized": False},
    "urls": {"urls": ["https://y"]},
    "stash ids": {"stash_ids": [{"endpoint": "https://box", "stash_id": "y"}]},
    "groups": {"groups": ["Y"]},
    "a number in a group": {"groups": [{"name": "Caminandes", "scene_index": 99}]},
}


@pytest.mark.parametrize("change", MOVES.values(), ids=MOVES)
async def test_each_new_fact_moves_the_content_of_its_scene(url: str, connect: Connect, change: dict[str, Any]) -> None:
    stash = connect(url)
    edit(url, organized=True, groups=[{"name": "Caminandes", "scene_index": 1}])
    before = (await read(stash)).content_hash
    edit(url)
    assert (await read(stash)).content_hash == before
    edit(url, **change)
    assert (await read(stash)).content_hash != before


ABOVE: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a studio above": ("studio", "S", {"parent": "Above"}),
    "an alias": ("performer", "P", {"alias_list": ["Q"]}),
    "a disambiguation": ("performer", "P", {"disambiguation": "the younger"}),
    "a gender": ("performer", "P", {"gender": "MALE"}),
    "a group's name": ("group", "G", {"rename": "H"}),
}


@pytest.mark.parametrize(("kind", "name", "change"), ABOVE.values(), ids=ABOVE)
async def test_each_fact_of_what_a_scene_names_moves_its_content_too(
    url: str, connect: Connect, kind: str, name: str, change: dict[str, Any]
) -> None:
    stash = connect(url, tag_parents=True)
    edit(url, tags=["T"], studio="S", performers=["P"], groups=["G"])
    before = (await read(stash)).content_hash
    named(url, kind, name, **change)
    assert (await read(stash)).content_hash != before
