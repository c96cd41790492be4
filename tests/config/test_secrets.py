"""A secret is seen by whom it is for, and by nobody else."""

from __future__ import annotations

import json
import string
import tempfile
import traceback
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from plexsync.config import Config, check, load, mask, table
from plexsync.model.errors import ConfigurationError

SECRETS = st.text(alphabet=string.ascii_letters + string.digits + "-_", min_size=16, max_size=40)
#: Where a secret may end up, by right or by mistake: settings, a misspelt name, a part of an address.
NAMES = [row.name for row in table() if row.name != "data_dir"]
MISSPELT = ["plex_tokn", "stash_api_kye", "servers_token"]


@given(secret=SECRETS, names=st.sets(st.sampled_from(NAMES + MISSPELT), min_size=1, max_size=6), bad=st.booleans())
def test_a_known_secret_is_in_no_text_about_the_settings(secret: str, names: set[str], bad: bool) -> None:
    """Whatever else holds the same secret by mistake, and whether the start fails or not."""
    assume("secret" not in secret)
    assume(not any(secret in str(row) for row in table()))
    given_values: dict[str, object] = dict.fromkeys(names, secret)
    given_values["plex_token"] = secret
    if bad:
        given_values["max_retries"] = 99
    text = "\n".join(f"{name} = {json.dumps(value)}" for name, value in given_values.items())
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "plexsync.toml").write_text(text, encoding="utf-8")
        try:
            config = load(config_file=None, data_dir=Path(folder), environ={}, saved=given_values)
        except ConfigurationError as error:
            told = [str(error), repr(error), repr(error.__context__), *traceback.format_exception(error)]
        else:
            legal = {"libraries", "preview", "host", "allowed_hosts", "spool_folders", "ca_file"}
            told = [*config.refused, *config.origins.values()]
            told += [repr(config), str(config), json.dumps(config.shown())] if not names & legal else []
    assert all(secret not in one for one in told)


@given(token=SECRETS, key=SECRETS, password=SECRETS)
def test_secrets_are_in_no_form_of_the_settings_but_their_own(token: str, key: str, password: str) -> None:
    names = " ".join(f"{row} {row.variable}" for row in table())
    assume(not any(secret in names for secret in (token, key, password)))
    environ = {
        "PLEXSYNC_SERVERS": json.dumps([{"name": "a", "url": "http://a", "token": token}]),
        "PLEXSYNC_STASH_API_KEY": key,
        "PLEXSYNC_STORE_URL": f"postgresql://plexsync:{password}@db/plexsync",
    }
    config = load(config_file=None, data_dir=Path("/nowhere/at/all"), environ=environ)
    forms = [repr(config), str(config), config.model_dump_json(), json.dumps(config.shown())]
    for secret in (token, key, password):
        assert all(secret not in form for form in forms)
        assert secret in config.secrets()


@given(token=SECRETS)
def test_secrets_in_bad_servers_and_addresses_are_not_told(token: str) -> None:
    values = {
        "servers": [{"name": "a", "url": f"http://u:{token}@a", "token": token + " ", "extra": token}, token],
        "plex_url": f"http://p/?X-Plex-Token={token}",
        "stash_url": f"http://u:{token}@s",
        "plex_tokn": token,
    }
    told = check(values)
    assert len(told) >= 4
    assert token not in json.dumps(told)


def test_a_secret_is_shown_by_its_ends_and_a_short_one_not_at_all() -> None:
    assert mask("abcdefghijklmnop") == "abcd...mnop"
    assert mask("abcdefghijklmno") == "****"
    assert mask("") == "****"


def test_the_settings_cannot_be_changed() -> None:
    config = Config(data_dir=Path("/d"))
    with pytest.raises(ValueError, match="frozen"):
        config.port = 1
