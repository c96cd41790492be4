"""Rules of libraries that there are not."""

from __future__ import annotations

from collections.abc import Sequence

from plexsync.model.compare import text_key
from plexsync.sync.server import Server


def unmet(servers: Sequence[Server]) -> list[str]:
    """Each library that has rules and that none of these servers has, in a sentence for people.

    None as long as one of them has not told its libraries yet.
    """
    if not servers or not all(server.libraries.sections for server in servers):
        return []
    sections = [section for server in servers for section in server.libraries.sections]
    known = {text_key(name) for section in sections for name in (section.title, str(section.key))}
    return [
        f"there are rules for a library {title!r} that no Plex has: correct its title or key in [rules.library]"
        for title in servers[0].tools.rules.libraries
        if text_key(title) not in known
    ]
