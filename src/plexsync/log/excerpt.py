"""The part of foreign text that may be shown: one line, printable, without secrets, short."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from plexsync.log.redactor import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LENGTH = 200
#: Bytes of a body that are looked at.
SOURCE = 16 * 1024
#: A secret that the end of the source cuts in two is not known for one; so much of the end is left off.
LONGEST_SECRET = 2048


class Excerpts:
    """Takes excerpts in which neither `secrets` nor what `redact` knows is left."""

    def __init__(self, secrets: Iterable[str], redact: Callable[[str], str]) -> None:
        self._own = Redactor(secrets).redact
        self._redact = redact

    def of_text(self, text: str, length: int = LENGTH) -> str:
        """The start of a text. Masked before it is cut."""
        line = " ".join(text.split())
        return self._redact(self._own("".join(char for char in line if char.isprintable())))[:length]

    def of_body(self, content: bytes, length: int = LENGTH) -> str:
        """The start of an answer in whatever encoding."""
        text = self.of_text(_decoded(content[:SOURCE]), SOURCE)
        return (text[:-LONGEST_SECRET] if len(content) > SOURCE else text)[:length]


def _decoded(content: bytes) -> str:
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if marked else "utf-8", "replace")
