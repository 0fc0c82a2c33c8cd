"""The CPU time of servers, which is more stable than any rate if the machine has other load. Linux only."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def tree(roots: Iterable[int]) -> set[int]:
    """Return the given processes and all their descendants."""
    pids: set[int] = set()
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        pids.add(pid)
        with suppress(OSError):  # It has just exited.
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                waiting += map(int, children.read_text().split())
    return pids


def seconds(roots: Iterable[int]) -> float:
    """Return the CPU seconds used so far by the given processes and all their descendants."""
    spent = (_fields(Path(f"/proc/{pid}/stat")) for pid in tree(roots))
    return sum(sum(map(int, fields[11:15])) for fields in spent if fields) / _TICKS


def _fields(stat: Path) -> list[str]:
    """Return the fields of a process starting with its state (proc(5)), or an empty list if it is gone."""
    try:
        return stat.read_text().rpartition(")")[2].split()
    except OSError:
        return []
