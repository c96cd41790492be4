"""What a simulated Stash is started with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def local_now() -> datetime:
    """The time with the offset of this machine's zone, as Stash writes it."""
    return datetime.now(tz=UTC).astimezone()


@dataclass(frozen=True, slots=True, kw_only=True)
class StashOptions:
    """The choices of one server; all have a working default."""

    scenes: int = 40  #: films in a new library; a state that exists already keeps what it holds
    api_key: str | None = None  #: None: no password is set and everything is open
    prefix: str = "/data"  #: the root of all scene files as Stash sees it
    plugins: tuple[Path, ...] = ()  #: folders that are searched for plugins
    state: Path | None = None  #: the folder that keeps all edits; None: memory only
    config_dir: Path = field(default_factory=Path.cwd)  #: told to plugins as `Dir`
    python_path: str = ""  #: the interpreter of python plugins; empty: looked up in PATH
    session_seconds: int = 3600  #: how long a plugin's session cookie is good
    knows_files_filter: bool = True  #: False: as before 0.30, where scenes cannot be asked for by what their files are
    clock: Callable[[], datetime] = local_now
