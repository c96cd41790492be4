"""Many who ask at once, in a process of their own: how long each waited for its answer.

python -m bench.crowd < a JSON object: `url`, `at_once`, and `asked`, a list of [request, what its answer has to hold]
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import urlsplit

#: Longest wait in seconds for one answer.
PATIENCE = 30.0


class Unanswered(Exception):
    """An answer that is not the one that has to come; a bench of anything else would tell nothing."""


@dataclass(slots=True, kw_only=True)
class Crowd:
    """Each of them asks the next question as soon as it has its answer, over one connection of its own."""

    host: str
    port: int
    asked: deque[tuple[bytes, bytes]]
    waited: list[float] = field(default_factory=list)

    async def all(self, at_once: int) -> float:
        """Seconds until everything is answered."""
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(self._one())
        return time.perf_counter() - began

    async def _one(self) -> None:
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            while self.asked:
                request, held = self.asked.popleft()
                began = time.perf_counter()
                writer.write(request)
                async with asyncio.timeout(PATIENCE):
                    head, body = await _answer(reader)
                self.waited.append(time.perf_counter() - began)
                if b" 200 " not in head.partition(b"\r\n")[0] or held not in body:
                    raise Unanswered(f"{request[:300]!r} was answered with {head[:100]!r}, {body[:300]!r}")
        finally:
            writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return head, await reader.readexactly(int(length.partition(b":")[2]))


async def main(told: str) -> None:
    """Print the seconds of each answer, and of all."""
    facts = json.loads(told)
    place = urlsplit(facts["url"])
    asked = deque((request.encode(), held.encode()) for request, held in facts["asked"])
    crowd = Crowd(host=place.hostname or "", port=place.port or 80, asked=asked)
    # Whoever started it may have seen enough.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.clear)
    seconds = await crowd.all(facts["at_once"])
    print(json.dumps({"seconds": seconds, "waited": sorted(crowd.waited)}))


if __name__ == "__main__":
    asyncio.run(main(sys.stdin.read()))
