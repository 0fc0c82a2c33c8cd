"""A long lifetime in a short time: many small drains into the default remote, and the growth of time, packs and bytes.

    python -m bench.year --commits 200000

Requires Python and Git. 200,000 commits in drains of 50 take about twenty minutes, and 200 MB for Git plus the database
in a temporary folder. Since the goals are about growth, a twentieth of that is nearly as conclusive.
"""

import argparse
from pathlib import Path
from statistics import median
from time import perf_counter

from bench.drain import site
from bench.harness.table import Goal, show, show_goals

#: The number of parts into which the run is divided.
_PARTS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commits", type=int, default=10_000, help="total number of commits (default: 10000)")
    parser.add_argument("--drain", type=int, default=50, help="commits per drain (default: 50)")
    parser.add_argument("--maintain", type=int, default=200, help="drains between two maintenance runs (default: 200)")
    options = parser.parse_args()
    with site() as folder:
        show_goals(measure(folder, options.commits, options.drain, options.maintain))


def measure(folder: Path, commits: int, size: int, every: int) -> list[Goal]:
    """Run all drains, print the results, and return the goals."""
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
            print(f"{number * size} commits, {1000 * rows[-1][1]:.0f} ms per drain", flush=True)
    head = ("commits", "ms per drain", "packs", "MB", "bytes per commit")
    shown = [
        (f"{done:,}", f"{1000 * slow:.0f}", str(packs), f"{bytes_ / 1e6:.1f}", f"{bytes_ / done:.0f}")
        for done, slow, packs, bytes_ in rows
    ]
    show(f"Drains of {size}", head, shown)
    first, last = rows[0], rows[-1]
    return [
        Goal("drain at the end / at the start", last[1] / first[1], at_most=2.0),
        Goal("packs at the end", last[2], at_most=101),
        Goal("bytes per commit at the end / at the start", last[3] / last[0] / (first[3] / first[0]), at_most=2),
    ]


def _weight(folder: Path) -> tuple[int, int]:
    """Return the number of packs and the total size of the clone and the default remote."""
    files = [file for name in ("clone.git", "mirror.git") for file in (folder / name).rglob("*") if file.is_file()]
    return sum(file.suffix == ".pack" for file in files), sum(file.stat().st_size for file in files)


if __name__ == "__main__":
    main()
