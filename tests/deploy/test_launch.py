"""The first program of the container: who it becomes, what it gives to whom, and what it leaves alone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy import launch
from deploy.recipe import DEPLOY

root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None,
    reason="not root, or no setpriv: who the container's program becomes, and what it is given, could not be checked",
)
#: Ids that nobody on this machine has.
ME, STRANGER = 42_001, 42_002


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a start ended; `said` are the lines of the program that was started."""

    code: int
    said: list[str]
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """An image and a data folder, in a place that every user of the machine may enter."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(
        self,
        *words: str,
        before: tuple[str, ...] = (),
        program: str = "plexsync",
        also: Mapping[str, str] = MappingProxyType({}),
        **environ: str,
    ) -> Done:
        """Start a program of the image, with its own words behind those of `before`."""
        done = subprocess.run(
            [*before, sys.executable, "-IS", str(self.folder / program), *words],
            env={"PATH": os.defpath, "PLEXSYNC_DATA_DIR": str(self.data), **environ, **also},
            capture_output=True,
            text=True,
            check=False,
        )
        return Done(code=done.returncode, said=done.stdout.splitlines(), fault=done.stderr)

    def put(self, name: str, owner: int, mode: int) -> Path:
        """A file of somebody in the data folder; a folder where the name ends in a slash."""
        path = self.data / name
        if name.endswith("/"):
            path.mkdir()
        else:
            path.write_text("kept")
        path.chmod(mode)
        os.chown(path, owner, owner)
        return path

    def owners(self) -> dict[str, int]:
        """Whose each thing in the data folder is."""
        found = sorted(self.data.rglob("*"))
        return {str(path.relative_to(self.data)): path.lstat().st_uid for path in found}


@pytest.fixture
def box() -> Iterator[Box]:
    with tempfile.TemporaryDirectory(prefix="plexsync-box-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "bin").mkdir()
        (folder / "data").mkdir()
        shutil.copy(DEPLOY / "launch.py", folder / "launch")
        (folder / "plexsync").symlink_to("launch")
        program = folder / "bin" / "plexsync"
        program.write_text('#!/bin/sh\nid -u; id -g; id -G; echo "$@"\n')
        program.chmod(0o755)
        yield Box(folder=folder)


@root
def test_root_becomes_the_user_of_puid_and_pgid_and_keeps_no_group_of_its_own(box: Box) -> None:
    done = box.start("run", "--json", PUID="42001", PGID=" 42002 ")
    assert done == Done(code=0, said=["42001", "42002", "42002", "run --json"], fault="")


@root
def test_without_puid_it_is_user_1000(box: Box) -> None:
    assert box.start(PUID="").said[:2] == ["1000", "1000"]


@root
def test_the_groups_that_the_container_was_given_besides_stay(box: Box) -> None:
    done = box.start(before=("setpriv", "--groups", "0,42007"), PUID="42001", PGID="42001")
    assert done.said[2].split() == ["42001", "42007"]


@root
def test_puid_0_stays_root_and_gives_nothing_away(box: Box) -> None:
    box.put("plexsync.db", STRANGER, 0o600)
    assert box.start(PUID="0", PGID="0").said[0] == "0"
    assert box.owners() == {"plexsync.db": STRANGER}


@root
def test_a_new_folder_is_given_to_the_user(box: Box) -> None:
    (box.data / "lost+found").mkdir()
    assert box.start(PUID=str(ME), PGID=str(ME)).code == 0
    assert (box.data.stat().st_uid, box.data.stat().st_gid) == (ME, ME)
    assert box.owners() == {"lost+found": 0}


@root
def test_what_another_user_made_and_closed_is_given_to_the_user_and_all_else_is_left_alone(box: Box) -> None:
    box.put("plexsync.toml", 0, 0o600)
    box.put("identity.json", STRANGER, 0o600)
    box.put("plexsync.db", STRANGER, 0o666)
    box.put("backups/", STRANGER, 0o700)
    box.put("backups/daily.json", STRANGER, 0o600)
    box.put("holiday.mkv", STRANGER, 0o600)
    os.chown(box.data, STRANGER, STRANGER)
    # As in the container: root there may not look into what others closed.
    done = box.start(before=("setpriv", "--bounding-set", "-all,+chown,+setuid,+setgid"), PUID=str(ME), PGID=str(ME))
    assert (done.code, done.fault) == (0, "")
    assert box.data.stat().st_uid == ME
    assert box.owners() == {
        "backups": ME,
        "backups/daily.json": ME,
        "holiday.mkv": STRANGER,
        "identity.json": ME,
        "plexsync.db": STRANGER,
        "plexsync.toml": ME,
    }


@root
def test_what_the_user_can_work_with_stays_whose_it_is(box: Box) -> None:
    box.data.chmod(0o770)
    os.chown(box.data, STRANGER, ME)
    box.put("plexsync.db", STRANGER, 0o666)
    assert box.start(PUID=str(ME), PGID=str(ME)).code == 0
    assert box.data.stat().st_uid == STRANGER
    assert box.owners() == {"plexsync.db": STRANGER}


@root
def test_a_folder_of_other_things_is_refused_and_not_touched(box: Box) -> None:
    box.put("holiday.mkv", STRANGER, 0o644)
    box.data.chmod(0o755)
    os.chown(box.data, STRANGER, STRANGER)
    done = box.start(PUID=str(ME), PGID=str(ME))
    assert (done.code, done.said, done.fault.count("\n")) == (2, [], 1)
    assert f"{box.data} belongs to user {STRANGER} and holds nothing of PlexSync's" in done.fault
    assert f"PUID={STRANGER}" in done.fault
    assert box.owners() == {"holiday.mkv": STRANGER}


@root
def test_the_health_check_becomes_the_user_and_looks_at_no_folder(box: Box) -> None:
    (box.folder / launch.HEALTH).symlink_to("launch")
    (box.folder / "bin" / launch.HEALTH).symlink_to("plexsync")
    box.put("plexsync.db", STRANGER, 0o600)
    assert box.start(program=launch.HEALTH, PUID=str(ME)).said[0] == str(ME)
    assert box.owners() == {"plexsync.db": STRANGER}


@root
def test_links_lead_to_nothing_that_is_given_away(box: Box) -> None:
    outside = box.folder / "shadow"
    outside.write_text("root's")
    outside.chmod(0o600)
    (box.data / "plexsync.link").symlink_to(outside)
    (box.data / "logs").symlink_to(box.folder / "bin")
    assert box.start(PUID=str(ME), PGID=str(ME)).code == 0
    assert outside.stat().st_uid == 0
    assert (box.folder / "bin").stat().st_uid == 0


@root
@pytest.mark.parametrize(
    ("rights", "told"), [("-setuid,-setgid", "cap_add: [CHOWN, SETGID, SETUID]"), ("-chown", "chown -R 42001:42001")]
)
def test_a_right_that_the_container_lacks_is_named_with_the_way_out(box: Box, rights: str, told: str) -> None:
    done = box.start(before=("setpriv", "--bounding-set", rights), PUID=str(ME), PGID=str(ME))
    assert (done.code, done.said, done.fault.count("\n")) == (2, [], 1)
    assert told in done.fault


@root
def test_a_container_of_another_user_changes_nothing_and_says_which_variable_has_no_effect(box: Box) -> None:
    before = ("setpriv", "--reuid", str(ME), "--regid", str(ME), "--clear-groups")
    if subprocess.run([*before, sys.executable, "-c", ""], capture_output=True, check=False).returncode:
        pytest.skip("other users cannot run this Python, so a container of another user could not be checked")
    done = box.start("run", before=before, PUID="7", PGID=str(ME))
    assert done.said[:2] == [str(ME), str(ME)]
    assert done.fault.startswith(f"plexsync: PUID=7 has no effect: the container was started with {ME}")
    assert done.fault.count("\n") == 1
    assert box.start("status", before=before, PUID="7").fault == ""


@pytest.mark.parametrize(
    ("name", "value"), [("PUID", "media"), ("PGID", "users"), ("PUID", "-1"), ("PUID", "4294967295"), ("PGID", "1.5")]
)
def test_an_id_that_is_no_number_is_refused_in_one_line(box: Box, name: str, value: str) -> None:
    done = box.start("run", also={name: value})
    assert (done.code, done.said, done.fault.count("\n")) == (2, [], 1)
    assert f'{name} is "{value}"' in done.fault
    assert "id -" in done.fault


@given(st.text(max_size=12))
def test_any_text_is_an_id_or_refused(text: str) -> None:
    word = text.strip()
    if not word or (re.fullmatch("[0-9]+", word) and int(word) < 2**32 - 1):
        assert launch.number({"PUID": text}, "PUID") == int(word or 1000)
    else:
        with pytest.raises(launch.Refusal, match="PUID is "):
            launch.number({"PUID": text}, "PUID")


@pytest.mark.parametrize(
    "zone", ["", "UTC", "Europe/Berlin", ":Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3", "<+03>-3"]
)
def test_a_time_zone_that_the_system_knows_is_taken(zone: str) -> None:
    launch.require_zone(zone)


@pytest.mark.skipif(not launch.ZONES.is_dir(), reason="no list of time zones here, so a wrong one could not be told")
@pytest.mark.parametrize("zone", ["Europe/Berlni", "berlin", "Europe", "../../../etc/passwd/x", "+2"])
def test_a_time_zone_that_would_silently_be_utc_is_refused(box: Box, zone: str) -> None:
    done = box.start("run", TZ=zone)
    assert (done.code, done.fault.count("\n")) == (2, 1)
    assert f'TZ is "{zone}"' in done.fault


def test_a_name_that_is_no_program_of_the_image_is_told(box: Box) -> None:
    (box.folder / "plexsink").symlink_to("launch")
    done = box.start(program="plexsink", PUID=str(os.geteuid()), PGID=str(os.getegid()))
    assert (done.code, "plexsink cannot be started" in done.fault) == (2, True)
