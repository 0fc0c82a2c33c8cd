"""The benchmark of the mirror runs, and measures what it claims to."""

import subprocess

import pytest

pytestmark = pytest.mark.server


def test_the_benchmark_of_the_mirror_runs() -> None:
    parts = ("--pastes", "20", "--only", "check,empty")
    command = [".venv/bin/python", "-m", "bench.mirror", *parts]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "met      check of 20 pastes" in done.stdout
    assert "met      memory of a process, check at 20" in done.stdout
    assert "empty worker at 20 pastes to its first commit" in done.stdout
