"""A long life in short: many small drains into the default remote, and how seconds, packs and bytes grow with it.

    python -m bench.year --commits 200000

Needs Python and Git. 200,000 commits in drains of 50 take about twenty minutes, and 200 MB of Git beside the database
in a temporary folder; the goals speak of growth, so a twentieth of it says nearly as much.
"""

import argparse
from pathlib import Path
from statistics import median
from time import perf_counter

from bench.drain import site
from bench.harness.table import Goal, show, show_goals

#: The life is looked at in so many parts.
_PARTS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commits", type=int, default=10_000, help="commits in all (10000)")
    parser.add_argument("--drain", type=int, default=50, help="commits of a drain (50)")
    parser.add_argument("--maintain", type=int, default=200, help="drains between two maintenances (200)")
    options = parser.parse_args()
    with site() as folder:
        show_goals(measure(folder, options.commits, options.drain, options.maintain))


def measure(folder: Path, commits: int, size: int, every: int) -> list[Goal]:
    """Live that long and return the goals."""
    from gitsync.remote.git_remote import Remote
    from gitsync.sync.drain import drain
    from gitsync.sync.maintenance import maintain
    from tests import many

    Remote.configured().prepare()
    seconds: list[float] = []
    rows = []
    part = max(commits // size // _PARTS, 1)
    for number in range(1, part * _PARTS + 1):
        many.publish(size)
        started = perf_counter()
        drain()
        seconds.append(perf_counter() - started)
        if number % every == 0:
            maintain()
        if number % part == 0:
            rows.append((number * size, median(seconds[-part:]), *_weight(folder)))
            print(f"{number * size} commits, {1000 * rows[-1][1]:.0f} ms a drain", flush=True)
    head = ("commits", "ms a drain", "packs", "MB", "bytes a commit")
    shown = [
        (f"{done:,}", f"{1000 * slow:.0f}", str(packs), f"{bytes_ / 1e6:.1f}", f"{bytes_ / done:.0f}")
        for done, slow, packs, bytes_ in rows
    ]
    show(f"Drains of {size}", head, shown)
    first, last = rows[0], rows[-1]
    return [
        Goal("a drain at the end, beside one at the start", last[1] / first[1], at_most=2.0),
        Goal("packs at the end", last[2], at_most=101),
        Goal(
            "bytes a commit at the end, beside those at the start", last[3] / last[0] / (first[3] / first[0]), at_most=2
        ),
    ]


def _weight(folder: Path) -> tuple[int, int]:
    """Return the packs and the bytes of clone and default remote together."""
    files = [file for name in ("clone.git", "mirror.git") for file in (folder / name).rglob("*") if file.is_file()]
    return sum(file.suffix == ".pack" for file in files), sum(file.stat().st_size for file in files)


if __name__ == "__main__":
    main()
