"""From Stash's answers to the model's scenes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from plexsync.model.scene import Named, Scene, SceneFile

if TYPE_CHECKING:
    from plexsync.stash.answers import FileAnswer, NamedAnswer, SceneAnswer


#: A cover's address as Stash builds it, but for odd prefixes and queries.
_ORDINARY_COVER = re.compile(r"https?://[A-Za-z0-9._:-]+(?:/[A-Za-z0-9._~-]+)*?(/scene/[0-9]+/[a-z]+)(\?t=[0-9]+)?")


def scene_of(answer: SceneAnswer) -> Scene:
    """The scene of an answer. Raises `ValueError` when an id or a size is no number."""
    return Scene(
        id=int(answer.id),
        title=answer.title or "",
        details=answer.details or "",
        date=answer.date or "",
        rating=answer.rating100,
        organized=answer.organized,
        studio=_named(answer.studio) if answer.studio else None,
        performers=tuple(_named(each) for each in answer.performers),
        tags=tuple(_named(each) for each in answer.tags),
        files=tuple(_file(each) for each in answer.files),
        cover=cover_address(answer.paths.screenshot if answer.paths else None),
        updated_at=answer.updated_at or "",
    )


def _named(answer: NamedAnswer) -> Named:
    return Named(id=int(answer.id), name=answer.name)


def _file(answer: FileAnswer) -> SceneFile:
    prints = answer.fingerprints or ()
    return SceneFile(
        path=answer.path,
        size=None if answer.size is None else int(answer.size),
        duration=answer.duration,
        oshash=next((str(each.value) for each in prints if each.type == "oshash" and each.value), None),
    )


def cover_address(screenshot: str | None) -> str:
    """Path and query of a cover, to be put behind our own address of Stash; "" for none.

    Stash builds the whole address from `external_host` or the proxy's headers, with a host and a prefix that
    need not be ours; all before `/scene/` is dropped. A key in the query is dropped too.
    """
    if ordinary := _ORDINARY_COVER.fullmatch(screenshot or ""):
        return ordinary[1] + (ordinary[2] or "")
    try:
        parts = urlsplit(screenshot or "")
    except ValueError:
        return ""
    found = re.search(r"/scene/[^/]+/[^/]+$", parts.path)
    path = quote(found[0] if found else parts.path, safe="/%:@!$&'()*+,;=~")
    if not path.startswith("/"):
        return ""
    query = urlencode([(name, value) for name, value in parse_qsl(parts.query) if name.lower() != "apikey"])
    return f"{path}?{query}" if query else path
