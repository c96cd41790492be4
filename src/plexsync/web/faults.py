"""What a caller is told when a request fails. Every answer is `{"error": "..."}`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plexsync.log import logger
from plexsync.model.errors import StoreError, SyncError
from plexsync.sync.brakes.questions import NoQuestionError
from plexsync.sync.gaps.reconciling import NoRunError
from plexsync.sync.service import UnknownLibraryError
from plexsync.sync.undoing import NothingToUndoError

_log = logger("plexsync.web")

UNEXPECTED = "something went wrong inside PlexSync: its log says what"
STOPPING = "PlexSync is stopping: ask again once it runs"
#: Seconds after which that is worth it.
_AGAIN = 60
_SHOWN = 5


def sentence(whole: str, faults: Sequence[Mapping[str, Any]]) -> str:
    """Where the first faults lie and what is asked for; `whole` names what they lie in."""
    told = [f"{_place(fault['loc']) or whole}: {_remedy(fault)}" for fault in faults[:_SHOWN]]
    more = f" (and {len(faults) - _SHOWN} more)" if len(faults) > _SHOWN else ""
    return "; ".join(told) + more


def _place(parts: Sequence[str | int]) -> str:
    """For example `events[3].id`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}"[:100] for part in parts).lstrip(".")


def _remedy(fault: Mapping[str, Any]) -> str:
    message = str(fault["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


@dataclass(frozen=True, slots=True)
class LastResort:
    """ASGI middleware around everything: an error that nobody foresaw is logged, the caller gets 500 without it."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, and answer for what breaks."""
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except asyncio.CancelledError:
            if not _is_cut_off():
                raise
            # Only the end of the server does that.
            if not begun:
                await _answer(503, STOPPING, {"Retry-After": str(_AGAIN)})(scope, receive, send)
        except ClientDisconnect:
            _log.debug("a caller left before its request was read", path=scope.get("path"))
        except Exception:
            _log.exception("a request failed unexpectedly", method=scope.get("method"), path=scope.get("path"))
            if begun:
                raise
            await _answer(500, UNEXPECTED)(scope, receive, send)


def _is_cut_off() -> bool:
    """Whether it is the request that was cancelled, and not something that it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def answer_faults(app: FastAPI) -> None:
    """Have errors on purpose answered by their status."""
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(UnknownLibraryError, _unknown)
    app.add_exception_handler(NoQuestionError, _unknown)
    app.add_exception_handler(NothingToUndoError, _unknown)
    app.add_exception_handler(NoRunError, _unknown)
    app.add_exception_handler(SyncError, _peer_away)
    app.add_exception_handler(StoreError, _store_away)


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 -- tells the type checker what it is registered for
    return _answer(error.status_code, str(error.detail), error.headers)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 -- as above
    return _answer(422, sentence("the request", error.errors()))


async def _unknown(_: Request, error: Exception) -> JSONResponse:
    return _answer(404, str(error))


async def _peer_away(_: Request, error: Exception) -> JSONResponse:
    return _answer(503, str(error))


async def _store_away(request: Request, error: Exception) -> JSONResponse:
    _log.error("a request needs the store, which cannot be used", path=request.url.path, reason=str(error))
    return _answer(503, str(error))


def _answer(status: int, text: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": text}, status, headers)
