"""Where settings come from. Each source gives names and raw values with the place that a person would look at."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from plexsync.config.faults import Fault, unknown
from plexsync.config.table import ENVIRONMENT_PREFIX, Row, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

#: Names the file of settings; it is not a setting itself.
CONFIG_VARIABLE = "PLEXSYNC_CONFIG"
FALLBACKS = {
    "PLEX_URL": "plex_url",
    "PLEX_TOKEN": "plex_token",
    "STASH_URL": "stash_url",
    "STASH_API_KEY": "stash_api_key",
}
_FILE = "_FILE"
_NOT_OURS = ("PLEXSYNC_LIVE_", "PLEXSYNC_TEST_", "PLEXSYNC_BENCH_")
#: What Kubernetes sets in every container beside a service named plexsync.
_SERVICE_LINK = re.compile(r"PLEXSYNC_(SERVICE_(HOST|PORT)(_\w+)?|PORT_\d+_(TCP|UDP)(_\w+)?)")
_CAMEL_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SECRET_NAME = re.compile(r"token|key|secret|pass", re.IGNORECASE)
_LARGEST = 1_000_000


class Source(IntEnum):
    """A higher one wins."""

    FALLBACK = 1
    PLUGIN = 2
    SAVED = 3
    FILE = 4
    ENVIRONMENT = 5
    ARGUMENT = 6

    @property
    def soft(self) -> bool:
        """A bad value is refused and the weaker one kept, instead of stopping the start."""
        return self in {Source.PLUGIN, Source.SAVED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One raw value. `base` is the folder that a relative path in it starts from."""

    name: str
    value: Any = field(repr=False)
    place: str
    source: Source
    base: Path | None = None


@dataclass(slots=True)
class Gathered:
    """What the sources gave. `suspects` are values of unknown names that may be secrets all the same."""

    given: list[Given] = field(default_factory=list, repr=False)
    faults: list[Fault] = field(default_factory=list)
    refused: list[Fault] = field(default_factory=list)
    suspects: list[str] = field(default_factory=list, repr=False)

    def secrets(self) -> list[str]:
        """Every text that was given where a secret belongs."""
        secret = {row.name for row in table() if row.secret}
        found = [str(one.value) for one in self.given if one.name in secret]
        for one in self.given:
            found.extend(_tokens(one.value) if one.name == "servers" else ())
        return found + self.suspects

    def not_known(self, fault: Fault, value: Any, *, soft: bool = False) -> None:
        """Note a name that no setting has."""
        (self.refused if soft else self.faults).append(fault)
        if _SECRET_NAME.search(fault.name) and isinstance(value, str):
            self.suspects.append(value)


def from_environment(environ: Mapping[str, str], cwd: Path, into: Gathered) -> None:
    """Fall-back variables, `PLEXSYNC_*`, and the files that `PLEXSYNC_*_FILE` name."""
    for variable, name in FALLBACKS.items():
        if value := environ.get(variable, "").strip():
            into.given.append(Given(name=name, value=value, place=variable, source=Source.FALLBACK))
    rows = {row.variable: row for row in table()}
    for variable in sorted(environ):
        if _is_ours(variable, environ[variable]):
            _variable(variable, environ, rows, cwd, into)


def _is_ours(variable: str, value: str) -> bool:
    if not variable.startswith(ENVIRONMENT_PREFIX) or variable == CONFIG_VARIABLE:
        return False
    link = _SERVICE_LINK.fullmatch(variable) or value.startswith(("tcp://", "udp://"))
    return not link and not variable.startswith(_NOT_OURS)


def _variable(variable: str, environ: Mapping[str, str], rows: dict[str, Row], cwd: Path, into: Gathered) -> None:
    value: str | Fault = environ[variable]
    row, place = rows.get(variable), variable
    if row is None and (row := rows.get(variable.removesuffix(_FILE))):
        if row.variable in environ:
            remedy = f"keep one of {row.variable} and {variable}"
            into.faults.append(Fault(name=row.name, place=variable, problem="is given twice", remedy=remedy))
            return
        place = f"{variable}, the file {environ[variable]}"
        value = _content(row.name, place, cwd / environ[variable].strip())
    if row is None:
        into.not_known(unknown(variable, "environment", rows), value)
    elif isinstance(value, Fault):
        into.faults.append(value)
    else:
        into.given.append(Given(name=row.name, value=value, place=place, source=Source.ENVIRONMENT, base=cwd))


def _content(name: str, place: str, path: Path) -> str | Fault:
    """A secret file's text, without the line end that editors add."""
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST).decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return Fault(name=name, place=place, problem="the file holds no text", remedy="save it as UTF-8")
    except (OSError, ValueError) as error:
        problem = f"the file cannot be read ({_reason(error)})"
        return Fault(name=name, place=place, problem=problem, remedy="correct its path or its permissions")


def from_file(path: Path, *, required: bool, into: Gathered) -> None:
    """The TOML file. A missing one is a fault only when it was asked for."""
    content = _toml(path, required=required)
    if isinstance(content, Fault):
        into.faults.append(content)
        return
    names = [row.name for row in table()]
    for key, value in content.items():
        place = f"{path}, key {key}"
        if key in names:
            into.given.append(
                Given(name=key, value=value, place=place, source=Source.FILE, base=path.absolute().parent)
            )
        else:
            into.not_known(unknown(key, str(path), names), value)


def _toml(path: Path, *, required: bool) -> dict[str, Any] | Fault:
    name = path.name
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        missing = Fault(name=name, place=str(path), problem="does not exist", remedy="correct the path")
        return missing if required else {}
    except (OSError, ValueError) as error:
        problem = f"cannot be read ({_reason(error)})"
        return Fault(name=name, place=str(path), problem=problem, remedy="correct its path or its permissions")
    try:
        return tomllib.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return Fault(name=name, place=f"{path}, line {line}", problem="is not UTF-8", remedy="save the file as UTF-8")
    except tomllib.TOMLDecodeError as error:
        return _unreadable(name, path, str(error), raw)


def _unreadable(name: str, path: Path, message: str, raw: bytes) -> Fault:
    """The parser's words can hold a key; a line's content is never shown, it may hold a secret."""
    found = re.search(r"\(at line (\d+), column (\d+)\)", message)
    line = int(found[1]) if found else raw.count(b"\n") + 1
    place = f"{path}, line {line}" + (f", column {found[2]}" if found else "")
    remedy = 'write each setting as name = value, text in "quotes"'
    return Fault(name=name, place=place, problem="is not valid TOML", remedy=remedy)


def from_people(settings: Mapping[str, Any] | None, source: Source, into: Gathered) -> None:
    """Settings of the plugin in Stash, or saved in the pages; empty ones count as not set."""
    rows = {row.name: row for row in table()}
    where = "plugin settings in Stash" if source is Source.PLUGIN else "saved in the pages"
    for key, value in (settings or {}).items():
        if value is None or value == "":
            continue
        row = rows.get(_CAMEL_HUMP.sub("_", key).lower())
        place = f"{where}, {key}"
        if row is None:
            names = [one.camel if source is Source.PLUGIN else one.name for one in rows.values()]
            into.not_known(unknown(key, place, names), value, soft=True)
        elif row.early:
            remedy = f"set it in plexsync.toml or as {row.variable}"
            problem = "is needed before these settings can be read"
            into.refused.append(Fault(name=row.name, place=place, problem=problem, remedy=remedy))
        else:
            into.given.append(Given(name=row.name, value=value, place=place, source=source))


def _tokens(value: Any) -> Iterator[str]:
    """Texts under any name that a secret may have, however deep."""
    if isinstance(value, str) and value.lstrip().startswith(("[", "{")):
        try:
            value = json.loads(value)
        except ValueError:
            return
    if isinstance(value, list | tuple):
        for one in value:
            yield from _tokens(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            if _SECRET_NAME.search(str(key)):
                yield str(one)
            else:
                yield from _tokens(one)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
