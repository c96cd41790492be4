"""What Plex's answers and failures mean: the one place where they become our errors."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx2

from plexsync.model.errors import (
    Incompatible,
    NeedsSignIn,
    PlexPermanentError,
    PlexServerDown,
    PlexTemporaryError,
    SyncError,
)
from plexsync.model.work import Peer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXCERPT_LENGTH = 200
LONGEST_RETRY_AFTER = 600.0
#: What is shorter is no token, and masking it would spoil words.
SHORTEST_TOKEN = 8
TOO_LONG = frozenset({414, 431})
#: What Plex says with 503, and with 400 in its first moments, while it cannot work yet.
STARTING = ("maintenance", "still starting up", "retry later")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked, for the words of an error. `about` names the fields of a write."""

    method: str
    path: str
    about: str = ""

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    @property
    def place(self) -> str:
        """Method and path; never the query, which holds titles and could hold secrets."""
        return f"{self.method} {self.path.partition('?')[0]}"


class Translator:
    """Turns failures into errors. `redact` masks what must not be shown; the token is masked in any case."""

    def __init__(self, token: str, redact: Callable[[str], str]) -> None:
        self._token = token
        self._redact = redact

    def excerpt(self, text: str) -> str:
        """The start of an answer on one line, masked before it is cut."""
        masked = text.replace(self._token, "***") if len(self._token) >= SHORTEST_TOKEN else text
        return self._redact(" ".join(masked.split()))[:EXCERPT_LENGTH]

    def unreachable(self, error: httpx2.HTTPError, request: Request) -> SyncError:
        """The error for a request that got no whole answer."""
        if isinstance(error, httpx2.ConnectTimeout):
            return PlexServerDown(
                "Plex did not answer the connection in time: the host may be off or a firewall in the way",
                place=request.place,
            )
        if isinstance(error, httpx2.ConnectError):
            return self._unconnected(error, request)
        if isinstance(error, httpx2.DecodingError | httpx2.UnsupportedProtocol | httpx2.LocalProtocolError):
            said = self.excerpt(str(error))
            return PlexTemporaryError(f"unusable exchange with Plex: {said}", place=request.place)
        what = "did not answer in time" if isinstance(error, httpx2.TimeoutException) else "broke the connection"
        return PlexServerDown(f"Plex {what}", place=request.place, outcome_unknown=request.writes)

    def _unconnected(self, error: httpx2.ConnectError, request: Request) -> SyncError:
        causes = list(_causes(error))
        if any(isinstance(cause, ssl.SSLError) for cause in causes):
            message = (
                "Plex's certificate or TLS does not fit this address"
                f" ({self.excerpt(str(error))}): use the plex.direct name or http://,"
                " give the proxy's CA file, or turn verification off for this server"
            )
        elif any(isinstance(cause, socket.gaierror) for cause in causes):
            message = "the name of Plex's host cannot be resolved: check the address or DNS"
        elif any(isinstance(cause, ConnectionRefusedError) for cause in causes):
            message = "Plex refuses the connection: its host is up, Plex itself does not run or uses another port"
        else:
            message = f"no connection to Plex: {self.excerpt(str(error))}"
        return PlexServerDown(message, place=request.place)

    def refused(self, response: httpx2.Response, request: Request) -> SyncError:
        """The error for an answer that is no success. 404 is left to the caller, who knows what was asked for."""
        status = response.status_code
        excerpt = self.excerpt(response.text)
        if 300 <= status < 400:
            host = _location_host(response)
            message = f"Plex's address leads to {host} instead of answering: a login page or proxy is in the way"
            return PlexTemporaryError(message, status=status, place=request.place, excerpt=excerpt)
        if status in {401, 403}:
            message = (
                "Plex does not accept the token: sign in again"
                if status == 401
                else "Plex forbids this: the token must be that of the server's owner"
            )
            return NeedsSignIn(message, peer=Peer.PLEX, status=status, place=request.place, excerpt=excerpt)
        return self._failed(response, request, excerpt)

    def _failed(self, response: httpx2.Response, request: Request, excerpt: str) -> SyncError:
        status = response.status_code
        starting = status in {400, 503} and any(word in response.text.lower() for word in STARTING)
        retry_after = _retry_after(response)
        if starting or status in {502, 503, 504}:
            message = "Plex is starting or migrating" if starting else "a proxy answers, Plex behind it does not"
            return PlexServerDown(
                message,
                status=status,
                place=request.place,
                excerpt=excerpt,
                retry_after=retry_after,
                outcome_unknown=request.writes and status in {502, 504},
            )
        if status >= 500 or status in {408, 429}:
            return PlexTemporaryError(
                f"Plex failed with {status}",
                status=status,
                place=request.place,
                excerpt=excerpt,
                retry_after=retry_after,
                outcome_unknown=request.writes and status >= 500,
            )
        about = f" ({request.about})" if request.about else ""
        return PlexPermanentError(
            f"Plex refuses this request{about} with {status}",
            status=status,
            place=request.place,
            excerpt=excerpt,
        )

    def unreadable(self, response: httpx2.Response, request: Request, reason: str) -> PlexTemporaryError:
        """The error for a success whose body is not what was asked for."""
        what = "a web page" if is_page(response) else "an unreadable answer"
        return PlexTemporaryError(
            f"Plex's address gives {what}: {self.excerpt(reason)}",
            status=response.status_code,
            place=request.place,
            excerpt=self.excerpt(response.text),
        )


def other_server(expected: str, found: str) -> Incompatible:
    """The error for an address behind which another Plex answers than the one we know."""
    return Incompatible(
        f"another Plex server answers: expected {expected}, found {found}. Nothing is written. Correct the"
        " address, or confirm that this is the same server after a reinstallation",
        peer=Peer.PLEX,
        place="GET /identity",
    )


def is_page(response: httpx2.Response) -> bool:
    """Whether the body is a web page, as a proxy's login gives it with status 200."""
    start = response.content[:512].lstrip().lower()
    return start.startswith((b"<!doctype html", b"<html"))


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        cause = waiting.pop()
        if cause is None or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [cause.__cause__, cause.__context__]
        waiting += cause.exceptions if isinstance(cause, BaseExceptionGroup) else ()


def _location_host(response: httpx2.Response) -> str:
    try:
        host = httpx2.URL(response.headers.get("location", "")).host
    except httpx2.InvalidURL:
        host = ""
    return host or "another page"


def _retry_after(response: httpx2.Response) -> float | None:
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_RETRY_AFTER)
    try:
        # Against the server's own clock: ours need not agree with it.
        wait = parsedate_to_datetime(text).astimezone(UTC) - parsedate_to_datetime(
            response.headers.get("date", "")
        ).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(wait.total_seconds(), 0.0), LONGEST_RETRY_AFTER)
