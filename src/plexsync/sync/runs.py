"""Runs that a person or a schedule asked for: each has an id in the history, which its jobs carry as a reason."""

from __future__ import annotations

import re

from plexsync.model.work import Job
from plexsync.store.database import Connection
from plexsync.store.puts import draw

_RUN = re.compile(r"(?:sync|reconcile)-[0-9]+")


def new_run(connection: Connection) -> str:
    """The id of a sync that a person asked for."""
    return f"sync-{draw(connection, 1)[0]}"


def run_of(job: Job) -> str:
    """The latest such run that the job belongs to; "" for none."""
    return next((reason for reason in reversed(job.reasons) if _RUN.fullmatch(reason)), "")


def is_run(reason: str) -> bool:
    """Whether a job's reason names such a run."""
    return _RUN.fullmatch(reason) is not None


def causes_of(job: Job) -> list[str]:
    """The job's reasons but for the runs that it belongs to: what may have changed."""
    return [reason for reason in job.reasons if not is_run(reason)]
