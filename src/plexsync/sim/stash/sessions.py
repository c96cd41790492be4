"""The signed cookie that a plugin is given; it carries which hooks led to the present one."""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

NAME = "session"
MOST_VISITS = 10


class Visit(msgspec.Struct, frozen=True, array_like=True):
    """One hook on the way."""

    plugin: str
    type: str


Chain = tuple[Visit, ...]


class Content(msgspec.Struct, frozen=True):
    """What a cookie says."""

    issued: float
    chain: Chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """Makes and reads cookies; nothing is stored."""

    secret: str
    seconds: int
    clock: Callable[[], datetime]

    def cookie(self, chain: Chain) -> dict[str, Any]:
        """A cookie in the form in which Go prints one."""
        body = base64.urlsafe_b64encode(
            msgspec.json.encode(Content(issued=self.clock().timestamp(), chain=chain))
        ).decode()
        return {
            "Name": NAME,
            "Value": f"{body}.{self._sign(body)}",
            "Quoted": False,
            "Path": "",
            "Domain": "",
            "Expires": "0001-01-01T00:00:00Z",
            "RawExpires": "",
            "MaxAge": 0,
            "Secure": False,
            "HttpOnly": False,
            "SameSite": 0,
            "Partitioned": False,
            "Raw": "",
            "Unparsed": None,
        }

    def chain(self, value: str | None) -> Chain | None:
        """The way of the request with this cookie; None when there is none, or it is forged or too old."""
        body, _, signature = (value or "").partition(".")
        if not body or not hmac.compare_digest(signature, self._sign(body)):
            return None
        content = msgspec.json.decode(base64.urlsafe_b64decode(body), type=Content)
        if self.clock().timestamp() - content.issued > self.seconds:
            return None
        return content.chain

    def _sign(self, body: str) -> str:
        return hmac.new(self.secret.encode(), body.encode(), "sha256").hexdigest()
