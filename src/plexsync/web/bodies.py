"""From the bytes of a request to a checked value, and no more bytes than that takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from fastapi import HTTPException, Request
from pydantic import BaseModel, ValidationError

from plexsync.web.faults import sentence

#: Bytes in the largest body that is taken.
LARGEST_BODY = 1_000_000

Model = TypeVar("Model", bound=BaseModel)


def reading(model: type[Model]) -> Callable[[Request], Awaitable[Model]]:
    """A dependency that reads a `model` from the body as JSON, whatever its Content-Type: 413 and 422 otherwise."""

    async def read(request: Request) -> Model:
        content = await _content(request)
        try:
            return model.model_validate_json(content)
        except ValidationError as error:
            raise HTTPException(422, sentence("the body", error.errors(include_url=False))) from error

    return read


async def _content(request: Request) -> bytes:
    """The whole body; one that is too large is refused as soon as that is known."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > LARGEST_BODY:
        raise _too_large()
    content = bytearray()
    async for chunk in request.stream():
        if len(content) + len(chunk) > LARGEST_BODY:
            raise _too_large()
        content += chunk
    return bytes(content)


def _too_large() -> HTTPException:
    return HTTPException(413, f"the body is larger than {LARGEST_BODY} bytes: send it in several requests")
