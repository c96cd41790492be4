"""Path rules: proposed from the files of both sides, or typed and tried at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from plexsync.app.rules import paths_of
from plexsync.cli.call import Failed
from plexsync.cli.setup.clients import Clients
from plexsync.cli.setup.dialogue import Dialogue, words_of
from plexsync.cli.setup.known import Known
from plexsync.cli.setup.plex import PlexFound
from plexsync.cli.setup.stash import StashFound
from plexsync.config import Config, checked
from plexsync.model.errors import SyncError
from plexsync.model.item import Section
from plexsync.model.pathrules import PathRules
from plexsync.model.spans import many
from plexsync.sync.paths.advice import coverage_lines, unmapped_lines
from plexsync.sync.paths.filelists import FileLists, listed

_LISTED = 6

Rules = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """The rules as tables, and what they cover, as JSON facts."""

    rules: Rules
    coverage: dict[str, Any]


def ask_rules(
    talk: Dialogue, known: Known, clients: Clients, stash: StashFound, plex: PlexFound, sections: Sequence[Section]
) -> Mapped:
    """Rules that the person agrees to; none is an answer too."""
    talk.heading("Paths")
    talk.say("Reading the files that both sides list ...")
    lists = _lists(talk, clients, stash, plex, sections)
    for section in sections:
        if not lists.items.get(section.key):
            talk.refuse(f"{section.title} holds nothing yet. What Plex finds there later will be brought up to date")
    given = known.given("path_rules")
    present: Rules = given[0] if given else known.usual("path_rules")
    trial = _Trial(talk, lists, known.config)
    facts = lists.suggestion(known.server_name, trial.made(present))
    if given or (present and _enough(facts)):
        trial.tell(present)
        if given or not talk.asks or talk.yes(f"Keep {_these(present)} as {_they_are(present)}?"):
            return trial.result(present)
    return trial.result(_proposed(talk, trial, facts, present))


def _lists(
    talk: Dialogue, clients: Clients, stash: StashFound, plex: PlexFound, sections: Sequence[Section]
) -> FileLists:
    async def read() -> FileLists:
        ours = clients.stash(stash.url, stash.api_key)
        try:
            async with clients.plex(plex.url, plex.token) as theirs:
                return await listed(theirs, ours, sections)
        finally:
            await ours.close()

    while True:
        try:
            return asyncio.run(read())
        except* SyncError as group:
            reason = "; ".join(str(error) for error in group.exceptions)
        if not talk.asks or not talk.yes(f"The files cannot be read: {reason}. Try again?"):
            raise Failed(f"The files cannot be read: {reason}")


def _enough(facts: dict[str, Any]) -> bool:
    """Whether the present rules lead as many files as the proposed ones."""
    return bool(facts["present"]["plex"]["mapped"] >= facts["plex"]["mapped"])


def _these(rules: Rules) -> str:
    return "this rule" if len(rules) == 1 else f"these {len(rules)} rules"


def _they_are(rules: Rules) -> str:
    return "it is" if len(rules) == 1 else "they are"


def _proposed(talk: Dialogue, trial: _Trial, facts: dict[str, Any], present: Rules) -> Rules:
    if facts["rules"]:
        _show(talk, facts)
        rules = tuple({"plex": rule["plex"], "stash": rule["stash"]} for rule in facts["rules"])
        instead = " in place of those that are set" if present else ""
        if talk.yes(f"Take {_these(rules)}{instead}?", proposed=not present):
            return rules
    else:
        talk.refuse("No rule can be told from what both sides list")
        trial.tell_unmapped(facts)
    if not talk.asks:
        return present
    return _typed(talk, trial, present)


def _show(talk: Dialogue, facts: dict[str, Any]) -> None:
    rows = [(rule["plex"], rule["stash"], rule["proofs"], rule["others"]) for rule in facts["rules"]]
    columns = ("folder in Plex", "the same in Stash", "same files", "other files")
    talk.screen.table("Proposed path rules", columns, rows)
    for line in coverage_lines(facts):
        talk.say(line)
    _tell_rest(talk, facts["plex"], facts["stash"])


def _typed(talk: Dialogue, trial: _Trial, present: Rules) -> Rules:
    """Rules as the person types them, each tried on all files."""
    rules = present
    trial.tell(rules)
    talk.say("Type a rule as two folders, or Enter alone to go on. Without a rule files are matched by name and size.")
    while folder := talk.text("Folder as Plex sees it"):
        other = talk.text("The same folder as Stash sees it")
        rule = {"plex": folder, "stash": other}
        _, fault = checked("path_rules", [rule], "your answer")
        if fault is not None:
            talk.refuse(words_of(fault))
            continue
        trial.tell((*rules, rule))
        if talk.yes("Keep this rule?", proposed=trial.helps(rules, rule)):
            rules = (*rules, rule)
    return rules


class _Trial:
    """Rules tried on the files of both sides."""

    def __init__(self, talk: Dialogue, lists: FileLists, config: Config) -> None:
        self._talk, self._lists, self._config = talk, lists, config

    def made(self, rules: Rules) -> PathRules:
        """The rules at work."""
        value, _ = checked("path_rules", [dict(rule) for rule in rules], "your answer")
        return paths_of(self._config.model_copy(update={"path_rules": value}))

    def result(self, rules: Rules) -> Mapped:
        """The rules with what they cover."""
        plex, stash = self._lists.covered(self.made(rules))
        return Mapped(rules=rules, coverage={"plex": asdict(plex), "stash": asdict(stash)})

    def tell(self, rules: Rules) -> None:
        """What the rules cover."""
        facts = self.result(rules).coverage
        for rule in rules:
            self._talk.say(f"Rule: {_in_words(rule)}")
        self._talk.say(coverage_lines(facts | {"rules": rules, "present": None})[0])
        if rules:
            _tell_rest(self._talk, facts["plex"], facts["stash"])

    def tell_unmapped(self, facts: dict[str, Any]) -> None:
        """Why nothing can be told."""
        if not facts["plex"]["files"] or not facts["stash"]["files"]:
            empty = "Plex" if not facts["plex"]["files"] else "Stash"
            self._talk.refuse(f"{empty} lists no file there")
        _tell_rest(self._talk, facts["plex"], facts["stash"])

    def helps(self, rules: Rules, rule: Mapping[str, Any]) -> bool:
        """Whether more files have their file with that rule than without."""
        without, _ = self._lists.covered(self.made(rules))
        with_it, _ = self._lists.covered(self.made((*rules, rule)))
        return with_it.mapped > without.mapped


def _in_words(rule: Mapping[str, Any]) -> str:
    plex, stash = rule.get("plex") or rule.get("plex_pattern"), rule.get("stash") or rule.get("stash_pattern")
    return f"{plex} in Plex is {stash} in Stash"


def _tell_rest(talk: Dialogue, plex: dict[str, Any], stash: dict[str, Any]) -> None:
    """The folders whose files stay without their file."""
    lines = [*unmapped_lines(plex, "Plex"), *unmapped_lines(stash, "Stash")]
    for line in lines[:_LISTED]:
        talk.refuse(line)
    if len(lines) > _LISTED:
        talk.refuse(f"{many(len(lines) - _LISTED, 'more folder')}: `plexsync paths suggest --json` names them")
