"""What cannot be had again once the database is lost, and what a walk through Stash and Plex brings back."""

from __future__ import annotations

#: Tables of which every row is kept, in the order in which they are restored. The owners' epochs name the runs in
#: the history, so they have to go on from where they were.
TABLES = (
    "ledger",
    "pins",
    "uploads",
    "pictures",
    "portraits",
    "history",
    "dead_letters",
    "outages",
    "preferences",
    "owners",
    "gap_runs",
)

#: Tables that are made anew from Stash and Plex, or that say only what this run is about.
DERIVED_TABLES = frozenset(
    {
        "counters",
        "jobs",
        "decisions",
        "seen",
        "scene_files",
        "related",
        "relations",
        "in_step",
        "links",
        "items",
        "item_files",
        "index_versions",
        "gates",
        "wishes",
        "walks",
        "shown",
        "brakes",
        "undos",
        "conflicts",
        "gaps",
    }
)

#: Beginnings of the names of preferences that say what Plex or the clock was seen to say: wrong in another store.
DERIVED_PREFERENCES = ("sections:", "listed:", "index run:", "synced:", "known time", "let go:")

#: Beginnings of the others, which people chose or which happened only once.
PRECIOUS_PREFERENCES = (
    "setting:",
    "first contact:",
    "libraries named:",
    "stash files",
    "plugin settings",
    "outages watched since:",
    "ledger lost",
    "notices",
)

#: Those that a mere start does not leave behind: a store that holds none of them, and no rows, is a new one.
_PROOFS = ("setting:", "first contact:", "ledger lost")


def keeps(preference: str) -> bool:
    """Whether the preference of that name is kept. One of a kind that is not known is."""
    return not preference.startswith(DERIVED_PREFERENCES)


def proves_use(preference: str) -> bool:
    """Whether a store with that preference was worked with."""
    return preference.startswith(_PROOFS)
