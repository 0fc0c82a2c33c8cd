"""The client with the oldest Python available, from 3.8: it must run on machines where the site does not."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.program import User
from tests.servers.pasteur import Pasteur

pytestmark = pytest.mark.server

OLDEST = 8


def minor(program: str) -> int:
    """Return the minor version of a Python 3 that works, or 0 if it does not."""
    done = subprocess.run([program, "-c", "import sys; print(sys.version_info[1])"], capture_output=True, check=False)
    return int(done.stdout) if done.returncode == 0 else 0


def pythons() -> dict[int, str]:
    """Return the Pythons on this machine, keyed by minor version: those in PATH, and those installed by pyenv."""
    names = [f"python3.{number}" for number in range(OLDEST, sys.version_info.minor)]
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    found = [shutil.which(name) for name in names]
    found += [str(path) for path in versions.glob("3.*/bin/python3") if re.match(r"3\.\d+\.\d+$", path.parts[-3])]
    known = {minor(path): path for path in found if path}
    return {number: path for number, path in known.items() if number >= OLDEST} | {
        sys.version_info.minor: sys.executable
    }


@pytest.fixture(scope="module")
def site() -> Iterator[Pasteur]:
    """Return the running site."""
    with Pasteur() as running:
        yield running


def test_it_pastes_reads_edits_and_deletes(site: Pasteur, tmp_path: Path) -> None:
    oldest = min(pythons().items())[1]
    user = User(tmp_path, site.url, PYTHONWARNINGS="error")

    def run(*words: str, text: str = "") -> str:
        return user(*words, text=text, python=oldest).line

    url = run("paste", "--title", "T", "--expires", "1d", text="one ☃")
    sealed = run("paste", "--encrypt", "--burn", text="secret ☃")
    run("edit", url, "--language", "python")

    assert user("get", url, python=oldest).out == "one ☃"
    assert user("get", sealed, "--burn", python=oldest).out == "secret ☃"
    assert user("get", sealed, "--burn", python=oldest).status == 6
    assert user(text="x" * 4_000_000, python=oldest).status == 5
    assert run("delete", url).endswith("has been deleted")
    assert user("list", python=oldest).status == 0
    assert user("completion", "bash", python=oldest).status == 0
