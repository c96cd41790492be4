"""The settings file: what would change in it, and writing it whole or not at all."""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from plexsync.app.sources import Sources
from plexsync.cli.call import Failed
from plexsync.cli.setup.known import Known
from plexsync.config import Config, censored
from plexsync.config.editing import edited
from plexsync.model.errors import ConfigurationError
from plexsync.store.private_file import replace, replacing

_PRIVATE = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What the file holds ("" without one) and what it will hold."""

    path: Path
    before: str
    after: str

    @property
    def changes(self) -> bool:
        """Whether there is anything to write."""
        return self.before != self.after

    def shown(self, secrets: Sequence[str]) -> str:
        """The new file, or what differs from the old one, with secrets masked."""
        before, after = (censored(text, secrets) for text in (self.before, self.after))
        if not before:
            return after
        lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1)
        return "\n".join(line for line in list(lines)[2:] if not line.startswith("@@"))


def must_be_writable(path: Path) -> None:
    """Failed where the file could not be written in the end: better before the first question."""
    folder = next(one for one in path.resolve().parents if one.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise Failed(
            f"{path} cannot be written, because of {folder}: give this user the right to write there, or name another "
            "place with --data-dir or --config"
        )


def draft_of(known: Known, answers: Mapping[str, Any]) -> Draft:
    """The file with these answers. Failed when it cannot be read."""
    path = known.file.resolve()
    try:
        before = path.read_bytes().decode() if path.exists() else ""
    except OSError as error:
        raise Failed(f"{path} cannot be read ({error.strerror}): give this user the right to") from error
    return Draft(path=path, before=before, after=edited(before, answers, server=known.server))


def proved(known: Known, draft: Draft, answers: Mapping[str, Any], environ: Mapping[str, str]) -> Config:
    """The settings as they will be in force. ConfigurationError when they would not be those answered."""
    with TemporaryDirectory(prefix="plexsync-") as folder:
        file = Path(folder, draft.path.name)
        replace(file, draft.after)
        sources = Sources(environ=environ, config_file=file, data_dir=known.config.data_dir)
        config = sources.load()
    then = Known(options=known.options, config=config, file=known.file, said={}, server=known.server)
    for name, value in answers.items():
        if (_plain(then.usual(name)) or None) != (_plain(value) or None):
            origin = config.origins.get(name, "the file")
            raise ConfigurationError([f"{name} would not be as answered, because {origin} says something else"])
    return config


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Path) else value


def save(draft: Draft) -> str:
    """Write the file, for its owner's eyes only; a word about that where it was otherwise. Failed, with nothing
    written, when that is not possible.
    """
    before = draft.path.stat() if draft.path.exists() else None
    try:
        draft.path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(draft.path) as file:
            file.write(draft.after.encode())
            if before is not None and hasattr(os, "fchown") and os.geteuid() == 0:
                os.fchown(file.fileno(), before.st_uid, before.st_gid)
    except OSError as error:
        raise Failed(
            f"{draft.path} cannot be written ({error.strerror}), nothing has changed: give this user the right to "
            "write there, or name another place with --data-dir"
        ) from error
    mode = stat.S_IMODE(before.st_mode) if before is not None else _PRIVATE
    if mode == _PRIVATE:
        return ""
    return f"It holds secrets, so only its owner may read it now (mode 600; it was {mode:o})"
