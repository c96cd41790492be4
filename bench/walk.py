"""All of Stash and of Plex gone through, in step and not, against fetching and decoding the same pages alone."""

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
from plexsync.demo.stage import PLEX_ROOT, STASH_ROOT

SIZES = (1_000, 10_000, 100_000)
#: Longest time in seconds of one process; a bench as a whole has its own bound.
PATIENCE = 900.0
_REPOSITORY = Path(__file__).parents[1]
#: What is measured, how it is called, and what it has to reach.
_WORKS = (
    ("in_step", "full walk with drift check, in step", "<= 2"),
    ("turn", "the same on a day on which a thirtieth is read whole", ""),
    ("differing", "full walk with drift check, 1 % of each side differing", ""),
    ("stash", "walk through Stash alone, in step", "<= 2"),
    ("index", "index of Plex listed anew", ""),
    ("first_index", "index of Plex made of nothing", ""),
)


def rows(sizes: Sequence[int] = SIZES) -> list[Row]:
    """One size after the other. Each work is beside its limit: its pages fetched and decoded by a client alike."""
    found = [measured(scenes) for scenes in sizes]
    first, last = found[0], found[-1]
    return [
        *(one for figures in found for one in rows_of(figures, reached=figures is last)),
        row("full walk with drift check, in step: jobs", last["in_step_jobs"], "", "0"),
        row("full walk with drift check, in step: gaps", last["in_step_gaps"], "", "0"),
        row("full walk with drift check, in step: requests a scene", last["in_step_requests"] / last["scenes"], ""),
        row("full walk with drift check, a thirtieth read whole: gaps", last["turn_gaps"], "", "0"),
        row("full walk with drift check, a thirtieth: requests a scene", last["turn_requests"] / last["scenes"], ""),
        row("full walk with drift check, 1 %: requests a scene", last["differing_requests"] / last["scenes"], ""),
        row("full walk with drift check, 1 %: gaps a scene", last["differing_gaps"] / last["scenes"], "", "0.02"),
        *(
            row(
                f"{called}: processor a scene, {last['scenes']:,.0f} to {first['scenes']:,.0f}",
                last[f"{name}_processor"] / last["scenes"] / (first[f"{name}_processor"] / first["scenes"]),
                "x",
                "linear: <= 1.2",
            )
            for name, called, _ in _WORKS
        ),
    ]


def rows_of(figures: Mapping[str, float], *, reached: bool = True) -> list[Row]:
    """Those of one size. What is not `reached` for asks for nothing: of few scenes most is what any walk costs."""
    size = f"{figures['scenes']:,.0f}"
    found = [
        one
        for name, called, reach in _WORKS
        for one in (
            row(f"{size}: {called}", figures[f"{name}_seconds"], "s"),
            row(f"{size}: {called}, the limit", figures[f"{name}_limit"], "s"),
            row(f"{size}: {called}, to the limit", figures[f"{name}_ratio"], "x", reach if reached else ""),
            row(f"{size}: {called}, processor to the limit's", figures[f"{name}_processor_ratio"], "x"),
        )
    ]
    cold = row(f"{size}: the first after a start, to the limit", figures["in_step_cold_ratio"], "x")
    return [*found, cold, row(f"{size}: peak memory of all of these", figures["peak_megabytes"], "MB", "< 400")]


def measured(scenes: int) -> Mapping[str, float]:
    """Seconds and megabytes of each work, beside its limit."""
    with ExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="plexsync-bench-")))
        words = servers(scenes, folder, ending, in_step=True)
        prepared = child("prepare", words)
        return {**child("both", words), "scenes": prepared["scenes"]}


def servers(scenes: int, folder: Path, ending: ExitStack, *, in_step: bool = False) -> list[str]:
    """Both simulators behind servers that make many of a few and render nothing twice; what a child has to be told.

    `in_step`: Plex holds what Stash holds.
    """
    python, environ = [sys.executable, "-m"], without_settings(os.environ) | {"PYTHONPATH": str(_REPOSITORY)}

    def running(name: str, *words: str) -> Mapping[str, str]:
        process = start(name, [*python, *words], folder, environ)
        ending.callback(process.end)
        return process.facts

    few = str(min(scenes, FEW))
    stash = running("Stash", "plexsync", "sim", "stash", "--scenes", few)
    plex = running("Plex", "plexsync", "sim", "plex", "--items", few)
    if in_step:
        sync(task_environ(stash["url"], plex["url"], plex["token"], "1"), folder / "first")
    stash_pages = running("pages of Stash", "bench.many", stash["url"], str(scenes))
    plex_pages = running("pages of Plex", "bench.many", plex["url"], str(scenes))
    return [stash_pages["url"], plex_pages["url"], plex["token"], "1", str(folder / "data")]


def sync(environ: dict[str, str], data: Path) -> None:
    """All of the library, as a person does it who has no daemon."""
    words = [sys.executable, "-m", "plexsync", "--data-dir", str(data), "sync", "--library", "1", "--go", "--wait"]
    subprocess.run(
        words,
        env=without_settings(os.environ) | environ,
        stdout=subprocess.DEVNULL,
        timeout=PATIENCE,
        check=True,
    )


def task_environ(stash: str, plex: str, token: str, library: str) -> dict[str, str]:
    """The settings of who syncs between these servers."""
    return {
        "PLEXSYNC_STASH_URL": stash,
        "PLEXSYNC_PLEX_URL": plex,
        "PLEXSYNC_PLEX_TOKEN": token,
        "PLEXSYNC_LIBRARIES": library,
        "PLEXSYNC_PATH_RULES": f"{PLEX_ROOT} => {STASH_ROOT}",
    }


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
