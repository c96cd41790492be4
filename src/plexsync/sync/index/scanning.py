"""Has Plex scan the folder of a new scene whose file it does not list yet, where the user wants that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from plexsync.log import logger
from plexsync.model.item import Section
from plexsync.model.pathrules import PathRules
from plexsync.model.paths import file_name, path_key
from plexsync.model.work import Job, Lane, Outcome, Verdict
from plexsync.plex.client import PlexClient
from plexsync.store import index, seen
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions
from plexsync.sync.clock import Clock
from plexsync.sync.index.libraries import Libraries
from plexsync.sync.timetable import Entry

_log = logger("plexsync.scanning")

#: Seconds in which no further file of a folder was missed, after which the folder is scanned.
_QUIET = 5.0
#: Seconds in which a folder is not scanned again.
_ONCE_IN = 600.0
#: Seconds after which a scan that could not be asked for is given up: Plex will have looked by itself.
_WORTH_IT = 6 * 3600.0
#: With more folders to scan, all of the library is.
_MOST_FOLDERS = 20


def scans_of(server: str) -> str:
    """The entry of the server's timetable that has folders scanned."""
    return f"scans of {server}"


@dataclass(slots=True, kw_only=True)
class Scanning:
    """`job_ended` is to be told of the end of each job."""

    server: str
    plex: PlexClient
    database: Transactions
    libraries: Libraries
    paths: PathRules
    clock: Clock
    entry: Entry = field(init=False)
    _scenes: set[int] = field(default_factory=set)
    _wanted: defaultdict[int, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))  #: folder: told at
    _asked: dict[str, float] = field(default_factory=dict)  #: folder: when

    def __post_init__(self) -> None:
        """Make the entry of the timetable that asks for the scans."""
        self.entry = Entry(name=scans_of(self.server), run=self.work_off, at_start=False)

    def job_ended(self, job: Job, outcome: Outcome) -> None:
        """A scene that somebody just made or changed was looked for in vain for the first time."""
        if outcome.verdict is Verdict.RETRY_LONG and not job.long_attempts and job.lane is not Lane.BULK:
            self._scenes.add(job.scene)
            self.entry.asked.set()

    async def work_off(self) -> None:
        """Ask for the scans that are due, one at a time in each library, and none while one runs there."""
        now = self.clock.now()
        if scenes := set(self._scenes):
            self._want(await self.database.run(lambda c: self._missed(c, scenes)), now)
            self._scenes -= scenes
        if any(self._due(folders, now) for folders in self._wanted.values()):
            for section in await self.plex.sections():
                await self._scan(section, now)
        for key, folders in list(self._wanted.items()):
            self._wanted[key] = {folder: at for folder, at in folders.items() if 0 <= now - at < _WORTH_IT}
            if not self._wanted[key]:
                del self._wanted[key]
        self._asked = {folder: at for folder, at in self._asked.items() if 0 <= now - at < _ONCE_IN}
        self.entry.every = _QUIET if self._wanted else None

    def _missed(self, connection: Connection, scenes: Collection[int]) -> list[str]:
        """The scenes' files that Plex should list and does not, as Plex sees them."""
        missed: list[str] = []
        for paths in seen.paths(connection, scenes).values():
            for path in paths:
                places = {path_key(to): to for to in self.paths.places_in_plex(path)}
                if not index.at_paths(connection, self.server, places):
                    missed += [to for to in places.values() if self.libraries.holds(to)]
        return missed

    def _want(self, files: Collection[str], now: float) -> None:
        for path in files:
            section, folder = self.libraries.section_of(path), _folder(path)
            if section is not None and not 0 <= now - self._asked.get(folder, -_ONCE_IN) < _ONCE_IN:
                self._wanted[section][folder] = now

    def _due(self, folders: dict[str, float], now: float) -> list[str]:
        return [folder for folder, at in folders.items() if not 0 <= now - at < _QUIET]

    async def _scan(self, section: Section, now: float) -> None:
        folders = self._wanted.get(section.key, {})
        due = self._due(folders, now)
        if not due or section.refreshing:
            return
        folder = due[0]
        if len(folders) > _MOST_FOLDERS:
            folder = next((one for one in section.locations if _lies_in(due[0], one)), folder)
        await self.plex.scan(section.key, folder)
        _log.info("Plex is asked to scan a folder", library=section.title, path=folder)
        for one in [one for one in folders if _lies_in(one, folder)]:
            self._asked[one] = now
            del folders[one]


def _lies_in(path: str, folder: str) -> bool:
    key, root = path_key(path), path_key(folder).rstrip("/")
    return key == root or key.startswith(f"{root}/")


def _folder(path: str) -> str:
    """The folder of a file, spelled as its path is."""
    return path.rstrip("/\\")[: -len(file_name(path))].rstrip("/\\") or "/"
