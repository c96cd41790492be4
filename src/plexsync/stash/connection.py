"""The HTTP side: one address, few requests at a time, secrets in headers only."""

from __future__ import annotations

import asyncio
import json
import ssl
from contextlib import contextmanager, nullcontext
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, TypeVar

import httpx2
import msgspec

from plexsync.model.errors import ConfigurationError
from plexsync.stash.address import Address, address_of, checked_key
from plexsync.stash.answers import Envelope, decoded, mended
from plexsync.stash.documents import operation_name
from plexsync.stash.failures import Failures, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

T = TypeVar("T")
#: Stash has one writer and few readers; more requests at once only queue inside it.
PARALLEL = 2
#: An answer as a whole may take so many read time-outs; a server that drips must end too.
WHOLE = 4
#: Bytes of an answer to a query. A page of 200 scenes is about 300 kB.
ANSWER_BOUND = 256 * 1024 * 1024
#: Bytes that are read of an answer that only explains a failure.
PAGE_BOUND = 64 * 1024


class Connection:
    """Sends requests to one Stash and returns what came, or raises one of the model's errors."""

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None,
        connect_timeout: float,
        read_timeout: float,
        verify: bool | str | ssl.SSLContext,
        redact: Callable[[str], str],
    ) -> None:
        address = address_of(url)
        key = checked_key(api_key)
        self.base = address.base
        self.failures = Failures(clean=_cleaning(redact, [key, *(address.sign_in or ())[1:]]))
        self._whole = read_timeout * WHOLE
        self._slots = asyncio.Semaphore(PARALLEL)
        self._http = httpx2.AsyncClient(
            headers={"ApiKey": key} if key else {},
            auth=address.sign_in,
            timeout=httpx2.Timeout(read_timeout, connect=connect_timeout, pool=None),
            verify=_trust(address, verify),
            # A session kept by cookie would outlive a key that was taken back.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            # Stash is near; a proxy from the environment is meant for the outside.
            trust_env=False,
            follow_redirects=False,
        )

    async def close(self) -> None:
        """Close all sockets. Nothing can be asked afterwards."""
        await self._http.aclose()

    async def ask(
        self, document: str, variables: Mapping[str, Any], *, within: float | None = None
    ) -> tuple[Envelope, Reply]:
        """Send one document; the envelope may hold errors.

        `within` bounds the whole exchange in seconds; such a question does not queue behind slow ones.
        """
        place = operation_name(document)
        body = {"operationName": place, "query": document, "variables": variables}
        reply = await self.exchange(
            "POST",
            "/graphql",
            place=place,
            content=encoded(body),
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            within=within,
        )
        if reply.status != 200:
            raise self._not_answered(reply, place)
        with self.reading(place, reply):
            return decoded(reply.content, Envelope), reply

    async def answer(
        self,
        document: str,
        variables: Mapping[str, Any],
        answer_type: type[T],
        *,
        within: float | None = None,
    ) -> T:
        """The data of one document. An answer with any `errors` is no answer, whatever data it holds."""
        envelope, reply = await self.ask(document, variables, within=within)
        place = operation_name(document)
        if envelope.errors:
            raise self.failures.of_errors(envelope.errors, reply, place)
        with self.reading(place, reply):
            return decoded(envelope.data, answer_type)

    @contextmanager
    def reading(self, place: str, reply: Reply | None = None) -> Iterator[None]:
        """Turn the `ValueError` of content that is not as asked for into an error of the model."""
        try:
            yield
        except ValueError as error:
            raise self.failures.of_content(str(error), reply, place) from error

    async def exchange(
        self,
        method: str,
        address: str,
        *,
        place: str,
        headers: Mapping[str, str],
        content: bytes | None = None,
        bound: int = ANSWER_BOUND,
        within: float | None = None,
    ) -> Reply:
        """One request to `address` (path and query below our base). At most `bound` + 1 bytes are kept."""
        async with nullcontext() if within else self._slots:
            try:
                async with (
                    asyncio.timeout(self._whole if within is None else within),
                    self._http.stream(method, self.base + address, content=content, headers=dict(headers)) as response,
                ):
                    limit = bound if response.is_success else PAGE_BOUND
                    body = await _read(response, limit)
                    return Reply(status=response.status_code, headers=response.headers, content=body)
            except (httpx2.RequestError, httpx2.InvalidURL, TimeoutError) as error:
                raise self.failures.of_transport(error, place) from error

    def _not_answered(self, reply: Reply, place: str) -> Exception:
        try:
            errors = decoded(reply.content, Envelope).errors
        except ValueError:
            errors = None
        if errors and reply.status in {400, 422}:
            return self.failures.of_errors(errors, reply, place)
        return self.failures.of_status(reply, place)


async def _read(response: httpx2.Response, bound: int) -> bytes:
    kept = bytearray()
    async for piece in response.aiter_bytes():
        kept += piece
        if len(kept) > bound:
            break
    return bytes(kept[: bound + 1])


def encoded(body: Mapping[str, Any]) -> bytes:
    """`body` as JSON; text that no UTF-8 can hold is sent as U+FFFD."""
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        return mended(json.dumps(body).encode())


def _cleaning(redact: Callable[[str], str], secrets: Iterable[str]) -> Callable[[str], str]:
    known = [secret for secret in secrets if secret]

    def clean(text: str) -> str:
        for secret in known:
            text = text.replace(secret, "****")
        return redact(text)

    return clean


def _trust(address: Address, verify: bool | str | ssl.SSLContext) -> bool | ssl.SSLContext:  # noqa: FBT001  # httpx2's word
    if not address.secure:
        return False
    if isinstance(verify, str):
        try:
            return ssl.create_default_context(cafile=verify)
        except OSError as error:
            raise ConfigurationError([f"the CA file for Stash cannot be used: {error}"]) from error
    return verify
