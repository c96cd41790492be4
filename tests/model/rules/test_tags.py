"""Tags go where the first rule that fits says, and only their own scenes move with it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from model.rules.scenes import SCENE, value
from plexsync.model.compare import text_key
from plexsync.model.fields import Field
from plexsync.model.rules import TAG_FIELDS, Names, Place, Rules, TagRule, TagRules, desired, parse
from plexsync.model.rules.tags import TagChoice, TagIndex
from plexsync.model.scene import Named, Tag

LABEL, GENRE, COLLECTION = frozenset({Place.LABEL}), frozenset({Place.GENRE}), frozenset({Place.COLLECTION})


def ruled(*rules: TagRule, other: frozenset[Place] = GENRE, **lists: Names) -> Rules:
    placed = tuple(rule.placed_at(f"rules.tags[{number}]") for number, rule in enumerate(rules))
    return Rules(tags=TagRules(rules=placed, other=other, other_origin="rules.other_tags", **lists))


def test_by_name_by_parent_and_by_pattern_tags_become_label_collection_or_nothing() -> None:
    rules = ruled(
        TagRule(name=("4k",), to=LABEL),
        TagRule(like=("series: *",), to=frozenset(), name_there=None),
        TagRule(under=("series",), to=COLLECTION),
    )
    assert value(Field.GENRES, rules) == ("Fantasy",)
    assert value(Field.LABELS, rules) == ("4K",)
    assert value(Field.COLLECTIONS, rules) == ("Open Movies",)


def test_the_first_rule_that_fits_wins_whatever_its_kind() -> None:
    for first, second in ((LABEL, COLLECTION), (COLLECTION, LABEL)):
        rules = ruled(TagRule(like=("open*",), to=first), TagRule(name=("Open Movies",), to=second))
        there = Field.LABELS if first is LABEL else Field.COLLECTIONS
        assert value(there, rules) == ("Open Movies",)


def test_a_tag_may_go_to_several_places_under_another_name() -> None:
    name = parse("{name|after:series: |prefix:The }", TAG_FIELDS)
    rules = ruled(TagRule(like=("series: *",), to=LABEL | COLLECTION, name_there=name), other=frozenset())
    assert value(Field.GENRES, rules) is None
    assert value(Field.LABELS, rules) == value(Field.COLLECTIONS, rules) == ("The Durian",)


def test_an_ignored_tag_reaches_nothing_and_no_template_either() -> None:
    rules = ruled(TagRule(name=("4K",), to=LABEL), ignored=Names(("4k", "Fan*")), ignored_under=Names(("Series",)))
    assert value(Field.GENRES, rules) is None
    assert value(Field.LABELS, rules) is None


def test_two_tags_of_one_new_name_come_once() -> None:
    rules = ruled(TagRule(like=("*",), to=GENRE, name_there=parse("Film", TAG_FIELDS)))
    assert value(Field.GENRES, rules) == ("Film",)


def test_each_value_says_which_rules_gave_it() -> None:
    rules = ruled(TagRule(name=("4K",), to=LABEL), TagRule(under=("Series",), to=LABEL))
    given_by = desired(SCENE, rules).given_by
    assert given_by[Field.LABELS] == 'rules.tags[0] (name "4K"), rules.tags[1] (under "Series")'
    assert given_by[Field.GENRES] == "rules.other_tags"
    assert desired(SCENE, Rules()).given_by[Field.GENRES] == ""


def test_one_changed_rule_moves_only_the_scenes_that_have_the_tag() -> None:
    before = ruled(TagRule(name=("4K",), to=LABEL), TagRule(name=("Other",), to=LABEL))
    after = ruled(TagRule(name=("4K",), to=COLLECTION), TagRule(name=("Other",), to=LABEL))
    plain = replace(SCENE, tags=(SCENE.tags[0], Tag(id=8, name="Other")))
    assert before.digest(SCENE, "1") != after.digest(SCENE, "1")
    assert before.digest(plain, "1") == after.digest(plain, "1")


def test_a_field_that_no_rule_fills_is_not_named_at_all() -> None:
    assert Field.LABELS not in desired(SCENE, Rules()).values
    rules = ruled(TagRule(name=("nobody",), to=LABEL))
    assert desired(SCENE, rules).values[Field.LABELS] is None


def test_the_tags_above_a_tag_move_the_digest_by_a_rule_and_never_the_content_of_the_scene() -> None:
    below = replace(SCENE, tags=(replace(SCENE.tags[0], ancestors=(Named(id=90, name="Series"),)),))
    alone = replace(SCENE, tags=SCENE.tags[:1])
    rules = ruled(TagRule(under=("Series",), to=LABEL))
    assert rules.digest(below, "") != rules.digest(alone, "")
    assert Rules().digest(below, "") == Rules().digest(alone, "")
    assert below.content_hash == alone.content_hash


def test_parents_are_asked_for_only_where_a_rule_needs_them() -> None:
    assert not ruled(TagRule(like=("*",), to=LABEL)).asks_for_tag_parents
    assert ruled(TagRule(under=("Series",), to=LABEL)).asks_for_tag_parents
    assert ruled(ignored_under=Names(("Series",))).asks_for_tag_parents


WORDS = st.sampled_from(["a", "b", "ab", "ba", "abc"])
CHOICES = st.one_of(
    st.builds(lambda text: TagChoice(name=(text,)), WORDS),
    st.builds(lambda text: TagChoice(under=(text,)), WORDS),
    st.builds(lambda text: TagChoice(like=(text,)), st.sampled_from(["a*", "*b", "?", "ab"])),
)


@given(
    st.lists(CHOICES, max_size=6),
    st.builds(
        lambda n, up: Tag(id=1, name=n, ancestors=tuple(Named(id=2, name=u) for u in up)), WORDS, st.lists(WORDS)
    ),
)
def test_the_index_finds_what_reading_the_rules_one_by_one_finds(choices: list[TagChoice], tag: Tag) -> None:
    def fits(choice: TagChoice) -> bool:
        by_name = text_key(tag.name) in map(text_key, choice.name) or Names(choice.like).entry([tag.name]) is not None
        return by_name or any(text_key(above.name) in map(text_key, choice.under) for above in tag.ancestors)

    expected = next((number for number, choice in enumerate(choices) if fits(choice)), None)
    assert TagIndex(tuple(choices)).first(tag) == expected
