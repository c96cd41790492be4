"""Labels and collections that come from other facts of a scene than its tags."""

from __future__ import annotations

from enum import StrEnum

from plexsync.model.rules.facts import Subject


class Source(StrEnum):
    """A fact of a scene whose names become labels or collections."""

    GROUPS = "groups"
    STUDIO = "studio"
    PARENT_STUDIOS = "parent_studios"
    PERFORMERS = "performers"
    CODE = "code"
    URLS = "urls"
    STASH_IDS = "stash_ids"


def names_from(source: Source, subject: Subject) -> tuple[str, ...]:
    """The names that the scene gives there."""
    scene = subject.scene
    match source:
        case Source.GROUPS:
            names = tuple(group.name for group in scene.groups)
        case Source.STUDIO:
            names = (scene.studio.name,) if scene.studio is not None else ()
        case Source.PARENT_STUDIOS:
            names = tuple(above.name for above in scene.studio.parents) if scene.studio is not None else ()
        case Source.PERFORMERS:
            names = tuple(one.person.name for one in subject.cast)
        case Source.CODE:
            names = (scene.code,)
        case Source.URLS:
            names = scene.urls
        case Source.STASH_IDS:
            names = tuple(one.id for one in scene.stash_ids)
    return names
