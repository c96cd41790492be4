"""Faults on demand and a log of requests: the outermost layer of both simulators.

`PUT /_sim/faults` takes a JSON list of rules and replaces the rules in force; `GET` shows them with how often each
one struck; `DELETE`, or an empty list, clears them. Any replacement releases the requests that hang or wait. Nothing
below `/_sim/` is ever disturbed or logged.

    [{"path": "/library", "fault": "status500", "times": 3}]

    path          regular expression, matched from the start of the request path (default: every path)
    method        only this method
    after         so many matching requests pass first
    times         strike so often, then never again
    probability   0 to 1, drawn from a seeded source
    seconds       for delay, slow and hang
    status        for the fault `status`
    retry_after   seconds that the faults with a status tell in a header of that name
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

The first rule that strikes wins. Under any rule but delay and slow a WebSocket is not opened, and an
open one breaks.

`GET /_sim/requests` gives `{"total", "reads", "writes", "uploads", "repeats", "requests": [{"method", "path",
"query", "status", "at", "kind", "changed", "label", "fault", "client"}]}`; `status` is null where no answer was
given, `client` what the request's X-Plex-Client-Identifier says, `at` when it came; `repeats` counts writes and
uploads that changed nothing, the list holds the latest ones only. `DELETE` starts anew.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from plexsync.sim.canned import JSON_TYPE, canned, halved, page, wrong
from plexsync.sim.exchange import Answer, Receiving, break_off, collect, drop, whole_body
from plexsync.sim.requestlog import Note, RequestLog, note

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_CLIENT = b"x-plex-client-identifier"

__all__ = ["FaultLayer", "FaultName", "Note", "RequestLog", "Rule", "note"]

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
    retry_after: int | None = None

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
            content = self._controlled(scope["path"], scope["method"], await whole_body(receive))
        except (msgspec.DecodeError, re.error) as error:
            return page(400, str(error))
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
            "client": next((value.decode("latin-1") for name, value in scope["headers"] if name == _CLIENT), None),
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
        elif (ready := canned(rule.fault, rule.status, scope, rule.retry_after)) is not None:
            await ready.whole(send)
        else:
            answer = await collect(app, scope, receiving)
            if rule.fault == "slow":
                await answer.slowly(send, rule.seconds or 1.0)
                return
            answer.body = halved(answer.body) if rule.fault == "half_json" else wrong(answer)
            await answer.whole(send)

    async def _break(self, rule: Rule, app: ASGIApp, scope: Scope, receiving: Receiving, send: Send) -> None:
        if rule.fault == "cut":
            answer = await collect(app, scope, receiving)
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
        await drop(scope, receiving)

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

    def _breaks(self, path: str) -> Rule | None:
        breaking = (armed.rule for armed in self._armed if armed.rule.fault not in {"delay", "slow"})
        return next((rule for rule in breaking if rule.matches("GET", path)), None)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        rule = self._breaks(scope["path"])
        if rule is None:
            await self._app(scope, self._until_broken(scope, receive), send)
        elif (ready := canned(rule.fault, rule.status, scope, rule.retry_after)) is not None:
            await ready.instead_of_upgrade(send)
        else:
            receiving = Receiving(receive)
            if rule.fault == "hang" and await self._wait(receiving, rule.seconds) == "replaced":
                await self._websocket(scope, receiving, send)
            else:
                await drop(scope, receiving)

    def _until_broken(self, scope: Scope, receive: Receive) -> Receive:
        """A `receive` that breaks the connection when a rule comes into force that strikes it."""

        async def received() -> Message:
            coming = asyncio.ensure_future(receive())
            try:
                while not coming.done():
                    replaced = asyncio.create_task(self._replaced.wait())
                    await asyncio.wait({coming, replaced}, return_when="FIRST_COMPLETED")
                    replaced.cancel()
                    if not coming.done() and self._breaks(scope["path"]) is not None:
                        break_off(scope)
                        return await coming
                return coming.result()
            finally:
                coming.cancel()

        return received
