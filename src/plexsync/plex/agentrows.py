"""Plex's documents about metadata agents. What it calls a group is an agent to the people who choose it."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from plexsync.plex.documents import Container, Document, Loose, SectionRow, integer

R = TypeVar("R")


class ProviderRow(Document):
    id: Loose = None
    identifier: Loose = None
    title: Loose = None
    uri: Loose = None
    agent_type: Loose = msgspec.field(name="agentType", default=None)
    online: Loose = None


class MemberRow(Document):
    """A provider's place in an agent. Where it names no provider apart, its own id is the provider's."""

    id: Loose = None
    provider: Loose = msgspec.field(name="metadataAgentProviderId", default=None)
    order: Loose = None


class AgentRow(Document):
    id: Loose = None
    title: Loose = None
    primary: Loose = msgspec.field(name="primaryIdentifier", default=None)
    members: list[MemberRow] | MemberRow | None = msgspec.field(name="MetadataAgentGroupItem", default=None)
    # Plex's own description uses both names.
    also_members: list[MemberRow] | MemberRow | None = msgspec.field(
        name="MetadataAgentProviderGroupItem", default=None
    )


class AgentSectionRow(SectionRow):
    scanner: Loose = None
    group: Loose = msgspec.field(name="metadataAgentProviderGroupId", default=None)


class ProviderContainer(Container):
    rows: list[ProviderRow] | ProviderRow | None = msgspec.field(name="MetadataAgentProvider", default=None)


class AgentContainer(Container):
    rows: list[AgentRow] | AgentRow | None = msgspec.field(name="MetadataAgentProviderGroup", default=None)


class AgentSectionContainer(Container):
    rows: list[AgentSectionRow] | None = msgspec.field(name="Directory", default=None)


class ProvidersAnswer(Document):
    container: ProviderContainer = msgspec.field(name="MediaContainer")


class AgentsAnswer(Document):
    container: AgentContainer = msgspec.field(name="MediaContainer")


class AgentSectionsAnswer(Document):
    container: AgentSectionContainer = msgspec.field(name="MediaContainer")


def rows_of(told: list[R] | R | None) -> list[R]:
    """All rows; a single one may come without its list."""
    if told is None:
        return []
    return told if isinstance(told, list) else [told]


def untold(answer: ProvidersAnswer | AgentsAnswer | AgentSectionsAnswer) -> str:
    """Why an answer that lists nothing does not say that there is nothing; "" when it does."""
    container = answer.container
    if container.rows is None and container.size is None:
        return "it holds neither rows nor their number"
    missing = not container.rows and integer(container.size)
    return f"it lacks what it counts: {container.size}" if missing else ""
