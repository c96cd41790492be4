"""The folders where the plugin leaves its events, and the socket by which it says so."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from plexsync.log import logger
from plexsync.model.errors import StoreError
from plexsync.model.work import Event
from plexsync.sync.intake import Intake

_log = logger("plexsync.spool")

SOCKET_NAME = "nudge.sock"
MARKER_NAME = "walk-needed.json"
_FILES_AT_ONCE = 1000
_LARGEST_FILE = 64 * 1024


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
    return Event(type=line.type, id=number, at=line.at, path=line.path, oshash=line.oshash)


@dataclass(slots=True, kw_only=True)
class Spool:
    """One folder. `drain` takes in what lies there; a file goes only after its event is in the store."""

    folder: Path
    intake: Intake
    fault: str = ""  #: why the folder cannot be worked off as it should, for people; "" when it can
    _stuck: dict[str, int] = field(default_factory=dict)  #: files that could not be removed, by inode
    _socket: socket.socket | None = None

    async def drain(self) -> int:
        """Take in all events of the folder; how many there were."""
        total = 0
        while True:
            try:
                taken = await self._drain_some()
            except StoreError as error:
                self._report(f"events wait in {self.folder}: {error}")
                return total
            total += taken
            if taken < _FILES_AT_ONCE:
                return total

    def listen(self, nudged: asyncio.Event) -> None:
        """Have `nudged` set whenever the plugin says that it left something. Without the socket, polling finds it."""
        path = self.folder / SOCKET_NAME
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                path.unlink()
            self._socket = _bound(path)
        except OSError as error:
            _log.warning("no nudges from this spool folder, it is polled", folder=str(self.folder), reason=str(error))
            return
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

    async def _drain_some(self) -> int:
        names = self._names()[:_FILES_AT_ONCE]
        events, read = self._read(names)
        if events:
            await self.intake.take(events)
        self._remove(read)
        return len(read)

    def _names(self) -> list[str]:
        try:
            found = {entry.name: entry.inode() for entry in os.scandir(self.folder) if _is_event(entry.name)}
        except FileNotFoundError:
            return []
        except OSError as error:
            self._report(f"the spool folder {self.folder} cannot be read ({error.strerror}): let PlexSync's user in")
            return []
        self._stuck = {name: inode for name, inode in self._stuck.items() if found.get(name) == inode}
        if not self._stuck:
            self.fault = ""
        return sorted(name for name in found if name not in self._stuck)

    def _read(self, names: list[str]) -> tuple[list[Event], list[str]]:
        events: list[Event] = []
        read: list[str] = []
        for name in names:
            path = self.folder / name
            try:
                with path.open("rb") as file:
                    events.append(parse(file.read(_LARGEST_FILE)))
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as error:
                self._set_aside(path, str(error))
                continue
            read.append(name)
        return events, read

    def _set_aside(self, path: Path, reason: str) -> None:
        """A file that cannot be understood is kept under another name, and a walk finds what it meant."""
        _log.warning("a spool file cannot be read and is set aside", file=str(path), reason=reason)
        self.intake.ask("full walk")
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
        with suppress(OSError):
            self._stuck[name] = (self.folder / name).stat().st_ino
        self._report(reason)

    def _report(self, reason: str) -> None:
        if reason != self.fault:
            _log.error("the spool folder needs a person", reason=reason)
        self.fault = reason


def _is_event(name: str) -> bool:
    return (name[:1].isdigit() and name.endswith(".json")) or name == MARKER_NAME


def _bound(path: Path) -> socket.socket:
    """A datagram socket at `path`, also where the path is longer than a socket's address may be."""
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        try:
            heard.bind(str(path))
        except OSError:
            heard.bind(f"/proc/self/fd/{folder}/{path.name}")
        # The plugin runs as another user in another container: events are only hints.
        path.chmod(stat.S_IRWXU | stat.S_IRWXG | stat.S_IRWXO)
    except OSError:
        heard.close()
        raise
    finally:
        os.close(folder)
    heard.setblocking(False)  # noqa: FBT003 -- the signature of the standard library
    return heard
