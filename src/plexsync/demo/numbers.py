"""The numbers of the show."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from plexsync.demo.edits import Edit, EditKind


def speeds(edits: Sequence[Edit]) -> dict[str, Any]:
    """How many edits there were and how long they took to be in Plex, in seconds."""
    single, bulk = _times(edits, EditKind.SINGLE), _times(edits, EditKind.BULK)
    return {
        "edits": len(edits),
        "median_seconds": _rounded(statistics.median(single) if single else None),
        "slowest_seconds": _rounded(max(single, default=None)),
        "slowest_bulk_seconds": _rounded(max(bulk, default=None)),
    }


def _times(edits: Sequence[Edit], kind: EditKind) -> list[float]:
    return [edit.seconds for edit in edits if edit.kind is kind and edit.seconds is not None]


def hook_runs(hooks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How often the hook ran, how often it failed, and how long it took in milliseconds, process and all."""
    return {
        "hook_runs": len(hooks),
        "hook_failures": sum(hook["exit"] != 0 for hook in hooks),
        "hook_median_ms": _rounded(statistics.median(hook["ms"] for hook in hooks) if hooks else None),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
