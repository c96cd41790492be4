"""The course of the first steps, from the first question to the last word."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from plexsync.cli.call import Call, Failed
from plexsync.cli.screen import Screen
from plexsync.cli.setup import changes
from plexsync.cli.setup.clients import Clients
from plexsync.cli.setup.dialogue import Dialogue, Missing
from plexsync.cli.setup.file import Draft, draft_of, must_be_writable, proved, save
from plexsync.cli.setup.known import Known, in_force, known_of
from plexsync.cli.setup.libraries import ask_libraries
from plexsync.cli.setup.mapping import Mapped, ask_rules
from plexsync.cli.setup.options import Options
from plexsync.cli.setup.plex import PlexFound, ask_plex
from plexsync.cli.setup.plugin import PluginStep
from plexsync.cli.setup.stash import StashFound, ask_stash
from plexsync.config.sources import CONFIG_VARIABLE
from plexsync.model.errors import ConfigurationError, StoreError, SyncError
from plexsync.store import identity
from plexsync.store.lock import FolderLock, holder
from plexsync.sync.agents.standing import asks_providers

T = TypeVar("T")


def setup(call: Call, options: Options, screen: Screen) -> None:
    """Ask, show, write. Left in the middle, nothing is written; after that it is said what is."""
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    talk = Dialogue(screen, asks=terminal and not options.yes and not screen.as_json)
    course = Course(call=call, talk=talk, known=known_of(call, options))
    try:
        course.run()
    except (KeyboardInterrupt, EOFError):
        screen.say("")
        raise Failed(f"Left. {course.state}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answers:
    stash: StashFound
    plex: PlexFound
    libraries: tuple[str, ...]
    mapped: Mapped


@dataclass(slots=True, kw_only=True)
class Course:
    """`state` says what has been written so far."""

    call: Call
    talk: Dialogue
    known: Known
    state: str = "Nothing was written"
    _me: identity.Identity = field(init=False)
    _clients: Clients = field(init=False)

    def __post_init__(self) -> None:
        config = self.known.config
        self._me = identity.load_or_new(config.data_dir / identity.FILE_NAME)
        verify, ca_file = self.known.given("tls_verify"), self.known.given("ca_file")
        self._clients = Clients(
            client_identifier=self._me.client_identifier,
            connect_timeout=config.connect_timeout,
            read_timeout=config.read_timeout,
            plex_tv=self.known.options.plex_tv,
            tls_verify=verify[0] if verify else config.tls_verify,
            ca_file=ca_file[0] if ca_file else config.ca_file,
        )

    def run(self) -> None:
        """All steps. ConfigurationError names what is missing, Failed what is in the way."""
        must_be_writable(self.known.file)
        if self.talk.asks:
            self.talk.say(
                "A few questions, so that what you change in Stash reaches Plex. Enter alone takes what stands"
            )
            self.talk.say("in [brackets]; Ctrl-C leaves at any time, and nothing is written before you agree to it.")
        if self.known.unread:
            self.talk.refuse(f"What was saved in the pages is not proposed: {self.known.unread}")
        answers = self._asked()
        values = self._values(answers)
        draft = draft_of(self.known, values)
        config = proved(self.known, draft, values, self._environ())
        preview = self._previewed(draft)
        written = self._written(draft, [*self.known.config.secrets(), *config.secrets()])
        plugin = self._plugin(answers.stash)
        self.talk.screen.facts(self._facts(answers, preview, plugin, written=written))
        self._last_words(answers, written=written)

    def _asked(self) -> _Answers:
        missing: list[str] = []
        stash = self._step(missing, lambda: ask_stash(self.talk, self.known, self._clients))
        beside = stash.url if stash is not None else ""
        plex = self._step(missing, lambda: ask_plex(self.talk, self.known, self._clients, beside))
        chosen = None
        if plex is not None:
            self._same_server(plex)
            chosen = self._step(missing, lambda: ask_libraries(self.talk, self.known, self._clients, plex))
        if not self.talk.asks and not self.known.options.yes:
            missing.append("--yes is missing: nobody is here to be asked whether the settings may be written")
        if missing or stash is None or plex is None or chosen is None:
            raise ConfigurationError([*missing, "Nothing was written"])
        mapped = ask_rules(self.talk, self.known, self._clients, stash, plex, chosen[1])
        return _Answers(stash=stash, plex=plex, libraries=chosen[0], mapped=mapped)

    def _step(self, missing: list[str], ask: Callable[[], T]) -> T | None:
        """What was answered; None when something is missing, which is noted so that all of it is told at once."""
        try:
            return ask()
        except Missing as error:
            missing += str(error).splitlines()
            return None

    def _same_server(self, plex: PlexFound) -> None:
        pinned = self._me.machine_identifiers.get(self.known.server_name)
        if pinned is not None and pinned != plex.identity.machine_identifier:
            self.talk.refuse(
                "This is another Plex than the one that PlexSync has written to so far. Nothing will be written to it "
                "until you have said whether it takes the other's place; `plexsync status` asks"
            )

    def _values(self, answers: _Answers) -> dict[str, Any]:
        """What the file is to say. A secret that a variable reads from a file of its own stays there alone."""
        config, clients = self.known.config, self._clients
        values: dict[str, Any] = {
            "stash_url": answers.stash.url,
            "stash_api_key": answers.stash.api_key or None,
            "plex_url": answers.plex.url,
            "plex_token": answers.plex.token,
            "libraries": list(answers.libraries),
            "path_rules": [dict(rule) for rule in answers.mapped.rules],
        }
        if clients.tls_verify != config.tls_verify:
            values["tls_verify"] = clients.tls_verify
        if clients.ca_file != config.ca_file:
            values["ca_file"] = str(clients.ca_file)
        return {name: value for name, value in values.items() if not self.known.stays_outside(name)}

    def _previewed(self, draft: Draft) -> changes.Preview | None:
        self.talk.heading("What would change")
        if holder(self.known.config.data_dir) is not None:
            self.talk.say("A daemon works on this data folder: `plexsync plan --all` shows what it would change.")
            return None
        self.talk.say("Comparing both sides; nothing is written ...")
        try:
            preview = asyncio.run(changes.first_changes(self.known, draft.after))
        except (SyncError, StoreError, ConfigurationError) as error:
            self.talk.refuse(f"The first changes cannot be shown: {error}")
            return None
        changes.show(self.talk.screen, preview)
        return preview

    def _written(self, draft: Draft, secrets: Sequence[str]) -> bool:
        self.talk.heading("Settings")
        if not draft.changes:
            self.talk.well(f"{draft.path} stays as it is")
            return False
        self.talk.say(f"{draft.path} changes so:" if draft.before else f"{draft.path} will hold:")
        self.talk.screen.say("")
        self.talk.screen.block(draft.shown(secrets))
        self.talk.screen.say("")
        if not self.talk.yes("Write it?"):
            raise Failed(self.state)
        self._keep_identity()
        note = save(draft)
        self.state = f"{draft.path} is written; about the plugin `plexsync setup` asks again"
        self.talk.well(f"{draft.path} is written")
        if note:
            self.talk.say(note)
        return True

    def _keep_identity(self) -> None:
        """Plex ties a token to whom it was given, so the daemon has to be the same one."""
        data_dir = self.known.config.data_dir
        path = data_dir / identity.FILE_NAME
        if path.exists():
            return
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Failed(f"{data_dir} cannot be made ({error.strerror}). {self.state}") from error
        with FolderLock(data_dir) as lock:
            lock.acquire({"pid": os.getpid(), "verb": "setup"})
            identity.keep(path, self._me)

    def _plugin(self, stash: StashFound) -> dict[str, Any]:
        known = replace(self.known, config=in_force(self.call.sources())[0])
        step = PluginStep(talk=self.talk, call=self.call, known=known, clients=self._clients, stash=stash)
        return step.ask()

    def _facts(
        self, answers: _Answers, preview: changes.Preview | None, plugin: dict[str, Any], *, written: bool
    ) -> dict[str, Any]:
        plex = answers.plex
        return {
            "file": str(self.known.file),
            "written": written,
            "stash": {"url": answers.stash.url, "version": answers.stash.version},
            "plex": {
                "url": plex.url,
                "version": plex.identity.version,
                "machine_identifier": plex.identity.machine_identifier,
            },
            "libraries": list(answers.libraries),
            "path_rules": [dict(rule) for rule in answers.mapped.rules],
            "coverage": answers.mapped.coverage,
            "first_changes": list(preview.plans) if preview is not None else None,
            "plugin": plugin,
        }

    def _last_words(self, answers: _Answers, *, written: bool) -> None:
        self.talk.heading("Ready")
        if holder(self.known.config.data_dir) is not None:
            if written:
                self.talk.say("A daemon runs with the settings as they were. Start it anew to have it heed these:")
                self.talk.screen.block(f"    {self._command('stop')}\n    {self._command('run')}")
        else:
            self.talk.say("Start it, and look whether all is well:")
            self.talk.screen.block(f"    {self._command('run')}\n    {self._command('doctor')}")
        if self.known.config.preview_first_contact:
            library = answers.libraries[0]
            self.talk.say(
                "What you change in Stash from then on reaches Plex at once. What was there before waits until you let "
                "it go, library by library:"
            )
            self.talk.screen.block(f"    {self._command('sync')} --library {shlex.quote(library)} --go")
        if asks_providers(answers.plex.identity.version):
            self.talk.say("To have Plex ask PlexSync while it scans, once the daemon runs and url_from_plex is set:")
            self.talk.screen.block(f"    {self._command('provider register')}")

    def _command(self, verb: str) -> str:
        """The verb as it has to be typed for this data folder."""
        words = ["plexsync", *verb.split()]
        if self.call.data_dir is not None:
            words += ["--data-dir", str(self.call.data_dir)]
        if self.call.config_file is not None:
            words += ["--config", str(self.call.config_file)]
        return shlex.join(words)

    def _environ(self) -> dict[str, str]:
        return {name: value for name, value in os.environ.items() if name != CONFIG_VARIABLE}
