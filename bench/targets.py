"""A server under load: what it is asked, and what its answers have to be."""

import html
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from typing import Self

from bench import cpu
from bench.load import Exchange, Measured, get, post, run
from bench.servers import DurablePostgreSQL
from bench.texts import texts
from tests.servers.pasteur import Pasteur
from tests.servers.postgresql import PostgreSQL

#: Texts that are read, in turn: the last ones that were created.
HOT = 200


@dataclass
class Target:
    """A server, and the texts that it was given last, by the name under which it gives them back."""

    server: Pasteur
    database: PostgreSQL | None
    texts: Iterator[bytes]
    keep_alive: bool
    kept: deque[tuple[str, bytes]] = field(default_factory=lambda: deque(maxlen=HOT))

    @classmethod
    def start(cls, stack: ExitStack, kind: type[Pasteur], database: str, *, size: int, keep_alive: bool) -> Self:
        """Start a server with a database of its own, so that none pays for the rows of another."""
        postgresql = stack.enter_context(DurablePostgreSQL()) if database == "postgresql" else None
        server = kind(DATABASE_URL=postgresql.url) if postgresql else kind()
        return cls(stack.enter_context(server), postgresql, texts(size), keep_alive)

    def run(self, exchanges: Iterable[Exchange], *, seconds: float, warm_up: float, connections: int) -> Measured:
        """Put the exchanges to the server, and note what they cost it and its database."""
        before = self._cpu_seconds()
        done = run(self.server.port, exchanges, seconds=seconds, warm_up=warm_up, connections=connections)
        done.server_cpu = self._cpu_seconds() - before
        if done.wrong:
            print(f"WRONG: {dict(done.wrong)}\n{self.server.words()[-1_000:]}")
        return done

    def creates(self) -> Iterator[Exchange]:
        """Yield POST requests with texts that were never sent before; the last are kept to be read."""
        for text in self.texts:
            yield post("/", text, keep_alive=self.keep_alive), partial(self._made, text)

    def reads(self, path: str) -> Iterator[Exchange]:
        """Yield GET requests for the kept texts, each of which has to come back exactly."""
        for key, text in cycle(list(self.kept)):
            yield get(path.format(key), keep_alive=self.keep_alive), partial(_is, text)

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


def _holds(text: bytes, status: int, body: bytes) -> str:
    return "" if status == 200 and text in body else f"a page was answered with {status}, or without its text"
