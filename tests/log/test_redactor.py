"""Secrets do not get through, whether they are known or only look like secrets."""

from __future__ import annotations

import html
import json
import string
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.log import Redactor

SECRET = "zQ7fW2kL9mX4"

SHAPES = [
    f"GET http://plex:32400/library?X-Plex-Token={SECRET}&type=1",
    f"ws://plex/:/websockets/notifications?X-Plex-Token={SECRET}",
    f"redirect=http%3A%2F%2Fp%3FX-Plex-Token%3D{SECRET}",
    f"http://stash:9999/scene/1/screenshot?t=1&apikey={SECRET}",
    f"ApiKey: {SECRET}",
    f"{{'ApiKey': '{SECRET}', 'Accept': '*/*'}}",
    f'{{"X-Plex-Token": "{SECRET}"}}',
    f'"{{\\"api_key\\": \\"{SECRET}\\"}}"',
    f"[(b'x-plex-token', b'{SECRET}')]",
    f"Headers([('ApiKey', '{SECRET}')])",
    f"Authorization: Bearer {SECRET}",
    f"authorization: Basic {SECRET}=",
    f"'Authorization': 'Bearer {SECRET}'",
    f"sent Bearer {SECRET}",
    f"Cookie: session={SECRET}; theme=dark",
    f"Set-Cookie: plexsync={SECRET}; Path=/; HttpOnly",
    f'"SessionCookie":{{"Name":"session","Value":"{SECRET}","Path":""}}',
    json.dumps(json.dumps({"Name": "session", "Value": SECRET})),
    f"GET /provider/{SECRET}/library/metadata/matches HTTP/1.1",
    f"/art/{SECRET}/12.jpg?v=1",
    f"/art/12.{SECRET}.jpg",
    f"PUT /library/metadata/7?actor.thumb=http%3A%2F%2Fnas%3A9797%2Fart%2Fperformer%2F4%2F{SECRET}.jpg&type=1",
    f"http://user:{SECRET}@stash:9999/graphql",
    f"postgresql+psycopg://plexsync:{SECRET}@db/plexsync",
    f'<User authToken="{SECRET}" id="1"/>',
    f"/callback?token={SECRET}",
    f'{{"token": "{SECRET}"}}',
    f"eyJhbGciOiJIUzI1NiJ9.eyJ1aWQiOiJ4In0.{SECRET}",
]


@pytest.mark.parametrize("text", SHAPES)
def test_what_has_the_shape_of_a_secret_is_hidden_although_not_known(text: str) -> None:
    assert SECRET not in Redactor().redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "scene 5 is in step; token bucket at 0.5",
        "GET /library/metadata/5?includeGuids=1 200",
        "POST /api/v1/events 202",
        "session started, provider registered, art cached",
        "/data/art of film/provider.mp4",
        "/volume1/Art/Season 1/01.mp4",
    ],
)
def test_ordinary_lines_stay_as_they_are(text: str) -> None:
    assert Redactor(["something-else"]).redact(text) == text


@given(
    secret=st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_characters="*"), min_size=8),
    before=st.text(max_size=20),
    after=st.text(max_size=20),
)
def test_a_known_secret_is_hidden_in_each_of_its_spellings(secret: str, before: str, after: str) -> None:
    redactor = Redactor()
    redactor.add(secret)
    for text in (
        before + secret + after,
        urlencode({"q": secret}),
        quote(secret),
        json.dumps({"q": before + secret}),
        json.dumps(secret, ensure_ascii=False),
        repr([secret]),
        html.escape(secret),
        html.escape(secret, quote=False),
        json.dumps(secret).replace("&", r"\u0026").replace("<", r"\u003c").replace(">", r"\u003e"),
    ):
        hidden = redactor.redact(text)
        assert secret not in hidden
        assert "****" in hidden


def test_of_two_secrets_the_longer_is_hidden_whole() -> None:
    assert Redactor(["abcdef", "abcdefghij"]).redact("abcdefghij") == "****"


def test_tiny_secrets_do_not_garble_lines() -> None:
    assert Redactor(["", "a", "abc"]).redact("abc a") == "abc a"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(string.ascii_letters + " /:=?&") | st.just(f"x{SECRET}y"),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["a", "title", f"k{SECRET}"]), inner),
        max_leaves=10,
    )
)
def test_a_known_secret_is_hidden_however_deep_it_lies(value: object) -> None:
    assert SECRET not in repr(Redactor([SECRET]).value("facts", value))


@pytest.mark.parametrize("key", ["token", "plex_token", "api_key", "password", "cookie", "X-Plex-Token"])
def test_a_value_under_the_name_of_a_secret_is_hidden_whole(key: str) -> None:
    assert Redactor().value(key, "ab") == "****"
    assert Redactor().value("facts", {key: ["ab"]}) == {key: "****"}


def test_a_redactor_does_not_show_what_it_hides() -> None:
    assert SECRET not in repr(Redactor([SECRET]))


def test_long_text_without_secrets_is_looked_through_in_linear_time() -> None:
    """A hundred thousand blanks after a name are no trap for the patterns."""
    text = "password" + " " * 100_000 + "authorization" * 1000
    assert Redactor(["something-else"]).redact(text) == text
