"""The three ways of editing that every arrangement of daemon and plugin has to pass."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from live.figures import show, spread
from live.house import RUN, House
from live.server import Scene
from pictures import cover
from plexsync.demo.waiting import until

MANY = 50
AT_ONCE = 20
PATIENCE = 30.0


def edit_everything(house: House, mark: str) -> float:
    """Save one scene with all its fields new; seconds from Stash's answer until Plex holds it."""
    stash = house.stash
    scene = stash.scenes()[0]
    tag = stash.named("tag", f"new tag {mark} {RUN}")
    person = stash.named("performer", f"Zoë {mark} {RUN}")
    studio = stash.named("studio", f"Studio {mark} {RUN}")
    picture, sha1 = cover(f"{mark} {RUN}")
    stash.edit(
        scene["id"],
        title=f"Ünder + % {mark} {RUN}",
        details=f"Line one {mark}\n\nLine “two” {RUN}",
        date="2007-08-09",
        rating100=37 if scene["rating100"] != 37 else 73,
        studio_id=studio,
        tag_ids=[tag],
        performer_ids=[person],
        cover_image=picture,
    )
    took = house.until_equal([scene["id"]], f"the edit of everything ({mark}) is in Plex")
    item = house.item(scene)
    assert item["posterSha1"] == sha1
    assert item["genres"] == [f"new tag {mark} {RUN}"]
    assert item["actors"] == [f"Zoë {mark} {RUN}"]
    show(f"{mark}: edit of everything to Plex {took * 1000:.0f} ms")
    return took


def edit_titles(house: House, mark: str, count: int) -> list[float]:
    """Save titles one after the other; for each the seconds from Stash's answer until Plex holds it."""
    took = []
    scenes = house.stash.scenes()
    for number in range(count):
        scene = scenes[number % len(scenes)]
        house.stash.edit(scene["id"], title=f"{mark} {number} {RUN}")
        began = time.monotonic()
        until_titled(house, {scene["id"]: f"{mark} {number} {RUN}"}, [scene])
        took.append(time.monotonic() - began)
    show(f"{mark}: edit to Plex over {count} edits: {spread(took)}")
    return took


def edit_in_bulk(house: House, mark: str) -> None:
    """Save 50 scenes at once; all arrive."""
    scenes = house.stash.scenes()[:MANY]
    idents = [scene["id"] for scene in scenes]
    tag = house.stash.named("tag", f"bulk {mark} {RUN}")
    began = time.monotonic()
    house.stash.edit_many(idents, tag_ids={"ids": [tag], "mode": "ADD"}, details=f"bulk {mark} {RUN}")
    answered = time.monotonic() - began
    house.until_equal(idents, f"the bulk edit ({mark}) is in Plex", posters=False)
    whole = time.monotonic() - began
    show(
        f"{mark}: bulk edit of {len(idents)}: Stash answers after {answered:.2f} s"
        f" ({answered / len(idents) * 1000:.1f} ms a scene), all in Plex {whole - answered:.2f} s later"
    )
    assert all(f"bulk {mark} {RUN}" in house.item(scene)["genres"] for scene in scenes)


def edit_at_once(house: House, mark: str) -> None:
    """Save 20 scenes by 20 requests at once; none is lost."""
    scenes = house.stash.scenes()[-AT_ONCE:]
    titles = {scene["id"]: f"at once {mark} {scene['id']} {RUN}" for scene in scenes}

    def save(ident: str) -> float:
        began = time.monotonic()
        house.stash.edit(ident, title=titles[ident])
        return time.monotonic() - began

    with ThreadPoolExecutor(AT_ONCE) as pool:
        began = time.monotonic()
        saves = list(pool.map(save, titles))
    answered = time.monotonic()
    until_titled(house, titles, scenes)
    show(
        f"{mark}: {AT_ONCE} edits at once: all answered after {answered - began:.2f} s ({spread(saves)}),"
        f" all in Plex {time.monotonic() - answered:.2f} s later"
    )


def until_titled(house: House, titles: dict[str, str], scenes: list[Scene]) -> None:
    """Wait until Plex shows these titles."""
    paths = {house.plex_path(scene["files"][0]["path"]): titles[scene["id"]] for scene in scenes}

    def shown() -> bool:
        items = house.seen.items()
        return all(items[path]["title"] == title for path, title in paths.items())

    until(shown, PATIENCE, f"{len(titles)} titles are in Plex", every=0.005)
