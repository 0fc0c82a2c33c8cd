"""Creates and reads of the running site, beside two bare Django views on the same gunicorn and database.

    python -m bench.site --databases sqlite --repeats 3
    python -m bench.site --pastes 1000,1000000 --no-slow --no-worker

The floor inserts one row and selects one row of the same size, with no middleware. Its rates are what Django itself
costs on this machine; the ratio says what the site adds. SQLite needs nothing but Python; PostgreSQL, and Redis beside
it, have to be installed and are started here. With several numbers of pastes, there are both for each of them, filled
up to it first.
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
#: What is measured of the floor for each thing that is measured of the site, and the share of it that is the goal.
_FLOORS = {"create": "insert", _PUBLIC: "insert", _WITH_WORKER: "insert"} | dict.fromkeys(
    ["raw", "known", "json", "page"], "select"
)
_GOALS = {"create": 0.6, "raw": 0.8, "json": 0.7, "page": 0.6}
#: How many times the latency in the middle the one of a hundredth may be, and how much slower many pastes may make it.
_MOST_SPREAD, _MOST_GROWTH = 10, 1.2
_CROWDS = {
    "none": {},
    "100 silent": {"idle": 100},
    "20 that send one byte per second": {"dripping": 20},
}

#: One round: what was measured, by its name.
Round = dict[str, Measured]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--databases", default="sqlite,postgresql", help="sqlite, postgresql, or both (the default)")
    parser.add_argument("--pastes", type=_numbers, default=[0], help="how many there are before: 1000,1000000 (0)")
    parser.add_argument("--size", type=int, default=1_000, help="bytes of a paste (1000)")
    parser.add_argument("--larger", type=_numbers, default=[10_000, 100_000], help="of creates alone (10000,100000)")
    parser.add_argument("--repeats", type=int, default=5, help="rounds; each measures everything once, in turn (5)")
    parser.add_argument("--seconds", type=float, default=3, help="seconds of each measurement (3)")
    parser.add_argument("--warm-up", type=float, default=0.5, help="seconds before it that do not count (0.5)")
    parser.add_argument("--connections", type=int, default=16, help="clients (16)")
    parser.add_argument("--new-connections", dest="keep_alive", action="store_false", help="connect for each request")
    parser.add_argument("--no-worker", dest="worker", action="store_false", help="leave out the site with its worker")
    parser.add_argument("--no-slow", dest="slow", action="store_false", help="leave out the slow clients")
    parser.add_argument("--slow-seconds", type=float, default=10, help="seconds beside each kind of slow client (10)")
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
    """Measure on one kind of database, and print; returns the rounds by the number of pastes that were there before.

    Each number has servers of its own, which take turns, so that what else the machine does is the same for all.
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
    spreads = [Goal(f"{title}: {name}, p99 to median", _spread(rounds, name), at_most=_MOST_SPREAD) for name in _GOALS]
    return shares + spreads


def _spread(rounds: list[Round], name: str) -> float:
    return median(done[name].percentile(0.99) / done[name].percentile(0.5) for done in rounds)


def _growth(database: str, measured: dict[int, list[Round]]) -> list[Goal]:
    """Return how much slower each thing is with the most pastes than with the fewest."""
    few, many = measured[min(measured)], measured[max(measured)]
    rates = {name: [median(done[name].rate for done in rounds) for rounds in (few, many)] for name in _GOALS}
    what = f"{database}: slower with {max(measured)} pastes than with {min(measured)}"
    return [Goal(f"{what}: {name}", few / many, at_most=_MOST_GROWTH) for name, (few, many) in rates.items()]


def _round(options: argparse.Namespace, floor: Target, site: Target, full: Target | None) -> Round:
    one = {"seconds": options.seconds, "warm_up": options.warm_up, "connections": options.connections}
    done = {
        "insert": floor.run(floor.creates(), **one),
        "create": site.run(site.creates(), **one),
        _PUBLIC: site.run(site.creates_of(options.size, path="/?visibility=public"), **one),
        "select": floor.run(floor.reads("/{}"), **one),
        "raw": site.run(site.reads("/{}/raw"), **one),
        "known": site.run(site.known(), **one),
        "json": site.run(site.documents(), **one),
        "page": site.run(site.pages(), **one),
    }
    for size in options.larger:
        done[f"insert {size}"] = floor.run(floor.creates_of(size), **one)
        done[f"create {size}"] = site.run(site.creates_of(size), **one)
    if full:
        done[_WITH_WORKER] = full.run(full.creates(), **one)
    return done


def _share(rounds: list[Round], name: str) -> float:
    """Return the rate as a share of the floor's in the same round; of all rounds, the one in the middle."""
    return median(done[name].rate / max(done[_floor(name)].rate, 1e-9) for done in rounds)


def _cpu_share(rounds: list[Round], name: str) -> float:
    """Return the same by what one answer costs the processor."""
    return median(done[_floor(name)].cpu_each / done[name].cpu_each for done in rounds)


def _floor(name: str) -> str:
    """Return what is measured of the floor beside it."""
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
    head = ["what", "a second", "range", "p50 ms", "p99 ms", "client CPU", "CPU ms", "of floor", "by CPU"]
    show(title, head, rows)


def _show_slow(options: argparse.Namespace, site: Target) -> None:
    """Read by four clients, each with a connection of its own for each read, while others hold theirs."""
    rows = []
    site.keep_alive = False
    for name, crowd in _CROWDS.items():
        with slow.clients(site.server.port, **crowd):
            done = site.run(site.reads("/{}/raw"), seconds=options.slow_seconds, warm_up=1, connections=4)
        latencies = [f"{done.percentile(share) * 1000:.1f}" for share in (0.5, 0.99, 1.0)]
        rows.append([name, f"{len(done.latencies)}", *latencies, f"{sum(done.wrong.values())}"])
    head = ["beside other clients", "raw reads", "p50 ms", "p99 ms", "max ms", "wrong"]
    show(f"Reads by four clients in {options.slow_seconds:g} s", head, rows)


if __name__ == "__main__":
    main()
