"""A plan of all scenes at first contact: it has to cost the same memory however many there are, and write nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.row import Row, row
from bench.walk import child, servers

SIZES = (1_000, 10_000, 100_000)


def rows(sizes: Sequence[int] = SIZES) -> list[Row]:
    """One size after the other; the ratios are those of the last to the first."""
    found = [measured(scenes) for scenes in sizes]
    first, last, least, most = found[0], found[-1], sizes[0], sizes[-1]
    requests = (last["stash_requests"] + last["plex_requests"]) / most
    growth = last["processor"] / most / (first["processor"] / least)
    return [
        *(
            row(f"plan of all {one['scenes']:,.0f} scenes: peak memory", one["peak_megabytes"], "MB", "< 400")
            for one in found
        ),
        row(
            f"plan of all: peak memory, {most:,} to {least:,}",
            last["peak_megabytes"] / first["peak_megabytes"],
            "x",
            "flat: <= 1.2",
        ),
        *(
            row(f"plan of all {one['scenes']:,.0f}: a thousand scenes", one["seconds"] / one["scenes"] * 1000, "s")
            for one in found
        ),
        row(f"plan of all {most:,}: processor of a thousand scenes", last["processor"] / most * 1000, "s"),
        row(f"plan of all: processor a scene, {most:,} to {least:,}", growth, "x", "linear: <= 1.2"),
        row(f"plan of all {most:,}: requests a scene", requests, "", "<= 0.05"),
        row(
            "plan of all: writes to Stash and Plex",
            sum(one["stash_writes"] + one["plex_writes"] for one in found),
            "",
            "0",
        ),
    ]


def measured(scenes: int) -> Mapping[str, float]:
    """Seconds, megabytes and requests of a plan of that many scenes."""
    with ExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="plexsync-bench-")))
        words = servers(scenes, folder, ending)
        child("meet", words)
        found = child("preview", words)
        assert found["scenes"] == scenes, found
        return found
