"""The body of a question: JSON, small, and there in time."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

#: Bytes in the largest body that is taken, and seconds in which it has to be there.
LARGEST = 64 * 1024
SLOWEST = 10.0


async def told_by(request: Request) -> dict[str, Any]:
    """The keys of the body and, where it has none of that name, of the query. 400, 408 or 413."""
    try:
        async with asyncio.timeout(SLOWEST):
            content = await _content(request)
    except TimeoutError as error:
        raise HTTPException(
            408, f"the body was not there within {SLOWEST:g} s: send it at once", {"Connection": "close"}
        ) from error
    return {**request.query_params, **_keys(content)}


async def _content(request: Request) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > LARGEST:
        raise _too_large()
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > LARGEST:
            raise _too_large()
    return bytes(content)


def _keys(content: bytes) -> dict[str, Any]:
    if not content.strip():
        return {}
    try:
        told = json.loads(content.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "the body is no JSON: send an object with the keys of a match") from error
    if not isinstance(told, dict):
        raise HTTPException(400, "the body is no JSON object: send one with the keys of a match")
    return told


def _too_large() -> HTTPException:
    return HTTPException(413, f"the body is larger than {LARGEST} bytes", {"Connection": "close"})
