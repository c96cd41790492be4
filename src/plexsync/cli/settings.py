"""The settings in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plexsync.cli.screen import Screen

if TYPE_CHECKING:
    from plexsync.config import Config


def show(config: Config, screen: Screen) -> None:
    """Every setting with its place; secrets are masked."""
    values = config.shown()
    screen.facts({"settings": values, "origins": config.origins, "refused": list(config.refused)})
    screen.table(
        "Settings of files and variables",
        ("name", "value", "from"),
        [(name, _words(value), config.origins.get(name, "default")) for name, value in values.items()],
    )


def _words(value: object) -> str:
    if value is None:
        return "(not set)"
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(str(one) for one in value) or "(none)" if isinstance(value, list) else str(value)
