"""Unified diffs: what GNU patch makes the new text of, however much differs."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pastes.diffs import unified

LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n", "x\r\n", "\u2028\n"]), max_size=30).map("".join)
TEXTS = st.builds(lambda text, end: text + end, LINES, st.sampled_from(["", "end"]))


def patched(folder: Path, before: str, diff: str) -> str:
    """Return what `patch` makes of a text."""
    file = folder / "text"
    file.write_bytes(before.encode())
    command = ["patch", "--quiet", "--binary", str(file)]
    subprocess.run(command, input=diff.encode(), check=True, capture_output=True)
    return file.read_bytes().decode() if file.exists() else ""


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=TEXTS, after=TEXTS)
@example("a\n", "a")
@example("a", "a\nb")
def test_patch_makes_one_text_of_the_other(tmp_path: Path, before: str, after: str) -> None:
    if before == after:
        return

    assert patched(tmp_path, before, unified(before, after, "text", "text")) == after


def test_only_what_changed_is_shown_with_three_lines_around_it() -> None:
    before = "".join(f"{number}\n" for number in range(100))

    diff = unified(before, before.replace("50\n", "fifty\n"), "a.txt", "a.txt")

    assert diff == ("--- a/a.txt\n+++ b/a.txt\n@@ -48,7 +48,7 @@\n 47\n 48\n 49\n-50\n+fifty\n 51\n 52\n 53\n")


@pytest.mark.parametrize("lines", [2_000, 200_000])
def test_much_that_differs_is_still_a_diff(tmp_path: Path, lines: int) -> None:
    before = "start\n" + "".join(f"{number % 7}\n" for number in range(lines)) + "end\n"
    after = "start\n" + "".join(f"{number % 5} \n" for number in range(lines)) + "end\n"

    diff = unified(before, after, "text", "text")

    assert diff.startswith("--- a/text\n+++ b/text\n@@ -1")
    assert patched(tmp_path, before, diff) == after


def test_a_file_that_comes_or_goes_has_no_other_side() -> None:
    assert unified("", "x\n", "", "a") == "--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+x\n"
    assert unified("x", "", "a", "") == "--- a/a\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n\\ No newline at end of file\n"
