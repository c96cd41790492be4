"""Questions to a person at a terminal."""

from __future__ import annotations

import getpass
from collections.abc import Sequence

from rich.text import Text

from plexsync.cli.screen import Screen, clean
from plexsync.config import Fault


class Missing(Exception):
    """An answer that nobody gave; the message names the option that gives it."""


class WillNotDo(Exception):
    """What was answered leads nowhere; the message says why, "" where the person knows. Another answer may."""


class Dialogue:
    """With `asks` False nobody answers: what is proposed is taken, and what has no proposal is `Missing`.

    Every question is asked until its answer can be understood. Ctrl-C and Ctrl-D leave by their own exceptions.
    """

    def __init__(self, screen: Screen, *, asks: bool) -> None:
        self.screen = screen
        self.asks = asks

    def heading(self, text: str) -> None:
        """What comes next."""
        self.screen.say("")
        self.screen.say(text, style="bold")

    def say(self, text: str) -> None:
        """One sentence."""
        self.screen.say(text)

    def well(self, text: str) -> None:
        """Something that is as it should be."""
        self.screen.say(text, style="green")

    def refuse(self, reason: str) -> None:
        """Why an answer will not do, or what to look at."""
        self.screen.say(reason, style="yellow")

    def text(self, question: str, proposed: str = "") -> str:
        """A line; Enter alone takes what is proposed."""
        answer = self._read(f"{question} [{proposed}]: " if proposed else f"{question}: ")
        return answer or proposed

    def secret(self, question: str) -> str:
        """A line that is not shown while it is typed; "" for Enter alone."""
        return getpass.getpass(f"{clean(question)} (it is not shown): ").strip()

    def yes(self, question: str, *, proposed: bool = True) -> bool:
        """Yes or no."""
        if not self.asks:
            return proposed
        while True:
            answer = self._read(f"{question} [{'Y/n' if proposed else 'y/N'}]: ").lower()
            if not answer:
                return proposed
            if answer in ("y", "yes", "n", "no"):
                return answer.startswith("y")
            self.refuse("Answer y or n")

    def choice(self, question: str, options: Sequence[str], proposed: int = 0) -> int:
        """One of several, by its place among them."""
        self._list(options)
        while True:
            found = self._numbers(self.text(question, str(proposed + 1)), len(options))
            if found is not None and len(found) == 1:
                return found[0]
            self.refuse(f"Type one number from 1 to {len(options)}")

    def choices(self, question: str, count: int, proposed: Sequence[int] = ()) -> list[int]:
        """One or more of `count` that were listed with their numbers."""
        while True:
            answer = self.text(question, ", ".join(str(one + 1) for one in proposed))
            found = list(range(count)) if answer.lower() == "all" else self._numbers(answer, count)
            if found:
                return found
            self.refuse(f"Type numbers from 1 to {count} with commas between, or `all`")

    def _list(self, options: Sequence[str]) -> None:
        for number, option in enumerate(options, 1):
            self.screen.say(f"{number}) {option}")

    def _numbers(self, answer: str, count: int) -> list[int] | None:
        words = answer.replace(",", " ").split()
        if not words or not all(word.isdecimal() and 1 <= int(word) <= count for word in words):
            return None
        return sorted({int(word) - 1 for word in words})

    def _read(self, question: str) -> str:
        self.screen.console.print(Text(clean(question) + " "), end="")
        return input().strip()


def words_of(fault: Fault) -> str:
    """What is wrong with an answer, and how to mend it."""
    value = f"{fault.value} " if fault.value else "This "
    return f"{value}{fault.problem}: {fault.remedy}"
