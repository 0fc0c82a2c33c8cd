"""Creating and reading pastes on the running site, compared to two bare Django views on the same gunicorn and database.

    python -m bench.site --databases sqlite --repeats 3
    python -m bench.site --pastes 1000,1000000 --no-slow --no-worker

The baseline inserts and selects one row of the same size, without middleware. Its rates show the cost of Django itself
on this machine, and the ratio shows what the site adds. SQLite only requires Python; PostgreSQL and Redis must be
installed and are started by this benchmark. If several numbers of pastes are given, there are a site and a baseline for
each number, which are filled first.
"""

import argparse
from contextlib import ExitStack
from functools import partial
from statistics import median

from bench.harness import slow
from bench.harness.load import Measured
from bench.harness.servers import Floor, Web
from bench.harness.table import Goal, show, show_goals
from bench.harness.targets import Target
from tests.servers.pasteur import ROOT, Pasteur

_WITH_WORKER, _PUBLIC = "create, worker too", "create, public"
#: The baseline for each measurement of the site, and the ratio that is the goal.
_FLOORS = {"create": "insert", _PUBLIC: "insert", _WITH_WORKER: "insert"} | dict.fromkeys(
    ["raw", "not modified", "json", "page"], "select"
)
_GOALS = {"create": 0.6, "raw": 0.8, "json": 0.7, "page": 0.6}
#: The maximum ratio of the 99th percentile to the median latency, and the maximum slowdown with many pastes.
_MAX_SPREAD, _MAX_GROWTH = 10, 1.2
_CROWDS = {
    "none": {},
    "100 silent": {"idle": 100},
    "20 sending one byte per second": {"dripping": 20},
}

#: The measurements in a round, keyed by name.
Round = dict[str, Measured]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--databases", default="sqlite,postgresql", help="databases to use (default: sqlite,postgresql)"
    )
    parser.add_argument(
        "--pastes", type=_numbers, default=[0], help="numbers of existing pastes, such as 1000,1000000 (default: 0)"
    )
    parser.add_argument("--size", type=int, default=1_000, help="bytes per paste (default: 1000)")
    parser.add_argument(
        "--larger",
        type=_numbers,
        default=[10_000, 100_000],
        help="larger sizes, only for creating (default: 10000,100000)",
    )
    parser.add_argument(
        "--repeats", type=int, default=5, help="rounds, each of which measures everything once (default: 5)"
    )
    parser.add_argument("--seconds", type=float, default=3, help="seconds per measurement (default: 3)")
    parser.add_argument("--warm-up", type=float, default=0.5, help="seconds before each measurement (default: 0.5)")
    parser.add_argument("--connections", type=int, default=16, help="number of clients (default: 16)")
    parser.add_argument(
        "--new-connections", dest="keep_alive", action="store_false", help="open a new connection for each request"
    )
    parser.add_argument("--no-worker", dest="worker", action="store_false", help="skip the site with its worker")
    parser.add_argument("--no-slow", dest="slow", action="store_false", help="skip the slow clients")
    parser.add_argument("--slow-seconds", type=float, default=10, help="seconds per kind of slow client (default: 10)")
    options = parser.parse_args()
    if not (ROOT / "staticfiles" / "staticfiles.json").is_file():
        parser.exit(1, "Run `make staticfiles/staticfiles.json` first: pages need it.\n")
    goals = []
    for database in options.databases.split(","):
        measured = measure(options, database)
        goals += [
            goal for pastes, rounds in measured.items() for goal in _goals(_title(options, database, pastes), rounds)
        ]
        if len(measured) > 1:
            goals += _growth(database, measured)
    show_goals(goals)


def _numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(",") if word]


def measure(options: argparse.Namespace, database: str) -> dict[int, list[Round]]:
    """Measure with one kind of database and print. Return the rounds, keyed by the number of existing pastes.

    Each number has its own servers, which take turns so that other load on the machine affects all of them equally.
    """
    measured: dict[int, list[Round]] = {pastes: [] for pastes in options.pastes}
    with ExitStack() as stack:
        start = partial(Target.start, stack, database=database, size=options.size, keep_alive=options.keep_alive)
        servers = {}
        for pastes in measured:
            floor, site = start(kind=Floor), start(kind=Web)
            for target in (floor, site) if pastes else ():
                target.fill(pastes)
            servers[pastes] = floor, site, start(kind=Pasteur) if options.worker else None
        for _ in range(options.repeats):
            for pastes, targets in servers.items():
                measured[pastes].append(_round(options, *targets))
        for pastes, rounds in measured.items():
            _show_rates(_title(options, database, pastes), rounds)
            if options.slow:
                _show_slow(options, servers[pastes][1])
    return measured


def _title(options: argparse.Namespace, database: str, pastes: int) -> str:
    return f"{database}, {options.size} bytes" + (f", {pastes} pastes" if pastes else "")


def _goals(title: str, rounds: list[Round]) -> list[Goal]:
    shares = [Goal(f"{title}: {name}", _share(rounds, name), at_least=goal) for name, goal in _GOALS.items()]
    larger = [name for name in rounds[0] if name.startswith("create ")]
    shares += [Goal(f"{title}: {name}", _share(rounds, name), at_least=_GOALS["create"]) for name in larger]
    spreads = [Goal(f"{title}: {name}, p99 to median", _spread(rounds, name), at_most=_MAX_SPREAD) for name in _GOALS]
    return shares + spreads


def _spread(rounds: list[Round], name: str) -> float:
    return median(done[name].percentile(0.99) / done[name].percentile(0.5) for done in rounds)


def _growth(database: str, measured: dict[int, list[Round]]) -> list[Goal]:
    """Return goals for how much slower everything is with the most pastes than with the fewest."""
    few, many = measured[min(measured)], measured[max(measured)]
    rates = {name: [median(done[name].rate for done in rounds) for rounds in (few, many)] for name in _GOALS}
    what = f"{database}: slower with {max(measured)} pastes than with {min(measured)}"
    return [Goal(f"{what}: {name}", few / many, at_most=_MAX_GROWTH) for name, (few, many) in rates.items()]


def _round(options: argparse.Namespace, floor: Target, site: Target, full: Target | None) -> Round:
    settings = {"seconds": options.seconds, "warm_up": options.warm_up, "connections": options.connections}
    done = {
        "insert": floor.run(floor.creates(), **settings),
        "create": site.run(site.creates(), **settings),
        _PUBLIC: site.run(site.creates_of(options.size, path="/?visibility=public"), **settings),
        "select": floor.run(floor.reads("/{}"), **settings),
        "raw": site.run(site.reads("/{}/raw"), **settings),
        "not modified": site.run(site.conditional_reads(), **settings),
        "json": site.run(site.documents(), **settings),
        "page": site.run(site.pages(), **settings),
    }
    for size in options.larger:
        done[f"insert {size}"] = floor.run(floor.creates_of(size), **settings)
        done[f"create {size}"] = site.run(site.creates_of(size), **settings)
    if full:
        done[_WITH_WORKER] = full.run(full.creates(), **settings)
    return done


def _share(rounds: list[Round], name: str) -> float:
    """Return the ratio of the rate to the baseline's in the same round, as the median of all rounds."""
    return median(done[name].rate / max(done[_floor(name)].rate, 1e-9) for done in rounds)


def _cpu_share(rounds: list[Round], name: str) -> float:
    """Return the ratio of the baseline's CPU time per response to the site's, as the median of all rounds."""
    return median(done[_floor(name)].cpu_each / done[name].cpu_each for done in rounds)


def _floor(name: str) -> str:
    """Return the name of the baseline for a measurement."""
    return _FLOORS.get(name) or name.replace("create", "insert")


def _show_rates(title: str, rounds: list[Round]) -> None:
    rows = []
    for name in rounds[0]:
        runs = [done[name] for done in rounds]
        rates = [run.rate for run in runs]
        row = [
            name,
            f"{median(rates):.0f}",
            f"{min(rates):.0f}-{max(rates):.0f}",
            *(f"{median(run.percentile(share) for run in runs) * 1000:.1f}" for share in (0.5, 0.99)),
            f"{median(run.client_share for run in runs):.0%}",
            f"{median(run.cpu_each for run in runs) * 1000:.2f}",
        ]
        shares = (
            [f"{share(rounds, name):.2f}" for share in (_share, _cpu_share)]
            if name in _FLOORS or name.startswith("create ")
            else ["", ""]
        )
        rows.append([*row, *shares])
    head = ["what", "per second", "range", "p50 ms", "p99 ms", "client CPU", "CPU ms", "of baseline", "by CPU"]
    show(title, head, rows)


def _show_slow(options: argparse.Namespace, site: Target) -> None:
    """Read with four clients, each using a new connection for each read, while slow clients keep theirs open."""
    rows = []
    site.keep_alive = False
    for name, crowd in _CROWDS.items():
        with slow.clients(site.server.port, **crowd):
            done = site.run(site.reads("/{}/raw"), seconds=options.slow_seconds, warm_up=1, connections=4)
        latencies = [f"{done.percentile(share) * 1000:.1f}" for share in (0.5, 0.99, 1.0)]
        rows.append([name, f"{len(done.latencies)}", *latencies, f"{sum(done.wrong.values())}"])
    head = ["slow clients", "raw reads", "p50 ms", "p99 ms", "max ms", "errors"]
    show(f"Reads by four clients in {options.slow_seconds:g} s", head, rows)


if __name__ == "__main__":
    main()
