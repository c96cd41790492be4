"""What the store tells people: the queue, dead letters, why a scene is as it is. Plain JSON facts, nothing else."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from plexsync.model.work import Failure
from plexsync.store import (
    dead,
    decisions,
    gates,
    history,
    in_step,
    index,
    jobs,
    ledger,
    links,
    notices,
    owner,
    preferences,
    queue,
    seen,
    undos,
    walks,
)
from plexsync.store.database import Connection
from plexsync.sync.brakes import questions
from plexsync.sync.gates.peers import STASH, plex_key
from plexsync.sync.plainvalues import value_json
from plexsync.sync.walks.walk import FULL

#: How many waiting scenes a status shows by name.
_SHOWN = 20


def status_of(connection: Connection, server: str) -> dict[str, Any]:
    """One server as the store knows it."""
    sections = preferences.get(connection, f"sections:{server}") or []
    waiting = decisions.listing(connection, server=server, kind="preview", limit=_SHOWN)
    return {
        "name": server,
        "gate": gates.load(connection, plex_key(server)) or {"state": "closed"},
        "queue": queue.depth(connection, server),
        "decisions": decisions.counts(connection, server),
        "index": {"version": index.version(connection, server), "items": index.count(connection, server)},
        "libraries": [
            {"key": row["key"], "title": row["title"], "type": row["type"], "agent": row["agent"]} for row in sections
        ],
        "brake": questions.waiting(connection, server),
        "lost": len(undos.lost(connection, server)),
        "first_contact": {
            "waiting": decisions.counts(connection, server).get("preview", 0),
            "shown": [
                {
                    "scene": row.scene,
                    "title": row.decision.facts.get("title", ""),
                    "fields": row.decision.facts.get("fields", []),
                }
                for row in waiting
            ],
        },
    }


def status(connection: Connection, servers: Sequence[str]) -> dict[str, Any]:
    """Everything that the store knows of how things stand."""
    walk = walks.load(connection, FULL)
    return {
        "stash": {"gate": gates.load(connection, STASH) or {"state": "closed"}, "scenes": seen.count(connection)},
        "servers": [status_of(connection, server) for server in servers],
        "notices": notices.sentences(connection),
        "questions": questions.troubles(connection),
        "full_walk": None
        if walk is None
        else {"started_at": walk.started_at, "finished_at": walk.finished_at, "last_id": walk.last_id},
    }


def owners(connection: Connection, titles: Mapping[str, str], mine: Collection[str] = ()) -> list[dict[str, Any]]:
    """Who works on each of these keys; times in seconds before now."""
    known = owner.standing(connection)
    return [_owner(key, title, known.get(key), mine=key in mine) for key, title in titles.items()]


def _owner(key: str, title: str, known: owner.Owner | None, *, mine: bool) -> dict[str, Any]:
    is_owned = known is not None and known.holder != ""
    return {
        "key": key,
        "name": title,
        "holder": known.holder if known is not None else "",
        "mine": mine,
        "owned_for": known.since if known is not None and is_owned else None,
        "beat_age": known.silent if known is not None and is_owned else None,
    }


def known_servers(connection: Connection) -> list[str]:
    """The servers that the store has ever met, by name."""
    return sorted(name.removeprefix("sections:") for name in preferences.all_under(connection, "sections:"))


def queue_rows(connection: Connection, limit: int) -> list[dict[str, Any]]:
    """The jobs that wait or are worked on."""
    return [_job(row) for row in queue.listing(connection, limit=limit)]


def dead_rows(connection: Connection, limit: int) -> list[dict[str, Any]]:
    """The dead letters with all that is known of them."""
    return _letters(connection, jobs.dead_list(connection, limit=limit))


def dead_of(connection: Connection, scene: int) -> list[dict[str, Any]]:
    """The dead letters of a scene, at most one a server."""
    return _letters(connection, dead.dead_some(connection, [scene]))


def _letters(connection: Connection, letters: Sequence[dead.DeadLetter]) -> list[dict[str, Any]]:
    """A scene that Stash could not tell has no title in its letter: what it was last seen as helps then."""
    untold = [letter.scene for letter in letters if not letter.context.get("title")]
    known, paths = seen.known(connection, untold), seen.paths(connection, untold)
    return [
        _letter(letter)
        | {
            "title": letter.context.get("title") or (known[letter.scene].title if letter.scene in known else None),
            "path": letter.context.get("path") or next(iter(paths.get(letter.scene, [])), None),
        }
        for letter in letters
    ]


def why(connection: Connection, scene: int, servers: Sequence[str]) -> dict[str, Any]:
    """Where a scene stands on every server, and what was written to it."""
    known = seen.known(connection, [scene]).get(scene)
    return {
        "scene": scene,
        "title": known.title if known is not None else None,
        "files": seen.paths(connection, [scene]).get(scene, []),
        "servers": [_why_on(connection, scene, server) for server in servers],
        "history": [
            {
                "at": row.at,
                "server": row.server,
                "item": row.rating_key,
                "field": row.field.value,
                "before": value_json(row.before),
                "after": value_json(row.after),
                "why": row.reason,
            }
            for row in history.of_scene(connection, scene, limit=50)
        ],
    }


def _why_on(connection: Connection, scene: int, server: str) -> dict[str, Any]:
    row = queue.one(connection, server, scene)
    letter = jobs.dead_one(connection, server, scene)
    decision = decisions.decided(connection, server, [scene]).get(scene)
    ties = links.of_scenes(connection, server, [scene]).get(scene, [])
    confirmed = in_step.digests(connection, server, [scene]).get(scene, {})
    doubtful = ledger.doubtful(connection, server, [tie.plex_path for tie in ties])
    return {
        "name": server,
        "job": _job(row) if row is not None else None,
        "dead": _letter(letter) if letter is not None else None,
        "decision": {"kind": decision.kind, "reason": decision.reason, **decision.facts} if decision else None,
        "items": [
            {
                "item": tie.rating_key,
                "library": tie.section,
                "path": tie.plex_path,
                "confidence": tie.confidence,
                "reason": tie.reason,
                "in_step": tie.rating_key in confirmed,
                "before_unknown": [field.value for field in doubtful.get(tie.plex_path, ())],
            }
            for tie in ties
        ],
    }


def _job(row: queue.QueueRow) -> dict[str, Any]:
    return {
        "server": row.server,
        "scene": row.scene,
        "lane": row.lane.name.lower(),
        "held_library": row.parked_in,
        "reasons": list(row.reasons),
        "state": "working" if row.working else "waiting",
        "due_at": row.due_at,
        "attempts": row.attempts + row.long_attempts,
        "queued_at": row.queued_at,
        "failure": _failure(row.failure),
    }


def _letter(letter: dead.DeadLetter) -> dict[str, Any]:
    return {
        "server": letter.server,
        "scene": letter.scene,
        "error": letter.error,
        "failure": _failure(letter.failure),
        "attempts": letter.attempts,
        "first_failed_at": letter.first_failed_at,
        "died_at": letter.died_at,
        "reasons": list(letter.reasons),
        "context": letter.context,
    }


def _failure(failure: Failure | None) -> dict[str, Any] | None:
    return None if failure is None else asdict(failure)
