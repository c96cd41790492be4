"""The two tables that settings may hold several of: servers and path rules."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from plexsync.config.kinds import Address, Allowed, Secret, Titles, rules, tables, wrong
from plexsync.model.pathrules import RuleText, checked_rule
from plexsync.model.patternparts import PatternFault

_ROOTED = re.compile(r"/|\\\\|[A-Za-z]:[\\/]")
_CLOSED = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, str_strip_whitespace=True)


class ServerSetting(BaseModel):
    """One Plex server."""

    model_config = _CLOSED

    name: str = Field(min_length=1, max_length=60, description="Your name for the server.")
    url: Address = Field(description="Its address as PlexSync reaches it.")
    token: Secret = Field(default=None, description="The X-Plex-Token of its owner.")
    libraries: Titles = Field(default=(), description="Libraries that are written; empty: none.")


class PathRuleSetting(BaseModel):
    """How a file's path in Plex becomes its path in Stash: two folders, or a pattern and what replaces it."""

    model_config = _CLOSED

    name: str = Field(default="", max_length=60, description="Your name for the rule.")
    plex: str | None = Field(default=None, description="Folder as Plex sees it.")
    stash: str | None = Field(default=None, description="The same folder as Stash sees it.")
    plex_pattern: str | None = Field(default=None, description="Regular expression for a path in Plex.")
    stash_pattern: str | None = Field(default=None, description=r"The path in Stash; `\1` is the first group.")
    case_insensitive: bool = Field(default=False, description="Upper and lower case are the same.")

    @field_validator("plex", "stash")
    @classmethod
    def _rooted(cls, value: str | None) -> str | None:
        if value is not None and not _ROOTED.match(value):
            raise wrong("is not an absolute path", "write the whole folder, from the root or drive letter")
        return value

    @field_validator("plex_pattern")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "")
        except re.error as error:
            raise wrong(f"is no regular expression ({error})", "mend the pattern") from None
        return value

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        folders = (self.plex is not None, self.stash is not None)
        patterns = (self.plex_pattern is not None, self.stash_pattern is not None)
        if {folders, patterns} != {(True, True), (False, False)}:
            raise wrong("is not one whole rule", "give plex and stash, or plex_pattern and stash_pattern")
        return self

    @model_validator(mode="after")
    def _works_both_ways(self) -> Self:
        texts = (self.plex or "", self.stash or "", self.plex_pattern or "", self.stash_pattern or "")
        plex, stash, plex_pattern, stash_pattern = texts
        try:
            checked_rule(RuleText(plex=plex, stash=stash, plex_pattern=plex_pattern, stash_pattern=stash_pattern))
        except PatternFault as fault:
            raise wrong(
                f"cannot be used: {fault.reason}", f"write a rule that leads both ways, {fault.example}"
            ) from None
        return self


def _named_apart(servers: tuple[ServerSetting, ...]) -> tuple[ServerSetting, ...]:
    names = [server.name.casefold() for server in servers]
    if len(set(names)) < len(names):
        raise wrong("gives one name to two servers", "give each server its own name")
    if any(server.url is None for server in servers):
        raise wrong("holds a server without an address", "give each server a url")
    return servers


Servers = Annotated[
    tuple[ServerSetting, ...],
    BeforeValidator(tables),
    AfterValidator(_named_apart),
    Allowed("tables with name, url, token, libraries"),
]
PathRules = Annotated[
    tuple[PathRuleSetting, ...],
    BeforeValidator(rules),
    Allowed("tables with plex and stash, or plex_pattern and stash_pattern"),
]
