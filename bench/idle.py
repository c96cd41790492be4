"""What a daemon costs while nothing happens."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from bench.place import Place, in_step
from bench.row import Row, row

SCENES = 100
SECONDS = 20.0
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What a process has used since it began: seconds of processor, bytes to disk; `memory` is now, in bytes."""

    processor: float
    written: int
    memory: int
    at: float


def rows(scenes: int = SCENES, seconds: float = SECONDS) -> list[Row]:
    """Of one daemon, after everything is in step."""
    with in_step(scenes) as place:
        return measured(place, seconds)


def measured(place: Place, seconds: float) -> list[Row]:
    """Watch without touching anything."""
    pid = place.stage.daemon.process.pid
    # What the last sync left to be tidied is over before the watch begins.
    time.sleep(min(3.0, seconds))
    place.forget()
    before = use(pid)
    time.sleep(seconds)
    after = use(pid)
    stash = place.requests(place.stash.client)["total"]
    plex = place.requests(place.plex.client)["total"]
    share = (after.processor - before.processor) / (after.at - before.at)
    return [
        row("idle daemon: processor", share * 100, "% of a core", "< 1"),
        row("idle daemon: memory", after.memory / _MEGABYTE, "MB", "< 150"),
        row("idle daemon: written to disk", after.written - before.written, "bytes", "0"),
        row(f"idle daemon: requests to Stash in {seconds:g} s", stash, "", "<= 1"),
        row(f"idle daemon: requests to Plex in {seconds:g} s", plex, ""),
    ]


def use(pid: int) -> Use:
    """As the system counts it."""
    of = Path("/proc") / str(pid)
    times = (of / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    written = dict(line.split(": ") for line in (of / "io").read_text(encoding="utf-8").splitlines())
    resident = int((of / "statm").read_text(encoding="utf-8").split()[1])
    return Use(
        processor=(int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK"),
        written=int(written["write_bytes"]),
        memory=resident * os.sysconf("SC_PAGE_SIZE"),
        at=time.monotonic(),
    )
