"""The locks of the image: the part of the one lock that the program needs, and nothing that only its makers need."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.recipe import DEPLOY, ROOT

Lock = dict[str, tuple[str, frozenset[str]]]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def lock(path: str) -> Lock:
    """Each name with its line and its hashes."""
    text = (ROOT / path).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    return {
        canonicalize_name(re.split("[=;]", line)[0].strip()): (
            line.split("--hash")[0].strip(),
            frozenset(re.findall(r"--hash=(\S+)", line)),
        )
        for line in lines
    }


def needed(wanted: list[str], extra: str = "") -> set[str]:
    """The names that requirements lead to on this machine."""
    found: set[str] = set()
    waiting = [(Requirement(text), extra) for text in wanted]
    while waiting:
        one, chosen = waiting.pop()
        if one.marker is not None and not one.marker.evaluate({"extra": chosen}):
            continue
        found.add(canonicalize_name(one.name))
        for inner in ["", *sorted(one.extras)]:
            waiting += [
                (more, inner)
                for more in map(Requirement, requires(one.name) or ())
                if canonicalize_name(more.name) not in found
            ]
    return found


def here(found: Lock) -> set[str]:
    """The names whose lines count on this machine."""
    lines = {name: Requirement(line) for name, (line, _) in found.items()}
    return {name for name, line in lines.items() if line.marker is None or line.marker.evaluate()}


def test_the_image_takes_the_versions_and_hashes_that_are_tested() -> None:
    whole = lock("requirements.lock")
    for part in (lock("deploy/runtime.lock"), lock("deploy/build.lock")):
        assert part
        assert {name: whole.get(name) for name in part} == part


def test_the_image_holds_what_the_program_and_its_postgresql_need_and_no_more() -> None:
    project = PROJECT["project"]
    wanted = needed([*project["dependencies"], *project["optional-dependencies"]["postgres"]])
    assert here(lock("deploy/runtime.lock")) == wanted
    assert "pytest" not in wanted


def test_the_package_is_built_by_what_it_asks_for() -> None:
    assert here(lock("deploy/build.lock")) == needed(PROJECT["build-system"]["requires"])


def test_make_lock_makes_all_locks() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for path in DEPLOY.glob("*.lock"):
        assert f"--output-file deploy/{path.name}" in makefile
