"""The queue, the dead letters, and where one scene stands."""

from __future__ import annotations

import time
from typing import Any

from plexsync.cli.call import Call, Failed
from plexsync.cli.screen import Screen
from plexsync.cli.spans import ago, moment
from plexsync.cli.stored import facts_of
from plexsync.sync.telling import letter_lines


def queue(call: Call, limit: int, screen: Screen) -> None:
    """The jobs that wait or are worked on."""
    with facts_of(call) as source:
        rows = source.queue(limit)
    screen.facts(rows)
    now = time.time()
    if not rows:
        screen.say("Nothing waits.", style="green")
        return
    screen.table(
        f"Jobs (at most {limit})",
        ("server", "scene", "lane", "state", "due", "attempts", "why", "last failure"),
        [(*_job(row, now), _message(row["failure"])) for row in rows],
    )


def _job(row: dict[str, Any], now: float) -> tuple[object, ...]:
    due = "now" if row["due_at"] <= now else ago(row["due_at"], now)
    return (row["server"], row["scene"], row["lane"], row["state"], due, row["attempts"], ", ".join(row["reasons"]))


def dead(call: Call, limit: int, screen: Screen) -> None:
    """The jobs that were given up."""
    with facts_of(call) as source:
        rows = source.dead(limit)
    screen.facts(rows)
    if not rows:
        screen.say("No dead letters.", style="green")
        return
    screen.table(
        f"Dead letters (at most {limit})",
        ("server", "scene", "title", "given up", "attempts", "error", "what happened"),
        [
            (
                row["server"],
                row["scene"],
                row["title"] or "(not known)",
                moment(row["died_at"]),
                row["attempts"],
                row["error"],
                _message(row["failure"]),
            )
            for row in rows
        ],
    )
    screen.say("All of one: `plexsync dead show SCENE`. Try again: `plexsync dead retry SCENE`.")


def dead_letter(call: Call, scene: int, screen: Screen) -> None:
    """All that is known of the dead letters of a scene."""
    with facts_of(call) as source:
        rows = source.dead_of(scene)
    screen.facts(rows)
    if not rows:
        raise Failed(
            f"Scene {scene} has no dead letter. `plexsync dead list` shows those that have one, "
            f"`plexsync why {scene}` where this one stands"
        )
    for row in rows:
        first, *others = letter_lines(row)
        screen.say(first, style="bold")
        for line in others:
            screen.say(line)
    screen.say(f"Once its cause is mended, try it again with `plexsync dead retry {scene}`.")


def standing_of(server: dict[str, Any]) -> list[str]:
    """Where a scene stands on one server, in lines for people."""
    now, lines = time.time(), []
    if (job := server["job"]) is not None:
        due = "now" if job["due_at"] <= now else ago(job["due_at"], now)
        lines.append(f"{job['state']} in lane {job['lane']}, due {due} ({', '.join(job['reasons'])})")
        lines += [f"last failure: {_message(job['failure'])}"] if job["failure"] else []
    if server["dead"] is not None:
        lines.append(f"given up: {_message(server['dead']['failure']) or server['dead']['error']}")
    if server["decision"] is not None:
        lines.append(f"left alone ({server['decision']['kind']}): {server['decision']['reason']}")
    for item in server["items"]:
        state = "in step" if item["in_step"] else "not yet in step"
        lines.append(f"item {item['item']} at {item['path']}: {state}; {item['confidence']} ({item['reason']})")
        if item["before_unknown"]:
            fields = ", ".join(item["before_unknown"])
            lines.append(f"a database was lost: what Plex held there before PlexSync is not known of {fields}")
    return lines or ["no item is linked and nothing waits"]


def _message(failure: dict[str, Any] | None) -> str:
    return str(failure.get("message", "")) if failure else ""
