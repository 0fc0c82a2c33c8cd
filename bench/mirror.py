"""The mirror at several sizes: drain, check, resync into an empty remote, restore, purge, and an empty worker.

    python -m bench.mirror --pastes 1000,100000
    python -m bench.mirror --pastes 1000,1000000 --keep /var/tmp/sites --only drain,check

Requires Python, Git and sshd. Creating a site with a million pastes takes a quarter of an hour and 2 GB, so `--keep`
keeps the sites for the next run. Measurements use copies of them.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bench.drain import site
from bench.harness.table import Goal, show, show_goals

if TYPE_CHECKING:
    from bench.harness.mirror_runs import Spent

#: The measurements, in this order.
PARTS = ("drain", "check", "empty", "purge", "restore", "resync")
_MEMORY = 256
#: The number of pastes to which the goals for a resync and an empty worker apply.
_MANY = 100_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pastes", default="1000,100000", help="sizes of the sites in pastes (default: 1000,100000)")
    parser.add_argument("--only", default=",".join(PARTS), help=f"what to measure (default: {','.join(PARTS)})")
    parser.add_argument(
        "--keep", type=Path, default=None, help="keep the sites in this folder instead of a temporary one"
    )
    options = parser.parse_args()
    if unknown := set(options.only.split(",")) - set(PARTS):
        parser.error(f"unknown values for --only: {', '.join(sorted(unknown))}")
    with site() as folder:
        sizes = [int(size) for size in options.pastes.split(",")]
        show_goals(measure(sizes, options.only.split(","), options.keep or folder / "sites", folder))


def measure(sizes: list[int], parts: list[str], sites: Path, folder: Path) -> list[Goal]:
    """Create the sites, measure, and print the results. Return the goals."""
    from bench.harness import filled  # After the settings are loaded.
    from bench.harness.mirror_runs import Runs

    results: dict[tuple[int, str], Spent] = {}
    for size in sizes:
        runs = Runs(filled.site(sites, size), folder / "copy")
        work: dict[str, Callable[[], dict[str, Spent]]] = {part: getattr(runs, part) for part in PARTS}
        for part in PARTS:
            if part in parts:
                for name, spent in work[part]().items():
                    results[size, name] = spent
                    print(f"{size} pastes, {name}: {spent}", flush=True)
    _show(results)
    return _goals(sizes, results)


def _show(results: "dict[tuple[int, str], Spent]") -> None:
    rows = [
        [
            f"{name}, {size:,} pastes",
            *(f"{spent.seconds:.2f}", f"{spent.cpu:.2f}", f"{spent.floor:.2f}" if spent.floor else ""),
            *(f"{spent.peak.own:.0f}", f"{spent.peak.mapped:.0f}"),
            f"{spent.peak.largest} {spent.peak.largest_own:.0f}",
        ]
        for (size, name), spent in sorted(results.items(), key=lambda item: (item[0][1], item[0][0]))
    ]
    head = ["", "seconds", "CPU s", "baseline s", "private MiB", "mapped MiB", "largest process, MiB"]
    show("The mirror", head, rows)


def _goals(sizes: list[int], results: "dict[tuple[int, str], Spent]") -> list[Goal]:
    small, large = sizes[0], sizes[-1]
    goals = []
    if (large, "drain of 1") in results and small != large:
        ratio = results[large, "drain of 1"].cpu / results[small, "drain of 1"].cpu
        goals.append(Goal(f"CPU of a drain of 1 at {large} pastes / at {small}", ratio, at_most=2.0))
    if check := results.get((large, "check")):
        goals.append(Goal(f"check of {large} pastes", check.seconds, at_most=60.0, unit=" s"))
    if (
        resync := results.get((large, "resync"))
    ) and large >= _MANY:  # With few pastes, starting Python takes longer than Git.
        what = f"resync of {large} pastes / fast-import of the same stream"
        goals.append(Goal(what, resync.floor / resync.seconds, at_least=0.4))
    if (oldest := results.get((large, "purge of the first"))) and large >= _MANY:
        what = f"purge of the first of {large} pastes / bare rewrite by Git"
        goals.append(Goal(what, oldest.seconds / oldest.floor, at_most=4.0))
    for size in sizes:
        if (empty := results.get((size, "empty worker"))) and size <= _MANY:
            what = f"empty worker at {size} pastes to its first commit"
            goals.append(Goal(what, empty.seconds, at_most=5.0, unit=" s"))
    own = {name: spent.peak.largest_own for (size, name), spent in results.items() if size == large}
    return [
        *goals,
        *(
            Goal(f"memory of a process, {name} at {large}", peak_mib, at_most=_MEMORY, unit=" MiB")
            for name, peak_mib in own.items()
        ),
    ]


if __name__ == "__main__":
    main()
