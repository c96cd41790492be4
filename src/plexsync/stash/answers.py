"""The shapes of Stash's answers, decoded strictly: an absent or mistyped field is no answer, never an empty value."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


class Answer(msgspec.Struct, frozen=True, gc=False):
    """Base of all shapes; fields that nobody asked for are ignored."""


class GraphError(Answer, frozen=True):
    """One entry of `errors`. Stash gives a message and seldom a code."""

    message: str
    path: list[str | int] | None = None
    extensions: dict[str, Any] | None = None

    @property
    def code(self) -> str:
        """The machine-readable code; "" without one."""
        return str((self.extensions or {}).get("code", ""))


class Envelope(Answer, frozen=True):
    """The outermost object of a GraphQL answer."""

    data: msgspec.Raw = msgspec.Raw(b"")
    errors: list[GraphError] | None = None

    @property
    def has_data(self) -> bool:
        """Whether any data came, with or without errors."""
        return bytes(self.data) not in {b"", b"null"}


class NamedAnswer(Answer, frozen=True):
    id: int | str
    name: str


class GrandparentTag(NamedAnswer, frozen=True):
    parents: list[NamedAnswer]


class ParentTag(NamedAnswer, frozen=True):
    parents: list[GrandparentTag]


class TagAnswer(NamedAnswer, frozen=True):
    # Asked for only where a rule needs it.
    parents: list[ParentTag] | msgspec.UnsetType = msgspec.UNSET


class GrandparentStudio(NamedAnswer, frozen=True):
    parent_studio: NamedAnswer | None


class ParentStudio(NamedAnswer, frozen=True):
    parent_studio: GrandparentStudio | None


class StudioAnswer(NamedAnswer, frozen=True):
    image_path: str | None
    parent_studio: ParentStudio | None


class PerformerAnswer(NamedAnswer, frozen=True):
    disambiguation: str | None
    alias_list: list[str]
    gender: str | None
    image_path: str | None


class GroupFacts(NamedAnswer, frozen=True):
    front_image_path: str | None


class GroupAnswer(Answer, frozen=True):
    scene_index: int | None
    group: GroupFacts


class StashIdAnswer(Answer, frozen=True):
    endpoint: str
    stash_id: str


class FingerprintAnswer(Answer, frozen=True):
    type: str
    value: Any


class FileAnswer(Answer, frozen=True):
    path: str
    size: int | str | None
    duration: float | None
    fingerprints: list[FingerprintAnswer] | None


class PathsAnswer(Answer, frozen=True):
    screenshot: str | None


class SceneAnswer(Answer, frozen=True):
    id: int | str
    title: str | None
    code: str | None
    details: str | None
    director: str | None
    date: str | None
    rating100: int | None
    organized: bool
    updated_at: str | None
    urls: list[str]
    stash_ids: list[StashIdAnswer]
    studio: StudioAnswer | None
    performers: list[PerformerAnswer]
    tags: list[TagAnswer]
    groups: list[GroupAnswer]
    files: list[FileAnswer]
    paths: PathsAnswer | None


class SceneList(Answer, frozen=True):
    scenes: list[SceneAnswer]


class ScenesPage(Answer, frozen=True):
    findScenes: SceneList  # noqa: N815  # Stash's name


class UnreadList(Answer, frozen=True):
    scenes: list[msgspec.Raw]


class UnreadPage(Answer, frozen=True):
    findScenes: UnreadList  # noqa: N815  # Stash's name


class IdAnswer(Answer, frozen=True):
    id: int | str


class IdList(Answer, frozen=True):
    scenes: list[IdAnswer]


class IdsPage(Answer, frozen=True):
    findScenes: IdList  # noqa: N815  # Stash's name


class TouchAnswer(Answer, frozen=True):
    id: int | str
    updated_at: str


class TouchList(Answer, frozen=True):
    scenes: list[TouchAnswer]


class TouchesPage(Answer, frozen=True):
    findScenes: TouchList  # noqa: N815  # Stash's name


class TimeAnswer(Answer, frozen=True):
    updated_at: str


class PathAnswer(Answer, frozen=True):
    path: str


class PlacedAnswer(TouchAnswer, frozen=True):
    files: list[PathAnswer]


class PlacedList(Answer, frozen=True):
    scenes: list[PlacedAnswer]


class FilesTouchAnswer(Answer, frozen=True):
    id: int | str
    files: list[TimeAnswer]


class FilesTouchList(Answer, frozen=True):
    scenes: list[FilesTouchAnswer]


class FilesTouchesPage(Answer, frozen=True):
    findScenes: FilesTouchList  # noqa: N815  # Stash's name


class TouchedPerformer(PerformerAnswer, frozen=True, kw_only=True):
    updated_at: str


class TouchedTag(TagAnswer, frozen=True, kw_only=True):
    updated_at: str
    # Asked for only where a rule needs what lies above tags.
    children: list[IdAnswer] = []


class TouchedStudio(StudioAnswer, frozen=True, kw_only=True):
    updated_at: str


class TouchedGroup(GroupFacts, frozen=True, kw_only=True):
    updated_at: str


class TouchedPerformers(Answer, frozen=True):
    performers: list[TouchedPerformer]


class TouchedTags(Answer, frozen=True):
    tags: list[TouchedTag]


class TouchedStudios(Answer, frozen=True):
    studios: list[TouchedStudio]


class TouchedGroups(Answer, frozen=True):
    groups: list[TouchedGroup]


class NamedPerformers(Answer, frozen=True):
    performers: list[NamedAnswer]


class NamedTags(Answer, frozen=True):
    tags: list[NamedAnswer]


class NamedStudios(Answer, frozen=True):
    studios: list[NamedAnswer]


class NamedGroups(Answer, frozen=True):
    groups: list[NamedAnswer]


class JobAnswer(Answer, frozen=True):
    status: str
    description: str


class ChangesAnswer(Answer, frozen=True, kw_only=True):
    jobQueue: list[JobAnswer] | None  # noqa: N815  # Stash's names, and aliases of the same kind
    scenes: PlacedList
    # Not asked for where Stash cannot tell scenes by their files.
    files: FilesTouchList | None = None
    performers: TouchedPerformers
    tags: TouchedTags
    studios: TouchedStudios
    groups: TouchedGroups
    newest: TouchList | None = None
    allPerformers: NamedPerformers | None = None  # noqa: N815
    allTags: NamedTags | None = None  # noqa: N815
    allStudios: NamedStudios | None = None  # noqa: N815
    allGroups: NamedGroups | None = None  # noqa: N815


class FilterAnswer(Answer, frozen=True):
    name: str


class FiltersAnswer(Answer, frozen=True):
    inputFields: list[FilterAnswer]  # noqa: N815  # GraphQL's own name


class SceneFiltersAnswer(Answer, frozen=True, rename={"kind": "__type"}):
    kind: FiltersAnswer | None


class VersionFacts(Answer, frozen=True):
    version: str | None
    hash: str | None = None

    @property
    def text(self) -> str:
        """The version, on odd builds the commit; "" when Stash tells neither."""
        return self.version or self.hash or ""


class VersionAnswer(Answer, frozen=True):
    version: VersionFacts


class StatusFacts(Answer, frozen=True):
    status: str


class StatusAnswer(Answer, frozen=True):
    systemStatus: StatusFacts  # noqa: N815  # Stash's name
    version: VersionFacts


class Configuration(Answer, frozen=True):
    plugins: dict[str, Any] | None


class ConfigurationAnswer(Answer, frozen=True):
    configuration: Configuration


class OperationAnswer(Answer, frozen=True):
    runPluginOperation: Any  # noqa: N815  # Stash's name


def decoded(content: bytes | msgspec.Raw, shape: type[T]) -> T:
    """`content` in this shape, with any half of a surrogate pair or broken UTF-8 in it replaced by U+FFFD.

    File names may hold bytes that are no text, and Stash passes them on; one such name must not hide its neighbours.
    Raises `ValueError` when the content is not JSON or has another shape.
    """
    try:
        return msgspec.json.decode(content, type=shape)
    except msgspec.ValidationError:
        raise
    except ValueError:
        return msgspec.json.decode(mended(bytes(content)), type=shape)


def mended(content: bytes) -> bytes:
    """The same JSON as valid UTF-8. Raises `ValueError` when it is not JSON at all."""
    value = json.loads(content.decode("utf-8", "replace"))
    text = json.dumps(value, ensure_ascii=False)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
