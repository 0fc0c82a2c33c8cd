"""The time from POST until the commit is visible on the local remote, at a steady rate, with the whole site running.

    python -m bench.latency --seconds 10

Each paste is sent at its scheduled time, regardless of earlier ones, and its clock starts at that time. It stops when
the branch of the default remote contains its commit. Requires Python and Git.
"""

import argparse
import http.client
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from time import perf_counter, sleep

from bench.harness.repository import ask
from bench.harness.table import Goal, show, show_goals
from bench.harness.texts import texts
from tests.servers.pasteur import Pasteur

_POLL_SECONDS = 0.005
_TIMEOUT_SECONDS = 30.0
_CLIENTS = 8
_KEYS = "--format=%(trailers:key=Pasteur-Key,valueonly,separator=)"


class Arrivals(threading.Thread):
    """Monitor the branch of a bare repository and record when the commit of each paste arrives, keyed by paste."""

    def __init__(self, repository: Path) -> None:
        super().__init__(name="arrivals")
        self.repository = repository
        self.branch = repository / "refs" / "heads" / "main"
        self.arrived_at: dict[str, float] = {}
        self.commits = 0
        self.stop = threading.Event()

    def run(self) -> None:
        """Poll the branch until `stop` is set."""
        tip = ""
        while not self.stop.is_set():
            sleep(_POLL_SECONDS)
            now, arrived_at = self._tip(), perf_counter()
            if now and now != tip:
                for key in ask(self.repository, "log", _KEYS, f"{tip}..{now}" if tip else now, "--").split():
                    self.arrived_at.setdefault(key, arrived_at)
                    self.commits += 1
                tip = now

    def _tip(self) -> str:
        try:
            return self.branch.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return ""


def paste(port: int, text: bytes, due_at: float) -> tuple[str, float, float]:
    """Send a text at its scheduled time. Return its key, that time, and the time of the response."""
    sleep(max(0.0, due_at - perf_counter()))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("POST", "/", text, {"Content-Type": "text/plain; charset=utf-8"})
        answer = connection.getresponse()
        line = answer.read().decode().strip()
        if answer.status != 201:
            raise AssertionError(f"the response to a paste was {answer.status}: {line}")
        return line.rpartition("/")[2], due_at, perf_counter()
    finally:
        connection.close()


def measure(options: argparse.Namespace, site: Pasteur) -> Goal:
    """Paste, wait for the last commit, and print the results. Return the goal."""
    arrivals = Arrivals(site.mirror)
    arrivals.start()
    try:
        site.wait_until_mirrored(site.paste("The first paste, which is not measured.\n"))
        count = int(options.rate * options.seconds)
        begin = perf_counter() + 0.5
        with ThreadPoolExecutor(_CLIENTS) as clients:
            jobs = [
                clients.submit(paste, site.port, text, begin + number / options.rate)
                for number, text in enumerate(islice(texts(options.size), count))
            ]
            sent = [job.result() for job in jobs]
        deadline = perf_counter() + _TIMEOUT_SECONDS
        while perf_counter() < deadline and any(key not in arrivals.arrived_at for key, _, _ in sent):
            sleep(0.05)
    finally:
        arrivals.stop.set()
        arrivals.join()
    answered = sorted(done - due for _, due, done in sent)
    visible = sorted(arrivals.arrived_at.get(key, float("inf")) - due for key, due, _ in sent)
    rows = [
        [name, *(f"{_percentile(values, share) * 1000:.0f}" for share in (0.5, 0.99, 1.0))]
        for name, values in (("201 response", answered), ("visible as a commit", visible))
    ]
    show(f"{count} pastes, {options.rate:g} per second", ["milliseconds from POST", "p50", "p99", "max"], rows)
    print(f"\n{arrivals.commits} commits for {count + 1} pastes")
    return Goal("p99 from POST to a visible commit", _percentile(visible, 0.99), at_most=1, unit=" s")


def _percentile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=20, help="pastes per second (default: 20)")
    parser.add_argument("--seconds", type=float, default=30, help="duration in seconds (default: 30)")
    parser.add_argument("--size", type=int, default=1_000, help="bytes per paste (default: 1000)")
    options = parser.parse_args()
    with Pasteur() as site:
        show_goals([measure(options, site)])


if __name__ == "__main__":
    main()
