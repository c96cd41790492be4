"""A regular expression that can be followed backwards, because its form is restricted to what can be.

Between its groups a pattern holds literal text only; a group holds characters, classes and repeats of one
character, with no group inside. So each side can be put together from the other side's groups.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from plexsync.model.paths import is_windows, parts_of, path_key, root_of
from plexsync.model.patternparts import Group, Literal, Part, PatternFault, pattern_parts, split_end, template_parts
from plexsync.model.patternspeed import refuse_slow

__all__ = ["PatternFault", "ReversiblePattern"]

_ROOTED = re.compile(r"[/\\]|[A-Za-z]:[/\\]")


class _Side:
    """One side's form, ready to be matched at a path's start, by whole segments."""

    def __init__(self, parts: Sequence[Part], *, case_insensitive: bool, whole: bool) -> None:
        self.parts = tuple(parts)
        text = "".join(re.escape(part.text) if isinstance(part, Literal) else part.expression for part in parts)
        flags = re.IGNORECASE if case_insensitive else re.NOFLAG
        posix, windows = (r"\Z", r"\Z") if whole else (r"(?:(?<=/)|(?=/)|\Z)", r"(?:(?<=[/\\])|(?=[/\\])|\Z)")
        self._posix = re.compile(text + posix, re.DOTALL | flags)
        self._windows = re.compile(text + windows, re.DOTALL | re.IGNORECASE)

    def match(self, path: str) -> re.Match[str] | None:
        windows = is_windows(path)
        spelled = _spelled(path)
        forms = [spelled, unicodedata.normalize("NFC", spelled)]
        if windows:
            forms += [form.replace("\\", "/") for form in forms]
        expression = self._windows if windows else self._posix
        return next((found for form in forms if (found := expression.match(form))), None)

    def filled(self, found: re.Match[str]) -> str:
        return "".join(part.text if isinstance(part, Literal) else found[f"g{part.number}"] for part in self.parts)


def _spelled(path: str) -> str:
    """The path without empty segments, with the separators of its system."""
    separator = "\\" if is_windows(path) else "/"
    return root_of(path) + separator.join(parts_of(path))


class ReversiblePattern:
    """`forward` replaces the pattern at a path's start by the template; `backward` undoes it. The rest stays.

    Each answers None unless the other leads from its answer to the same path again. Raises PatternFault.
    """

    def __init__(self, pattern: str, template: str, *, case_insensitive: bool = False) -> None:
        pattern, template = (unicodedata.normalize("NFC", text) for text in (pattern, template))
        pattern, whole = split_end(pattern)
        left, names = pattern_parts(pattern)
        right = template_parts(template, {part.number: part for part in left if isinstance(part, Group)}, names)
        for parts, text in ((left, pattern), (right, template)):
            refuse_slow(parts, text)
            _refuse_unrooted(parts, text)
        _refuse_uneven(left, right)
        self._left = _Side(left, case_insensitive=case_insensitive, whole=whole)
        self._right = _Side(right, case_insensitive=case_insensitive, whole=whole)
        self._fold = case_insensitive

    def forward(self, path: str) -> str | None:
        """None where the pattern does not match at the path's start."""
        found = _moved(path, self._left, self._right)
        return found if found is not None and self._same(path, _moved(found, self._right, self._left)) else None

    def backward(self, path: str) -> str | None:
        """None where the template does not match at the path's start."""
        found = _moved(path, self._right, self._left)
        return found if found is not None and self._same(path, _moved(found, self._left, self._right)) else None

    def _same(self, one: str, other: str | None) -> bool:
        if other is None:
            return False
        keys = path_key(one), path_key(other)
        return keys[0].casefold() == keys[1].casefold() if self._fold else keys[0] == keys[1]


def _moved(path: str, source: _Side, target: _Side) -> str | None:
    found = source.match(path)
    if found is None:
        return None
    head, rest = target.filled(found), found.string[found.end() :]
    text = head + rest
    if is_windows(path) and not is_windows(text):
        head, rest, text = (part.replace("\\", "/") for part in (head, rest, text))
    if rest and not head.endswith(("/", "\\")) and not rest.startswith(("/", "\\")):
        return None
    return _spelled(text)


def _refuse_unrooted(parts: Sequence[Part], text: str) -> None:
    first = parts[0] if parts else Literal("")
    if isinstance(first, Literal) and not _ROOTED.match(first.text):
        raise PatternFault(f"{text!r} begins in the middle of a path: write it from the root or drive letter")


def _refuse_uneven(left: Sequence[Part], right: Sequence[Part]) -> None:
    one, two = left[-1], right[-1]
    if not isinstance(one, Literal) or not isinstance(two, Literal):
        return
    if one.text.endswith(("/", "\\")) != two.text.endswith(("/", "\\")):
        raise PatternFault("one of plex_pattern and stash_pattern ends with a slash: either both have to, or neither")
