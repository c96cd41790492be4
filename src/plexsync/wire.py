"""HTTP to a neighbour, as both clients speak it: no proxy, no cookie, and no answer without end."""

from __future__ import annotations

import ssl
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING

import httpx2

from plexsync.model.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: An answer as a whole may take so many read time-outs; a server that drips must end too.
WHOLE = 4
#: Bytes that are read of an answer that only explains a failure.
PAGE_BOUND = 64 * 1024


_MANY = httpx2.Limits(max_connections=100, max_keepalive_connections=20)


def neighbour(
    *,
    headers: Mapping[str, str],
    timeout: httpx2.Timeout,
    verify: bool | ssl.SSLContext,
    sign_in: tuple[str, str] | None = None,
    limits: httpx2.Limits = _MANY,
) -> httpx2.AsyncClient:
    """A client for one server near us; `sign_in` is the name and password of a proxy before it."""
    return httpx2.AsyncClient(
        headers=headers,
        timeout=timeout,
        verify=verify,
        auth=sign_in,
        limits=limits,
        # A session kept by cookie would outlive a key that was taken back.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
        # Proxies of the environment are for the wide world.
        trust_env=False,
    )


def trust(name: str, verify: bool | str | ssl.SSLContext) -> bool | ssl.SSLContext:  # noqa: FBT001  # httpx2's own word
    """`verify` as httpx2 takes it; a text names a file of certificates to trust beside the usual ones.

    Raises ConfigurationError, naming the peer, where that file is of no use.
    """
    if not isinstance(verify, str):
        return verify
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(cafile=verify)
    except OSError as error:
        raise ConfigurationError([f"the CA file for {name} cannot be used: {error}"]) from error
    return context


async def body(response: httpx2.Response, bound: int) -> bytes:
    """At most `bound` + 1 bytes of an answer, and of one that only explains a failure at most `PAGE_BOUND` + 1."""
    bound = bound if response.is_success else PAGE_BOUND
    kept = bytearray()
    try:
        async for piece in response.aiter_bytes():
            kept += piece
            if len(kept) > bound:
                break
    except httpx2.DecodingError:
        # What a refusal says is not needed to know that it is one.
        if response.is_success:
            raise
    return bytes(kept[: bound + 1])
