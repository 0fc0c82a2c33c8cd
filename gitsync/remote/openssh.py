"""Runs programs of OpenSSH other than ssh itself, without an environment and without prompts."""

import os
import subprocess
from collections.abc import Sequence


def run(command: Sequence[str], *, seconds: float) -> subprocess.CompletedProcess[str] | None:
    """Return a finished program with its output; None when it cannot be started or takes longer than `seconds`."""
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            timeout=seconds,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
