"""The content rating of a scene: by its tags, or one for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from plexsync.model.rules.tags import TagChoice, TagIndex
from plexsync.model.scene import Tag


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentRatingRule(TagChoice):
    """The rating of scenes with one of these tags."""

    rating: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentRatings:
    """The first rule that fits any of a scene's tags decides, `otherwise` where none does; "" for none."""

    rules: tuple[ContentRatingRule, ...] = ()
    otherwise: str = ""
    origin: str = ""
    index: TagIndex = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Work out once what every scene asks."""
        object.__setattr__(self, "index", TagIndex(self.rules))

    def __bool__(self) -> bool:
        """Whether any scene gets one."""
        return bool(self.rules or self.otherwise)

    def of(self, tags: Sequence[Tag]) -> tuple[str, str]:
        """The rating and the rule that gave it."""
        fitting = [number for tag in tags if (number := self.index.first(tag)) is not None] if self.rules else []
        if not fitting:
            return self.otherwise, self.origin
        rule = self.rules[min(fitting)]
        return rule.rating, rule.origin
