"""Certificates made on the spot with Python alone: P-256 keys, ECDSA with SHA-256, DER."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import random
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

_P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_P256, _ECDSA_SHA256, _EC_KEY = "1.2.840.10045.3.1.7", "1.2.840.10045.4.3.2", "1.2.840.10045.2.1"
Point = tuple[int, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certified:
    """A certificate that signed itself, in a file beside its key."""

    certificate: Path
    key: Path

    def for_server(self) -> ssl.SSLContext:
        """What a server shows."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context

    def trusted(self) -> ssl.SSLContext:
        """What a client has that trusts it."""
        return ssl.create_default_context(cafile=str(self.certificate))


def certified(folder: Path, *names: str, begins: timedelta | None = None, ends: timedelta | None = None) -> Certified:
    """A certificate for these host names and addresses, valid from `begins` to `ends` from now (a day each way)."""
    chance = random.Random(repr(names))
    secret = chance.randrange(1, _N)
    now = datetime.now(UTC)
    content = _certificate(
        secret, names, now + (begins or timedelta(days=-1)), now + (ends or timedelta(days=1)), chance
    )
    made = Certified(certificate=folder / "certificate.pem", key=folder / "key.pem")
    made.certificate.write_text(_pem("CERTIFICATE", content), encoding="ascii")
    made.key.write_text(_pem("EC PRIVATE KEY", _private(secret)), encoding="ascii")
    return made


def _certificate(secret: int, names: tuple[str, ...], begins: datetime, ends: datetime, chance: random.Random) -> bytes:
    public = _public(secret)
    algorithm = _sequence(_oid(_ECDSA_SHA256))
    who = _sequence(_der(0x31, _sequence(_oid("2.5.4.3"), _der(0x0C, b"made by a test"))))
    signed = _sequence(
        _der(0xA0, _integer(2)),
        _integer(chance.getrandbits(63)),
        algorithm,
        who,
        _sequence(_time(begins), _time(ends)),
        who,
        _sequence(_sequence(_oid(_EC_KEY), _oid(_P256)), _bits(public)),
        _der(0xA3, _sequence(*_extensions(names, hashlib.sha1(public).digest()))),
    )
    return _sequence(signed, algorithm, _bits(_signature(secret, signed, chance)))


def _extensions(names: tuple[str, ...], key: bytes) -> list[bytes]:
    critical = _der(0x01, b"\xff")
    return [
        _sequence(_oid("2.5.29.19"), critical, _der(0x04, _sequence(critical))),  # may sign: itself
        _sequence(_oid("2.5.29.15"), critical, _der(0x04, _der(0x03, b"\x02\x84"))),  # signs data and certificates
        _sequence(_oid("2.5.29.14"), _der(0x04, _der(0x04, key))),
        _sequence(_oid("2.5.29.35"), _der(0x04, _sequence(_der(0x80, key)))),
        _sequence(_oid("2.5.29.17"), _der(0x04, _sequence(*map(_name, names)))),
    ]


def _name(name: str) -> bytes:
    try:
        return _der(0x87, ipaddress.ip_address(name).packed)
    except ValueError:
        return _der(0x82, name.encode("ascii"))


def _private(secret: int) -> bytes:
    kept = _der(0x04, secret.to_bytes(32, "big"))
    return _sequence(_integer(1), kept, _der(0xA0, _oid(_P256)), _der(0xA1, _bits(_public(secret))))


def _public(secret: int) -> bytes:
    point = _times(secret, _G)
    assert point is not None
    return b"\x04" + point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big")


def _signature(secret: int, content: bytes, chance: random.Random) -> bytes:
    once = chance.randrange(1, _N)
    point = _times(once, _G)
    assert point is not None
    first = point[0] % _N
    digest = int.from_bytes(hashlib.sha256(content).digest(), "big")
    return _sequence(_integer(first), _integer(pow(once, -1, _N) * (digest + first * secret) % _N))


def _times(factor: int, point: Point) -> Point:
    total: Point = None
    while factor:
        if factor & 1:
            total = _sum(total, point)
        point = _sum(point, point)
        factor >>= 1
    return total


def _sum(one: Point, other: Point) -> Point:
    if one is None or other is None:
        return one or other
    if one[0] == other[0] and one != other:
        return None
    if one == other:
        slope = 3 * (one[0] ** 2 - 1) * pow(2 * one[1], -1, _P)
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, _P)
    across = (slope**2 - one[0] - other[0]) % _P
    return across, (slope * (one[0] - across) - one[1]) % _P


def _der(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content


def _sequence(*parts: bytes) -> bytes:
    return _der(0x30, b"".join(parts))


def _integer(number: int) -> bytes:
    return _der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _bits(content: bytes) -> bytes:
    return _der(0x03, b"\x00" + content)


def _time(moment: datetime) -> bytes:
    return _der(0x18, moment.strftime("%Y%m%d%H%M%SZ").encode("ascii"))


def _oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    return _der(0x06, bytes([40 * first + second]) + b"".join(map(_base_128, rest)))


def _base_128(number: int) -> bytes:
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(0x80 | number & 0x7F)
    return bytes(reversed(groups))


def _pem(kind: str, content: bytes) -> str:
    text = base64.b64encode(content).decode("ascii")
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----\n"
