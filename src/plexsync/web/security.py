"""Who may ask: the API key opens everything, the hook's token admits events only."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Annotated

from fastapi import HTTPException, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

_KEY_HEADER = APIKeyHeader(
    name="X-Api-Key", scheme_name="ApiKey", description="The API key of the data folder.", auto_error=False
)
_BEARER = HTTPBearer(
    scheme_name="Bearer", description="The API key; for events the events token too.", auto_error=False
)

_Key = Annotated[str | None, Security(_KEY_HEADER)]
_Token = Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The two secrets. An empty one opens nothing."""

    api_key: str
    events_token: str

    async def full(self, key: _Key, token: _Token) -> None:
        """Let pass who holds the API key: 401 without any secret of ours, 403 with the events token."""
        given = _given(key, token)
        if _any_is(given, self.api_key):
            return
        if _any_is(given, self.events_token):
            raise HTTPException(403, "the events token only admits events: this needs the API key of the data folder")
        raise _unknown(given)

    async def events(self, key: _Key, token: _Token) -> None:
        """Let pass who holds either secret, else 401."""
        given = _given(key, token)
        if not (_any_is(given, self.api_key) or _any_is(given, self.events_token)):
            raise _unknown(given)


def _given(key: str | None, token: HTTPAuthorizationCredentials | None) -> list[str]:
    return [secret for secret in (key, token.credentials if token is not None else None) if secret]


def _any_is(given: list[str], secret: str) -> bool:
    """Compared in a time that tells nothing about `secret`."""
    if not secret:
        return False
    return any(hmac.compare_digest(one.encode(), secret.encode()) for one in given)


def _unknown(given: list[str]) -> HTTPException:
    fault = "the key is not known here" if given else "a key is missing"
    remedy = "send the API key of the data folder as X-Api-Key, or as Authorization: Bearer"
    return HTTPException(401, f"{fault}: {remedy}", {"WWW-Authenticate": "Bearer"})
