"""The ledger and the pins of a file go along when it has moved: what Plex held before us stays known."""

from __future__ import annotations

from collections.abc import Sequence

from plexsync.model.paths import file_name, path_key
from plexsync.model.scene import Scene
from plexsync.store import history, index, ledger, pins, seen
from plexsync.store.database import Connection
from plexsync.store.links import Link
from plexsync.sync.story.finder import Found


def follow(connection: Connection, server: str, scene: Scene, before: Sequence[Link], found: Found) -> None:
    """Move what is known of a file's old path in Plex to its new one.

    A path is an old one only where no item holds it any more, or where its file in Stash is gone from there; and
    nothing is moved unless it is clear which file went where.
    """
    targets = list(dict.fromkeys([tie.plex_path for tie in found.links] + [one.plex_path for one in found.absent]))
    known = ledger.rows(connection, server, targets)
    fresh = [path for path in targets if path not in known]
    if not fresh:
        return
    left, pinned = _left(connection, server, scene, before, set(targets))
    for path in fresh:
        if (old := _same_file(path, left, pinned, fresh)) is not None:
            ledger.move(connection, server, old, path)
            pins.move(connection, server, old, path)
            (left if old in left else pinned).remove(old)


def _left(
    connection: Connection, server: str, scene: Scene, before: Sequence[Link], targets: set[str]
) -> tuple[list[str], list[str]]:
    """Paths that were written for the scene, and those that only pins are known of, where it is no longer."""
    moved = _gone_from_stash(connection, scene, before)
    every = dict.fromkeys([*(tie.plex_path for tie in before), *history.paths_of(connection, server, scene.id)])
    paths = [path for path in every if path not in targets]
    written, pinned = ledger.rows(connection, server, paths), pins.pinned(connection, server, paths)
    held = index.at_paths(connection, server, map(path_key, written.keys() | pinned.keys()))
    left = [path for path in paths if path in moved or path_key(path) not in held]
    return [path for path in left if path in written], [path for path in left if path in pinned.keys() - written.keys()]


def _gone_from_stash(connection: Connection, scene: Scene, before: Sequence[Link]) -> set[str]:
    """The paths in Plex of files that neither this scene nor another one has where it was."""
    here = {path_key(file.path) for file in scene.files}
    away = {tie.plex_path: path_key(tie.stash_path) for tie in before if path_key(tie.stash_path) not in here}
    others = seen.scenes_at(connection, away.values())
    return {path for path, key in away.items() if not set(others.get(key, ())) - {scene.id}}


def _same_file(path: str, left: Sequence[str], pinned: Sequence[str], fresh: Sequence[str]) -> str | None:
    """The old path of the file: the only one of that name, or the only one at all."""
    named = [old for old in (*left, *pinned) if file_name(old) == file_name(path)]
    twins = [other for other in fresh if file_name(other) == file_name(path)]
    if len(named) == 1 and len(twins) == 1:
        return named[0]
    # Pins of a file that is gone for good stay for ever, and say nothing of one that was written.
    rest = left or pinned
    return rest[0] if len(rest) == 1 and len(fresh) == 1 else None
