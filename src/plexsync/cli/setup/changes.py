"""The first changes that would be made, planned in a folder of their own so that nothing is kept of it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from plexsync.app.inspection import has_store
from plexsync.app.sources import Sources
from plexsync.cli.differences import cells
from plexsync.cli.screen import Screen
from plexsync.cli.setup.known import Known
from plexsync.daemon import Process, opened
from plexsync.log import Redactor, configure
from plexsync.model.spans import many
from plexsync.store.identity import FILE_NAME
from plexsync.store.lock import FolderLock
from plexsync.store.private_file import replace
from plexsync.sync.plans.documents import plan_document
from plexsync.sync.service import Service

#: Changes that are shown, and scenes that are looked at for them.
SHOWN, LOOKED_AT = 20, 2000
_STORE = ("PLEXSYNC_STORE_URL", "PLEXSYNC_STORE_URL_FILE")
_DATABASE = "plexsync.db"
_TITLE = "title"
#: Fields of a scene that are named.
_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """`plans` are documents of scenes that would be written; `looked_at` counts all scenes seen, `left_alone` those
    without a certain item; `whole` when there are no others."""

    plans: tuple[dict[str, Any], ...]
    looked_at: int
    left_alone: int
    whole: bool


async def first_changes(known: Known, settings: str) -> Preview:
    """What a sync with these settings would write first. StoreError while a daemon works on the data folder."""
    with TemporaryDirectory(prefix="plexsync-") as name:
        folder = Path(name)
        file = folder / known.file.name
        replace(file, settings)
        _copy_store(known, folder)
        environ = {name: value for name, value in os.environ.items() if name not in _STORE}
        environ |= {_STORE[0]: f"sqlite:///{folder / _DATABASE}", "PLEXSYNC_RECONCILE": "never"}
        process = Process.of(Sources(environ=environ, config_file=file, data_dir=folder))
        redactor = Redactor()
        with configure(redactor=redactor, level="error", stream=None):
            async with opened(process, redactor, {"verb": True}) as (graph, _), graph.service.owning():
                return await _planned(graph.service)


def _copy_store(known: Known, folder: Path) -> None:
    """What was written before counts: the ledger says which values are ours, the identity which Plex is meant."""
    data_dir = known.config.data_dir
    url = known.config.database_url
    has_database = url.startswith("sqlite:///") and has_store(known.config)
    if not has_database and not (data_dir / FILE_NAME).exists():
        return
    with FolderLock(data_dir) as lock:
        lock.acquire({"pid": os.getpid(), "verb": "setup"})
        if has_database:
            database = Path(url.removeprefix("sqlite:///"))
            for end in ("", "-wal"):
                source = database.with_name(database.name + end)
                if source.exists():
                    shutil.copyfile(source, folder / (_DATABASE + end))
        if (data_dir / FILE_NAME).exists():
            replace(folder / FILE_NAME, (data_dir / FILE_NAME).read_text(encoding="utf-8"))


async def _planned(service: Service) -> Preview:
    for server in service.servers:
        await server.libraries.load()
        await server.refresh()
    await service.meet()
    found: list[dict[str, Any]] = []
    looked_at = left_alone = 0
    whole = True
    async for planned in service.plan_all(None):
        document = plan_document(planned)
        looked_at += 1
        left_alone += bool(document["reason"])
        if any(item["changes"] or item["portraits"] for item in document["items"]):
            found.append(document)
        if len(found) >= SHOWN or looked_at >= LOOKED_AT:
            whole = False
            break
    return Preview(plans=tuple(found), looked_at=looked_at, left_alone=left_alone, whole=whole)


def show(screen: Screen, preview: Preview) -> None:
    """One line for each scene."""
    rows = [_row(plan, item) for plan in preview.plans for item in plan["items"] if item["changes"]]
    if rows:
        screen.table(
            "The first changes in Plex", ("scene", "title in Plex", "new title", "what else changes"), rows[:SHOWN]
        )
    scenes = many(preview.looked_at, "scene")
    if not preview.plans:
        screen.say(f"{scenes} looked at: nothing would be written.")
    elif preview.whole:
        screen.say(f"{scenes} looked at: {many(len(preview.plans), 'scene')} would be written. Nothing was.")
    else:
        screen.say(f"{scenes} looked at so far, {len(preview.plans)} of them would be written. Nothing was.")
    if preview.left_alone:
        screen.say(f"{many(preview.left_alone, 'scene')} without a certain item in Plex would be left alone.")


def _row(plan: dict[str, Any], item: dict[str, Any]) -> tuple[object, ...]:
    titles = [one for one in item["changes"] if one["field"] == _TITLE]
    now, will_be = cells(titles[0]["now"], titles[0]["will_be"], _TITLE) if titles else (plan["title"], "(stays)")
    others = [one["field"].replace("_", " ") for one in item["changes"] if one["field"] != _TITLE]
    if item["portraits"]:
        others.append("pictures of people")
    more = len(others) - _NAMED
    return plan["scene"], now, will_be, ", ".join(others[:_NAMED]) + (f" and {more} more" if more > 0 else "")
