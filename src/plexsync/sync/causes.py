"""Why jobs are put that nobody asked for by name; users read these words in `why` and in the queue."""

from __future__ import annotations

from typing import Final

from plexsync.store import undos

#: A scene that the first walk met, and one that a later one did.
FIRST_SEEN: Final = "first seen"
NEW: Final = "new"
#: The scene is another than it was seen.
CHANGED: Final = "changed"
#: The pictures of a scene, or of whom it names, are to be looked at: something was touched that is the same otherwise.
PICTURE: Final = "picture?"
#: Something that the scene names changed.
RELATED: Final = "related"
#: Nothing moved, and yet an item does not hold what it should.
GAP: Final = "gap"
#: Stash did not tell of a scene that is known, or could not.
PERHAPS_GONE: Final = "gone?"
UNREADABLE: Final = "unreadable"
#: A scene, or a file of it, that Stash has no more: the rule of its library says what becomes of the item.
LOST: Final = undos.GONE
#: An item that the first listing of its library showed, and one that came later.
INDEXED: Final = "indexed"
APPEARED: Final = "appeared"

#: Plex took the scene for an item: what a provider cannot give is to follow.
MATCHED: Final = "matched in Plex"

#: A person wants fields left as Plex has them.
PINNED: Final = "pinned"

#: The files of another scene are free for this one, and another daemon took over what was under way.
FREED: Final = "shared no more"
TOOK_OVER: Final = "took over"

#: These do not come from a change: such a job of a library in preview only plans.
BACKLOG: Final = frozenset({FIRST_SEEN, GAP, INDEXED, MATCHED, PINNED})
#: What walks and the index put. Whoever asked for one scene, or let it go already, is not asked again; whoever pins
#: asks for nothing to be written.
BULK: Final = frozenset(
    {
        FIRST_SEEN,
        NEW,
        CHANGED,
        RELATED,
        PICTURE,
        GAP,
        PERHAPS_GONE,
        UNREADABLE,
        LOST,
        INDEXED,
        APPEARED,
        MATCHED,
        PINNED,
    }
)
