"""The table of settings as rows, for everything that is derived from it."""

from __future__ import annotations

import difflib
import typing
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from pydantic import BaseModel, SecretStr

from plexsync.config.kinds import Allowed
from plexsync.config.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic.fields import FieldInfo

ENVIRONMENT_PREFIX = "PLEXSYNC_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One setting as people see it. `allowed` and `default` are words; an `early` one is for files and variables."""

    name: str
    group: str
    default: str
    allowed: str
    meaning: str
    secret: bool
    early: bool

    @property
    def variable(self) -> str:
        """The environment variable; with `_FILE` behind it, the one that names a file with the value."""
        return ENVIRONMENT_PREFIX + self.name.upper()

    @property
    def camel(self) -> str:
        """The name among the plugin's settings in Stash."""
        first, *others = self.name.split("_")
        return first + "".join(word.capitalize() for word in others)


@cache
def table(model: type[BaseModel] = Settings) -> tuple[Row, ...]:
    """All rows in the order of the reference."""
    rows: list[Row] = []
    group = ""
    for name, info in model.model_fields.items():
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        group = str(extra.get("group") or group)
        rows.append(
            Row(
                name=info.alias or name,
                group=group,
                default=default_in_words(info),
                allowed=allowed_in_words(info),
                meaning=info.description or "",
                secret=is_secret(info),
                early=bool(extra.get("early")),
            )
        )
    return tuple(rows)


def default_in_words(info: FieldInfo) -> str:
    """The value without any source, as it would be written in TOML; empty where there is none."""
    value = info.default
    if value is None or info.is_required():
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{one}"' for one in value) + "]"
    return f'"{value}"'


def allowed_in_words(info: FieldInfo) -> str:
    """What the setting accepts: its own words, its range, or its list of values."""
    for part in info.metadata:
        if isinstance(part, Allowed):
            return part.text
    low, high = _limit(info, "ge"), _limit(info, "le")
    if low is not None and high is not None:
        return f"{low:g} to {high:g}" if high < 10_000 else f"{low} to {high}"
    kind = info.annotation
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _either([f'"{member.value}"' for member in kind])
    return "true or false" if kind is bool else "text"


def is_secret(info: FieldInfo) -> bool:
    """Whether the value is never shown whole."""
    return SecretStr in typing.get_args(info.annotation)


def closest(name: str, names: Iterable[str]) -> str | None:
    """The known name that was probably meant."""
    known = {one.lower(): one for one in names}
    found = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.6)
    return known[found[0]] if found else None


def _limit(info: FieldInfo, name: str) -> float | None:
    found = (getattr(part, name, None) for part in info.metadata)
    return next((limit for limit in found if limit is not None), None)


def _either(words: list[str]) -> str:
    return ", ".join(words[:-1]) + " or " + words[-1]
