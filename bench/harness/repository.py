"""Git commands, run without Pasteur's code and environment."""

import os
import subprocess
from pathlib import Path

#: Ignores the user's configuration so that results are comparable between machines.
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "LC_ALL": "C",
}


def ask(repository: Path, *arguments: str) -> str:
    """Return the output of a Git command."""
    command = ["git", "-c", "safe.directory=*", f"--git-dir={repository}", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=ENVIRONMENT).stdout.strip()
