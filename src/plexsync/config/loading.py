"""From all sources to the settings in force; the weaker source gives way to the stronger."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from plexsync.config.faults import Fault, faults_of
from plexsync.config.kinds import Surroundings
from plexsync.config.masking import censored
from plexsync.config.resolved import Config
from plexsync.config.settings import PLAIN, Settings
from plexsync.config.sources import (
    CONFIG_VARIABLE,
    Gathered,
    Given,
    Source,
    from_environment,
    from_file,
    from_people,
)
from plexsync.config.table import Row, table
from plexsync.model.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG_NAME = "plexsync.toml"
_ANYWHERE = Path("/")


def load(
    *,
    config_file: Path | None,
    data_dir: Path | None,
    environ: Mapping[str, str],
    plugin: Mapping[str, Any] | None = None,
    saved: Mapping[str, Any] | None = None,
) -> Config:
    """The settings in force. `data_dir` wins over every source; without `config_file` the data folder's file is read.

    Raises ConfigurationError with every fault of files and variables. Faults of `plugin` and `saved` are listed in
    `Config.refused`, and the next weaker value stays in force.
    """
    gathered = Gathered()
    from_environment(environ, Path.cwd(), gathered)
    folder = data_dir or _folder_in_environment(environ, gathered) or default_folder(environ, sys.platform)
    _file(config_file, folder, environ, gathered)
    _data_dir(data_dir, folder, gathered)
    from_people(plugin, Source.PLUGIN, gathered)
    from_people(saved, Source.SAVED, gathered)
    chosen, values = _validated(gathered, _home(environ))
    _one_form_of_servers(chosen, values, gathered)
    secrets = gathered.secrets()
    if gathered.faults:
        raise ConfigurationError([censored(fault.line, secrets) for fault in gathered.faults])
    return Config(
        **values,
        refused=tuple(censored(fault.line, secrets) for fault in gathered.refused),
        origins={name: chosen[name].place for name in chosen if name in values},
    )


def check(values: Mapping[str, Any]) -> dict[str, str]:
    """The line of each setting that the pages must not save; empty when all may be saved."""
    gathered = Gathered()
    from_people(values, Source.SAVED, gathered)
    _validated(gathered, None)
    secrets = gathered.secrets()
    return {fault.name: censored(fault.line, secrets) for fault in gathered.refused}


def checked(name: str, raw: Any, place: str) -> tuple[Any, Fault | None]:
    """What a setting makes of a value that a person gave at `place`, or what is wrong with it."""
    given = Given(name=name, value=raw, place=place, source=Source.ARGUMENT, base=Path.cwd())
    value, faults = _value(given, _row(name), None)
    return value, faults[0] if faults else None


def default_folder(environ: Mapping[str, str], platform: str) -> Path | None:
    """The data folder that is usual on a platform; None where the environment names no home."""
    home = _home(environ)
    if platform == "win32":
        local = environ.get("LOCALAPPDATA")
        return Path(local) / "plexsync" if local else None
    if platform == "darwin":
        return home / "Library" / "Application Support" / "plexsync" if home else None
    data = environ.get("XDG_DATA_HOME", "")
    # A relative one is to be ignored, by the specification of these variables.
    if data.startswith("/"):
        return Path(data) / "plexsync"
    return home / ".local" / "share" / "plexsync" if home else None


def _home(environ: Mapping[str, str]) -> Path | None:
    home = environ.get("HOME") or environ.get("USERPROFILE")
    return Path(home) if home else None


def _folder_in_environment(environ: Mapping[str, str], gathered: Gathered) -> Path | None:
    given = next((one for one in gathered.given if one.name == "data_dir"), None)
    value, _ = _value(given, _row("data_dir"), _home(environ)) if given else (None, [])
    return value if isinstance(value, Path) else None


def _file(config_file: Path | None, folder: Path | None, environ: Mapping[str, str], into: Gathered) -> None:
    named = environ.get(CONFIG_VARIABLE, "").strip()
    asked = config_file or (Path(named) if named else None)
    path = asked or (folder / CONFIG_NAME if folder else None)
    if path is None:
        return
    from_file(path, required=asked is not None, into=into)
    misplaced = [one for one in into.given if one.name == "data_dir" and one.source is Source.FILE]
    if misplaced and asked is None:
        problem = "cannot be set in the file that lies in the data folder"
        remedy = f"take it out here and set {_row('data_dir').variable}"
        into.faults.append(Fault(name="data_dir", place=misplaced[0].place, problem=problem, remedy=remedy))


def _data_dir(argument: Path | None, folder: Path | None, into: Gathered) -> None:
    """The folder that the argument names wins; the usual one is taken when no source names another."""
    named = any(one.name == "data_dir" for one in into.given)
    if argument is not None:
        folder, place = argument.absolute(), "command line"
    elif named:
        return
    else:
        place = "usual folder"
    if folder is None:
        problem = "no usual folder is known, HOME is not set"
        remedy = f"set {_row('data_dir').variable}"
        into.faults.append(Fault(name="data_dir", place="environment", problem=problem, remedy=remedy))
    else:
        into.given.append(Given(name="data_dir", value=folder, place=place, source=Source.ARGUMENT))


def _validated(gathered: Gathered, home: Path | None) -> tuple[dict[str, Given], dict[str, Any]]:
    """The strongest good value of each name. Every value is looked at, so that every fault is told at once."""
    chosen: dict[str, Given] = {}
    values: dict[str, Any] = {}
    rows = {row.name: row for row in table()}
    for given in sorted(gathered.given, key=lambda one: one.source):
        value, faults = _value(given, rows[given.name], home)
        if faults:
            (gathered.refused if given.source.soft else gathered.faults).extend(faults)
        else:
            chosen[given.name], values[given.name] = given, value
    return chosen, values


def _value(given: Given, row: Row, home: Path | None) -> tuple[Any, list[Fault]]:
    around = Surroundings(base=given.base, home=home)
    try:
        model = Settings.model_validate({"data_dir": _ANYWHERE, given.name: given.value}, context=around)
    except ValidationError as error:
        return None, faults_of(error, row, given.place)
    return getattr(model, given.name), []


def _one_form_of_servers(chosen: dict[str, Given], values: dict[str, Any], into: Gathered) -> None:
    """Servers are described by the list or by the plain names; the stronger source says by which.

    Two forms in files and variables contradict each other, unless the list is the stronger one.
    """
    plain = [chosen[name] for name in PLAIN if name in chosen]
    servers = chosen.get("servers")
    if servers is None or not values["servers"] or not plain:
        return
    strongest = max(plain, key=lambda one: one.source)
    problem = f"describes the only server, but servers is set too ({servers.place})"
    fault = Fault(name=strongest.name, place=strongest.place, problem=problem, remedy="keep one of the two")
    wins = strongest.source > servers.source
    if not servers.source.soft and strongest.source >= servers.source:
        into.faults.append(fault)
    elif wins and "plex_url" not in chosen:
        into.refused.append(fault)
    for name in ("servers",) if wins and "plex_url" in chosen else tuple(PLAIN):
        values.pop(name, None)


def _row(name: str) -> Row:
    return next(row for row in table() if row.name == name)
