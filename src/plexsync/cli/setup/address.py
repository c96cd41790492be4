"""Addresses: which of the usual ones answer, and asking for another one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from plexsync.cli.setup.clients import Clients
from plexsync.cli.setup.dialogue import Dialogue, words_of
from plexsync.config import checked
from plexsync.model.errors import SyncError
from plexsync.model.exchange import not_trusted

T = TypeVar("T")


async def first_well(urls: Iterable[str], look: Callable[[str], Awaitable[T]], patience: float) -> dict[str, T]:
    """What each address says that answers within `patience` seconds, in the order of the addresses."""
    wanted = list(dict.fromkeys(urls))
    told = await asyncio.gather(*(_soon(look(url), patience) for url in wanted))
    return {url: one for url, one in zip(wanted, told, strict=True) if one is not None}


async def _soon(looking: Awaitable[T], patience: float) -> T | None:
    try:
        async with asyncio.timeout(patience):
            return await looking
    except (SyncError, TimeoutError):
        return None


def asked_address(talk: Dialogue, name: str, question: str, proposed: str) -> str:
    """An address that can be one."""
    while True:
        answer = talk.text(question, proposed)
        value, fault = checked(name, answer, "your answer")
        if answer and fault is None:
            return str(value)
        talk.refuse(words_of(fault) if answer and fault else "Type an address, like http://192.168.1.5:9999")


def trusted_now(talk: Dialogue, clients: Clients, error: SyncError) -> bool:
    """Whether the person lets certificates be, after one was not trusted; then the address is worth another try."""
    if not talk.asks or not clients.tls_verify or not not_trusted(error):
        return False
    talk.refuse(error.message)
    talk.say("The better way is to leave and to name its authority: plexsync setup --ca-file FILE")
    clients.tls_verify = not talk.yes(
        "Go on without looking at certificates (tls_verify = false)? Then nothing proves who answers", proposed=False
    )
    return not clients.tls_verify
