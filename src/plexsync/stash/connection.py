"""The HTTP side: one address, few requests at a time, secrets in headers only."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import httpx2
import msgspec

from plexsync.stash.address import Address, address_of, checked_key
from plexsync.stash.answers import Envelope, decoded, mended
from plexsync.stash.documents import operation_name, question
from plexsync.stash.failures import NOT_UNDERSTOOD, Failures, Reply
from plexsync.wire import WHOLE, body, neighbour, trust

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping

    from plexsync.stash.documents import Question

A = TypeVar("A")
T = TypeVar("T")
#: Stash has one writer and few readers; more requests at once only queue inside it.
PARALLEL = 2
#: Bytes of an answer to a query. A page of 200 scenes is about 300 kB.
ANSWER_BOUND = 256 * 1024 * 1024


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
        self.failures = Failures([key, *_sign_in_secrets(address)], redact)
        self._whole = read_timeout * WHOLE
        self._slots = asyncio.Semaphore(PARALLEL)
        self._http = neighbour(
            headers={"ApiKey": key} if key else {},
            timeout=httpx2.Timeout(read_timeout, connect=connect_timeout, pool=None),
            verify=trust("Stash", verify) if address.secure else False,
            sign_in=address.sign_in,
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
        asked = question(document)
        sent = {"operationName": operation_name(document), "query": document, "variables": variables}
        reply = await self.exchange(
            "POST",
            "/graphql",
            question=asked,
            content=encoded(sent),
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            bound=ANSWER_BOUND,
            within=within,
        )
        if reply.status != 200:
            raise self._not_answered(reply, asked)
        with self.reading(asked, reply):
            if len(reply.content) > ANSWER_BOUND:
                raise ValueError(f"it is larger than {ANSWER_BOUND // 1024**2} MB")
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
        return await self.made(document, variables, answer_type, _same, within=within)

    async def made(
        self,
        document: str,
        variables: Mapping[str, Any],
        answer_type: type[A],
        make: Callable[[A], T],
        *,
        within: float | None = None,
    ) -> T:
        """What `make` makes of the data; its `ValueError` says that they are no answer either."""
        envelope, reply = await self.ask(document, variables, within=within)
        asked = question(document)
        if envelope.errors:
            raise self.failures.of_errors(envelope.errors, reply, asked)
        with self.reading(asked, reply):
            return make(decoded(envelope.data, answer_type))

    @contextmanager
    def reading(self, question: Question, reply: Reply) -> Iterator[None]:
        """Turn the `ValueError` of content that is not as asked for into an error of the model."""
        try:
            yield
        except (ValueError, RecursionError) as error:
            raise self.failures.of_content(str(error), reply, question) from error

    async def exchange(
        self,
        method: str,
        address: str,
        *,
        question: Question,
        headers: Mapping[str, str],
        content: bytes | None = None,
        bound: int,
        within: float | None = None,
    ) -> Reply:
        """One request to `address` (path and query below our base). At most `bound` + 1 bytes are kept."""
        async with nullcontext() if within else self._slots:
            status = 0
            try:
                async with (
                    asyncio.timeout(self._whole if within is None else within),
                    self._http.stream(method, self.base + address, content=content, headers=dict(headers)) as response,
                ):
                    status = response.status_code
                    content = await body(response, bound)
                    return Reply(status=status, headers=response.headers, content=content)
            except httpx2.DecodingError as error:
                raise self.failures.of_encoding(error, status, question) from error
            except (httpx2.RequestError, httpx2.InvalidURL, TimeoutError) as error:
                raise self.failures.of_transport(error, question) from error

    def _not_answered(self, reply: Reply, question: Question) -> Exception:
        try:
            errors = decoded(reply.content, Envelope).errors
        except (ValueError, RecursionError):
            errors = None
        if errors and reply.status in NOT_UNDERSTOOD:
            return self.failures.of_errors(errors, reply, question)
        return self.failures.of_status(reply, question)


def encoded(sent: Mapping[str, Any]) -> bytes:
    """`sent` as JSON; text that no UTF-8 can hold is sent as U+FFFD."""
    try:
        return msgspec.json.encode(sent)
    except UnicodeEncodeError:
        return mended(json.dumps(sent).encode())


def _same(answer: T) -> T:
    return answer


def _sign_in_secrets(address: Address) -> list[str]:
    """The password for a proxy, plain and as it travels."""
    if address.sign_in is None:
        return []
    return [address.sign_in[1], base64.b64encode(":".join(address.sign_in).encode()).decode()]
