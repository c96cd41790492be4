"""What an address tells of itself: whether it is ours, from where it can be reached, and how it is shown."""

from __future__ import annotations

import socket

import pytest

from plexsync.model.provider import MatchedBy, matched_by
from plexsync.sync.agents.address import ProviderAddress, Reach, masked, on_this_computer_only, reach_of
from plexsync.sync.agents.standing import asks_providers, refuses_private_pictures
from plexsync.sync.agents.unreachable import Listening, unusable

SECRET = "abcdefghijklmnopqrstuvwxyz012345"
OURS = ProviderAddress(base="http://192.168.1.5:9797", secret=SECRET)
#: A family of addresses that no computer speaks.
UNSPOKEN = 99


@pytest.mark.parametrize(
    ("url", "reach"),
    [
        ("http://127.0.0.1:9797", Reach.SELF),
        ("http://127.9.9.9", Reach.SELF),
        ("http://localhost:9797", Reach.SELF),
        ("http://LOCALHOST./", Reach.SELF),
        ("http://pages.localhost", Reach.SELF),
        ("http://[::1]:9797", Reach.SELF),
        ("http://0.0.0.0:9797", Reach.SELF),
        ("http://192.168.1.5:9797", Reach.NETWORK),
        ("http://10.1.2.3", Reach.NETWORK),
        ("http://172.17.0.1", Reach.NETWORK),
        ("http://100.64.0.7", Reach.NETWORK),
        ("http://169.254.1.1", Reach.NETWORK),
        ("http://[fd00::5]:9797", Reach.NETWORK),
        ("http://[fe80::5%25eth0]:9797", Reach.NETWORK),
        ("http://plexsync:9797", Reach.NETWORK),
        ("http://nas.local:9797", Reach.NETWORK),
        ("http://nas.fritz.home.arpa:9797", Reach.NETWORK),
        ("http://host.docker.internal:9797", Reach.NETWORK),
        ("https://1.1.1.1", Reach.WORLD),
        ("https://[2606:4700:4700::1111]", Reach.WORLD),
        ("https://no-such-name.invalid", Reach.UNKNOWN),
    ],
)
def test_from_where_an_address_can_be_reached(url: str, reach: Reach) -> None:
    assert reach_of(url) is reach
    assert on_this_computer_only(url) is (reach is Reach.SELF)


def test_an_address_is_ours_whatever_stands_at_its_end_and_however_its_host_is_written() -> None:
    assert OURS.whole == f"http://192.168.1.5:9797/provider/{SECRET}"
    assert OURS.is_at(OURS.whole)
    assert OURS.is_at(f" {OURS.whole}/ ")
    assert ProviderAddress(base="http://NAS:1", secret=SECRET).is_at(f"HTTP://nas:1/provider/{SECRET}")
    assert not OURS.is_at(OURS.whole.upper())
    assert not OURS.is_at(OURS.whole.replace("9797", "9798"))
    assert OURS.is_ours(OURS.whole.replace("9797", "9798"))
    assert not OURS.is_ours("http://192.168.1.5:9797/provider/other")
    assert not ProviderAddress(base="", secret=SECRET).is_at(f"/provider/{SECRET}")


def test_an_address_is_shown_without_its_secret() -> None:
    assert OURS.shown == "http://192.168.1.5:9797/provider/abcd...2345"
    assert masked("http://a/provider/short") == "http://a/provider/****"
    assert masked("http://jane:word@a/provider/short/?x=1") == "http://****@a/provider/****/?****"
    assert masked("provider://tv.plex.provider.metadata") == "provider://tv.plex.provider.metadata"
    assert SECRET not in repr(OURS)


def test_an_address_on_this_computer_is_of_use_only_to_a_plex_on_it() -> None:
    here = ProviderAddress(base="http://127.0.0.1:9797", secret=SECRET)
    assert unusable(here, "http://localhost:32400", "plex") == ""
    assert "leads Plex to itself" in unusable(here, "http://plex:32400", "plex")
    assert unusable(OURS, "http://plex:32400", "plex") == ""
    assert unusable(OURS, "http://localhost:32400", "plex") == ""


def test_an_address_of_this_computer_in_the_network_is_this_computer_too(monkeypatch: pytest.MonkeyPatch) -> None:
    here = ProviderAddress(base="http://127.0.0.1:9797", secret=SECRET)
    own = "127.0.0.1"

    def names(_host: str, _port: None, *, proto: int) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        return [(socket.AF_INET, socket.SOCK_DGRAM, proto, "", (own, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", names)
    assert unusable(here, "https://192-168-1-5.0123456789abcdef.plex.direct:32400", "plex") == ""
    own = "192.0.2.1"  # of documents, and of nobody's computer
    assert "leads Plex to itself" in unusable(here, "http://plex.example:32400", "plex")


def test_an_address_of_a_kind_that_this_computer_does_not_speak_is_none_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def names(_host: str, _port: None, *, proto: int) -> list[tuple[int, int, int, str, tuple[str, int, int, int]]]:
        """As a computer without IPv6 is told of a name that has such an address too."""
        return [(UNSPOKEN, socket.SOCK_DGRAM, proto, "", ("2001:db8::5", 0, 0, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", names)
    here = ProviderAddress(base="http://127.0.0.1:9797", secret=SECRET)
    assert "leads Plex to itself" in unusable(here, "http://plex.example:32400", "plex")


def test_a_plex_at_an_own_address_of_this_computer_is_on_it() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        try:
            line.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this computer has no address but its loopback")
        own = line.getsockname()[0]
    here = ProviderAddress(base="http://127.0.0.1:9797", secret=SECRET)
    assert unusable(here, f"http://{own}:32400", "plex") == ""


@pytest.mark.parametrize(("host", "alone"), [("127.0.0.1", True), ("::1", True), ("0.0.0.0", False), ("::", False)])
def test_who_listens_to_the_own_computer_only(host: str, alone: bool) -> None:
    assert Listening(host=host, port=9797).to_itself_only is alone


@pytest.mark.parametrize(
    ("version", "asks", "refuses"),
    [
        ("1.42.9.1-abc", False, False),
        ("1.43.0.10467-2b1ba6e69", True, False),
        ("1.43.4.10903", True, False),
        ("1.43.5.1", True, True),
        ("1.43.5", True, True),
        ("1.44.0.1", True, True),
        ("2.0", True, True),
        ("", False, False),
        ("unknown", False, False),
    ],
)
def test_which_plex_asks_and_which_may_refuse_pictures(version: str, asks: bool, refuses: bool) -> None:
    assert (asks_providers(version), refuses_private_pictures(version)) == (asks, refuses)


@pytest.mark.parametrize(
    ("guid", "by"),
    [
        ("tv.plex.agents.custom.plexsync://movie/12", MatchedBy.PLEXSYNC),
        ("tv.plex.agents.custom.plexsyncother://movie/12", MatchedBy.OTHERS),
        ("plex://movie/5d776825880197001ec90a07", MatchedBy.OTHERS),
        ("com.plexapp.agents.imdb://tt0137523?lang=en", MatchedBy.OTHERS),
        ("local://713", MatchedBy.NOBODY),
        ("com.plexapp.agents.none://66e3?lang=xn", MatchedBy.NOBODY),
        ("tv.plex.agents.none://713", MatchedBy.NOBODY),
        ("", MatchedBy.NOBODY),
    ],
)
def test_a_guid_tells_who_matched_the_item(guid: str, by: MatchedBy) -> None:
    assert matched_by(guid) is by
