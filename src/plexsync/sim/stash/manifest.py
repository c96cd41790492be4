"""Plugin manifests, read as strictly as Stash reads them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

Interface = Literal["raw", "js", "rpc"]
Level = Literal["none", "trace", "debug", "info", "warning", "error"]


class Unusable(Exception):
    """The manifest does not load; the whole plugin is left out."""


class Task(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A button of the tasks page."""

    name: str
    description: str = ""
    execArgs: tuple[str, ...] = ()  # noqa: N815  # the manifest's own names
    defaultArgs: dict[str, str | int | float | bool] = {}  # noqa: N815


class Hook(Task, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call for certain events. Trigger names are not checked."""

    triggeredBy: tuple[str, ...] = ()  # noqa: N815


class Setting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A setting that the user may fill in; there are no defaults."""

    displayName: str = ""  # noqa: N815
    description: str = ""
    type: Literal["STRING", "NUMBER", "BOOLEAN"] = "STRING"


class Interfaces(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is loaded into the pages."""

    javascript: tuple[str, ...] = ()
    css: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    assets: dict[str, str] = {}
    csp: dict[Literal["script-src", "style-src", "connect-src"], tuple[str, ...]] = {}


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `<id>.yml`."""

    name: str = ""
    description: str = ""
    version: str | float | int = ""
    url: str = ""
    exec: tuple[str, ...] = ()
    interface: Interface = "raw"
    errLog: Level = "error"  # noqa: N815
    tasks: tuple[Task, ...] = ()
    hooks: tuple[Hook, ...] = ()
    settings: dict[str, Setting] = {}
    ui: Interfaces = Interfaces()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """A plugin that loaded."""

    id: str
    folder: Path  #: as it was walked, so perhaps relative
    manifest: Manifest

    @property
    def name(self) -> str:
        """The name shown, the id when the manifest gives none."""
        return self.manifest.name or self.id


def load(file: Path) -> Plugin:
    """The plugin of a manifest; raises `Unusable` with the reason."""
    try:
        content: Any = yaml.safe_load(file.read_text("utf-8"))
        manifest = msgspec.convert(_without_nulls(content), Manifest)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise Unusable(f"Error loading plugin {file}: {error}") from error
    return Plugin(id=file.stem, folder=file.parent, manifest=manifest)


def _without_nulls(value: Any) -> Any:
    """An empty value stands for the default, as in Go."""
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value
