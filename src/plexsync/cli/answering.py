"""Questions of the brake, shown and answered: by the daemon, or in the store while none runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from plexsync.cli.call import Call, Failed
from plexsync.cli.remote import daemon_of
from plexsync.cli.screen import Screen
from plexsync.cli.spans import many, moment
from plexsync.cli.stored import changing, facts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from plexsync.store.database import Connection

_SHOWN = 20


def listing(call: Call, screen: Screen) -> None:
    """Every question; those that wait with numbers and examples."""
    with facts_of(call) as source:
        facts = source.brake()
    screen.facts(facts)
    if not facts:
        screen.say("The brake never held anything.", style="green")
    for one in facts:
        if one["state"] == "open":
            show(one, screen)
    rows = [
        (one["id"], one["about"], one["says"], moment(one["asked_at"]), one["state"])
        for one in facts
        if one["state"] != "open"
    ]
    if rows:
        screen.table("Answered", ("ID", "about", "what", "asked", "answer"), rows)


def show(question: Mapping[str, Any], screen: Screen) -> None:
    """One question that waits."""
    number = question["id"]
    screen.say(f"Question {number} ({moment(question['asked_at'])}): {question['says']}.", style="bold yellow")
    rows = [_row(example) for example in question["examples"][:_SHOWN]]
    if rows:
        screen.table("Some of them", ("scene", "title", "would be", "fields", "for example"), rows)
    if question["kind"] == "bulk":
        screen.say(
            f"`plexsync brake release {number}` lets all of it be written, `plexsync brake reject {number}` leaves "
            "Plex as it is."
        )


def _row(example: Mapping[str, Any]) -> tuple[object, ...]:
    changes = example.get("changes") or ()
    shown = [f"{one['field']}: {_short(one['now'])} -> {_short(one['will_be'])}" for one in changes[:1]]
    instead = example.get("instead") or "; ".join(shown)
    what, fields = ", ".join(example.get("what") or ()), ", ".join(example.get("fields") or ())
    return example["scene"], example["title"], what, fields, instead


def _short(value: Any) -> str:
    if value in (None, "", []):
        return "nothing"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def release(call: Call, number: int, screen: Screen, *, new: bool) -> None:
    """Let it be written."""
    from plexsync.sync.brakes import questions

    def work(connection: Connection) -> dict[str, Any]:
        count, now = 0, time.time()
        while some := questions.release_some(number, now, new, connection):
            count += some
        return {"released": count}

    facts = _answered(call, "brake release", f"/api/v1/brake/{number}/release", {"new": new}, work)
    screen.facts(facts)
    screen.say(f"Question {number} is answered: {many(facts['released'], 'scene')} written from now on.")


def reject(call: Call, number: int, screen: Screen) -> None:
    """Leave Plex as it is."""
    from plexsync.sync.brakes import questions

    facts = _answered(
        call,
        "brake reject",
        f"/api/v1/brake/{number}/reject",
        {},
        lambda connection: {"rejected": questions.reject(number, time.time(), connection)},
    )
    screen.facts(facts)
    screen.say(
        f"Question {number} is answered: {many(facts['rejected'], 'scene')} left as Plex has them, until they or the "
        "rules change again."
    )


def _answered(
    call: Call, verb: str, path: str, wish: Mapping[str, Any], work: Callable[[Connection], dict[str, Any]]
) -> dict[str, Any]:
    with daemon_of(call.config().data_dir) as remote:
        if remote is not None:
            answer: dict[str, Any] = remote.post(path, wish)
            return answer
    from plexsync.sync.brakes.questions import NoQuestionError

    try:
        with changing(call, verb) as connection:
            return work(connection)
    except NoQuestionError as error:
        raise Failed(str(error)) from error
