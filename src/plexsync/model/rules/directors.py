"""Stash keeps a scene's directors in one text."""

from __future__ import annotations

import re

#: A comma before "Jr." and the like belongs to the name.
_BETWEEN = re.compile(r";|,(?!\s*(?:jr|sr|ii|iii|iv|m\.?d|ph\.?d)\b)", re.IGNORECASE)


def directors(text: str) -> list[str]:
    """The names in it: parted at commas and semicolons, never at "and" or "&", which names hold as well."""
    return [name.strip() for name in _BETWEEN.split(text) if name.strip()]
