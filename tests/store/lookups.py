"""What is asked of the store again and again, each by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import event

from plexsync.model.fields import Field
from plexsync.store import decisions, history, in_step, index, jobs, ledger, links, pictures, portraits, seen
from plexsync.store.database import Connection

LOOK_UPS: Mapping[str, Callable[[Connection], Any]] = {
    "void_claims": lambda conn: jobs.void_claims(conn, "plex"),
    "parked": lambda conn: jobs.parked(conn, "plex"),
    "unpark": lambda conn: jobs.unpark(conn, "plex", [1], 1.0),
    "claim_parked": lambda conn: jobs.claim_parked(conn, server="plex", section=1, token="t"),
    "at_paths": lambda conn: index.at_paths(conn, "plex", ["/a"]),
    "named": lambda conn: index.named(conn, "plex", ["a.mp4"]),
    "scenes_at": lambda conn: seen.scenes_at(conn, ["/a"]),
    "scenes_named": lambda conn: seen.scenes_named(conn, ["a.mp4"]),
    "ids_after": lambda conn: seen.ids_after(conn, 5, 10),
    "paths": lambda conn: seen.paths(conn, [1, 2]),
    "links.of_items": lambda conn: links.of_items(conn, "plex", [1]),
    "links.of_scenes": lambda conn: links.of_scenes(conn, "plex", [1]),
    "in_step.digests": lambda conn: in_step.digests(conn, "plex", [1]),
    "decided": lambda conn: decisions.decided(conn, "plex", [1]),
    "ledger": lambda conn: ledger.rows(conn, "plex", ["/a"]),
    "pictures": lambda conn: pictures.of(conn, "scene", 1),
    "pictures.each": lambda conn: pictures.of_each(conn, "performer", [1, 2], "r"),
    "pictures.all": lambda conn: pictures.of_all(conn, "scene", [1, 2]),
    "uploads": lambda conn: pictures.uploads_of(conn, "plex", [1, 2]),
    "uploaded": lambda conn: pictures.uploaded(conn, "plex", 1, Field.POSTER, "s"),
    "of_key": lambda conn: pictures.of_key(conn, "plex", 1, Field.POSTER, "k"),
    "shown": lambda conn: pictures.shown_by(conn, "plex", 1),
    "portraits": lambda conn: portraits.rows(conn, "plex", ["a"]),
    "history": lambda conn: history.of_scene(conn, 1, 10),
}


def statements_of(conn: Connection, work: Callable[[], Any]) -> list[tuple[str, Any]]:
    """Each statement of that work, with its parameters."""
    asked: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        asked.append((statement, parameters))

    event.listen(conn, "before_cursor_execute", note)
    work()
    event.remove(conn, "before_cursor_execute", note)
    return asked
