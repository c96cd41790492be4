"""What one call of the program was given, whichever verb it names."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plexsync.app.sources import Sources
    from plexsync.config import Config

#: Options of the program itself; True where a value follows.
_GLOBAL = {"--data-dir": True, "--config": True, "--json": False}


class Failed(Exception):
    """The verb did not do what it was asked for; the message says why and what helps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The options that every verb has."""

    data_dir: Path | None = None
    config_file: Path | None = None
    as_json: bool = False

    def sources(self, **more: str) -> Sources:
        """Where settings come from; `more` are variables that win over those of the environment."""
        from plexsync.app.sources import Sources

        return Sources(environ={**os.environ, **more}, config_file=self.config_file, data_dir=self.data_dir)

    def config(self) -> Config:
        """The settings of files and variables; ConfigurationError with all their faults."""
        from plexsync import config

        return config.load(config_file=self.config_file, data_dir=self.data_dir, environ=os.environ)


def call_of(context: Any) -> Call:
    """The call that a verb's context belongs to."""
    return cast("Call", context.find_root().obj)


def hoisted(words: Sequence[str]) -> list[str]:
    """The same words with the program's own options first, so that they may stand behind the verb too."""
    first: list[str] = []
    rest: list[str] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            rest += [word, *waiting]
            break
        takes_value = _GLOBAL.get(word)
        if takes_value is not None:
            first += [word, *waiting[: int(takes_value)]]
            del waiting[: int(takes_value)]
        elif word.partition("=")[0] in _GLOBAL:
            first.append(word)
        else:
            rest.append(word)
    return first + rest
