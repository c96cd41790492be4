"""The steps of the Dockerfile, done in a folder in place of an image: its absolute paths begin at that folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.recipe import ROOT, Step, dockerfile, reaches_the_builder

#: Folders that the image has of its own, or makes.
_OURS = re.compile(r"(?<![\w./])/(?=(?:opt|build|data|plugins|usr/local)\b)")


@dataclass(slots=True, kw_only=True)
class Building:
    """What stands after each step. `stages` holds what earlier ones left behind."""

    folder: Path
    python: str  #: in place of the one of the base image
    environment: dict[str, str] = field(default_factory=dict)
    here: Path = Path("/")
    stages: dict[str, Path] = field(default_factory=dict)
    _stage: str = ""

    @property
    def root(self) -> Path:
        """Where the paths of the stage in work begin; the same for all, because programs know where they lie."""
        return self.folder / "root"

    def at(self, path: str) -> Path:
        """A path of the image."""
        return self.root / (self.here / path).relative_to("/")

    def placed(self, text: str) -> str:
        """A text with all paths of the image as they are here."""
        return _OURS.sub(f"{self.root}/", text)

    def environ(self, more: Mapping[str, str]) -> dict[str, str]:
        """The variables of the image, with those of whoever starts it."""
        path = f"{self.root}/usr/local/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
        own = {name: self.placed(value) for name, value in self.environment.items()}
        return {"PATH": path, **own, **more}

    def build(self) -> None:
        """All steps in their order."""
        for step in dockerfile():
            work = getattr(self, f"_{step.word.lower()}", None)
            if work is not None:
                work(step)

    def _from(self, step: Step) -> None:
        if self.root.exists():
            self.stages[self._stage] = self.root.rename(self.folder / f"stage-{self._stage}")
        _, _, name = step.text.partition(" AS ")
        self._stage, self.environment, self.here = name, {}, Path("/")
        base = self.folder / "base"
        if not base.exists():
            subprocess.run([self.python, "-m", "venv", str(base)], check=True)
        shutil.copytree(base, self.root / "usr" / "local", symlinks=True, copy_function=os.link)

    def _env(self, step: Step) -> None:
        self.environment |= step.pairs

    def _workdir(self, step: Step) -> None:
        self.here = Path(step.text)
        self.at("").mkdir(parents=True, exist_ok=True)

    def _copy(self, step: Step) -> None:
        *sources, target = step.words
        before = self.stages.get(step.flags.get("from", ""))
        for source in sources:
            origin = ROOT / source if before is None else before / source.lstrip("/")
            into = self.at(target) / Path(source).name if len(sources) > 1 or target.endswith("/") else self.at(target)
            _copied(origin, into, context=before is None)

    def _run(self, step: Step) -> None:
        text = self.placed(step.text)
        if os.geteuid() != 0:
            text = re.sub(r"--(owner|group) \d+", "", text)
        network = {
            name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "HTTP", "http"))
        }
        done = subprocess.run(
            ["/bin/sh", "-c", text],
            cwd=self.at(""),
            env=self.environ({"HOME": os.environ.get("HOME", "/"), **network}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{step.text}\n{done.stdout}"


def _copied(origin: Path, target: Path, *, context: bool) -> None:
    """As COPY does it: of a folder its content, and of the context only what .dockerignore leaves."""

    def ignored(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if not reaches_the_builder(str((Path(folder) / name).relative_to(ROOT)))]

    target.parent.mkdir(parents=True, exist_ok=True)
    if origin.is_dir():
        shutil.copytree(origin, target, symlinks=True, dirs_exist_ok=True, ignore=ignored if context else None)
    else:
        shutil.copy(origin, target)
