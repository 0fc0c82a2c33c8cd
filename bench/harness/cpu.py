"""What servers spend of the processor: where others use the machine too, steadier than any rate. Linux only."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def tree(roots: Iterable[int]) -> set[int]:
    """Return these processes and all that descend from them."""
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        found.add(pid)
        with suppress(OSError):  # It has just ended.
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                waiting += map(int, children.read_text().split())
    return found


def seconds(roots: Iterable[int]) -> float:
    """Return the seconds that these processes, and all that descend from them, have spent so far."""
    spent = (_facts(Path(f"/proc/{pid}/stat")) for pid in tree(roots))
    return sum(sum(map(int, facts[11:15])) for facts in spent if facts) / _TICKS


def _facts(stat: Path) -> list[str]:
    """Return the fields of a process from its state on (proc(5)), nothing for one that has gone."""
    try:
        return stat.read_text().rpartition(")")[2].split()
    except OSError:
        return []
