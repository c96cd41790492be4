"""Scenes that have files where other scenes have theirs, or had them."""

from __future__ import annotations

from collections.abc import Iterable

from plexsync.model.paths import path_key
from plexsync.store import links, seen
from plexsync.store.database import Connection


def heirs_of(connection: Connection, server: str, scene: int) -> list[int]:
    """The scenes that have a file where this one has, or has a link on that server."""
    linked = links.of_scenes(connection, server, [scene]).get(scene, [])
    paths = [*(tie.stash_path for tie in linked), *seen.paths(connection, [scene]).get(scene, [])]
    return sorted(owners_of(connection, paths) - {scene})


def owners_of(connection: Connection, paths: Iterable[str]) -> set[int]:
    """The known scenes with a file at any of these paths, by Stash's view."""
    found = seen.scenes_at(connection, {path_key(path) for path in paths})
    return {scene for scenes in found.values() for scene in scenes}
