"""The memory used by processes. Linux only.

The main figure is the private memory of a process (RssAnon in proc(5)), which must be available on the machine. Mapped
files (RssFile) are counted separately: Git maps its packs, and the system can drop those pages when memory is needed.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from bench.harness import cpu

_EVERY_SECONDS = 0.03


@dataclass
class Peak:
    """The peak of both figures for all processes together, in MiB, and the process with the most private memory."""

    own: float = 0.0
    mapped: float = 0.0
    largest: str = ""
    largest_own: float = 0.0


@contextmanager
def watched(pids: Callable[[], set[int]]) -> Iterator[Peak]:
    """Monitor the given processes during the block."""
    peak = Peak()
    with _Watch(pids, peak):
        yield peak


class _Watch:
    def __init__(self, pids: Callable[[], set[int]], peak: Peak) -> None:
        self._pids, self._peak = pids, peak
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(_EVERY_SECONDS):
            usage = [(pid, *_own_and_mapped(pid)) for pid in self._pids()]
            self._peak.own = max(self._peak.own, sum(own for _, own, _ in usage))
            self._peak.mapped = max(self._peak.mapped, sum(mapped for _, _, mapped in usage))
            for pid, own, _ in usage:
                if own > self._peak.largest_own:
                    self._peak.largest, self._peak.largest_own = _name(pid), own


def below(*roots: int) -> Callable[[], set[int]]:
    """Return a function that returns the given processes and all their descendants."""
    return lambda: cpu.tree(roots)


def _own_and_mapped(pid: int) -> tuple[float, float]:
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0, 0.0
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    own, mapped = (fields.get(name, "0").split()[0] for name in ("RssAnon", "RssFile"))
    return int(own) / 1024, int(mapped) / 1024


def _name(pid: int) -> str:
    """Return the name of the program, followed by the command in the case of Git."""
    try:
        first, *rest = Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")
    except OSError:
        return ""
    program = Path(first).name
    if program != "git":
        return program
    words = [word for before, word in zip(["", *rest], rest, strict=False) if before not in {"-c", "--shallow-file"}]
    return f"git {next((word for word in words if not word.startswith('-')), '')}".rstrip()
