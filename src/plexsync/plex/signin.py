"""Sign-in at plex.tv by PIN: a code that a person types there, and the token that comes of it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Self, TypeVar

import httpx2
import msgspec

from plexsync.log.excerpt import Excerpts
from plexsync.model.exchange import seconds_asked, why_unreachable
from plexsync.plex.account import AccountServer, ResourceRow, account_server
from plexsync.plex.connection import headers_of
from plexsync.plex.documents import Document, Loose, integer, text
from plexsync.wire import WHOLE, body

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable

#: Seconds between two looks whether the code was typed, and at most so many while plex.tv is in trouble.
LOOK_EVERY, LONGEST_PAUSE = 1.0, 60.0
#: Seconds that a code is good for where plex.tv does not say.
USUAL_LIFE = 900.0
#: Bytes of an answer. An account with a hundred servers has about 300 kB of them.
_BOUND = 4 * 1024 * 1024
_TIMEOUT = httpx2.Timeout(15.0, connect=5.0)
_WAY_OUT = "or go on with a token that you have"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlexTv:
    """Where plex.tv answers; `link` is the page for people."""

    api: str = "https://plex.tv"
    resources: str = "https://clients.plex.tv"
    link: str = "https://plex.tv/link"

    @classmethod
    def at(cls, url: str) -> PlexTv:
        """All of it at one address."""
        base = url.rstrip("/")
        return cls(api=base, resources=base, link=f"{base}/link")


class SignInError(Exception):
    """plex.tv did not do what it was asked for; the message says why and what helps."""


class PlexTvAway(SignInError):
    """No usable answer for now; `retry_after` is what plex.tv asked for, in seconds."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PlexTvRefuses(SignInError):
    """The same request would be refused again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A code for a person; `ends_at` is a time of the clock of the `SignIn` that got it."""

    number: int
    code: str
    ends_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """Somebody typed the code and allowed it."""

    token: str = field(repr=False)


class Unclaimed(Enum):
    """What else may be with a code."""

    WAITING = auto()
    EXPIRED = auto()


class PinAnswer(Document):
    id: Loose = None
    code: Loose = None
    expires_in: Loose = msgspec.field(name="expiresIn", default=None)
    token: Loose = msgspec.field(name="authToken", default=None)


class UserAnswer(Document):
    username: Loose = None
    title: Loose = None
    email: Loose = None


class _Gone(Exception):
    """plex.tv has nothing at this path."""


def _unmasked(said: str) -> str:
    return said


class SignIn:
    """One installation's sign-in. Every failure is a `SignInError`; no error shows a token.

    `client_identifier` is what Plex knows this installation by. `now` and `pause` are time in seconds; `now` only goes
    forward. `verify` is the trust in certificates, never False for the real plex.tv.
    """

    def __init__(
        self,
        client_identifier: str,
        *,
        where: PlexTv = PlexTv(),
        verify: bool | ssl.SSLContext = True,
        redact: Callable[[str], str] = _unmasked,
        now: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._where = where
        self._redact = redact
        self._now, self._pause = now, pause
        self._http = httpx2.AsyncClient(
            headers=headers_of("", client_identifier),
            timeout=_TIMEOUT,
            # To read all certificates of the world takes longer than an answer.
            verify=verify if where.api.startswith("https:") else False,
            follow_redirects=False,
            # plex.tv is in the wide world, for which proxies of the environment are.
            trust_env=where.api.startswith("https:"),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def pin(self) -> Pin:
        """A new code of four characters."""
        try:
            answer = await self._ask("POST", f"{self._where.api}/api/v2/pins", PinAnswer)
        except _Gone:
            raise PlexTvRefuses(f"plex.tv gives out no codes (404): try again later, {_WAY_OUT}") from None
        number, code = integer(answer.id), text(answer.code)
        if not number or not code:
            raise PlexTvAway(f"plex.tv gave no code: try again, {_WAY_OUT}")
        life = integer(answer.expires_in) or USUAL_LIFE
        return Pin(number=number, code=code, ends_at=self._now() + life)

    def left(self, pin: Pin) -> float:
        """Seconds that a code is still good for."""
        return max(0.0, pin.ends_at - self._now())

    async def look(self, pin: Pin) -> Claimed | Unclaimed:
        """Whether the code was typed."""
        try:
            answer = await self._ask("GET", f"{self._where.api}/api/v2/pins/{pin.number}", PinAnswer)
        except _Gone:
            return Unclaimed.EXPIRED
        token = text(answer.token)
        return Claimed(token=token) if token else Unclaimed.WAITING

    async def claimed(self, pin: Pin, told: Callable[[SignInError], None]) -> Claimed | None:
        """Wait until the code was typed; None when it expired first. While plex.tv is away it is only asked less often;
        `told` hears of that once."""
        pause, away = LOOK_EVERY, False
        while self._now() < pin.ends_at:
            try:
                found = await self.look(pin)
            except PlexTvAway as error:
                if not away:
                    told(error)
                away = True
                pause = min(max(pause * 2, error.retry_after or 0.0), LONGEST_PAUSE)
            else:
                if isinstance(found, Claimed):
                    return found
                if found is Unclaimed.EXPIRED:
                    return None
                pause, away = LOOK_EVERY, False
            await self._pause(pause)
        return None

    async def user(self, token: str) -> str:
        """The name of the account that a token belongs to."""
        answer = await self._asked_by(token, f"{self._where.api}/api/v2/user", UserAnswer)
        return text(answer.username) or text(answer.title) or text(answer.email) or "(without a name)"

    async def servers(self, token: str) -> list[AccountServer]:
        """The media servers that the account may use, its own first."""
        query = "includeHttps=1&includeRelay=1&includeIPv6=1"
        url = f"{self._where.resources}/api/v2/resources?{query}"
        rows = await self._asked_by(token, url, list[ResourceRow])
        found = [server for row in rows if (server := account_server(row)) is not None]
        return sorted(found, key=lambda server: not server.owned)

    async def _asked_by(self, token: str, url: str, shape: type[T]) -> T:
        try:
            return await self._ask("GET", url, shape, token)
        except _Gone:
            raise PlexTvAway(f"plex.tv does not tell of the account (404): try again later, {_WAY_OUT}") from None

    async def _ask(self, method: str, url: str, shape: type[T], token: str = "") -> T:
        excerpts = Excerpts([token], self._redact)
        headers = {"X-Plex-Token": token} if token else {}
        try:
            async with (
                asyncio.timeout((_TIMEOUT.read or 0.0) * WHOLE),
                self._http.stream(method, url, headers=headers) as response,
            ):
                content = await body(response, _BOUND)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError) as error:
            raise PlexTvAway(_unreachable(error, excerpts)) from error
        _raise_for(response)
        try:
            return msgspec.json.decode(content, type=shape)
        except (ValueError, RecursionError) as error:
            raise PlexTvAway(
                f"What answers for plex.tv cannot be understood ({response.status_code}): a proxy or a sign-in page "
                "may be in the way"
            ) from error


def _raise_for(response: httpx2.Response) -> None:
    status = response.status_code
    if 200 <= status < 300:
        return
    if status == 404:
        raise _Gone
    if status == 401:
        raise PlexTvRefuses("plex.tv does not accept the token (401): sign in again")
    if status == 429 or status >= 500:
        why = "is asked too often" if status == 429 else "is in trouble"
        asked = seconds_asked(response.headers.get("retry-after", ""), response.headers.get("date", ""))
        raise PlexTvAway(f"plex.tv {why} ({status}): try again in {asked or 60:.0f} s, {_WAY_OUT}", asked)
    raise PlexTvRefuses(f"plex.tv refuses the sign-in ({status}): {_WAY_OUT.removeprefix('or ')}")


def _unreachable(error: Exception, excerpts: Excerpts) -> str:
    remedy = f"look whether this machine reaches the internet, {_WAY_OUT}"
    if isinstance(error, TimeoutError | httpx2.TimeoutException):
        return f"plex.tv did not answer in time: {remedy}"
    if known := why_unreachable(error, "plex.tv"):
        return f"{known}; {remedy}"
    said = excerpts.of_text(str(error)) or "the connection was cut"
    return f"plex.tv does not answer ({said}): {remedy}"
