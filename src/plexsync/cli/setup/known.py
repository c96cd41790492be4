"""What is known before anything is asked: options, variables, and the settings in force."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from plexsync.app.inspection import last_known
from plexsync.app.sources import Sources
from plexsync.cli.call import Call
from plexsync.cli.setup.dialogue import words_of
from plexsync.cli.setup.options import Options
from plexsync.config import CONFIG_NAME, Config, checked
from plexsync.config.resolved import ONLY_SERVER
from plexsync.config.settings import PLAIN
from plexsync.config.sources import CONFIG_VARIABLE
from plexsync.model.errors import ConfigurationError, StoreError

_OURS = "PLEXSYNC_"
_FILE = "_FILE,"
#: How the settings file is named as the place of the list of servers.
_IN_FILE = ", key servers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """`file` is where the settings belong; `server` the entry of `[[servers]]` that is set up, None without such.

    `unread` says why what was saved in the pages is not known; "" where it is.
    """

    options: Options
    config: Config
    file: Path
    said: Mapping[str, tuple[Any, str]]
    server: int | None = None
    unread: str = ""

    def given(self, name: str) -> tuple[Any, str] | None:
        """The value that an option or a variable of PlexSync gives, with its name: it is not asked for again."""
        if name in self.said:
            return self.said[name]
        place = self.config.origins.get(name, "")
        return (self.usual(name), place.partition(",")[0]) if place.startswith(_OURS) else None

    def usual(self, name: str) -> Any:
        """The value in force; secrets as plain text, path rules as tables, None or empty where there is none."""
        if self.server is not None and name in PLAIN:
            value: Any = getattr(self.config.servers[self.server], PLAIN[name])
        else:
            value = getattr(self.config, name)
        if isinstance(value, SecretStr):
            return value.get_secret_value()
        if name == "path_rules":
            return tuple(rule.model_dump(exclude_unset=True) for rule in value)
        return value

    def stays_outside(self, name: str) -> bool:
        """Whether a secret lies in a file of its own, which a variable names; then it is not copied."""
        return name not in self.said and _FILE in self.config.origins.get(name, "").replace(" ", "")

    @property
    def server_name(self) -> str:
        """What PlexSync calls the Plex server."""
        return self.config.servers[self.server].name if self.server is not None else ONLY_SERVER


def known_of(call: Call, options: Options) -> Known:
    """All that is known. ConfigurationError for a file that cannot be used, and for options that are wrong."""
    named = call.config_file or _named_file()
    (config, unread), file = _loaded(call, named)
    said = _checked(options, config)
    server = _entry(config, options, file)
    return Known(options=options, config=config, file=file, said=said, server=server, unread=unread)


def _named_file() -> Path | None:
    named = os.environ.get(CONFIG_VARIABLE, "").strip()
    return Path(named) if named else None


def in_force(sources: Sources) -> tuple[Config, str]:
    """The settings as last known, those of the pages too, or why the latter cannot be read: the store may be new, or
    of an older version until the daemon starts."""
    try:
        return last_known(sources), ""
    except StoreError as error:
        return sources.load(), str(error)


def _loaded(call: Call, named: Path | None) -> tuple[tuple[Config, str], Path]:
    """The settings in force. A file that is named and not there yet is one that will be."""
    if named is None or named.exists():
        found = in_force(call.sources())
        return found, (named or found[0].data_dir / CONFIG_NAME).absolute()
    environ = {name: value for name, value in os.environ.items() if name != CONFIG_VARIABLE}
    with tempfile.TemporaryDirectory(prefix="plexsync-") as folder:
        empty = Path(folder, CONFIG_NAME)
        empty.touch()
        return in_force(Sources(environ=environ, config_file=empty, data_dir=call.data_dir)), named.absolute()


def _checked(options: Options, config: Config) -> dict[str, tuple[Any, str]]:
    faults: list[str] = []
    said: dict[str, tuple[Any, str]] = {}
    for name, (raw, place) in options.said().items():
        value, fault = checked(name, raw, place)
        origin = config.origins.get(name, "").partition(",")[0]
        if fault is not None:
            faults.append(f"{place}: {words_of(fault)}")
        elif origin.startswith(_OURS) and value != getattr(config, name):
            faults.append(f"{place} says something else than {origin}, which wins over the file: take one of them away")
        else:
            said[name] = (_plain(value), place)
    if faults:
        raise ConfigurationError(faults)
    return said


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return tuple(one.model_dump(exclude_unset=True) if hasattr(one, "model_dump") else one for one in value)
    return value


def _entry(config: Config, options: Options, file: Path) -> int | None:
    origin = config.origins.get("servers", "")
    if not origin:
        return None
    if not origin.endswith(_IN_FILE):
        raise ConfigurationError(
            [f"servers is set by {origin}: setup can only change it in {file}. Change it there, or take it away"]
        )
    names = [server.name for server in config.servers]
    if len(names) == 1 and options.server is None:
        return 0
    if options.server not in names:
        told = ", ".join(names)
        raise ConfigurationError([f"{file} names several servers: say with --server which one to set up ({told})"])
    return names.index(options.server)
