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
    of it: all below the library's folder, as far as that is known.
    """

    tiers: tuple[tuple[str, ...], ...]
    names: tuple[Filename, ...]
    fewest: tuple[int, ...]
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
        folded = {path_key(place).casefold() for tier in self.tiers for place in tier}
        return sorted({one.scene for one in files if path_key(one.path).casefold() in folded})

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
        known = self.paths.places_in_plex(path)
        found = [0]
        for name, fewest in zip(self.names, self.fewest, strict=True):
            count = common_suffix("/".join(name.parts), path)
            if any(name.ends(place) for place in known) if known else count >= fewest:
                found.append(count)
        return max(count for count in found if count == 0 or count >= _SHORTEST)

    def _same_case(self, path: str, count: int) -> bool:
        held = [unicodedata.normalize("NFC", part) for part in parts_of(path)][-count:]
        return any(list(one.parts[-count:]) == held for one in self.names)


def wanted_of(filename: str, locations: Sequence[str], paths: PathRules) -> Wanted | None:
    """The file that Plex names so, which lies in one of these folders as far as they are known; None for no file."""
    names = readings(filename)
    if not names:
        return None
    whole = [one.text for one in names if one.rooted]
    joined = [place for one in names for location in locations for place in one.places_in(location)]
    tiers = tuple(_in_stash(places, paths) for places in (whole, joined))
    return Wanted(
        tiers=tuple(tier for tier in tiers if tier),
        names=tuple(names),
        fewest=tuple(_fewest(one, locations) for one in names),
        paths=paths,
    )


def _fewest(name: Filename, locations: Sequence[str]) -> int:
    below = [len(name.parts) - name.folders_told(location) for location in locations]
    return max(_SHORTEST, min(below, default=_SHORTEST))


def _in_stash(places: Iterable[str], paths: PathRules) -> tuple[str, ...]:
    """Where no rule speaks of a place, Stash may have it under the same path."""
    return tuple(dict.fromkeys(to for place in places for to in paths.places_in_stash(place) or (place,)))


def _at(keys: set[str], files: Iterable[Held]) -> list[int]:
    return sorted({one.scene for one in files if path_key(one.path) in keys})


def _distinct(ends: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Each once, whatever the case and the Unicode form."""
    keyed = {tuple(unicodedata.normalize("NFC", part).casefold() for part in end): end for end in ends}
    return tuple(keyed.values())
