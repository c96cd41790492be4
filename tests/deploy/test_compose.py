"""compose.yaml, as it stands and with all that it offers in comments: it fits the image, the settings and itself."""

from __future__ import annotations

import re
from typing import Any

import pytest

from deploy import launch
from deploy.recipe import DEPLOY, compose, dockerfile
from plexsync.config import load
from plexsync.config.settings import Settings
from plexsync.config.table import table
from plexsync.pluginfiles import PLUGIN_NAME, SPOOL_NAME

FORMS = pytest.mark.parametrize("offers", [False, True], ids=["as it stands", "with its offers"])


def daemon(*, offers: bool = False) -> dict[str, Any]:
    service: dict[str, Any] = compose(offers=offers)["services"]["plexsync"]
    return service


def mounts(service: dict[str, Any]) -> dict[str, str]:
    """What is mounted where."""
    pairs = (re.sub(r"\$\{.*?\}", "folder", line).split(":") for line in service["volumes"])
    return {pair[1]: pair[0] for pair in pairs}


@FORMS
def test_every_variable_of_ours_is_a_setting_or_names_a_file_with_one(*, offers: bool) -> None:
    known = {row.variable for row in table()}
    ours = {name for name in daemon(offers=offers)["environment"] if name.startswith("PLEXSYNC_")}
    assert ours
    assert {name for name in ours if name.removesuffix("_FILE") not in known} == set()


def test_the_variables_that_it_offers_are_accepted_as_they_stand(tmp_path: Any) -> None:
    environ = {name: str(value) for name, value in daemon(offers=True)["environment"].items()}
    for name in [name for name in environ if name.endswith("_FILE")]:
        secret = tmp_path / name
        secret.write_text("postgresql://plexsync:word@postgres/plexsync\n" if "STORE" in name else "abcdefgh\n")
        environ[name] = str(secret)
    config = load(config_file=None, data_dir=tmp_path, environ=environ)
    assert config.url_from_plex == "http://192.168.1.5:9797"
    assert [str(folder) for folder in config.spool_folders] == [str(launch.PLUGIN / SPOOL_NAME)]


def test_every_secret_has_its_file_and_each_that_is_named_exists() -> None:
    content = compose(offers=True)
    given = {
        path.rpartition("/")[2]
        for path in map(str, daemon(offers=True)["environment"].values())
        if "/run/secrets/" in path
    }
    assert given == set(daemon(offers=True)["secrets"])
    named = {name for service in content["services"].values() for name in service.get("secrets", ())}
    assert named == set(content["secrets"])
    assert {secret["file"] for secret in content["secrets"].values()} == {f"./secrets/{name}" for name in named}


def test_every_secret_of_the_settings_that_stands_alone_is_offered_as_a_file() -> None:
    alone = {f"{row.variable}_FILE" for row in table() if row.secret}
    assert alone <= set(daemon(offers=True)["environment"])


def test_it_is_built_from_the_dockerfile_and_mounts_what_that_declares() -> None:
    build = daemon()["build"]
    assert ((DEPLOY / build["context"]).resolve() / build["dockerfile"]).samefile(DEPLOY / "Dockerfile")
    (volume,) = [step.words[0] for step in dockerfile() if step.word == "VOLUME"]
    assert set(mounts(daemon())) == {volume, str(launch.PLUGIN)}


def test_its_port_is_the_one_that_the_daemon_listens_on() -> None:
    port = Settings.model_fields["port"].default
    assert daemon()["ports"] == [f"{port}:{port}"]
    assert daemon(offers=True)["environment"]["PLEXSYNC_URL_FROM_PLEX"].endswith(f":{port}")


def test_stash_sees_the_plugin_in_the_very_volume_whose_spool_folder_the_daemon_watches() -> None:
    stash = mounts(compose()["services"]["stash"])
    assert stash[f"/root/.stash/plugins/{PLUGIN_NAME}"] == mounts(daemon())[str(launch.PLUGIN)]
    assert daemon()["environment"]["PLEXSYNC_SPOOL_FOLDERS"] == str(launch.PLUGIN / SPOOL_NAME)


def test_stash_and_plex_see_the_same_files_under_the_same_path() -> None:
    services = compose()["services"]
    media = [line for name in ("stash", "plex") for line in services[name]["volumes"] if "MEDIA" in line]
    assert len({line.removesuffix(":ro") for line in media}) == 1


def test_the_daemon_writes_nowhere_but_to_its_volumes_and_has_no_right_that_the_launcher_does_not_need() -> None:
    service = daemon()
    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]
    assert service["cap_drop"] == ["ALL"]
    assert set(service["cap_add"]) == {"CHOWN", "SETGID", "SETUID"}
    assert service["security_opt"] == ["no-new-privileges:true"]
    # A first process of root could not stop one of another user without yet another right.
    assert "init" not in service


def test_a_plex_or_stash_on_the_host_is_reached_by_name() -> None:
    assert daemon()["extra_hosts"] == ["host.docker.internal:host-gateway"]


@FORMS
def test_every_service_comes_back_by_itself_and_limits_its_logs(*, offers: bool) -> None:
    for name, service in compose(offers=offers)["services"].items():
        assert service["restart"] == "unless-stopped", name
        assert set(service["logging"]["options"]) == {"max-size", "max-file"}, name


def test_only_the_daemon_runs_unless_a_profile_asks_for_more() -> None:
    profiles = {name: service.get("profiles") for name, service in compose()["services"].items()}
    assert profiles == {"plexsync": None, "stash": ["stash"], "plex": ["plex"], "postgres": ["postgres"]}


def test_every_volume_is_declared_and_used() -> None:
    content = compose()
    used = {source for service in content["services"].values() for source in mounts(service).values()}
    assert used - {"folder"} == set(content["volumes"])


def test_every_variable_of_the_file_env_has_a_value_without_it() -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{(\w+)\}", text)) == set()
    assert {name for name, _ in re.findall(r"\$\{(\w+):-([^}]*)\}", text)} == {
        "PUID",
        "PGID",
        "TZ",
        "MEDIA",
        "PLEX_CLAIM",
    }
