"""Which characters are drawn, and which of them a reader takes for one."""

from __future__ import annotations

import unicodedata

_NON_JOINER, _JOINER, _MONGOLIAN_SEPARATOR = "\u200c", "\u200d", "\u180e"
#: Not drawn, but a letter or sign beside them looks otherwise without.
JOINERS = frozenset((_NON_JOINER, _JOINER, _MONGOLIAN_SEPARATOR))
#: They choose one of several looks of the character before them.
SELECTORS = frozenset(
    map(chr, (*range(0x180B, 0x180E), 0x180F, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))),
)
#: Of the format characters, the few that are drawn: signs that span the digits after them.
_SPANNING = frozenset(
    map(chr, (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD)),
)
_NOT_DRAWN = frozenset(("Cc", "Cf", "Cs"))
_MARKS = frozenset(("Mn", "Me", "Mc"))
_VIRAMA = 9  # the combining class of the signs that bind two Indic consonants


def is_drawn(char: str) -> bool:
    """Whether anything is to be seen of it; code points that never can be a character are not."""
    category = unicodedata.category(char)
    if category in _NOT_DRAWN:
        return char in _SPANNING
    return category != "Cn" or not _is_no_character(ord(char))


def _is_no_character(code: int) -> bool:
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def shapes_its_end(joiner: str, before: str) -> bool:
    """Whether a joiner at the end of a word shows: after an Indic virama and after a joining letter."""
    if joiner != _JOINER:
        return False
    return unicodedata.combining(before) == _VIRAMA or unicodedata.bidirectional(before) == "AL"


def is_inside(text: str, place: int) -> bool:
    """Whether a cut before `place` would part what a reader takes for one character."""
    char, before = text[place], text[place - 1]
    if _leans_back(char):
        return not before.isspace()
    if before == _JOINER or before in _SPANNING:
        return True
    if unicodedata.combining(before) == _VIRAMA:
        return char.isalpha()
    return _is_indicator(char) and _indicators_before(text, place) % 2 == 1


def _leans_back(char: str) -> bool:
    code = ord(char)
    if code < 0x300:
        return False
    return (
        char in JOINERS
        or unicodedata.category(char) in _MARKS
        or 0x1F3FB <= code <= 0x1F3FF  # skin tones
        or 0xE0020 <= code <= 0xE007F  # a flag's code
        or 0x1160 <= code <= 0x11FF  # the vowels and ends of Hangul syllables
        or 0xD7B0 <= code <= 0xD7FB
        or code in (0xFF9E, 0xFF9F)  # voice marks of narrow Katakana
    )


def _is_indicator(char: str) -> bool:
    return 0x1F1E6 <= ord(char) <= 0x1F1FF


def _indicators_before(text: str, place: int) -> int:
    start = place
    while start > 0 and _is_indicator(text[start - 1]):
        start -= 1
    return place - start
