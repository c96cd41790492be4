"""What waits for a person's yes or no, shown and answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from plexsync.model.spans import many
from plexsync.store import brakes, decisions
from plexsync.store.brakes import Question, State
from plexsync.store.database import Connection
from plexsync.store.fence import Transactions
from plexsync.sync.brakes import judging
from plexsync.sync.brakes.brake import HELD, LIMITS, PENDING, REJECTED
from plexsync.sync.clock import Clock
from plexsync.sync.gates.identities import OTHER_PLEX, OTHER_STASH, accept_plex, as_new, as_same, identity_line
from plexsync.sync.gates.peers import plex_name

#: How many held scenes are shown by name.
_SHOWN = 20


class NoQuestionError(Exception):
    """No such question waits for an answer; the message says which do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """`wake` is called once an answer lets work go on."""

    database: Transactions
    clock: Clock
    wake: Callable[[], None]

    async def listing(self) -> list[dict[str, Any]]:
        """Every question, the newest first."""
        return await self.database.run(listing)

    async def release(self, number: int, *, new: bool = False) -> int:
        """Let it be written; how many scenes go on. NoQuestionError where nothing of that number waits."""
        count = 0
        while some := await self.database.run(partial(release_some, number, self.clock.now(), new)):
            count += some
            self.wake()
        self.wake()
        return count

    async def reject(self, number: int) -> int:
        """Leave Plex as it is; how many scenes that concerns. NoQuestionError where nothing of that number waits."""
        return await self.database.run(partial(reject, number, self.clock.now()))


def release_some(number: int, now: float, new: bool, connection: Connection) -> int:  # noqa: FBT001  # bound by name
    """Let some of it go on; 0 once all does."""
    question = _open(connection, number)
    if question.kind == OTHER_STASH:
        (as_new if new else as_same)(connection, question, now)
        return 0
    if question.kind == OTHER_PLEX:
        accept_plex(connection, question, now, new=new)
        return 0
    if new:
        raise NoQuestionError(f"question {number} is not about another Stash or Plex: leave --new out")
    return judging.release_some(connection, question, now)


def reject(number: int, now: float, connection: Connection) -> int:
    """Leave Plex as it is; how many scenes that concerns."""
    question = _open(connection, number)
    if question.kind != judging.BULK:
        raise NoQuestionError(
            f"question {number} cannot be turned down: mend the address, or answer with `plexsync brake release`"
        )
    return judging.reject(connection, question, now)


def _open(connection: Connection, number: int) -> Question:
    question = brakes.one(connection, number)
    if question is not None and question.state is State.OPEN:
        return question
    waiting = ", ".join(str(one.id) for one in brakes.listing(connection, waiting=True))
    ended = f"was answered already ({question.state.value})" if question is not None else "was never asked"
    raise NoQuestionError(f"question {number} {ended}; waiting for an answer: {waiting or 'none'}")


def listing(connection: Connection) -> list[dict[str, Any]]:
    """Every question, the newest first."""
    return [_facts(connection, question) for question in brakes.listing(connection)]


def waiting(connection: Connection, server: str) -> dict[str, Any]:
    """What the brake holds on one server."""
    question = brakes.opened(connection, judging.BULK, server)
    return {
        "pending": brakes.held(connection, server, PENDING),
        "rejected": brakes.held(connection, server, REJECTED),
        "question": _facts(connection, question) if question is not None else None,
    }


def _facts(connection: Connection, question: Question) -> dict[str, Any]:
    facts = {
        "id": question.id,
        "kind": question.kind,
        "about": question.about,
        "state": question.state.value,
        "asked_at": question.asked_at,
        "ended_at": question.ended_at,
    }
    if question.kind != judging.BULK:
        return facts | {"scenes": 0, "says": identity_line(question), "examples": []}
    is_open = question.state is State.OPEN
    held = brakes.held(connection, question.about, HELD) if is_open else 0
    numbers = judging.counts_line(question.facts["counts"], question.facts["linked"])
    says = f"{many(held, 'scene')} held on {plex_name(question.about)}: {numbers}" if is_open else numbers
    rows = decisions.listing(connection, server=question.about, kind=HELD, limit=_SHOWN) if is_open else []
    return facts | {
        "scenes": held,
        "counts": question.facts["counts"],
        "linked": question.facts["linked"],
        "limits": {"scenes": LIMITS.taken, "share": LIMITS.taken_share},
        "says": says,
        "examples": [_example(row) for row in rows],
    }


def _example(row: decisions.Decided) -> dict[str, Any]:
    facts = row.decision.facts
    named = {name: facts.get(name) for name in ("title", "what", "fields", "changes", "instead")}
    return {"scene": row.scene, **named}


def troubles(connection: Connection) -> list[str]:
    """What waits for an answer, each in a sentence."""
    return [
        f"question {one['id']} of the brake: {one['says']}. Nothing of it is written until `plexsync brake release "
        f"{one['id']}`" + ("" if one["kind"] != judging.BULK else f" or `plexsync brake reject {one['id']}`")
        for one in listing(connection)
        if one["state"] == State.OPEN.value
    ]
