"""Answers that no simulator gives by itself: of proxies, of servers that start, of servers that are broken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from plexsync.sim.exchange import Answer

if TYPE_CHECKING:
    from starlette.types import Scope

BUSY = "Plex Media Server is currently running startup maintenance tasks."
LOGIN_PAGE = b"<!doctype html><html><body><form>Please sign in</form></body></html>"
XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
JSON_TYPE = (b"content-type", b"application/json")
HTML_TYPE = (b"content-type", b"text/html")
XML_TYPE = (b"content-type", b"text/xml;charset=utf-8")


def page(status: int, title: str) -> Answer:
    text = f"<html><head><title>{title}</title></head><body><h1>{status} {title}</h1></body></html>"
    return Answer(status, [HTML_TYPE], text.encode())


def canned(fault: str, status: int, scope: Scope, retry_after: int | None = None) -> Answer | None:
    """The answer of such a fault; None where the fault is none of an answer."""
    answer = _canned(fault, status, scope)
    if answer is not None and retry_after is not None:
        answer.headers.append((b"retry-after", str(retry_after).encode()))
    return answer


def _canned(fault: str, status: int, scope: Scope) -> Answer | None:
    match fault:
        case "status" | "status500":
            return page(500 if fault == "status500" else status, "Internal Server Error")
        case "unauthorized401":
            return page(401, "Unauthorized")
        case "maintenance503":
            return maintenance(scope)
        case "html":
            return Answer(200, [HTML_TYPE], b"<!doctype html><html><body><form>Please sign in</form></body></html>")
        case "redirect":
            return Answer(302, [(b"location", b"/login"), HTML_TYPE], b"")
        case _:
            return None


def maintenance(scope: Scope) -> Answer:
    """The 503 of a Plex that starts or migrates, in the form that was asked for."""
    accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
    if b"application/json" in accept:
        body = msgspec.json.encode({"code": 503, "title": "Maintenance", "status": BUSY})
        return Answer(503, [JSON_TYPE], body)
    xml = f'<?xml version="1.0" encoding="UTF-8"?>\n<Response code="503" title="Maintenance" status="{BUSY}"/>'
    return Answer(503, [XML_TYPE], xml.encode())


def halved(body: bytes) -> bytes:
    return body[: max(1, len(body) // 2)]


def wrong(answer: Answer) -> bytes:
    try:
        content = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        return re.sub(rb'="[^"]*"', b'="many"', answer.body)
    return msgspec.json.encode(_swapped(content))


def _swapped(value: Any, depth: int = 0) -> Any:
    """The same shape with other types: text for numbers, numbers for text, a list for a deep object."""
    if isinstance(value, dict):
        inner = {key: _swapped(item, depth + 1) for key, item in value.items()}
        return inner if depth < 2 else list(inner.values())
    if isinstance(value, list):
        return {str(at): _swapped(item, depth + 1) for at, item in enumerate(value)}
    return 7 if isinstance(value, str) else "seven"
