"""The files of deploy/, read: the Dockerfile as steps, .dockerignore as a question, compose.yaml as it stands and as
it would be with all that it offers.
"""

from __future__ import annotations

import fnmatch
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One instruction. `stage` is the number of its FROM, -1 before the first."""

    word: str
    text: str
    flags: dict[str, str]
    stage: int

    @property
    def words(self) -> list[str]:
        """The words of its form in brackets, else those that a shell would see."""
        found = json.loads(self.text) if self.text.startswith("[") else shlex.split(self.text)
        return [str(word) for word in found]

    @property
    def pairs(self) -> dict[str, str]:
        """The names and values of ENV, LABEL and ARG."""
        return {name: value for name, _, value in (word.partition("=") for word in self.words)}


def dockerfile() -> list[Step]:
    """Every instruction in its order, with the arguments of FROM filled in."""
    steps: list[Step] = []
    arguments: dict[str, str] = {}
    for line in _instructions((DEPLOY / "Dockerfile").read_text(encoding="utf-8")):
        word, _, rest = line.partition(" ")
        stage = sum(step.word == "FROM" for step in steps) - (word != "FROM")
        flags = dict(re.findall(r"--([a-z-]+)=(\S+) ", re.match(r"(?:--\S+ +)*", rest.strip())[0]))  # type: ignore[index]
        text = re.sub(r"^(?:--\S+ +)*", "", rest.strip())
        for name, value in arguments.items():
            text = text.replace(f"${{{name}}}", value) if word == "FROM" else text
        steps.append(Step(word=word, text=text, flags=flags, stage=stage))
        arguments |= steps[-1].pairs if word == "ARG" else {}
    return steps


def _instructions(text: str) -> Iterator[str]:
    kept = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in kept.replace("\\\n", " ").splitlines():
        if line.strip():
            yield line.strip()


def reaches_the_builder(path: str) -> bool:
    """Whether .dockerignore leaves a file in the build context; the last line that fits decides."""
    found = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        if _fits(path, pattern.removeprefix("!")):
            found = pattern.startswith("!")
    return found


def _fits(path: str, pattern: str) -> bool:
    parts = path.split("/")
    heads = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    if pattern.startswith("**/"):
        return any(fnmatch.fnmatchcase(part, pattern[3:]) for part in parts)
    return any(head.count("/") == pattern.count("/") and fnmatch.fnmatchcase(head, pattern) for head in heads)


class _Strict(yaml.SafeLoader):
    """Refuses a key that is there twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        assert len(names) == len(set(names)), f"{node.start_mark}: {names}"
        return super().construct_mapping(node, deep=deep)


def compose(*, offers: bool = False) -> dict[str, Any]:
    """The file of compose; with `offers` as if each line that is commented out without a space were in force."""
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    if offers:
        text = re.sub(r"^( *)#(?=[\w\"-])", r"\1", text, flags=re.MULTILINE)
    content = yaml.load(text, _Strict)
    assert isinstance(content, dict)
    return content
