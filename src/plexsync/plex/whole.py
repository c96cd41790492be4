"""Whether an answer of Plex tells all that it should."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plexsync.plex import items as values
from plexsync.plex.documents import integer

if TYPE_CHECKING:
    from plexsync.plex.documents import Container, ItemAnswer, ListAnswer, PictureAnswer, SectionAnswer


def untold(answer: SectionAnswer | ListAnswer | ItemAnswer | PictureAnswer) -> str:
    """Why an answer that lists nothing does not say that there is nothing; "" when it does."""
    container = answer.container
    if not container.rows and _claimed(container):
        return f"it lacks what it counts: {_claimed(container)}"
    return "" if container.rows is not None or container.size is not None else "it holds neither rows nor their number"


def incomplete(answer: ItemAnswer) -> str:
    """Why items that are not in the answer may exist all the same; "" when they do not."""
    container = answer.container
    rows = container.rows or []
    if len(rows) < _claimed(container):
        return f"it lacks items that it counts: {len(rows)} of {_claimed(container)}"
    if any(values.item(row, container) is None for row in rows):
        return "it holds an item without a numeric ratingKey"
    return untold(answer)


def _claimed(container: Container) -> int:
    return integer(container.size) or 0
