"""Settings: one table, and how files, variables, plugin and pages fill it."""

from plexsync.config.faults import Fault
from plexsync.config.loading import CONFIG_NAME, check, checked, default_folder, load
from plexsync.config.masking import censored, mask
from plexsync.config.parts import PathRuleSetting, ServerSetting
from plexsync.config.reference import reference
from plexsync.config.resolved import Config
from plexsync.config.rulesetting import RuleSetting, RulesSetting
from plexsync.config.settings import LogLevel, Settings, TitleWhenEmpty
from plexsync.config.table import Row, table

__all__ = [
    "CONFIG_NAME",
    "Config",
    "Fault",
    "LogLevel",
    "PathRuleSetting",
    "Row",
    "RuleSetting",
    "RulesSetting",
    "ServerSetting",
    "Settings",
    "TitleWhenEmpty",
    "censored",
    "check",
    "checked",
    "default_folder",
    "load",
    "mask",
    "reference",
    "table",
]
