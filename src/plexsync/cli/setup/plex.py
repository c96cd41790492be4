"""Plex: where it answers, and the token of its owner."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import Enum, auto
from urllib.parse import urlsplit

from plexsync.cli.call import Failed
from plexsync.cli.setup.account import signed_in
from plexsync.cli.setup.address import asked_address, first_well, trusted_now
from plexsync.cli.setup.clients import Clients
from plexsync.cli.setup.dialogue import Dialogue, Missing, WillNotDo, words_of
from plexsync.cli.setup.known import Known
from plexsync.config import checked, mask
from plexsync.model.errors import NeedsSignIn, SyncError
from plexsync.model.item import Section
from plexsync.plex.client import Identity

_OWNERLESS = (
    "The Plex at {0} belongs to no account yet. Open {0}/web in a browser in its network, sign in, claim it, and try "
    "again"
)


class TokenRefused(WillNotDo):
    """The server is the right one, the token is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlexFound:
    """A Plex that can be written to."""

    url: str
    token: str = field(repr=False)
    identity: Identity
    sections: tuple[Section, ...]


class Way(Enum):
    """How a person proves to own the server."""

    KEEP = auto()
    CODE = auto()
    TOKEN = auto()


def ask_plex(talk: Dialogue, known: Known, clients: Clients, stash_url: str) -> PlexFound:
    """Ask until a Plex answers that this person owns. Missing or Failed where nobody can be asked."""
    talk.heading("Plex")
    given, near = known.given("plex_url"), _near(known, clients, stash_url)
    if given is None and talk.asks:
        _tell(talk, near)
    url = given[0] if given else known.usual("plex_url") or next(iter(near), "")
    if not talk.asks:
        _needed(known, url)
    way = _settled_way(talk, known)
    while True:
        try:
            found = _by(way or _asked_way(talk, known), talk, known, clients, url, near)
        except WillNotDo as error:
            if not talk.asks:
                raise Failed(str(error)) from error
            if str(error):
                talk.refuse(str(error))
            way = None
        else:
            talk.well(f"Plex {found.identity.version} answers at {found.url}, and the token is its owner's")
            return found


def _near(known: Known, clients: Clients, stash_url: str) -> dict[str, Identity]:
    """The addresses where a Plex answers: the known one, the usual ones, and one beside Stash."""

    async def look(url: str) -> Identity:
        async with clients.plex(url) as plex:
            return await plex.identity()

    if known.given("plex_url") is not None:
        return {}
    host = urlsplit(stash_url).hostname or "localhost"
    usual = [url.format(stash=f"[{host}]" if ":" in host else host) for url in known.options.usual_plex]
    return asyncio.run(
        first_well([url for url in (known.usual("plex_url"), *usual) if url], look, known.options.patience)
    )


def _tell(talk: Dialogue, near: dict[str, Identity]) -> None:
    if near:
        talk.say(f"A Plex answers at {', '.join(near)}")
    else:
        talk.say("No Plex answers near by. Your account at plex.tv knows where yours is, or type its address")


def _needed(known: Known, url: str) -> None:
    """Missing, where neither a token nor the account can tell."""
    token = known.given("plex_token") is not None or known.usual("plex_token")
    lines = []
    if not url and not known.options.sign_in:
        lines.append(f"--plex-url is missing: no Plex answers at {', '.join(known.options.usual_plex[:3])}")
    if not token and not known.options.sign_in:
        lines.append("--plex-token is missing (or --sign-in, to get one with a code at plex.tv/link)")
    if lines:
        raise Missing("\n".join(lines))


def _by(way: Way, talk: Dialogue, known: Known, clients: Clients, url: str, near: dict[str, Identity]) -> PlexFound:
    """The Plex, opened in this way; WillNotDo when that led nowhere."""
    if way is Way.CODE:
        reached, token = signed_in(talk, known, clients, near)
        return _accepted(clients, reached or _asked_url(talk, known, ""), token)
    url = _asked_url(talk, known, url)
    _must_be_somebodys(talk, known, clients, url)
    while True:
        token = _token(talk, known, way)
        try:
            return _accepted(clients, url, token)
        except TokenRefused as error:
            if not talk.asks or known.given("plex_token") is not None:
                raise Failed(str(error)) from error
            talk.refuse(str(error))
            way = Way.TOKEN


def _asked_url(talk: Dialogue, known: Known, proposed: str) -> str:
    given = known.given("plex_url")
    if given is not None or not talk.asks:
        return str(given[0]) if given else proposed
    return asked_address(talk, "plex_url", "Address of Plex", proposed)


def _settled_way(talk: Dialogue, known: Known) -> Way | None:
    """What options and variables have decided; None where the person is to be asked."""
    if known.options.sign_in:
        return Way.CODE
    return Way.KEEP if known.given("plex_token") is not None or not talk.asks else None


def _asked_way(talk: Dialogue, known: Known) -> Way:
    token = known.usual("plex_token")
    options = {
        Way.CODE: "Sign in with a code at plex.tv/link, in any browser",
        Way.TOKEN: "Type the address and an X-Plex-Token",
    }
    if token:
        options = {Way.KEEP: f"Keep the token that is set ({mask(token)})"} | options
    talk.say("How shall PlexSync prove that the server is yours?")
    return list(options)[talk.choice("Number", list(options.values()))]


def _token(talk: Dialogue, known: Known, way: Way) -> str:
    given = known.given("plex_token")
    if way is Way.KEEP:
        return str(given[0] if given else known.usual("plex_token"))
    while True:
        answer = talk.secret("X-Plex-Token of the server's owner, or Enter alone for another way")
        if not answer:
            raise WillNotDo("")
        value, fault = checked("plex_token", answer, "your answer")
        if fault is None:
            return str(value.get_secret_value())
        talk.refuse(words_of(fault))


def _must_be_somebodys(talk: Dialogue, known: Known, clients: Clients, url: str) -> None:
    """See that a Plex is there and belongs to an account; WillNotDo when not, Failed where no answer helps."""

    async def look() -> Identity:
        async with clients.plex(url) as plex:
            return await plex.identity()

    while True:
        try:
            identity = asyncio.run(look())
        except SyncError as error:
            if trusted_now(talk, clients, error):
                continue
            reason = f"{url}: {error.message}"
        else:
            if identity.claimed:
                return
            reason = _OWNERLESS.format(url)
        if (given := known.given("plex_url")) is not None and talk.asks:
            raise Failed(f"{reason}. Mend that, or change {given[1]}, and run `plexsync setup` again")
        raise WillNotDo(reason)


def _accepted(clients: Clients, url: str, token: str) -> PlexFound:
    """The Plex with its libraries, if the token opens it for writing; WillNotDo says why not."""
    try:
        found, owner = asyncio.run(look_at(clients, url, token))
    except NeedsSignIn as error:
        raise TokenRefused(
            f"The Plex at {url} does not accept this token: take that of its owner, copied whole"
        ) from error
    except SyncError as error:
        raise WillNotDo(f"{url}: {error.message}") from error
    if not found.identity.claimed:
        raise WillNotDo(_OWNERLESS.format(url))
    if not owner:
        raise TokenRefused(
            f"The Plex at {url} belongs to somebody else: this token may read it, but only its owner's may write"
        )
    return found


async def look_at(clients: Clients, url: str, token: str) -> tuple[PlexFound, bool]:
    """The Plex at an address, and whether the token is its owner's; SyncError says why it cannot be worked with."""
    async with clients.plex(url, token) as plex:
        identity = await plex.check()
        owner = await plex.owned()
        sections = tuple(await plex.sections())
    return PlexFound(url=url, token=token, identity=identity, sections=sections), owner
