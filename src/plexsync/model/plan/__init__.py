"""A plan is a value: what differs, why, and what is left alone for which reason."""

from plexsync.model.plan.answers import Because, Change, Conflict, Done, Given, Kept, Left, Plan
from plexsync.model.plan.entries import entry_keys, is_empty, only, without
from plexsync.model.plan.making import make_plan, to_lock
from plexsync.model.plan.written import TRIES_UNTIL_REFUSED, Written, added, is_ours

__all__ = [
    "TRIES_UNTIL_REFUSED",
    "Because",
    "Change",
    "Conflict",
    "Done",
    "Given",
    "Kept",
    "Left",
    "Plan",
    "Written",
    "added",
    "entry_keys",
    "is_empty",
    "is_ours",
    "make_plan",
    "only",
    "to_lock",
    "without",
]
