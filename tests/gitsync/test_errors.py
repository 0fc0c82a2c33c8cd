"""Messages from a remote cannot control the operator's terminal or reorder a page."""

import pytest
from django.db import OperationalError

from gitsync.errors import DatabaseUnavailableError, RemoteRefusedError, UnexpectedError, as_gitsync_error, neutralize


@pytest.mark.parametrize(
    ("words", "plain"),
    [
        ("remote: \x1b[2J\x1b]0;title\x07done", "remote: [U+001B][2J[U+001B]]0;title[U+0007]done"),
        ("\x9b31m red", "[U+009B]31m red"),
        ("a\u202etxt.exe", "a[U+202E]txt.exe"),
        ("a\u2066b\u2069\u200f\ufeff", "a[U+2066]b[U+2069][U+200F][U+FEFF]"),
        ("a\u2028b\x85c", "a[U+2028]b[U+0085]c"),
        ("50 %\r100 %\r\nWörter\t日本", "50 %\n100 %\nWörter\t日本"),
    ],
)
def test_unsafe_characters_become_codes(words: str, plain: str) -> None:
    assert neutralize(words) == plain
    assert str(RemoteRefusedError(words)) == plain
    assert "\x1b" not in str(as_gitsync_error(RuntimeError(words)))


def test_a_data_error_does_not_mean_that_the_database_is_down() -> None:
    class CauseError(Exception):
        sqlstate = "54000"

    away, error = OperationalError("server closed the connection"), OperationalError("string is too long for tsvector")
    error.__cause__ = CauseError()
    assert isinstance(as_gitsync_error(away), DatabaseUnavailableError)
    assert isinstance(as_gitsync_error(error), UnexpectedError)
