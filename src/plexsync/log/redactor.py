"""What keeps secrets out of logs and excerpts: the secrets that are known, and the shapes that secrets have."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable

HIDDEN = "****"
#: A shorter text would hide pieces of ordinary words.
SHORTEST = 4

_NAMES = r"(?:x-plex-token|plex_?token|auth_?token|access_?token|api[-_]?key|x-api-key|password|signature|secret)"
# Between name and value: `=`, `: ` or `, `, with the quotes of JSON, Python and their escapes.
_BETWEEN = r"(?:\\?[\"'])?\s*(?:=|:|%3D|(?<=[\"'])\s*,)\s*(?:b(?=[\"']))?(?:\\?[\"'])?"
_VALUE = r"[^\s\"'&,;<>()\[\]{}\\]+"

_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            rf"((?:proxy-)?authorization{_BETWEEN})(?:(?:bearer|basic|digest|token)\s+)?{_VALUE}", re.IGNORECASE
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"\b(bearer\s+)[\w.~+/=-]{8,}", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(rf"((?:set-)?\bcookie{_BETWEEN})[^\"'\r\n\\]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(r"(\bsession\\?[\"']?\s*[=:]\s*\\?[\"']?)(?<!\s)[^\s\"'&,;\\]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(r"(Name\\?\"\s*:\s*\\?\"session\\?\"\s*,\s*\\?\"Value\\?\"\s*:\s*\\?\")[^\"\\]+"), rf"\1{HIDDEN}"),
    (re.compile(rf"({_NAMES}{_BETWEEN}){_VALUE}", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(rf"([?&;]token=|[\"']token\\?[\"']\s*:\s*\\?[\"']){_VALUE}", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(r"(/provider/)[^/\s\"'?#\\]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(/art/|%2[Ff]art%2[Ff])[^\s\"'?#&\\]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(://)[^/\s:@\"'\\]*:[^/\s@\"'\\]+@"), rf"\1{HIDDEN}@"),
    # A JSON web token begins with the encoded form of `{"`.
    (re.compile(r"\beyJ[\w-]{6,}\.[\w-]+(?:\.[\w-]*)?"), HIDDEN),
)
_SECRET_KEY = re.compile(
    r"(?:^|_)(?:token|api_?key|password|secret|authorization|cookies?|signature)$|^x-plex-token$|^apikey$",
    re.IGNORECASE,
)


class Redactor:
    """Replaces secrets in text. Secrets may be added at any time, from any thread."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None
        self.add(*secrets)

    def __repr__(self) -> str:
        return f"Redactor({len(self._known)} forms)"

    def add(self, *secrets: str) -> None:
        """Hide these from now on, plain and as addresses and JSON spell them; tiny ones are not taken."""
        fresh = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
        if fresh <= self._known:
            return
        self._known = self._known | fresh
        longest_first = sorted(self._known, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(re.escape(form) for form in longest_first))

    def redact(self, text: str) -> str:
        """The text without known secrets and without what has the shape of one."""
        if self._pattern is not None:
            text = self._pattern.sub(HIDDEN, text)
        for shape, replacement in _SHAPES:
            text = shape.sub(replacement, text)
        return text

    def value(self, key: str, value: Any) -> Any:
        """A log line's value without secrets; one under a secret's name is hidden whole."""
        if isinstance(value, bool | int | float | None):
            return value
        if _SECRET_KEY.search(key):
            return HIDDEN
        return self._walk(value)

    def _walk(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, bool | int | float | None):
            return value
        if isinstance(value, dict):
            return {self.redact(str(key)): self.value(str(key), one) for key, one in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._walk(one) for one in value]
        return self.redact(str(value))


def _forms(secret: str) -> set[str]:
    inner_json = json.dumps(secret)[1:-1]
    quoted = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    quoted |= {re.sub("%..", lambda code: code[0].lower(), form) for form in quoted}
    plain = {secret, inner_json, repr(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    return plain | quoted | _marked_up(secret) | {_for_scripts(inner_json), inner_json.replace("/", r"\/")}


def _marked_up(secret: str) -> set[str]:
    """As web pages hold it; servers differ in how they write quotes."""
    plain = html.escape(secret, quote=False)
    return {plain, html.escape(secret), plain.replace('"', "&#34;").replace("'", "&#39;")}


def _for_scripts(inner_json: str) -> str:
    """As servers write JSON that may stand in a page."""
    return inner_json.replace("&", r"\u0026").replace("<", r"\u003c").replace(">", r"\u003e")
