"""Sign-in by PIN against a simulated plex.tv over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from plexsync.plex.account import ServerAddress
from plexsync.plex.signin import (
    LONGEST_PAUSE,
    Claimed,
    PlexTv,
    PlexTvAway,
    PlexTvRefuses,
    SignIn,
    SignInError,
    Unclaimed,
)
from plexsync.sim.plextv import ACCOUNT_TOKEN, PlexTvOptions, create_app, server_resource
from plexsync.sim.serving import Serving, serving
from rawserver import always, raw_server, reply

OURS = "5a1c2c9e-0000-4000-8000-000000000001"


@dataclass(slots=True)
class Time:
    """A clock that only the pauses of the sign-in move."""

    at: float = 0.0
    pauses: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.at

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.at += seconds


HOME = server_resource("Living room", "abc123", "http://192.168.1.5:32400", token="server-token")


@pytest.fixture
def plextv() -> Iterator[Serving]:
    with serving(create_app(PlexTvOptions(resources=(HOME,)))) as server:
        yield server


@asynccontextmanager
async def signing_in(url: str, time: Time | None = None, client: str = OURS) -> AsyncIterator[SignIn]:
    time = time or Time()
    async with SignIn(client, where=PlexTv.at(url), now=time.now, pause=time.pause) as made:
        yield made


def put(server: Serving, path: str, content: Any = None) -> None:
    answer = httpx2.put(f"{server.url}{path}", json=content, timeout=30)
    assert answer.status_code < 300, answer.text


def nothing(_error: SignInError) -> None:
    raise AssertionError("plex.tv was well")


async def test_the_code_that_somebody_types_becomes_the_accounts_token(plextv: Serving) -> None:
    put(plextv, "/_sim/switches", {"claim_after": 3})
    time = Time()
    async with signing_in(plextv.url, time) as signin:
        pin = await signin.pin()
        assert len(pin.code) == 4
        assert await signin.look(pin) is Unclaimed.WAITING
        claimed = await signin.claimed(pin, nothing)
        assert claimed == Claimed(token=ACCOUNT_TOKEN)
        assert ACCOUNT_TOKEN not in repr(claimed)
        assert await signin.user(ACCOUNT_TOKEN) == "jane"
    assert time.pauses == [1.0, 1.0]


async def test_a_code_claimed_by_hand_is_heard_of_and_asked_for_by_this_installation_only(plextv: Serving) -> None:
    async with signing_in(plextv.url) as signin, signing_in(plextv.url, client="another") as other:
        pin = await signin.pin()
        put(plextv, f"/_sim/pins/{pin.code.lower()}")
        assert await other.look(pin) is Unclaimed.EXPIRED
        assert await signin.claimed(pin, nothing) == Claimed(token=ACCOUNT_TOKEN)
    asked = httpx2.get(f"{plextv.url}/_sim/requests", timeout=30).json()["requests"]
    assert {one["client"] for one in asked if one["path"].startswith("/api/")} == {OURS, "another"}


async def test_a_code_that_nobody_types_ends_by_our_clock_or_by_plex_tvs_word(plextv: Serving) -> None:
    put(plextv, "/_sim/switches", {"expires_in": 900})
    time = Time()
    async with signing_in(plextv.url, time) as signin:
        pin = await signin.pin()
        time.at = pin.ends_at - 2.5
        assert await signin.claimed(pin, nothing) is None
        assert time.at >= pin.ends_at
        again = await signin.pin()
        assert again.code != pin.code
        put(plextv, "/_sim/switches", {"forgets": True})
        before = len(time.pauses)
        assert await signin.claimed(again, nothing) is None
        assert len(time.pauses) == before


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "refuse"},
        {"fault": "status500"},
        {"fault": "html"},
        {"fault": "cut"},
        {"fault": "half_json"},
        {"fault": "status", "status": 429, "retry_after": 7},
    ],
)
async def test_trouble_while_waiting_is_told_once_and_waited_out(plextv: Serving, fault: dict[str, Any]) -> None:
    told: list[SignInError] = []
    time = Time()
    async with signing_in(plextv.url, time) as signin:
        pin = await signin.pin()
        put(plextv, "/_sim/switches", {"claim_after": 0})
        put(plextv, "/_sim/faults", [{"path": "/api/v2/pins/", "times": 4} | fault])
        assert await signin.claimed(pin, told.append) == Claimed(token=ACCOUNT_TOKEN)
    assert len(told) == 1
    assert isinstance(told[0], PlexTvAway)
    assert time.pauses == ([7.0, 14.0, 28.0, 56.0] if "retry_after" in fault else [2.0, 4.0, 8.0, 16.0])


async def test_plex_tv_away_for_long_is_asked_seldom_until_the_code_ends(plextv: Serving) -> None:
    time = Time()
    async with signing_in(plextv.url, time) as signin:
        pin = await signin.pin()
        put(plextv, "/_sim/faults", [{"path": "/api", "fault": "status", "status": 429, "retry_after": 600}])
        assert await signin.claimed(pin, lambda _: None) is None
    assert max(time.pauses) == LONGEST_PAUSE


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ({"fault": "refuse"}, PlexTvAway, "look whether this machine reaches the internet"),
        ({"fault": "status500"}, PlexTvAway, "in trouble (500)"),
        ({"fault": "status", "status": 429, "retry_after": 30}, PlexTvAway, "too often (429): try again in 30 s"),
        ({"fault": "status", "status": 403}, PlexTvRefuses, "refuses the sign-in (403)"),
        ({"fault": "status", "status": 404}, PlexTvRefuses, "gives out no codes (404)"),
        ({"fault": "redirect"}, PlexTvRefuses, "(302)"),
        ({"fault": "html"}, PlexTvAway, "a proxy or a sign-in page may be in the way"),
    ],
)
async def test_what_keeps_a_code_from_being_made_is_said_with_the_remedy(
    plextv: Serving, fault: dict[str, Any], kind: type[SignInError], words: str
) -> None:
    put(plextv, "/_sim/faults", [{"path": "/api/v2/pins", **fault}])
    async with signing_in(plextv.url) as signin:
        with pytest.raises(kind) as found:
            await signin.pin()
    assert words in str(found.value)


async def test_nobody_at_the_address_is_plex_tv_away(plextv: Serving) -> None:
    plextv.stop()
    async with signing_in(plextv.url) as signin:
        with pytest.raises(PlexTvAway, match=r"plex\.tv refuses the connection"):
            await signin.pin()


async def test_a_code_without_number_or_letters_is_none() -> None:
    async with raw_server(always(reply(201, '{"id": null, "code": "ABCD"}'))) as odd, signing_in(odd.url) as signin:
        with pytest.raises(PlexTvAway, match="gave no code"):
            await signin.pin()


async def test_a_token_that_was_taken_back_is_refused_without_being_shown(plextv: Serving) -> None:
    async with signing_in(plextv.url) as signin:
        for ask in (signin.user, signin.servers):
            with pytest.raises(PlexTvRefuses) as found:
                await ask("a-token-of-yesterday")
            assert "401" in str(found.value)
            assert "yesterday" not in str(found.value)


async def test_servers_come_with_their_own_first_and_each_with_the_nearest_way_first(plextv: Serving) -> None:
    ways = [
        {"uri": "https://relay.example:8443", "address": "192.0.2.9", "port": 8443, "local": False, "relay": True},
        {"uri": "https://192-0-2-1.x.plex.direct:32400", "address": "192.0.2.1", "port": 32400, "local": False},
        {"uri": "https://10-0-0-5.x.plex.direct:32400", "address": "10.0.0.5", "port": "32400", "local": "1"},
        {"uri": "https://fd00--5.x.plex.direct:32400", "address": "fd00::5", "port": 32400, "local": True},
        {"uri": "gopher://odd", "address": "", "port": None, "local": False},
    ]
    devices = [
        server_resource("A friend's", "friend", "http://192.168.9.9:32400", token="shared", owned=False),
        HOME | {"name": "Many ways", "connections": ways},
        HOME | {"name": "A phone", "provides": "client,player"},
        HOME | {"name": "No token", "accessToken": None},
        HOME | {"name": "Unknown", "connections": None, "clientIdentifier": "far"},
        {"name": "Nothing at all"},
    ]
    put(plextv, "/_sim/resources", devices)
    async with signing_in(plextv.url) as signin:
        servers = await signin.servers(ACCOUNT_TOKEN)
    assert [(one.name, one.owned) for one in servers] == [
        ("Many ways", True),
        ("Unknown", True),
        ("A friend's", False),
    ]
    assert [(one.url, one.local, one.relay) for one in servers[0].addresses] == [
        ("https://10-0-0-5.x.plex.direct:32400", True, False),
        ("http://10.0.0.5:32400", True, False),
        ("https://fd00--5.x.plex.direct:32400", True, False),
        ("http://[fd00::5]:32400", True, False),
        ("https://192-0-2-1.x.plex.direct:32400", False, False),
        ("https://relay.example:8443", False, True),
    ]
    assert servers[1].addresses == ()
    assert servers[2].addresses == (ServerAddress(url="http://192.168.9.9:32400", local=True),)
    assert "shared" not in repr(servers)
