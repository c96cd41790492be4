"""Files that Stash has no more, with their scene or without, and what the rule of their library says of their items."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from plexsync.model.item import IndexedItem
from plexsync.model.paths import path_key
from plexsync.model.rules import WhenGone
from plexsync.model.scene import Scene, SceneFile
from plexsync.store import history, index, ledger, undos
from plexsync.store.database import Connection
from plexsync.store.links import Link
from plexsync.store.undos import Undo
from plexsync.sync.story.endings import LEFT
from plexsync.sync.story.tools import Tools

#: How many entries of the history are looked through for the latest on one server.
_LOOKED_THROUGH = 100


def rule_of(section: int, tools: Tools) -> WhenGone:
    """What becomes of the items of that library; they are left alone where it is not synced."""
    if all(one.key != section for one in tools.libraries.synced):
        return WhenGone.LEAVE
    return tools.rules_of(section).when_gone


def lost_of(
    connection: Connection, tools: Tools, number: int, before: Sequence[Link], scene: Scene | None = None
) -> Undo | None:
    """What Stash lost of a scene that was linked so `before`, and whose items its rule does not leave alone.

    `scene` is the scene as it is now, None where it is gone itself. None where nothing of the kind was lost.
    """
    lost = _files(connection, tools, before, scene.files if scene is not None else ())
    if not lost:
        return None
    title = scene.label if scene is not None else ""
    return Undo(server=tools.server, scene=number, paths=tuple(lost), pins=False, lost=lost, title=title)


def _files(connection: Connection, tools: Tools, before: Sequence[Link], files: Sequence[SceneFile]) -> dict[str, str]:
    """By path in Plex the path in Stash. A file that is at another place now is not lost."""
    here = {path_key(file.path) for file in files}
    stays = {tie.rating_key for tie in before if path_key(tie.stash_path) in here}
    away = [
        tie
        for tie in before
        if path_key(tie.stash_path) not in here
        and tie.rating_key not in stays
        and rule_of(tie.section, tools) is not WhenGone.LEAVE
    ]
    if not away:
        return {}
    written = ledger.rows(connection, tools.server, [tie.plex_path for tie in away])
    held = index.of_keys(connection, tools.server, [tie.rating_key for tie in away])
    fresh = _fresh(before, files)
    return {
        tie.plex_path: tie.stash_path
        for tie in away
        if tie.plex_path in written and not _may_have_moved(tie, held.get(tie.rating_key), fresh)
    }


def _fresh(before: Sequence[Link], files: Sequence[SceneFile]) -> Collection[SceneFile]:
    """The files that no item was known of."""
    known = {path_key(tie.stash_path) for tie in before}
    return [file for file in files if path_key(file.path) not in known]


def _may_have_moved(tie: Link, item: IndexedItem | None, fresh: Collection[SceneFile]) -> bool:
    """Whether one of the scene's other files may be this one at another place: for all that is known it is as long."""
    parts = item.parts if item is not None else ()
    size = next((part.size for part in parts if path_key(part.path) == path_key(tie.plex_path)), None)
    return any(None in (size, file.size) or file.size == size for file in fresh)


def became(connection: Connection, server: str, number: int) -> str:
    """What became of the items of a scene that is gone, by the history."""
    here = (entry for entry in history.of_scene(connection, number, _LOOKED_THROUGH) if entry.server == server)
    last = next(here, None)
    if last is None or last.reason != undos.GONE:
        return LEFT
    return f"what PlexSync wrote was taken back by the rule `gone` (run {last.run})"
