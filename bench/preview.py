"""A plan of all scenes: it has to cost the same memory however many there are."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from bench.row import Row, row
from bench.walk import child, servers

SMALL, LARGE = 100, 1_000


def rows(small: int = SMALL, large: int = LARGE) -> list[Row]:
    """The two sizes one after the other."""
    few, many = measured(small), measured(large)
    growth = many["peak_megabytes"] / few["peak_megabytes"]
    return [
        row(f"plan of all {large:,} scenes", many["seconds"], "s"),
        row("plan of all: scenes a second", many["scenes"] / many["seconds"], "/s"),
        row(f"plan of all {large:,}: peak memory", many["peak_megabytes"], "MB", "< 400"),
        row(f"plan of all {large:,}: peak memory, to {small:,}", growth, "x", "flat: <= 1.2"),
    ]


def measured(scenes: int) -> Mapping[str, float]:
    """Seconds and megabytes of a plan of that many scenes."""
    with ExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="plexsync-bench-")))
        words = servers(scenes, folder, ending)
        child("prepare", words)
        found = child("preview", words)
        assert found["scenes"] == scenes, found
        return found
