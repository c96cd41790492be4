"""What went wrong with Stash, said once in the words of the queue."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2

from plexsync.log.excerpt import Excerpts
from plexsync.model.errors import Incompatible, NeedsSignIn, StashServerDown, StashTemporaryError, SyncError
from plexsync.model.exchange import destination, nothing_done, seconds_asked, why_unreachable
from plexsync.model.work import Peer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from plexsync.stash.answers import GraphError
    from plexsync.stash.documents import Question

#: Statuses under which Stash tells of a question that it does not understand.
NOT_UNDERSTOOD = frozenset({400, 422})
NOT_UNDERSTOOD_CODES = frozenset({"GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"})
#: What Stash says of data before its setup, and while its database waits to be migrated.
NOT_READY = re.compile(r"database not initialized|required schema version", re.IGNORECASE)
SIGN_IN = re.compile(r"\b(log-?in|sign-?in|sso|auth\w*|oauth2?)\b", re.IGNORECASE)
#: Failures of which it is certain that the request was not carried out.
NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.LocalProtocolError)
UNSENDABLE = (httpx2.LocalProtocolError, httpx2.UnsupportedProtocol, httpx2.InvalidURL)

_REFUSES = "check stash_api_key. Stash shows its key under Settings, Security; a Stash without password takes none."
_LOCKED = "A Stash without password that was once asked from a public address refuses everybody until one is set."
_BY_STATUS: dict[int, tuple[type[SyncError], str]] = {
    401: (NeedsSignIn, f"Stash refuses the sign-in (401): {_REFUSES}"),
    403: (NeedsSignIn, f"Stash refuses the sign-in (403): check stash_api_key. {_LOCKED}"),
    400: (StashTemporaryError, "Stash's address refuses the request (400): is stash_url right, http or https?"),
    404: (StashTemporaryError, "Stash has nothing at this address (404): is stash_url right?"),
    **{status: (StashServerDown, f"Stash is away ({status})") for status in (502, 503, 504)},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP answer. `content` may be one byte longer than the bound that it was read under."""

    status: int
    headers: httpx2.Headers
    content: bytes

    @property
    def media_type(self) -> str:
        """The type of the content, lower case and without parameters; "" when not given."""
        return str(self.headers.get("content-type", "")).partition(";")[0].strip().lower()


class Failures:
    """Makes the errors of this room. `secrets` and what `redact` knows are masked in foreign text."""

    def __init__(self, secrets: Iterable[str], redact: Callable[[str], str]) -> None:
        self._excerpts = Excerpts(secrets, redact)

    def of_transport(self, error: Exception, question: Question) -> SyncError:
        """No whole answer. Cannot connect and timed out are one error."""
        if isinstance(error, UNSENDABLE):
            message = f"this cannot be sent to Stash: {self._excerpts.of_text(str(error))}"
            return StashTemporaryError(message, place=question.place)
        unknown = question.changes and not isinstance(error, NEVER_SENT)
        return StashServerDown(self._why(error), place=question.place, outcome_unknown=unknown)

    def of_encoding(self, error: httpx2.DecodingError, status: int, question: Question) -> SyncError:
        """A success that came whole, packed in a way that nobody can unpack."""
        said = self._excerpts.of_text(str(error))
        return StashTemporaryError(
            f"Stash's answer cannot be read ({status}): {said}",
            status=status,
            place=question.place,
            outcome_unknown=question.changes,
        )

    def of_status(self, reply: Reply, question: Question) -> SyncError:
        """An answer whose status is not the one hoped for."""
        known = _BY_STATUS.get(reply.status)
        if known is None and 300 <= reply.status < 400 and "location" in reply.headers:
            known = _redirected(reply.status, str(reply.headers["location"]))
        kind, message = known or (StashTemporaryError, f"Stash failed with status {reply.status}")
        error = self._about(kind, message, reply, question)
        error.outcome_unknown = question.changes and not nothing_done(reply.status)
        return error

    def of_errors(self, errors: Sequence[GraphError], reply: Reply, question: Question) -> SyncError:
        """An answer with `errors`, which is no answer, whatever data came along."""
        said = "; ".join(error.message for error in errors[:3]) or "no reason given"
        if reply.status in NOT_UNDERSTOOD or any(error.code in NOT_UNDERSTOOD_CODES for error in errors):
            message = f"this version of Stash does not understand {question.place} ({reply.status}): {said}"
            return self._about(Incompatible, message, reply, question)
        if any(NOT_READY.search(error.message) for error in errors):
            message = f"Stash waits for its setup or a migration: open it in a browser and finish that ({said})"
            return self._about(Incompatible, message, reply, question)
        error = self._about(StashTemporaryError, f"Stash failed ({reply.status}): {said}", reply, question)
        error.outcome_unknown = question.changes
        return error

    def of_content(self, detail: str, reply: Reply, question: Question) -> SyncError:
        """An answer that is not what was asked for: a web page, half a text, other types."""
        if reply.media_type == "text/html":
            detail = "a web page came instead; is something else, or a sign-in page, at this address?"
        message = f"Stash's answer cannot be used ({reply.status}): {detail}"
        error = self._about(StashTemporaryError, message, reply, question)
        error.outcome_unknown = question.changes
        return error

    def _about(self, kind: type[SyncError], message: str, reply: Reply, question: Question) -> SyncError:
        return kind(
            self._excerpts.of_text(message, 500),
            peer=Peer.STASH,
            status=reply.status,
            place=question.place,
            excerpt=self._excerpts.of_body(reply.content),
            retry_after=seconds_asked(reply.headers.get("retry-after", ""), reply.headers.get("date", "")),
        )

    def _why(self, error: Exception) -> str:
        if isinstance(error, TimeoutError | httpx2.TimeoutException):
            return f"Stash does not answer: timed out ({type(error).__name__})"
        if isinstance(error, httpx2.ConnectError) and (known := why_unreachable(error, "Stash")):
            return known
        said = self._excerpts.of_text(str(error)) or "the connection was cut"
        return f"Stash does not answer: {said} ({type(error).__name__})"


def _redirected(status: int, location: str) -> tuple[type[SyncError], str]:
    if SIGN_IN.search(location.partition("?")[0]):
        return NeedsSignIn, f"Stash asks for a sign-in ({status}): check stash_api_key"
    return StashTemporaryError, f"Stash sends us on to {destination(location)} ({status}): check stash_url"
