"""The rules as people write them: `[rules]` for all libraries, `[rules.library."Title"]` for one."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.fields import FieldInfo

from plexsync.config.kinds import Allowed, wrong
from plexsync.config.rulekinds import (
    Disambiguated,
    Folders,
    Form,
    Genders,
    Gone,
    Order,
    PerformerTemplate,
    PictureShape,
    Places,
    PlainTexts,
    SceneTemplate,
    Sources,
    TagTemplate,
    Texts,
    table_or_json,
)
from plexsync.model.compare import text_key
from plexsync.model.pictures import Shape
from plexsync.model.rules import Disambiguation, PerformerOrder, Place, StudioForm, WhenGone

_CLOSED = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, str_strip_whitespace=True)


class _Table(BaseModel):
    """A table of which only the keys that a person gave are told."""

    model_config = _CLOSED

    def given(self) -> list[tuple[str, FieldInfo]]:
        """Those keys, in the order of the docs."""
        fields = type(self).model_fields
        return [(name, info) for name, info in fields.items() if name in self.model_fields_set]


class TagChoiceSetting(_Table):
    """Which tags a rule is about."""

    name: PlainTexts = Field(default=(), description="Tags of these names.")
    under: PlainTexts = Field(default=(), description="Tags that have one of these above them, at any height.")
    like: Texts = Field(default=(), description="Tags whose name fits: `*` is any text, `?` one character.")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if sum(map(bool, (self.name, self.under, self.like))) != 1:
            raise wrong("does not say which tags it is about", "give exactly one of name, under and like")
        return self


class TagRuleSetting(TagChoiceSetting):
    """Where these tags go."""

    to: Places = Field(description="Where they go in Plex.")
    rename: TagTemplate = Field(default="", alias="as", description="What they are called there.")


class ContentRatingSetting(TagChoiceSetting):
    """The content rating of scenes with one of these tags."""

    rating: str = Field(min_length=1, max_length=50, description="The content rating of scenes with such a tag.")


TagRules = Annotated[tuple[TagRuleSetting, ...], Allowed("tables with to, as, and one of name, under, like")]
ContentRatings = Annotated[
    tuple[ContentRatingSetting, ...], Allowed("tables with rating, and one of name, under, like")
]


class RuleSetting(_Table):
    """All keys of one library. A key that is not given is as for all libraries, or as by default."""

    only_organized: bool = Field(default=False, description="Only scenes that are organized in Stash take part.")
    only_with_stash_id: bool = Field(default=False, description="Only scenes with a StashID take part.")
    only_tags: Texts = Field(default=(), description="Only scenes with one of these tags take part.")
    only_tags_under: PlainTexts = Field(default=(), description="Only scenes with a tag below one of these take part.")
    not_tags: Texts = Field(default=(), description="Scenes with one of these tags take no part.")
    not_tags_under: PlainTexts = Field(default=(), description="Scenes with a tag below one of these take no part.")
    only_studios: Texts = Field(default=(), description="Only scenes of these studios, and of those below, take part.")
    not_studios: Texts = Field(default=(), description="Scenes of these studios, and of those below, take no part.")
    only_paths: Folders = Field(default=(), description="Only scenes with a file there, as Stash sees it, take part.")
    not_paths: Folders = Field(default=(), description="Scenes with a file there take no part.")
    min_rating: int = Field(
        default=0, strict=True, ge=0, le=100, description="Only scenes rated so high take part; 20 is a star."
    )
    max_rating: int = Field(
        default=0, strict=True, ge=0, le=100, description="Scenes rated higher take no part; 0: no limit."
    )
    gone: Gone = Field(
        default=WhenGone.LEAVE,
        description="What becomes of an item whose scene or file Stash has no more: it is left as it is, cleared of "
        "what PlexSync wrote, or what Plex held before PlexSync is restored.",
    )

    title: SceneTemplate = Field(default="", description="The title; empty: as in Stash.")
    sort_title: SceneTemplate = Field(default="", description="The sort title; empty: none is written.")
    summary: SceneTemplate = Field(default="", description="The summary; empty: the details in Stash.")
    tagline: SceneTemplate = Field(default="", description="The tagline; empty: none is written.")
    keep_markup: bool = Field(default=False, description="Leave HTML and Markdown in details as they are written.")

    tags: TagRules = Field(default=(), description="Where tags go; the first rule that fits decides.")
    other_tags: Places = Field(default=(Place.GENRE,), description="Where the tags go that no rule fits.")
    ignore_tags: Texts = Field(default=(), description="Tags that reach nothing, whatever the rules say.")
    ignore_tags_under: PlainTexts = Field(default=(), description="The same of all tags below these.")
    labels: Sources = Field(default=(), description="What else becomes labels.")
    collections: Sources = Field(default=(), description="What else becomes collections.")
    studio: Form = Field(
        default=StudioForm.OWN, description="The studio's own name, its topmost parent's, or all as `Parent / Own`."
    )

    content_rating: str = Field(default="", max_length=50, description="The content rating of all scenes.")
    content_ratings: ContentRatings = Field(
        default=(), description="The content rating by tag; the first rule that fits any tag decides."
    )
    half_stars: bool = Field(default=False, description="Round ratings to half stars.")
    split_directors: bool = Field(default=True, description="Part the director's text at commas and semicolons.")

    disambiguation: Disambiguated = Field(
        default=Disambiguation.SHARED,
        description="When an actor's name gets the disambiguation behind it: where two of one scene share it, or else.",
    )
    performer_order: Order = Field(default=PerformerOrder.STASH, description="The order of actors.")
    genders: Genders = Field(default=(), description="Only performers of these genders become actors; empty: all.")
    ignore_performers: Texts = Field(default=(), description="Performers that become no actors.")
    role: PerformerTemplate = Field(
        default="", description="The role text of each actor, from name, aliases, disambiguation and gender."
    )

    picture_shape: PictureShape = Field(
        default=Shape.ORIGINAL,
        description="The poster: the cover as it is, or 2:3 with the cover whole on a blurred copy of itself.",
    )
    collection_pictures: bool = Field(
        default=False,
        description="Collections get the picture of the group, studio, performer or tag that they are named by.",
    )
    picture_edge: int = Field(default=1500, ge=300, le=4000, description="Longest edge of pictures, in pixels.")
    picture_quality: int = Field(default=85, ge=50, le=95, description="Quality of pictures (JPEG).")

    @model_validator(mode="after")
    def _some_rating_fits(self) -> Self:
        _refuse_no_rating(self)
        return self


class RulesSetting(RuleSetting):
    """The rules of all libraries, and what is otherwise for single ones."""

    library: Annotated[dict[str, RuleSetting], Allowed("tables, each named by a library's title or key")] = Field(
        default_factory=dict, description="Other rules of single libraries."
    )

    @model_validator(mode="after")
    def _each_library_fits(self) -> Self:
        if len({text_key(title) for title in self.library}) < len(self.library):
            raise wrong("names one library twice, but for case", "keep one table for each library")
        for title in self.library:
            _refuse_no_rating(self.of(title))
        return self

    def of(self, title: str) -> RuleSetting:
        """The rules of one library: each key its own where it has one."""
        own = self.library[title]
        given: dict[str, Any] = {name: getattr(own, name) for name in own.model_fields_set}
        return self.model_copy(update=given)


def _refuse_no_rating(rules: RuleSetting) -> None:
    if 0 < rules.max_rating < rules.min_rating:
        raise wrong("has a max_rating below its min_rating", "make max_rating the higher one, or 0 for no limit")


def _given_tables(value: Any) -> Any:
    return value if isinstance(value, RulesSetting) else table_or_json(value)


MaybeRules = Annotated[RulesSetting | None, BeforeValidator(_given_tables), Allowed("tables, see docs/rules.md")]
