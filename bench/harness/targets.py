"""A server under load: what it is asked, and what its answers have to be."""

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

#: Texts that are read, in turn: the last ones that were created.
HOT = 200


@dataclass
class Target:
    """A server, and the texts that it was given last, by the name under which it gives them back."""

    server: Pasteur
    database: PostgreSQL | None
    texts: Iterator[bytes]
    keep_alive: bool
    #: Where the texts of each run begin, so that none is sent twice.
    starts: Iterator[int] = field(default_factory=lambda: count(10_000_000, 100_000))
    kept: deque[tuple[str, bytes]] = field(default_factory=lambda: deque(maxlen=HOT))

    @classmethod
    def start(cls, stack: ExitStack, kind: type[Pasteur], database: str, *, size: int, keep_alive: bool) -> Self:
        """Start a server with a database of its own, so that none pays for the rows of another."""
        postgresql, settings = None, {}
        if database == "postgresql":
            postgresql, redis = stack.enter_context(DurablePostgreSQL()), stack.enter_context(Redis())
            settings = {"DATABASE_URL": postgresql.url, "CACHE_URL": redis.url, "CELERY_BROKER_URL": redis.url}
        return cls(stack.enter_context(kind(**settings)), postgresql, texts(size), keep_alive)

    def fill(self, pastes: int) -> None:
        """Give the database so many pastes, next to what is measured."""
        command = [sys.executable, "-m", "bench.harness.seed", str(pastes)]
        subprocess.run(command, cwd=ROOT, env=self.server.environment(), check=True)

    def run(self, exchanges: Iterable[Exchange], *, seconds: float, warm_up: float, connections: int) -> Measured:
        """Put the exchanges to the server, and note what they cost it and its database."""
        before = self._cpu_seconds()
        done = run(self.server.port, exchanges, seconds=seconds, warm_up=warm_up, connections=connections)
        done.server_cpu = self._cpu_seconds() - before
        if done.wrong:
            print(f"WRONG: {dict(done.wrong)}\n{self.server.log_tail()[-1_000:]}")
        return done

    def creates(self) -> Iterator[Exchange]:
        """Yield POST requests with texts that were never sent before; the last are kept to be read."""
        for text in self.texts:
            yield post("/", text, keep_alive=self.keep_alive), partial(self._made, text)

    def creates_of(self, size: int, *, path: str = "/") -> Iterator[Exchange]:
        """Yield POST requests with texts of another size, or with other options, which are not kept."""
        for text in texts(size, next(self.starts)):
            yield post(path, text, keep_alive=self.keep_alive), _was_made

    def reads(self, path: str) -> Iterator[Exchange]:
        """Yield GET requests for the kept texts, each of which has to come back exactly."""
        for key, text in cycle(list(self.kept)):
            yield get(path.format(key), keep_alive=self.keep_alive), partial(_is, text)

    def documents(self) -> Iterator[Exchange]:
        """Yield GET requests for the kept texts as JSON."""
        for key, text in cycle(list(self.kept)):
            yield get(f"/api/v1/pastes/{key}", keep_alive=self.keep_alive), partial(_has, text)

    def known(self) -> Iterator[Exchange]:
        """Yield GET requests for the kept texts by who has them already."""
        for key, text in cycle(list(self.kept)):
            etag = hashlib.sha1(b"blob %d\0" % len(text) + text).hexdigest()
            yield get(f"/{key}/raw", keep_alive=self.keep_alive, known=f'"{etag}"'), _is_known

    def pages(self) -> Iterator[Exchange]:
        """Yield GET requests for the pages of the kept texts, each of which has to hold its text, escaped."""
        for key, text in cycle([(key, html.escape(text.decode()).encode()) for key, text in self.kept]):
            yield get(f"/{key}", keep_alive=self.keep_alive, accept="text/html"), partial(_holds, text)

    def _made(self, text: bytes, status: int, body: bytes) -> str:
        if status != 201:
            return f"a create was answered with {status}"
        self.kept.append((body.decode().strip().rpartition("/")[2], text))
        return ""

    def _cpu_seconds(self) -> float:
        servers = (self.server, self.database)
        return cpu.seconds(server.process.pid for server in servers if server and server.process)


def _is(text: bytes, status: int, body: bytes) -> str:
    return "" if status == 200 and body == text else f"a read was answered with {status}, or with other bytes"


def _was_made(status: int, body: bytes) -> str:
    return "" if status == 201 else f"a create was answered with {status}"


def _has(text: bytes, status: int, body: bytes) -> str:
    is_right = status == 200 and json.loads(body)["files"][0]["content"].encode() == text
    return "" if is_right else f"a document was answered with {status}, or with another text"


def _is_known(status: int, body: bytes) -> str:
    return "" if (status, body) == (304, b"") else f"what was known was answered with {status}"


def _holds(text: bytes, status: int, body: bytes) -> str:
    return "" if status == 200 and text in body else f"a page was answered with {status}, or without its text"
