"""What differs is shown, and what does not is left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.cli.differences import cells


@pytest.mark.parametrize(
    ("now", "will_be", "field", "left", "right"),
    [
        (["a", "b"], ["B", "c"], "genres", "- a", "+ c\n1 stay"),
        (None, ["a"], "genres", "", "+ a"),
        (["a"], None, "genres", "- a", ""),
        (["a", "b"], ["b", "a"], "actors", "2 in another order", "b, a"),
        ("old", "new", "title", "old", "new"),
        (None, "new", "title", "(empty)", "new"),
        (7.0, None, "rating", "7.0", "(empty)"),
    ],
)
def test_a_change_is_shown_as_what_goes_and_what_comes(
    now: object, will_be: object, field: str, left: str, right: str
) -> None:
    one, two = cells(now, will_be, field)
    assert (one.plain, two.plain) == (left, right)


def test_of_long_texts_only_the_surroundings_of_the_difference_are_shown() -> None:
    start, end = "The same beginning of both, word for word. ", " And then the same end, as long as it may be."
    one, two = cells(f"{start}It was red.{end}", f"{start}It was green.{end}", "summary")
    assert "red" in one.plain
    assert "green" in two.plain
    assert one.plain.startswith("…")
    assert one.plain.endswith("…")
    assert len(one.plain) < 50


def test_of_long_lists_the_rest_is_counted() -> None:
    _, two = cells([], [f"tag {number}" for number in range(40)], "genres")
    assert two.plain.splitlines()[-1] == "+ 28 more"


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_two_texts_are_shown_shortly_and_differently(one: str, two: str) -> None:
    left, right = cells(one, two, "summary")
    assert max(len(left.plain), len(right.plain)) <= 130
    assert "\x1b" not in left.plain + right.plain
