"""What `plexsync doctor` says of the provider: one line where nobody uses it, and what keeps it from its work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import HTMLResponse

from cli.introduction import GUEST, MOVIES, OTHERS, Introduction, introduced
from plexsync.app.folder import open_store
from plexsync.app.sources import Sources
from plexsync.model.fields import Field
from plexsync.model.item import IndexedItem
from plexsync.model.provider import IDENTIFIER
from plexsync.store import index, pictures

CHECK = "plex plex provider"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Introduction]:
    with introduced(tmp_path) as one:
        one.settings(stash_url='"http://127.0.0.1:9"')
        yield one


def found(stage: Introduction, **settings: str) -> dict[str, dict[str, Any]]:
    """What the doctor says of the provider, by check."""
    stage.settings(stash_url='"http://127.0.0.1:9"', **settings)
    done = stage.house.call("--json", "doctor")
    assert stage.me.provider_path not in done.out + done.err
    return {one["check"]: one for one in done.facts if one["check"].startswith(CHECK)}


def test_where_nobody_uses_the_provider_one_line_says_so_and_it_is_no_fault(stage: Introduction) -> None:
    (one,) = found(stage).values()
    assert (one["grade"], one["remedy"]) == ("well", "")
    assert one["what"] == (
        "Plex (plex) does not ask PlexSync while it scans; `plexsync provider register` would have it ask"
    )
    stage.switch(version="1.42.2.1")
    assert found(stage) == {}


def test_a_provider_in_order_is_well(stage: Introduction) -> None:
    stage.steps("--library", MOVIES)
    (one,) = found(stage).values()
    assert (one["grade"], one["what"].partition(" at ")[0]) == ("well", "Plex (plex) asks PlexSync")


def test_another_address_another_plexsync_and_none_at_all_are_told_with_the_remedy(stage: Introduction) -> None:
    stage.steps()
    other = found(stage, url_from_plex='"http://192.168.1.5:9797"')[CHECK]
    assert other["grade"] == "warning"
    assert "while url_from_plex is http://192.168.1.5:9797" in other["what"]
    assert other["remedy"] == "Run `plexsync provider register`, or correct url_from_plex"
    none = found(stage, url_from_plex="")[CHECK]
    assert "and url_from_plex is not set: people get no pictures" in none["what"]
    number = stage.providers()[IDENTIFIER]["id"]
    stage.plex.put(f"/media/providers/metadata/{number}", params={"uri": f"{stage.films.url}/provider/anybody"})
    assert "asks another PlexSync, at " in found(stage)[CHECK]["what"]


def test_a_provider_that_plex_does_not_reach_is_told_with_the_libraries_that_wait_for_it(stage: Introduction) -> None:
    stage.steps("--library", MOVIES)
    stage.films.answers["*"] = HTMLResponse("away", 503)
    one = found(stage)[f"{CHECK} answers"]
    assert one["grade"] == "warning"
    assert one["what"].endswith(f"new files of {MOVIES!r} get no metadata as they are scanned")
    assert f"open {stage.address.partition('/provider/')[0]}/healthz on Plex's computer" in one["remedy"]


def test_the_order_of_agents_is_looked_at_on_both_sides_of_us(stage: Introduction) -> None:
    stage.steps()
    providers = {one["title"]: one["id"] for one in stage.providers().values()}
    groups = "/media/providers/metadata/group"
    stage.plex.put(f"{groups}/{stage.group('PlexSync')}/items/{providers['Plex Movie']}").raise_for_status()
    mixed = stage.make_group("Mixed", "tv.plex.agents.movie")
    stage.plex.put(f"{groups}/{mixed}/items/{providers['PlexSync (Stash)']}").raise_for_status()
    says = found(stage)
    behind, before = says[f"{CHECK} agent PlexSync"], says[f"{CHECK} agent Mixed"]
    assert behind["what"].endswith("by a title and a year that may attach a mainstream film to a scene")
    assert behind["remedy"] == "Take it out of the agent under Settings > Metadata Agents in Plex"
    assert before["what"].startswith('The agent "Mixed" asks "Plex Movie" before PlexSync')
    assert {behind["grade"], before["grade"]} == {"warning"}


def test_a_library_that_is_named_and_not_written_is_told(stage: Introduction) -> None:
    stage.steps("--library", MOVIES)
    one = found(stage, libraries=f'["{OTHERS}"]')[f"{CHECK} of {MOVIES}"]
    assert one["what"].startswith(
        f"{MOVIES!r} is not among `libraries`, so posters, ratings and labels are not written"
    )
    assert one["remedy"] == "Add it to `libraries`"


def test_on_a_plex_that_may_refuse_private_pictures_it_is_said_how_posters_come(stage: Introduction) -> None:
    stage.steps("--library", MOVIES)
    assert f"{CHECK} posters" not in found(stage)
    stage.switch(version="1.43.5.10999-abc")
    one = found(stage)[f"{CHECK} posters"]
    assert one["grade"] == "note"
    assert one["what"].startswith("Plex (plex) 1.43.5.10999 may refuse pictures from private networks, as http://127")
    assert one["what"].endswith("; posters come by upload")
    off = found(stage, sync_cover="false")[f"{CHECK} posters"]
    assert (off["grade"], off["remedy"]) == ("warning", "Switch sync_cover on")
    assert f"{CHECK} posters" not in found(stage, url_from_plex='"https://1.1.1.1"')


def test_how_many_posters_were_uploaded_is_counted_in_the_libraries_that_we_name(stage: Introduction) -> None:
    stage.steps("--library", MOVIES)
    stage.switch(version="1.43.5.1")
    database = open_store(Sources(environ={}, data_dir=stage.house.data_dir).load())
    with database.transaction() as connection:
        listed = [
            IndexedItem(rating_key=key, section=section, title="", parts=())
            for key, section in ((5, 2), (6, 2), (7, 1))
        ]
        index.upsert(connection, "plex", listed, 1)
        for key, field, sha1 in (
            (5, Field.POSTER, "a"),
            (5, Field.POSTER, "b"),
            (6, Field.BACKGROUND, "c"),
            (7, Field.POSTER, "d"),
        ):
            pictures.note_upload(connection, "plex", key, field, sha1, f"upload://posters/{sha1}", 1.0)
    database.close()
    assert found(stage)[f"{CHECK} posters"]["what"].endswith("; the posters of 1 item came by upload")


def test_a_plex_that_does_not_tell_its_agents_is_no_reason_to_stop_looking(stage: Introduction) -> None:
    stage.fault({"path": "/media/providers", "fault": "status500"})
    one = found(stage)[CHECK]
    assert one["grade"] == "warning"
    assert one["what"] == "Plex (plex) does not tell whom it asks while it scans: Plex failed with 500"
    stage.fault()
    done = found(stage, plex_token=f'"{GUEST}"')
    assert "Plex forbids this (403)" in done[CHECK]["what"]
