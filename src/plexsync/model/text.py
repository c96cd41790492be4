"""Text normal form: what is visible survives, what is not goes, and it is the same each time."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from plexsync.model import directions as marks
from plexsync.model.graphemes import JOINERS, SELECTORS, is_drawn, is_inside, shapes_its_end

_SPACES = re.compile(r"[^\S\n]+")
_BREAKS = re.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
#: The flag of a part of a country: a black flag, its code in letters that are not drawn, an end mark.
_FLAG = re.compile("(\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f)")
_KEEP_AT_LEAST = 0.8
_LONGEST_NAME = 100


def normal_text(text: str, *, limit: int = 0, lines: bool = False, directions: bool = False) -> str:
    """One text in normal form; `limit` in characters, 0 for none; `lines` keeps line breaks (summaries).

    `directions` keeps the marks of direction that a text needs which runs from right to left; names need none.
    """
    text = _cleaned(text, lines=lines, directions=directions)
    if not limit or len(text) <= limit:
        return text
    # What the cut left without its neighbour goes as well.
    return _cleaned(cut(text, limit), lines=lines, directions=directions)


def normal_name(text: str, limit: int) -> str:
    """The same of one line that comes again and again, as names of tags and performers do."""
    return _normal_name(text, limit) if len(text) <= _LONGEST_NAME else normal_text(text, limit=limit)


@lru_cache(50_000)
def _normal_name(text: str, limit: int) -> str:
    return normal_text(text, limit=limit)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters; at a word boundary when that keeps at least four fifths of them.

    What a reader takes for one character stays whole, unless it alone is longer than the limit.
    """
    if len(text) <= limit:
        return text
    end = limit
    while end > 0 and is_inside(text, end):
        end -= 1
    end = end or limit
    boundary = max(text.rfind(" ", 0, end + 1), text.rfind("\n", 0, end + 1))
    if boundary >= limit * _KEEP_AT_LEAST:
        end = boundary
    return text[:end].rstrip(" \n")


def _cleaned(text: str, *, lines: bool, directions: bool) -> str:
    if text.isascii() and text.isprintable():
        # Most names, many times over: nothing in them can be wrong but the spaces.
        return " ".join(text.split())
    text = _BREAKS.sub("\n", unicodedata.normalize("NFC", text)).replace("\t", " ")
    if not lines:
        text = text.replace("\n", " ")
    if not text.replace("\n", "").isprintable():
        kept = marks.ALL if directions else frozenset[str]()
        text = "".join(_drawn_part(part, kept) for part in _FLAG.split(text))
        text = _joined(marks.with_directions(text) if directions else text)
    elif not text.isascii():
        text = _joined(text)
    text = _SPACES.sub(" ", text)
    text = "\n".join(line.strip() for line in text.split("\n")).strip()
    # Taking a character out can bring two together that compose.
    return unicodedata.normalize("NFC", text)


def _drawn_part(text: str, kept: frozenset[str]) -> str:
    if _FLAG.fullmatch(text):
        return text
    return "".join(char for char in text if char.isspace() or char in JOINERS or char in kept or is_drawn(char))


def _joined(text: str) -> str:
    """Joiners and variation selectors stay only where they change how a neighbour looks."""
    if JOINERS.isdisjoint(text) and SELECTORS.isdisjoint(text):
        return text
    kept: list[str] = []
    for place, char in enumerate(text):
        before = kept[-1] if kept else " "
        if char in JOINERS:
            after = text[place + 1 : place + 2]
            stays = _can_be_joined(before) and (_begins(after) or shapes_its_end(char, before))
        else:
            stays = char not in SELECTORS or not (before.isspace() or before in JOINERS or before in SELECTORS)
        if stays:
            kept.append(char)
    return "".join(kept)


def _can_be_joined(char: str) -> bool:
    return not char.isspace() and char not in JOINERS


def _begins(char: str) -> bool:
    return bool(char) and not char.isspace() and char not in JOINERS and char not in SELECTORS
