"""The parts of a path pattern: literal text between groups, and in a group characters and repeats of one character."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

EXAMPLE = r'for example plex_pattern = "/mnt/(disk\d+)/video/", stash_pattern = "/data/\1/"'
#: The largest number in a counted repeat; more is as good as an open one.
MOST = 255
_GROUP_NAME = re.compile(r"\?P<([^\W\d]\w*)>")
_COUNT = re.compile(r"\{(\d{1,9})(?:(,)(\d{0,9}))?\}")
_REFERENCE = re.compile(r"\\(\d{1,3})|\\g<(\w+)>|\\(.)", re.DOTALL)
_KINDS = "dDwWsS"
_KIND_EXPRESSIONS = frozenset("\\" + kind for kind in _KINDS)


class PatternFault(ValueError):
    """The pattern cannot be used. `reason` says what is wrong; the message shows a form that works as well."""

    def __init__(self, reason: str, example: str = EXAMPLE) -> None:
        super().__init__(f"{reason}; {example}")
        self.reason = reason
        self.example = example


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that stands for itself."""

    text: str


@dataclass(frozen=True, slots=True)
class Atom:
    """One character of those that `chars`, a regular expression, allows, `least` to `most` times; None: any number."""

    chars: str
    least: int = 1
    most: int | None = 1

    @property
    def expression(self) -> str:
        """The atom as Python writes it."""
        if (self.least, self.most) == (1, 1):
            return self.chars
        return f"{self.chars}{{{self.least},{'' if self.most is None else self.most}}}"


@dataclass(frozen=True, slots=True)
class Group:
    """A group that is carried over; `echo` is a later mention, which has to hold the same text as the first."""

    number: int
    atoms: tuple[Atom, ...]
    optional: bool = False
    echo: bool = False

    @property
    def can_be_empty(self) -> bool:
        """Whether the group may match nothing."""
        return self.optional or all(atom.least == 0 for atom in self.atoms)

    @property
    def expression(self) -> str:
        """The group as Python writes it."""
        if self.echo:
            return f"(?P=g{self.number})"
        body = "".join(atom.expression for atom in self.atoms)
        return f"(?P<g{self.number}>{f'(?:{body})?' if self.optional else body})"


Part = Literal | Group


class _Reader:
    """Reads one pattern from its start."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.place = len(pattern) - len(pattern.removeprefix("^"))
        self.names: dict[str, int] = {}
        self.count = 0

    def parts(self) -> list[Part]:
        found: list[Part] = []
        while self._more():
            found.append(self._group() if self._peek() == "(" else Literal(self._outside()))
        return merged(found)

    def _more(self) -> bool:
        return self.place < len(self.pattern)

    def _peek(self) -> str:
        return self.pattern[self.place : self.place + 1]

    def _take(self) -> str:
        char = self._peek()
        self.place += 1
        return char

    def _at(self) -> str:
        return f"at {self.place} in {self.pattern!r}"

    def _outside(self) -> str:
        char = self._take()
        if char == "\\":
            return self._escaped("stands outside a group, so the way back is not known: put it into a group")
        if char in "[]{}?*+^$.)|":
            raise PatternFault(
                f"{char!r} {self._at()} stands outside a group, so the way back is not known: "
                f"put it into a group, or write \\{char} for the character itself"
            )
        return char

    def _escaped(self, trouble: str) -> str:
        """The character after a backslash, which must stand for itself."""
        char = self._take()
        if not char:
            raise PatternFault(f"a backslash ends {self.pattern!r}: write \\\\ for the backslash itself")
        if char.isalnum():
            raise PatternFault(f"\\{char} {self._at()} {trouble}")
        return char

    def _group(self) -> Group:
        self._take()
        self.count += 1
        if named := _GROUP_NAME.match(self.pattern, self.place):
            if named[1] in self.names:
                raise PatternFault(f"two groups of {self.pattern!r} are named {named[1]}")
            self.names[named[1]] = self.count
            self.place = named.end()
        atoms: list[Atom] = []
        while self._peek() != ")":
            if not self._more():
                raise PatternFault(f"a group in {self.pattern!r} is not closed")
            atoms.append(self._atom())
        self._take()
        if not atoms:
            raise PatternFault(f"the group {self._at()} is empty")
        return self._perhaps(Group(self.count, tuple(atoms)))

    def _perhaps(self, group: Group) -> Group:
        if self._peek() != "?":
            return group
        self._take()
        if group.atoms[0].least == 0:
            raise PatternFault(f"the optional group {self._at()} has to begin with a character that is always there")
        return replace(group, optional=True)

    def _atom(self) -> Atom:
        least, most = 1, 1
        chars = self._chars()
        found: int | None = most
        if self._peek() in ("*", "+", "?") and self._more():
            least, found = {"*": (0, None), "+": (1, None), "?": (0, 1)}[self._take()]
        elif counted := _COUNT.match(self.pattern, self.place):
            self.place = counted.end()
            least = int(counted[1])
            found = least if counted[2] is None else int(counted[3]) if counted[3] else None
            if max(least, found or 0) > MOST or (found is not None and found < max(1, least)):
                raise PatternFault(f"the repeat {counted[0]} {self._at()} has to count up, to {MOST} at most")
        return Atom(chars, least, found)

    def _chars(self) -> str:
        char = self._take()
        if char == "[":
            return self._class()
        if char == ".":
            return "."
        if char == "\\":
            return self._kind()
        if char in "({?*+|^$":
            raise PatternFault(
                f"{char!r} {self._at()} is not allowed inside a group: "
                "there only characters, classes such as [^/] and repeats of one of them can be followed back"
            )
        return re.escape(char)

    def _kind(self) -> str:
        if self._peek() in _KINDS and self._more():
            return "\\" + self._take()
        return re.escape(self._escaped("is not allowed: inside a group only \\d, \\w, \\s and escaped signs are"))

    def _class(self) -> str:
        negated = self._peek() == "^"
        self.place += negated
        members: list[str] = []
        while self._peek() != "]" or not members:
            if not self._more():
                raise PatternFault(f"a class in {self.pattern!r} is not closed")
            members.append(self._member())
        self._take()
        return f"[{'^' if negated else ''}{''.join(members)}]"

    def _member(self) -> str:
        first = self._single()
        following = self.pattern[self.place : self.place + 2]
        if not following.startswith("-") or following in ("-", "-]"):
            return first
        self._take()
        last = self._single()
        low, high = first[-1], last[-1]
        if low > high or not {first, last}.isdisjoint(_KIND_EXPRESSIONS):
            raise PatternFault(f"the range {low}-{high} {self._at()} does not go up")
        return f"{first}-{last}"

    def _single(self) -> str:
        char = self._take()
        if char == "\\":
            return self._kind()
        return char if char.isalnum() else "\\" + char


def merged(parts: list[Part]) -> list[Part]:
    """Neighbouring literals as one; empty ones go."""
    found: list[Part] = []
    for part in parts:
        last = found[-1] if found else None
        if isinstance(part, Literal) and isinstance(last, Literal):
            found[-1] = Literal(last.text + part.text)
        elif part != Literal(""):
            found.append(part)
    return found


def split_end(pattern: str) -> tuple[str, bool]:
    """The pattern without a `$` at its end, and whether it had one: then nothing of a path may stay behind it."""
    bare = pattern.removesuffix("$")
    backslashes = len(bare) - len(bare.rstrip("\\"))
    whole = bare != pattern and backslashes % 2 == 0
    return (bare, True) if whole else (pattern, False)


def pattern_parts(pattern: str) -> tuple[list[Part], dict[str, int]]:
    """A pattern's parts, and the numbers of its named groups. Raises PatternFault."""
    reader = _Reader(pattern)
    return reader.parts(), reader.names


def template_parts(template: str, groups: dict[int, Group], names: dict[str, int]) -> list[Part]:
    """A replacement template's parts; every group has to be mentioned. Raises PatternFault."""
    parts: list[Part] = []
    place = 0
    met: set[int] = set()
    for found in _REFERENCE.finditer(template):
        parts.append(Literal(template[place : found.start()]))
        place = found.end()
        if found[3] is not None and not found[3].isalnum():
            parts.append(Literal(found[3]))
            continue
        group = groups.get(_number(found, names))
        if group is None:
            raise PatternFault(f"{found[0]} in {template!r} names no group of plex_pattern")
        parts.append(replace(group, echo=group.number in met))
        met.add(group.number)
    if missing := sorted(groups.keys() - met):
        raise PatternFault(f"group {missing[0]} of plex_pattern is not used in {template!r}, so the way back is lost")
    parts.append(Literal(template[place:]))
    return merged(parts)


def _number(found: re.Match[str], names: dict[str, int]) -> int:
    if found[1]:
        return int(found[1])
    return int(found[2]) if (found[2] or "").isdecimal() else names.get(found[2] or "", 0)
