"""Whether a pattern can be matched without trying the same text again and again.

A repeat is settled when no character it takes may follow it: then where it ends is known. One unsettled repeat is
allowed, and after it no open repeat that would read the same text once per try. So time is linear in the path.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from plexsync.model.patternparts import Atom, Group, Literal, Part, PatternFault

#: Characters by which classes are told apart, beside those that the pattern itself names.
_PLAIN = "".join(map(chr, range(0x180))) + "\u1e9e\u212a\uffff"


@dataclass(frozen=True, slots=True)
class _Step:
    """One character or repeat. `leap` is the step after an optional group that begins here."""

    chars: frozenset[str]
    least: int
    most: int | None
    leap: int = 0
    echo: bool = False
    anything: bool = False

    @property
    def fixed(self) -> bool:
        return self.least == self.most and not self.echo and not self.leap

    @property
    def open(self) -> bool:
        return self.most is None


def refuse_slow(parts: Sequence[Part], text: str) -> None:
    """Raise PatternFault where a match could take more than linear time, or where an end is not known."""
    steps = list(_steps(parts, _alphabet(text)))
    if any(one.open and two.open for one, two in itertools.pairwise(steps)):
        raise PatternFault(f"two open repeats stand side by side in {text!r}, so where one ends is not known")
    unsettled = [place for place in range(len(steps)) if not _settled(steps, place)]
    if len(unsettled) > 1:
        raise PatternFault(
            f"more than one repeat in {text!r} may also take what follows it, which can take for ever: "
            "end it at a character that it does not take, as [^/]* does at a slash"
        )
    if unsettled and _reads_again(steps, unsettled[0]):
        raise PatternFault(
            f"after a repeat in {text!r} that may also take what follows it stands another open one, "
            "which can take for ever: use [^/]* in place of .* for the first"
        )


def _alphabet(text: str) -> str:
    near = {chr(code) for char in text for code in (ord(char) - 1, ord(char), ord(char) + 1) if 0 <= code < 0x110000}
    return "".join(sorted({*_PLAIN, *near, *(one for char in near for one in char.swapcase())}))


def _steps(parts: Sequence[Part], alphabet: str) -> Iterable[_Step]:
    place = 0
    for part in parts:
        found = list(_steps_of(part, alphabet))
        place += len(found)
        if isinstance(part, Group) and part.optional and not part.echo:
            one = found[0]
            found[0] = _Step(one.chars, one.least, one.most, leap=place)
        yield from found


def _steps_of(part: Part, alphabet: str) -> Iterable[_Step]:
    if isinstance(part, Literal):
        return [_step(Atom(re.escape(char)), alphabet) for char in part.text]
    steps = [_step(atom, alphabet) for atom in part.atoms]
    if not part.echo:
        return steps
    chars = frozenset(itertools.chain.from_iterable(step.chars for step in steps))
    return [_Step(chars, 0 if part.can_be_empty else 1, None, echo=True)]


def _step(atom: Atom, alphabet: str) -> _Step:
    chars = frozenset(re.findall(atom.chars, alphabet, re.DOTALL | re.IGNORECASE))
    return _Step(chars, atom.least, atom.most, anything=atom.chars == ".")


def _settled(steps: Sequence[_Step], place: int) -> bool:
    step = steps[place]
    # Nothing is left to choose in an echo: it is as long as what it repeats.
    repeats = step.least != step.most and not step.echo
    if repeats and any(step.chars & other for other in _following(steps, place + 1)):
        return False
    return not step.leap or not any(step.chars & other for other in _following(steps, step.leap))


def _following(steps: Sequence[_Step], place: int) -> Iterable[frozenset[str]]:
    """The characters that each step takes which may come next at `place`."""
    while place < len(steps):
        step = steps[place]
        yield step.chars
        if step.leap:
            yield from _following(steps, step.leap)
        if step.least > 0:
            return
        place += 1


def _reads_again(steps: Sequence[_Step], place: int) -> bool:
    for before, step in itertools.pairwise(steps[place:]):
        last = step is steps[-1]
        if not step.open or (last and step.anything):
            continue
        if step.echo or before is steps[place] or not before.fixed or before.chars & step.chars:
            return True
    return False
