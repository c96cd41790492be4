"""What two lists of files prove about the folders they lie in: which pairs are one file, and by what shift of roots."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from plexsync.model.paths import is_windows, parts_of, root_of

#: A path by which folders are compared: what stands before its first segment, then the segments.
Key = tuple[str, ...]

_DURATION_TOLERANCE = 1.0  # seconds; Stash and Plex round differently
#: Names that more files bear prove nothing, and would take for ever.
_COMMON = 50


class Listed(Protocol):
    """A video file as one side lists it; `size` in bytes, `duration` in seconds."""

    @property
    def path(self) -> str: ...

    @property
    def size(self) -> int | None: ...

    @property
    def duration(self) -> float | None: ...


class Likeness(Enum):
    """What size and duration say of two files of one name."""

    SAME = auto()
    OTHER = auto()
    UNKNOWN = auto()


def likeness(one: Listed, two: Listed) -> Likeness:
    """Equal sizes are one file, unless the durations speak against it; without sizes the durations count."""
    durations = one.duration and two.duration and abs(one.duration - two.duration) <= _DURATION_TOLERANCE
    apart = bool(one.duration and two.duration) and not durations
    if one.size and two.size:
        if one.size != two.size:
            return Likeness.OTHER
        return Likeness.UNKNOWN if apart else Likeness.SAME
    if apart:
        return Likeness.OTHER
    return Likeness.SAME if durations else Likeness.UNKNOWN


@dataclass(frozen=True, slots=True)
class Shift:
    """The same tree under two roots: a folder of Plex and one of Stash whose last segments differ, or have none."""

    plex: Key
    stash: Key

    def at(self, place: Key) -> Key:
        """Stash's folder for a folder of Plex below `plex`."""
        return self.stash + place[len(self.plex) :]

    def leads(self, place: Key) -> bool:
        """Whether the shift applies to a folder of Plex."""
        return place[: len(self.plex)] == self.plex


@dataclass(frozen=True, slots=True)
class Witness:
    """A file of Plex: the files of Stash that it is the same as by each shift, and where a shift leads to another.

    `sole` is the one shift that explains it, if no other explains it or its file of Stash.
    """

    file: Listed
    key: Key
    same: Mapping[Shift, Listed]
    against: frozenset[Shift]
    sole: Shift | None

    @property
    def tells(self) -> bool:
        """Whether the file says anything for or against any shift."""
        return bool(self.same or self.against)


def least(key: Key) -> int:
    """How much of a path is its root: a slash, a drive, or a share with its server."""
    if key[0] == "/":
        return 1
    return 3 if key[0] else 2


def keys_of(paths: Iterable[str], *, fold: bool) -> list[Key]:
    """The keys of whole paths; `fold` compares without case, as is right once one side is Windows."""
    return [_key(path, fold=fold) for path in paths]


def whole(files: Iterable[Listed]) -> list[Listed]:
    """Those with a path from a root or drive on, each path once."""
    return list({file.path: file for file in files if root_of(file.path) or is_windows(file.path)}.values())


def _key(path: str, *, fold: bool) -> Key:
    text = unicodedata.normalize("NFC", path)
    text = text.casefold() if fold else text
    return (root_of(text), *parts_of(text))


def witnesses(plex: Sequence[Listed], stash: Sequence[Listed], *, fold: bool) -> list[Witness]:
    """Every file of Plex and what it says of the shifts that the pairs of same files show. Paths have to be whole."""
    stash_keys = keys_of((file.path for file in stash), fold=fold)
    plex_keys = keys_of((file.path for file in plex), fold=fold)
    same = _same(_Names(stash, stash_keys), zip(plex, plex_keys, strict=True))
    held = dict(zip(stash_keys, stash, strict=True))
    claims: dict[str, set[Shift]] = defaultdict(set)
    for found in same:
        for shift, file in found.items():
            claims[file.path].add(shift)
    starts = _by_start(same)
    return [
        Witness(file, key, found, _against(file, key, held, starts) - found.keys(), _sole(found, claims))
        for file, key, found in zip(plex, plex_keys, same, strict=True)
    ]


def _by_start(same: Iterable[Mapping[Shift, Listed]]) -> dict[Key, set[Shift]]:
    starts: dict[Key, set[Shift]] = defaultdict(set)
    for found in same:
        for shift in found:
            starts[shift.plex].add(shift)
    return starts


def _sole(found: Mapping[Shift, Listed], claims: Mapping[str, set[Shift]]) -> Shift | None:
    if len(found) != 1:
        return None
    [(shift, file)] = found.items()
    return shift if len(claims[file.path]) == 1 else None


def _against(file: Listed, key: Key, held: Mapping[Key, Listed], starts: Mapping[Key, set[Shift]]) -> frozenset[Shift]:
    """The shifts that lead to another file than this one."""
    shifts = (shift for depth in range(1, len(key)) for shift in starts.get(key[:depth], ()))
    there = ((shift, held.get(shift.at(key))) for shift in shifts)
    return frozenset(shift for shift, other in there if other and likeness(file, other) is Likeness.OTHER)


class _Names:
    """Files of Stash by name, and by name and size where many share the name."""

    def __init__(self, files: Sequence[Listed], keys: Sequence[Key]) -> None:
        self.by_name: dict[str, list[tuple[Listed, Key]]] = defaultdict(list)
        self.by_size: dict[tuple[str, int | None], list[tuple[Listed, Key]]] = defaultdict(list)
        for file, key in zip(files, keys, strict=True):
            self.by_name[key[-1].casefold()].append((file, key))
            self.by_size[key[-1].casefold(), file.size].append((file, key))

    def like(self, file: Listed, key: Key) -> list[tuple[Listed, Key]]:
        """Those that may be the file; none where too many may."""
        name = key[-1].casefold()
        found = self.by_name.get(name, [])
        if len(found) > _COMMON:
            found = self.by_size.get((name, file.size), [])
        return found if len(found) <= _COMMON else []


def _same(names: _Names, files: Iterable[tuple[Listed, Key]]) -> list[dict[Shift, Listed]]:
    return [
        {
            _shift(key, other_key): other
            for other, other_key in names.like(file, key)
            if other_key[-1] == key[-1] and likeness(file, other) is Likeness.SAME
        }
        for file, key in files
    ]


def _shift(plex: Key, stash: Key) -> Shift:
    most = max(0, min(len(plex) - least(plex), len(stash) - least(stash)))
    tail = next((n for n in range(most) if plex[-1 - n] != stash[-1 - n]), most)
    return Shift(plex[: len(plex) - tail], stash[: len(stash) - tail])
