"""From Stash's answers to the model's scenes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import msgspec

from plexsync.model.scene import Group, Named, Performer, Scene, SceneFile, StashId, Studio, Tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from plexsync.stash.answers import (
        FileAnswer,
        GroupAnswer,
        NamedAnswer,
        ParentTag,
        PerformerAnswer,
        SceneAnswer,
        StudioAnswer,
        TagAnswer,
    )


#: A picture's address as Stash builds it, but for odd prefixes and queries.
_ORDINARY = re.compile(
    r"https?://[A-Za-z0-9._:-]+(?:/[A-Za-z0-9._~-]+)*?(/(?:scene|performer|studio|tag|group)/[0-9]+/[a-z]+)(\?t=[0-9]+)?"
)


@dataclass(slots=True, kw_only=True)
class Told:
    """What one answer of Stash has told of last, by id: it nearly always tells the same of each every time."""

    studios: dict[int | str, tuple[StudioAnswer, Studio]] = field(default_factory=dict)
    performers: dict[int | str, tuple[PerformerAnswer, Performer]] = field(default_factory=dict)
    tags: dict[int | str, tuple[TagAnswer, Tag]] = field(default_factory=dict)


def scene_of(answer: SceneAnswer, told: Told | None = None, *, tag_parents: bool = False) -> Scene:
    """The scene of an answer to a question with or without `tag_parents`; `told` is shared by the scenes of a page.

    Raises `ValueError` when an id or a size is no number, or the parents of a tag were asked for and are not told.
    """
    told = told or Told()
    return Scene(
        id=int(answer.id),
        title=answer.title or "",
        code=answer.code or "",
        details=answer.details or "",
        director=answer.director or "",
        date=answer.date or "",
        rating=answer.rating100,
        organized=answer.organized,
        urls=tuple(answer.urls),
        stash_ids=tuple(StashId(endpoint=each.endpoint, id=each.stash_id) for each in answer.stash_ids),
        studio=_studio_once(answer.studio, told) if answer.studio else None,
        performers=tuple([_performer_once(each, told) for each in answer.performers]),
        tags=tuple([_tag_once(each, told, tag_parents=tag_parents) for each in answer.tags]),
        groups=tuple(_group(each) for each in answer.groups),
        files=tuple(_file(each) for each in answer.files),
        cover=cover_address(answer.paths.screenshot if answer.paths else None),
        updated_at=answer.updated_at or "",
    )


def _studio_once(answer: StudioAnswer, told: Told) -> Studio:
    known = told.studios.get(answer.id)
    if known is None or known[0] != answer:
        known = told.studios[answer.id] = (answer, studio_of(answer))
    return known[1]


def _performer_once(answer: PerformerAnswer, told: Told) -> Performer:
    known = told.performers.get(answer.id)
    if known is None or known[0] != answer:
        known = told.performers[answer.id] = (answer, performer_of(answer))
    return known[1]


def _tag_once(answer: TagAnswer, told: Told, *, tag_parents: bool) -> Tag:
    known = told.tags.get(answer.id)
    if known is None or known[0] != answer:
        known = told.tags[answer.id] = (answer, tag_of(answer, tag_parents=tag_parents))
    return known[1]


def studio_of(answer: StudioAnswer) -> Studio:
    return Studio(
        id=int(answer.id),
        name=answer.name,
        picture=picture_address(answer.image_path),
        parents=_each_once(_studios_above(answer), below=int(answer.id)),
    )


def _studios_above(answer: StudioAnswer) -> Iterator[NamedAnswer]:
    if parent := answer.parent_studio:
        yield parent
        if grandparent := parent.parent_studio:
            yield grandparent
            if grandparent.parent_studio:
                yield grandparent.parent_studio


def performer_of(answer: PerformerAnswer) -> Performer:
    return Performer(
        id=int(answer.id),
        name=answer.name,
        picture=picture_address(answer.image_path),
        disambiguation=answer.disambiguation or "",
        aliases=tuple(answer.alias_list),
        gender=answer.gender or "",
    )


def tag_of(answer: TagAnswer, *, tag_parents: bool) -> Tag:
    if isinstance(answer.parents, msgspec.UnsetType):
        if tag_parents:
            raise ValueError(f"tag {answer.id}: its parents were asked for and are not answered")
        return Tag(id=int(answer.id), name=answer.name)
    ancestors = _each_once(_tags_above(answer.parents), below=int(answer.id))
    return Tag(id=int(answer.id), name=answer.name, ancestors=ancestors)


def _tags_above(parents: list[ParentTag]) -> Iterator[NamedAnswer]:
    """The tags above, level by level."""
    grandparents = [above for parent in parents for above in parent.parents]
    yield from parents
    yield from grandparents
    for grandparent in grandparents:
        yield from grandparent.parents


def _each_once(above: Iterable[NamedAnswer], *, below: int) -> tuple[Named, ...]:
    """In their order. What Stash tells may run in a circle, and nothing is above itself."""
    found: dict[int, Named] = {}
    for each in above:
        if int(each.id) != below:
            found.setdefault(int(each.id), Named(id=int(each.id), name=each.name))
    return tuple(found.values())


def _group(answer: GroupAnswer) -> Group:
    of = answer.group
    return Group(id=int(of.id), name=of.name, picture=picture_address(of.front_image_path), index=answer.scene_index)


def _file(answer: FileAnswer) -> SceneFile:
    prints = answer.fingerprints or ()
    return SceneFile(
        path=answer.path,
        size=None if answer.size is None else int(answer.size),
        duration=answer.duration,
        oshash=next((str(each.value) for each in prints if each.type == "oshash" and each.value), None),
    )


def picture_address(image: str | None) -> str:
    """The same of what a scene names; "" where Stash shows only its own stand-in."""
    if image is None or image.endswith("&default=true"):
        return ""
    address = cover_address(image)
    _, _, query = address.partition("?")
    return "" if "default=true" in query.split("&") else address


def cover_address(screenshot: str | None) -> str:
    """Path and query of a picture, to be put behind our own address of Stash; "" for none.

    Stash builds the whole address from `external_host` or the proxy's headers, with a host and a prefix that
    need not be ours; all before `/scene/` and the like is dropped. A key in the query is dropped too.
    """
    if ordinary := _ORDINARY.fullmatch(screenshot or ""):
        return ordinary[1] + (ordinary[2] or "")
    try:
        parts = urlsplit(screenshot or "")
    except ValueError:
        return ""
    found = re.search(r"/(?:scene|performer|studio|tag|group)/[^/]+/[^/]+$", parts.path)
    path = quote(found[0] if found else parts.path, safe="/%:@!$&'()*+,;=~")
    if not path.startswith("/"):
        return ""
    query = urlencode([(name, value) for name, value in parse_qsl(parts.query) if name.lower() != "apikey"])
    return f"{path}?{query}" if query else path
