"""What went wrong with Stash, said once in the words of the queue."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx2

from plexsync.model.errors import Incompatible, NeedsSignIn, StashServerDown, StashTemporaryError, SyncError
from plexsync.model.work import Peer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from plexsync.stash.answers import GraphError

EXCERPT_LENGTH = 200
#: Text that is looked at for an excerpt: masking may need more than what is shown.
EXCERPT_SOURCE = 4000
AWAY = frozenset({502, 503, 504})
#: A proxy says so of a request that it handed on: it may have been carried out.
LOST = frozenset({502, 504})
REFUSED = frozenset({401, 403})
NOT_UNDERSTOOD = frozenset({400, 422})
NOT_UNDERSTOOD_CODES = frozenset({"GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"})
SIGN_IN = re.compile(r"\b(log-?in|sign-?in|sso|auth\w*|oauth2?)\b", re.IGNORECASE)
#: Failures of which it is certain that the request was not carried out.
NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """Makes the errors of this room. `clean` masks secrets in foreign text."""

    clean: Callable[[str], str]

    def of_transport(self, error: Exception, place: str) -> SyncError:
        """No answer at all. Cannot connect and timed out are one error."""
        detail = self._detail(error)
        if isinstance(error, httpx2.DecodingError | httpx2.LocalProtocolError | httpx2.InvalidURL):
            return StashTemporaryError(f"Stash's answer cannot be read: {detail}", place=place)
        if "CERTIFICATE_VERIFY_FAILED" in detail:
            detail = f"its certificate is not trusted (give its CA file, or switch the check off): {detail}"
        unknown = not isinstance(error, NEVER_SENT)
        return StashServerDown(f"Stash does not answer: {detail}", place=place, outcome_unknown=unknown)

    def of_status(self, reply: Reply, place: str) -> SyncError:
        """An answer whose status is not the one hoped for."""
        kind, message = self._by_status(reply)
        error = self._about(kind, message, reply, place)
        error.outcome_unknown = reply.status in LOST
        return error

    def of_errors(self, errors: Sequence[GraphError], reply: Reply, place: str) -> SyncError:
        """An answer with `errors`, which is no answer, whatever data came along."""
        said = "; ".join(error.message for error in errors[:3]) or "no reason given"
        if reply.status in NOT_UNDERSTOOD or any(error.code in NOT_UNDERSTOOD_CODES for error in errors):
            message = f"this version of Stash does not understand the request {place}: {said}"
            return self._about(Incompatible, message, reply, place)
        return self._about(StashTemporaryError, f"Stash failed: {said}", reply, place)

    def of_content(self, detail: str, reply: Reply | None, place: str) -> SyncError:
        """An answer that is not what was asked for: a web page, half a text, other types."""
        if reply is None:
            return StashTemporaryError(self.clean(f"Stash's answer cannot be used: {detail}"), place=place, status=200)
        if reply.media_type == "text/html":
            detail = "a web page came instead; is something else, or a sign-in page, at this address?"
        error = self._about(StashTemporaryError, f"Stash's answer cannot be used: {detail}", reply, place)
        error.outcome_unknown = True
        return error

    def _about(self, kind: type[SyncError], message: str, reply: Reply, place: str) -> SyncError:
        return kind(
            self.clean(message)[:500],
            peer=Peer.STASH,
            status=reply.status,
            place=place,
            excerpt=self._excerpt(reply.content),
            retry_after=retry_after(reply.headers),
        )

    def _by_status(self, reply: Reply) -> tuple[type[SyncError], str]:
        status = reply.status
        if status in REFUSED:
            return NeedsSignIn, f"Stash refuses the sign-in ({status}): check stash_api_key. {REMEDY[status]}"
        if 300 <= status < 400:
            return _redirected(str(reply.headers.get("location", "")))
        if status in AWAY:
            return StashServerDown, f"Stash is away ({status})"
        if status in NOT_UNDERSTOOD:
            return Incompatible, f"Stash does not understand the request ({status}): is stash_url right, http or https?"
        if status == 404:
            return StashTemporaryError, "Stash has nothing at this address (404): is stash_url right?"
        return StashTemporaryError, f"Stash failed with status {status}"

    def _excerpt(self, content: bytes) -> str:
        text = content[:EXCERPT_SOURCE].decode("utf-8", "replace")
        return " ".join(self.clean(text).split())[:EXCERPT_LENGTH]

    def _detail(self, error: Exception) -> str:
        if isinstance(error, TimeoutError | httpx2.TimeoutException):
            return f"timed out ({type(error).__name__})"
        return self.clean(f"{error} ({type(error).__name__})")[:EXCERPT_LENGTH]


REMEDY = {
    401: "Stash shows its key under Settings, Security; a Stash without password takes none.",
    403: "A Stash without password that was once asked from a public address refuses everybody until one is set.",
}


def _redirected(location: str) -> tuple[type[SyncError], str]:
    try:
        target = urlsplit(location)
    except ValueError:
        return StashTemporaryError, "Stash sends us on to an address that is none: check stash_url"
    if SIGN_IN.search(f"{target.netloc} {target.path}"):
        return NeedsSignIn, "Stash asks for a sign-in: check stash_api_key"
    elsewhere = f"{target.scheme}://{target.netloc.rpartition('@')[2]}" if target.netloc else "another path"
    return StashTemporaryError, f"Stash sends us on to {elsewhere}: check stash_url"


def retry_after(headers: httpx2.Headers) -> float | None:
    """Seconds that the server asks us to wait. A date counts from the answer's own date, so no clock is compared."""
    text = str(headers.get("retry-after", "")).strip()
    if text.isdecimal():
        return float(text)
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(str(headers.get("date", "")))
    except (ValueError, TypeError):
        return None
    return max(0.0, wait.total_seconds())
