"""The reader of manifests."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.sim.stash.yaml_subset import NotReadable, parse

WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f"), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 999) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(WORDS, VALUES, max_size=4))
def test_json_on_one_line_is_read_as_what_it_is(value: dict[str, Any]) -> None:
    assert parse(json.dumps(value, ensure_ascii=False)) == value


def written(value: Any, indent: int = 0) -> str:
    """The value in block style, with quoted texts."""
    pad = "  " * indent
    if isinstance(value, dict) and value:
        return "\n" + "\n".join(f"{pad}{json.dumps(key)}:{written(each, indent + 1)}" for key, each in value.items())
    if isinstance(value, list) and value:
        return "\n" + "\n".join(f"{pad}-{written(each, indent + 1)}" for each in value)
    return " " + json.dumps(value, ensure_ascii=False)


@given(st.dictionaries(WORDS, VALUES, min_size=1, max_size=4))
def test_blocks_are_read_as_what_they_are(value: dict[str, Any]) -> None:
    assert parse(written(value).lstrip("\n")) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1 # note", {"a": 1}),
        ("a: 'it''s'", {"a": "it's"}),
        ("a: x#y", {"a": "x#y"}),
        ("a: http://host:80/x", {"a": "http://host:80/x"}),
        ("a:\n- b\n- c: 1\n  d: 2\n", {"a": ["b", {"c": 1, "d": 2}]}),
        ("a: >-\n  one\n  two\nb: 1", {"a": "one two", "b": 1}),
        ("a: |\n  one\n   two\n", {"a": "one\n two\n"}),
        ("a: one\n  two", {"a": "one two"}),
        ("a: [x, {b: c},\n  d]", {"a": ["x", {"b": "c"}, "d"]}),
        ("---\na: true\nb:\nc: 1.5", {"a": True, "b": None, "c": 1.5}),
        ("", None),
    ],
)
def test_the_forms_of_manifests_are_read(text: str, value: Any) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    "text",
    ["a: &x 1", "a: *x", "a: !!str 1", "\ta: 1", "a: 1\na: 2", "a: b: c", "a: [1, 2", "a: 'x", "a: 1\n  b: 2\n c: 3"],
)
def test_everything_else_is_an_error(text: str) -> None:
    with pytest.raises(NotReadable):
        parse(text)
