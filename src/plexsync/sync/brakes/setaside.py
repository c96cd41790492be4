"""What the brake set aside or holds, read page by page and counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from plexsync.store import decisions
from plexsync.store.database import Connection
from plexsync.store.decisions import Decided
from plexsync.sync.brakes.brake import ASKED, FEW, HELD, PENDING, Drastic, Tally
from plexsync.sync.brakes.letgo import RECENT

_PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """All that waits to be judged. `few` came few at a time; `asked`: a person was asked about some of it already."""

    tally: Tally
    few: tuple[Decided, ...]
    asked: bool

    @classmethod
    def read(cls, connection: Connection, server: str) -> SetAside:
        """As it stands on that server."""
        whole, few, asked = Tally(), list[Decided](), False
        for page in pages(connection, server, PENDING):
            whole += Tally.of(map(what, page))
            few += filter(is_few, page)
            asked = asked or any(map(_was_asked, page))
        return cls(tally=whole, few=tuple(few), asked=asked)


def pages(connection: Connection, server: str, kind: str, since: float | None = None) -> Iterator[Sequence[Decided]]:
    """All that was decided in that way, after that time if one is given."""
    after: tuple[str, int] | None = None
    while page := decisions.listing(connection, server=server, kind=kind, limit=_PAGE, after=after, since=since):
        yield page
        after = (page[-1].server, page[-1].scene)


def tally(connection: Connection, server: str, kind: str) -> Tally:
    """The same, counted."""
    return Tally.of(what(row) for page in pages(connection, server, kind) for row in page)


def held_lately(connection: Connection, server: str, after: float, now: float) -> Tally:
    """What a person is asked about since then, but for what a clock decided that ran far ahead."""
    rows = (row for page in pages(connection, server, HELD, after) for row in page)
    return Tally.of(what(row) for row in rows if row.at <= now + RECENT)


def what(row: Decided) -> list[Drastic]:
    """What would happen to the scene."""
    return [Drastic(kind) for kind in row.decision.facts.get("what", ())]


def is_few(row: Decided) -> bool:
    """Whether it came with few others, and nobody is asked about it."""
    return bool(row.decision.facts.get(FEW)) and not _was_asked(row)


def _was_asked(row: Decided) -> bool:
    """Whether a person is asked already about such a change of the scene."""
    reasons = row.decision.facts.get("reasons", ())
    return any(ASKED[kind] in reasons for kind in what(row))
