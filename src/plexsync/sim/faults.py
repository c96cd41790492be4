"""Faults on demand and a log of requests: the outermost layer of both simulators.

`PUT /_sim/faults` takes a JSON list of rules and replaces the rules in force; `GET` shows them with how often
each one struck; `DELETE`, or an empty list, clears them. Any replacement releases the requests that hang or
wait.
Nothing below `/_sim/` is ever disturbed or logged.

    [{"path": "/library", "fault": "status500", "times": 3}]

    path          regular expression, matched from the start of the request path (default: every path)
    method        only this method
    after         so many matching requests pass first
    times         strike so often, then never again
    probability   0 to 1, drawn from a seeded source
    seconds       for delay, slow and hang
    status        for the fault `status`
    fault
        refuse           the connection is closed without a byte, nothing is done
        hang             held until the rules are replaced (then handled, late), the client leaves, or
                         `seconds` are over (then dropped)
        delay            handled `seconds` later
        cut              handled, kept, and the connection breaks in the middle of the answer
        slow             handled, the answer's body takes `seconds`
        status           the given status with a short page, nothing is done
        status500        the same with 500
        maintenance503   503 as Plex says it while it starts, nothing is done
        unauthorized401  401, nothing is done
        html             200 and a web page, as a proxy's login gives it, nothing is done
        half_json        handled, the answer's body ends in the middle of a value
        wrong_types      handled, the answer's values change their types
        redirect         302 to another path, nothing is done

The first rule that strikes wins. A WebSocket under any rule but delay and slow is refused, an open one
is closed.

`GET /_sim/requests` gives `{"total", "reads", "writes", "uploads", "repeats", "requests": [{"method", "path",
"query", "status", "at", "kind", "changed", "label", "fault"}]}`; `status` is null where no answer was given,
`repeats` counts writes and uploads that changed nothing, the list holds the latest ones only. `DELETE` starts
anew.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from plexsync.sim.serving import DROP

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

FaultName = Literal[
    "refuse",
    "hang",
    "delay",
    "cut",
    "slow",
    "status",
    "status500",
    "maintenance503",
    "unauthorized401",
    "html",
    "half_json",
    "wrong_types",
    "redirect",
]
LOG_LENGTH = 10_000
NOTE = "plexsync.note"
PIECES = 16
BUSY = "Plex Media Server is currently running startup maintenance tasks."
JSON_TYPE = (b"content-type", b"application/json")
HTML_TYPE = (b"content-type", b"text/html")
XML_TYPE = (b"content-type", b"text/xml;charset=utf-8")


class Rule(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """When to do what; see the module's text. `seen` and `struck` are counted here and may not be sent."""

    fault: FaultName
    path: str = ""
    method: str = ""
    after: int = 0
    times: int | None = None
    probability: float = 1.0
    seconds: float | None = None
    status: int = 500

    def matches(self, method: str, path: str) -> bool:
        """Whether a request falls under this rule, counts aside."""
        return (not self.method or self.method.upper() == method) and re.match(self.path, path) is not None


@dataclass(slots=True)
class Armed:
    """A rule in force and its counts."""

    rule: Rule
    seen: int = 0
    struck: int = 0

    def strikes(self, chance: random.Random) -> bool:
        """Count one matching request and say whether the fault befalls it."""
        self.seen += 1
        spent = self.rule.times is not None and self.struck >= self.rule.times
        if self.seen <= self.rule.after or spent or chance.random() >= self.rule.probability:
            return False
        self.struck += 1
        return True

    def as_json(self) -> dict[str, Any]:
        """The rule with its counts."""
        rule: dict[str, Any] = msgspec.to_builtins(self.rule)
        return rule | {"seen": self.seen, "struck": self.struck}


@dataclass(slots=True)
class Note:
    """What the simulator says about a request that it handled; see `note`."""

    kind: Literal["read", "write", "upload"] = "read"
    changed: bool = True
    label: str = ""


def note(scope: Scope) -> Note:
    """The note of the request with this scope, to be filled in by the simulator."""
    found: Note = scope.setdefault(NOTE, Note())
    return found


@dataclass(slots=True)
class RequestLog:
    """What came in: counts of everything, and the latest entries."""

    entries: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=LOG_LENGTH))
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("total", "reads", "writes", "uploads", "repeats"), 0)
    )

    def add(self, entry: dict[str, Any], said: Note, *, handled: bool) -> None:
        """Keep one request; one that never reached the simulator counts in the total only."""
        self.entries.append(entry | {"kind": said.kind, "changed": said.changed, "label": said.label})
        self.counts["total"] += 1
        if handled:
            self.counts[said.kind + "s"] += 1
            self.counts["repeats"] += said.kind != "read" and not said.changed

    def as_json(self) -> dict[str, Any]:
        """The answer of the control route."""
        return {**self.counts, "requests": list(self.entries)}


@dataclass(slots=True)
class Answer:
    """One whole HTTP answer."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    async def start(self, send: Send) -> None:
        """Send status and headers; the length is the body's, whatever is sent of it."""
        headers = [(name, value) for name, value in self.headers if name.lower() != b"content-length"]
        length = (b"content-length", str(len(self.body)).encode())
        await send({"type": "http.response.start", "status": self.status, "headers": [*headers, length]})

    async def whole(self, send: Send) -> None:
        """Send all of it."""
        await self.start(send)
        await send({"type": "http.response.body", "body": self.body})

    async def slowly(self, send: Send, seconds: float) -> None:
        """Send the body in small pieces that take this long together."""
        await self.start(send)
        size = len(self.body) // PIECES + 1
        for at in range(0, len(self.body), size):
            await asyncio.sleep(seconds / PIECES)
            await send({"type": "http.response.body", "body": self.body[at : at + size], "more_body": True})
        await send({"type": "http.response.body"})


class Receiving:
    """An ASGI `receive` that can look out for the client's leaving without losing what came before."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._held: deque[Message] = deque()

    async def __call__(self) -> Message:
        return self._held.popleft() if self._held else await self._receive()

    async def gone(self) -> None:
        """Return when the client has left."""
        while True:
            message = await self._receive()
            self._held.append(message)
            if message["type"] == "http.disconnect":
                return


class FaultLayer:
    """ASGI middleware, to be the outermost: keeps the log, strikes by the rules, answers its control routes.

    `classify` says what kind of request a scope is before the simulator sees it; the simulator may correct
    that in `note(scope)`. `clock` gives seconds since the epoch for the log; `seed` fixes the drawn faults.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        classify: Callable[[Scope], Literal["read", "write", "upload"]] = lambda scope: (
            "read" if scope["method"] in {"GET", "HEAD", "OPTIONS"} else "write"
        ),
        clock: Callable[[], float] = time.time,
        seed: int = 0,
    ) -> None:
        self._app = app
        self._classify = classify
        self._clock = clock
        self._chance = random.Random(seed)  # noqa: S311  # reproducible faults, no secret
        self._armed: list[Armed] = []
        self._replaced = asyncio.Event()
        self.log = RequestLog()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] != "http":
            self._replaced = asyncio.Event()  # a new run may have another loop
            await self._app(scope, receive, send)
        elif path in {"/_sim/faults", "/_sim/requests"}:
            await (await self._control(scope, receive)).whole(send)
        elif path.startswith("/_sim/"):
            await self._app(scope, receive, send)
        else:
            await self._logged(scope, receive, send)

    def set_rules(self, rules: list[Rule]) -> None:
        """Put these rules in force and let go what hangs or waits. Call it in the server's loop."""
        self._armed = [Armed(rule) for rule in rules]
        self._replaced.set()
        self._replaced = asyncio.Event()

    async def _control(self, scope: Scope, receive: Receive) -> Answer:
        try:
            content = self._controlled(scope["path"], scope["method"], await _body(receive))
        except (msgspec.DecodeError, re.error) as error:
            return _page(400, str(error))
        return Answer(200, [JSON_TYPE], msgspec.json.encode(content))

    def _controlled(self, path: str, method: str, body: bytes) -> object:
        if path == "/_sim/requests":
            if method == "DELETE":
                self.log = RequestLog()
            return self.log.as_json()
        if method in {"PUT", "POST", "DELETE"}:
            rules = [] if method == "DELETE" else msgspec.json.decode(body, type=list[Rule])
            for rule in rules:
                re.compile(rule.path)
            self.set_rules(rules)
        return [armed.as_json() for armed in self._armed]

    def _fault(self, method: str, path: str) -> Rule | None:
        matching = (armed for armed in self._armed if armed.rule.matches(method, path))
        return next((armed.rule for armed in matching if armed.strikes(self._chance)), None)

    async def _logged(self, scope: Scope, receive: Receive, send: Send) -> None:
        said = note(scope)
        said.kind = self._classify(scope)
        rule = self._fault(scope["method"], scope["path"])
        entry: dict[str, Any] = {
            "method": scope["method"],
            "path": scope["path"],
            "query": scope["query_string"].decode("latin-1"),
            "status": None,
            "at": self._clock(),
            "fault": rule.fault if rule else None,
        }
        handled = False

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry["status"] = message["status"]
            await send(message)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            nonlocal handled
            handled = True
            await self._app(scope, receive, send)

        try:
            if rule is None:
                await app(scope, receive, noted)
            else:
                await self._strike(rule, app, scope, Receiving(receive), noted)
        finally:
            self.log.add(entry, said, handled=handled)

    async def _strike(self, rule: Rule, app: ASGIApp, scope: Scope, receiving: Receiving, send: Send) -> None:
        if rule.fault in {"refuse", "cut", "hang", "delay"}:
            await self._break(rule, app, scope, receiving, send)
        elif (canned := _canned(rule, scope)) is not None:
            await canned.whole(send)
        else:
            answer = await _collect(app, scope, receiving)
            if rule.fault == "slow":
                await answer.slowly(send, rule.seconds or 1.0)
                return
            answer.body = _halved(answer.body) if rule.fault == "half_json" else _wrong(answer)
            await answer.whole(send)

    async def _break(self, rule: Rule, app: ASGIApp, scope: Scope, receiving: Receiving, send: Send) -> None:
        if rule.fault == "cut":
            answer = await _collect(app, scope, receiving)
            if len(answer.body) > 1:
                await answer.start(send)
                half = answer.body[: len(answer.body) // 2]
                await send({"type": "http.response.body", "body": half, "more_body": True})
        elif rule.fault != "refuse":
            seconds = rule.seconds if rule.fault == "hang" else rule.seconds or 1.0
            over = await self._wait(receiving, seconds)
            if over == "replaced" or (over == "time" and rule.fault == "delay"):
                await app(scope, receiving, send)
                return
        await _drop(scope, receiving)

    async def _wait(self, receiving: Receiving, seconds: float | None) -> Literal["gone", "replaced", "time"]:
        gone = asyncio.create_task(receiving.gone())
        replaced = asyncio.create_task(self._replaced.wait())
        try:
            done, _ = await asyncio.wait({gone, replaced}, timeout=seconds, return_when="FIRST_COMPLETED")
        finally:
            gone.cancel()
            replaced.cancel()
        if gone in done:
            return "gone"
        return "replaced" if replaced in done else "time"

    def _closes(self, path: str) -> bool:
        return any(
            armed.rule.matches("GET", path) and armed.rule.fault not in {"delay", "slow"} for armed in self._armed
        )

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._closes(scope["path"]):
            await receive()
            await send({"type": "websocket.close", "code": 1012})
            return

        async def until_struck() -> Message:
            coming = asyncio.ensure_future(receive())
            while not coming.done():
                replaced = asyncio.create_task(self._replaced.wait())
                await asyncio.wait({coming, replaced}, return_when="FIRST_COMPLETED")
                replaced.cancel()
                if not coming.done() and self._closes(scope["path"]):
                    coming.cancel()
                    await send({"type": "websocket.close", "code": 1012})
                    return {"type": "websocket.disconnect", "code": 1012}
            return await coming

        await self._app(scope, until_struck, send)


async def _body(receive: Receive) -> bytes:
    whole = b""
    while (message := await receive())["type"] == "http.request":
        whole += message.get("body", b"")
        if not message.get("more_body"):
            break
    return whole


async def _collect(app: ASGIApp, scope: Scope, receiving: Receiving) -> Answer:
    answer = Answer()
    body: list[bytes] = []

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], list(message.get("headers", []))
        elif message["type"] == "http.response.body":
            body.append(message.get("body", b""))

    await app(scope, receiving, keep)
    answer.body = b"".join(body)
    return answer


async def _drop(scope: Scope, receiving: Receiving) -> None:
    drop = scope.get("extensions", {}).get(DROP)
    if drop is None:
        raise ConnectionAbortedError("this server cannot drop a connection")
    drop()
    await receiving.gone()


def _page(status: int, title: str) -> Answer:
    text = f"<html><head><title>{title}</title></head><body><h1>{status} {title}</h1></body></html>"
    return Answer(status, [HTML_TYPE], text.encode())


def _canned(rule: Rule, scope: Scope) -> Answer | None:
    match rule.fault:
        case "status" | "status500":
            return _page(500 if rule.fault == "status500" else rule.status, "Internal Server Error")
        case "unauthorized401":
            return _page(401, "Unauthorized")
        case "maintenance503":
            return maintenance(scope)
        case "html":
            return Answer(200, [HTML_TYPE], b"<!doctype html><html><body><form>Please sign in</form></body></html>")
        case "redirect":
            return Answer(302, [(b"location", b"/login"), HTML_TYPE], b"")
        case _:
            return None


def maintenance(scope: Scope) -> Answer:
    """The 503 of a Plex that starts or migrates, in the form that was asked for."""
    accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
    if b"application/json" in accept:
        body = msgspec.json.encode({"code": 503, "title": "Maintenance", "status": BUSY})
        return Answer(503, [JSON_TYPE], body)
    xml = f'<?xml version="1.0" encoding="UTF-8"?>\n<Response code="503" title="Maintenance" status="{BUSY}"/>'
    return Answer(503, [XML_TYPE], xml.encode())


def _halved(body: bytes) -> bytes:
    return body[: max(1, len(body) // 2)]


def _wrong(answer: Answer) -> bytes:
    try:
        content = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        return re.sub(rb'="[^"]*"', b'="many"', answer.body)
    return msgspec.json.encode(_swapped(content))


def _swapped(value: Any, depth: int = 0) -> Any:
    """The same shape with other types: text for numbers, numbers for text, a list for a deep object."""
    if isinstance(value, dict):
        inner = {key: _swapped(item, depth + 1) for key, item in value.items()}
        return inner if depth < 2 else list(inner.values())
    if isinstance(value, list):
        return {str(at): _swapped(item, depth + 1) for at, item in enumerate(value)}
    return 7 if isinstance(value, str) else "seven"
