"""Drain pastes into mirrors of several sizes, compared to a bare `git fast-import` of the same stream.

    python -m bench.drain --sizes 1000,20000

Requires Python and Git. Creating a mirror of 200,000 pastes takes a few minutes and 2 GB in a temporary folder.
"""

import argparse
import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench.harness.table import Goal, show, show_goals

if TYPE_CHECKING:
    from bench.harness.mirrors import Mirror, Run

#: For each mirror, pairs of a drain by Pasteur and an import by Git alone.
Runs = dict[int, list[tuple["Run", "Run"]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--sizes", default="1000,20000,200000", help="sizes of the mirrors in pastes (default: 1000,20000,200000)"
    )
    parser.add_argument("--pastes", type=int, default=1_000, help="pastes per drain (default: 1000)")
    parser.add_argument("--size", type=int, default=1_000, help="bytes per paste (default: 1000)")
    parser.add_argument("--rounds", type=int, default=5, help="drains per mirror (default: 5)")
    parser.add_argument("--index-commits", type=int, default=10, help="commits with GitPython's index (default: 10)")
    parser.add_argument("--no-worker", dest="worker", action="store_false", help="do not measure the worker's memory")
    options = parser.parse_args()
    with site() as folder:
        show_goals(measure(options, folder))


@contextlib.contextmanager
def site() -> Iterator[Path]:
    """Load the settings for a temporary data folder, and create the tables."""
    folder = Path(tempfile.mkdtemp(prefix="pasteur-bench-"))
    try:
        for name in [name for name in os.environ if name.startswith(("PASTEUR_", "GITSYNC_"))]:
            del os.environ[name]
        os.environ |= {"PASTEUR_DATA_DIR": str(folder), "DATABASE_URL": f"sqlite:///{folder}/pasteur.sqlite3"}
        from pasteur_site.startup import load_settings  # After the environment is set.

        load_settings()
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(options: argparse.Namespace, folder: Path) -> list[Goal]:
    """Create the mirrors, measure in alternating runs, and print the results. Return the goals."""
    from bench.harness.mirrors import Mirror, gitpython_index  # After the settings are loaded.

    mirrors = [Mirror(folder / str(size), size) for size in map(int, options.sizes.split(","))]
    for mirror in mirrors:
        print(f"mirror of {mirror.size} pastes: the first fetch took {mirror.fill():.1f} s", flush=True)
    for mirror in mirrors:
        mirror.warm_up()
    runs: Runs = {mirror.size: [] for mirror in mirrors}
    for number in range(options.rounds):
        for mirror in mirrors:
            runs[mirror.size].append(mirror.measure(options.pastes, options.size, product_first=number % 2 == 0))
    index = gitpython_index(mirrors[0], options.index_commits)
    _show_rates(options, runs)
    _show_steps(options, runs)
    print(f"\nGitPython's index on {mirrors[0].size} pastes: {index.rate:.1f} commits/s ({index.commits} commits)")
    return [*_goals(runs), *(_memory(options, mirrors) if options.worker else [])]


def _show_rates(options: argparse.Namespace, runs: Runs) -> None:
    rows = []
    for size, pairs in runs.items():
        product, alone = [one.rate for one, _ in pairs], [other.rate for _, other in pairs]
        rows.append(
            [
                f"{size}",
                f"{median(product):.0f}",
                f"{min(product):.0f}-{max(product):.0f}",
                f"{median(alone):.0f}",
                f"{min(alone):.0f}-{max(alone):.0f}",
                f"{_ratio(pairs):.2f}",
            ]
        )
    head = ["pastes in the mirror", "drain, commits/s", "range", "fast-import alone", "range", "ratio"]
    show(f"Drain of {options.pastes} pastes of {options.size} bytes, median of {options.rounds}", head, rows)


def _show_steps(options: argparse.Namespace, runs: Runs) -> None:
    from bench.harness.clocks import STEPS  # After the settings are loaded.

    rows = []
    for size, pairs in runs.items():
        whole = median(product.seconds for product, _ in pairs)
        steps = [median(product.steps[step] for product, _ in pairs) for step in STEPS]
        rest = max(0.0, whole - sum(steps))
        rows.append([f"{size}", f"{whole * 1000:.0f}", *(f"{seconds * 1000:.0f}" for seconds in [*steps, rest])])
    show("Duration of a drain in milliseconds", ["pastes in the mirror", "total", *STEPS, "rest"], rows)


def _ratio(pairs: "list[tuple[Run, Run]]") -> float:
    return median(product.rate / alone.rate for product, alone in pairs)


def _goals(runs: Runs) -> list[Goal]:
    goals = [Goal(f"drain / fast-import at {size} pastes", _ratio(pairs), at_least=0.5) for size, pairs in runs.items()]
    sizes = sorted(runs)
    if len(sizes) > 1:
        low, high = (median(product.rate for product, _ in runs[size]) for size in (sizes[0], sizes[-1]))
        goals.append(Goal(f"rate at {sizes[-1]} / rate at {sizes[0]}", high / low, at_least=0.8))
    return goals


def _memory(options: argparse.Namespace, mirrors: "list[Mirror]") -> list[Goal]:
    """Drain with a real worker process and return goals for its peak memory."""
    from bench.harness.worker import peak_megabytes  # After the settings are loaded.

    goals = []
    for mirror in {mirror.size: mirror for mirror in (mirrors[0], mirrors[-1])}.values():
        peak = peak_megabytes(mirror, options.pastes, options.size)
        goals.append(Goal(f"worker memory after a drain at {mirror.size} pastes", peak, at_most=150, unit=" MiB"))
    return goals


if __name__ == "__main__":
    main()
