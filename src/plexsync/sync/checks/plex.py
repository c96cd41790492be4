"""One Plex: whether it answers, what its token may do, its libraries, and who else sets their fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plexsync.model.compare import text_key
from plexsync.model.errors import Incompatible, NeedsSignIn, SyncError
from plexsync.model.item import Section
from plexsync.sync.checks.finding import Finding, failure, note, warning, well
from plexsync.sync.checks.provider import OwnProvider, provider_findings
from plexsync.sync.paths.advice import PathAdvice, PlexSide

#: From here on Plex asks a metadata provider of ours while it scans.
_PROVIDERS = (1, 43)
#: Agents that look nothing up, so that nothing but us sets fields.
_QUIET = ("com.plexapp.agents.none", "tv.plex.agents.none")


async def plex_findings(side: PlexSide, advice: PathAdvice, provider: OwnProvider) -> list[Finding]:
    """What there is to say of one Plex; of one that does not answer only that."""
    name = f"plex {side.name}"
    try:
        identity = await side.plex.check()
        owner = await side.plex.owned()
        sections = await side.plex.sections()
    except SyncError as error:
        return [failure(name, f"Plex ({side.name}) cannot be used: {error.message}", _remedy(error))]
    return [
        _version(name, side.name, identity.version),
        _token(name, side.name, owner=owner),
        *_libraries(name, side, sections),
        *(agent_finding(name, section) for section in await side.sections() if side.chosen),
        *await provider_findings(side, identity.version, provider),
        await _paths(name, side, advice),
    ]


def _remedy(error: SyncError) -> str:
    if isinstance(error, NeedsSignIn):
        return "Set plex_token to the token of the server's owner, and look whether it was signed out"
    if isinstance(error, Incompatible):
        return "Look whether plex_url leads to another server than before; `plexsync status` asks what to do"
    return "Start Plex, and set plex_url to the address by which this machine (or container) reaches it"


def _version(check: str, server: str, version: str) -> Finding:
    numbers = tuple(int(part) for part in version.split("-", maxsplit=1)[0].split(".")[:2] if part.isdecimal())
    if numbers < _PROVIDERS:
        return note(
            check,
            f"Plex ({server}) {version or 'of unknown version'} answers; it asks no metadata provider while it scans",
            "Update Plex to 1.43 or newer to have new files named as they are scanned",
        )
    return well(check, f"Plex ({server}) {version} answers")


def _token(check: str, server: str, *, owner: bool) -> Finding:
    if owner:
        return well(f"{check} token", f"The token may edit on Plex ({server})")
    return failure(
        f"{check} token",
        f"The token may read Plex ({server}), but it is not its owner's: nothing can be written",
        "Set plex_token to the token of the account that owns the server",
    )


def _libraries(name: str, side: PlexSide, sections: Sequence[Section]) -> list[Finding]:
    check = f"{name} libraries"
    films = [section for section in sections if section.type == "movie"]
    titles = ", ".join(section.title for section in films) or "none of films or other videos"
    if not side.chosen:
        return [
            failure(
                check,
                f"No library of Plex ({side.name}) is chosen, so nothing is written; it has {titles}",
                "Name the libraries of your scenes in `libraries`",
            )
        ]
    known = {text_key(section.title) for section in films} | {str(section.key) for section in films}
    missing = [chosen for chosen in side.chosen if text_key(chosen) not in known]
    if missing:
        return [
            failure(
                check,
                f"Plex ({side.name}) has no library {', '.join(map(repr, missing))}; it has {titles}",
                "Correct the names in `libraries`",
            )
        ]
    return [well(check, f"Plex ({side.name}) has every chosen library: {', '.join(side.chosen)}")]


def agent_finding(name: str, section: Section) -> Finding:
    """Who else sets fields in a library."""
    check = f"{name} agent of {section.title}"
    if section.agent in _QUIET:
        return well(check, f"Nothing but PlexSync sets fields in {section.title!r} ({section.agent})")
    if section.agent.startswith("tv.plex.agents.custom."):
        return well(check, f"{section.title!r} is named by a metadata provider ({section.agent})")
    return warning(
        check,
        f"{section.title!r} has the agent {section.agent or 'unknown'}: a refresh in Plex may match scenes with films "
        "and set the fields that PlexSync has not locked",
        "Keep scenes in a library of type Other Videos (agent Personal Media), or have PlexSync name this one "
        "(`plexsync provider register`), or leave it: what PlexSync writes is locked",
    )


async def _paths(name: str, side: PlexSide, advice: PathAdvice) -> Finding:
    check = f"{name} paths"
    try:
        plex, stash = await advice.covered(side)
    except SyncError as error:
        return failure(check, f"The files of both sides cannot be compared: {error.message}", "Try again later")
    said = (
        f"{plex.mapped} of {plex.files} files of Plex ({side.name}) have their file in Stash, {stash.mapped} of "
        f"{stash.files} files of Stash theirs in Plex"
    )
    remedy = "`plexsync paths suggest` proposes rules, `plexsync paths test FILE` shows each step of one file"
    if not advice.rules.rules:
        return warning(check, f"There are no path rules: files are matched by their name and size only. {said}", remedy)
    if plex.files and stash.files and not plex.mapped:
        return failure(check, f"The path rules fit no file: {said}", remedy)
    if plex.mapped * 2 < plex.files:
        example: Any = plex.unmapped[0]
        first = f"{example.count} in {example.folder}: {example.reason}"
        return warning(check, f"Less than half is covered by the path rules: {said} ({first})", remedy)
    return well(check, f"By the path rules {said}")
