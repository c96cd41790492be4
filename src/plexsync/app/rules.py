"""The rules of fields and of paths, from settings."""

from __future__ import annotations

from plexsync import config as settings
from plexsync.config import Config
from plexsync.model.fields import Field
from plexsync.model.pathrules import PathRules, RuleText, path_rules
from plexsync.model.rules import Rules


def rules_of(config: Config) -> Rules:
    """The rules of the fields that the settings ask for."""
    return Rules(
        enabled=frozenset(name for name in Field if config.writes(name)),
        owners={name: config.owner(name) for name in Field},
        title_from_stem=config.title_when_empty is settings.TitleWhenEmpty.STEM,
        clear_foreign=frozenset(config.clear_foreign),
    )


def paths_of(config: Config) -> PathRules:
    """The path rules that the settings ask for; ConfigurationError names those that cannot work."""
    return path_rules(
        [
            RuleText(
                name=rule.name,
                plex=rule.plex or "",
                stash=rule.stash or "",
                plex_pattern=rule.plex_pattern or "",
                stash_pattern=rule.stash_pattern or "",
                case_insensitive=rule.case_insensitive,
            )
            for rule in config.path_rules
        ]
    )
