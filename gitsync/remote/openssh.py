"""Runs OpenSSH programs other than ssh itself, with a minimal environment and no prompts."""

import os
import subprocess
from collections.abc import Sequence


def run(command: Sequence[str], *, seconds: float) -> subprocess.CompletedProcess[str] | None:
    """Run a program and return the result, or None if it cannot be started or takes longer than `seconds`."""
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
