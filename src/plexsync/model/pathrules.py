"""Rules that lead from a path of Plex to the same file's path in Stash, and back."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from plexsync.model.errors import ConfigurationError
from plexsync.model.pathpattern import PatternFault, ReversiblePattern
from plexsync.model.paths import is_windows, parts_of, path_key, root_of

_PREFIX_EXAMPLE = 'for example plex = "/volume1/media", stash = "/data"'


class Rule(Protocol):
    """One way from Plex to Stash and back; None where it does not apply."""

    @property
    def name(self) -> str: ...

    @property
    def place(self) -> str: ...

    def to_stash(self, plex_path: str) -> str | None: ...

    def to_plex(self, stash_path: str) -> str | None: ...


@dataclass(frozen=True, slots=True)
class _Folder:
    """One end of a rule; `key` holds the segments as they are compared."""

    path: str
    fold: bool
    root: str = field(init=False)
    windows: bool = field(init=False)
    parts: tuple[str, ...] = field(init=False)
    key: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", root_of(self.path))
        object.__setattr__(self, "windows", is_windows(self.path))
        object.__setattr__(self, "parts", tuple(parts_of(self.path)))
        object.__setattr__(self, "key", self.compared(self.parts))

    def compared(self, parts: Sequence[str]) -> tuple[str, ...]:
        """Segments in the form in which they are compared with this folder's."""
        normal = [unicodedata.normalize("NFC", part) for part in parts]
        return tuple(part.casefold() for part in normal) if self.fold or self.windows else tuple(normal)


def _moved(path: str, source: _Folder, target: _Folder) -> str | None:
    """`path` with its leading segments `source` replaced by `target`; by whole segments only."""
    if root_of(path) != source.root or is_windows(path) != source.windows:
        return None
    given, depth = parts_of(path), len(source.key)
    if source.compared(given[:depth]) != source.key:
        return None
    rest = given[depth:]
    if target.windows and any("\\" in part for part in rest):
        # There a backslash separates: no file on Windows has such a name.
        return None
    folders = [*target.parts, *rest]
    lead = target.root + ("\\" if target.windows else "/").join(folders)
    return lead + "\\" if target.windows and len(folders) == 1 else lead


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixRule:
    """The ordinary form: one folder seen under two names."""

    name: str
    plex: str
    stash: str
    case_insensitive: bool = False
    _in_plex: _Folder = field(init=False, repr=False, compare=False)
    _in_stash: _Folder = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_in_plex", _Folder(self.plex, self.case_insensitive))
        object.__setattr__(self, "_in_stash", _Folder(self.stash, self.case_insensitive))

    @property
    def place(self) -> str:
        """Where in Plex the rule applies; equal for two rules that share one folder there."""
        return path_key(self.plex)

    def to_stash(self, plex_path: str) -> str | None:
        """Stash's path of the file that Plex sees at `plex_path`."""
        return _moved(plex_path, self._in_plex, self._in_stash)

    def to_plex(self, stash_path: str) -> str | None:
        """Plex's path of the file that Stash sees at `stash_path`."""
        return _moved(stash_path, self._in_stash, self._in_plex)


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternRule:
    """The pattern form: a regular expression over Plex's path and a template of Stash's."""

    name: str
    plex_pattern: str
    stash_pattern: str
    case_insensitive: bool = False
    _pattern: ReversiblePattern = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        pattern = ReversiblePattern(self.plex_pattern, self.stash_pattern, case_insensitive=self.case_insensitive)
        object.__setattr__(self, "_pattern", pattern)

    @property
    def place(self) -> str:
        """Where in Plex the rule applies."""
        return self.plex_pattern

    def to_stash(self, plex_path: str) -> str | None:
        """Stash's path of the file that Plex sees at `plex_path`."""
        return self._pattern.forward(plex_path)

    def to_plex(self, stash_path: str) -> str | None:
        """Plex's path of the file that Stash sees at `stash_path`."""
        return self._pattern.backward(stash_path)


@dataclass(frozen=True, slots=True, kw_only=True)
class PathRules:
    """All rules in their order; the first that applies wins, in either direction."""

    rules: tuple[Rule, ...] = ()

    def to_stash(self, plex_path: str) -> str | None:
        """None when no rule applies."""
        return next((to for rule in self.rules if (to := rule.to_stash(plex_path)) is not None), None)

    def to_plex(self, stash_path: str) -> str | None:
        """None when no rule applies, and where an earlier rule says that Stash has another file at that place."""
        return next((to for _, to in self.ways_to_plex(stash_path)), None)

    def places_in_stash(self, plex_path: str) -> tuple[str, ...]:
        """Every path that the file may have in Stash, the first rule's first: several folders may be one of Plex."""
        return tuple(dict.fromkeys(to for _, to in self.ways_to_stash(plex_path)))

    def ways_to_stash(self, plex_path: str) -> Iterator[tuple[Rule, str]]:
        """The same, each with the rule that leads there."""
        place: str | None = None
        for rule in self.rules:
            if place is None or rule.place == place:
                to = rule.to_stash(plex_path)
                if to is not None:
                    place = rule.place
                    yield rule, to

    def places_in_plex(self, stash_path: str) -> tuple[str, ...]:
        """Every path that the file may have in Plex, the first rule's first: one folder may be several of Plex."""
        return tuple(dict.fromkeys(to for _, to in self.ways_to_plex(stash_path)))

    def ways_to_plex(self, stash_path: str) -> Iterator[tuple[Rule, str]]:
        """The same, each with the rule that leads there."""
        for rule in self.rules:
            to = rule.to_plex(stash_path)
            if to is not None and self._speaks_for(rule, to):
                yield rule, to

    def _speaks_for(self, rule: Rule, plex_path: str) -> bool:
        if len(self.rules) == 1:
            return True
        first = self._first(plex_path)
        # Several folders of Stash may be one folder of Plex: rules that share their place do not exclude each other.
        return first is rule or (first is not None and first.place == rule.place)

    def _first(self, plex_path: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.to_stash(plex_path) is not None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleText:
    """A rule as a person wrote it; either form, checked by `path_rules`."""

    name: str = ""
    plex: str = ""
    stash: str = ""
    plex_pattern: str = ""
    stash_pattern: str = ""
    case_insensitive: bool = False


def path_rules(texts: Sequence[RuleText]) -> PathRules:
    """The rules of a configuration. ConfigurationError names each rule that cannot work, and the remedy."""
    faults: list[str] = []
    rules: list[Rule] = []
    for number, text in enumerate(texts, 1):
        try:
            rules.append(checked_rule(text, text.name or f"rule {number}"))
        except PatternFault as fault:
            faults.append(f"path_rules {number} ({text.name or 'unnamed'}): {fault}")
    if faults:
        raise ConfigurationError(faults)
    return PathRules(rules=tuple(rules))


def checked_rule(text: RuleText, name: str = "") -> Rule:
    """One rule; PatternFault says why it cannot work."""
    by_prefix, by_pattern = (text.plex, text.stash), (text.plex_pattern, text.stash_pattern)
    if any(by_prefix) == any(by_pattern) or not (all(by_prefix) or all(by_pattern)):
        raise PatternFault("give either plex and stash, or plex_pattern and stash_pattern", _PREFIX_EXAMPLE)
    if any(by_pattern):
        return PatternRule(
            name=name,
            plex_pattern=text.plex_pattern,
            stash_pattern=text.stash_pattern,
            case_insensitive=text.case_insensitive,
        )
    for folder in by_prefix:
        if not root_of(folder) and not is_windows(folder):
            raise PatternFault(
                f"{folder!r} is not a whole path: write it from the root or drive letter", _PREFIX_EXAMPLE
            )
    return PrefixRule(name=name, plex=text.plex, stash=text.stash, case_insensitive=text.case_insensitive)
