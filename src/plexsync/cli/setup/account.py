"""Sign-in with the account at plex.tv, and the choice among its servers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from plexsync.cli.setup.clients import Clients
from plexsync.cli.setup.dialogue import Dialogue, Missing, WillNotDo
from plexsync.cli.setup.known import Known
from plexsync.model.errors import SyncError
from plexsync.model.spans import span
from plexsync.plex.account import AccountServer
from plexsync.plex.client import Identity
from plexsync.plex.signin import Claimed, Pin, SignIn, SignInError


def signed_in(talk: Dialogue, known: Known, clients: Clients, near: Mapping[str, Identity]) -> tuple[str, str]:
    """Address and token of a server of the account that signs in; the address is "" where none answers from here.

    WillNotDo when it came to nothing.
    """
    try:
        servers = asyncio.run(_servers(talk, clients, _token(talk, clients)))
    except SignInError as error:
        raise WillNotDo(str(error)) from error
    server = _chosen(talk, known, servers, near)
    return _reached(talk, known, clients, server, near), server.token


def _token(talk: Dialogue, clients: Clients) -> str:
    """The account's token; WillNotDo when no code was typed in time and nobody wants another one."""
    while True:
        claimed = asyncio.run(_claimed(talk, clients))
        if claimed is not None:
            return claimed.token
        if not talk.asks:
            raise WillNotDo("The code has expired before anybody typed it. Run `plexsync setup` again for a new one")
        if not talk.yes("The code has expired. Make a new one?"):
            raise WillNotDo("")


async def _claimed(talk: Dialogue, clients: Clients) -> Claimed | None:
    async with clients.sign_in() as signin:
        pin = await signin.pin()
        _show(talk, clients, pin, signin)
        return await signin.claimed(pin, lambda error: talk.refuse(f"{error}. The code stays good, PlexSync asks on"))


def _show(talk: Dialogue, clients: Clients, pin: Pin, signin: SignIn) -> None:
    link = clients.plex_tv.link
    talk.screen.facts({"sign_in": {"link": link, "code": pin.code}})
    talk.say(f"Open {link} in any browser, sign in as the server's owner, and type this code:")
    talk.screen.say("")
    talk.screen.block(f"    {pin.code}")
    talk.screen.say("")
    talk.say(f"It is good for {span(signin.left(pin))}. Waiting for it; Ctrl-C leaves.")


async def _servers(talk: Dialogue, clients: Clients, token: str) -> list[AccountServer]:
    async with clients.sign_in() as signin:
        talk.well(f"Signed in as {await signin.user(token)}")
        return await signin.servers(token)


def _chosen(
    talk: Dialogue, known: Known, servers: Sequence[AccountServer], near: Mapping[str, Identity]
) -> AccountServer:
    owned = [server for server in servers if server.owned]
    wanted = known.options.server if known.server is None else None
    if wanted is not None:
        owned = [server for server in owned if wanted in (server.name, server.machine_identifier)]
    if not owned:
        raise WillNotDo(_nothing_owned(servers, wanted))
    here = {identity.machine_identifier for identity in near.values()}
    first = next((at for at, server in enumerate(owned) if server.machine_identifier in here), 0)
    if len(owned) == 1:
        return owned[0]
    if not talk.asks:
        told = ", ".join(server.name for server in owned)
        raise Missing(f"--server is missing: the account owns several ({told})")
    talk.say("The account owns these servers:")
    return owned[talk.choice("Number", [server.name for server in owned], first)]


def _nothing_owned(servers: Sequence[AccountServer], wanted: str | None) -> str:
    others = ", ".join(server.name for server in servers)
    named = f" named {wanted}" if wanted else ""
    seen = f"; it may use {others}, but only a server's owner may write there" if servers else ""
    return f"The account owns no server{named}{seen}. Sign in with the account that claimed the server"


def _reached(
    talk: Dialogue, known: Known, clients: Clients, server: AccountServer, near: Mapping[str, Identity]
) -> str:
    """An address at which that very server answers from here; "" without one."""
    given = known.given("plex_url")
    if given is not None:
        return str(given[0])
    here = [url for url, identity in near.items() if identity.machine_identifier == server.machine_identifier]
    urls = list(dict.fromkeys([*here, *(address.url for address in server.addresses)]))
    outcomes = asyncio.run(_looked(clients, urls, server.machine_identifier, known.options.patience))
    well = [url for url, reason in outcomes.items() if not reason]
    if well:
        if len(well) == 1 or not talk.asks:
            return well[0]
        talk.say(f"{server.name} answers at these addresses:")
        return well[talk.choice("Number", well)]
    reason = f"{server.name} answers at none of its addresses from here"
    if not talk.asks:
        raise Missing(f"--plex-url is missing: {reason}")
    talk.refuse(reason + (":" if outcomes else ""))
    for url, why in outcomes.items():
        talk.refuse(f"  {url}: {why}")
    return ""


async def _looked(clients: Clients, urls: Sequence[str], machine_identifier: str, patience: float) -> dict[str, str]:
    """Why each address will not do; "" where it will."""
    told = await asyncio.gather(*(_why_not(clients, url, machine_identifier, patience) for url in urls))
    return dict(zip(urls, told, strict=True))


async def _why_not(clients: Clients, url: str, machine_identifier: str, patience: float) -> str:
    # Without the token: it is not yet known who is there.
    try:
        async with asyncio.timeout(patience), clients.plex(url) as plex:
            identity = await plex.identity()
    except SyncError as error:
        return error.message
    except TimeoutError:
        return f"no answer within {patience:g} s"
    return "" if identity.machine_identifier == machine_identifier else "another Plex answers there"
