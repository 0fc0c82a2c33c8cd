"""A log entry is one line, whatever visitors enter, and tracebacks cannot be mistaken for other entries."""

import io
import logging
from collections.abc import Callable
from typing import Literal, cast

import hypothesis
import pytest
from django.conf import settings
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from pasteur_site.logs import OneLineFormatter

CONTROLS = [
    "\n",
    "\r",
    "\x1b[2J",
    "\a",
    "\0",
    "\x9b",
    "\u2028",
    "\u2029",
    "\x85",
    "\x0b",
    "\x0c",
    "\u202e",
    "\u200b",
    "\u2066",
]


def log_output(write: Callable[[logging.Logger], object]) -> str:
    """Return the output of the site's own log format."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    line = cast("dict[str, dict[str, str]]", settings.LOGGING["formatters"])["line"]
    handler.setFormatter(OneLineFormatter(line["format"], style=cast("Literal['{']", line["style"])))
    logger = logging.Logger("test")
    logger.addHandler(handler)
    write(logger)
    return stream.getvalue()


def test_a_message_contains_time_level_and_logger() -> None:
    line = log_output(lambda logger: logger.warning("took %d ms for %s", 5, "ä"))

    assert line.endswith(" WARNING test: took 5 ms for ä\n")


@pytest.mark.parametrize("control", CONTROLS, ids=ascii)
def test_a_control_character_is_written_as_an_escape(control: str) -> None:
    line = log_output(lambda logger: logger.warning("before %s after", control))

    assert line.count("\n") == 1
    assert control[0] not in line.rstrip("\n")
    assert control[0].encode("unicode_escape").decode() in line


@hypothesis.settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_whatever_is_logged_is_one_line(text: str) -> None:
    line = log_output(lambda logger: logger.error("%s", text))

    assert len(line.splitlines()) == 1
    assert line.endswith("\n")


@pytest.mark.parametrize("words", ["{{7*7}} %s %(x)d {0} ${jndi:ldap://x}", "{message} {asctime}"])
def test_text_that_looks_like_a_template_is_logged_literally(words: str) -> None:
    assert words in log_output(lambda logger: logger.error("%s", words))
    assert words in log_output(lambda logger: logger.error(words))


def fail_with(text: str) -> Callable[[logging.Logger], None]:
    """Return a request that logs an exception with this text, raised from another one."""

    def write(logger: logging.Logger) -> None:
        try:
            try:
                raise ValueError(text)
            except ValueError as error:
                raise RuntimeError(text) from error
        except RuntimeError:
            logger.exception("it failed")

    return write


def test_a_traceback_is_logged() -> None:
    text = log_output(fail_with("why"))

    assert "Traceback (most recent call last)" in text
    assert "RuntimeError: why" in text
    assert __file__ in text


class OperationalError(Exception):
    """An exception with the same name as in Django, psycopg, sqlite3 and kombu."""


@pytest.mark.parametrize(
    "error",
    [OperationalError("disk full\nLINE 1: INSERT"), OSError(28, "No space left on device"), OperationalError()],
    ids=repr,
)
def test_a_service_outage_or_a_full_disk_is_logged_as_one_line(error: Exception) -> None:
    def write(logger: logging.Logger) -> None:
        try:
            raise error
        except Exception:
            logger.exception("cannot serve %s", "POST /")

    text = log_output(write)

    assert text.count("\n") == 1
    assert text.rstrip("\n").endswith(f"cannot serve POST /: {' '.join(str(error).split()) or 'OperationalError'}")


def test_the_text_of_an_exception_cannot_pass_for_a_log_entry() -> None:
    forged = "2026-01-01 00:00:00,000 INFO root: all is well"

    lines = log_output(fail_with(f"x\n{forged}\r{forged}\u2028{forged}")).splitlines()

    assert not [line for line in lines[1:] if line.startswith(forged)]
    assert not [line for line in lines[1:] if line[:1].isdigit()]


@pytest.mark.parametrize("control", ["\x1b[2J", "\a", "\0", "\x9b", "\u202e"], ids=ascii)
def test_the_text_of_an_exception_cannot_control_a_terminal(control: str) -> None:
    assert control[0] not in log_output(fail_with(f"before {control} after"))


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/%0a2026-01-01 forged", "/%1b[2J", "/a%0d%0ab"])
def test_requested_paths_cannot_forge_log_entries(client: Client, path: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.setFormatter(OneLineFormatter("{levelname} {message}", style="{"))

    client.get(path)
    client.delete(path)
    client.get("/", headers={"host": "evil\x1b[2J"})

    for record in caplog.records:
        first = caplog.handler.format(record).splitlines()[0]
        assert "\x1b" not in first
        assert first.startswith(record.levelname)
    assert not [line for line in caplog.text.splitlines() if line.startswith("2026-01-01 forged")]
