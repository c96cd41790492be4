"""Path rules proposed from what both sides list, with what they cover; where files leave a doubt, none is proposed."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from plexsync.model.pathevidence import Likeness, Listed, Witness, keys_of, likeness, whole, witnesses
from plexsync.model.pathrules import PathRules, PrefixRule
from plexsync.model.paths import is_windows, name_key, parts_of, path_key, root_of
from plexsync.model.pathsettling import ENOUGH, Settled, Settlement

#: Examples named for each folder.
_NAMED = 3
#: Folders of one folder that are named one by one.
_MANY = 3
_PLAIN = re.compile(r"[^'\x00-\x1f\x7f]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedRule:
    """A folder under its two names; `proofs` files of equal size or duration show it, `others` speak against it."""

    plex: str
    stash: str
    proofs: int
    others: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmapped:
    """Files of one folder that no rule leads to a file of the other side, why, and some of them."""

    folder: str
    reason: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many files of one side the rules lead to a file of the other side."""

    files: int
    mapped: int
    unmapped: tuple[Unmapped, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What can be told. `rules` are in the order in which they have to stand."""

    rules: tuple[ProposedRule, ...]
    plex: Coverage
    stash: Coverage

    @property
    def toml(self) -> str:
        """The rules as they stand in the settings file."""
        return "\n".join(
            f"[[path_rules]]\nplex = {_quoted(rule.plex)}\nstash = {_quoted(rule.stash)}\n" for rule in self.rules
        )


def suggest(plex: Sequence[Listed], stash: Sequence[Listed], roots: Iterable[str] = ()) -> Suggestion:
    """Rules for the files of both sides; `roots` are the folders of Plex's libraries."""
    plex, stash = whole(plex), whole(stash)
    fold = any(is_windows(file.path) for file in (*plex, *stash))
    told = witnesses(plex, stash, fold=fold)
    settled = Settlement(told, keys_of(roots, fold=fold)).settled()
    rules = [_rule(one) for one in settled]
    both = _Both(plex, stash)
    while rules:
        proofs, others = both.judged(PathRules(rules=tuple(rules)))
        bad = [rule for rule in rules if not proofs[rule.name] or others[rule.name] * 50 > proofs[rule.name]]
        if not bad:
            break
        rules = [rule for rule in rules if rule not in bad]
    else:
        proofs, others = Counter(), Counter()
    paths = PathRules(rules=tuple(rules))
    reasons = {one.file.path: _reason(one) for one in told}
    return Suggestion(
        rules=tuple(
            ProposedRule(plex=rule.plex, stash=rule.stash, proofs=proofs[rule.name], others=others[rule.name])
            for rule in rules
        ),
        plex=both.plex_coverage(paths, reasons),
        stash=both.stash_coverage(paths),
    )


def coverage(rules: PathRules, plex: Sequence[Listed], stash: Sequence[Listed]) -> tuple[Coverage, Coverage]:
    """What given rules cover, of Plex's files and of Stash's."""
    both = _Both(whole(plex), whole(stash))
    return both.plex_coverage(rules, {}), both.stash_coverage(rules)


class _Both:
    """The files of both sides by path and by name."""

    def __init__(self, plex: Sequence[Listed], stash: Sequence[Listed]) -> None:
        self.plex = {path_key(file.path): file for file in plex}
        self.stash = {path_key(file.path): file for file in stash}
        self.plex_names = {name_key(file.path) for file in plex}
        self.stash_names = {name_key(file.path) for file in stash}

    def judged(self, paths: PathRules) -> tuple[Counter[str], Counter[str]]:
        """By rule, how many files it leads to the same file and how many to another one."""
        proofs, others = Counter[str](), Counter[str]()
        for file in self.stash.values():
            for rule, to in paths.ways_to_plex(file.path):
                there = self.plex.get(path_key(to))
                likely = Likeness.UNKNOWN if there is None else likeness(file, there)
                proofs[rule.name] += likely is Likeness.SAME
                others[rule.name] += likely is Likeness.OTHER
        return proofs, others

    def plex_coverage(self, paths: PathRules, told: Mapping[str, str]) -> Coverage:
        """How many files of Plex are led to Stash; `told` says by path why one that no rule maps has none."""

        def why(path: str, *, ruled: bool) -> str:
            if ruled or name_key(path) in self.stash_names:
                return told.get(path, "") if not ruled else "Stash lists no such file where the rule leads"
            return "Stash lists no file of that name"

        return _coverage(self.plex.values(), paths.places_in_stash, self.stash, why)

    def stash_coverage(self, paths: PathRules) -> Coverage:
        """How many files of Stash are led to Plex."""

        def why(path: str, *, ruled: bool) -> str:
            if ruled:
                return "Plex lists no such file where the rule leads"
            known = name_key(path) in self.plex_names
            return "Plex lists files of that name, and none is led here" if known else "Plex lists no file of that name"

        return _coverage(self.stash.values(), paths.places_in_plex, self.plex, why)


def _coverage(
    files: Iterable[Listed],
    places: Callable[[str], Sequence[str]],
    held: Mapping[str, Listed],
    why: Callable[..., str],
) -> Coverage:
    count = mapped = 0
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for file in files:
        count += 1
        ways = places(file.path)
        there = [found for to in ways if (found := held.get(path_key(to))) is not None]
        if any(likeness(file, found) is not Likeness.OTHER for found in there):
            mapped += 1
        else:
            reason = "the file there is another one: its size differs" if there else why(file.path, ruled=bool(ways))
            groups[_group(file.path), reason].append(file.path)
    rows = sorted(_gathered(groups).items(), key=lambda row: (-len(row[1]), row[0]))
    unmapped = (
        Unmapped(folder=folder, reason=reason, count=len(paths), examples=tuple(sorted(paths)[:_NAMED]))
        for (folder, reason), paths in rows
    )
    return Coverage(files=count, mapped=mapped, unmapped=tuple(unmapped))


def _gathered(groups: Mapping[tuple[str, str], list[str]]) -> dict[tuple[str, str], list[str]]:
    """Many folders of one folder, for one reason, as that folder."""
    above = Counter((_folder(folder, len(parts_of(folder)) - 1), reason) for folder, reason in groups)
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (folder, reason), paths in groups.items():
        parent = _folder(folder, len(parts_of(folder)) - 1)
        found[parent if above[parent, reason] > _MANY else folder, reason] += paths
    return found


def _group(path: str) -> str:
    depth = 3 if root_of(path).startswith("\\") else 2
    return _folder(path, min(depth, len(parts_of(path)) - 1))


def _reason(one: Witness) -> str:
    """Why no rule was found for a file whose name both sides know."""
    if one.sole is not None:
        return f"too few files tell: {ENOUGH} have to be the same, and to point the same way"
    if one.same:
        return "cannot tell: the same file lies in several folders"
    return "cannot tell: files of that name have another size, or none is known, or too many bear it"


def _rule(one: Settled) -> PrefixRule:
    plex = _folder(one.in_plex, len(one.place) - 1)
    stash = _folder(one.in_stash, len(one.stash) - 1)
    return PrefixRule(name=f"{plex} => {stash}", plex=plex, stash=stash)


def _folder(path: str, depth: int) -> str:
    """The folder of so many segments in which the path lies, as it is spelled."""
    windows = is_windows(path)
    some = parts_of(path)[:depth]
    text = root_of(path) + ("\\" if windows else "/").join(some)
    return text + "\\" if windows and len(some) == 1 else text


def _quoted(text: str) -> str:
    """A TOML string, without escapes where that is possible."""
    if "\\" in text and _PLAIN.fullmatch(text):
        return f"'{text}'"
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    return f"\\u{ord(char):04x}" if char < " " or char == "\x7f" else char
