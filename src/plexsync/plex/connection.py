"""HTTP to one Plex server: headers, time-outs, who may speak at once, and the proof that it is the right server."""

from __future__ import annotations

import asyncio
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeVar

import httpx2

from plexsync.model.errors import PlexPermanentError, PlexServerDown
from plexsync.plex.answers import LONGEST_LINE, Reply, Request, Translator
from plexsync.plex.documents import IdentityAnswer, decoded
from plexsync.wire import WHOLE, body, neighbour, trust

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable

    from plexsync.model.errors import SyncError

READERS = 4
#: How long an idle connection is kept for the next write, in seconds.
KEPT_SECONDS = 60.0
#: Bytes of an answer. A page of 1000 items with everything is about 3 MB.
ANSWER_BOUND = 128 * 1024 * 1024
PRODUCT = "PlexSync"

T = TypeVar("T")


class NotFoundError(Exception):
    """Plex has nothing at this path: an answer of the right server, not of a proxy before it."""

    def __init__(self, place: str, excerpt: str | None) -> None:
        super().__init__(place)
        self.place = place
        self.excerpt = excerpt


def _no_fault(_answer: object) -> str:
    return ""


class _NewConnectionError(Exception):
    """A write was about to go over a connection on which the server has not been identified."""


class Connection:
    """Reads go over up to four connections, writes over one of their own that is identified before its first write.

    `guard` is awaited right before each write leaves, and raises what forbids it.
    `pinned` is the machineIdentifier of the only server that may be written to; where None, the first one
    that answers is taken for the life of this connection.
    """

    def __init__(
        self,
        *,
        url: str,
        token: str,
        client_identifier: str,
        pinned: str | None,
        timeout: httpx2.Timeout,
        verify: bool | str | ssl.SSLContext,
        redact: Callable[[str], str],
        guard: Callable[[], Awaitable[None]],
    ) -> None:
        self._base = url.strip().rstrip("/")
        if not self._base.lower().startswith(("http://", "https://")):
            raise ValueError("the address of Plex starts with http:// or https://")
        self.pinned = pinned
        self.translator = Translator(token.strip(), redact)
        self._guard = guard
        self._identified = False
        self._identifying = asyncio.Lock()
        self._readers = asyncio.Semaphore(READERS)
        self._whole = None if timeout.read is None else timeout.read * WHOLE
        headers = headers_of(token.strip(), client_identifier)
        certified = trust("Plex", verify) if self._base.lower().startswith("https://") else False
        one = httpx2.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEPT_SECONDS)
        self._reading = neighbour(headers=headers, timeout=timeout, verify=certified)
        self._writing = neighbour(headers=headers, timeout=timeout, verify=certified, limits=one)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._reading.aclose()
        await self._writing.aclose()

    async def read(self, path: str, shape: type[T], fault: Callable[[T], str] = _no_fault) -> T:
        """GET as JSON of that shape, waiting for one of the readers' places. Raises NotFoundError on 404.

        `fault` says why an answer of the right shape is none all the same; "" when it is one.
        """
        async with self._readers:
            return await self.read_now(path, shape, fault)

    async def read_now(self, path: str, shape: type[T], fault: Callable[[T], str] = _no_fault) -> T:
        """The same without waiting for a place, for the questions that tell whether Plex is well."""
        request = Request(method="GET", path=path)
        reply = await self._send(self._reading, request)
        await self._raise_for(reply, request)
        return self._decoded(reply, request, shape, fault)

    async def write(self, method: str, path: str, *, content: bytes | None = None, about: str = "") -> None:
        """Send one write to the identified server. Raises NotFoundError on 404."""
        request = Request(method=method, path=path, about=about)
        await self.identify()
        try:
            reply = await self._send(self._writing, request, content, trace=self._only_where_identified)
        except _NewConnectionError:
            self._identified = False
            await self.identify()
            # A server that closes after each answer would never be reached otherwise.
            reply = await self._send(self._writing, request, content, trace=self._guarded)
        await self._raise_for(reply, request)
        if reply.is_page:
            raise self.translator.unreadable(reply, request, "a write was answered with a page")

    async def _only_where_identified(self, event: str, info: dict[str, Any]) -> None:
        if event == "connection.connect_tcp.started":
            raise _NewConnectionError
        await self._guarded(event, info)

    async def _guarded(self, event: str, _info: dict[str, Any]) -> None:
        # The last moment before the request leaves: whatever was waited for has been waited for.
        if event.endswith(".send_request_headers.started"):
            await self._guard()

    async def identify(self) -> None:
        """Make sure that the server that writes go to is the pinned one; free when nothing failed since last time.

        Raises Incompatible when another one answers.
        """
        async with self._identifying:
            if not self._identified:
                self.accept(await self._identity_for_writes())
                self._identified = True

    def accept(self, machine_identifier: str) -> None:
        """Compare with the pinned server; raises Incompatible."""
        if self.pinned is None:
            self.pinned = machine_identifier
        elif machine_identifier != self.pinned:
            self._identified = False
            raise self.translator.other_server(self.pinned, machine_identifier)

    def adopt(self, machine_identifier: str) -> None:
        """From now on that one is the pinned server."""
        self.pinned = machine_identifier
        self._identified = False

    async def _identity_for_writes(self) -> str:
        request = Request(method="GET", path="/identity")
        reply = await self._send(self._writing, request)
        if reply.status == 404:
            raise self.translator.not_plex(reply, request)
        if not reply.success:
            raise self._refusal(reply, request)
        return self._decoded(reply, request, IdentityAnswer, nameless).container.machine_identifier

    async def _send(
        self,
        client: httpx2.AsyncClient,
        request: Request,
        content: bytes | None = None,
        trace: Callable[[str, dict[str, Any]], Any] | None = None,
    ) -> Reply:
        url = self._base + request.path
        extensions = {"trace": trace} if trace else None
        status = 0
        try:
            async with (
                asyncio.timeout(self._whole),
                client.stream(request.method, url, content=content, extensions=extensions) as response,
            ):
                status = response.status_code
                return Reply(status=status, headers=response.headers, content=await body(response, ANSWER_BOUND))
        except httpx2.DecodingError as error:
            raise self.translator.undecodable(error, status, request) from error
        except httpx2.InvalidURL as error:
            raise self._unsendable(error, url, request) from error
        except (httpx2.HTTPError, TimeoutError) as error:
            self._identified = False
            raise self.translator.unreachable(error, request) from error

    def _unsendable(self, error: httpx2.InvalidURL, url: str, request: Request) -> Exception:
        if len(url) > LONGEST_LINE and request.writes:
            return PlexPermanentError("the request line is too long to be sent", status=414, place=request.place)
        return self.translator.unreachable(error, request)

    async def _raise_for(self, reply: Reply, request: Request) -> None:
        if reply.success:
            return
        error = self._refusal(reply, request)
        if reply.status != 404 and not isinstance(error, PlexPermanentError):
            raise error
        # A proxy whose Plex is away, or that was misled, says so as well: that says nothing of the item.
        self._identified = False
        await self.identify()
        raise NotFoundError(request.place, error.excerpt) if reply.status == 404 else error

    def _refusal(self, reply: Reply, request: Request) -> SyncError:
        error = self.translator.refused(reply, request)
        if isinstance(error, PlexServerDown):
            self._identified = False
        return error

    def _decoded(self, reply: Reply, request: Request, shape: type[T], fault: Callable[[T], str]) -> T:
        try:
            answer = _json(reply.content, shape)
        except (ValueError, RecursionError) as error:
            raise self.translator.unreadable(reply, request, str(error)) from error
        if reason := fault(answer):
            raise self.translator.unreadable(reply, request, reason)
        return answer


def nameless(answer: IdentityAnswer) -> str:
    """Why an identity tells of no server; "" when it does."""
    return "" if answer.container.machine_identifier.strip() else "it names no machineIdentifier"


def _json(content: bytes, shape: type[T]) -> T:
    if len(content) > ANSWER_BOUND:
        raise ValueError(f"it is larger than {ANSWER_BOUND // 1024**2} MB")
    return decoded(content, shape)


def headers_of(token: str, client_identifier: str) -> dict[str, str]:
    """Who asks. The token travels here, as queries end up in logs."""
    return {
        "Accept": "application/json",
        **({"X-Plex-Token": token} if token else {}),
        "X-Plex-Client-Identifier": client_identifier,
        "X-Plex-Product": PRODUCT,
        "X-Plex-Version": version("plexsync"),
        "X-Plex-Platform": platform.system() or "unknown",
        "X-Plex-Device-Name": PRODUCT,
    }
