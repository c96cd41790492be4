"""Whatever comes in whatever order: nothing is left to do after a plan, and what people made in Plex stays theirs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from model.plexmodel import FIELDS_HELD, LISTS, SHARED, PlexModel
from plexsync.model.compare import same, text_key
from plexsync.model.fields import FIELDS, Field, Owner, Value
from plexsync.model.item_values import value_of
from plexsync.model.plan import entry_keys, is_ours
from plexsync.model.rules import Rules

ENTRIES = st.lists(st.sampled_from(["a", "A", "b", "C", "dé"]), max_size=4, unique_by=text_key).map(tuple)
TEXTS = st.sampled_from([None, "a", "A", "b"])
RATINGS = st.sampled_from([None, 7.3, 7.5, 8.0])


def value_for(name: Field) -> st.SearchStrategy[Any]:
    if name in LISTS:
        return ENTRIES.map(lambda entries: entries or None)
    return RATINGS if name is Field.RATING else TEXTS


VALUES = st.fixed_dictionaries({name: value_for(name) for name in FIELDS_HELD})
WANTED = st.fixed_dictionaries({}, optional={name: value_for(name) for name in FIELDS_HELD})
ONE_VALUE = st.sampled_from(FIELDS_HELD).flatmap(lambda name: st.tuples(st.just(name), value_for(name)))
RULES = st.builds(
    Rules,
    owners=st.dictionaries(st.sampled_from(FIELDS_HELD), st.sampled_from(list(Owner))),
    clear_foreign=st.frozensets(st.sampled_from(FIELDS_HELD), max_size=2),
    enabled=st.sampled_from([frozenset(Field), frozenset(Field) - {Field.LABELS}]),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("stash"), WANTED),
        st.tuples(st.just("rules"), RULES),
        st.tuples(st.just("edit"), ONE_VALUE),
        st.tuples(st.just("refresh"), VALUES),
        st.tuples(st.just("unlock"), st.sampled_from(FIELDS_HELD)),
    ),
    max_size=7,
)
PLEXES = st.builds(PlexModel, additive=st.booleans(), shouting=st.booleans(), capitals=st.booleans())


def begun(plex: PlexModel, first: dict[Field, Value]) -> PlexModel:
    """The item as it was before us: all of it other people's."""
    fresh = PlexModel(additive=plex.additive, shouting=plex.shouting, capitals=plex.capitals)
    for name, value in first.items():
        fresh.edit(name, value)
        if name is not Field.SUMMARY:
            fresh.unlock(name)
    return fresh


def taken(plex: PlexModel, step: tuple[str, Any], wanted: dict[Field, Value], rules: Rules) -> tuple[Any, Rules]:
    """One thing happens in Stash, in the settings or in Plex."""
    match step:
        case ("stash", values):
            wanted = values
        case ("rules", other):
            rules = other
        case ("edit", (name, value)):
            plex.edit(name, value)
        case ("refresh", values):
            plex.refresh(values)
        case ("unlock", name):
            plex.unlock(name)
    return wanted, rules


def lived(plex: PlexModel, steps: list[tuple[str, Any]], rules: Rules) -> Iterator[tuple[dict[Field, Value], Rules]]:
    """What is wanted after each step, once it has been synced, and by which rules."""
    wanted: dict[Field, Value] = {}
    for step in steps:
        wanted, rules = taken(plex, step, wanted, rules)
        plex.sync(wanted, rules)
        yield wanted, rules


@settings(max_examples=60)
@given(PLEXES, VALUES, RULES, STEPS)
def test_after_a_plan_there_is_nothing_left_to_do(
    made: PlexModel, first: dict[Field, Value], rules: Rules, steps: list[tuple[str, Any]]
) -> None:
    plex = begun(made, first)
    for wanted, wished in lived(plex, [("stash", {}), *steps], rules):
        again = plex.plan(wanted, wished)
        assert not again.changes
        assert not again.disowned


@settings(max_examples=60)
@given(PLEXES, VALUES, RULES, STEPS)
def test_other_peoples_labels_and_collections_survive_everything(
    made: PlexModel, first: dict[Field, Value], rules: Rules, steps: list[tuple[str, Any]]
) -> None:
    plex = begun(made, first)
    for _ in lived(plex, steps, rules):
        for name in SHARED:
            assert plex.theirs[name] <= entry_keys(plex.values.get(name))
    plex.undo()
    for name in SHARED:
        assert plex.theirs[name] <= entry_keys(plex.values.get(name))


@settings(max_examples=60)
@given(PLEXES, VALUES, STEPS)
def test_a_rating_that_a_person_gave_survives_everything(
    made: PlexModel, first: dict[Field, Value], steps: list[tuple[str, Any]]
) -> None:
    """By default ratings are only filled in."""
    plex = begun(made, first)
    wanted: dict[Field, Value] = {}
    spec = FIELDS[Field.RATING]
    for step in steps:
        if step[0] == "rules":
            continue
        wanted, _ = taken(plex, step, wanted, Rules())
        given_by_hand = plex.values.get(Field.RATING)
        theirs = given_by_hand is not None and not is_ours(spec, given_by_hand, plex.ledger.get(Field.RATING))
        plex.sync(wanted, Rules())
        if theirs:
            assert plex.values[Field.RATING] == given_by_hand


@settings(max_examples=60)
@given(PLEXES, VALUES, RULES, STEPS)
def test_undo_gives_back_what_was_there_before_us(
    made: PlexModel, first: dict[Field, Value], rules: Rules, steps: list[tuple[str, Any]]
) -> None:
    """Lists in their order only where Plex takes an order; ratings and shared lists but for what is a person's own."""
    plex = begun(made, first)
    for _ in lived(plex, steps, rules):
        pass
    untouched = {name: plex.values.get(name) for name in FIELDS_HELD if name not in plex.firsts}
    plex.undo()
    item = plex.item
    assert untouched == {name: plex.values.get(name) for name in untouched}
    for name, (before, locked) in plex.firsts.items():
        if name in (*SHARED, Field.RATING):
            continue
        found = value_of(item, name)
        if name in LISTS:
            assert entry_keys(found) == entry_keys(before)
            assert plex.additive or keys_in_order(found) == keys_in_order(before)
        else:
            assert same(FIELDS[name], before, found) == ("form" if plex.shouting and found != before else "equal")
        assert (name in plex.locks) is locked
    assert plex.undo() == []


def keys_in_order(value: Value) -> list[str]:
    return [text_key(str(entry)) for entry in value] if isinstance(value, tuple) else []
