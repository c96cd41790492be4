"""The folders where the plugin leaves its events, and the socket by which it says so."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from plexsync.log import logger
from plexsync.model.errors import StoreError
from plexsync.model.work import Event, EventType
from plexsync.sync.intake import Intake

_log = logger("plexsync.spool")

SOCKET_NAME = "nudge.sock"
MARKER_NAME = "walk-needed.json"
_FILES_AT_ONCE = 1000
_LARGEST_FILE = 64 * 1024
#: Seconds after which a file that the plugin began and never finished is dropped.
_ABANDONED = 3600.0
#: The largest id that Stash's database can hold.
_LARGEST_ID = 2**63 - 1
_ALL_MAY = stat.S_IRWXU | stat.S_IRWXG | stat.S_IRWXO


class _Line(msgspec.Struct):
    """What the plugin writes; pinned by a contract test on both sides."""

    type: str
    id: int | str | None = None
    at: float = 0.0
    path: str | None = None
    oshash: str | None = None


def parse(content: bytes) -> Event:
    """One event of a spool file. ValueError says what is wrong with it."""
    line = msgspec.json.decode(content, type=_Line, strict=False)
    number = None
    if line.id not in (None, "", "0", 0):
        try:
            number = int(str(line.id))
        except ValueError as error:
            raise ValueError(f"id {line.id!r} is no number") from error
        if not 0 < number <= _LARGEST_ID:
            raise ValueError(f"id {line.id!r} is no id of a scene")
    if "\0" in (line.type + (line.path or "")):
        raise ValueError("a text holds a zero byte")
    return Event(type=line.type, id=number, at=line.at, path=line.path, oshash=line.oshash)


@dataclass(slots=True, kw_only=True)
class Spool:
    """One folder. `drain` takes in what lies there; a file goes only after its event is in the store."""

    folder: Path
    intake: Intake
    fault: str = ""  #: why the folder cannot be worked off as it should, for people; "" when it can
    _stuck: dict[str, tuple[int, int]] = field(default_factory=dict)  #: files that could not be removed
    _socket: socket.socket | None = None
    _deaf: str = ""  #: why there is no socket

    async def drain(self) -> int:
        """Take in all events of the folder; how many there were."""
        total = 0
        tried: set[str] = set()
        try:
            while names := [name for name in self._names() if name not in tried][:_FILES_AT_ONCE]:
                tried.update(names)
                total += await self._drain_some(names)
        except (StoreError, OSError) as error:
            self._report(f"events wait in {self.folder}: {error}")
        else:
            if not self._stuck:
                self.fault = ""
        return total

    def listen(self, nudged: asyncio.Event) -> None:
        """Have `nudged` set whenever the plugin says that it left something. Without the socket, polling finds it.

        May be called again and again: does nothing while the socket is there, and makes it where the folder came late.
        """
        path = self.folder / SOCKET_NAME
        if self._socket is not None and path.is_socket():
            return
        self.close()
        try:
            _make(self.folder)
            with suppress(FileNotFoundError):
                path.unlink()
            self._socket = _bound(path)
        except OSError as error:
            if str(error) != self._deaf:
                self._deaf = str(error)
                _log.warning(
                    "no nudges from this spool folder, it is polled", folder=str(self.folder), reason=self._deaf
                )
            return
        self._deaf = ""
        asyncio.get_running_loop().add_reader(self._socket, self._heard, nudged)

    def close(self) -> None:
        """Stop listening; the plugin sees at once that nobody does."""
        if self._socket is None:
            return
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self._socket = None
        with suppress(OSError):
            (self.folder / SOCKET_NAME).unlink()

    def _heard(self, nudged: asyncio.Event) -> None:
        with suppress(BlockingIOError):
            while self._socket is not None:
                self._socket.recv(64)
        nudged.set()

    async def _drain_some(self, names: list[str]) -> int:
        events, read, broken = self._read(names)
        if broken:
            # A walk finds what they meant.
            events.append(Event(type=EventType.WALK_NEEDED))
        if events:
            await self.intake.take(events)
        self._remove(read)
        for name, reason in broken.items():
            self._set_aside(self.folder / name, reason)
        return len(read)

    def _names(self) -> list[str]:
        try:
            with os.scandir(self.folder) as entries:
                listed = {entry.name for entry in entries}
        except FileNotFoundError:
            return []
        except OSError as error:
            raise OSError(f"the folder cannot be read ({error.strerror}): let PlexSync's user in") from error
        self._drop_abandoned(name for name in listed if name.endswith(".tmp"))
        self._stuck = {name: file for name, file in self._stuck.items() if self._which(name) == file}
        return sorted(name for name in listed if _is_event(name) and name not in self._stuck)

    def _which(self, name: str) -> tuple[int, int] | None:
        """Tells a file from a later one of the same name; None when it is not there."""
        try:
            facts = (self.folder / name).lstat()
        except OSError:
            return None
        return facts.st_ino, facts.st_mtime_ns

    def _read(self, names: list[str]) -> tuple[list[Event], list[str], dict[str, str]]:
        """The events, the files that hold them, and why other files cannot be understood."""
        events: list[Event] = []
        read: list[str] = []
        broken: dict[str, str] = {}
        for name in names:
            path = self.folder / name
            try:
                events.append(parse(_content(path)))
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as error:
                broken[name] = str(error)
                continue
            read.append(name)
        return events, read, broken

    def _drop_abandoned(self, names: Iterable[str]) -> None:
        """The plugin writes under another name first; what it did not finish says nothing."""
        for name in names:
            path = self.folder / name
            with suppress(OSError):
                if self.intake.clock.now() - path.stat().st_mtime > _ABANDONED:
                    path.unlink()

    def _set_aside(self, path: Path, reason: str) -> None:
        """A file that cannot be understood is kept under another name."""
        _log.warning("a spool file cannot be read and is set aside", file=str(path), reason=reason)
        try:
            path.rename(path.with_suffix(".bad"))
        except OSError as error:
            self._stick(path.name, f"{path} can be neither read nor renamed ({error.strerror})")

    def _remove(self, names: list[str]) -> None:
        for name in names:
            try:
                (self.folder / name).unlink(missing_ok=True)
            except OSError as error:
                self._stick(
                    name,
                    f"events in {self.folder} are taken in but cannot be deleted ({error.strerror}): "
                    "give PlexSync's user the right to write there",
                )

    def _stick(self, name: str, reason: str) -> None:
        if (file := self._which(name)) is not None:
            self._stuck[name] = file
        self._report(reason)

    def _report(self, reason: str) -> None:
        if reason != self.fault:
            _log.error("the spool folder needs a person", reason=reason)
        self.fault = reason


def _content(path: Path) -> bytes:
    """The beginning of a plain file. Anybody may write in the folder: a pipe would hold the daemon up for ever.

    ValueError for anything but a file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is no plain file")
        return os.read(descriptor, _LARGEST_FILE)
    finally:
        os.close(descriptor)


def _is_event(name: str) -> bool:
    return (name[:1].isdigit() and name.endswith(".json")) or name == MARKER_NAME


def _make(folder: Path) -> None:
    """The folder, open to the plugin, which runs as another user in another container: events are only hints."""
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(exist_ok=True)
    folder.chmod(_ALL_MAY)


def _bound(path: Path) -> socket.socket:
    """A datagram socket at `path`, also where the path is longer than a socket's address may be."""
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        try:
            heard.bind(str(path))
        except OSError:
            heard.bind(f"/proc/self/fd/{folder}/{path.name}")
        path.chmod(_ALL_MAY)
    except OSError:
        heard.close()
        raise
    finally:
        os.close(folder)
    heard.setblocking(False)  # noqa: FBT003 -- the signature of the standard library
    return heard
