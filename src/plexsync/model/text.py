"""Text normal form: what is visible survives, what is not goes, and it is the same each time."""

from __future__ import annotations

import re
import unicodedata

_JOINERS = "\u200c\u200d"
_SPACES = re.compile(r"[^\S\n]+")
_BREAKS = re.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
_NOT_DRAWN = ("Cc", "Cf", "Cs")
_FLAG_TAGS = range(0xE0020, 0xE0080)
_KEEP_AT_LEAST = 0.8


def normal_text(text: str, *, limit: int = 0, lines: bool = False) -> str:
    """One text in normal form; `limit` in characters, 0 for none; `lines` keeps line breaks (summaries)."""
    text = _BREAKS.sub("\n", unicodedata.normalize("NFC", text))
    if not lines:
        text = text.replace("\n", " ")
    text = _visible(text.replace("\t", " "))
    text = _SPACES.sub(" ", text)
    text = "\n".join(line.strip() for line in text.split("\n")).strip()
    # Taking a character out can bring two together that compose.
    text = unicodedata.normalize("NFC", text)
    return cut(text, limit) if limit else text


def _visible(text: str) -> str:
    kept: list[str] = []
    for place, char in enumerate(text):
        before, after = kept[-1] if kept else "\n", text[place + 1 : place + 2]
        if char == "\n" or _is_drawn(char) or char.isspace() or _shapes_its_neighbours(char, before, after):
            kept.append(char)
    return "".join(kept)


def _shapes_its_neighbours(char: str, before: str, after: str) -> bool:
    if char in _JOINERS:
        return before not in _JOINERS and not before.isspace() and _is_drawn(after)
    return ord(char) in _FLAG_TAGS and ord(before) >= 0x1F000


def _is_drawn(char: str) -> bool:
    return bool(char) and not char.isspace() and unicodedata.category(char) not in _NOT_DRAWN


def cut(text: str, limit: int) -> str:
    """At most `limit` characters; at a word boundary when that keeps at least four fifths of them."""
    if len(text) <= limit:
        return text
    end = limit
    while end > 0 and _belongs_to_previous(text, end):
        end -= 1
    end = end or limit
    boundary = max(text.rfind(" ", 0, end + 1), text.rfind("\n", 0, end + 1))
    if boundary >= limit * _KEEP_AT_LEAST:
        end = boundary
    return text[:end].rstrip(" \n" + _JOINERS)


def _belongs_to_previous(text: str, place: int) -> bool:
    char, before = text[place], text[place - 1]
    return unicodedata.category(char) in ("Mn", "Me", "Mc", "Cf", "Sk") or before in _JOINERS
