"""Git as a process: it receives all of its input, however late it starts to read."""

import os
import shutil
from pathlib import Path

import pytest

from gitsync.repository.repository import Repository


def test_a_process_that_reads_late_gets_all_of_its_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = Repository.open(tmp_path / "clone.git")
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text(f'#!/bin/sh\nsleep 1\nexec {shutil.which("git")} "$@"\n')
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}{os.pathsep}{os.environ['PATH']}")
    questions = 20_000

    answers = clone.ask("cat-file", "--batch-check", stdin=b"1234567890123456789012345678901234567890\n" * questions)

    assert answers.count(b" missing\n") == questions
