"""What the lines hold, where they go, and that nothing of it stays behind."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import stat
import string
import warnings
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexsync.log import FILE_NAME, Files, Obfuscator, Redactor, configure, logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECRET = "zQ7fW2kL9mX4"


@contextlib.contextmanager
def logged(**options: Any) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Logging in force; the function gives the lines so far."""
    stream = io.StringIO()
    options.setdefault("redactor", Redactor([SECRET]))
    with configure(stream=stream, **options):
        yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_its_facts() -> None:
    with logged() as lines:
        logger("plexsync.sync").info("scene written", scene=5, fields=("title", "date"))
    [line] = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": "info",
        "logger": "plexsync.sync",
        "event": "scene written",
        "scene": 5,
        "fields": ["title", "date"],
    }


def test_loggers_of_the_standard_library_go_the_same_way() -> None:
    with logged() as lines:
        logging.getLogger("uvicorn.error").warning("at %s", f"/provider/{SECRET}/x", extra={"path": "/a"})
        logging.getLogger("any").info("token=%(x)s", {"x": SECRET})
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn(f"about {SECRET}", UserWarning, stacklevel=1)
    texts = [line["event"] for line in lines()]
    assert texts[0] == "at /provider/****/x"
    assert lines()[0]["path"] == "/a"
    assert texts[1] == "token=****"
    assert "about ****" in texts[2]


def test_handlers_that_uvicorn_brought_are_set_aside_until_the_end() -> None:
    own, beside = logging.getLogger("uvicorn"), io.StringIO()
    handler = logging.StreamHandler(beside)
    own.addHandler(handler)
    try:
        with logged() as lines:
            logging.getLogger("uvicorn.error").error("failed")
        assert [line["event"] for line in lines()] == ["failed"]
        assert beside.getvalue() == ""
        assert own.handlers == [handler]
    finally:
        own.removeHandler(handler)


def test_a_traceback_has_no_secret_and_no_local_variable() -> None:
    def fail(number: int) -> None:
        held_in_a_local = "only-in-a-local-" + str(number)
        raise ValueError(SECRET + held_in_a_local[:0])

    for console in (False, True):
        stream = io.StringIO()
        with configure(redactor=Redactor([SECRET]), stream=stream, console=console):
            try:
                fail(17)
            except ValueError:
                logger("a").exception("with a bound logger")
                logging.getLogger("b").exception("with a plain logger")
        text = stream.getvalue()
        assert text.count("Traceback (most recent call last)") == 2
        assert text.count("ValueError: ****") == 2
        assert SECRET not in text
        assert "only-in-a-local-17" not in text


@given(
    secret=st.text(string.ascii_letters + string.digits, min_size=8, max_size=40),
    where=st.sampled_from(["event", "argument", "value", "nested", "key", "exception", "cause", "extra", "object"]),
    console=st.booleans(),
    obfuscate=st.booleans(),
)
def test_a_secret_is_in_no_line_wherever_it_was_put(secret: str, where: str, console: bool, obfuscate: bool) -> None:
    stream, redactor = io.StringIO(), Redactor()
    hide = Obfuscator(b"salt") if obfuscate else None
    with configure(redactor=redactor, stream=stream, console=console, obfuscator=hide):
        redactor.add(secret)
        log = logger("plexsync.test")
        try:
            raise KeyError(secret) from OSError(secret if where == "cause" else "no")
        except KeyError as error:
            error.add_note(f"seen at {secret}")
            actions: dict[str, Callable[[], Any]] = {
                "event": lambda: log.warning(f"a{secret}b"),  # noqa: G004
                "argument": lambda: log.warning("at %s", secret),
                "value": lambda: log.warning("x", title=f"a {secret}", note=secret),
                "nested": lambda: log.warning("x", facts={"path": [secret, {"y": (secret,)}]}),
                "key": lambda: log.warning("x", facts={secret: 1}),
                "exception": lambda: log.exception("x"),
                "cause": lambda: logging.getLogger("y").exception("x"),
                "extra": lambda: logging.getLogger("y").warning("x", extra={"note": secret}),
                "object": lambda: log.warning("x", facts=OSError(secret), raw=secret.encode()),
            }
            actions[where]()
    text = stream.getvalue()
    assert text
    assert secret not in text


def test_a_line_that_cannot_be_made_is_told_of_without_its_content(capsys: pytest.CaptureFixture[str]) -> None:
    with logged() as lines:
        logging.getLogger("plexsync.bad").info("%d", SECRET)
    assert lines() == []
    assert capsys.readouterr().err == "plexsync: a log line of plexsync.bad could not be written (TypeError)\n"


def test_titles_and_paths_become_ids_that_stay_the_same() -> None:
    with logged(obfuscator=Obfuscator(b"one salt")) as lines:
        log = logger("a")
        log.info("looked at /films/Sintel.mkv", path="/films/Sintel.mkv", title="Sintel", scene=5)
        log.info("again", facts={"title": "Sintel", "files": ["/films/Sintel.mkv"]})
    first, second = lines()
    assert "intel" not in json.dumps([first, second])
    assert first["event"] == f"looked at {first['path']}"
    assert first["scene"] == 5
    assert second["facts"]["title"] == first["title"]
    assert first["title"] == Obfuscator(b"one salt").id("title", "Sintel") != Obfuscator(b"other").id("title", "Sintel")


def test_without_obfuscation_titles_stay() -> None:
    with logged() as lines:
        logger("a").info("x", title="Sintel")
    assert lines()[0]["title"] == "Sintel"


def test_chatty_libraries_are_quiet_even_at_debug() -> None:
    with logged(level="debug") as lines:
        logging.getLogger("httpx2").info("HTTP Request: GET ...")
        logging.getLogger("httpx2").warning("odd")
        logger("plexsync").debug("fine detail")
    assert [line["event"] for line in lines()] == ["odd", "fine detail"]


def test_lines_below_the_level_are_left_out() -> None:
    with logged(level="warning") as lines:
        logger("a").info("no")
        logger("a").warning("yes")
    assert [line["event"] for line in lines()] == ["yes"]


def test_a_very_long_text_is_cut() -> None:
    with logged() as lines:
        logger("a").info("x", answer="ab" * 50_000)
    assert len(lines()[0]["answer"]) < 17_000
    assert lines()[0]["answer"].endswith("(84000 more characters)")


def test_files_are_rotated_within_their_size_and_number(tmp_path: Path) -> None:
    files = Files(folder=tmp_path / "logs", size=5_000, count=3)
    with configure(redactor=Redactor([SECRET]), files=files):
        for number in range(300):
            logger("a").info("line", number=number, note=SECRET)
    found = sorted((tmp_path / "logs").iterdir())
    assert [file.name for file in found] == [FILE_NAME, f"{FILE_NAME}.1", f"{FILE_NAME}.2"]
    assert all(0 < file.stat().st_size <= 5_000 for file in found)
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in found)
    lines = [json.loads(line) for file in reversed(found) for line in file.read_text(encoding="utf-8").splitlines()]
    numbers = [line["number"] for line in lines]
    assert numbers == list(range(numbers[0], 300))
    assert {line["note"] for line in lines} == {"****"}


def test_files_are_five_of_ten_megabytes_unless_told_otherwise(tmp_path: Path) -> None:
    files = Files(folder=tmp_path)
    assert (files.size, files.count) == (10_000_000, 5)


def test_stream_and_files_get_the_same_lines(tmp_path: Path) -> None:
    with logged(files=Files(folder=tmp_path)) as lines:
        logger("a").info("über \ud800 odd letters")
    [in_file] = (tmp_path / FILE_NAME).read_text(encoding="utf-8").splitlines()
    assert json.loads(in_file)["level"] == lines()[0]["level"] == "info"


def test_closing_restores_what_was_there_and_may_be_done_twice() -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("httpx2").level)
    handle = configure(redactor=Redactor(), stream=io.StringIO(), level="debug")
    assert root.level == logging.DEBUG
    handle.close()
    handle.close()
    assert (root.level, list(root.handlers), logging.getLogger("httpx2").level) == before


def test_a_terminal_gets_readable_lines() -> None:
    stream = io.StringIO()
    with configure(redactor=Redactor(), stream=stream, console=True):
        logger("a").info("scene written", scene=5)
    assert "scene written" in stream.getvalue()
    assert not stream.getvalue().startswith("{")
