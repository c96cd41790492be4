"""Where Stash is and what opens it, checked before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from plexsync.model.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """`base` has no trailing slash and no password; `sign_in` is what a proxy in front asks for."""

    base: str
    sign_in: tuple[str, str] | None = None

    @property
    def secure(self) -> bool:
        """Whether a certificate is involved."""
        return self.base.startswith("https:")


def address_of(url: str) -> Address:
    """The address in `url`: http(s), a host, perhaps user and password, port and path.

    Raises `ConfigurationError`, without the value, when it cannot be one of a Stash.
    """
    text = url.strip()
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment:
        raise ConfigurationError(["stash_url: must be http(s)://host[:port][/path]"])
    host = parts.netloc.rpartition("@")[2]
    path = parts.path.rstrip("/").removesuffix("/graphql").rstrip("/")
    sign_in = (unquote(parts.username or ""), unquote(parts.password or "")) if "@" in parts.netloc else None
    return Address(base=f"{parts.scheme}://{host}{path}", sign_in=sign_in)


def checked_key(api_key: str | None) -> str:
    """The key to send; "" for none. Raises `ConfigurationError`, without the key, when no header can hold it."""
    key = (api_key or "").strip()
    if not key.isascii() or not key.isprintable():
        raise ConfigurationError(["stash_api_key: holds characters that no key of Stash has"])
    return key
