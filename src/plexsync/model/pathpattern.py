"""A regular expression that can be followed backwards, because its form is restricted to what can be.

Between its groups a pattern holds literal text only; a group holds characters, classes and repeats of one
character, with no group inside. So each side can be put together from the other side's groups, and no match
takes more than linear time per unbounded repeat.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

_EXAMPLE = r'for example plex_pattern = "/mnt/(disk\d+)/video/", stash_pattern = "/data/\1/"'
_REFERENCE = re.compile(r"\\(\d+)|\\g<(\w+)>|\\(.)")
_GROUP_NAME = re.compile(r"\?P<(\w+)>")
_ATOM = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]|\\.|[^\\\[\](){}?*+|^$]", re.DOTALL)
_REPEAT = re.compile(r"[*+?]|\{(\d+)(,(\d*))?\}")


class PatternFault(ValueError):
    """The pattern cannot be used; the message says what is wrong and shows a form that works."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason if "for example" in reason else f"{reason}; {_EXAMPLE}")


@dataclass(frozen=True, slots=True)
class _Literal:
    text: str


@dataclass(frozen=True, slots=True)
class _Group:
    number: int
    body: str


_Piece = _Literal | _Group


def _escaped(char: str, pattern: str) -> str:
    if char.isalnum():
        raise PatternFault(f"\\{char} in {pattern!r} stands outside a group, so the way back is not known")
    return char


def _pieces(pattern: str) -> tuple[list[_Piece], dict[str, int]]:
    """The pattern as literals and groups, and the groups' names."""
    pieces: list[_Piece] = []
    names: dict[str, int] = {}
    place = count = 0
    pattern = pattern.removeprefix("^")
    while place < len(pattern):
        char = pattern[place]
        if char == "(":
            count += 1
            body, name, place = _group(pattern, place)
            if name:
                names[name] = count
            pieces.append(_Group(count, body))
        elif char == "\\" and place + 1 < len(pattern):
            pieces.append(_Literal(_escaped(pattern[place + 1], pattern)))
            place += 2
        elif char in "[]{}?*+|^$.)\\":
            raise PatternFault(
                f"{char!r} at {place + 1} in {pattern!r} stands outside a group, so the way back is not known: "
                f"put it into a group, or write \\{char} for the character itself"
            )
        else:
            pieces.append(_Literal(char))
            place += 1
    return pieces, names


def _group(pattern: str, start: int) -> tuple[str, str, int]:
    """The body and name of the group that opens at `start`, and the place after it."""
    place, name = start + 1, ""
    if named := _GROUP_NAME.match(pattern, place):
        name, place = named[1], named.end()
    begin, open_repeat = place, False
    while place < len(pattern) and pattern[place] != ")":
        atom = _ATOM.match(pattern, place)
        if atom is None:
            raise PatternFault(f"{pattern[place]!r} at {place + 1} in {pattern!r} is not allowed inside a group")
        repeat = _REPEAT.match(pattern, atom.end())
        unbounded = repeat is not None and (repeat[0] in "*+" or (bool(repeat[2]) and not repeat[3]))
        if unbounded and open_repeat:
            raise PatternFault(f"two open repeats stand side by side in {pattern!r}, which can take for ever")
        open_repeat = unbounded or (open_repeat and repeat is not None and repeat[0] == "?")
        place = repeat.end() if repeat else atom.end()
    if place >= len(pattern):
        raise PatternFault(f"a group in {pattern!r} is not closed")
    return pattern[begin:place], name, place + 1


def _refuse_touching(pieces: list[_Piece], pattern: str) -> None:
    for one, two in itertools.pairwise(pieces):
        if isinstance(one, _Group) and isinstance(two, _Group) and re.search(r"[*+]|,\}", one.body):
            raise PatternFault(f"two groups touch in {pattern!r}, so where one ends is not known")


def _template(text: str, names: dict[str, int], groups: dict[int, str]) -> list[_Piece]:
    """The replacement template as literals and references."""
    pieces: list[_Piece] = []
    place = 0
    for found in _REFERENCE.finditer(text):
        pieces.append(_Literal(text[place : found.start()]))
        place = found.end()
        if found[3] is not None:
            pieces.append(_Literal(found[3] if not found[3].isalnum() else found[0]))
            continue
        number = int(found[1]) if found[1] else names.get(found[2], 0)
        if number not in groups:
            raise PatternFault(f"{found[0]} in {text!r} names no group of plex_pattern")
        pieces.append(_Group(number, groups[number]))
    pieces.append(_Literal(text[place:]))
    return pieces


def _expression(pieces: list[_Piece], flags: int) -> re.Pattern[str]:
    parts: list[str] = []
    seen: set[int] = set()
    for piece in pieces:
        if isinstance(piece, _Literal):
            parts.append(re.escape(piece.text))
        elif piece.number in seen:
            parts.append(f"(?P=g{piece.number})")
        else:
            seen.add(piece.number)
            parts.append(f"(?P<g{piece.number}>{piece.body})")
    return re.compile("".join(parts), flags)


def _filled(pieces: list[_Piece], found: re.Match[str]) -> str:
    return "".join(piece.text if isinstance(piece, _Literal) else found[f"g{piece.number}"] for piece in pieces)


class ReversiblePattern:
    """`forward` replaces the pattern at a path's start by the template; `backward` undoes it. The rest stays."""

    def __init__(self, pattern: str, template: str, *, case_insensitive: bool = False) -> None:
        flags = re.DOTALL | (re.IGNORECASE if case_insensitive else 0)
        self._left, names = _pieces(pattern)
        _refuse_touching(self._left, pattern)
        groups = {piece.number: piece.body for piece in self._left if isinstance(piece, _Group)}
        self._right = _template(template, names, groups)
        used = {piece.number for piece in self._right if isinstance(piece, _Group)}
        if missing := sorted(groups.keys() - used):
            raise PatternFault(f"group {missing[0]} of {pattern!r} is not used in {template!r}")
        try:
            self._forward = _expression(self._left, flags)
            self._backward = _expression(self._right, flags)
        except re.error as error:
            raise PatternFault(f"{pattern!r} is not a regular expression: {error}") from error

    def forward(self, path: str) -> str | None:
        """None where the pattern does not match at the path's start."""
        found = self._forward.match(path)
        return None if found is None else _filled(self._right, found) + path[found.end() :]

    def backward(self, path: str) -> str | None:
        """None where the template does not match at the path's start."""
        found = self._backward.match(path)
        return None if found is None else _filled(self._left, found) + path[found.end() :]
