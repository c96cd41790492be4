"""The libraries that are to be named by our provider, and those that cannot be."""

from __future__ import annotations

from collections.abc import Sequence

from plexsync.model.compare import text_key
from plexsync.plex.agents import AgentLibrary
from plexsync.sync.agents.steps import NotRegistered

#: The scanner whose items Plex's newer agents name.
SCANNER = "Plex Movie"
_OTHER_VIDEOS = ("Plex Video Files Scanner", "Plex Video Files")


def wanted_of(libraries: Sequence[AgentLibrary], names: Sequence[str], server: str) -> list[AgentLibrary]:
    """The libraries of these titles or keys, each once. NotRegistered where one is not there, or cannot be named so."""
    found: dict[int, AgentLibrary] = {}
    for name in names:
        matches = [one for one in libraries if text_key(one.title) == text_key(name)]
        matches = matches or [one for one in libraries if str(one.key) == name.strip()]
        if not matches:
            raise NotRegistered(_unknown(libraries, name, server))
        if len(matches) > 1:
            keys = ", ".join(str(one.key) for one in matches)
            raise NotRegistered(f"Plex ({server}) has {len(matches)} libraries {name!r}: name one by its key ({keys})")
        if reason := unfit(matches[0]):
            raise NotRegistered(reason)
        found[matches[0].key] = matches[0]
    return list(found.values())


def unfit(library: AgentLibrary) -> str:
    """Why Plex cannot have the library named by our provider, and what to do; "" where it can."""
    title = f"The library {library.title!r}"
    if library.type != "movie":
        return (
            f"{title} is of the kind {library.type or 'unknown'!r}; PlexSync names films only. Put the scenes into a "
            f'library of the type Movies (scanner "{SCANNER}"), and name that one'
        )
    if library.scanner == SCANNER:
        return ""
    if library.scanner in _OTHER_VIDEOS:
        return (
            f'{title} is one of Other Videos (scanner "{library.scanner}"), and that Plex asks providers there is not '
            "known. "
            "Leave it as it is: PlexSync writes everything there without being asked. Or make a new library of the "
            f'type Movies with the same folders, the scanner "{SCANNER}" and the agent "PlexSync"; play states do not '
            "move over"
        )
    return (
        f'{title} has the scanner "{library.scanner or "unknown"}", which does not work with providers. Choose the '
        f'scanner "{SCANNER}" in Plex (Edit Library > Advanced), let it scan, and run this again; or leave it as it '
        "is: PlexSync writes everything there without being asked"
    )


def _unknown(libraries: Sequence[AgentLibrary], name: str, server: str) -> str:
    fit = [repr(one.title) for one in libraries if not unfit(one)]
    others = [repr(one.title) for one in libraries if unfit(one)]
    told = f"Plex ({server}) has no library {name!r}. "
    told += f"Those that its agent can name: {', '.join(fit)}" if fit else f'It has none of films (scanner "{SCANNER}")'
    return f"{told}. Others: {', '.join(others)}" if others else told
