"""Where a question comes in: who knows the secret, what is asked, and the answer on its way out."""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from plexsync.provider.asked import asked_of, page_of
from plexsync.provider.away import AwayError
from plexsync.provider.body import told_by
from plexsync.provider.container import Json, container, root
from plexsync.provider.identifiers import MATCHES, METADATA, scene_of_key
from plexsync.provider.provider import Provider, Telling

#: What may follow the key of a scene.
PARTS = ("", "/images", "/extras", "/children", "/grandchildren")
#: Entries of a part of a list, where Plex does not say how many.
_PAGE = 20
_OF_A_SCENE = re.compile(rf"{METADATA}/([^/]+)({'|'.join(PARTS[1:])})?")
_Answer = Callable[[Request, str], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Questions:
    """One method a question; `key` is what stands for a scene in its address."""

    provider: Provider

    async def root(self, request: Request, key: str = "") -> Response:  # noqa: ARG002 -- alike for all questions
        """What this provider is."""
        return JSONResponse(root())

    async def match(self, request: Request, key: str = "") -> Response:  # noqa: ARG002 -- as above
        """The scenes that a file, a number or a title may mean."""
        asked = asked_of(await told_by(request))
        told, telling = await self.provider.match(asked, _here(request))
        return _answer(told, telling)

    async def metadata(self, request: Request, key: str) -> Response:
        """All of one scene."""
        number = scene_of_key(key)
        told, telling = (None, None) if number is None else await self.provider.metadata(number, _here(request))
        return _unknown() if told is None else _answer(told, telling)

    async def images(self, request: Request, key: str) -> Response:
        """The pictures of one scene."""
        number, page = scene_of_key(key), page_of(request.query_params, request.headers)
        told = None if number is None else await self.provider.images(number, _here(request), page)
        return _unknown() if told is None else JSONResponse(told, headers=_counted(told))

    async def nothing_more(self, request: Request, key: str) -> Response:
        """A film has no extras, children or grandchildren."""
        number = scene_of_key(key)
        if number is None or not await self.provider.exists(number):
            return _unknown()
        told = container([], page=page_of(request.query_params, request.headers, size=_PAGE))
        return JSONResponse(told, headers=_counted(told))

    def part(self, name: str) -> _Answer:
        """What tells that part of a scene."""
        return {"": self.metadata, "/images": self.images}.get(name, self.nothing_more)


@dataclass(frozen=True, slots=True)
class Door:
    """ASGI application of all questions, each with and without a slash at the end, below the secret."""

    questions: Questions
    secret: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; HTTPException where there is nothing to be answered."""
        request = Request(scope, receive)
        path = self._known(request.path_params.get("below", ""))
        answers, key = self._answers(path.removesuffix("/"))
        answer = answers.get("GET" if request.method == "HEAD" else request.method)
        if answer is None:
            raise HTTPException(405, "Method Not Allowed", {"Allow": ", ".join(_methods(answers))})
        try:
            response = await answer(request, key)
        except AwayError as error:
            wait = {"Retry-After": f"{error.retry_after:.0f}"}
            response = _fault(503, f"Stash cannot be asked now: {error.reason}", wait)
        await response(scope, receive, send)

    def _known(self, below: str) -> str:
        """What is asked for by one who knows the secret; for others there is nothing."""
        given, slash, path = below.partition("/")
        if not hmac.compare_digest(given.encode(), self.secret.encode()):
            raise _nothing()
        self.questions.provider.rest.heard()
        return slash + path

    def _answers(self, path: str) -> tuple[Mapping[str, _Answer], str]:
        if not path:
            return {"GET": self.questions.root}, ""
        found = _OF_A_SCENE.fullmatch(path)
        if found is None:
            raise _nothing()
        answers = {"GET": self.questions.part(found[2] or "")}
        return answers | ({"POST": self.questions.match} if path == MATCHES else {}), found[1]


def _methods(answers: Mapping[str, _Answer]) -> list[str]:
    return [*answers, "HEAD"]


def _nothing() -> HTTPException:
    return HTTPException(404, "Not Found")


def _here(request: Request) -> str:
    """The address by which Plex reaches us, as it just did."""
    return f"{request.url.scheme}://{request.url.netloc}"


def _answer(told: Json, telling: Telling | None) -> Response:
    return JSONResponse(told, background=None if telling is None else BackgroundTask(telling))


def _unknown() -> Response:
    return _fault(404, "Stash has no such scene")


def _fault(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    told: dict[str, Any] = {"error": {"code": status, "message": message}}
    return JSONResponse(told, status, headers)


def _counted(told: Json) -> dict[str, str]:
    """What the headers of a list tell of it."""
    facts = told["MediaContainer"]
    return {
        "X-Plex-Container-Start": str(facts["offset"]),
        "X-Plex-Container-Total-Size": str(facts["totalSize"]),
    }
