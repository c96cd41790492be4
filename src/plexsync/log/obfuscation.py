"""Titles and paths in logs as ids that stay the same, for those who hand their logs to others."""

from __future__ import annotations

import hashlib
import re
from typing import Any

_WHAT = re.compile(r"(?:^|_)(title|path|file|folder)s?$")
#: A shorter title may be a piece of any word, so it is replaced in its own place only.
_SHORTEST_ELSEWHERE = 4


class Obfuscator:
    """Gives each title and path an id; one salt gives one text the same id for ever."""

    def __init__(self, salt: bytes) -> None:
        self._salt = salt[:64]

    def __call__(self, event: dict[str, Any]) -> dict[str, Any]:
        """The event with ids in place of titles and paths, also where its other texts repeat them."""
        found: dict[str, str] = {}
        plain = {key: self._one(key, value, found) for key, value in event.items()}
        longest_first = sorted(found, key=len, reverse=True)
        return {key: _replaced(value, longest_first, found) for key, value in plain.items()}

    def id(self, kind: str, text: str) -> str:
        """The id of one text."""
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=self._salt, digest_size=5)
        return f"{kind}-{digest.hexdigest()}"

    def _one(self, key: str, value: Any, found: dict[str, str]) -> Any:
        kind = _WHAT.search(key)
        if isinstance(value, dict):
            return {name: self._one(str(name), one, found) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self._one(key, one, found) for one in value]
        if kind is None or not isinstance(value, str) or not value:
            return value
        hidden = self.id(kind[1], value)
        if len(value) >= _SHORTEST_ELSEWHERE:
            found[value] = hidden
        return hidden


def _replaced(value: Any, texts: list[str], ids: dict[str, str]) -> Any:
    if isinstance(value, str):
        for text in texts:
            value = value.replace(text, ids[text])
    elif isinstance(value, dict):
        return {name: _replaced(one, texts, ids) for name, one in value.items()}
    elif isinstance(value, list):
        return [_replaced(one, texts, ids) for one in value]
    return value
