"""Answers that are none: content, headers and secrets in them, as a test of any client may get them."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from hypothesis import strategies as st
from markupsafe import escape

from rawserver import reply

PAGE = "<html><head><title>Odd</title></head><body><h1>Odd</h1></body></html>"
#: Bodies that are no answer to any question, whoever is asked.
BODIES: dict[str, bytes] = {
    "nothing": b"",
    "white space": b" \r\n ",
    "null": b"null",
    "a number": b"7",
    "a text": b'"text"',
    "a list": b"[]",
    "a list of objects": b'[{"ratingKey": "7", "id": "7"}]',
    "an empty object": b"{}",
    "another object": b'{"Response": {"code": 503}}',
    "half": b'{"MediaContainer": {"size": 1, "Metadata": [{"ratingKey"',
    "more than whole": b'{"MediaContainer": {"size": 0}, "data": {}} and more',
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep inside": b'{"data": {"x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}}",
    "deep and unknown": b'{"y": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "another encoding": json.dumps({"MediaContainer": {"size": 0}, "data": {}}).encode("utf-16"),
    "a mark before it": b'\xef\xbb\xbf{"MediaContainer": {"size": 0}, "data": {}}',
    "broken text": b'{"MediaContainer": "\xff\xfe", "data": "\xff\xfe"}',
    "packed": b"\x1f\x8b\x08 not unpacked",
    "XML": b'<?xml version="1.0"?><MediaContainer size="0"></MediaContainer>',
    "a page": PAGE.encode(),
    "a page behind a mark": b"\xef\xbb\xbf<!-- hello -->\n<!DOCTYPE html><form>Sign in</form>",
    "a page in another encoding": PAGE.encode("utf-16"),
    "much of nothing": b"\0" * 10_000_000,
    "much of brackets": b"[" * 10_000_000,
    "much of text": b'{"MediaContainer": "' + b"x" * 10_000_000,
    "much of a page": b"<html>" + b"<p>Sign in</p>" * 700_000,
}
PAGES = [name for name in BODIES if "a page" in name]
#: Headers that lie of the content, or hold what no reader expects.
LIES: list[dict[str, str]] = [
    {"Content-Type": "text/html; charset=undefined"},
    {"Content-Type": "text/html; charset=hex"},
    {"Content-Type": "text/html; charset=idna"},
    {"Content-Type": "text/html; charset=rot13"},
    {"Content-Type": "text/html; charset*=utf-8''%ff%zz; charset*0=a"},
    {"Content-Type": 'text/html; charset="\xff'},
    {"Content-Type": "image/png"},
    {"Content-Type": ""},
    {"Set-Cookie": "\xff=;expires=99999999999999999999; max-age=9999999999999999999999; port=x"},
    {"Content-Encoding": "sealed"},
]
#: `Retry-After`, `Date` and the seconds to wait.
WAITS: list[tuple[str, str | None, float | None]] = [
    ("7", None, 7.0),
    (" 0 ", None, 0.0),
    ("99999", None, 600.0),
    ("9" * 400, None, 600.0),
    ("-3", None, None),
    ("1.5", None, None),
    ("soon", None, None),
    ("7, 8", None, None),
    ("²", None, None),
    ("Fri, 20 Nov 2026 10:00:30 GMT", "Fri, 20 Nov 2026 10:00:00 GMT", 30.0),
    ("Fri, 20 Nov 2026 10:00:30 -0000", "Fri, 20 Nov 2026 10:00:00 GMT", 30.0),
    ("Fri, 20 Nov 2026 10:00:30", "Fri, 20 Nov 2026 10:00:00 GMT", 30.0),
    ("Fri, 20 Nov 2026 11:00:30 +0100", "Fri, 20 Nov 2026 10:00:00 GMT", 30.0),
    ("Fri, 20 Nov 2026 09:00:00 GMT", "Fri, 20 Nov 2026 10:00:00 GMT", 0.0),
    ("Fri, 20 Nov 9999 23:00:00 GMT", "Fri, 20 Nov 2026 10:00:00 GMT", 600.0),
    ("Fri, 99999999999999999999 Nov 2026 10:00:30 GMT", "Fri, 20 Nov 2026 10:00:00 GMT", None),
    ("Fri, 20 Nov 2026 10:00:30 GMT", None, None),
    ("Fri, 20 Nov 2026 10:00:30 GMT", "today", None),
]

_FOR_PAGES = {"&": r"\u0026", "<": r"\u003c", ">": r"\u003e"}


def spellings(secret: str) -> dict[str, bytes]:
    """Bodies that hold a secret, each in another way."""
    plain = f"the key is {secret}!"
    return {
        "plain": plain.encode(),
        "in an address": f"http://plex/?q={quote(secret, safe='')}&a=b".encode(),
        "in an address in small letters": re.sub(
            "%..", lambda code: code[0].lower(), f"/?t={quote(secret, safe='')}"
        ).encode(),
        "in a page": f"<p>{html.escape(secret)}</p>".encode(),
        "in a page with other quotes": f"<p>{escape(secret)}</p>".encode(),
        "in XML": f"<p>{html.escape(secret, quote=False)}</p>".encode(),
        "in JSON": json.dumps({"the key is": secret}).encode(),
        "in JSON for a page": "".join(_FOR_PAGES.get(char, char) for char in json.dumps({"was": secret})).encode(),
        "in another encoding": plain.encode("utf-16"),
        "between zeros": plain.encode("utf-16-le"),
        "at the end of the excerpt": b"x" * 195 + secret.encode() + b"y" * 100,
        "at the end of what is read": b" " * (64 * 1024 - 10) + secret.encode() + b" " * 100_000,
        "at the end of what is looked at": b" " * (16 * 1024 - 10) + secret.encode() + b" " * 100_000,
    }


def shown_of(secret: str, text: str) -> list[str]:
    """The pieces of a secret that can be read in a text."""
    forms = {secret, quote(secret, safe=""), html.escape(secret), json.dumps(secret)[1:-1]}
    pieces = {piece for form in forms for piece in (form[:8], form[-8:])}
    return sorted(piece for piece in pieces if piece in text)


#: What an answer may suffer: the place of its end, or of a byte that changes.
Harm = tuple[float, int | None] | None
HARM: st.SearchStrategy[Harm] = st.none() | st.tuples(st.floats(0, 1), st.none() | st.integers(0, 255))


def harmed(answer: bytes, harm: Harm) -> bytes:
    """The answer cut at a place, or with another byte there."""
    if harm is None:
        return answer
    at = int(harm[0] * (len(answer) - 1))
    return answer[:at] if harm[1] is None else answer[:at] + bytes([harm[1]]) + answer[at + 1 :]


def nearly(names: Iterable[str], scalars: Iterable[object]) -> st.SearchStrategy[object]:
    """JSON of these names, around what a client expects."""
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    leaves |= st.sampled_from([*scalars, "7", 7, 0, "1", "9" * 5000])
    return st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*names]), inner))


def answers(content: st.SearchStrategy[bytes], secret: str) -> st.SearchStrategy[bytes]:
    """Whole answers of any status, with this content or any other, and any headers."""
    small = [body for body in BODIES.values() if len(body) < 1000]
    odd = [value for lie in LIES for value in lie.values()]
    headers: st.SearchStrategy[Mapping[str, str]] = st.dictionaries(
        st.sampled_from(["Content-Type", "Content-Encoding", "Location", "Retry-After", "Date", "Set-Cookie", "ETag"]),
        st.sampled_from([*odd, secret, "gzip", "/login", "http://[broken", "application/json"])
        | st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=20),
        max_size=3,
    )
    statuses = st.sampled_from([200, 200, 204, 302, 400, 401, 404, 422, 500, 503]) | st.integers(100, 999)
    bodies = content | st.binary(max_size=100) | st.sampled_from([*small, *spellings(secret).values()])
    return st.builds(reply, statuses, bodies, headers)
