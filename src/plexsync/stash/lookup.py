"""Scenes asked for by id."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import msgspec

from plexsync.model.errors import SyncError
from plexsync.stash.answers import SceneAnswer, decoded
from plexsync.stash.documents import Question, alias, question, scenes_by_id
from plexsync.stash.scenes import scene_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plexsync.model.scene import Scene
    from plexsync.stash.answers import Envelope, GraphError
    from plexsync.stash.connection import Connection
    from plexsync.stash.failures import Reply

#: Scenes asked for in one document.
CHUNK = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenes:
    """Scenes asked for by id. An id in neither mapping does not exist in Stash."""

    found: dict[int, Scene] = field(default_factory=dict)
    failed: dict[int, SyncError] = field(default_factory=dict)


async def look_up(connection: Connection, ids: Sequence[int | str], *, tag_parents: bool = False) -> Scenes:
    """Every one of `ids`. A failure that belongs to one scene stays with it; any other is raised."""
    wanted = list(dict.fromkeys(int(scene) for scene in ids))
    scenes = Scenes()
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        document = scenes_by_id(chunk)
        envelope, reply = await connection.ask(document, {"tagParents": tag_parents})
        answers = _Answers(connection, envelope, reply, question(document), chunk, tag_parents=tag_parents)
        for scene in chunk:
            answers.take(scene, scenes)
    return scenes


class _Answers:
    """One answer per scene, each with the errors that name it."""

    def __init__(
        self,
        connection: Connection,
        envelope: Envelope,
        reply: Reply,
        question: Question,
        chunk: Sequence[int],
        *,
        tag_parents: bool,
    ) -> None:
        self._failures = connection.failures
        self._reply = reply
        self._question = question
        self._tag_parents = tag_parents
        errors = envelope.errors or []
        self._errors = _by_alias(errors)
        named = {alias(scene) for scene in chunk}
        # What fails elsewhere than in one scene leaves open whether the others exist.
        if errors and (not envelope.has_data or self._errors.keys() - named):
            raise self._failures.of_errors(errors, reply, question)
        with connection.reading(question, reply):
            self._data = decoded(envelope.data, dict[str, msgspec.Raw])

    def take(self, scene: int, scenes: Scenes) -> None:
        """Put what is said of `scene` where it belongs; nowhere when Stash says that there is none."""
        name = alias(scene)
        question = replace(self._question, place=f"{self._question.place}, scene {scene}")
        if name in self._errors:
            scenes.failed[scene] = self._failures.of_errors(self._errors[name], self._reply, question)
            return
        try:
            found = self._scene(scene, name)
        except (ValueError, RecursionError) as error:
            scenes.failed[scene] = self._failures.of_content(str(error), self._reply, question)
            return
        if found is not None:
            scenes.found[scene] = found

    def _scene(self, scene: int, name: str) -> Scene | None:
        if name not in self._data:
            raise ValueError("the scene was asked for and is not answered")
        content = self._data[name]
        if bytes(content) == b"null":
            return None
        found = scene_of(decoded(content, SceneAnswer), tag_parents=self._tag_parents)
        if found.id != scene:
            raise ValueError(f"scene {found.id} came instead")
        return found


def _by_alias(errors: Sequence[GraphError]) -> dict[str, list[GraphError]]:
    grouped: dict[str, list[GraphError]] = {}
    for error in errors:
        grouped.setdefault(str((error.path or [""])[0]), []).append(error)
    return grouped
