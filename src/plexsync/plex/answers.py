"""What Plex's answers and failures mean: the one place where they become our errors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2

from plexsync.log.excerpt import Excerpts
from plexsync.model.errors import (
    Incompatible,
    NeedsSignIn,
    PlexPermanentError,
    PlexServerDown,
    PlexTemporaryError,
    SyncError,
)
from plexsync.model.exchange import destination, nothing_done, seconds_asked, why_unreachable
from plexsync.model.work import Peer

if TYPE_CHECKING:
    from collections.abc import Callable

TOO_LONG = frozenset({414, 431})
#: What is wrong with the values of a write. Reads carry none, and any other refusal may be a proxy's.
NEVER = TOO_LONG | {400, 409, 413, 415, 422}
#: Characters that a request line may have before it is not even sent.
LONGEST_LINE = 65_536
#: What Plex says with 503, and with 400 in its first moments, while it cannot work yet.
STARTING = {400: ("still starting up",), 503: ("maintenance", "starting up", "migrat")}
#: Failures of which it is certain that the request did not reach Plex whole.
NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.LocalProtocolError)
_PAGE = re.compile(
    r"(?:[\ufeff\ufffd\s]|<\?xml[^>]*>|<!--.*?-->)*"
    r"<(?:!doctype html|html|head|title|meta|body|script|form|h1|div|center)\b",
    re.IGNORECASE | re.DOTALL,
)
_BY_STATUS: dict[int, tuple[type[SyncError], str]] = {
    401: (NeedsSignIn, "Plex does not accept the token (401): sign in again"),
    403: (NeedsSignIn, "Plex forbids this (403): the token must be that of the server's owner"),
    **{
        status: (PlexServerDown, f"a proxy answers with {status}, Plex behind it does not")
        for status in (502, 503, 504)
    },
    **{status: (PlexTemporaryError, f"Plex failed with {status}") for status in (408, 429)},
}
_TIME_OUTS: dict[type[Exception], str] = {
    httpx2.ConnectTimeout: "did not answer the connection in time: the host may be off or a firewall in the way",
    httpx2.PoolTimeout: "is asked so much that no connection to it became free in time",
    httpx2.WriteTimeout: "did not take the request in time",
    httpx2.ReadTimeout: "did not answer in time",
    TimeoutError: "did not answer in time",
}


class OtherServer(Incompatible):
    """Behind the address another Plex answers than the one we know, by their machineIdentifiers."""

    expected: str = ""
    found: str = ""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP answer. `content` may be one byte longer than the bound that it was read under."""

    status: int
    headers: httpx2.Headers
    content: bytes

    @property
    def success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_page(self) -> bool:
        """Whether it is a web page, as a proxy's login gives it with status 200."""
        return _PAGE.match(self.content[:2048].decode("utf-8", "replace").replace("\0", "")) is not None


class Translator:
    """Turns failures into errors. `redact` masks what must not be shown; the token is masked in any case."""

    def __init__(self, token: str, redact: Callable[[str], str]) -> None:
        self._excerpts = Excerpts([token], redact)

    def unreachable(self, error: Exception, request: Request) -> SyncError:
        """The error for a request that got no whole answer."""
        unknown = request.writes and not isinstance(error, NEVER_SENT)
        if isinstance(error, httpx2.LocalProtocolError | httpx2.UnsupportedProtocol | httpx2.InvalidURL):
            said = self._excerpts.of_text(str(error))
            return PlexTemporaryError(f"this cannot be sent to Plex: {said}", place=request.place)
        return PlexServerDown(self._why(error), place=request.place, outcome_unknown=unknown)

    def _why(self, error: Exception) -> str:
        if late := _TIME_OUTS.get(type(error)):
            return f"Plex {late}"
        said = self._excerpts.of_text(str(error)) or "it was cut"
        if isinstance(error, httpx2.ConnectError):
            known = why_unreachable(error, "Plex", certified="its plex.direct name")
            return known or f"no connection to Plex came about: {said}"
        what = "speaks no HTTP or broke" if isinstance(error, httpx2.RemoteProtocolError) else "broke"
        return f"Plex {what} the connection: {said}"

    def undecodable(self, error: httpx2.DecodingError, status: int, request: Request) -> PlexTemporaryError:
        """The error for a success that came whole, packed in a way that nobody can unpack."""
        return PlexTemporaryError(
            f"Plex's address gives an unreadable answer ({status}): {self._excerpts.of_text(str(error))}",
            status=status,
            place=request.place,
            outcome_unknown=request.writes,
        )

    def refused(self, reply: Reply, request: Request) -> SyncError:
        """The error for an answer that is no success. 404 is left to the caller, who knows what was asked for."""
        kind, message = self._verdict(reply, request)
        error = self._about(kind, message, reply, request)
        done_nothing = nothing_done(reply.status) or (reply.status == 503 and self._starting(reply))
        error.outcome_unknown = request.writes and not done_nothing
        return error

    def _verdict(self, reply: Reply, request: Request) -> tuple[type[SyncError], str]:
        status = reply.status
        if self._starting(reply):
            return PlexServerDown, f"Plex is starting or migrating ({status})"
        if status in NEVER and request.writes:
            about = f" ({request.about})" if request.about else ""
            return PlexPermanentError, f"Plex refuses this request{about} with {status}"
        return _BY_STATUS.get(status) or (PlexTemporaryError, _unexpected(reply))

    def _starting(self, reply: Reply) -> bool:
        said = self._excerpts.of_body(reply.content, 2000).lower()
        return any(word in said for word in STARTING.get(reply.status, ()))

    def unreadable(self, reply: Reply, request: Request, reason: str) -> SyncError:
        """The error for a success whose body is not what was asked for."""
        what = "a web page" if reply.is_page else "an unreadable answer"
        message = f"Plex's address gives {what} ({reply.status}): {reason}"
        error = self._about(PlexTemporaryError, message, reply, request)
        error.outcome_unknown = request.writes
        return error

    def not_plex(self, reply: Reply, request: Request) -> SyncError:
        """The error for an address where something answers that is not Plex."""
        message = f"something answers at Plex's address, but not Plex ({reply.status})"
        return self._about(PlexServerDown, f"{message}: a proxy without it, or a wrong path", reply, request)

    def other_server(self, expected: str, found: str) -> OtherServer:
        """The error for an address behind which another Plex answers than the one we know."""
        shown = self._excerpts.of_text(found, 64)
        error = OtherServer(
            f"another Plex server answers: expected {expected}, found {shown}. Nothing is written. Correct the address,"
            " or confirm with `plexsync brake release` that this is the same server after a reinstallation",
            peer=Peer.PLEX,
            place="GET /identity",
        )
        error.expected, error.found = expected, found
        return error

    def _about(self, kind: type[SyncError], message: str, reply: Reply, request: Request) -> SyncError:
        return kind(
            self._excerpts.of_text(message, 500),
            peer=Peer.PLEX,
            status=reply.status,
            place=request.place,
            excerpt=self._excerpts.of_body(reply.content),
            retry_after=seconds_asked(reply.headers.get("retry-after", ""), reply.headers.get("date", "")),
        )


def _unexpected(reply: Reply) -> str:
    if 500 <= reply.status < 600:
        return f"Plex failed with {reply.status}"
    if 300 <= reply.status < 400 and "location" in reply.headers:
        where = destination(str(reply.headers["location"]))
        said = f"Plex's address leads to {where} ({reply.status}) instead of answering"
        return f"{said}: a login page or proxy is in the way, or https:// is wanted"
    return f"Plex's address answers with {reply.status}: perhaps not Plex, but a proxy in the way"
