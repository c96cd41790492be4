"""The settings in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unicodedata import normalize
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, model_validator

from plexsync.config.masking import mask
from plexsync.config.rulesetting import RuleSetting, TagChoiceSetting
from plexsync.config.settings import OWNER, PLAIN, SWITCH, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from plexsync.model import fields

#: The name of the one server that the plain settings describe.
ONLY_SERVER = "plex"


class Config(Settings):
    """All settings, frozen. `servers` holds the one that the plain names describe when no list is given.

    `refused` are lines about settings of Stash and the pages that were not taken; `origins` names the place of
    each setting that is not at its default.
    """

    refused: tuple[str, ...] = ()
    origins: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _plain_names_are_a_list_of_one(cls, data: Any) -> Any:
        if not isinstance(data, dict) or data.get("servers") or not data.get("plex_url"):
            return data
        only = {part: data[name] for name, part in PLAIN.items() if name in data}
        return {**data, "servers": ({"name": ONLY_SERVER, **only},)}

    @property
    def database_url(self) -> str:
        """Where the store is; may hold a password."""
        if self.store_url is not None:
            return self.store_url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'plexsync.db'}"

    @property
    def log_folder(self) -> Path:
        """Where log files go."""
        return self.data_dir / "logs"

    @property
    def host_names(self) -> tuple[str, ...]:
        """Every name under which PlexSync may be asked: those that are allowed, and the one that Plex uses."""
        host = urlsplit(self.url_from_plex).hostname if self.url_from_plex else None
        return (*self.allowed_hosts, *(_as_asked(host) if host else ()))

    def owner(self, field: fields.Field) -> fields.Owner:
        """Who decides a field."""
        found: fields.Owner = getattr(self, OWNER[field])
        return found

    def writes(self, field: fields.Field) -> bool:
        """Whether the field's switch and the master switch are on."""
        return self.sync_enabled and bool(getattr(self, SWITCH[field]))

    def secrets(self) -> tuple[str, ...]:
        """Every secret in force, for the redactor of the logs."""
        tokens = [server.token for server in self.servers]
        known = [one for one in (self.stash_api_key, self.plex_token, self.store_url, *tokens) if one]
        password = _password(self.store_url)
        return tuple(dict.fromkeys([*(one.get_secret_value() for one in known), *password]))

    def shown(self) -> dict[str, Any]:
        """Every setting as JSON for people, secrets masked."""
        values = {name: getattr(self, name) for name in Settings.model_fields}
        return {name: _plain(value) for name, value in values.items()}


def _as_asked(host: str) -> tuple[str, ...]:
    """As requests name the host: letters beyond ASCII have a spelling of their own there, and a few of them, as ß, an
    older and a newer one.
    """
    try:
        older = host.encode("idna").decode("ascii")
    except UnicodeError:
        return (host,)
    return tuple(dict.fromkeys((older, ".".join(map(_newer, normalize("NFC", host).split("."))))))


def _newer(label: str) -> str:
    return label if label.isascii() else f"xn--{label.encode('punycode').decode('ascii')}"


def _password(address: SecretStr | None) -> tuple[str, ...]:
    password = urlsplit(address.get_secret_value()).password if address else None
    return (password, unquote(password)) if password else ()


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return mask(value.get_secret_value())
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, RuleSetting | TagChoiceSetting):
        return {info.alias or name: _plain(getattr(value, name)) for name, info in value.given()}
    if hasattr(value, "model_fields_set"):
        return {name: _plain(one) for name, one in value}
    return value if isinstance(value, bool | int | float | None) else str(value)
