"""Pictures as Stash serves them: covers of scenes, and what belongs to performers, studios, groups and tags."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from hashlib import md5
from typing import TYPE_CHECKING, Literal

from plexsync.stash.documents import Question

if TYPE_CHECKING:
    from plexsync.stash.connection import Connection
    from plexsync.stash.failures import Reply

#: Bytes of the largest cover that is fetched.
COVER_BOUND = 50 * 1024 * 1024
#: First bytes of a picture, enough to tell whether it is one.
GLIMPSE = 64
SVG = "image/svg+xml"
#: What Stash says of picture formats that its sniffing does not know, such as AVIF.
UNKNOWN = "application/octet-stream"
_PART = 206
_SUM = re.compile('"[0-9a-f]{32}"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """The answer to "is there a picture, and is it still that one?".

    `unchanged`: still the picture of the ETag that was asked with. `none`: Stash would show its placeholder.
    `picture`: what Stash keeps as one; it may be anything that somebody, or a scraper, once put there.
    Of a glimpse `content` are only the first bytes, and `size` is how many there are (0: not told).
    """

    kind: Literal["unchanged", "none", "picture"]
    etag: str | None = None
    content: bytes = b""
    media_type: str = ""
    size: int = 0


async def fetch_picture(connection: Connection, address: str, etag: str | None, *, called: str = "picture") -> Cover:
    """Ask for the picture at that path and query; with `etag`, only when it is another one than that.

    `called` is what errors say of it.
    """
    if not address:
        return Cover(kind="none")
    question = _question(address)
    reply = await connection.exchange("GET", address, question=question, headers=_headers(etag), bound=COVER_BOUND)
    if reply.status == _PART:
        raise connection.failures.of_status(reply, question)
    if len(reply.content) > COVER_BOUND:
        fault = f"the {called} is larger than {COVER_BOUND // 1024**2} MB"
        raise connection.failures.of_content(fault, reply, question)
    return _cover(connection, reply, question, etag, called)


async def glimpse_picture(connection: Connection, address: str, etag: str | None) -> Cover:
    """The same, but of a picture only its first bytes: whether there is one, which, and how large."""
    if not address:
        return Cover(kind="none")
    question = _question(address)
    headers = _headers(etag) | {"Range": f"bytes=0-{GLIMPSE - 1}"}
    reply = await connection.exchange("GET", address, question=question, headers=headers, bound=GLIMPSE)
    return replace(_cover(connection, reply, question, etag, "picture"), size=_whole(reply))


def _question(address: str) -> Question:
    return Question(place=f"GET {address.partition('?')[0]}")


def _headers(etag: str | None) -> dict[str, str]:
    headers = {"Accept": "image/*,*/*;q=0.1"}
    if etag and etag.isascii() and etag.isprintable():
        headers["If-None-Match"] = etag
    return headers


def _whole(reply: Reply) -> int:
    """The bytes of the whole picture by what the headers say; 0 where they do not."""
    told = str(reply.headers.get("content-range", "")).rpartition("/")[2] if reply.status == _PART else ""
    told = told or str(reply.headers.get("content-length", ""))
    return int(told) if told.isascii() and told.isdigit() else 0


def _cover(connection: Connection, reply: Reply, question: Question, etag: str | None, called: str) -> Cover:
    if reply.status == 304 and etag:
        return Cover(kind="unchanged", etag=etag)
    if reply.status not in (200, _PART):
        raise connection.failures.of_status(reply, question)
    fault = _fault(reply, called)
    if fault and not _is_kept(reply):
        raise connection.failures.of_content(fault, reply, question)
    given = reply.headers.get("etag")
    if reply.media_type == SVG and not fault:
        return Cover(kind="none", etag=given)
    return Cover(kind="picture", etag=given, content=reply.content, media_type=reply.media_type)


def _is_kept(reply: Reply) -> bool:
    """Whether Stash keeps these very bytes, which it tells by their MD5: then they are no page of a proxy."""
    given = str(reply.headers.get("etag", ""))
    if reply.status == _PART:
        return _SUM.fullmatch(given) is not None
    return bool(reply.content) and given == f'"{md5(reply.content, usedforsecurity=False).hexdigest()}"'


def _fault(reply: Reply, called: str) -> str | None:
    if not reply.content:
        return f"the {called} is empty"
    marked = reply.content[:64].lstrip().startswith(b"<")
    if reply.media_type == SVG:
        return None if marked else f"the {called} is said to be a drawing and is none"
    if marked or not (reply.media_type.startswith("image/") or reply.media_type == UNKNOWN):
        return f"the {called} is no picture ({reply.media_type or 'no type given'})"
    return None
