"""What a failed exchange over HTTP tells, whichever peer it was with."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Seconds that a server is obeyed at most.
LONGEST_RETRY_AFTER = 600.0
#: 303 sends to the outcome of what was done; what nobody registered may mean anything.
_REFUSALS = frozenset(range(300, 500)) & frozenset(HTTPStatus) - {HTTPStatus.SEE_OTHER}
_NOT_YET, _EXPIRED, _OTHER_NAME, _OTHER_ADDRESS = 9, 10, 62, 64


def nothing_done(status: int) -> bool:
    """Whether an answer of this status says for certain that the request was not carried out."""
    return status in _REFUSALS


def destination(location: str) -> str:
    """Where a redirect leads, in words that may be shown: never its path and query, which may hold secrets."""
    try:
        target = urlsplit(location)
        port = f":{target.port}" if target.port else ""
    except ValueError:
        return "an address that is none"
    return f"{target.scheme}://{target.hostname}{port}".removeprefix("://") if target.hostname else "another path"


def seconds_asked(retry_after: str, date: str) -> float | None:
    """Seconds to wait by a `Retry-After`, at most `LONGEST_RETRY_AFTER`; None where it says none.

    A time counts from `date`, the answer's own: the server's clock need not agree with ours.
    """
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_RETRY_AFTER)
    until, now = _moment(text), _moment(date)
    if until is None or now is None:
        return None
    return min(max((until - now).total_seconds(), 0.0), LONGEST_RETRY_AFTER)


def why_unreachable(error: BaseException, name: str, certified: str = "the name in it") -> str | None:
    """Why no connection to `name` came about, with the remedy; None where the error does not tell.

    `certified` says under which name its certificate is usually valid.
    """
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _why_not_trusted(cause, name, certified)
        if isinstance(cause, ssl.SSLError):
            return (
                f"no TLS with {name} ({cause.reason or 'no reason given'}): what answers at this port may not"
                " speak TLS, then the address begins with http://"
            )
        if isinstance(cause, socket.gaierror):
            return f"the name of {name}'s host cannot be resolved: check the address or DNS"
        if isinstance(cause, ConnectionRefusedError):
            return f"{name} refuses the connection: its host is up, {name} itself does not run or uses another port"
    return None


def not_trusted(error: BaseException) -> bool:
    """Whether it came to nothing because a certificate is not trusted."""
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error))


def _why_not_trusted(error: ssl.SSLCertVerificationError, name: str, certified: str) -> str:
    if error.verify_code == _NOT_YET:
        return f"{name}'s certificate is not valid yet: does the clock of this machine go right?"
    if error.verify_code == _EXPIRED:
        return f"{name}'s certificate has expired: renew it, or set tls_verify to false"
    if error.verify_code in {_OTHER_NAME, _OTHER_ADDRESS}:
        return (
            f"{name}'s certificate is for another name than this address: use {certified},"
            " or http://, or set tls_verify to false"
        )
    return (
        f"{name}'s certificate is signed by nobody who is trusted here ({error.verify_message}):"
        " name its CA file in ca_file, or set tls_verify to false"
    )


def _moment(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that led to it, nearest first."""
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
