"""How long an edit takes to reach Plex while Plex scans thousands of files, and while it does not."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.edit_to_plex import edited, p95
from bench.place import Place, in_step
from bench.provider import AT_ONCE, Questions, share
from bench.row import Row, row

from plexsync.demo.processes import without_settings
from plexsync.model.scene import Scene
from plexsync.stash.client import StashClient
from plexsync.store.identity import FILE_NAME

SCENES = 60
EDITS = 20
#: Matches of the scan, which is over with the last edit at the latest.
MATCHES = 20_000
_REPOSITORY = Path(__file__).parents[1]


def rows(scenes: int = SCENES, edits: int = EDITS, matches: int = MATCHES) -> list[Row]:
    """Seconds, by the clock that both simulators share with us."""
    with in_step(scenes) as place:
        return measured(place, edits, matches)


def measured(place: Place, edits: int, matches: int) -> list[Row]:
    """So many edits, one after another, without a scan and beside one."""
    quiet = [edited(place, scene, f"Edited in silence {scene}")[0] for scene in place.ids[:edits]]
    place.quiet()
    with scanning(place, matches) as answered:
        beside = [edited(place, scene, f"Edited beside a scan {scene}")[0] for scene in place.ids[:edits]]
        waited = answered()
    return [
        row("edit without a scan: Save to Plex, p50", statistics.median(quiet), "s"),
        row("edit without a scan: Save to Plex, p95", p95(quiet), "s", "< 2"),
        row("edit beside a scan: Save to Plex, p50", statistics.median(beside), "s"),
        row("edit beside a scan: Save to Plex, p95", p95(beside), "s", "< 2"),
        row("edit beside a scan: matches meanwhile", len(waited), ""),
        row("edit beside a scan: a match, p50", share(waited, 50), "ms"),
        row("edit beside a scan: a match, p99", share(waited, 99), "ms"),
    ]


@contextmanager
def scanning(place: Place, matches: int) -> Iterator[Callable[[], Sequence[float]]]:
    """Plex asks the daemon about its files again and again; what is yielded ends that, and tells how long each took."""
    secret = json.loads((place.stage.data_dir / FILE_NAME).read_text(encoding="utf-8"))["provider_path"]
    models = asyncio.run(all_scenes(place.stage.stash.url, len(place.ids)))
    questions = Questions(base=f"/provider/{secret}", scenes=len(models), models=models)
    asked = [questions.match(number) for number in itertools.islice(questions.numbers(), matches)]
    crowd = subprocess.Popen(
        [sys.executable, "-m", "bench.crowd"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=_REPOSITORY,
        env=without_settings(os.environ),
    )
    assert crowd.stdin is not None

    def end() -> Sequence[float]:
        crowd.terminate()
        found: Sequence[float] = json.loads(crowd.communicate(timeout=60)[0])["waited"]
        return found

    try:
        crowd.stdin.write(json.dumps({"url": place.stage.daemon.url, "at_once": AT_ONCE, "asked": asked}).encode())
        crowd.stdin.close()
        crowd.stdin = None
        yield end
    finally:
        crowd.kill()
        crowd.wait()


async def all_scenes(url: str, count: int) -> Sequence[Scene]:
    """The scenes of a Stash."""
    stash = StashClient(url)
    try:
        return await stash.scenes_after(0, count)
    finally:
        await stash.close()
