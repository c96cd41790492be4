"""The folder of backups: what is in it, when the next one is due, and which of them go."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from sqlalchemy import Connection

from plexsync import __version__
from plexsync.log import logger
from plexsync.model.errors import StoreError
from plexsync.store import backup, backupfile, migration
from plexsync.store.backupfile import SUFFIX, BackupError, Contents, Header, Why

_log = logger("plexsync.backup")

#: Seconds after which there has to be a new one.
EVERY = 24 * 3600.0
#: How many are kept, the newest. Those that were made by hand stay.
KEPT = {Why.DAILY: 7, Why.BEFORE_MIGRATION: 3}
#: Rows that the ledger has to grow by, and double, for a backup before its time.
_WORTH_IT = 50
#: Seconds by which a backup may seem to come from the future before its time is taken for wrong.
_AHEAD = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file of the folder. `header` is None when it says nothing of itself; then `fault` says why."""

    path: Path
    header: Header | None
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A backup that was just written, with its rows by table."""

    path: Path
    counts: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backups:
    """Those of one store; `identity` is the file that goes with it."""

    folder: Path
    url: str
    identity: Path

    def make(self, why: Why, now: float, to: Path | None = None) -> Made:
        """Write one, into the folder unless told where to. StoreError says why it could not be done."""
        with backup.snapshot(self.url) as conn:
            return self._write(conn, why, now, to)

    def make_if_due(self, now: float, halt: Event | None = None) -> Made | None:
        """The daily one, or one before that if much would be lost; None when there is nothing new to keep.

        StoreError soon after `halt` is set.
        """
        with backup.snapshot(self.url) as conn:
            due = backup.holds_anything(conn) and self._is_due(now, backup.ledger_rows(conn))
            return self._write(conn, Why.DAILY, now, None, halt) if due else None

    def _is_due(self, now: float, ledger: int) -> bool:
        """Whether no backup is from the last day, or the ledger has more than doubled since the newest one.

        One from the future was made by a wrong clock and does not stand for today's.
        """
        known = [found.header for found in self.found() if found.header is not None]
        if not any(now - EVERY < header.made_at <= now + _AHEAD for header in known):
            return True
        return ledger > 2 * known[0].ledger + _WORTH_IT

    def found(self) -> list[Found]:
        """What is in the folder, the newest first."""
        if not self.folder.is_dir():
            return []
        files = [_found(path) for path in sorted(self.folder.glob(f"*{SUFFIX}")) if path.is_file()]
        return sorted(files, key=lambda found: found.header.number if found.header is not None else -1, reverse=True)

    def usable(self) -> Iterator[tuple[Path, Contents]]:
        """Those that are whole and that this program can restore, the newest first. Others are told of in the log."""
        for found in self.found():
            try:
                yield found.path, restorable(found.path)
            except BackupError as error:
                _log.warning("a backup cannot be used", file=str(found.path), reason=str(error))

    def _write(self, conn: Connection, why: Why, now: float, to: Path | None, halt: Event | None = None) -> Made:
        found = self.found()
        header = Header(
            program=__version__,
            schema=migration.version(conn) or "",
            made_at=now,
            why=why,
            number=1 + max((one.header.number for one in found if one.header is not None), default=0),
            ledger=backup.ledger_rows(conn),
        )
        path = to or self._name(why, now)
        counts = backup.write(conn, path, header, self.identity, halt)
        _log.info("backup written", file=str(path), why=why.value, rows=sum(counts.values()))
        self._trim(now)
        return Made(path=path, counts=counts)

    def _name(self, why: Why, now: float) -> Path:
        """A free name in the folder: the day, for a second one of that day its time too."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"The folder {self.folder} for backups cannot be made: {error.strerror}") from error
        second = now
        path = self._called(second, "%Y-%m-%d" if why is Why.DAILY else "%Y-%m-%d-%H%M%S")
        while path.exists():
            path = self._called(second, "%Y-%m-%d-%H%M%S")
            second += 1
        return path

    def _called(self, at: float, form: str) -> Path:
        return self.folder / f"plexsync-{time.strftime(form, time.localtime(at))}{SUFFIX}"

    def _trim(self, now: float) -> None:
        """By their numbers, not their ages: a clock that jumps makes no backup old."""
        found = self.found()
        for why, count in KEPT.items():
            kept = [one for one in found if one.header is not None and one.header.why is why]
            for old in kept[count:]:
                _delete(old.path)
        for half in self.folder.glob(f".*{SUFFIX}.*"):
            # A process that was killed left it; one at work writes to its own again and again.
            if abs(now - half.stat().st_mtime) > _AHEAD:
                _delete(half)


def _delete(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        _log.warning("an old backup cannot be deleted", file=str(path), reason=str(error))


def restorable(path: Path) -> Contents:
    """What the file holds; BackupError unless it is whole and this program knows its tables."""
    contents = backupfile.contents(path)
    header = contents.header
    if not migration.knows(header.schema):
        raise BackupError(
            f"The backup {path} was made by a newer PlexSync ({header.program}, tables of version {header.schema}); "
            f"this one knows up to {migration.newest()}: restore it with that one"
        )
    return contents


def _found(path: Path) -> Found:
    try:
        return Found(path=path, header=backupfile.header_of(path))
    except BackupError as error:
        return Found(path=path, header=None, fault=str(error))
