"""One change in a real Stash: scenes of its own, that name things of their own, with items in a simulated Plex."""

from __future__ import annotations

import json
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any

import httpx2

from live.films import unlike_any_other
from live.server import Stash
from plexsync.sync.service import Service

PLEX_ROOT = "/plex/media"
KINDS = ("tag", "performer", "studio", "group")


class Means(IntEnum):
    """By what a change is found, the soonest first."""

    HOOK = 1
    LOOK = 2
    NAMES = 3
    WALK = 4


@dataclass(slots=True, kw_only=True, repr=False)
class Ground:
    """`mark` is in the names of all that a change is about; `media` is Stash's folder; `scenes` are ids by number.

    The files of scene 0 are `mark 0.mp4` and, where a row asks for two, `more 0.mp4`, below a folder of their own.
    """

    mark: str
    stash: Stash
    plex: str
    http: httpx2.AsyncClient
    media: str
    folder: Path
    service: Service | None = None
    scenes: list[str] = field(default_factory=list)
    named: dict[str, str] = field(default_factory=dict)
    paths: dict[int, str] = field(default_factory=dict)  #: where a file of a scene lies after the change

    def file(self, number: int = 0, *, second: bool = False) -> Path:
        """Where a file of a scene lies at first."""
        return self.folder / f"{'more' if second else self.mark} {number}.mp4"

    def plex_path(self, path: str | Path) -> str:
        """The same file as Plex sees it."""
        return PLEX_ROOT + str(path).removeprefix(self.media)

    def films(self, scenes: int, *, seconds: bool, sample: bytes) -> None:
        """Put the files there, made of one that plays."""
        self.folder.mkdir(parents=True)
        for number in range(scenes):
            self.file(number).write_bytes(unlike_any_other(sample))
            if seconds:
                shutil.copyfile(self.file(number), self.file(number, second=True))

    def furnish(self, found: Sequence[dict[str, Any]]) -> None:
        """Each scene says something in every field that a change here may touch."""
        for kind in KINDS:
            self.named[kind] = self.stash.make(kind, name=f"{kind} {self.mark}")
        by_path = {file["path"]: scene["id"] for scene in found for file in scene["files"]}
        number = 0
        while (ident := by_path.get(str(self.file(number)))) is not None:
            self.scenes.append(ident)
            self.stash.edit(
                ident,
                title=f"{self.mark} {number}",
                tag_ids=[self.named["tag"]],
                performer_ids=[self.named["performer"]],
                studio_id=self.named["studio"],
                groups=[{"group_id": self.named["group"]}],
            )
            number += 1

    async def add_to_plex(self, path: str | Path) -> None:
        """Plex finds a file."""
        await self._plex("POST", {"path": self.plex_path(path), "size": 70_000, "duration": 5000, "scan": True})

    async def move_in_plex(self, path: str | Path, to: str | Path) -> None:
        """Plex finds a file at another place, as an item that it knows nothing of."""
        await self._plex("DELETE", {"path": self.plex_path(path), "scan": True})
        await self.add_to_plex(to)

    async def item(self, number: int = 0, *, path: str | Path | None = None) -> dict[str, Any]:
        """What Plex holds for the first file of a scene, or for a file; nothing where it has none."""
        items = (await self.http.get(f"{self.plex}/_sim/items")).json()
        found: dict[str, Any] = items.get(self.plex_path(path or self.paths.get(number) or self.file(number)), {})
        return found

    async def why(self, number: int = 0) -> dict[str, Any]:
        """What PlexSync says of a scene."""
        assert self.service is not None
        return dict((await self.service.why(int(self.scenes[number])))["servers"][0])

    async def linked(self, number: int = 0) -> list[str]:
        """The paths, in Plex, of the items of a scene."""
        return sorted(item["path"] for item in (await self.why(number))["items"])

    def scan(self, **more: Any) -> None:
        """Stash scans the folder."""
        self.job("metadataScan", "ScanMetadataInput", paths=[str(self.folder.parent)], **more)

    def clean(self) -> None:
        """Stash forgets what no longer lies in the folder."""
        self.job("metadataClean", "CleanMetadataInput", paths=[str(self.folder.parent)], dryRun=False)

    def job(self, name: str, kind: str, **values: Any) -> None:
        """Stash does one of its tasks to its end."""
        document = f"mutation($input: {kind}!) {{ job: {name}(input: $input) }}"
        self.stash.ended(self.stash.ask(document, input=values)["job"])

    def mutate(self, name: str, kind: str, answer: str = "{ id }", **values: Any) -> Any:
        """Stash does it at once."""
        document = f"mutation($input: {kind}!) {{ done: {name}(input: $input) {answer} }}"
        return self.stash.ask(document, input=values)["done"]

    def sql(self, statement: str, *values: Any) -> None:
        """Write into Stash's database by hand."""
        document = "mutation($sql: String!, $args: [Any]) { execSQL(sql: $sql, args: $args) { rows_affected } }"
        done = self.stash.ask(document, sql=statement, args=list(values))["execSQL"]
        assert done["rows_affected"] == 1, done

    def files(self, number: int = 0) -> list[dict[str, Any]]:
        """The files of a scene, the primary one first."""
        document = "query($id: ID!) { findScene(id: $id) { files { id path size } } }"
        return list(self.stash.ask(document, id=self.scenes[number])["findScene"]["files"])

    async def _plex(self, method: str, told: dict[str, Any]) -> None:
        answer = await self.http.request(method, f"{self.plex}/_sim/files", json=told)
        assert answer.status_code == 200, answer.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is done, how Plex is right then, and by what it is found at the latest, with the plugin and without.

    `change` may wait, `prepare` comes before PlexSync starts; `beside` is what happens in Plex meanwhile.
    """

    name: str
    change: Callable[[Ground], Any]
    right: Callable[[Ground], Awaitable[bool]]
    hooked: Means
    unhooked: Means
    prepare: Callable[[Ground], Any] | None = None
    beside: Callable[[Ground], Awaitable[None]] | None = None
    scenes: int = 1
    seconds: bool = False  #: each scene has a second file


def holds(number: int = 0, **wanted: Any) -> Callable[[Ground], Awaitable[bool]]:
    """Whether the item of a scene holds this; `{}` in a text stands for the mark."""

    async def right(ground: Ground) -> bool:
        item = await ground.item(number)
        told = json.loads(json.dumps(wanted).replace("{}", ground.mark))
        return all(_plain(item.get(name)) == _plain(value) for name, value in told.items())

    return right


def _plain(value: Any) -> Any:
    """Plex may write entries of a list its own way, and in an order of its own."""
    return sorted(one.casefold() for one in value) if isinstance(value, list) else value
