"""A server under load, the requests sent to it, and the responses it must return."""

import hashlib
import html
import json
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import count, cycle
from typing import Self

from bench.harness import cpu
from bench.harness.load import Exchange, Measured, get, post, run
from bench.harness.servers import DurablePostgreSQL
from bench.harness.texts import texts
from tests.servers.pasteur import ROOT, Pasteur
from tests.servers.postgresql import PostgreSQL
from tests.servers.redis import Redis

#: The number of most recently created pastes that are read in turn.
HOT = 200


@dataclass
class Target:
    """A server, and the texts most recently sent to it, with the names under which they can be read."""

    server: Pasteur
    database: PostgreSQL | None
    texts: Iterator[bytes]
    keep_alive: bool
    #: The first text of each run, so that none is sent twice.
    starts: Iterator[int] = field(default_factory=lambda: count(10_000_000, 100_000))
    kept: deque[tuple[str, bytes]] = field(default_factory=lambda: deque(maxlen=HOT))

    @classmethod
    def start(cls, stack: ExitStack, kind: type[Pasteur], database: str, *, size: int, keep_alive: bool) -> Self:
        """Start a server with its own database, so that servers are not affected by each other's rows."""
        postgresql, settings = None, {}
        if database == "postgresql":
            postgresql, redis = stack.enter_context(DurablePostgreSQL()), stack.enter_context(Redis())
            settings = {"DATABASE_URL": postgresql.url, "CACHE_URL": redis.url, "CELERY_BROKER_URL": redis.url}
        return cls(stack.enter_context(kind(**settings)), postgresql, texts(size), keep_alive)

    def fill(self, pastes: int) -> None:
        """Add the given number of pastes to the database before measuring."""
        command = [sys.executable, "-m", "bench.harness.seed", str(pastes)]
        subprocess.run(command, cwd=ROOT, env=self.server.environment(), check=True)

    def run(self, exchanges: Iterable[Exchange], *, seconds: float, warm_up: float, connections: int) -> Measured:
        """Send the requests to the server, and measure the CPU time of the server and its database."""
        before = self._cpu_seconds()
        done = run(self.server.port, exchanges, seconds=seconds, warm_up=warm_up, connections=connections)
        done.server_cpu = self._cpu_seconds() - before
        if done.wrong:
            print(f"WRONG: {dict(done.wrong)}\n{self.server.log_tail()[-1_000:]}")
        return done

    def creates(self) -> Iterator[Exchange]:
        """Yield POST requests with texts that were never sent before. The last ones are kept for reading."""
        for text in self.texts:
            yield post("/", text, keep_alive=self.keep_alive), partial(self._store_created, text)

    def creates_of(self, size: int, *, path: str = "/") -> Iterator[Exchange]:
        """Yield POST requests with texts of a different size or with options, which are not kept."""
        for text in texts(size, next(self.starts)):
            yield post(path, text, keep_alive=self.keep_alive), _check_created

    def reads(self, path: str) -> Iterator[Exchange]:
        """Yield GET requests for the kept texts, which must be returned unchanged."""
        for key, text in cycle(list(self.kept)):
            yield get(path.format(key), keep_alive=self.keep_alive), partial(_check_text, text)

    def documents(self) -> Iterator[Exchange]:
        """Yield GET requests for the kept texts as JSON."""
        for key, text in cycle(list(self.kept)):
            yield get(f"/api/v1/pastes/{key}", keep_alive=self.keep_alive), partial(_check_json, text)

    def conditional_reads(self) -> Iterator[Exchange]:
        """Yield conditional GET requests for the kept texts, as sent by clients that already have them."""
        for key, text in cycle(list(self.kept)):
            etag = hashlib.sha1(b"blob %d\0" % len(text) + text).hexdigest()
            yield get(f"/{key}/raw", keep_alive=self.keep_alive, etag=f'"{etag}"'), _check_not_modified

    def pages(self) -> Iterator[Exchange]:
        """Yield GET requests for the pages of the kept texts, each of which must contain its text, escaped."""
        for key, text in cycle([(key, html.escape(text.decode()).encode()) for key, text in self.kept]):
            yield get(f"/{key}", keep_alive=self.keep_alive, accept="text/html"), partial(_check_page, text)

    def _store_created(self, text: bytes, status: int, body: bytes) -> str:
        if status != 201:
            return f"the response to a create was {status}"
        self.kept.append((body.decode().strip().rpartition("/")[2], text))
        return ""

    def _cpu_seconds(self) -> float:
        servers = (self.server, self.database)
        return cpu.seconds(server.process.pid for server in servers if server and server.process)


def _check_text(text: bytes, status: int, body: bytes) -> str:
    return "" if status == 200 and body == text else f"the response to a read was {status}, or had a different body"


def _check_created(status: int, body: bytes) -> str:
    return "" if status == 201 else f"the response to a create was {status}"


def _check_json(text: bytes, status: int, body: bytes) -> str:
    is_right = status == 200 and json.loads(body)["files"][0]["content"].encode() == text
    return "" if is_right else f"the response to a JSON read was {status}, or had a different text"


def _check_not_modified(status: int, body: bytes) -> str:
    return "" if (status, body) == (304, b"") else f"the response to a conditional read was {status}"


def _check_page(text: bytes, status: int, body: bytes) -> str:
    return "" if status == 200 and text in body else f"the response to a page read was {status}, or lacked the text"
