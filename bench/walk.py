"""A full walk of scenes that are in step, against fetching and decoding the same pages with nothing around it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.many import FEW
from bench.row import Row, row

from plexsync.demo.processes import start, without_settings

SMALL, LARGE = 1_000, 10_000
#: Longest time in seconds of one process; a bench as a whole has its own bound.
PATIENCE = 400.0
_REPOSITORY = Path(__file__).parents[1]


def rows(small: int = SMALL, large: int = LARGE) -> list[Row]:
    """The two sizes one after the other; ratios are of the same size."""
    few, many = measured(small), measured(large)
    growth = many["processor"] / many["scenes"] / (few["processor"] / few["scenes"])
    name = f"walk of {large:,} in step"
    return [
        row(f"walk of {small:,} in step: to the limit", few["ratio"], "x", "<= 2"),
        row(f"{name}: to the limit", many["ratio"], "x", "<= 2"),
        row(f"{name}: processor, to the limit's", many["processor_ratio"], "x"),
        row(name, many["walk"], "s"),
        row(f"{name}: the limit", many["limit"], "s"),
        row(f"{name}: peak memory", many["peak_megabytes"], "MB", "< 400"),
        row(f"{name}: jobs put", many["jobs"], "", "0"),
        row(f"{name}: processor a scene, to {small:,}", growth, "x", "linear: <= 1.2"),
    ]


def measured(scenes: int) -> Mapping[str, float]:
    """Seconds and megabytes of walks, each beside its limit."""
    with ExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="plexsync-bench-")))
        words = servers(scenes, folder, ending)
        prepared = child("prepare", words)
        return {**child("walk", words), "scenes": prepared["scenes"]}


def servers(scenes: int, folder: Path, ending: ExitStack) -> list[str]:
    """Both simulators behind servers that make many of a few and render nothing twice; what a child has to be told."""
    python, environ = [sys.executable, "-m"], without_settings(os.environ) | {"PYTHONPATH": str(_REPOSITORY)}

    def running(name: str, *words: str) -> Mapping[str, str]:
        process = start(name, [*python, *words], folder, environ)
        ending.callback(process.end)
        return process.facts

    few = str(min(scenes, FEW))
    stash = running("Stash", "plexsync", "sim", "stash", "--scenes", few)
    plex = running("Plex", "plexsync", "sim", "plex", "--items", few)
    stash_pages = running("pages of Stash", "bench.many", stash["url"], str(scenes))
    plex_pages = running("pages of Plex", "bench.many", plex["url"], str(scenes))
    return [stash_pages["url"], plex_pages["url"], plex["token"], "1", str(folder / "data")]


def child(what: str, words: Sequence[str]) -> dict[str, float]:
    """Run one process of `bench.walking` to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.walking", what, *words],
        env=without_settings(os.environ),
        cwd=_REPOSITORY,
        stdout=subprocess.PIPE,
        timeout=PATIENCE,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found
