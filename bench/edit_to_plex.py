"""From Save in Stash to the write in Plex, over the real way: plugin, spool, daemon; and after an outage."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

from bench.place import Place, answers_since, in_step
from bench.row import Row, row

EDITS = 100
AWAY_SECONDS = 20.0
AWAY_EDITS = 5


def rows(edits: int = EDITS, away_seconds: float = AWAY_SECONDS) -> list[Row]:
    """Seconds, by the clock that both simulators share with us."""
    with in_step(edits) as place:
        return measured(place, away_seconds)


def measured(place: Place, away_seconds: float) -> list[Row]:
    """One edit of each scene, one after another, and then an outage."""
    times = [edited(place, scene, f"Edited title {scene}") for scene in place.ids]
    hooks = [hook["ms"] / 1000 for hook in place.stash.hooks()]
    back = after_outage(place, away_seconds)
    from_start, from_answer = [one[0] for one in times], [one[1] for one in times]
    return [
        row("edit: Save to Plex, p50", statistics.median(from_start), "s"),
        row("edit: Save to Plex, p95", p95(from_start), "s", "< 2"),
        row("edit: Stash's answer to Plex, p50", statistics.median(from_answer), "s"),
        row("edit: Stash's answer to Plex, p95", p95(from_answer), "s", "< 2"),
        row("edit: the hook's part, p50", statistics.median(hooks), "s"),
        row(f"outage of {away_seconds:g} s: first healthy answer to first write", back, "s", "< 10"),
    ]


def edited(place: Place, scene: int, title: str) -> tuple[float, float]:
    """Seconds until Plex got the write: from the start of the mutation, and from its answer."""
    place.forget()
    began = time.time()
    place.stash.edit(scene, title=title)
    answered = time.time()
    written = place.until(lambda: first_write(place), f"scene {scene} is in Plex", every=0.01)
    return written - began, max(0.0, written - answered)


def first_write(place: Place) -> float | None:
    """When Plex got its first write since it was told to forget."""
    found = place.requests(place.plex.client)["requests"]
    return next((one["at"] for one in found if one["kind"] == "write"), None)


def after_outage(place: Place, seconds: float) -> float:
    """Seconds from the first healthy answer to the first write, with no event after the return."""
    place.quiet()
    place.stage.plex_goes()
    left = time.monotonic()
    for scene in place.ids[:AWAY_EDITS]:
        place.stash.edit(scene, title=f"Edited while Plex was away {scene}")
    time.sleep(max(0.0, seconds - (time.monotonic() - left)))
    place.stage.plex_returns()
    healthy = answers_since(place.stage.plex)
    written: float = place.until(lambda: first_write(place), "Plex gets what waited", every=0.02)
    return max(0.0, written - healthy)


def p95(values: Sequence[float]) -> float:
    """The value that 95 of 100 do not pass."""
    return sorted(values)[max(0, -(-len(values) * 95 // 100) - 1)]
