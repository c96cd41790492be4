"""Pictures as Stash serves them: covers of scenes, and what belongs to performers, studios, groups and tags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from plexsync.stash.documents import Question

if TYPE_CHECKING:
    from plexsync.stash.connection import Connection
    from plexsync.stash.failures import Reply

#: Bytes of the largest cover that is fetched.
COVER_BOUND = 50 * 1024 * 1024
SVG = "image/svg+xml"
#: What Stash says of picture formats that its sniffing does not know, such as AVIF.
UNKNOWN = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """The answer to "is there a picture, and is it still that one?".

    `unchanged`: still the picture of the ETag that was asked with. `none`: Stash would show its placeholder.
    """

    kind: Literal["unchanged", "none", "picture"]
    etag: str | None = None
    content: bytes = b""
    media_type: str = ""


async def fetch_picture(connection: Connection, address: str, etag: str | None, *, called: str = "picture") -> Cover:
    """Ask for the picture at that path and query; with `etag`, only when it is another one than that.

    `called` is what errors say of it.
    """
    if not address:
        return Cover(kind="none")
    question = Question(place=f"GET {address.partition('?')[0]}")
    headers = {"Accept": "image/*,*/*;q=0.1"}
    if etag and etag.isascii() and etag.isprintable():
        headers["If-None-Match"] = etag
    reply = await connection.exchange("GET", address, question=question, headers=headers, bound=COVER_BOUND)
    if reply.status == 304 and etag:
        return Cover(kind="unchanged", etag=etag)
    if reply.status != 200:
        raise connection.failures.of_status(reply, question)
    if fault := _fault(reply, called):
        raise connection.failures.of_content(fault, reply, question)
    given = reply.headers.get("etag")
    if reply.media_type == SVG:
        return Cover(kind="none", etag=given)
    return Cover(kind="picture", etag=given, content=reply.content, media_type=reply.media_type)


def _fault(reply: Reply, called: str) -> str | None:
    if len(reply.content) > COVER_BOUND:
        return f"the {called} is larger than {COVER_BOUND // 1024**2} MB"
    if not reply.content:
        return f"the {called} is empty"
    marked = reply.content[:64].lstrip().startswith(b"<")
    if reply.media_type == SVG:
        return None if marked else f"the {called} is said to be a drawing and is none"
    if marked or not (reply.media_type.startswith("image/") or reply.media_type == UNKNOWN):
        return f"the {called} is no picture ({reply.media_type or 'no type given'})"
    return None
