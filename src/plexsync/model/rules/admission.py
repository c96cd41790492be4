"""Which scenes take part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields

from plexsync.model.paths import path_key
from plexsync.model.rules.names import NamePattern, Names, is_wild
from plexsync.model.scene import Named, Scene


@dataclass(frozen=True, slots=True)
class Places:
    """Folders, and patterns of whole paths as Stash sees them."""

    texts: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether any place is listed."""
        return bool(self.texts)

    def entry(self, paths: Sequence[str]) -> str | None:
        """The entry that one of these files lies in or fits; None where none does."""
        keys = [path_key(path) for path in paths]
        return next((text for text in self.texts if any(self._holds(text, key) for key in keys)), None)

    @staticmethod
    def _holds(text: str, key: str) -> bool:
        if is_wild(text):
            return NamePattern(path_key(text), case=True).fits(key)
        place = path_key(text)
        return key == place or key.startswith(place.rstrip("/") + "/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What a scene has to be, and must not be. Ratings are of 100, 0 is no limit; a studio stands for those below."""

    only_organized: bool = False
    only_with_stash_id: bool = False
    only_tags: Names = field(default_factory=Names)
    only_tags_under: Names = field(default_factory=Names)
    not_tags: Names = field(default_factory=Names)
    not_tags_under: Names = field(default_factory=Names)
    only_studios: Names = field(default_factory=Names)
    not_studios: Names = field(default_factory=Names)
    only_paths: Places = field(default_factory=Places)
    not_paths: Places = field(default_factory=Places)
    min_rating: int = 0
    max_rating: int = 0
    takes_all: bool = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Most libraries take every scene, and every scene is asked about often."""
        asked = (getattr(self, one.name) for one in fields(self) if one.init)
        object.__setattr__(self, "takes_all", not any(asked))

    def refusal(self, scene: Scene) -> str:
        """Why the scene does not take part, with the rule's name in brackets; "" when it does."""
        return "" if self.takes_all else next(self._refusals(scene), "")

    @property
    def asks_for_parents(self) -> bool:
        """Whether it matters which tags stand above a scene's tags."""
        return bool(self.only_tags_under or self.not_tags_under)

    def _refusals(self, scene: Scene) -> Iterator[str]:
        if self.only_organized and not scene.organized:
            yield "it is not organized in Stash (only_organized)"
        if self.only_with_stash_id and not scene.stash_ids:
            yield "it has no StashID (only_with_stash_id)"
        yield from self._by_rating(scene.rating or 0)
        yield from self._by_tags(scene)
        yield from self._by_studio(scene)
        yield from self._by_path([file.path for file in scene.files])

    def _by_rating(self, rating: int) -> Iterator[str]:
        if rating < self.min_rating:
            told = f"is rated {rating} of 100" if rating else "is not rated"
            yield f"it {told}, and at least {self.min_rating} is asked for (min_rating)"
        if self.max_rating and rating > self.max_rating:
            yield f"it is rated {rating} of 100, and at most {self.max_rating} is asked for (max_rating)"

    def _by_tags(self, scene: Scene) -> Iterator[str]:
        for tag in scene.tags:
            if (entry := self.not_tags.entry((tag.name,))) is not None:
                yield f'it has the tag "{tag.name}" (not_tags: "{entry}")'
            if self.not_tags_under and (entry := self.not_tags_under.entry(_names(tag.ancestors))) is not None:
                yield f'it has the tag "{tag.name}", which is below "{entry}" (not_tags_under)'
        if self.only_tags and self.only_tags.entry(_names(scene.tags)) is None:
            yield f"it has none of the tags {_listed(self.only_tags.texts)} (only_tags)"
        above = [name for tag in scene.tags for name in _names(tag.ancestors)] if self.only_tags_under else []
        if self.only_tags_under and self.only_tags_under.entry(above) is None:
            yield f"it has no tag below {_listed(self.only_tags_under.texts)} (only_tags_under)"

    def _by_studio(self, scene: Scene) -> Iterator[str]:
        studios = _names((scene.studio, *scene.studio.parents)) if scene.studio is not None else []
        if (entry := self.not_studios.entry(studios)) is not None:
            yield f'it is of the studio "{studios[0]}" (not_studios: "{entry}")'
        if self.only_studios and self.only_studios.entry(studios) is None:
            told = f'it is of the studio "{studios[0]}"' if studios else "it has no studio"
            yield f"{told}, and not of {_listed(self.only_studios.texts)} (only_studios)"

    def _by_path(self, paths: Sequence[str]) -> Iterator[str]:
        if (entry := self.not_paths.entry(paths)) is not None:
            yield f'a file of it lies in "{entry}" (not_paths)'
        if self.only_paths and self.only_paths.entry(paths) is None:
            yield f"no file of it lies in {_listed(self.only_paths.texts)} (only_paths)"


def _names(named: Sequence[Named]) -> list[str]:
    return [one.name for one in named]


def _listed(texts: Sequence[str]) -> str:
    return " or ".join(f'"{text}"' for text in texts)
