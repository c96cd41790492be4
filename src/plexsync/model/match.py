"""Which item of Plex is the file of a scene, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from plexsync.model.item import IndexedItem, Part
from plexsync.model.paths import name_key, path_key, segments
from plexsync.model.scene import SceneFile

_DURATION_TOLERANCE = 1.0  # seconds; Stash and Plex round differently


class Confidence(StrEnum):
    """HIGH is written; LOW only where `strict_matching` is off."""

    HIGH = "high"
    LOW = "low"


class Verdict(StrEnum):
    """What was found for one file."""

    FOUND = "found"
    MISSING = "missing"  #: a rule maps the path and no item is there: not scanned yet
    AMBIGUOUS = "ambiguous"  #: several items fit equally; never guessed
    OUTSIDE = "outside"  #: no rule maps the path and no item has such a file


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The finding for one file. `items` are the links when found, the candidates when ambiguous."""

    file: SceneFile
    verdict: Verdict
    reason: str
    items: tuple[IndexedItem, ...] = ()
    plex_path: str = ""
    confidence: Confidence = Confidence.HIGH


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the index and the scenes seen so far know about one file.

    `mapped` is Plex's path by the rules, None where none applies, `also` further ones where several folders of Plex
    are one of Stash. `at_path` are the items that hold a file at any of them, `same_name` all items with a file of that
    name, `twins` the paths of other scenes' files of that name.
    """

    mapped: str | None
    at_path: Sequence[IndexedItem] = ()
    also: Sequence[str] = ()
    same_name: Sequence[IndexedItem] = ()
    twins: Sequence[str] = ()


def match_file(file: SceneFile, around: Surroundings) -> Match:
    """One file's item. With a rule only the exact path counts; without, the longest common suffix that is unique."""
    if around.mapped is not None:
        return _by_path(file, (around.mapped, *around.also), around.at_path)
    return _by_suffix(file, around.same_name, around.twins)


def _by_path(file: SceneFile, places: Sequence[str], found: Sequence[IndexedItem]) -> Match:
    if not found:
        reason = f"Plex lists no item with the file {' or '.join(places)}"
        return Match(file=file, verdict=Verdict.MISSING, reason=reason, plex_path=places[0])
    keys = [path_key(place) for place in places]
    held = [(item, part) for item in found for part in item.parts if path_key(part.path) in keys]
    if len({path_key(part.path) for _, part in held}) > 1:
        # One folder of Stash is several of Plex, and each has a file of this name: what it holds says which it is.
        held = [(item, part) for item, part in held if _same_content(file, part)]
    if not held:
        return Match(
            file=file,
            verdict=Verdict.AMBIGUOUS,
            reason=f"the path rules lead to {' and '.join(places)}, and neither size nor duration says which it is",
            items=tuple(found),
        )
    held.sort(key=lambda row: keys.index(path_key(row[1].path)))
    return Match(
        file=file,
        verdict=Verdict.FOUND,
        reason="exact path",
        items=tuple({item.rating_key: item for item, _ in held}.values()),
        plex_path=held[0][1].path,
    )


def common_suffix(one: str, two: str) -> int:
    """How many segments two paths share, counted from the file name."""
    count = 0
    for a, b in zip(reversed(segments(one)), reversed(segments(two)), strict=False):
        if a != b:
            break
        count += 1
    return count


def _by_suffix(file: SceneFile, same_name: Sequence[IndexedItem], twins: Sequence[str]) -> Match:
    scored = sorted(
        ((common_suffix(file.path, part.path), item, part) for item in same_name for part in _named(item, file)),
        key=lambda row: -row[0],
    )
    if not scored:
        reason = f"no path rule maps {file.path} and no item of Plex has a file of that name"
        return Match(file=file, verdict=Verdict.OUTSIDE, reason=reason)
    best = scored[0][0]
    leaders = [(item, part) for shared, item, part in scored if shared == best]
    rivals = [path for path in twins if any(common_suffix(path, part.path) >= best for _, part in leaders)]
    files = {path_key(part.path) for _, part in leaders}
    items = tuple({item.rating_key: item for item, _ in leaders}.values())
    if rivals or min(len(files), len(items)) > 1:
        return Match(
            file=file, verdict=Verdict.AMBIGUOUS, reason=_ambiguity(best, len(items), len(rivals)), items=items
        )
    # Versions of one item may lie in folders of one name: the link goes to the one that is this file.
    part = next((part for _, part in leaders if _same_content(file, part)), leaders[0][1])
    sure = best >= 2 and _same_content(file, part)
    return Match(
        file=file,
        verdict=Verdict.FOUND,
        reason=f"the last {best} segments of the path are the same" if best > 1 else "the file name is unique",
        items=items,
        plex_path=part.path,
        confidence=Confidence.HIGH if sure else Confidence.LOW,
    )


def _named(item: IndexedItem, file: SceneFile) -> list[Part]:
    return [part for part in item.parts if name_key(part.path) == name_key(file.path)]


def _ambiguity(segments_shared: int, items: int, rivals: int) -> str:
    if items > 1:
        shared = f"the last {segments_shared} segments of the path" if segments_shared > 1 else "the file name"
        return f"{items} items of Plex share {shared}"
    return f"{rivals} other scenes have a file that fits the same item as well"


def _same_content(file: SceneFile, part: Part) -> bool:
    """Equal size, or duration within a second; a zero is no measure."""
    if file.size and file.size == part.size:
        return True
    if not file.duration or not part.duration:
        return False
    return abs(file.duration - part.duration) <= _DURATION_TOLERANCE
