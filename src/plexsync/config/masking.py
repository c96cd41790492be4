"""How a secret is shown, and how it is kept out of a line of text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

HIDDEN = "****"
#: A shorter secret is hidden whole: its two ends would be most of it.
SHOWN_FROM = 16
#: A shorter text is no secret worth the name; replacing it would garble every line.
SHORTEST = 4

_USER = re.compile(r"//[^/\s@]*@")
_QUERY = re.compile(r"\?\S*")


def mask(secret: str) -> str:
    """The first and last four characters; a secret of fewer than 16 characters is hidden whole."""
    return f"{secret[:4]}...{secret[-4:]}" if len(secret) >= SHOWN_FROM else HIDDEN


def censored(text: str, secrets: Iterable[str]) -> str:
    """`text` with each of `secrets` masked, the longest first."""
    for secret in sorted({one for one in secrets if len(one) >= SHORTEST}, key=len, reverse=True):
        text = text.replace(secret, mask(secret))
    return text


def without_credentials(text: str) -> str:
    """An address without what may authorise: its user, password and query."""
    return _QUERY.sub("?" + HIDDEN, _USER.sub(f"//{HIDDEN}@", text))
