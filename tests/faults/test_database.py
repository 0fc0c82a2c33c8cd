"""The database restarts, freezes, is locked, or has many writers."""

import fcntl
import itertools
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
import urllib3

from tests import repository
from tests.servers.pasteur import Pasteur
from tests.servers.postgresql import PostgreSQL
from tests.servers.process import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.server, pytest.mark.alone]


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQL]:
    """Return a running PostgreSQL for all tests here; each test leaves it unchanged."""
    with PostgreSQL() as server:
        yield server


@pytest.fixture(scope="module")
def site(postgresql: PostgreSQL) -> Iterator[Pasteur]:
    """Return the site on PostgreSQL."""
    with Pasteur(DATABASE_URL=postgresql.url) as site:
        yield site


class Clients:
    """Clients that create one paste after another, each on a separate connection, until they are told to stop."""

    def __init__(self, site: Pasteur, count: int) -> None:
        self.answers: Counter[int] = Counter()
        self.bare: list[int] = []
        self.taken: dict[str, str] = {}
        self._site = site
        self._numbers = itertools.count()
        self._is_over = threading.Event()
        self._pool = ThreadPoolExecutor(count)
        self._work = [self._pool.submit(self._paste) for _ in range(count)]

    def _paste(self) -> None:
        http = urllib3.PoolManager(timeout=20, retries=False)
        while not self._is_over.is_set():
            text = f"paste {next(self._numbers)}\n"
            answer = http.request("POST", f"{self._site.url}/", body=text.encode())
            self.answers[answer.status] += 1
            if not answer.data:
                self.bare.append(answer.status)
            if answer.status == 201:
                self.taken[answer.data.decode().strip().rpartition("/")[2]] = text
            else:
                time.sleep(0.05)

    def stop(self) -> None:
        """Stop the clients, and raise the first error that occurred."""
        self._is_over.set()
        self._pool.shutdown()
        for work in self._work:
            work.result()


@contextmanager
def clients(site: Pasteur, count: int) -> Iterator[Clients]:
    """Run this many clients for the duration of the block."""
    found = Clients(site, count)
    try:
        yield found
    finally:
        found.stop()


def assert_all_mirrored(site: Pasteur, taken: dict[str, str]) -> None:
    """Fail unless every paste can be read, is mirrored, and has exactly one commit."""
    for key, text in taken.items():
        assert site.http.request("GET", f"{site.url}/{key}/raw").data.decode() == text
    site.wait_until_nothing_is_pending()
    found = repository.changes(site.mirror)
    assert len(found) == len(set(found))
    assert {f"{key}.1" for key in taken} <= set(found)
    assert site.manage("resync_git", "--check").returncode == 0
    repository.assert_sound(site.mirror)


@pytest.mark.parametrize("restarts", [2, pytest.param(10, marks=pytest.mark.slow_fault)], ids=["some", "all"])
def test_postgresql_restarts_immediately_under_load(postgresql: PostgreSQL, site: Pasteur, restarts: int) -> None:
    with clients(site, 8) as load:
        for _ in range(restarts):
            before = load.answers[201]
            wait_until(lambda: load.answers[201] > before + 20, "pastes are taken")  # noqa: B023  (runs now)
            postgresql.kill(signal.SIGQUIT)  # Like `pg_ctl -m immediate stop`.
            assert postgresql.process is not None
            postgresql.process.wait()
            wait_until(lambda: load.answers[503], "somebody is told")
            postgresql.start()
            before = load.answers[201]
            wait_until(lambda: load.answers[201] > before, "pastes are taken again", 5)  # noqa: B023  (runs now)

    assert set(load.answers) == {201, 503}
    assert load.bare == []
    assert_all_mirrored(site, load.taken)


def send_request(site: Pasteur, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes, float]:
    """Send a request on a new connection and return status, body, and duration in seconds."""
    started = time.monotonic()
    headers = {"Content-Type": "application/json" if path.startswith("/api/") else "text/plain"}
    http = urllib3.PoolManager(timeout=20, retries=False)
    answer = http.request(method, f"{site.url}{path}", body=body, headers=headers)
    return answer.status, answer.data, time.monotonic() - started


def backends(postgresql: PostgreSQL) -> list[int]:
    """Return the server's backend processes, each of which serves a connection."""
    assert postgresql.process is not None
    found = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(postgresql.process.pid)], check=True, capture_output=True
    )
    lines = (line.split(None, 1) for line in found.stdout.decode().splitlines())
    return [int(pid) for pid, words in lines if "pasteur pasteur 127.0.0.1" in words]


@contextmanager
def freeze(postgresql: PostgreSQL, *, server: bool = False) -> Iterator[None]:
    """Freeze the existing backends for the block, and if `server` is true, also the process accepting connections."""
    assert postgresql.process is not None
    pids = [*([postgresql.process.pid] if server else []), *backends(postgresql)]
    try:
        for pid in pids:
            _tell(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            _tell(pid, signal.SIGCONT)


def _tell(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):  # It has just exited, with its connection.
        os.kill(pid, number)


def test_frozen_backends_delay_only_their_own_requests(postgresql: PostgreSQL, site: Pasteur) -> None:
    with clients(site, 8) as load:
        wait_until(lambda: load.answers[201] > 50, "every thread has its connection")
    with freeze(postgresql):
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: send_request(site, "POST", "/", b"x"), range(16)))

        assert {status for status, _, _ in answers} <= {201, 503}
        assert max(seconds for _, _, seconds in answers) < 5
        # The server itself works: callers that find a frozen connection get a new one.
        assert send_request(site, "POST", "/", b"y")[0] == 201
    assert_all_mirrored(site, load.taken)


def test_with_a_frozen_database_requests_end_with_503(postgresql: PostgreSQL, site: Pasteur) -> None:
    key = site.paste("before")
    site.wait_until_mirrored(key)
    with freeze(postgresql, server=True), ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send_request(site, "GET", f"/{key}"), range(8)))

    assert {status for status, _, _ in answers} == {503}
    assert all(body for _, body, _ in answers)
    assert max(seconds for _, _, seconds in answers) < 5
    wait_until(lambda: send_request(site, "GET", f"/{key}")[0] == 200, "it works again", 5)


@contextmanager
def lock_table(postgresql: PostgreSQL, table: str) -> Iterator[None]:
    """Lock a table exclusively for the duration of the block."""
    lock = f"BEGIN; LOCK TABLE {table}; SELECT pg_sleep(60)"
    holder = subprocess.Popen(postgresql.psql("-c", lock), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    held = f"FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = '{table}'::regclass AND granted"
    wait_until(lambda: postgresql.query(f"SELECT count(*) {held}").strip() == "1", "the table is locked")
    try:
        yield
    finally:
        postgresql.query(f"SELECT pg_terminate_backend(pid) {held}")
        holder.wait()


@pytest.mark.parametrize("path", ["/", "/api/v1/pastes"])
def test_with_a_locked_table_a_request_ends_with_503(postgresql: PostgreSQL, site: Pasteur, path: str) -> None:
    body = b"x" if path == "/" else b'{"files": [{"content": "x"}]}'
    assert send_request(site, "POST", path, body)[0] == 201  # The first request to a process is slow.

    with lock_table(postgresql, "pastes_paste"):
        status, words, seconds = send_request(site, "POST", path, body)

    assert status == 503
    assert b"database" in words
    assert seconds < 5
    wait_until(lambda: send_request(site, "POST", path, body)[0] == 201, "it works again", 5)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seconds", [3, pytest.param(60, marks=pytest.mark.slow_fault)], ids=["short", "long"])
def test_fifty_writers_and_the_worker_share_sqlite(pasteur: Pasteur, seconds: float) -> None:
    with clients(pasteur, 50) as load:
        time.sleep(seconds)

    assert set(load.answers) == {201}
    assert "database is locked" not in pasteur.log_tail()
    assert_all_mirrored(pasteur, load.taken)


def test_an_endless_writer_delays_other_writers_by_20_seconds_and_readers_not_at_all(pasteur: Pasteur) -> None:
    key = pasteur.paste("read me")
    token = pasteur.manage("api_token", "create", "reader", "--scope", "read").stdout.strip()
    headers = {"Authorization": f"Bearer {token}", "Connection": "close"}
    with (pasteur.data / "pasteur.sqlite3-turn").open("a") as file, ThreadPoolExecutor(4) as pool:
        fcntl.flock(file, fcntl.LOCK_EX)
        http = urllib3.PoolManager(timeout=40, retries=False, headers={"Connection": "close"})
        started = time.monotonic()
        writers = [pool.submit(http.request, "POST", f"{pasteur.url}/", body=b"text") for _ in range(4)]
        read = http.request("GET", f"{pasteur.url}/api/v1/pastes/{key}", headers=headers)
        took = time.monotonic() - started
        statuses = [writer.result().status for writer in writers]
        waited = time.monotonic() - started

    assert (read.status, took < 2) == (200, True)
    assert statuses == [503] * 4
    assert 18 < waited < 25
    assert pasteur.paste("written again")
