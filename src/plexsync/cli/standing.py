"""How everything stands."""

from __future__ import annotations

import time
from typing import Any

from plexsync.cli.answering import show
from plexsync.cli.call import Call
from plexsync.cli.screen import Screen
from plexsync.cli.spans import ago, many, moment, span
from plexsync.cli.stored import facts_of
from plexsync.sync.telling import drain_words, peer_line

#: Seconds without a beat that are worth a word.
_SILENT = 10.0


def status(call: Call, screen: Screen) -> None:
    """Daemon, peers, queue, first contact and what needs a person."""
    with facts_of(call) as source:
        facts = source.status()
    screen.facts(facts)
    if not screen.as_json:
        _show(facts, screen, time.time())


def outages(call: Call, screen: Screen) -> None:
    """What the outages so far say of each peer, and the newest of them."""
    with facts_of(call) as source:
        facts = source.outages()
    screen.facts(facts)
    if screen.as_json:
        return
    for peer in facts["peers"]:
        screen.say(peer_line(peer, facts["now"]), style="bold yellow" if peer["going_on"] else "")
    rows = [
        (
            moment(one["began_at"]),
            one["name"],
            one["kind"],
            span(one["lasted"]) if one["ended_at"] else f"{span(one['lasted'])}, goes on",
            drain_words(one) if one["ended_at"] else f"{many(one['held'], 'job')} waiting",
            one["cause"],
        )
        for one in facts["outages"]
    ]
    if rows:
        screen.table("The newest outages", ("began", "who", "how", "lasted", "what waited", "why"), rows)


def _show(facts: dict[str, Any], screen: Screen, now: float) -> None:
    if facts.get("running"):
        screen.say(f"The daemon works at {facts['url']} (process {facts['pid']}).", style="green")
    elif facts.get("held_by") is not None:
        screen.say(f"Process {facts['held_by']} works here but takes no requests (yet); this is what the store knows.")
    else:
        screen.say("No daemon runs; this is what the store knows.", style="yellow")
    for one in facts.get("owners", ()):
        if one["beat_age"] is not None or not one["mine"]:
            screen.say(_owner(one, here=bool(facts.get("running"))))
    stash = facts["stash"]
    screen.say(f"Stash: {_gate(stash['gate'], now)}; {stash['scenes']} scenes seen.")
    screen.say(f"Last full walk: {_walk(facts.get('full_walk'), now)}.")
    for server in facts["servers"]:
        _server(server, screen, now)
    if not facts["servers"]:
        screen.say("No Plex server is known yet.", style="yellow")
    for hint in facts.get("hints", ()):
        screen.say(f"Note: {hint}.")
    for trouble in facts.get("troubles", ()):
        screen.say(f"Needs you: {trouble}", style="bold red")


def _owner(one: dict[str, Any], *, here: bool) -> str:
    """Who works on a key of a database that several daemons share."""
    if not one["holder"]:
        return f"{one['name']}: no daemon works on it now" + ("; this one takes it within seconds." if here else ".")
    who = f"{one['holder']}, for {span(one['owned_for'])}"
    if one["mine"]:
        return f"{one['name']}: this daemon works on it ({who})."
    silent = f"; not heard of for {span(one['beat_age'])}" if one["beat_age"] > _SILENT else ""
    return f"{one['name']}: {'this daemon stands by, ' if here else ''}another one works on it ({who}{silent})."


def _server(server: dict[str, Any], screen: Screen, now: float) -> None:
    queue, libraries = server["queue"], [library["title"] for library in server["libraries"]]
    rows: list[tuple[str, object]] = [
        ("state", _gate(server["gate"], now)),
        ("libraries in Plex", ", ".join(libraries) or "none known yet"),
        *((("synced", ", ".join(server["synced"]) or "none"),) if "synced" in server else ()),
        *((("listening to Plex", _listening(server["listening"])),) if "listening" in server else ()),
        ("items in the index", sum(server["index"]["items"].values())),
        ("waiting jobs", _depth(queue)),
        ("dead letters", queue["dead"]),
        ("left alone", _counts(server["decisions"])),
    ]
    screen.table(f"Plex: {server['name']}", ("what", "how"), rows)
    if server.get("lost"):
        lost = many(server["lost"], "scene")
        screen.say(f"Stash lost {lost}, or a file of each: what the rule `gone` says is still to be done there.")
    _first_contact(server["first_contact"], screen)
    _brake(server["brake"], screen)


def _listening(facts: dict[str, Any]) -> str:
    return "yes" if facts["connected"] else f"no: {facts['reason'] or 'not yet'}. It is looked at every half minute"


def _first_contact(waiting: dict[str, Any], screen: Screen) -> None:
    if not waiting["waiting"]:
        return
    screen.say(
        f"{waiting['waiting']} scenes wait for your word (first contact, or the setting `preview`). Look with "
        "`plexsync plan --library NAME`, then let them be written with `plexsync sync --library NAME --go`.",
        style="bold yellow",
    )
    rows = [(row["scene"], row["title"], ", ".join(row["fields"])) for row in waiting["shown"]]
    screen.table("Some of them", ("scene", "title", "would be written"), rows)


def _brake(held: dict[str, Any], screen: Screen) -> None:
    if held["pending"]:
        screen.say(f"The brake counts {many(held['pending'], 'scene')} before it lets them go on.")
    if held["rejected"]:
        screen.say(f"{many(held['rejected'], 'scene')} left as Plex has them, because you turned the change down.")
    if held["question"] is not None:
        show(held["question"], screen)


def _gate(gate: dict[str, Any], now: float) -> str:
    state = gate.get("state", "closed")
    if state == "closed":
        return "answers"
    since = f" since {span(now - gate['since'])}" if gate.get("since") else ""
    words = {"open": "is away", "half open": "is being tried again", "held": "is held, a person has to act"}
    return f"{words.get(state, state)}{since}: {gate.get('reason') or 'no reason is known'}"


def _walk(walk: dict[str, Any] | None, now: float) -> str:
    if walk is None:
        return "never"
    if walk["finished_at"] is None:
        return f"under way since {span(now - walk['started_at'])}, at scene {walk['last_id']}"
    return ago(walk["finished_at"], now)


def _depth(queue: dict[str, int]) -> str:
    total = queue["user"] + queue["change"] + queue["bulk"]
    if not total:
        return "none"
    lanes = f"{queue['user']} user, {queue['change']} change, {queue['bulk']} bulk"
    return f"{total} ({lanes}; {queue['working']} being worked on)"


def _counts(decisions: dict[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(decisions.items())) or "none"
