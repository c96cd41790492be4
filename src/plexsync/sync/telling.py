"""What is known, in sentences: for the terminal and for Stash's log alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from plexsync.model.spans import ago, many, moment, shown, span
from plexsync.sync.gates.peers import plex_name

_LANES = ("user", "change", "bulk")


def queue_lines(status: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], now: float) -> list[str]:
    """How much waits for each server, and what the jobs that failed before wait for."""
    lines = [
        f"{plex_name(server['name'])}: {depth_words(server['queue'])}; {many(server['queue']['dead'], 'dead letter')}."
        for server in status["servers"]
    ]
    for row in rows:
        if row["failure"]:
            due = "now" if row["due_at"] <= now else ago(row["due_at"], now)
            lines.append(
                f"Scene {row['scene']} on {row['server']} is tried again {due} "
                f"(failed {times(row['attempts'])}): {row['failure']['message']}"
            )
    return lines


def depth_words(depth: Mapping[str, int]) -> str:
    """The jobs of one server."""
    total = sum(depth[lane] for lane in _LANES)
    if not total:
        return "nothing waits"
    lanes = ", ".join(f"{depth[lane]} {lane}" for lane in _LANES if depth[lane])
    return f"{many(total, 'job')} ({lanes}; {depth['working']} being worked on)"


def letter_line(letter: Mapping[str, Any]) -> str:
    """A dead letter in one line."""
    return f"{_which(letter)}: {_what(letter)}"


def letter_lines(letter: Mapping[str, Any]) -> list[str]:
    """A dead letter with all that is known of it, the scene first."""
    failure = letter["failure"] or {}
    lines = [
        f"{_which(letter)}.",
        f"What happened: {_what(letter)}",
        f"First failure: {moment(letter['first_failed_at'])}; given up: {moment(letter['died_at'])}, "
        f"after {many(letter['attempts'], 'attempt')}.",
    ]
    if failure.get("place"):
        answer = f", answered with status {failure['status']}" if failure.get("status") else ""
        lines.append(f"Request: {failure['place']}{answer}")
    if failure.get("excerpt"):
        lines.append(f"The answer began: {failure['excerpt']}")
    if letter["path"]:
        lines.append(f"File in Stash: {letter['path']}")
    lines.append(f"Queued because: {', '.join(letter['reasons']) or 'not known'}")
    return lines + _plan_lines(letter["context"])


def _plan_lines(context: Mapping[str, Any]) -> list[str]:
    """What was to be written."""
    lines = [
        f"To be written to item {change['item']}: {change['field']} from {shown(change['before'], change['field'])} "
        f"to {shown(change['after'], change['field'])} ({change['because']})"
        for change in context.get("plan", ())
    ]
    return lines + ([f"And {context['more_changes']} more changes."] if context.get("more_changes") else [])


def _which(letter: Mapping[str, Any]) -> str:
    title = ' "' + letter["title"] + '"' if letter["title"] else ""
    return f"Scene {letter['scene']}{title} on {plex_name(letter['server'])}"


def _what(letter: Mapping[str, Any]) -> str:
    failure = letter["failure"] or {}
    return f"{failure.get('message') or 'no reason is known'} ({letter['error'] or 'unknown error'})"


def outage_lines(report: Mapping[str, Any], *, listed: int) -> list[str]:
    """A sentence about each peer, then the newest outages."""
    lines = [peer_line(peer, report["now"]) for peer in report["peers"]]
    return lines + [outage_line(one, report["now"]) for one in report["outages"][:listed]]


def peer_line(peer: Mapping[str, Any], now: float) -> str:
    """What the record says of one peer."""
    if peer["watched_since"] is None:
        return f"{peer['name']}: no daemon has watched it yet."
    observed = f"in {span(now - peer['watched_since'])} of watching"
    if not peer["outages"]:
        return f"{peer['name']}: no outage {observed}; available 100 % of the time."
    parts = [f"{many(peer['outages'], 'outage')} {observed}", f"available {share(peer['availability'])} of the time"]
    if peer["mttr"] is not None:
        parts.append(f"back after {span(peer['mttr'])} on average")
    if peer["mtbf"] is not None:
        parts.append(f"one outage begins {span(peer['mtbf'])} after the other on average")
    return f"{peer['name']}: {'; '.join(parts)}."


def outage_line(one: Mapping[str, Any], now: float) -> str:
    """One outage."""
    what = "held" if one["kind"] == "held" else "away"
    if one["ended_at"] is None:
        length = f"{what} since {moment(one['began_at'])} ({span(now - one['began_at'])}) and still is"
        return f"{one['name']}: {length}; {many(one['held'], 'job')} waiting; cause: {one['cause']}"
    length = f"{what} from {moment(one['began_at'])} for {span(one['lasted'])}"
    return f"{one['name']}: {length}; {drain_words(one)}; cause: {one['cause']}"


def drain_words(one: Mapping[str, Any]) -> str:
    """What became of the jobs that waited for the end of an outage."""
    if not one["held"]:
        return "no job waited for its end"
    waited = f"{many(one['held'], 'job')} waited for its end"
    if one["last_drained_at"] is None:
        return waited
    took = span(max(0.0, one["last_drained_at"] - one["ended_at"]))
    count = "all" if one["drained"] >= one["held"] else f"{one['drained']} of them"
    return f"{waited}, {count} done {took} after it"


def share(part: float) -> str:
    """A share of time in percent; never a round 100 or 0 that is not true."""
    if part in (0.0, 1.0):
        return f"{part * 100:.0f} %"
    return f"{min(max(part * 100, 0.01), 99.99):.2f} %"


def recovered_line(one: Mapping[str, Any]) -> str:
    """What a recovery did on one server."""
    parts = [f"{many(one['put'], 'dead letter')} tried again"]
    parts += [f"{one['queued']} queued already"] if one["queued"] else []
    parts += [f"{one['gone']} dropped, as Stash has no such scene any more"] if one["gone"] else []
    parts += [f"{one['left']} kept for later"] if one["left"] else []
    parts += [f"{one['others']} not asked for"] if one["others"] else []
    return f"{plex_name(one['server'])}: {'; '.join(parts)}."


def left_lines(one: Mapping[str, Any]) -> list[str]:
    """Why it left some for later."""
    if one["trouble"]:
        return [f"{plex_name(one['server'])}: no more could be tried: {one['trouble']}"]
    if one["left"]:
        return [f"{plex_name(one['server'])}: Stash cannot tell the scenes now that are kept for later."]
    return []


def times(count: int) -> str:
    """How often."""
    return {0: "but not counted", 1: "once", 2: "twice"}.get(count, f"{count} times")
