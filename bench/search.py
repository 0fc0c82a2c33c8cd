"""Searches among many public pastes, on SQLite and PostgreSQL.

    python -m bench.search --pastes 1000,100000

The pastes consist of words with a natural distribution: the most frequent ones are in nearly all pastes, and most of
the others in a few. The index is created by the site's own code, and other rows are inserted in bulk. Each time is the
median of several searches in one process, without rendering the results page.
"""

import argparse
import json
import random
import subprocess
import sys
from bisect import bisect
from collections.abc import Callable
from contextlib import ExitStack
from itertools import accumulate
from statistics import median
from time import perf_counter

from bench.harness.servers import DurablePostgreSQL, Web
from bench.harness.table import Goal, show, show_goals
from pasteur_site.startup import load_settings
from tests.servers.pasteur import ROOT

_VOCABULARY, _WORDS = 200_000, 120
_BATCH = 1_000
_RUNS = 9
_MAX_MS = 100
_QUERIES = {
    "a rare word": "w90000x",
    "a frequent word": "w3x",
    "two frequent words": "w3x w5x",
    "a frequent and a rare word": "w3x w60000x",
    "a frequent prefix": "w123",
    "a missing word": "nothing",
    "a language": "language:ocaml",
    "an author": "author:ada",
    "a title and a language": "title:w70x language:python",
    "ten frequent words": "w1x w2x w3x w4x w5x w6x w7x w8x w9x w10x",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pastes", default="1000,100000", help="numbers of public pastes (default: 1000,100000)")
    parser.add_argument("--database", default="sqlite,postgresql", help="databases to use (default: sqlite,postgresql)")
    parser.add_argument("--inside", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        print(json.dumps(_searched(options.inside)))
        return
    sizes = [int(size) for size in options.pastes.split(",")]
    kinds = options.database.split(",")
    measured = {(database, size): _measured(database, size) for database in kinds for size in sizes}
    rows = [[what, *(f"{times[what]:.1f}" for times in measured.values())] for what in _QUERIES]
    show("Searches, in ms", ["what", *(f"{database} {size:,}" for database, size in measured)], rows)
    goals = []
    for database in kinds:
        what, slowest = max(measured[database, max(sizes)].items(), key=lambda item: item[1])
        goals.append(Goal(f"{database}, slowest search ({what})", slowest, at_most=_MAX_MS, unit=" ms"))
    show_goals(goals)


def _measured(database: str, size: int) -> dict[str, float]:
    """Return the milliseconds of each search, measured in a separate process and database."""
    with ExitStack() as stack:
        settings = {"DATABASE_URL": stack.enter_context(DurablePostgreSQL()).url} if database == "postgresql" else {}
        site = stack.enter_context(Web(**settings))
        command = [sys.executable, "-m", "bench.search", "--inside", str(size)]
        done = subprocess.run(command, cwd=ROOT, env=site.environment(), check=True, stdout=subprocess.PIPE)
    times: dict[str, float] = json.loads(done.stdout)
    return times


def _searched(size: int) -> dict[str, float]:
    """Fill the database of this environment and search it."""
    load_settings()
    import django

    django.setup()
    from django.db import connection

    from pastes.search import index

    for start in range(0, size, _BATCH):
        _fill(range(start, min(start + _BATCH, size)))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    return {what: _milliseconds(lambda query=query: index.search(query)) for what, query in _QUERIES.items()}  # type: ignore[misc]


def _fill(numbers: range) -> None:
    from django.db import transaction
    from django.utils import timezone

    from pastes.models import Paste, Visibility
    from pastes.rules import keys
    from pastes.search import index

    now = timezone.now()
    fields = {"created_at": now, "visibility": Visibility.PUBLIC}
    with transaction.atomic():
        pastes = [Paste(key=keys.draw(), token_hash=f"{number:064x}", **fields) for number in numbers]
        for paste in Paste.objects.bulk_create(pastes):
            words = _drawn(paste.pk)
            author = "ada lovelace" if paste.pk % 50 == 0 else f"author{paste.pk % 1_000}"
            language = "ocaml" if paste.pk % 200 == 0 else "python"
            index.write(paste.pk, index.entry(" ".join(words[:5]), author, [language], [" ".join(words)]))


_WEIGHTS = list(accumulate(1 / rank for rank in range(1, _VOCABULARY + 1)))


def _drawn(seed: int) -> list[str]:
    """Return random words with frequencies according to their rank (Zipf's law)."""
    chance = random.Random(seed)
    return [f"w{bisect(_WEIGHTS, chance.random() * _WEIGHTS[-1])}x" for _ in range(_WORDS)]


def _milliseconds(search: Callable[[], object]) -> float:
    times = []
    for _ in range(_RUNS):
        started = perf_counter()
        search()
        times.append(1000 * (perf_counter() - started))
    return median(times)


if __name__ == "__main__":
    main()
