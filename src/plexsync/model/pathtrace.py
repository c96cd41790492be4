"""What each path rule makes of one path, step by step and in words."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from plexsync.model.pathrules import PathRules, PatternRule, PrefixRule, Rule
from plexsync.model.paths import is_windows, normal_path, parts_of, path_key, root_of


class View(StrEnum):
    """Whose path it is."""

    PLEX = "Plex"
    STASH = "Stash"

    @property
    def other(self) -> View:
        """The side that the rules lead to."""
        return View.STASH if self is View.PLEX else View.PLEX


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one rule makes of the path; `leads` is "" where it does not apply or is not heard."""

    rule: str
    says: str
    leads: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A path of the other side that the rules lead to, and where they lead from there."""

    path: str
    back: tuple[str, ...]
    returns: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One path taken as that of one side."""

    view: View
    path: str
    normal: str
    steps: tuple[Step, ...]
    ways: tuple[Way, ...]


def trace(rules: PathRules, path: str, view: View) -> Trace:
    """All that the rules make of a path of that side."""
    ways = tuple(_way(path, to, _led(rules, to, view.other)) for to in _led(rules, path, view))
    steps = tuple(_step(rule, path, view, [way.path for way in ways], rules) for rule in rules.rules)
    return Trace(view=view, path=path, normal=normal_path(path), steps=steps, ways=ways)


def _led(rules: PathRules, path: str, view: View) -> tuple[str, ...]:
    return rules.places_in_stash(path) if view is View.PLEX else rules.places_in_plex(path)


def _way(path: str, to: str, back: tuple[str, ...]) -> Way:
    return Way(path=to, back=back, returns=path_key(path) in map(path_key, back))


def _step(rule: Rule, path: str, view: View, heard: Sequence[str], rules: PathRules) -> Step:
    to = rule.to_stash(path) if view is View.PLEX else rule.to_plex(path)
    if to is None:
        return Step(rule=rule.name, says=_why_not(rule, path, view))
    if to in heard:
        return Step(rule=rule.name, says=f"leads to {to}", leads=to)
    where = path if view is View.PLEX else to
    first = next(one.name for one in rules.rules if one.to_stash(where) is not None)
    if view is View.PLEX:
        return Step(rule=rule.name, says=f"would lead to {to}, but {first} stands before it and applies")
    says = f"would lead to {to}, but by {first}, which stands before it, Stash has another file there"
    return Step(rule=rule.name, says=says)


def _why_not(rule: Rule, path: str, view: View) -> str:
    if isinstance(rule, PrefixRule):
        return _outside(path, rule.plex if view is View.PLEX else rule.stash, fold=rule.case_insensitive)
    if isinstance(rule, PatternRule):
        if view is View.PLEX:
            return f"plex_pattern {rule.plex_pattern} does not match from the start of the path to the end of a segment"
        return f"the path does not have the form of stash_pattern {rule.stash_pattern}"
    return "does not apply"


def _outside(path: str, folder: str, *, fold: bool) -> str:
    """Why a path does not lie in a folder."""
    if is_windows(path) != is_windows(folder):
        systems = ("a Windows path", "none") if is_windows(path) else ("no Windows path", "one")
        return f"this is {systems[0]}, and {folder} is {systems[1]}"
    if root_of(path) != root_of(folder):
        return f"the path does not begin at the root, as {folder} does: write it whole"
    given, wanted = (parts_of(unicodedata.normalize("NFC", one)) for one in (path, folder))
    alike = str.casefold if fold or is_windows(folder) else str
    for here, there in zip(given, wanted, strict=False):
        if alike(here) != alike(there):
            case = "; upper and lower case count, unless case_insensitive is set" if _same_letters(here, there) else ""
            return f"does not lie in {folder}: {here!r} is not {there!r}{case}"
    if len(given) < len(wanted):
        return f"does not lie in {folder}: it ends before it"
    return "its name cannot exist on Windows: there a backslash separates folders"


def _same_letters(one: str, two: str) -> bool:
    return one.casefold() == two.casefold()
