"""A studio and those above it."""

from __future__ import annotations

from enum import StrEnum

from plexsync.model.scene import Studio

BETWEEN = " / "


class StudioForm(StrEnum):
    """Which name is the studio in Plex."""

    OWN = "own"
    TOP = "top"  #: the topmost parent
    PATH = "path"  #: all from the top, as in `Parent / Own`


def studio_name(studio: Studio, form: StudioForm) -> str:
    """The studio's name in that form; its own where it has no parent."""
    if form is StudioForm.TOP:
        return studio.parents[-1].name if studio.parents else studio.name
    if form is StudioForm.PATH:
        return BETWEEN.join((*(above.name for above in reversed(studio.parents)), studio.name))
    return studio.name
