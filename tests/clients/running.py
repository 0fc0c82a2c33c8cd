"""Runs a client as a user would, in a separate home directory."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
#: The folder of programs from PyPI, and of npm if the machine did not have it.
PROGRAMS = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def run(*command: str, home: Path, stdin: str | bytes = b"", fails: bool = False, **environment: str) -> str:
    """Return the output of a program; fail the test unless its exit status is as expected."""
    found = shutil.which(command[0], path=PROGRAMS)
    assert found, f"{command[0]} is missing: make test installs it"
    done = subprocess.run(
        [found, *command[1:]],
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        env={"PATH": PROGRAMS, "HOME": str(home), "LANG": "C.UTF-8", **environment},
        cwd=home,
        capture_output=True,
        check=False,
        timeout=100,
    )
    said = done.stdout.decode()
    assert (done.returncode != 0) == fails, said + done.stderr.decode()
    return said


def node(program: str, *arguments: str, home: Path) -> str:
    """Return the output of a Node.js program that can import the packages in package-lock.json."""
    return run("node", "-e", program, *arguments, home=home, NODE_PATH=str(HERE / "node_modules"))
