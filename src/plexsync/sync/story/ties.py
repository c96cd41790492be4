"""The files of a scene that lie in one item: which of them stands for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from plexsync.model.fields import Field
from plexsync.store.links import Link


def one_of_each(ties: Sequence[Link], written: Mapping[str, object]) -> list[Link]:
    """One file of each item: that under which the item was `written` before, else the first, which is the primary."""
    chosen: dict[int, Link] = {}
    for key, files in _by_item(ties).items():
        known = [tie for tie in files if written.get(tie.plex_path)]
        chosen[key] = min(known, key=lambda tie: tie.plex_path, default=files[0])
    return list(chosen.values())


def first_of_each(ties: Collection[Link]) -> list[Link]:
    """One file of each item, the same for whoever looks: the first by its path."""
    return one_of_each(sorted(ties, key=lambda tie: tie.plex_path), {})


def pinned_of(ties: Sequence[Link], pinned: Mapping[str, frozenset[Field]]) -> dict[int, frozenset[Field]]:
    """The pinned fields of each item, whichever of its files they were pinned at."""
    return {
        key: frozenset().union(*(pinned.get(tie.plex_path, frozenset()) for tie in files))
        for key, files in _by_item(ties).items()
    }


def link_texts(ties: Collection[Link]) -> dict[int, str]:
    """The link's part of a digest for each item of one scene: the same whichever of its files is the primary one."""
    return {key: f"{key}:{min(tie.plex_path for tie in files)}" for key, files in _by_item(ties).items()}


def _by_item(ties: Collection[Link]) -> dict[int, list[Link]]:
    found: dict[int, list[Link]] = {}
    for tie in ties:
        found.setdefault(tie.rating_key, []).append(tie)
    return found
