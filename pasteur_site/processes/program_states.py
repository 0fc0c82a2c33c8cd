"""The programs of `manage.py run` that keep exiting, in a small file written by the supervisor for the web process.

There is no such file in containers, where the container engine restarts each program and shows its state.
"""

import json
from collections.abc import Mapping
from pathlib import Path

FILE_NAME = "programs.json"


def write(file: Path, failing: Mapping[str, tuple[int, str]]) -> None:
    """Store how many times in a row each failing program has exited, and how it last exited. Raise OSError."""
    states = {name: {"failures": failures, "reason": reason} for name, (failures, reason) in failing.items()}
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps(states), encoding="utf-8")
    draft.replace(file)


def read(file: Path) -> dict[str, str]:
    """Return a description of each failing program. The result is empty if all is well or nothing is known."""
    try:
        states = json.loads(file.read_text(encoding="utf-8"))
        return {name: _describe(state["failures"], state["reason"]) for name, state in states.items()}
    except (OSError, ValueError, LookupError, AttributeError, TypeError):
        return {}


def _describe(failures: int, reason: str) -> str:
    return f"ended {failures} {'time' if failures == 1 else 'times'} in a row, last with {reason}"
