"""The libraries of Plex that take part."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from plexsync.cli.call import Failed
from plexsync.cli.setup.clients import Clients
from plexsync.cli.setup.dialogue import Dialogue, Missing
from plexsync.cli.setup.known import Known
from plexsync.cli.setup.plex import PlexFound, look_at
from plexsync.model.compare import text_key
from plexsync.model.errors import ConfigurationError, SyncError
from plexsync.model.item import Section
from plexsync.sync.checks.finding import Grade
from plexsync.sync.checks.plex import agent_finding

_NONE = (
    "This Plex has no library of films or other videos. Make one in Plex (Settings > Libraries > Add: type Other "
    "Videos, with the folder of your scenes)"
)


def ask_libraries(
    talk: Dialogue, known: Known, clients: Clients, plex: PlexFound
) -> tuple[tuple[str, ...], tuple[Section, ...]]:
    """The chosen libraries, as the settings name them and as Plex tells of them."""
    talk.heading("Libraries")
    films = _films(plex.sections)
    while not films:
        if not talk.asks:
            raise Failed(_NONE)
        talk.refuse(_NONE)
        talk.text("Press Enter to look again")
        films = _films(_looked_again(talk, clients, plex).sections)
    _show(talk, films)
    chosen = _chosen(talk, known, films)
    for section in chosen:
        finding = agent_finding(known.server_name, section)
        if finding.grade is Grade.WARNING:
            talk.refuse(f"{finding.what}. {finding.remedy}.")
    return tuple(_named(section, films, known) for section in chosen), tuple(chosen)


def _films(sections: Sequence[Section]) -> list[Section]:
    return [section for section in sections if section.type == "movie"]


def _looked_again(talk: Dialogue, clients: Clients, plex: PlexFound) -> PlexFound:
    try:
        return asyncio.run(look_at(clients, plex.url, plex.token))[0]
    except SyncError as error:
        talk.refuse(error.message)
        return replace(plex, sections=())


def _show(talk: Dialogue, films: Sequence[Section]) -> None:
    rows = [
        (number, section.title, section.agent or "not told", ", ".join(section.locations))
        for number, section in enumerate(films, 1)
    ]
    talk.screen.table("Libraries of films and other videos", ("number", "title", "agent", "folders in Plex"), rows)


def _chosen(talk: Dialogue, known: Known, films: Sequence[Section]) -> list[Section]:
    given = known.given("libraries")
    wanted: tuple[str, ...] = given[0] if given else known.usual("libraries")
    missing = [name for name in wanted if not any(_is(section, name) for section in films)]
    if missing and (given or not talk.asks):
        told = ", ".join(section.title for section in films)
        place = given[1] if given else str(known.file)
        raise ConfigurationError([f"{place}: Plex has no library {', '.join(missing)}; it has {told}"])
    if missing:
        talk.refuse(f"The settings name {', '.join(missing)}, and Plex has no such library: it is left out")
    proposed = [at for at, section in enumerate(films) if any(_is(section, name) for name in wanted)]
    if given or (proposed and not talk.asks):
        return [films[at] for at in proposed]
    proposed = proposed or ([0] if len(films) == 1 else [])
    if not talk.asks:
        if proposed:
            return [films[0]]
        told = ", ".join(section.title for section in films)
        raise Missing(f"--library is missing: which of these hold your scenes? {told}")
    return [films[at] for at in talk.choices("Which hold your scenes? Numbers, or all", len(films), proposed)]


def _is(section: Section, name: str) -> bool:
    return text_key(section.title) == text_key(name) or str(section.key) == name


def _named(section: Section, films: Sequence[Section], known: Known) -> str:
    """By what the settings name it already, else by its title, or by its key where two have one title."""
    given = known.given("libraries")
    names: tuple[str, ...] = given[0] if given else known.usual("libraries")
    known_name = next((name for name in names if _is(section, name)), None)
    twins = [one for one in films if text_key(one.title) == text_key(section.title)]
    return known_name or (section.title if len(twins) == 1 else str(section.key))
