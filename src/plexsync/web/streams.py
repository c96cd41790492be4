"""Plans as lines of JSON, each sent as soon as it is made."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import StreamingResponse

from plexsync.log import logger
from plexsync.model.errors import StoreError, SyncError
from plexsync.sync.plans.documents import plan_document
from plexsync.sync.plans.planning import Planned
from plexsync.web.faults import UNEXPECTED

_log = logger("plexsync.web")

NDJSON = "application/x-ndjson"


async def plan_stream(plans: AsyncIterator[Planned]) -> StreamingResponse:
    """The answer with these plans. An error before the first one is raised; a later one becomes the last line."""
    first = await anext(plans, None)
    return StreamingResponse(_lines(first, plans), media_type=NDJSON)


async def _lines(first: Planned | None, others: AsyncIterator[Planned]) -> AsyncIterator[bytes]:
    if first is None:
        return
    yield _line(plan_document(first))
    try:
        async for planned in others:
            yield _line(plan_document(planned))
    except (SyncError, StoreError) as error:
        yield _line({"error": str(error)})
    except Exception:  # noqa: BLE001 -- the edge: the stream itself is the only one left to tell
        _log.exception("a plan broke off unexpectedly")
        yield _line({"error": UNEXPECTED})


def _line(facts: dict[str, Any]) -> bytes:
    return json.dumps(facts, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
