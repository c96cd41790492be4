"""A PostgreSQL server of one's own, made of the programs that the system has; gone without a trace at the end."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
from bench.memory import quick_place

#: The owner of the databases, who may do nothing else: as a careful user sets it up.
USER = "plexsync"
PASSWORD = "of-a-test"
RULER = "ruler"
#: Where systems keep the programs of a server, which are not meant to be called by hand.
_PLACES = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin")
_NEEDED = ("initdb", "pg_ctl", "postgres")
#: A port that was free may be taken before the server has it.
_TRIES = 5
#: Longest time in seconds of any program of the server.
_PATIENCE = 60


class NotInstalledError(Exception):
    """There is no PostgreSQL server on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A server on loopback, with a password; `port` stays the same over restarts."""

    programs: Path
    folder: Path  #: short enough for the server's socket
    port: int

    @classmethod
    def begun(cls, *, durable: bool, **settings: str) -> Cluster:
        """A new server that runs. One that is not `durable` asks nothing of the disk, and stays off it where it can."""
        cluster = cls(programs=_programs(), folder=_made_folder(durable=durable), port=0)
        careless = {} if durable else {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}
        try:
            cluster._make(careless | settings)
            cluster = cluster._on_a_free_port()
            with cluster.ruling() as conn:
                conn.execute(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'")
        except BaseException:
            cluster.remove()
            raise
        return cluster

    @classmethod
    def told(cls, facts: Mapping[str, Any]) -> Cluster:
        """The server that another process told of by `facts`."""
        return cls(programs=Path(facts["programs"]), folder=Path(facts["folder"]), port=facts["port"])

    def facts(self) -> dict[str, Any]:
        """All that another process has to know, as JSON data."""
        return {"programs": str(self.programs), "folder": str(self.folder), "port": self.port}

    def url(self, database: str) -> str:
        """The address of a database as a user writes it."""
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def socket_url(self, database: str) -> str:
        """The same over the server's socket, without a password."""
        return f"postgresql://{USER}@/{database}?host={self.folder}&port={self.port}"

    @contextmanager
    def ruling(self, database: str = "postgres") -> Iterator[psycopg.Connection]:
        """A connection of the one who may do everything; each statement is kept at once."""
        address = f"postgresql://{RULER}@/{database}?host={self.folder}&port={self.port}"
        with psycopg.connect(address, autocommit=True) as conn:
            yield conn

    def start(self) -> None:
        """Run, and answer."""
        self._run("pg_ctl", "-D", self._data, "-l", self.folder / "log", "-o", f"-p {self.port}", "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop: "fast" ends every connection in good order, "immediate" is a crash."""
        self._run("pg_ctl", "-D", self._data, "-m", mode, "-w", "stop")

    def remove(self) -> None:
        """Stop, and leave nothing on the disk."""
        if (self._data / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.folder)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _make(self, settings: dict[str, str]) -> None:
        self._run(
            *("initdb", "-D", self._data, "-U", RULER, "--no-sync", "--no-instructions"),
            *("--encoding=UTF8", "--locale=C", "--auth-local=trust", "--auth-host=password"),
        )
        lines = settings | {"listen_addresses": "127.0.0.1", "unix_socket_directories": str(self.folder)}
        with (self._data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in lines.items())

    def _on_a_free_port(self) -> Cluster:
        for _ in range(_TRIES):
            cluster = replace(self, port=_free_port())
            try:
                cluster.start()
            except RuntimeError as error:
                failed = error
            else:
                return cluster
        raise failed

    def _run(self, program: str, *arguments: str | Path) -> None:
        said = self.folder / "said"
        # Into a file: the server keeps what its starter was given open for as long as it runs.
        with said.open("wb") as output:
            ended = subprocess.run(
                [self.programs / program, *arguments],
                cwd=self.folder,
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
                timeout=_PATIENCE,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                **_runs_as(),
            )
        if ended.returncode:
            texts = [file.read_text(errors="replace") for file in (said, self.folder / "log") if file.exists()]
            raise RuntimeError("\n".join([f"{program} ended with {ended.returncode}:", *texts]))


def _programs() -> Path:
    """The folder of the newest server's programs."""
    found = [place for pattern in _PLACES for place in Path("/").glob(pattern)]
    found.sort(key=lambda place: [int(number) for number in re.findall(r"\d+", str(place))])
    if (on_path := shutil.which("postgres")) is not None:
        found.append(Path(on_path).resolve().parent)
    whole = [place for place in found if all((place / name).exists() for name in _NEEDED)]
    if not whole:
        raise NotInstalledError("PostgreSQL is not installed: on Debian, the package is called postgresql")
    return whole[-1]


def _made_folder(*, durable: bool) -> Path:
    """A folder that the server may enter, with a name that leaves room for its socket's."""
    place = None if durable else quick_place()
    folder = Path(tempfile.mkdtemp(prefix="plexsync-pg-", dir=place or "/tmp"))
    if (user := _user()) is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    return folder


def _user() -> pwd.struct_passwd | None:
    """Whom the server runs as where we are root, which it refuses to be; None for ourselves."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres", known["nobody"])


def _runs_as() -> dict[str, Any]:
    user = _user()
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
