"""Line ends on the form, whose text boxes keep line feeds only."""

import pytest

from pastes.lifecycle.draft import NewFile
from pastes.models import File
from pastes.web import line_ends

CRLF, LF, MIXED = "a\r\nb\r\n", "a\nb\n", "a\r\nb\n"


def restored(submitted: list[tuple[str, str]], originals: list[tuple[str, str]]) -> list[str]:
    files = [NewFile(text, name) for name, text in submitted]
    rows = [File(name=name, content=text) for name, text in originals]
    return [file.content for file in line_ends.restore(files, rows)]


@pytest.mark.parametrize("original", [CRLF, LF, MIXED, "a\rb\r", "a", ""])
@pytest.mark.parametrize("name", ["same.txt", "renamed.txt"])
def test_a_text_that_was_not_changed_is_its_original(original: str, name: str) -> None:
    assert restored([(name, line_ends.of_box(original))], [("same.txt", original)]) == [original]


def test_the_original_of_the_same_name_comes_first() -> None:
    originals = [("crlf.txt", CRLF), ("lf.txt", LF)]

    assert restored([("lf.txt", LF), ("crlf.txt", LF)], originals) == [LF, CRLF]


@pytest.mark.parametrize(
    ("original", "expected"), [(CRLF, "a\r\nnew\r\n"), (LF, "a\nnew\n"), (MIXED, "a\nnew\n"), ("", "a\nnew\n")]
)
def test_a_changed_text_has_cr_lf_where_its_original_had_nothing_else(original: str, expected: str) -> None:
    assert restored([("a.txt", "a\nnew\n")], [("a.txt", original)]) == [expected]
