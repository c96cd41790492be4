"""Which libraries a scene takes part in, by the rules of each."""

from __future__ import annotations

from collections.abc import Sequence

from plexsync.model.scene import Scene
from plexsync.store.links import Link
from plexsync.sync.story.finder import Found
from plexsync.sync.story.tools import Tools


def taking_part(scene: Scene, ties: Sequence[Link], tools: Tools) -> list[Link]:
    """The links to items of libraries that do not exclude the scene."""
    return [tie for tie in ties if not tools.rules_of(tie.section).excludes(scene)]


def exclusion(scene: Scene, found: Found, tools: Tools) -> str:
    """Why no library may get the scene, each with its reason; "" where one may.

    As long as a file of it is not in Plex yet, any library may be the one that gets it.
    """
    keys = {tie.section for tie in found.links}
    if found.absent or not keys:
        keys |= {section.key for section in tools.libraries.synced}
    reasons = {key: tools.rules_of(key).excludes(scene) for key in sorted(keys)}
    if not reasons or not all(reasons.values()):
        return ""
    titles = {section.key: section.title for section in tools.libraries.sections}
    return "; ".join(f"{titles.get(key, f'library {key}')}: {reason}" for key, reason in reasons.items())
