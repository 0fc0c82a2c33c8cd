"""Comparing two revisions side by side: changed files and lines, however much differs."""

import pytest

from pastes.diff import side_by_side
from pastes.diff.side_by_side import Change, Row, changed_files, compare
from pastes.models import File, blob_oid


def file(name: str, content: str, language: str = "plaintext") -> File:
    """Return an unsaved file."""
    return File(name=name, content=content, language=language, oid=blob_oid(content.encode()))


def changes_by_file(found: list[Change]) -> list[tuple[str, str]]:
    """Return the kind of change for each file."""
    return [(change.kind, change.name) for change in found]


def text(row: Row) -> tuple[str, str]:
    """Return the text on both sides of a row."""
    sides = [side.pieces if side else () for side in (row.old, row.new)]
    return ("".join(piece.text for piece in sides[0]), "".join(piece.text for piece in sides[1]))


def marked_parts(row: Row) -> tuple[list[str], list[str]]:
    """Return the marked parts of the lines on both sides."""
    sides = [side.pieces if side else () for side in (row.old, row.new)]
    return ([part.text for part in sides[0] if part.differs], [part.text for part in sides[1] if part.differs])


def rows(found: list[Change]) -> list[Row]:
    """Return all rows of the comparison."""
    return [row for change in found for hunk in change.hunks for row in hunk]


def test_each_file_has_its_kind_of_change() -> None:
    before = [file("same", "1\n"), file("edited", "2\n"), file("old name", "3\n"), file("gone", "4\n"), file("l", "5")]
    after = [file("new", "6\n"), file("new name", "3\n"), file("edited", "2!\n"), file("same", "1\n")]

    found = changed_files(before, [*after, file("l", "5", "python")])

    assert changes_by_file(found) == [
        ("added", "new"),
        ("renamed", "new name"),
        ("changed", "edited"),
        ("changed", "l"),
        ("removed", "gone"),
    ]
    assert [change.has_new_language for change in found] == [False, False, False, True, False]


def test_a_renamed_and_changed_file_is_recognized_if_half_of_its_text_remains() -> None:
    before = [file("a", "one\ntwo\nthree\nfour\n"), file("b", "five\n")]
    after = [file("c", "one\ntwo\nthree\n4\n"), file("d", "something else\n")]

    assert changes_by_file(compare(before, after)) == [("renamed", "c"), ("added", "d"), ("removed", "b")]
    assert changes_by_file(changed_files(before, after, by_text=False)) == [
        ("added", "c"),
        ("added", "d"),
        ("removed", "a"),
        ("removed", "b"),
    ]


def test_lines_are_side_by_side_with_numbers_and_differences_are_marked() -> None:
    (change,) = compare([file("a", "one\ntwo(1)\nthree\n")], [file("a", "one\ntwo(2)\nnew\nthree\n")])

    found = rows([change])
    assert [text(row) for row in found] == [("one", "one"), ("two(1)", "two(2)"), ("", "new"), ("three", "three")]
    assert [(row.old and row.old.number, row.new and row.new.number) for row in found] == [
        (1, 1),
        (2, 2),
        (None, 3),
        (3, 4),
    ]
    assert [marked_parts(row) for row in found] == [([], []), (["1"], ["2"]), ([], []), ([], [])]
    assert (change.added, change.removed, change.is_cut) == (2, 1, False)


@pytest.mark.parametrize(
    ("before", "other", "seen"),
    [
        ("a\n", "a\r\n", ("a", "a\u240d")),
        ("ab\n", "a\u202eb\n", ("ab", "a[U+202E]b")),
        ("ab\n", "\ufeffab\n", ("ab", "[U+FEFF]ab")),
        ("a\x1bb\n", "a\u241bb\n", ("a\u241bb", "a\u241bb")),
    ],
)
def test_invisible_characters_are_shown_where_they_differ(before: str, other: str, seen: tuple[str, str]) -> None:
    (change,) = compare([file("a", before)], [file("a", other)])

    assert [text(row) for row in rows([change])] == [seen]


def test_a_missing_line_ending_is_marked() -> None:
    (row,) = rows(compare([file("a", "x\n")], [file("a", "x")]))

    assert row.old is not None
    assert row.new is not None
    assert (row.old.has_end, row.new.has_end) == (True, False)


def test_the_number_of_lines_in_all_files_is_limited_and_the_counts_remain_correct() -> None:
    lines = side_by_side.MAX_LINES
    after = [file(name, "".join(f"{name}{number}\n" for number in range(lines - 10))) for name in ("a", "b", "c")]

    found = compare([], after)

    assert len(rows(found)) == lines
    assert [change.is_cut for change in found] == [False, True, True]
    assert [change.added for change in found] == [lines - 10] * 3


def test_of_a_long_line_only_the_surroundings_of_the_difference_are_shown() -> None:
    long = "x" * 500_000

    (row,) = rows(compare([file("a", f"{long}1{long}\n")], [file("a", f"{long}2{long}\n")]))

    assert marked_parts(row) == (["1"], ["2"])
    assert max(len(side) for side in text(row)) < 3 * side_by_side.MAX_LINE_LENGTH
    assert text(row)[0].startswith("…x")
    assert text(row)[0].endswith("x…")


def test_many_long_lines_are_truncated_to_the_available_space() -> None:
    content = "".join(f"{number}{'x' * 2_000}\n" for number in range(1_000))

    (change,) = compare([], [file("a", content)])

    assert change.is_cut
    assert sum(len(text(row)[1]) for row in rows([change])) <= side_by_side.MAX_CHARACTERS


def test_if_nothing_changed_nothing_differs() -> None:
    assert compare([file("a", "x")], [file("a", "x")]) == []
