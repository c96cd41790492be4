"""Bringing scenes to Plex, and what that would do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from rich.text import Text

from plexsync.cli.asking import standing_of
from plexsync.cli.call import Call, Failed
from plexsync.cli.remote import Remote, daemon_of
from plexsync.cli.screen import Screen, clean
from plexsync.cli.spans import many, shown
from plexsync.cli.wishes import Wish

_LOOK_EVERY = 0.2
_SHOWN = 20


def sync(call: Call, wish: Wish, screen: Screen, *, wait: bool) -> None:
    """Ask the daemon; without one, do it here and stay until it is done."""
    with daemon_of(call.config().data_dir) as remote:
        if remote is None:
            _sync_here(call, wish, screen)
            return
        answer = _given(remote.post("/api/v1/sync", wish.as_json()))
        _say(answer, screen, here=False)
        if wait:
            _wait(remote, screen)
            answer |= {"quiet": True, "scenes": [remote.get(f"/api/v1/scenes/{scene}/why") for scene in wish.scenes]}
    _told(answer, screen)


def _sync_here(call: Call, wish: Wish, screen: Screen) -> None:
    from plexsync.cli import inprocess

    screen.say("No daemon runs; the work is done here.")
    answer = asyncio.run(inprocess.sync(call, wish))
    _say(answer, screen, here=True)
    _told(answer, screen)
    left = sum(sum(server["queue"][lane] for lane in ("user", "change", "bulk")) for server in _servers(answer))
    if left and "waiting" not in answer:
        raise Failed(f"{left} scenes could not be brought over yet and are tried again by the next sync or the daemon")


def _told(answer: dict[str, Any], screen: Screen) -> None:
    """Show how each scene ended. Failed when one of them did not get through."""
    screen.facts(answer)
    stories = answer.get("scenes", ())
    for story in stories[:_SHOWN]:
        for server in story["servers"]:
            for line in standing_of(server):
                screen.say(f"Scene {story['scene']} on {server['name']}: {line}")
    failed = [story["scene"] for story in stories if any(server["dead"] for server in story["servers"])]
    if failed:
        raise Failed(f"given up: {', '.join(map(str, failed[:_SHOWN]))}. See `plexsync dead list`")


def _servers(answer: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer["status"]["servers"]
    return found


def _given(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if value is not None}


def _say(answer: dict[str, Any], screen: Screen, *, here: bool) -> None:
    if "waiting" in answer:
        screen.say(
            f"{many(answer['waiting'], 'scene')} waiting. Look with `plexsync plan SCENE`; --go lets them be written."
        )
    elif "queued" in answer:
        screen.say(f"{many(answer['queued'], 'scene')} {'worked off' if here else 'queued'}.")
    else:
        screen.say(f"{'Compared' if here else 'Asked for'}: {answer.get('asked')} scenes.")


def _wait(remote: Remote, screen: Screen) -> None:
    screen.say("Waiting until all is done ...")
    while not remote.get("/api/v1/quiet")["quiet"]:
        time.sleep(_LOOK_EVERY)
    screen.say("Done: nothing waits any more.", style="green")


def plan(call: Call, scenes: Sequence[int], screen: Screen) -> None:
    """Show what would change, and why. No scenes: all."""
    show = Plans(screen)
    with daemon_of(call.config().data_dir) as remote:
        if remote is None:
            from plexsync.cli import inprocess

            asyncio.run(inprocess.plan(call, list(scenes), show))
        else:
            for planned in remote.stream("/api/v1/plan", {"scenes": list(scenes)} if scenes else {"all": True}):
                show(planned)
    changes, items, scenes_seen = many(show.changes, "field"), many(show.items, "item"), many(show.scenes, "scene")
    screen.say(f"{changes} of {items} would be written, in {scenes_seen}. Nothing was.")


class Plans:
    """Shows plans as they come, and counts."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self.scenes = self.items = self.changes = 0

    def __call__(self, planned: dict[str, Any]) -> None:
        """One scene on one server."""
        self._screen.facts(planned)
        self.scenes += 1
        title = f"Scene {planned['scene']}: {planned['title'] or '(unknown)'} on {planned['server']}"
        if planned["reason"]:
            self._screen.say(f"{title}: {planned['reason']}", style="yellow")
        for item in planned["items"]:
            self.items += bool(item["changes"])
            self.changes += len(item["changes"])
            self._item(title, item)

    def _item(self, title: str, item: dict[str, Any]) -> None:
        if not item["changes"] and not item["kept"]:
            self._screen.say(f"{title}: in step.", style="green")
            return
        rows: list[tuple[object, ...]] = [
            (one["field"], _cell(one, "now", "red"), _cell(one, "will_be", "green"), one["why"])
            for one in item["changes"]
        ]
        rows += [
            (one["field"], _cell(one, "now", ""), _cell(one, "wanted", "dim"), f"left alone: {one['why']}")
            for one in item["kept"]
        ]
        self._screen.table(f"{title}, item {item['item']}", ("field", "Plex now", "will be", "why"), rows)


def _cell(one: dict[str, Any], part: str, style: str) -> Text:
    return Text(clean(shown(one[part], one["field"])), style=style)
