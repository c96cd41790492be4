"""Rules that lead from a path of Plex to the same file's path in Stash, and back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from plexsync.model.errors import ConfigurationError
from plexsync.model.pathpattern import PatternFault, ReversiblePattern
from plexsync.model.paths import is_windows, normal_path, path_key


class Rule(Protocol):
    """One way from Plex to Stash and back; None where it does not apply."""

    @property
    def name(self) -> str: ...

    def to_stash(self, plex_path: str) -> str | None: ...

    def to_plex(self, stash_path: str) -> str | None: ...


def _moved(path: str, source: str, target: str, *, fold: bool) -> str | None:
    """`path` with its leading segments `source` replaced by `target`; by whole segments only."""
    fold = fold or is_windows(source)
    raw = [part for part in re.split(r"[\\/]" if is_windows(path) else "/", path) if part]
    wanted = [part for part in normal_path(source).split("/") if part]
    given = [part for part in normal_path(path).split("/") if part]
    head = given[: len(wanted)]
    same = [a.casefold() for a in head] == [b.casefold() for b in wanted] if fold else head == wanted
    if not same or _root(path) != _root(source):
        return None
    separator = "\\" if is_windows(target) else "/"
    rest = raw[len(wanted) :]
    return separator.join([target.rstrip("/\\"), *rest]) if rest else target


def _root(path: str) -> str:
    return "windows" if is_windows(path) else "/" if path.startswith("/") else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixRule:
    """The ordinary form: one folder seen under two names."""

    name: str
    plex: str
    stash: str
    case_insensitive: bool = False

    def to_stash(self, plex_path: str) -> str | None:
        """Stash's path of the file that Plex sees at `plex_path`."""
        return _moved(plex_path, self.plex, self.stash, fold=self.case_insensitive)

    def to_plex(self, stash_path: str) -> str | None:
        """Plex's path of the file that Stash sees at `stash_path`."""
        return _moved(stash_path, self.stash, self.plex, fold=self.case_insensitive)


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

    def to_stash(self, plex_path: str) -> str | None:
        """Stash's path of the file that Plex sees at `plex_path`."""
        return self._pattern.forward(plex_path)

    def to_plex(self, stash_path: str) -> str | None:
        """Plex's path of the file that Stash sees at `stash_path`; None unless the way back leads here again."""
        found = self._pattern.backward(stash_path)
        if found is None or path_key(self.to_stash(found) or "") != path_key(stash_path):
            return None
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class PathRules:
    """All rules in their order; the first that applies wins, in either direction."""

    rules: tuple[Rule, ...] = ()

    def to_stash(self, plex_path: str) -> str | None:
        """None when no rule applies."""
        return next((to for rule in self.rules if (to := rule.to_stash(plex_path)) is not None), None)

    def to_plex(self, stash_path: str) -> str | None:
        """None when no rule applies."""
        return next((to for rule in self.rules if (to := rule.to_plex(stash_path)) is not None), None)


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
            rules.append(_rule(text, text.name or f"rule {number}"))
        except PatternFault as fault:
            faults.append(f"path_rules {number} ({text.name or 'unnamed'}): {fault}")
    if faults:
        raise ConfigurationError(faults)
    return PathRules(rules=tuple(rules))


def _rule(text: RuleText, name: str) -> Rule:
    by_prefix, by_pattern = bool(text.plex and text.stash), bool(text.plex_pattern and text.stash_pattern)
    if by_prefix == by_pattern:
        raise PatternFault(
            "give either plex and stash, or plex_pattern and stash_pattern; "
            'for example plex = "/volume1/media", stash = "/data"'
        )
    if by_pattern:
        return PatternRule(
            name=name,
            plex_pattern=text.plex_pattern,
            stash_pattern=text.stash_pattern,
            case_insensitive=text.case_insensitive,
        )
    return PrefixRule(name=name, plex=text.plex, stash=text.stash, case_insensitive=text.case_insensitive)
