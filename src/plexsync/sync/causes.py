"""Why jobs are put that more than one room tells apart; users read these words in `why` and in the queue."""

from __future__ import annotations

from typing import Final

#: The pictures of a scene, or of whom it names, are to be looked at: something was touched that is the same otherwise.
PICTURE: Final = "picture?"
#: Something that the scene names changed.
RELATED: Final = "related"
#: These do not come from a change: such a job of a library in preview only plans.
BACKLOG: Final = frozenset({"first seen", "gap", "indexed"})
