"""Marks that say in which direction a text runs: kept where the text needs them and where they come to an end."""

from __future__ import annotations

import unicodedata

#: A single mark has the effect of one letter that is not drawn.
_MARKS = frozenset("\u200e\u200f\u061c")
_EMBEDDINGS = frozenset("\u202a\u202b")
_ISOLATES = frozenset("\u2066\u2067\u2068")
#: They turn letters round that a reader knows in their own order, and so hide what is written.
_OVERRIDES = frozenset("\u202d\u202e")
_END_OF_EMBEDDING, _END_OF_ISOLATE = "\u202c", "\u2069"
ALL = _MARKS | _EMBEDDINGS | _ISOLATES | _OVERRIDES | {_END_OF_EMBEDDING, _END_OF_ISOLATE}
_RIGHT_TO_LEFT = frozenset(("R", "AL"))


def with_directions(text: str) -> str:
    """The text without the marks of direction that it does not need.

    A text of letters that all run from left to right needs none. In any other, single marks stay, and of the pairs
    those that are opened and closed in one line; what would run on into its surroundings goes, and so do overrides.
    """
    if ALL.isdisjoint(text):
        return text
    if not any(unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in text if char not in _MARKS):
        return "".join(char for char in text if char not in ALL)
    return "\n".join(_balanced(line) for line in text.split("\n"))


def _balanced(line: str) -> str:
    """Without ends that nothing opened, and openings that nothing ends."""
    open_at: list[int] = []
    kept = {place for place, char in enumerate(line) if char not in ALL or char in _MARKS}
    for place, char in enumerate(line):
        if char in _EMBEDDINGS or char in _ISOLATES or char in _OVERRIDES:
            open_at.append(place)
        elif char == _END_OF_EMBEDDING and open_at and line[open_at[-1]] not in _ISOLATES:
            start = open_at.pop()
            kept |= {start, place} if line[start] in _EMBEDDINGS else set()
        elif char == _END_OF_ISOLATE and (isolate := _isolate(line, open_at)) is not None:
            kept |= {isolate, place}
    return "".join(char for place, char in enumerate(line) if place in kept)


def _isolate(line: str, open_at: list[int]) -> int | None:
    """The isolate that ends now, and with it all that was opened in it; None where none is open."""
    if not any(line[start] in _ISOLATES for start in open_at):
        return None
    while line[start := open_at.pop()] not in _ISOLATES:
        pass
    return start
