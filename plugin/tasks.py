"""Tasks and operations. Stash's user waits for these, so they may import what they like."""

import json
import time

from call import line_of, log
from elsewhere import connected, exchange, request, url_parts, waiting
from note import nudge, wake
from progress import SILENCE, expect, give_up, show, wait
from spool import MARKER, SETTINGS, exists, keep, make_folder, read_settings, remove, write_file

TASK_SECONDS = 2.0
HAND_SECONDS = 1.5  #: for the POST of a task, so that the whole of it stays below 2 s
TOLD_SECONDS = 0.5  #: that Stash is given to read the lines of an answer
MOST_LINES = 500
LEVELS = {"info": "i", "warning": "w", "error": "e"}

#: Tasks of the daemon by mode: the event that asks for one, and its name.
HANDED = {
    "queue_status": ("Task.QueueStatus", "Queue status"),
    "process_queue": ("Task.ProcessQueue", "Process queue now"),
    "queue_clear": ("Task.QueueClear", "Clear queue"),
    "dead_show": ("Task.DeadShow", "Dead letters: show"),
    "dead_retry": ("Task.DeadRetry", "Dead letters: retry"),
    "dead_clear": ("Task.DeadClear", "Dead letters: clear"),
    "dead_purge": ("Task.DeadPurge", "Dead letters: purge old ones"),
    "recover": ("Task.Recover", "Recover outage jobs"),
    "health": ("Task.Health", "Health check"),
    "outages": ("Task.Outages", "Outage report"),
    "doctor": ("Task.Doctor", "Doctor"),
    "refresh_index": ("Task.RefreshIndex", "Refresh Plex index"),
    "suggest_paths": ("Task.SuggestPathRules", "Suggest path rules"),
    "reconcile_all": ("Task.ReconcileAll", "Reconcile all"),
    "reconcile_24h": ("Task.ReconcileDay", "Reconcile last 24 hours"),
    "reconcile_7d": ("Task.ReconcileWeek", "Reconcile last 7 days"),
    "reconcile_empty": ("Task.ReconcileEmpty", "Reconcile empty only"),
}
#: Those that may take long, and of which Stash's job list can show how far they are.
LONG = ("refresh_index", "suggest_paths", "reconcile_all", "reconcile_24h", "reconcile_7d", "reconcile_empty")
#: Those that the daemon lets go when it takes them after more than 10 minutes.
CHANGING = ("queue_clear", "dead_retry", "dead_clear", "dead_purge")


class Refusal(Exception):
    """A task that cannot be done; the text says what to do about it."""


def run_task(spool: str, call: dict, args: dict) -> bytes:
    """Do a task or an operation; return its answer for Stash."""
    tasks = {"sync_all": sync_all, "sync_recent": sync_recent, "status": status, "connect": connect}
    tasks.update(tell=tell, progress=progress)
    tasks.update(dict.fromkeys(HANDED, ask_daemon))
    try:
        task = tasks.get(args["mode"])
        if task is None:
            raise Refusal("mode %r is unknown; there are %s" % (args["mode"], ", ".join(tasks)))
        output = task(spool, call, args)
    except Refusal as refusal:
        return json.dumps({"error": "PlexSync: %s" % refusal}).encode()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        return json.dumps({"error": "PlexSync: %s failed: %r" % (args["mode"], fault)}).encode()
    if args.get("from") == "task":  # Stash shows the output of an operation only
        log("i", str(output["text"]))
    return json.dumps({"output": output}).encode()


def sync_all(spool: str, _call: dict, _args: dict) -> dict:
    return hand_over(spool, "Task.SyncAll", "A sync of all scenes")


def sync_recent(spool: str, _call: dict, _args: dict) -> dict:
    return hand_over(spool, "Task.SyncRecent", "A sync of the scenes of the last 24 hours")


def hand_over(spool: str, kind: str, what: str) -> dict:
    """Have a wish of the hook's own carried out."""
    way = handed(spool, kind, what)
    then = way if taken(way) else "it is done once a daemon takes it"
    return {"text": "%s is asked for: %s." % (what, then), "way": way}


def ask_daemon(spool: str, call: dict, args: dict) -> dict:
    """Have the daemon do a task of its own: it tells the result by `tell`."""
    kind, what = HANDED[args["mode"]]
    silence = patience(call, args)
    if silence:
        expect(spool, kind)
    way = handed(spool, kind, what)
    if taken(way) and silence:
        return waited(spool, kind, what, silence, way)
    if silence:
        give_up(spool, kind)
    if taken(way):
        return {"text": "%s: handed to the daemon; the answer follows in this log." % what, "way": way}
    within = " within 10 minutes" if args["mode"] in CHANGING else ""
    text = "%s: no daemon takes this now. It is done, and answered in this log, once one does%s." % (what, within)
    return {"text": text, "way": way}


def patience(call: dict, args: dict) -> float:
    """Return for how many seconds without a word a task waits for the daemon; 0 when it does not wait.

    The argument `wait` says so, else the plugin's settings.
    """
    if args["mode"] not in LONG:
        return 0.0
    if "wait" in args:
        return float(args["wait"])
    try:
        return SILENCE if settings_in_stash(call["server_connection"]).get("waitForTasks") is True else 0.0
    except Refusal:  # what is asked for can be done all the same
        return 0.0


def waited(spool: str, kind: str, what: str, silence: float, way: str) -> dict:
    """Stay until the daemon is done."""
    log("i", "%s: handed to the daemon; the answer follows in this log." % what)
    if wait(spool, kind, silence):
        return {"text": "%s: done." % what, "way": way}
    text = "%s: the daemon has told nothing for %g seconds, so this waits no longer; it may still be at work."
    return {"text": text % (what, silence), "way": way}


def progress(spool: str, _call: dict, args: dict) -> dict:
    """Hand on how far a task of the daemon is; `waits` tells whether anybody wants to know."""
    kind, done = args.get("task"), args.get("done")
    known = kind in [event for event, _ in HANDED.values()]
    if not known or not isinstance(done, (int, float)) or not 0 <= done <= 1:
        raise Refusal("progress needs task (the event that asked for it) and done (a number from 0 to 1)")
    return {"text": "%s: %d%%" % (kind, 100 * done), "waits": show(spool, kind, done)}


def handed(spool: str, kind: str, what: str) -> str:
    """Note a wish for the daemon and return the way it went at once: a long task would block Stash's queue."""
    line = line_of(kind)
    name = keep(spool, line)
    way = wake(spool, line, name, HAND_SECONDS)
    if not name and way not in ("daemon woken", "sent to the daemon"):
        raise Refusal("%s could neither be noted in %s nor sent. See the line above in the log." % (what, spool))
    return way


def taken(way: str) -> bool:
    """Tell whether a daemon knows of what went this way."""
    return way.startswith(("daemon", "sent"))


def tell(_spool: str, _call: dict, args: dict) -> dict:
    """Write the daemon's answer to a task into Stash's log."""
    lines, level = args.get("lines"), LEVELS.get(args.get("level", "info"))
    if level is None or not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise Refusal("tell needs lines (a list of texts) and a level (%s)" % ", ".join(LEVELS))
    for line in lines[:MOST_LINES]:
        log(level, line)
    wait_until_read(TOLD_SECONDS)
    return {"text": "%d lines are in the log." % len(lines[:MOST_LINES])}


def wait_until_read(seconds: float) -> None:
    """Give Stash time to take the lines: when stdout ends it closes the log, with whatever still lies in the pipe."""
    try:
        from fcntl import ioctl
        from termios import FIONREAD
    except ImportError:  # Windows
        return
    deadline = time.monotonic() + seconds
    left = b"\1"
    while any(left) and time.monotonic() < deadline:
        try:
            left = ioctl(2, FIONREAD, b"\0\0\0\0")
        except OSError:  # not a pipe
            return
        if any(left):
            time.sleep(0.002)


def status(spool: str, _call: dict, _args: dict) -> dict:
    """Say whether a daemon listens and what waits for it."""
    settings = read_settings(spool)
    listens = nudge(spool)
    url = settings.get("url")
    answer = readiness(url) if url else ""
    events = len(waiting(spool)) + exists(spool + "/" + MARKER)
    return {
        "text": " ".join(status_lines(spool, settings, answer, events, listens=listens)),
        "listens": listens or answer[:3] in ("200", "503"),
        "waiting": events,
        "spool": spool,
        "url": url or "",
        "readyz": answer,
    }


def status_lines(spool: str, settings: dict, answer: str, events: int, *, listens: bool) -> "list[str]":
    lines = ["A daemon listens at %s/nudge.sock." % spool] if listens else []
    if settings.get("url"):
        lines.append("The daemon at %s answers: %s." % (settings["url"], answer))
    elif settings.get("command") and not listens:
        lines.append("No daemon listens; the next event starts the one named in %s/%s." % (spool, SETTINGS))
    elif not listens:
        lines.append(
            "No daemon listens at %s/nudge.sock. Start one that has this folder in its spool_folders, or fill in"
            " Daemon address and Events token in the plugin's settings and run the task Connect." % spool
        )
    lines.append("%d events wait in %s." % (events, spool))
    return lines


def readiness(url: object) -> str:
    """Return status and text of the daemon's /readyz, or why there is none."""
    from http.client import HTTPConnection, HTTPException

    try:
        host, port, base = url_parts(url)
        link = HTTPConnection(host, port, timeout=TASK_SECONDS)
        link.request("GET", base + "/readyz")
        answer = link.getresponse()
        return "%d %s" % (answer.status, answer.read(2000).decode("utf-8", "replace").strip())
    except (OSError, ValueError, HTTPException) as fault:
        return "nothing (%s)" % fault


def connect(spool: str, call: dict, args: dict) -> dict:
    """Store where the daemon is: from the arguments of an operation, else from the plugin's settings."""
    keys = ("url", "token", "command", "data_dir", "debug")
    given = {key: args[key] for key in keys if key in args}
    wish = given or wish_in_settings(call["server_connection"])
    if "debug" in wish:
        set_debug(spool, wish.pop("debug"))
    if not given and not wish["url"]:
        raise Refusal(
            "Daemon address is empty. Fill in Daemon address and Events token under Settings > Plugins > PlexSync,"
            " then run Connect again. A daemon that shares the folder %s needs neither." % spool
        )
    settings = {**read_settings(spool), **checked(wish)}
    write_settings(spool, {key: value for key, value in settings.items() if value})
    tried = try_daemon(settings)
    shown = {**settings, "token": masked(settings.get("token"))}
    return {"text": "Stored in %s/%s: %s." % (spool, SETTINGS, tried), "spool": spool, "tried": tried, **shown}


def checked(wish: dict) -> dict:
    """Return the wish when the hook can use it."""
    command = wish.get("command")
    if command and not (isinstance(command, list) and all(isinstance(word, str) and word for word in command)):
        raise Refusal('command must be a list of words, as ["plexsync", "run"]')
    for key in ("url", "token", "data_dir"):
        if wish.get(key) is not None and not isinstance(wish.get(key, ""), str):
            raise Refusal("%s must be a text" % key)
    if wish.get("url"):
        wish["url"] = wish["url"].strip() if "://" in wish["url"] else "http://" + wish["url"].strip()
        check_url(wish["url"])
        if "token" in wish and not wish["token"]:
            raise Refusal("Events token is empty. The daemon made one at its first start; copy it from there.")
    return wish


def check_url(url: str) -> None:
    try:
        url_parts(url)
    except ValueError as fault:
        more = ""
        if url.lower().startswith("https:"):
            more = (
                ". Give the daemon's plain address inside your network, or of a tunnel on this machine: an"
                " event holds a number, at most the path of a removed file, and the token admits events only. Without"
                " any, the daemon still finds each change when it next asks Stash"
            )
        raise Refusal("Daemon address %s%s." % (fault, more)) from None


def set_debug(spool: str, wanted: object) -> None:
    if wanted in (True, "true"):
        if not exists(spool):
            make_folder(spool)
        write_file(spool, "debug", b"", 0o644)
    else:
        remove(spool + "/debug")


def write_settings(spool: str, settings: dict) -> None:
    if not exists(spool):
        make_folder(spool)
    write_file(spool, SETTINGS, json.dumps(settings, indent=2).encode() + b"\n", 0o600)


def try_daemon(settings: dict) -> str:
    """Send an empty list, so that address and token prove themselves."""
    if not settings.get("url"):
        return "hooks start it when none listens"
    host, port, base = url_parts(settings["url"])
    link = connected(host, port, time.monotonic() + TASK_SECONDS)
    if link is None:
        return "nobody answers at %s; events wait until somebody does" % settings["url"]
    message = request(host, port, base, settings.get("token"), b'{"events":[]}')
    code = exchange(link, message, time.monotonic() + TASK_SECONDS)
    meaning = {0: "does not answer in time", 202: "takes events", 401: "refuses the token", 403: "refuses the token"}
    return "the daemon at %s %s" % (settings["url"], meaning.get(code, "answers %d" % code))


def masked(token: object) -> str:
    text = str(token or "")
    return "%s...%s" % (text[:4], text[-4:]) if len(text) > 11 else "..." if text else ""


def wish_in_settings(server: dict) -> dict:
    """Ask Stash for the plugin's own settings, with the session that came along."""
    mine = settings_in_stash(server)
    return {"url": mine.get("daemonUrl") or "", "token": mine.get("eventsToken") or "", "debug": mine.get("debugLog")}


def settings_in_stash(server: dict) -> dict:
    """Return what is stored for the plugin; what was never set is absent."""
    answer = graphql(server, 'query { configuration { plugins(include: ["PlexSyncDaemon"]) } }')
    return answer["data"]["configuration"]["plugins"].get("PlexSyncDaemon") or {}


def own_machine() -> object:
    """Return TLS without a check of the certificate: Stash listens here, and its own is made for another name."""
    import ssl

    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def graphql(server: dict, query: str) -> dict:
    """Send a query to Stash at the address it listens on, which lies on this machine."""
    from http.client import HTTPConnection, HTTPException, HTTPSConnection

    host = server.get("Host") or ""
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1", "[::]": "::1"}.get(host, host)
    cookie = server.get("SessionCookie") or {}
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if cookie.get("Value"):
        headers["Cookie"] = "%s=%s" % (cookie.get("Name") or "session", cookie["Value"])
    try:
        if server.get("Scheme") == "https":
            link = HTTPSConnection(host, server["Port"], timeout=10, context=own_machine())
        else:
            link = HTTPConnection(host, server["Port"], timeout=10)
        link.request("POST", "/graphql", json.dumps({"query": query}), headers)
        answer = link.getresponse()
        document = json.loads(answer.read()) if answer.status == 200 else {}
    except (OSError, HTTPException, ValueError) as fault:
        raise Refusal("Stash at %s:%s does not answer (%s)" % (host, server.get("Port"), fault)) from None
    if answer.status != 200 or document.get("errors"):
        raise Refusal(
            "Stash refused to show the plugin's settings (%d). Try again from Settings > Tasks." % answer.status
        )
    return document
