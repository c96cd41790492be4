"""The reference page of all settings, made from the table."""

from __future__ import annotations

from itertools import groupby

from pydantic import BaseModel

from plexsync.config.parts import PathRuleSetting, ServerSetting
from plexsync.config.rulesetting import ContentRatingSetting, RuleSetting, TagRuleSetting
from plexsync.config.sources import CONFIG_VARIABLE, FALLBACKS
from plexsync.config.table import Row, table

EXAMPLE = r"""stash_url = "http://stash:9999"

[[servers]]
name = "living room"
url = "http://192.168.1.5:32400"
libraries = ["Clips"]

[[path_rules]]
name = "NAS"
plex = "/volume1/media"
stash = "/data"

[[path_rules]]
name = "one folder for each disk"
plex_pattern = "^/mnt/disk([0-9])/(.*)$"
stash_pattern = '/disks/\1/\2'
"""

_HEAD = """# Settings

This page is made from the table of settings in `plexsync.config`; a test keeps the two equal.

A setting can come from several places. The later one in this list wins:

1. the variables {fallbacks}
2. the plugin's settings in Stash, there named `plexUrl` for `plex_url`, and so on
3. what was saved in PlexSync's own pages
4. `plexsync.toml` in the data folder, or the file that `--config` or `{config}` names
5. variables that begin with `PLEXSYNC_`: `PLEXSYNC_PLEX_URL` for `plex_url`, and so on

`PLEXSYNC_PLEX_TOKEN_FILE` names a file that holds the value of `plex_token`; every setting has such a variable.
In a variable, and in the plugin's settings, a list is written with commas or as JSON, tables as JSON, and path rules
also as lines of `/path/in/plex => /path/in/stash`. A relative path starts at the folder of the file that holds it.

A value that cannot be used in a file or variable stops the start with one line for each fault. In the plugin's
settings or the pages it is refused, the weaker value stays in force, and `plexsync status` shows the line.
A secret is shown as its first and last four characters, a short one not at all.

An example of `plexsync.toml`:

```toml
{example}```
"""

_NOTE_EARLY = " Not in the plugin or the pages."
_NOTE_HIDDEN = " Secret."


def reference() -> str:
    """The page in Markdown."""
    fallbacks = ", ".join(f"`{name}`" for name in FALLBACKS)
    blocks = [_HEAD.format(fallbacks=fallbacks, config=CONFIG_VARIABLE, example=EXAMPLE)]
    blocks.extend(
        _block(title, [_with_variable(row) for row in rows])
        for title, rows in groupby(table(), key=lambda row: row.group)
    )
    blocks.append(_part("In each `[[servers]]`", ServerSetting))
    blocks.append(_part("In each `[[path_rules]]`", PathRuleSetting))
    blocks.append(_part('In `[rules]`, and in each `[rules.library."Title"]` ([examples](rules.md))', RuleSetting))
    blocks.append(_part("In each `[[rules.tags]]`", TagRuleSetting))
    blocks.append(_part("In each `[[rules.content_ratings]]`", ContentRatingSetting))
    return "\n".join(blocks)


def _part(title: str, model: type[BaseModel]) -> str:
    return _block(title, [_line(row, f"`{row.name}`") for row in table(model)])


def _with_variable(row: Row) -> str:
    return _line(row, f"`{row.name}`<br>`{row.variable}`")


def _line(row: Row, name: str) -> str:
    default = f"`{row.default}`" if row.default else ""
    notes = (_NOTE_HIDDEN if row.secret else "") + (_NOTE_EARLY if row.early else "")
    return f"| {name} | {default} | {row.allowed} | {row.meaning}{notes} |"


def _block(title: str, lines: list[str]) -> str:
    head = "| Setting | Default | Allowed | What it does |\n| --- | --- | --- | --- |"
    return "\n".join([f"## {title}", "", head, *lines, ""])
