"""One question to Stash for all that was touched of late."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from plexsync.model import related
from plexsync.model.related import Related, RelatedKind
from plexsync.model.scene import Group
from plexsync.stash import documents, windows
from plexsync.stash.answers import ChangesAnswer, FilesTouchesPage, SceneFiltersAnswer
from plexsync.stash.scenes import performer_of, studio_of, tag_of
from plexsync.stash.walks import MANY, Walks, check_ascending
from plexsync.stash.windows import Moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from plexsync.stash.answers import FilesTouchList, JobAnswer, NamedAnswer, TouchedTag
    from plexsync.stash.connection import Connection

#: Tasks of plugins are as a rule short, and one of ours may wait for this very question.
_OF_PLUGINS = "Running plugin task"


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """An object that scenes name, at the time of Stash that `updated_at` tells. `below` are tags right below a tag."""

    now: Related
    updated_at: str
    below: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What was touched since a moment, and perhaps a little more. Texts are Stash's `updated_at`.

    `names` holds every performer, tag, studio and group there is, None where nobody asked. `busy`: Stash works on
    one of its long tasks. `full`: of something there was more than fits a page.
    """

    scenes: Mapping[int, str]
    paths: Mapping[int, Sequence[str]]  #: of the files of those scenes, where a single page told all of them
    files: Mapping[int, str]  #: by scene, the latest of its files
    related: Sequence[Touched]
    names: Mapping[RelatedKind, Mapping[int, str]] | None = None
    busy: bool = False
    full: bool = False
    newest: str = ""  #: of all scenes, where it was asked for

    @property
    def texts(self) -> Iterable[str]:
        """Every time that was told."""
        return (*self.scenes.values(), *self.files.values(), *(one.updated_at for one in self.related), self.newest)


@dataclass(slots=True, kw_only=True)
class ChangeQuestion:
    """Asks one Stash."""

    connection: Connection
    walks: Walks
    tag_parents: bool = False
    #: Stash gives everything of a kind at once, which is little beside its scenes.
    _all: dict[str, Any] = field(default_factory=lambda: {"per_page": -1})
    _by_file: bool | None = None  #: whether Stash finds scenes by their files, as it does from 0.30

    async def ask(self, since: Moment, *, learn: bool, listed: bool) -> Changes:
        """All that was touched after that moment, in one request unless a page is full."""
        late = windows.later_than(since)
        if self._by_file is None or (learn and not self._by_file):
            self._by_file = await self._finds_by_file()
        moved = {"files_filter": late} if self._by_file else {}
        variables = {
            "page": windows.page(MANY),
            "all": self._all,
            "newest": {"per_page": 1, "sort": "updated_at", "direction": "DESC"},
            "touched": late | windows.above(0),
            "moved": moved | windows.above(0),
            **dict.fromkeys(("performers", "tags", "studios", "groups"), late),
            "tagParents": self.tag_parents,
            "byFile": self._by_file,
            "learn": learn,
            "listed": listed,
        }
        found = await self.connection.made(documents.CHANGES, variables, ChangesAnswer, self._made)
        if not found.full:
            return found
        scenes, files = dict(found.scenes), dict(found.files)
        if len(scenes) >= MANY:
            scenes |= await self.walks.touches(late, max(scenes))
        if len(files) >= MANY:
            files |= await self._more_files(moved, max(files))
        return replace(found, scenes=scenes, files=files)

    async def _finds_by_file(self) -> bool:
        answer = await self.connection.answer(documents.SCENE_FILTERS, {}, SceneFiltersAnswer)
        return answer.kind is not None and any(one.name == "files_filter" for one in answer.kind.inputFields)

    def _made(self, answer: ChangesAnswer) -> Changes:
        scenes, files = answer.scenes.scenes, _files(answer.files, 0) if answer.files else {}
        check_ascending([int(one.id) for one in scenes], 0)
        touched = list(self._related(answer))
        return Changes(
            scenes={int(one.id): one.updated_at for one in scenes},
            paths={int(one.id): [file.path for file in one.files] for one in scenes},
            files=files,
            related=touched,
            names=_names(answer),
            busy=any(_is_long(job) for job in answer.jobQueue or ()),
            full=max(len(scenes), len(files), len(touched)) >= MANY,
            newest=next((one.updated_at for one in answer.newest.scenes), "") if answer.newest else "",
        )

    def _related(self, answer: ChangesAnswer) -> Iterator[Touched]:
        for performer in answer.performers.performers:
            yield Touched(now=related.of_performer(performer_of(performer)), updated_at=performer.updated_at)
        for studio in answer.studios.studios:
            yield Touched(now=related.of_studio(studio_of(studio)), updated_at=studio.updated_at)
        for group in answer.groups.groups:
            now = related.of_group(Group(id=int(group.id), name=group.name))
            yield Touched(now=now, updated_at=group.updated_at)
        yield from map(self._tag, answer.tags.tags)

    def _tag(self, answer: TouchedTag) -> Touched:
        tag = tag_of(answer, tag_parents=self.tag_parents)
        below = tuple(int(one.id) for one in answer.children)
        return Touched(now=related.of_tag(tag), updated_at=answer.updated_at, below=below)

    async def _more_files(self, which: dict[str, Any], last_id: int) -> dict[int, str]:
        found: dict[int, str] = {}
        length = MANY
        while length == MANY:
            variables = {"page": windows.page(MANY), "which": which | windows.above(last_id)}
            page = await self.connection.made(
                documents.FILES_TOUCHED,
                variables,
                FilesTouchesPage,
                lambda answer, last=last_id: _files(answer.findScenes, last),  # type: ignore[misc]
            )
            found |= page
            last_id, length = max(page, default=last_id), len(page)
        return found


def _is_long(job: JobAnswer) -> bool:
    return job.status == "RUNNING" and not job.description.startswith(_OF_PLUGINS)


def _files(answer: FilesTouchList, last_id: int) -> dict[int, str]:
    found = {int(one.id): max((file.updated_at for file in one.files), default="") for one in answer.scenes}
    check_ascending(list(found), last_id)
    return found


def _names(answer: ChangesAnswer) -> dict[RelatedKind, dict[int, str]] | None:
    told = (answer.allPerformers, answer.allTags, answer.allStudios, answer.allGroups)
    if told == (None, None, None, None):
        return None
    if answer.allPerformers is None or answer.allTags is None or answer.allStudios is None or answer.allGroups is None:
        raise ValueError("some of the lists of names are missing")
    return {
        RelatedKind.PERFORMER: _by_id(answer.allPerformers.performers),
        RelatedKind.TAG: _by_id(answer.allTags.tags),
        RelatedKind.STUDIO: _by_id(answer.allStudios.studios),
        RelatedKind.GROUP: _by_id(answer.allGroups.groups),
    }


def _by_id(named: Iterable[NamedAnswer]) -> dict[int, str]:
    return {int(one.id): one.name for one in named}
