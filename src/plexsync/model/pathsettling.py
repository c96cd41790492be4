"""Which shift holds in which folder of Plex: decided from the top down, and only where the files leave no doubt."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from plexsync.model.pathevidence import Key, Shift, Witness, least

#: Files that have to prove a shift, and to prove nothing else, before it counts.
ENOUGH = 3
#: One file in so many may be another one under the same name: replaced on the disk and not yet scanned by both.
_STALE = 50
#: One file in so many may be the same as one that lies elsewhere.
_STRAY = 10
#: So many folders, and files, without doubt outweigh one that several shifts explain.
_OUTWEIGHS = 9


@dataclass(frozen=True, slots=True)
class Settled:
    """A shift that holds in a folder of Plex, with the two paths of a file that shows it."""

    place: Key
    shift: Shift
    in_plex: str
    in_stash: str

    @property
    def stash(self) -> Key:
        """The same folder in Stash."""
        return self.shift.at(self.place)


@dataclass(slots=True)
class _Doubts:
    """What speaks against a set of shifts in a folder, apart from the files that prove them."""

    sure: int = 0
    sure_folders: set[Key] = field(default_factory=set)
    scattered: list[Witness] = field(default_factory=list)
    subtrees: dict[Key, list[Witness]] = field(default_factory=dict)


class Settlement:
    """`roots` are the folders of Plex's libraries: a rule begins there, or below."""

    def __init__(self, witnesses: Iterable[Witness], roots: Iterable[Key]) -> None:
        self._witnesses = [one for one in witnesses if one.tells]
        self._roots = sorted(set(roots), key=len)
        self._known: dict[Key, list[Settled]] = {}

    def settled(self) -> list[Settled]:
        """The shifts that hold, the deepest folder first."""
        found = [one for place, some in self._starts().items() for one in self._settle(place, some)]
        return sorted(self._joined(found), key=lambda one: (-len(one.place), one.place, one.stash))

    def _starts(self) -> dict[Key, list[Witness]]:
        starts: dict[Key, list[Witness]] = defaultdict(list)
        strays: dict[Key, list[Witness]] = defaultdict(list)
        for one in self._witnesses:
            root = next((root for root in self._roots if one.key[: len(root)] == root), None)
            if root is not None:
                starts[root].append(one)
            else:
                strays[one.key[: least(one.key) + 1]].append(one)
        for some in strays.values():
            starts[_common([one.key[:-1] for one in some])] += some
        return starts

    def _settle(self, place: Key, files: Sequence[Witness]) -> list[Settled]:
        if place not in self._known:
            self._known[place] = self._fresh(place, files)
        return self._known[place]

    def _fresh(self, place: Key, files: Sequence[Witness]) -> list[Settled]:
        proofs = Counter(one.sole for one in files if one.sole is not None)
        shifts = [shift for shift, count in proofs.most_common() if count >= ENOUGH and shift.leads(place)]
        if shifts and (found := self._fits(place, files, shifts[:1])) is not None:
            return found
        below = [one for child, some in _children(place, files).items() for one in self._settle(child, some)]
        # Several folders of Stash are one of Plex only where folder by folder they cannot be told apart.
        pool = self._fits(place, files, shifts) if len(shifts) > 1 else None
        if pool and _proved(pool, files) * _OUTWEIGHS > _proved(below, files) * (_OUTWEIGHS + 1):
            return pool
        return below

    def _fits(self, place: Key, files: Sequence[Witness], shifts: Sequence[Shift]) -> list[Settled] | None:
        """The shifts as rules for the folder, with those of folders in it that differ; None where doubts remain."""
        chosen = frozenset(shifts)
        doubts = _Doubts()
        _weigh(place, files, chosen, doubts)
        deeper: list[Settled] = []
        denied = stray = shared = clouded = 0
        for child, some in [*doubts.subtrees.items(), (place, doubts.scattered)]:
            foreign = any(not one.same.keys() & chosen for one in some) and child != place
            inner = self._settle(child, some) if foreign else []
            deeper += inner
            left = [one for one in some if not _within(one.key, [rule.place for rule in inner])]
            denied += sum(bool(one.against & chosen) for one in left)
            stray += sum(not one.same.keys() & chosen and not one.against & chosen for one in left)
            doubled = sum(bool(one.same.keys() & chosen) for one in left)
            if child != place or len(chosen) > 1:
                shared += doubled
                clouded += bool(doubled) and child != place
        sure = doubts.sure
        holds = (
            denied * _STALE <= sure
            and stray * _STRAY <= sure
            and shared * _OUTWEIGHS <= sure
            and clouded * _OUTWEIGHS <= len(doubts.sure_folders)
        )
        return [*self._made(place, files, shifts), *deeper] if holds else None

    @staticmethod
    def _made(place: Key, files: Sequence[Witness], shifts: Sequence[Shift]) -> list[Settled]:
        samples = {one.sole: one for one in files if one.sole is not None}
        pairs = [(shift, samples[shift]) for shift in shifts]
        return [Settled(place, shift, one.file.path, one.same[shift].path) for shift, one in pairs]

    def _joined(self, found: Sequence[Settled]) -> list[Settled]:
        """Neighbouring folders with the same shifts as one, where nothing else lies in it."""
        shifts: dict[Key, frozenset[Shift]] = {}
        for one in found:
            shifts[one.place] = shifts.get(one.place, frozenset()) | {one.shift}
        groups: dict[frozenset[Shift], list[Key]] = defaultdict(list)
        for place, some in shifts.items():
            groups[some].append(place)
        wider = {
            place: wide
            for some, group in groups.items()
            for wide in [self._wider(group, some, shifts)]
            if wide is not None
            for place in group
        }
        places = [(wider.get(one.place, one.place), one) for one in found]
        return list({(place, one.shift): replace(one, place=place) for place, one in places}.values())

    def _wider(self, places: Sequence[Key], shifts: frozenset[Shift], all_places: Iterable[Key]) -> Key | None:
        """The folder that holds all of these; None where it holds anything else, or is a root."""
        wide = _common(places)
        bare = len(wide) <= least(wide) if wide[:1] == ("/",) else len(wide) < least(wide)
        if len(places) == 1 or bare or not all(shift.leads(wide) for shift in shifts):
            return None
        inside = [*all_places, *(one.key for one in self._witnesses)]
        if not all(_within(key, places) for key in inside if _within(key, [wide])):
            return None
        roots = (root for root in self._roots if _within(root, [wide]))
        return (
            wide
            if all(_within(root, places) or any(_within(one, [root]) for one in places) for root in roots)
            else None
        )


def _weigh(place: Key, files: Sequence[Witness], chosen: frozenset[Shift], doubts: _Doubts) -> None:
    """Sort the files of a folder into those that prove the shifts, the doubtful among them, and doubtful subtrees."""
    for one in files:
        if len(one.key) > len(place) + 1:
            continue
        if _proves(one, chosen):
            doubts.sure += 1
            doubts.sure_folders.add(place)
        else:
            doubts.scattered.append(one)
    for child, some in _children(place, files).items():
        if any(_proves(one, chosen) for one in some):
            _weigh(child, some, chosen, doubts)
        else:
            doubts.subtrees[child] = some


def _proves(one: Witness, chosen: frozenset[Shift]) -> bool:
    return one.sole in chosen and not one.against & chosen


def _children(place: Key, files: Iterable[Witness]) -> dict[Key, list[Witness]]:
    found: dict[Key, list[Witness]] = defaultdict(list)
    for one in files:
        if len(one.key) > len(place) + 1:
            found[one.key[: len(place) + 1]].append(one)
    return found


def _within(key: Key, places: Iterable[Key]) -> bool:
    return any(key[: len(place)] == place for place in places)


def _proved(settled: Sequence[Settled], files: Iterable[Witness]) -> int:
    held: dict[Key, set[Shift]] = defaultdict(set)
    for one in settled:
        held[one.place].add(one.shift)
    return sum(any(one.sole in some and _within(one.key, [place]) for place, some in held.items()) for one in files)


def _common(keys: Sequence[Key]) -> Key:
    """The folder that all of these lie in."""
    first, last = min(keys), max(keys)
    same = next((n for n, (one, two) in enumerate(zip(first, last, strict=False)) if one != two), min(map(len, keys)))
    return first[:same]
