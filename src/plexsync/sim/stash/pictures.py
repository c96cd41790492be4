"""Pictures: covers of clips, pictures that were set, and what is shown where there is none."""

from __future__ import annotations

import base64
import binascii
import io
import re
from hashlib import md5
from typing import TYPE_CHECKING

from PIL import Image

from plexsync.sim.library import cover
from plexsync.sim.stash.refusal import Refused

if TYPE_CHECKING:
    from plexsync.sim.stash.journal import Journal

SVG = "image/svg+xml"
DATA_URL = re.compile(r"data:[\w.+-]+/[\w.+-]+;base64,(.*)", re.DOTALL)
NO_PICTURE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><rect width="16" height="9" fill="#30404d"/></svg>'
)
#: Drawn by somebody who signed it.
NO_TAG = b"<!--\nA tag\n-->\n" + NO_PICTURE
#: Bytes that no text has.
_NO_TEXT = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_PAGE = re.compile(rb"\s*<(!doctype html|html|head|body|title|h1|p|div|table|script|!--)[ >-]", re.IGNORECASE)
_SNIFFED = 512


class Pictures:
    """Every picture by its reference: a clip's number, or the MD5 of bytes that were set."""

    def __init__(self, journal: Journal | None) -> None:
        self._journal = journal
        self._kept: dict[str, bytes] = {}
        self._sums: dict[int, str] = {}

    def keep(self, text: str) -> str:
        """Store what a data URL holds, a picture or not, and return its reference; all else counts as an address."""
        if text.startswith(("http://", "https://")):
            raise Refused("not simulated: a picture by URL")
        match = DATA_URL.fullmatch(text)
        if match is None:
            raise Refused(f'processing cover image: Get "{text}": unsupported protocol scheme ""')
        try:
            content = base64.b64decode(match[1], validate=True)
        except (binascii.Error, ValueError) as error:
            raise Refused(f"illegal base64 data: {error}") from error
        name = sum_of(content)
        if self._journal:
            self._journal.keep(name, content)
        else:
            self._kept[name] = content
        return name

    def content(self, reference: int | str) -> bytes:
        """The bytes behind a reference."""
        if isinstance(reference, int):
            return cover(reference)
        return self._journal.picture(reference) if self._journal else self._kept[reference]

    def md5(self, reference: int | str) -> str:
        """The MD5 of the bytes behind a reference, in hexadecimal."""
        if isinstance(reference, str):
            return reference
        if reference not in self._sums:
            self._sums[reference] = sum_of(cover(reference))
        return self._sums[reference]


def no_performer() -> bytes:
    """The PNG of a performer without a picture of its own."""
    written = io.BytesIO()
    Image.new("RGB", (40, 60), (80, 90, 100)).save(written, "PNG")
    return written.getvalue()


def media_type(content: bytes) -> str:
    """The type as sniffed from the first bytes. What is text and no page, Stash takes for a drawing."""
    signs = {
        b"\xff\xd8": "image/jpeg",
        b"\x89PNG": "image/png",
        b"GIF8": "image/gif",
        b"BM": "image/bmp",
    }
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    found = next((name for sign, name in signs.items() if content.startswith(sign)), "")
    if found or _NO_TEXT.search(content[:_SNIFFED]):
        return found or "application/octet-stream"
    return "text/html; charset=utf-8" if _PAGE.match(content) else SVG


def sum_of(content: bytes) -> str:
    """The MD5 of some bytes, in hexadecimal."""
    return md5(content, usedforsecurity=False).hexdigest()
