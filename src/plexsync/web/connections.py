"""Connections that nobody can hold open by saying nothing, saying it slowly, or not listening."""

from __future__ import annotations

import asyncio
import json
import math
from typing import TYPE_CHECKING, Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from uvicorn.server import ServerState

#: Seconds in which the head of a request has to be there, and then its body.
HEAD_SECONDS = 10.0
BODY_SECONDS = 30.0
#: Seconds for which what is sent behind an answer that did not wait for it is still thrown away.
LATE_SECONDS = 2.0
#: Seconds in which a client has to take something of its answer: a person may look at a page of a long one for a while.
TAKING_SECONDS = 300.0
#: Bytes of the head of a request.
LARGEST_HEAD = 64 * 1024
#: Connections at once: of more, the one that has been silent longest gives way.
MOST = 400


class BoundedProtocol(H11Protocol):
    """HTTP/1.1 by uvicorn, with an end to everything that a client may take long for, and every refusal in JSON."""

    _sending: asyncio.TimerHandle | None = None
    _taking: asyncio.TimerHandle | None = None
    _waits_for: Any = None
    silent_since = math.inf  #: by the loop's clock; inf while a request is answered and its answer is taken

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody comes; another one may have to go."""
        super().connection_made(transport)
        self.silent_since = self.loop.time()
        make_room(self.server_state)
        self._expect(h11.IDLE, HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._stop_waiting()
        self._end(self._taking)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A piece of a request: the time for all of it goes on."""
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """An answer is out."""
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY:
            # To hang up at once would take the answer from one who still sends.
            self._stop_waiting()
            self._expect("the rest", LATE_SECONDS)
            return
        if self.conn.their_state is h11.IDLE:
            # Until something comes, the time is uvicorn's own, which is shorter.
            self._stop_waiting()
        self._look_whether_silent()

    def pause_writing(self) -> None:
        """The client does not take what it is sent."""
        super().pause_writing()
        self._taking = self._taking or self.loop.call_later(TAKING_SECONDS, self._hang_up)
        self.silent_since = min(self.silent_since, self.loop.time())

    def resume_writing(self) -> None:
        """It does again."""
        super().resume_writing()
        self._end(self._taking)
        self._taking = None
        self._look_whether_silent()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is refused as anything else is."""
        body = json.dumps(
            {"error": f"{msg.rstrip('.')}: send HTTP/1.1, with a head of at most {LARGEST_HEAD} bytes"}
        ).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            head = h11.Response(status_code=400, headers=[*headers, (b"connection", b"close")], reason=b"Bad Request")
            for event in (head, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _look(self) -> None:
        """Whether something has to come, and until when."""
        self._look_whether_silent()
        state = self.conn.their_state
        if self.transport.is_closing():
            self._stop_waiting()
        elif state is h11.IDLE and self.timeout_keep_alive_task is None:
            self._expect(h11.IDLE, HEAD_SECONDS)
        elif state is h11.SEND_BODY:
            self._expect(h11.SEND_BODY, BODY_SECONDS)
        else:
            self._stop_waiting()

    def _look_whether_silent(self) -> None:
        busy = self.conn.our_state in (h11.SEND_RESPONSE, h11.SEND_BODY) and self._taking is None
        self.silent_since = math.inf if busy else min(self.silent_since, self.loop.time())

    def _expect(self, what: Any, seconds: float) -> None:
        if self._waits_for is not what and self._waits_for != "the rest":
            self._stop_waiting()
            self._waits_for, self._sending = what, self.loop.call_later(seconds, self._hang_up)

    def _stop_waiting(self) -> None:
        self._end(self._sending)
        self._waits_for = self._sending = None

    def _hang_up(self) -> None:
        self.transport.abort()

    @staticmethod
    def _end(timer: asyncio.TimerHandle | None) -> None:
        if timer is not None:
            timer.cancel()


def make_room(state: ServerState) -> None:
    """Close what has been silent longest where there are too many."""
    if len(state.connections) <= MOST:
        return
    silent = [one for one in state.connections if isinstance(one, BoundedProtocol) and one.silent_since < math.inf]
    if silent:
        min(silent, key=lambda one: one.silent_since).transport.abort()
