"""Purge one paste from mirrors of several sizes, beside `git fast-export` into `git fast-import` of the same history.

    python -m bench.purge --sizes 1000,20000

Needs Python and Git. The first paste of all is the worst case, since every later commit is made anew; the last one is
what mostly happens.
"""

import argparse
import subprocess
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from bench.drain import site
from bench.repository import ENVIRONMENT
from bench.table import Goal, show, show_goals

if TYPE_CHECKING:
    from bench.mirrors import Mirror


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,100000", help="pastes in the mirrors (1000,100000)")
    options = parser.parse_args()
    with site() as folder:
        show_goals(measure([int(size) for size in options.sizes.split(",")], folder))


def measure(sizes: list[int], folder: Path) -> list[Goal]:
    """Make the mirrors, purge from each, and print; returns the goals."""
    from bench.mirrors import Mirror, all_commits  # After the settings are loaded.
    from gitsync.models import Purge

    rows, goals = [], list[Goal]()
    for size in sizes:
        mirror = Mirror(folder / str(size), size)
        Purge.objects.all().delete()  # All mirrors hold the same pastes.
        mirror.fill()
        *_, last = islice(all_commits(), size)
        alone = _rewritten_by_git(mirror)
        first = _purged(mirror, next(all_commits()).key)
        recent = _purged(mirror, last.key)
        rows.append([f"{size}", f"{first:.1f}", f"{recent:.1f}", f"{alone:.1f}", f"{first / alone:.2f}"])
        goals = [Goal(f"purge of the first of {size} pastes / bare rewrite", first / alone, at_most=4.0)]
    head = ["pastes in the mirror", "purge of the first, s", "of the last, s", "bare export and import, s", "ratio"]
    show("Purge of one paste, with proof and pruning", head, rows)
    return goals


def _purged(mirror: "Mirror", key: str) -> float:
    from pastes import purging  # After the settings are loaded.

    purging.purge(key, reason="a benchmark")
    started = perf_counter()
    mirror.drained()
    return perf_counter() - started


def _rewritten_by_git(mirror: "Mirror") -> float:
    """Let Git alone take the history out and put it in again, as a floor: nothing is filtered, proved or deleted."""
    command = ["git", f"--git-dir={mirror.remote}"]
    started = perf_counter()
    with (
        subprocess.Popen(
            [*command, "fast-export", "--no-data", "--show-original-ids", "main"],
            stdout=subprocess.PIPE,
            env=ENVIRONMENT,
        ) as out,
        subprocess.Popen([*command, "fast-import", "--quiet", "--force"], stdin=out.stdout, env=ENVIRONMENT) as into,
    ):
        if out.wait() or into.wait():
            raise AssertionError("git could not rewrite the history")
    return perf_counter() - started


if __name__ == "__main__":
    main()
