"""The rules of all libraries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from plexsync.model.compare import text_key
from plexsync.model.rules.library import Rules
from plexsync.model.scene import Scene


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBook:
    """`default` holds for every library that `libraries` does not name, by title or key."""

    default: Rules = field(default_factory=Rules)
    libraries: Mapping[str, Rules] = field(default_factory=dict)
    by_name: Mapping[str, Rules] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Titles are told apart as Plex's libraries are: without case."""
        object.__setattr__(self, "by_name", {text_key(name): rules for name, rules in self.libraries.items()})

    def of(self, *names: str) -> Rules:
        """The rules of the library with this title or key."""
        if not self.by_name:
            return self.default
        found = (self.by_name.get(text_key(name)) for name in names)
        return next((rules for rules in found if rules is not None), self.default)

    def digest(self, scene: Scene) -> str:
        """What a decision that is not about one library was made from."""
        if not self.libraries:
            return self.default.digest(scene, "")
        digests = [rules.digest(scene, "") for rules in self]
        return hashlib.blake2b("\n".join(digests).encode(), digest_size=16).hexdigest()

    def __iter__(self) -> Iterator[Rules]:
        """The default first."""
        yield self.default
        yield from self.libraries.values()

    @property
    def asks_for_tag_parents(self) -> bool:
        """Whether the rules of any library look at the tags above a scene's tags."""
        return any(rules.asks_for_tag_parents for rules in self)
