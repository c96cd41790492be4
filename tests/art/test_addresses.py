"""Addresses that carry no key and cannot be made up."""

from __future__ import annotations

import pytest

from plexsync.art.addresses import SERVED, Address, Addresses
from plexsync.art.sources import PictureKind

BOOK = Addresses(key="signing-key", base="http://nas:9797")
SHA1 = "0123456789abcdef0123456789abcdef01234567"


def parts(address: str) -> tuple[str, str, str, str]:
    kind, number, version, name = address.removeprefix("http://nas:9797/art/").split("/")
    return kind, number, version, name


@pytest.mark.parametrize("kind", sorted(SERVED))
def test_an_address_is_read_as_it_was_made(kind: PictureKind) -> None:
    made = BOOK.of(kind, 12, SHA1)
    assert BOOK.read(*parts(made)) == Address(kind=kind, id=12, version="0123456789ab")
    assert BOOK.of(kind, 12, SHA1) == made != BOOK.of(kind, 12, "f" * 40)
    assert made.endswith(".jpg")


@pytest.mark.parametrize("place", range(4))
def test_whatever_is_changed_of_an_address_makes_it_unknown(place: int) -> None:
    given = list(parts(BOOK.of(PictureKind.PERFORMER, 12, SHA1)))
    given[place] = ["studio", "13", "f" * 12, "0" * 32 + ".jpg"][place]
    kind, number, version, name = given
    assert BOOK.read(kind, number, version, name) is None


@pytest.mark.parametrize("number", ["0", "-1", "01", "1e3", "٣", "", "99999999999", "../1"])
def test_only_plain_numbers_are_ids(number: str) -> None:
    assert BOOK.read("performer", number, "0" * 12, "0" * 32 + ".jpg") is None


def test_another_key_signs_otherwise_and_neither_is_shown() -> None:
    other = Addresses(key="another", base=BOOK.base)
    assert other.read(*parts(BOOK.of(PictureKind.PERFORMER, 12, SHA1))) is None
    assert "signing-key" not in repr(BOOK)
