"""Several owners and intakes at once, each with its own connection."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from plexsync.model.work import Job, Lane, Outcome, Put, Verdict
from plexsync.store import jobs
from plexsync.store.database import Database

SCENES = 12
ROUNDS = 15


class Crowd:
    """Workers that hold what they claim for a while, and say so."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.guard = threading.Lock()
        self.held: set[int] = set()
        self.twice: list[int] = []
        self.last_event: dict[int, int] = {}
        self.last_claim: dict[int, int] = {}

    def intake(self, worker: int) -> None:
        """The same scenes in another order from every side, so that locks would meet."""
        scenes = list(range(SCENES))[:: 1 if worker % 2 else -1]
        for _ in range(ROUNDS):
            with self.database.transaction() as conn:
                puts = [Put(server="plex", scene=scene, lane=Lane.CHANGE, reason="hook") for scene in scenes]
                jobs.put(conn, puts, 1.0)

    def work(self, worker: int) -> None:
        for number in range(ROUNDS * 2):
            with self.database.transaction() as conn:
                token = f"{worker}-{number}"
                taken = jobs.claim(conn, server="plex", lanes=list(Lane), limit=4, now=2.0, token=token)
            self._hold(taken)
            for job in taken:
                self._let_go(job)
                with self.database.transaction() as conn:
                    assert jobs.finish(conn, job, Outcome(verdict=Verdict.DONE), 2.0)

    def _hold(self, taken: list[Job]) -> None:
        with self.guard:
            self.twice += [job.scene for job in taken if job.scene in self.held]
            self.held |= {job.scene for job in taken}

    def _let_go(self, job: Job) -> None:
        with self.guard:
            self.held.discard(job.scene)
            self.last_claim[job.scene] = max(job.generation, self.last_claim.get(job.scene, 0))


def test_a_crowd_holds_no_scene_twice_and_works_on_the_last_event_of_each(database: Database) -> None:
    crowd = Crowd(database)
    with ThreadPoolExecutor(6) as threads:
        for running in [threads.submit(crowd.intake, worker) for worker in range(3)] + [
            threads.submit(crowd.work, worker) for worker in range(3)
        ]:
            running.result()
    assert crowd.twice == []
    crowd.work(99)
    with database.transaction() as conn:
        assert jobs.listing(conn) == []
        jobs.put(conn, [Put(server="plex", scene=0, lane=Lane.USER, reason="user")], 1.0)
        [after] = jobs.claim(conn, server="plex", lanes=list(Lane), limit=1, now=2.0, token="t")
    assert after.generation == 3 * ROUNDS * SCENES + 1
    assert all(after.generation - SCENES * 3 * ROUNDS <= last for last in crowd.last_claim.values())
    assert len(crowd.last_claim) == SCENES
