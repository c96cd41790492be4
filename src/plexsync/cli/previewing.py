"""What a sync would change, shown before it does."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from plexsync.cli.call import Call
from plexsync.cli.differences import cells
from plexsync.cli.remote import daemon_of
from plexsync.cli.screen import Screen, clean
from plexsync.cli.spans import many, shown

_MB = 1_000_000


def plan(call: Call, scenes: Sequence[int], library: str | None, screen: Screen) -> None:
    """Show what would change, and why: of these scenes, of a library, or (neither) of all."""
    show = Plans(screen)
    with daemon_of(call.config().data_dir) as remote:
        if remote is None:
            from plexsync.cli import inprocess

            asyncio.run(inprocess.plan(call, list(scenes), library, show))
        else:
            for planned in remote.stream("/api/v1/plan", _wish(scenes, library)):
                show(planned)
    for line in show.summary():
        screen.say(line)


def _wish(scenes: Sequence[int], library: str | None) -> dict[str, Any]:
    if library is not None:
        return {"library": library}
    return {"scenes": list(scenes)} if scenes else {"all": True}


class Plans:
    """Shows plans as they come, and counts; it keeps none of them."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._scenes = self._in_step = self._writes = self._fields = self._uploads = self._grows = self._waiting = 0
        self._skipped: Counter[str] = Counter()

    def __call__(self, planned: dict[str, Any]) -> None:
        """One scene on one server."""
        self._screen.facts(planned)
        self._scenes += 1
        self._grows += planned["growth"]
        title = f"Scene {planned['scene']}: {planned['title'] or '(unknown)'} on {planned['server']}"
        if planned["reason"]:
            self._skipped[planned["kind"]] += 1
            self._screen.say(f"{title}: {planned['reason']}", style="yellow")
        for item in planned["items"]:
            self._count(item)
            self._item(title, item)
        self._in_step += bool(planned["items"]) and not any(_writes(item) for item in planned["items"])

    def summary(self) -> list[str]:
        """What it comes to."""
        counts = (
            many(self._writes, "item"),
            many(self._fields, "field"),
            many(self._uploads, "picture"),
        )
        lines = [
            f"{many(self._scenes, 'scene')} looked at, {self._in_step} in step. {counts[0]} would be written: "
            f"{counts[1]}, {counts[2]} uploaded. Nothing was."
        ]
        if self._grows:
            lines.append(f"Plex's folder would grow by about {max(self._grows / _MB, 0.1):,.1f} MB.")
        if self._skipped:
            kinds = ", ".join(f"{count} {kind}" for kind, count in self._skipped.most_common())
            lines.append(f"Not or not wholly written: {kinds}.")
        if self._waiting:
            lines.append(
                f"{many(self._waiting, 'item')} of these wait for your go: `plexsync sync --library NAME --go`."
            )
        return lines

    def _count(self, item: Mapping[str, Any]) -> None:
        self._writes += _writes(item)
        self._fields += sum(not one["picture"] for one in item["changes"])
        self._uploads += sum(one["picture"] for one in item["changes"])
        self._waiting += _writes(item) and bool(item["waits"])

    def _item(self, title: str, item: Mapping[str, Any]) -> None:
        if not _writes(item) and not item["kept"]:
            self._screen.say(f"{title}: in step.", style="green")
            return
        name = f"{title}, item {item['item']} in {item['library']}" + (" (waits)" if item["waits"] else "")
        self._screen.table(name, ("field", "Plex now", "will be", "why", "rule"), [*_changes(item), *_kept(item)])


def _writes(item: Mapping[str, Any]) -> bool:
    return bool(item["changes"] or item["portraits"])


def _changes(item: Mapping[str, Any]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for one in item["changes"]:
        now, will_be = cells(one["now"], one["will_be"], one["field"])
        if one["picture"]:
            now, will_be = Text("another one" if one["now"] else "none of ours"), Text("Stash's cover", style="green")
        rows.append((one["field"], now, will_be, one["why"], one["rule"]))
    rows += [
        ("picture of a person", "", Text(clean(one["name"]), style="green"), "", "people_pictures")
        for one in item["portraits"]
    ]
    return rows


def _kept(item: Mapping[str, Any]) -> list[tuple[object, ...]]:
    return [
        (
            one["field"],
            Text(clean(shown(one["now"], one["field"]))),
            Text(clean(shown(one["wanted"], one["field"])), style="dim"),
            f"left alone: {one['why']}",
            "",
        )
        for one in item["kept"]
    ]
