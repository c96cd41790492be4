"""Made houses: disks with files, and what Plex and Stash see of them under names of their own."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A file as one side lists it, and which file of the host it truly is."""

    path: str
    host: str
    size: int | None
    duration: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a file of the host holds; copies hold the same."""

    size: int
    duration: float


@dataclass(slots=True, kw_only=True)
class House:
    """`plex` and `stash` are the mounts: the folder as that side sees it, by the folder of the host."""

    files: dict[str, Content] = field(default_factory=dict)
    plex: Mapping[str, str] = field(default_factory=dict)
    stash: Mapping[str, str] = field(default_factory=dict)
    roots: tuple[str, ...] = ()
    chance: random.Random = field(default_factory=lambda: random.Random(5))

    def tree(self, folder: str, count: int, *, each: int = 1, depth: int = 1) -> None:
        """So many films in folders of their own, `each` files in one."""
        for number in range(count):
            below = "/".join(f"{'ABCDEFGH'[level]}{number % (level + 3)}" for level in range(depth - 1))
            for take in range(each):
                name = f"Film {number}" + (f" take {take}" if take else "")
                path = "/".join(part for part in (folder, below, f"Film {number}", f"{name}.mp4") if part)
                self.files[path] = self.content()

    def content(self) -> Content:
        return Content(size=self.chance.randrange(10**6, 10**10), duration=self.chance.uniform(30.0, 9000.0))

    def copy(self, source: str, target: str, *, share: float = 1.0, other: bool = False) -> None:
        """The files of a folder again elsewhere; with `other` under the same names, and cut to another size."""
        for path, content in list(self.files.items()):
            if path.startswith(source + "/") and self.chance.random() < share:
                cut = Content(size=content.size // 2, duration=content.duration)
                self.files[target + path.removeprefix(source)] = cut if other else content

    def side(self, mounts: Mapping[str, str], part: float = 1.0) -> list[Seen]:
        """What is seen through the mounts; of `part` only, as before a scan has ended."""
        found: dict[str, Seen] = {}
        for host, content in self.files.items():
            for folder, name in mounts.items():
                if host.startswith(folder + "/") and self.chance.random() < part:
                    path = _under(name, host.removeprefix(folder))
                    # Of two disks in one pool the first shows its file.
                    found.setdefault(path, Seen(path=path, host=host, size=content.size, duration=content.duration))
        return list(found.values())


def _under(name: str, rest: str) -> str:
    if "\\" in name:
        return name.rstrip("\\") + rest.replace("/", "\\")
    return name.rstrip("/") + rest
