"""Lists of names as people write them: `*` stands for any text, `?` for one character."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from plexsync.model.compare import text_key

_WILD = frozenset("*?")


@dataclass(frozen=True, slots=True)
class NamePattern:
    """Fits whole names. Its time is bounded by the product of both lengths, whatever is written."""

    text: str
    case: bool = False  #: case and white space count
    pieces: tuple[re.Pattern[str], ...] = field(init=False, compare=False)
    tail: int = field(init=False, compare=False)  #: characters that the last piece takes

    def __post_init__(self) -> None:
        """A piece between two stars takes a fixed number of characters, so nothing is ever tried twice."""
        pieces = (self.text if self.case else text_key(self.text)).split("*")
        object.__setattr__(self, "pieces", tuple(re.compile(_fixed(piece), re.DOTALL) for piece in pieces))
        object.__setattr__(self, "tail", len(pieces[-1]))

    def fits(self, key: str) -> bool:
        """Whether the name with this `text_key` is meant, or this very text where case counts."""
        if len(self.pieces) == 1:
            return self.pieces[0].fullmatch(key) is not None
        first, *middle, last = self.pieces
        found = first.match(key)
        for piece in middle:
            found = piece.search(key, found.end()) if found is not None else None
        if found is None or len(key) - self.tail < found.end():
            return False
        return last.fullmatch(key, len(key) - self.tail) is not None


@dataclass(frozen=True, slots=True)
class Names:
    """Several names and patterns; case and white space do not count."""

    texts: tuple[str, ...] = ()
    exact: dict[str, str] = field(init=False, compare=False)
    patterns: tuple[NamePattern, ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Names without a wild card are looked up, the others are tried one by one."""
        plain = (text for text in self.texts if not is_wild(text))
        object.__setattr__(self, "exact", {text_key(text): text for text in plain})
        object.__setattr__(self, "patterns", tuple(NamePattern(text) for text in self.texts if is_wild(text)))

    def __bool__(self) -> bool:
        """Whether any name is listed."""
        return bool(self.texts)

    def entry(self, names: Iterable[str]) -> str | None:
        """The entry that the first of these names fits which fits any; None where none does."""
        for name in names:
            key = text_key(name)
            if (found := self.exact.get(key)) is not None:
                return found
            for pattern in self.patterns:
                if pattern.fits(key):
                    return pattern.text
        return None


def is_wild(text: str) -> bool:
    """Whether it is a pattern and not a name."""
    return not _WILD.isdisjoint(text)


def _fixed(piece: str) -> str:
    return "".join("." if char == "?" else re.escape(char) for char in piece)
