"""Unified diffs: GNU patch recreates the new text from them, however much differs."""

import itertools
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pastes.diff.unified import Effort, lines_of, operations, unified

LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n", "x\r\n", "\u2028\n"]), max_size=30).map("".join)
TEXTS = st.builds(lambda text, end: text + end, LINES, st.sampled_from(["", "end"]))


def patched(folder: Path, before: str, diff: str) -> str:
    """Return the result of applying `patch` to a text."""
    file = folder / "text"
    file.write_bytes(before.encode())
    command = ["patch", "--quiet", "--binary", str(file)]
    subprocess.run(command, input=diff.encode(), check=True, capture_output=True)
    return file.read_bytes().decode() if file.exists() else ""


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=TEXTS, after=TEXTS)
@example("a\n", "a")
@example("a", "a\nb")
def test_patch_turns_one_text_into_the_other(tmp_path: Path, before: str, after: str) -> None:
    if before == after:
        return

    assert patched(tmp_path, before, unified(before, after, "text", "text")) == after


def test_only_what_changed_is_shown_with_three_lines_around_it() -> None:
    before = "".join(f"{number}\n" for number in range(100))

    diff = unified(before, before.replace("50\n", "fifty\n"), "a.txt", "a.txt")

    assert diff == ("--- a/a.txt\n+++ b/a.txt\n@@ -48,7 +48,7 @@\n 47\n 48\n 49\n-50\n+fifty\n 51\n 52\n 53\n")


@pytest.mark.parametrize("lines", [2_000, 200_000])
def test_many_differences_still_result_in_a_diff(tmp_path: Path, lines: int) -> None:
    before = "start\n" + "".join(f"{number % 7}\n" for number in range(lines)) + "end\n"
    after = "start\n" + "".join(f"{number % 5} \n" for number in range(lines)) + "end\n"

    diff = unified(before, after, "text", "text")

    assert diff.startswith("--- a/text\n+++ b/text\n@@ -1")
    assert patched(tmp_path, before, diff) == after


def test_an_added_or_removed_file_has_no_other_side() -> None:
    assert unified("", "x\n", "", "a") == "--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+x\n"
    assert unified("x", "", "a", "") == "--- a/a\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n\\ No newline at end of file\n"


def test_distant_edits_in_a_long_text_are_each_found() -> None:
    before = [f"{number}\n" for number in range(20_000)]
    after = ["first\n", *before[1:9_000], *before[9_003:-1], "last\n"]

    found = operations(before, after, Effort())

    assert [block for block in found if block[0] != "equal"] == [
        ("replace", 0, 1, 0, 1),
        ("delete", 9_000, 9_003, 9_000, 9_000),
        ("replace", 19_999, 20_000, 19_996, 19_997),
    ]


@settings(max_examples=100, deadline=None)
@given(before=LINES, after=LINES)
def test_as_many_lines_as_possible_are_kept(before: str, after: str) -> None:
    old, new = lines_of(before), lines_of(after)
    longest = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i, k in itertools.product(range(len(old)), range(len(new))):
        same = longest[i][k] + 1 if old[i] == new[k] else 0
        longest[i + 1][k + 1] = max(same, longest[i][k + 1], longest[i + 1][k])

    found = operations(old, new, Effort())

    assert sum(j - i for kind, i, j, _, _ in found if kind == "equal") == longest[-1][-1]


def test_all_files_in_a_response_share_its_effort() -> None:
    effort = Effort(50_000)
    old, new = ["x\n", "y\n"] * 5_000, ["y\n", "x\n", "x\n"] * 3_000

    spent = []
    for _ in range(3):
        operations(old, new, effort)
        spent.append(effort.steps)

    assert spent[0] < 0
    assert spent[2] > -20_000
