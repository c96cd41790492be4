"""Which scenes have the file that Plex asks about. Pure; what is not certain is left to a person."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from plexsync.model.match import common_suffix
from plexsync.model.pathrules import PathRules
from plexsync.model.paths import parts_of, path_key
from plexsync.provider.filename import Filename, readings

#: Segments, counted from the file's name, by which a file is known where no rule tells its place.
_SHORTEST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A file of a scene, by Stash's path."""

    scene: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A file that Plex asks about: where Stash may have it, surest first, and every reading of what Plex wrote.

    `fewest` are, for each reading, the last segments of a path in Stash that have to be the same where no rule speaks
    of it: all below the library's folder, as far as that is known. `meant` are the keys of all places in known
    libraries that it may have, whose keys begin with one of `roots`, without case.
    """

    tiers: tuple[tuple[str, ...], ...]
    names: tuple[Filename, ...]
    fewest: tuple[int, ...]
    meant: frozenset[str]
    roots: tuple[str, ...]
    paths: PathRules

    @property
    def places(self) -> tuple[str, ...]:
        """Every path that it may have in Stash."""
        return tuple(dict.fromkeys(place for tier in self.tiers for place in tier))

    @property
    def ends(self) -> tuple[tuple[str, ...], ...]:
        """How the paths of all files end that can be meant: a few segments, by which Stash is asked."""
        return _distinct([end[-_SHORTEST:] for end in self.whole])

    @property
    def whole(self) -> tuple[tuple[str, ...], ...]:
        """The same with all segments that are known."""
        # A bare name counts at a place only.
        told = [one.parts for one in self.names if len(one.parts) >= _SHORTEST or not self.tiers]
        return _distinct([*(tuple(parts_of(place)) for place in self.places), *told])

    @property
    def has_spellings(self) -> bool:
        """Whether a disk may spell it otherwise than composed or decomposed throughout."""
        return not all(part.isascii() for end in self.whole for part in end)

    def exact(self, files: Sequence[Held]) -> list[int]:
        """The scenes with a file at the surest place where there is one; in another case only if at none in this."""
        for tier in self.tiers:
            if found := _at({path_key(place) for place in tier}, files):
                return found
        folded = {_folded(place) for tier in self.tiers for place in tier}
        return sorted({one.scene for one in files if _folded(one.path) in folded})

    def fitting(self, files: Sequence[Held]) -> list[int]:
        """The same, or else those whose paths share the longest end with what Plex wrote, enough to be that file."""
        return self.exact(files) or self._by_end(files)

    def _by_end(self, files: Sequence[Held]) -> list[int]:
        shared = [(count, one) for one in files if (count := self._shared(one.path))]
        best = max((count for count, _ in shared), default=0)
        leaders = [one for count, one in shared if count == best]
        if len({one.scene for one in leaders}) > 1:
            leaders = [one for one in leaders if self._same_case(one.path, best)] or leaders
        return sorted({one.scene for one in leaders})

    def _shared(self, path: str) -> int:
        """How many segments; 0 for a file that is known to be another one, or shares too few."""
        may_be = self._may_be(path)
        if may_be is False:
            return 0
        counts = [common_suffix("/".join(name.parts), path) for name in self.names]
        needed = [_SHORTEST if may_be else fewest for fewest in self.fewest]
        return max((count for count, least in zip(counts, needed, strict=True) if count >= least), default=0)

    def _may_be(self, path: str) -> bool | None:
        """Whether Plex may call a file of Stash so; None where nothing tells at which place Plex has it.

        What lies in a library has its name there, and no other; a rule may lead out of all that are known.
        """
        places = self.paths.places_in_plex(path)
        inside = [key for key in map(_folded, places or (path,)) if key.startswith(self.roots)]
        if inside:
            return not self.meant.isdisjoint(inside)
        return any(name.ends(place) for name in self.names for place in places) if places else None

    def _same_case(self, path: str, count: int) -> bool:
        held = [unicodedata.normalize("NFC", part) for part in parts_of(path)][-count:]
        return any(list(one.parts[-count:]) == held for one in self.names)


def wanted_of(filename: str, locations: Sequence[str], paths: PathRules) -> Wanted | None:
    """The file that Plex names so, which lies in one of these folders as far as they are known; None for no file."""
    names = readings(filename)
    if not names:
        return None
    roots = tuple(_folded(location).rstrip("/") + "/" for location in locations)
    rooted = [one.text for one in names if one.rooted]
    whole = [text for text in rooted if _folded(text).startswith(roots)]
    joined = [place for one in names for location in locations for place in one.places_in(location)]
    # Elsewhere it is one only if a rule says so: it may as well be a place in a library, with a slash before it.
    mapped = [to for text in rooted if text not in whole for to in paths.places_in_stash(text)]
    tiers = (_in_stash(whole, paths), _once([*_in_stash(joined, paths), *mapped]))
    return Wanted(
        tiers=tuple(tier for tier in tiers if tier),
        names=tuple(names),
        fewest=tuple(_fewest(one, locations) for one in names),
        meant=frozenset(map(_folded, joined)),
        roots=roots,
        paths=paths,
    )


def _fewest(name: Filename, locations: Sequence[str]) -> int:
    below = [len(name.parts) - name.folders_told(location) for location in locations]
    return max(_SHORTEST, min(below, default=_SHORTEST))


def _in_stash(places: Iterable[str], paths: PathRules) -> tuple[str, ...]:
    """Where no rule speaks of a place, neither in Plex nor in Stash, Stash may have it under the same path."""
    return _once(to for place in places for to in paths.places_in_stash(place) or _same(place, paths))


def _same(place: str, paths: PathRules) -> tuple[str, ...]:
    return () if paths.places_in_plex(place) else (place,)


def _once(places: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(places))


def _folded(path: str) -> str:
    return path_key(path).casefold()


def _at(keys: set[str], files: Iterable[Held]) -> list[int]:
    return sorted({one.scene for one in files if path_key(one.path) in keys})


def _distinct(ends: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Each once, whatever the case and the Unicode form."""
    keyed = {tuple(unicodedata.normalize("NFC", part).casefold() for part in end): end for end in ends}
    return tuple(keyed.values())
