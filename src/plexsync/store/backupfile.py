"""A backup as a file: packed lines of JSON that say nothing of the database they came from.

A header; the identity; for each table a line with its columns, then a list for each row; at the end the counts and a
checksum of all lines before, so that a file which was cut short is known for what it is.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from plexsync.model.errors import StoreError
from plexsync.store import private_file

SUFFIX = ".backup"
FORMAT = 1
_LEVEL = 6
#: Rows that are read or written at once.
PAGE = 1000

Row = list[Any]


class BackupError(StoreError):
    """A file that cannot be restored; the message names it and says why."""


class Why(StrEnum):
    """What a backup was made for."""

    DAILY = "daily"
    BEFORE_MIGRATION = "before migration"
    BY_HAND = "by hand"


class _Part(msgspec.Struct, frozen=True, tag_field="part"):
    """A line that is no row."""


class Header(_Part, frozen=True, kw_only=True, tag="plexsync backup"):
    """`number` counts the backups of a folder, which a clock that jumps cannot put in order; `schema` is the
    version of the tables; `made_at` in seconds since the epoch; `ledger` the rows of the ledger."""

    format: int = FORMAT
    program: str
    schema: str
    made_at: float
    why: Why
    number: int
    ledger: int = 0


class Identity(_Part, frozen=True, kw_only=True, tag="identity"):
    """The file beside the database that says who this installation is."""

    facts: dict[str, Any]


class Table(_Part, frozen=True, kw_only=True, tag="table"):
    """What follows are its rows."""

    name: str
    columns: list[str]


class End(_Part, frozen=True, kw_only=True, tag="end"):
    """`counts` are rows by table; `sha256` is of all lines before."""

    counts: dict[str, int]
    sha256: str


_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[Header | Identity | Table | End | Row] = msgspec.json.Decoder(
    Header | Identity | Table | End | Row
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a whole backup holds: rows by table, and the identity if there was one."""

    header: Header
    counts: dict[str, int]
    identity: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some rows of a table, each with a value for every column."""

    table: Table
    rows: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class Writer:
    """Takes the parts of a backup in their order."""

    _out: gzip.GzipFile
    counts: dict[str, int] = field(default_factory=dict)
    _sum: Any = field(default_factory=hashlib.sha256)
    _table: str = ""

    def part(self, part: Header | Identity | Table) -> None:
        """A line that is no row."""
        if isinstance(part, Table):
            self._table = part.name
            self.counts[part.name] = 0
        self._write(_ENCODER.encode(part) + b"\n")

    def rows(self, rows: Sequence[Sequence[Any]]) -> None:
        """Rows of the table that came last: texts, numbers, switches and nothing."""
        self.counts[self._table] += len(rows)
        self._write(_ENCODER.encode_lines(rows))

    def end(self) -> None:
        """Nothing follows."""
        self._write(_ENCODER.encode(End(counts=self.counts, sha256=self._sum.hexdigest())) + b"\n")

    def _write(self, lines: bytes) -> None:
        self._sum.update(lines)
        self._out.write(lines)


@contextmanager
def writing(path: Path, header: Header) -> Iterator[Writer]:
    """A backup that takes the place of `path`, mode 0600, once the block has ended well. OSError as the disk says."""
    with (
        private_file.replacing(path) as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=_LEVEL, mtime=0) as packed,
    ):
        writer = Writer(packed)
        writer.part(header)
        yield writer
        writer.end()


def header_of(path: Path) -> Header:
    """What the file says of itself, whatever the rest of it is like; BackupError when it says nothing."""
    with _opened(path) as lines:
        return _header(next(lines, b""), path)


def contents(path: Path) -> Contents:
    """What the file holds, read to its end; BackupError unless it is whole."""
    header, identity, counts = header_of(path), None, dict[str, int]()
    for piece in pieces(path):
        if isinstance(piece, Identity):
            identity = piece.facts
        else:
            counts[piece.table.name] = counts.get(piece.table.name, 0) + len(piece.rows)
    return Contents(header=header, counts=counts, identity=identity)


def pieces(path: Path) -> Iterator[Identity | Piece]:
    """What follows the header, rows in pages. A broken file shows at its end at the latest, as a BackupError: who acts
    on a piece has to have read the whole file once before.
    """
    sums = hashlib.sha256()
    with _opened(path) as lines:
        first = next(lines, b"")
        _header(first, path)
        sums.update(first)
        page: Piece | None = None
        for line in lines:
            part = _part(line, path)
            if isinstance(part, End):
                yield from _filled(page)
                _must_end(part, sums.hexdigest(), next(lines, b""), path)
                return
            sums.update(line)
            if isinstance(part, list):
                page = _with_row(page, part, path)
                if len(page.rows) < PAGE:
                    continue
            yield from _filled(page)
            if isinstance(part, Identity):
                yield part
            page = _next_page(part, page)
        raise _cut_short(path)


def _filled(page: Piece | None) -> Iterator[Piece]:
    if page is not None and page.rows:
        yield page


def _with_row(page: Piece | None, row: Row, path: Path) -> Piece:
    if page is None or len(row) != len(page.table.columns):
        raise BackupError(f"The backup {path} is damaged: a row does not fit its table")
    page.rows.append(row)
    return page


def _next_page(part: Header | Identity | Table | Row, page: Piece | None) -> Piece | None:
    if isinstance(part, Table):
        return Piece(table=part)
    return None if page is None else Piece(table=page.table)


def _must_end(end: End, sha256: str, more: bytes, path: Path) -> None:
    if end.sha256 != sha256 or more:
        raise BackupError(f"The backup {path} is damaged: its content does not fit its checksum")


def _cut_short(path: Path) -> BackupError:
    return BackupError(f"The backup {path} is damaged: it was cut short")


def _part(line: bytes, path: Path) -> Header | Identity | Table | End | Row:
    try:
        return _DECODER.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BackupError(f"The backup {path} is damaged: a line cannot be read ({error})") from error


def _header(line: bytes, path: Path) -> Header:
    try:
        header = msgspec.json.decode(line, type=Header)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BackupError(f"The file {path} is no backup of PlexSync") from error
    if header.format > FORMAT:
        raise BackupError(
            f"The backup {path} was made by a newer PlexSync ({header.program}): restore it with that one"
        )
    return header


@contextmanager
def _opened(path: Path) -> Iterator[Iterator[bytes]]:
    """The lines of the file. What goes wrong while they are read becomes a BackupError."""
    try:
        with gzip.open(path) as file:
            yield iter(file)
    except EOFError as error:
        raise _cut_short(path) from error
    except gzip.BadGzipFile as error:
        raise BackupError(f"The file {path} is no backup of PlexSync, or it is damaged ({error})") from error
    except zlib.error as error:
        raise BackupError(f"The backup {path} is damaged: it cannot be unpacked ({error})") from error
    except OSError as error:
        raise BackupError(f"The backup {path} cannot be read: {error.strerror or error}") from error
