"""The limit of whatever goes through both sides: their pages fetched and decoded, with nothing around that."""

from __future__ import annotations

import time
from dataclasses import dataclass

import httpx2
import msgspec

from plexsync.plex.connection import headers_of
from plexsync.plex.documents import Container, Document, ListAnswer, PlainRow
from plexsync.plex.listings import NOT_LISTED
from plexsync.plex.listings import PAGE as INDEXED
from plexsync.plex.plainlistings import PLAIN_PAGE, PLAINLY
from plexsync.stash import documents, windows
from plexsync.stash.answers import Envelope, ScenesPage
from plexsync.stash.walks import PAGE
from plexsync.wire import neighbour

_TIMEOUT = httpx2.Timeout(60.0)


class PlainContainer(Container):
    """A page of items with their plain values."""

    rows: list[PlainRow] | None = msgspec.field(name="Metadata", default=None)


class PlainAnswer(Document):
    """The same as Plex answers it."""

    container: PlainContainer = msgspec.field(name="MediaContainer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Seconds by the clock, and seconds of processor of this process."""

    seconds: float
    processor: float

    @classmethod
    def now(cls) -> Watch:
        """As they stand."""
        return cls(seconds=time.perf_counter(), processor=time.process_time())

    def since(self, began: Watch) -> Watch:
        """What passed."""
        return Watch(seconds=self.seconds - began.seconds, processor=self.processor - began.processor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The pages that PlexSync asks for, by clients made as its own are, decoded into the shapes that it uses."""

    stash: str
    plex: str
    stash_client: httpx2.AsyncClient
    plex_client: httpx2.AsyncClient

    @classmethod
    def of(cls, stash: str, plex: str, token: str) -> Limit:
        """Between these servers."""
        return cls(
            stash=stash,
            plex=plex,
            stash_client=neighbour(headers={}, timeout=_TIMEOUT, verify=False),
            plex_client=neighbour(headers=headers_of(token, "bench"), timeout=_TIMEOUT, verify=False),
        )

    async def close(self) -> None:
        """Close all sockets."""
        await self.stash_client.aclose()
        await self.plex_client.aclose()

    async def both(self) -> None:
        """What a full walk with drift check reads."""
        await self.listing()
        await self.scenes()

    async def listing(self) -> None:
        """The first library with the plain values of its items."""
        await self._listed(PLAINLY, PLAIN_PAGE, PlainAnswer)

    async def index(self) -> None:
        """The first library as the index reads it."""
        await self._listed(NOT_LISTED, INDEXED, ListAnswer)

    async def _listed(self, left_out: str, size: int, shape: type[ListAnswer] | type[PlainAnswer]) -> None:
        start = 0
        while True:
            page = await self.plex_client.get(
                f"{self.plex}/library/sections/1/all?type=1&sort=addedAt&{left_out}"
                f"&X-Plex-Container-Start={start}&X-Plex-Container-Size={size}"
            )
            listed = msgspec.json.decode(page.content, type=shape).container
            start += len(listed.rows or ())
            if start >= int(str(listed.total)):
                return

    async def scenes(self) -> None:
        """All scenes."""
        last_id = 0
        while True:
            body = {
                "operationName": documents.operation_name(documents.SCENES_AFTER),
                "query": documents.SCENES_AFTER,
                "variables": {"page": windows.page(PAGE), "which": windows.above(last_id), "tagParents": False},
            }
            answer = await self.stash_client.post(f"{self.stash}/graphql", json=body)
            envelope = msgspec.json.decode(answer.content, type=Envelope)
            scenes = msgspec.json.decode(envelope.data, type=ScenesPage).findScenes.scenes
            if len(scenes) < PAGE:
                return
            last_id = int(scenes[-1].id)
