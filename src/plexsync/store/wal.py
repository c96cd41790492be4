"""SQLite's write-ahead log as it lies on the disk: whether it still holds every commit that was made in it.

SQLite takes the log for ended where a checksum fails, and forgets the commits behind that place without a word.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_HEADER = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")
#: The last bit tells the byte order of the checksums.
_MAGIC = 0x377F0682
_WORD = 0xFFFFFFFF

_Sums = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Round:
    """What the frames of one round of the log have in common."""

    page_size: int
    salts: _Sums
    order: str


@dataclass(frozen=True, slots=True)
class _Frame:
    is_commit: bool
    salts: _Sums
    sums: _Sums
    summed: bytes  #: what the checksums are of, after those of the frame before


def has_hole(log: Path, page_size: int) -> bool:
    """Whether commits that were finished lie behind a place that cannot be read; `page_size` is the database's.

    A log that only ends badly has none: a power cut may leave its last commit, never acknowledged, half-written. Two
    whole commits in a row prove more, as the second began when the first was on the disk.
    """
    with log.open("rb") as file:
        head = file.read(_HEADER.size)
        if len(head) < _HEADER.size:
            return False
        facts = _HEADER.unpack(head)
        order = ">" if facts[0] & 1 else "<"
        sums = _after(head[:24], (0, 0), order)
        if facts[0] & ~1 == _MAGIC and sums == facts[6:8]:
            return _holds_hole(file, _Round(page_size=facts[2], salts=(facts[4], facts[5]), order=order), sums)
        # The header reaches the disk before the first frame: with whole commits under it, it was a good one.
        salts = _salts_of_first_frame(file)
        return salts is not None and any(
            _holds_hole(file, _Round(page_size=page_size, salts=salts, order=either), None) for either in "<>"
        )


def _holds_hole(file: IO[bytes], this: _Round, before: _Sums | None) -> bool:
    """Two whole commits in a row behind the first break; `before` are the header's checksums, None: it is broken."""
    broken, commits = before is None, 0
    for frame in _frames(file, this.page_size):
        fits = (
            before is not None and frame.salts == this.salts and _after(frame.summed, before, this.order) == frame.sums
        )
        if not fits:
            broken, commits = True, 0
        elif broken and frame.is_commit:
            commits += 1
            if commits == 2:
                return True
        before = frame.sums
    return False


def _frames(file: IO[bytes], page_size: int) -> Iterator[_Frame]:
    file.seek(_HEADER.size)
    while len(raw := file.read(_FRAME.size + page_size)) == _FRAME.size + page_size:
        _, size_after, *rest = _FRAME.unpack_from(raw)
        yield _Frame(
            is_commit=size_after > 0,
            salts=(rest[0], rest[1]),
            sums=(rest[2], rest[3]),
            summed=raw[:8] + raw[_FRAME.size :],
        )


def _salts_of_first_frame(file: IO[bytes]) -> _Sums | None:
    file.seek(_HEADER.size)
    raw = file.read(_FRAME.size)
    if len(raw) < _FRAME.size:
        return None
    salts = _FRAME.unpack(raw)[2:4]
    return salts[0], salts[1]


def _after(content: bytes, sums: _Sums, order: str) -> _Sums:
    """The checksums once `content`, a multiple of 8 bytes, was added to them."""
    one, two = sums
    for first, second in struct.iter_unpack(f"{order}2I", content):
        one = (one + first + two) & _WORD
        two = (two + second + one) & _WORD
    return one, two
