"""Which programs of `manage.py run` keep ending: a small file that the supervisor writes and the web process reads.

In containers there is no such file: there, the container engine restarts each program and shows its state.
"""

import json
from collections.abc import Mapping
from pathlib import Path

FILE_NAME = "programs.json"


def write(file: Path, failing: Mapping[str, tuple[int, str]]) -> None:
    """Store how often each failing program has ended in a row, and how it ended last. Raises OSError."""
    states = {name: {"failures": failures, "reason": reason} for name, (failures, reason) in failing.items()}
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps(states), encoding="utf-8")
    draft.replace(file)


def read(file: Path) -> dict[str, str]:
    """Return a description of each failing program; an empty dictionary if all is well or unknown."""
    try:
        states = json.loads(file.read_text(encoding="utf-8"))
        return {name: _describe(state["failures"], state["reason"]) for name, state in states.items()}
    except (OSError, ValueError, LookupError, AttributeError, TypeError):
        return {}


def _describe(failures: int, reason: str) -> str:
    return f"ended {failures} {'time' if failures == 1 else 'times'} in a row, last with {reason}"
