"""The kinds of values that settings take: what is accepted, and what to do when it is not."""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, SecretStr, ValidationInfo
from pydantic_core import PydanticCustomError

_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?")
_ARROW = "=>"
#: Stands for all libraries.
EVERY = "*"


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a setting accepts, in words, where its type alone does not say it."""

    text: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a value's place adds to its meaning. `base` is the folder that relative paths start from, if any may."""

    base: Path | None = None
    home: Path | None = None


def wrong(what: str, remedy: str) -> PydanticCustomError:
    """The error of a value: what is wrong with it, and what to do."""
    return PydanticCustomError("setting", "{what}", {"what": what, "remedy": remedy})


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise wrong("is not text", "put the value in quotes")
    if not value.strip():
        raise wrong("is empty", "give a value, or leave the setting out")
    if any(not char.isprintable() for char in value.strip()):
        raise wrong("holds a control character", "write the value on one line, without tabs")
    return value.strip()


def address(value: Any) -> str | None:
    """An http or https address without user, query and trailing slash."""
    if value is None:
        return None
    text = _text(value)
    if text[0] in "\"'":
        raise wrong("begins with a quote", "take the quotes out of the value")
    if "://" not in text:
        raise wrong("has no scheme", f'write "http://{text.lstrip("/")}"')
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise wrong("is no address", 'write it like "http://192.168.1.5:32400"') from None
    if parts.scheme.lower() not in {"http", "https"}:
        raise wrong("has a scheme that is not http or https", 'begin it with "http://" or "https://"')
    if not parts.hostname or " " in text or port == 0:
        raise wrong("names no host", 'write it like "http://192.168.1.5:32400"')
    if parts.username is not None or parts.password is not None:
        raise wrong("holds a user or password", "take out what stands before the @; use the token or key setting")
    if parts.query or parts.fragment:
        raise wrong("is the address of a page", f'write only "{parts.scheme}://{parts.netloc}"')
    return f"{parts.scheme.lower()}://{parts.netloc}{parts.path}".rstrip("/")


def secret(value: Any) -> SecretStr | None:
    """A token, key or password: printable ASCII without white space, fit for a header."""
    if value is None or isinstance(value, SecretStr):
        return value
    text = _text(value)
    if text[0] in "\"'" or text[-1] in "\"'":
        raise wrong("begins or ends with a quote", "take the quotes out of the value")
    if any(char.isspace() for char in text) or not text.isascii():
        raise wrong("holds a space or a letter that no token has", "copy the whole token once more, alone")
    return SecretStr(text)


def database(value: Any) -> SecretStr | None:
    """An address of a database; it may hold a password, so it is a secret."""
    if value is None or isinstance(value, SecretStr):
        return value
    text = _text(value)
    scheme, colon, _ = text.partition("://")
    if not colon or scheme not in {"sqlite", "postgresql", "postgres", "postgresql+psycopg"}:
        raise wrong("has a scheme that is not known", 'begin it with "sqlite:///" or "postgresql://"')
    return SecretStr(text)


def folder(value: Any, info: ValidationInfo) -> Path | None:
    """An absolute path; `~` is the home folder, a relative one starts at the place where it was written."""
    if value is None or isinstance(value, Path):
        return value
    text = _text(value)
    around = info.context
    if not isinstance(around, Surroundings):
        return Path(text)
    if text == "~" or text.startswith("~/"):
        if around.home is None:
            raise wrong("needs a home folder, and HOME is not set", "write the whole path")
        return around.home / text[2:]
    if not Path(text).is_absolute() and around.base is None:
        raise wrong("is not an absolute path", "write the whole path, from the root")
    return (around.base or Path("/")) / text


def items(value: Any) -> Any:
    """A list; text is a JSON list or is split at commas and line ends. Empty entries are left out."""
    if isinstance(value, str):
        if value.lstrip().startswith("["):
            return parsed(value)
        return tuple(part.strip() for part in re.split(r"[,\n]", value) if part.strip())
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,)
    return value


def parsed(text: str, remedy: str = 'write a JSON list: ["one", "two"]') -> Any:
    """JSON that a person wrote into one line."""
    try:
        return json.loads(text)
    except ValueError:
        raise wrong("is no JSON", remedy) from None


def titles(value: Any) -> Any:
    """Library titles or keys as text, each once, in the order given."""
    found = items(value)
    if not isinstance(found, list | tuple):
        raise wrong("is not a list", 'write it like ["Films", "Clips"]')
    if any(not isinstance(one, str | int) or isinstance(one, bool) for one in found):
        raise wrong("holds something that is neither a title nor a key", 'write it like ["Films", "2"]')
    return tuple(dict.fromkeys(str(one).strip() for one in found if str(one).strip()))


def titles_or_all(value: Any) -> Any:
    """The same, or true for every library (then it is `EVERY` alone), or false for none."""
    words = value.strip().lower() if isinstance(value, str) else value
    if words is True or words in ("true", "all", EVERY):
        return (EVERY,)
    return () if words is False or words in ("false", "") else titles(value)


def host_name(value: Any) -> str:
    """An IP address or a host name, without scheme and port."""
    text = _text(value)
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        pass
    if not _HOST_NAME.fullmatch(text):
        raise wrong("is no host name", "write the name or address alone, without http:// and without a port")
    return text.lower().rstrip(".")


def host_names(value: Any) -> Any:
    """Several of `host_name`."""
    found = items(value)
    return tuple(host_name(one) for one in found) if isinstance(found, list | tuple) else found


def rules(value: Any) -> Any:
    """Path rules as tables, as JSON, or as lines of `plex path => stash path`."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return parsed(value)
    lines = [line.strip() for line in re.split(r"[;\n]", value) if line.strip()]
    if any(_ARROW not in line for line in lines):
        raise wrong("holds a rule without =>", 'write each rule as "/path/in/plex => /path/in/stash"')
    pairs = (line.partition(_ARROW) for line in lines)
    return [{"plex": plex.strip(), "stash": stash.strip()} for plex, _, stash in pairs]


def tables(value: Any) -> Any:
    """Tables, or the same as JSON text."""
    return parsed(value) if isinstance(value, str) else value


def lower(value: Any) -> Any:
    """A word of a fixed list, whatever its case."""
    return value.strip().lower() if isinstance(value, str) else value


Address = Annotated[str | None, BeforeValidator(address), Allowed("an address that begins with http:// or https://")]
Secret = Annotated[SecretStr | None, BeforeValidator(secret), Allowed("text without spaces")]
Database = Annotated[
    SecretStr | None, BeforeValidator(database), Allowed("an address that begins with sqlite:/// or postgresql://")
]
Folder = Annotated[Path, BeforeValidator(folder), Allowed("a path")]
MaybeFile = Annotated[Path | None, BeforeValidator(folder), Allowed("a path")]
Folders = Annotated[
    tuple[Annotated[Path, BeforeValidator(folder)], ...], BeforeValidator(items), Allowed("a list of paths")
]
Titles = Annotated[tuple[str, ...], BeforeValidator(titles), Allowed("a list of library titles or keys")]
TitlesOrAll = Annotated[
    tuple[str, ...], BeforeValidator(titles_or_all), Allowed("a list of library titles or keys, or true for all")
]
HostName = Annotated[str, BeforeValidator(host_name), Allowed("an IP address or host name")]
HostNames = Annotated[tuple[str, ...], BeforeValidator(host_names), Allowed("a list of host names")]
