"""Markup made plain: what a page would show stays, its marks go."""

from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.model.rules.markup import plain_text
from plexsync.model.text import normal_text

CASES = [
    ("plain text, with: marks; and (brackets)", "plain text, with: marks; and (brackets)"),
    ("<p>One</p><p>Two<br/>Three</p>", "One\n\nTwo\nThree"),
    ("a <b>bold</b> and <a href='x'>link</a> &amp; more", "a bold and link & more"),
    ("<ul><li>one</li><li>two</li></ul>", "• one\n• two"),
    ("<3 and 1 < 2 > 0 and <unknown> stay", "<3 and 1 < 2 > 0 and <unknown> stay"),
    ("AT&T &copy 2020 & more", "AT&T &copy 2020 & more"),
    ("&quot;Hi&quot; &#39;there&#39; &#x2013; end&nbsp;.", "\"Hi\" 'there' – end ."),
    ("&amp;amp;lt; twice", "< twice"),
    ("R&amp;amp;B", "R&B"),
    ("&zzzz; &#0; stay", "&zzzz; &#0; stay"),
    ("[a link](https://x.example/a_b?c=d) end", "a link end"),
    ("![a picture](/p.jpg)", "a picture"),
    ("[brackets] (and this) stay", "[brackets] (and this) stay"),
    ("# Heading\n## Another\n#1 fan", "Heading\nAnother\n#1 fan"),
    ("* one\n+ two\n- three\n1. four", "• one\n• two\n- three\n1. four"),
    ("**bold** *slanted* __bold__ _slanted_ ~~gone~~ `code`", "bold slanted bold slanted gone code"),
    ("***both*** and **a *nested* one**", "both and a nested one"),
    ("snake_case_name and __init__.py's", "snake_case_name and init.py's"),
    ("2 * 3 * 4 = 24 and 5*6*7", "2 * 3 * 4 = 24 and 5*6*7"),
    ("a lone * star, a lone _ line, C# and F#", "a lone * star, a lone _ line, C# and F#"),
    ("f**k and s**t stay", "f**k and s**t stay"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_marks_go_and_words_stay(text: str, expected: str) -> None:
    assert normal_text(plain_text(text), lines=True) == expected


PIECES = st.sampled_from(
    [
        *("<p>", "</p>", "<br>", "<b>", "</b>", "<li>", "&amp;", "&lt;", "&gt;", "&#42;", "amp;", "lt;"),
        *("*", "**", "_", "__", "~~", "`", "#", "# ", "[", "](/a)", "]", "(", "\n", " ", "a", "Ж", "9", "•", "\\"),
    ]
)
WRITTEN = st.lists(PIECES, max_size=25).map("".join)


@given(WRITTEN)
def test_made_plain_again_a_text_stays_the_same(text: str) -> None:
    once = plain_text(text)
    assert plain_text(once) == once


def letters(text: str) -> list[str]:
    return [char for char in text if char.isalnum()]


@given(st.text(st.sampled_from("abЖ9 \n*_#~`[]()-+•.,!"), max_size=40))
def test_no_letter_is_ever_lost_where_there_is_no_tag_entity_or_address(text: str) -> None:
    assert letters(plain_text(text)) == letters(text)


@given(st.text(max_size=40))
def test_what_html_would_show_of_escaped_text_is_shown(text: str) -> None:
    shown = "".join(char for char in text if char.isalnum())
    assert letters(plain_text(html.escape(shown))) == letters(shown)


@pytest.mark.parametrize(
    "piece",
    ["<b>", " ", "\n ", "<li> ", "</p> ", "*a", "**a", "_a ", "[", "[a](", "&amp;", "<a ", "# ", "`", "***", "a_"],
)
def test_no_text_of_the_web_takes_long(piece: str) -> None:
    plain_text(piece * (100_000 // len(piece)))
