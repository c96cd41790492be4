"""Backups made, listed and restored."""

from __future__ import annotations

import os
import time
from pathlib import Path

from plexsync.app.folder import home_of
from plexsync.cli.call import Call, Failed
from plexsync.cli.remote import daemon_of
from plexsync.cli.screen import Screen
from plexsync.cli.spans import many, moment
from plexsync.cli.stored import changing
from plexsync.store import backupfile, notices
from plexsync.store.backupfile import BackupError, Header, Why
from plexsync.store.backups import Backups, restorable
from plexsync.store.lock import FolderLock
from plexsync.store.restoration import Restored, restore_store


def backup(call: Call, file: Path | None, screen: Screen) -> None:
    """Write a backup, beside a running daemon too."""
    config = call.config()
    home = home_of(config)
    if home.file is not None and not home.file.exists():
        raise Failed(f"There is nothing to back up in {config.data_dir} yet: there is no database")
    made = home.backups.make(Why.BY_HAND, time.time(), _target(file))
    screen.facts({"file": str(made.path), "rows": made.counts})
    screen.say(f"{made.path} holds {_content(made.counts)}. Keep it as you keep keys: there are some in it.")


def _target(file: Path | None) -> Path | None:
    """Where the backup goes. Failed when that would cost another file."""
    if file is None:
        return None
    if file.is_dir():
        return file / f"plexsync-{time.strftime('%Y-%m-%d-%H%M%S')}{backupfile.SUFFIX}"
    if file.exists():
        try:
            backupfile.header_of(file)
        except BackupError as error:
            raise Failed(f"{file} is there and is no backup that could be replaced: choose another name") from error
    return file


def restore(call: Call, file: Path, screen: Screen, *, replace: bool) -> None:
    """Make the store what the backup holds, while no daemon runs."""
    config = call.config()
    home = home_of(config)
    if not file.exists() and (home.backups.folder / file).exists():
        file = home.backups.folder / file
    config.data_dir.mkdir(parents=True, exist_ok=True)
    with FolderLock(config.data_dir) as lock:
        lock.acquire({"pid": os.getpid(), "verb": "restore"})
        done = restore_store(home, file, time.time(), replace=replace)
    header = done.contents.header
    screen.facts(
        {
            "file": str(file),
            **_facts(header),
            "rows": done.contents.counts,
            "database_kept_as": str(done.database_kept) if done.database_kept is not None else None,
            "identity_kept_as": str(done.identity_kept) if done.identity_kept is not None else None,
        }
    )
    _tell(done, screen)


def _tell(done: Restored, screen: Screen) -> None:
    screen.say(f"Restored from {moment(done.contents.header.made_at)}: {_content(done.contents.counts)}.")
    if done.database_kept is not None:
        screen.say(f"The former database is kept as {done.database_kept}.")
    if done.identity_kept is not None:
        screen.say(f"The keys are those of the backup again; the former ones are kept in {done.identity_kept}.")
    screen.say("The next start walks through everything and compares it with Plex.")


def listing(call: Call, screen: Screen) -> None:
    """The backups of the data folder, and whether each can be restored."""
    backups = home_of(call.config()).backups
    rows = [_listed(path) for path in (found.path for found in backups.found())]
    screen.facts(rows)
    _show(rows, backups, screen)


def _listed(path: Path) -> dict[str, object]:
    try:
        contents = restorable(path)
    except BackupError as error:
        return {"file": str(path), "fault": str(error)}
    return {"file": str(path), **_facts(contents.header), "rows": contents.counts, "fault": ""}


def _show(rows: list[dict[str, object]], backups: Backups, screen: Screen) -> None:
    if not rows:
        screen.say(f"There are no backups in {backups.folder}. `plexsync backup` makes one.")
        return
    screen.table(
        f"Backups in {backups.folder}, the newest first",
        ("file", "made", "why", "holds"),
        [
            (
                Path(str(row["file"])).name,
                moment(float(str(row["made_at"]))) if "made_at" in row else "",
                row.get("why", ""),
                row["fault"] or _content(row["rows"]),  # type: ignore[arg-type]  # rows by table
            )
            for row in rows
        ],
    )
    screen.say("Restore one with `plexsync restore FILE` while the daemon is stopped.")


def noted(call: Call, screen: Screen) -> None:
    """What happened to the store is known: `status` need not tell of it any more."""
    with daemon_of(call.config().data_dir) as remote:
        if remote is not None:
            count = int(remote.post("/api/v1/notices/noted")["noted"])
        else:
            with changing(call, "restore") as connection:
                count = notices.clear(connection)
    screen.facts({"noted": count})
    screen.say(f"{many(count, 'message')} will not be shown any more." if count else "There was nothing to note.")


def _facts(header: Header) -> dict[str, object]:
    return {
        "made_at": header.made_at,
        "why": header.why.value,
        "program": header.program,
        "schema": header.schema,
    }


def _content(counts: dict[str, int]) -> str:
    shown = [
        many(counts.get("ledger", 0), "ledger row"),
        many(counts.get("history", 0), "history row"),
        many(sum(count for name, count in counts.items() if name not in {"ledger", "history"}), "other row"),
    ]
    return ", ".join(shown)
