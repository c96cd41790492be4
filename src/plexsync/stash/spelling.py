"""Patterns of SQL's LIKE for ends of paths, in the forms and the case in which disks spell them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

#: A sign that may be written as several, and one that may be another.
_SOME, _ONE = "%", "_"
_MANY = re.compile("%+")


def endings(parts: Sequence[str]) -> list[str]:
    """Paths that end in these segments, composed or decomposed throughout, whatever separates them.

    More fit than are meant: compare what comes.
    """
    composed = _ending(unicodedata.normalize("NFC", part) for part in parts)
    return list(dict.fromkeys([composed, unicodedata.normalize("NFD", composed)]))


def loose_ending(parts: Sequence[str]) -> str:
    """The same in every spelling: many more may fit."""
    return _ending(map(any_spelling, parts))


def _ending(parts: Iterable[str]) -> str:
    # A name without a folder before it is none of Stash's: each path of a file has a separator.
    return _SOME + "".join(_ONE + part for part in parts)


def any_spelling(text: str) -> str:
    """The text with wildcards for all that disks spell in several ways. ASCII letters need none: LIKE ignores case."""
    return _MANY.sub(_SOME, "".join(map(_sign, unicodedata.normalize("NFC", text))))


def _sign(sign: str) -> str:
    if sign.isascii():
        return sign
    cases = {sign, sign.upper(), sign.lower(), sign.casefold()}
    plain = unicodedata.normalize("NFD", sign) == sign and not unicodedata.combining(sign)
    if not plain or any(len(case) > 1 for case in cases):
        return _SOME
    return sign if len(cases) == 1 else _ONE
