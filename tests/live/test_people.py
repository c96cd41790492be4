"""Performers of a real Stash as actors in Plex, with their pictures."""

from __future__ import annotations

from contextlib import suppress

import httpx2
import pytest

from live.house import RUN, House
from live.server import Scene, Stash
from pictures import alike, data_url, form, picture

ADA = f"Ada {RUN}"
PLAIN = f"Plain {RUN}"


@pytest.fixture
def base(house: House) -> str:
    """How Plex reaches the daemon."""
    return f"http://127.0.0.1:{house.free_port()}"


def settings(house: House, base: str, rules: str = "") -> None:
    house.settings(port=int(base.rpartition(":")[2]), url_from_plex=base, rules=rules)


def performer(stash: Stash, name: str, image: bytes | None = None, **more: object) -> str:
    """A new performer; Stash serves its picture as it was given."""
    made = stash.make("performer", name=name, **more, **({} if image is None else {"image": data_url(image)}))
    if image is not None:
        assert stash.http.get(f"{stash.url}/performer/{made}/image").content == image
    return made


def faces(house: House, scene: Scene) -> dict[str, str | None]:
    """The addresses of the pictures that Plex shows, by actor."""
    found: dict[str, str | None] = house.item(scene)["thumbs"]
    return found


def fetched(address: str | None) -> bytes:
    """As Plex fetches it: by the address alone."""
    assert address is not None
    with httpx2.Client(trust_env=False, timeout=30) as http:
        answer = http.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert form(answer.content)[0] == "JPEG"
    return answer.content


def test_people_come_with_pictures_and_two_of_one_name_are_told_apart(house: House, stash: Stash, base: str) -> None:
    early, late = picture(f"early {RUN}", "PNG", (2000, 3000)), picture(f"late {RUN}", "WEBP", (400, 600))
    ada, other = performer(stash, ADA, early), performer(stash, ADA, late, disambiguation="1990")
    plain = performer(stash, PLAIN, alias_list=["Nobody"])
    # Stash takes no third one of the name that nothing tells apart from the first.
    with suppress(AssertionError):
        performer(stash, ADA.upper())
        raise RuntimeError("Stash took a second performer of one name without a disambiguation")
    both, alone = stash.scenes()[:2]
    stash.edit(both["id"], performer_ids=[plain, other, ada])
    stash.edit(alone["id"], performer_ids=[plain])
    settings(house, base, '[rules]\nrole = "{aliases|first|prefix:also }"\n')
    with house.daemon() as daemon:
        found = faces(house, both)
        told_apart = f"{ADA} (1990)"
        # The order is that of Stash, which is by id, whatever was sent.
        assert house.item(both)["actors"] == [ADA, told_apart, PLAIN]
        assert house.item(both)["roles"][PLAIN] == "also Nobody"
        assert alike(fetched(found[ADA]), early)
        assert alike(fetched(found[told_apart]), late)
        assert max(form(fetched(found[ADA]))[1]) <= 1500
        # Stash draws somebody for those without a picture; Plex never gets that.
        assert stash.http.get(f"{stash.url}/performer/{plain}/image").headers["content-type"] == "image/png"
        assert not found[PLAIN]
        before = house.write_counts()
        daemon.sync(all=True)
        house.until_walked(daemon, 2)
        assert house.write_counts() == before


def test_a_picture_changed_in_stash_costs_one_write_and_one_taken_away_goes(
    house: House, stash: Stash, base: str
) -> None:
    first, second = picture(f"one face {RUN}"), picture(f"another face {RUN}")
    star = performer(stash, f"Star {RUN}", first)
    scenes = stash.scenes()[:3]
    for scene in scenes:
        stash.edit(scene["id"], performer_ids=[star])
    settings(house, base)
    with house.daemon() as daemon:
        shown = [faces(house, scene)[f"Star {RUN}"] for scene in scenes]
        assert alike(fetched(shown[0]), first)
        assert len(set(shown)) == 1
        writes, uploads = house.write_counts()
        stash.change("performer", star, image=data_url(second))
        daemon.sync(all=True)
        house.until_walked(daemon, 2)
        now = [faces(house, scene)[f"Star {RUN}"] for scene in scenes]
        assert now == [now[0]] * 3 != shown
        assert alike(fetched(now[0]), second)
        assert house.write_counts() == (writes + 1, uploads)
        stash.change("performer", star, image=None)
        daemon.sync(all=True)
        house.until_walked(daemon, 3)
        assert faces(house, scenes[0])[f"Star {RUN}"] != now[0]
        before = house.write_counts()
        daemon.sync(all=True)
        house.until_walked(daemon, 4)
        assert house.write_counts() == before


def test_a_renamed_a_merged_and_a_destroyed_performer_reach_every_scene(house: House, stash: Stash) -> None:
    one, two, three = (performer(stash, f"{name} {RUN}") for name in ("Renamed", "Merged", "Destroyed"))
    target = performer(stash, f"Target {RUN}")
    scenes = stash.scenes()[:2]
    for scene in scenes:
        stash.edit(scene["id"], performer_ids=[one, two, three])
    house.settings()
    with house.daemon() as daemon:
        assert sorted(house.item(scenes[0])["actors"]) == [
            f"{name} {RUN}" for name in ("Destroyed", "Merged", "Renamed")
        ]
        stash.change("performer", one, name=f"New name {RUN}")
        stash.ask(
            "mutation($i: PerformerMergeInput!) { performerMerge(input: $i) { id } }",
            i={"source": [two], "destination": target},
        )
        stash.ask("mutation($id: ID!) { performerDestroy(input: {id: $id}) }", id=three)
        daemon.sync(all=True)
        house.until_walked(daemon, 2)
        for scene in scenes:
            assert sorted(house.item(scene)["actors"]) == [f"New name {RUN}", f"Target {RUN}"]
        assert house.differences(map(stash.scene, (scene["id"] for scene in scenes))) == []
