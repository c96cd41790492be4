"""How many requests a changed, a pictured and an unchanged scene cost Plex."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from bench.place import Place, in_step
from bench.row import Row, row

from plexsync.demo.servers import data_url
from plexsync.sim.library import cover

SCENES = 500
PICTURED = 100
HOOKED = 100
#: Numbers of pictures that no scene has from the start.
_OTHER_PICTURES = 200_000


def rows(scenes: int = SCENES, pictured: int = PICTURED, hooked: int = HOOKED) -> list[Row]:
    """Requests to Plex per scene."""
    with in_step(scenes) as place:
        return measured(place, pictured, hooked)


def measured(place: Place, pictured: int, hooked: int) -> list[Row]:
    """All kinds of change, one after another."""
    return [
        *changed(place, place.ids),
        *changed_by_hooks(place, place.ids[:hooked]),
        *pictures(place, place.ids[:pictured]),
        *unchanged(place, place.ids),
    ]


def changed(place: Place, ids: Sequence[int]) -> list[Row]:
    """Titles that changed with no hook, found by a walk."""

    def work() -> None:
        for scene in ids:
            place.silently(scene, title=f"Another title {scene}")
        place.daemon.sync(all=True)

    found, name = counted(place, work), f"requests: {len(ids)} titles in bulk"
    return [
        row(f"{name}, reads", found["reads"] / len(ids), "a scene", "<= 0.05"),
        row(f"{name}, writes", found["writes"] / len(ids), "a scene", "1"),
        row(f"{name}, uploads", found["uploads"] / len(ids), "a scene", "0"),
    ]


def changed_by_hooks(place: Place, ids: list[int]) -> list[Row]:
    """One bulk edit in Stash's pages: its hooks come one after another, and each may be acted on at once."""

    def work() -> None:
        before = place.daemon.status()["accepted_events"]
        place.stash.edit_many(ids, details="Told of all of them at once.")
        place.until(
            lambda: place.daemon.status()["accepted_events"] >= before + len(ids), "the daemon knows of every hook"
        )

    found = counted(place, work)
    name = f"requests: bulk edit of {len(ids)}, hooks one by one"
    return [
        row(f"{name}, reads", found["reads"] / len(ids), "a scene"),
        row(f"{name}, writes", found["writes"] / len(ids), "a scene", "1"),
    ]


def pictures(place: Place, ids: Sequence[int]) -> list[Row]:
    """Covers that changed with no hook."""

    def work() -> None:
        # Stash tells in whole seconds when a scene was touched, and nothing else tells of a new cover.
        time.sleep(1.0)
        for scene in ids:
            place.silently(scene, cover_image=data_url(cover(_OTHER_PICTURES + scene)))
        place.daemon.sync(all=True)

    found, name = counted(place, work), f"requests: {len(ids)} covers in bulk"
    return [
        row(f"{name}, reads", found["reads"] / len(ids), "a scene", "<= 0.05"),
        row(f"{name}, writes", found["writes"] / len(ids), "a scene", "<= 1"),
        row(f"{name}, uploads", found["uploads"] / len(ids), "a scene", "1"),
    ]


def unchanged(place: Place, ids: Sequence[int]) -> list[Row]:
    """Scenes that are in step and are put again."""
    found, name = counted(place, lambda: place.daemon.sync(scenes=list(ids))), f"requests: {len(ids)} unchanged"
    return [
        row(f"{name}, reads", found["reads"] / len(ids), "a scene", "<= 0.05"),
        row(f"{name}, writes and uploads", found["writes"] + found["uploads"], "in all", "0"),
    ]


def counted(place: Place, work: Callable[[], None]) -> dict[str, int]:
    """What Plex got until the daemon had nothing left to do."""
    place.forget()
    work()
    place.quiet()
    return place.plex.counts()
