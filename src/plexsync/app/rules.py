"""The rules of fields and of paths, from settings."""

from __future__ import annotations

from plexsync import config as settings
from plexsync.app.rulebook import book_of
from plexsync.config import Config
from plexsync.model.fields import Field
from plexsync.model.pathrules import PathRules, RuleText, path_rules
from plexsync.model.rules import RuleBook


def rules_of(config: Config) -> RuleBook:
    """The rules of every library that the settings ask for."""
    plain = {
        "enabled": frozenset(name for name in Field if config.writes(name)),
        "owners": {name: config.owner(name) for name in Field},
        "title_from_stem": config.title_when_empty is settings.TitleWhenEmpty.STEM,
        "clear_foreign": frozenset(config.clear_foreign),
        "keep_edits": frozenset(config.keep_edits),
        "rate_plex_items": config.rate_plex_items,
    }
    return book_of(config.rules, plain)


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
