"""A week of traffic in minutes, while everything that Pasteur relies on is killed and restarted at random.

Afterwards, everything that was acknowledged is in the mirror, byte for byte, and everything can be restored from the
mirror alone after the database is lost.
"""

import json
import os
import random
import secrets
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import urllib3

from tests import repository
from tests.servers.pasteur import Pasteur
from tests.servers.postgresql import PostgreSQL
from tests.servers.process import ServerProcess, wait_until
from tests.servers.redis import Redis
from tests.servers.sshd import Sshd

pytestmark = [pytest.mark.fault, pytest.mark.server, pytest.mark.alone]

_CLIENTS = 8
_LINES = ("plain", "größer", "日本語", "tab\there", "\r", "  ", "}" * 40, "\u2028", "🜁", "-----BEGIN", "--- a/x")
_NAMES = ("a.txt", "main.py", "notes.md", "größe.json", ".gitattributes", "x y.sh")


def random_text() -> str:
    """Return a unique text of several lines, with various line endings and characters."""
    lines = [random.choice(_LINES) for _ in range(random.randint(1, 60))]
    ending = random.choice(("\n", "\r\n", ""))
    return random.choice(("\n", "\r\n")).join([secrets.token_hex(8), *lines]) + ending


@dataclass
class Known:
    """What a client knows about its paste: its current text, or None once it is gone."""

    token: str
    name: str
    text: str | None
    revision: int = 1


@dataclass
class Client:
    """A client that creates, edits and removes pastes through the API, and retries until there is a response."""

    url: str
    known: dict[str, Known] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)

    def work(self, creates: int) -> None:
        """Create this many pastes, edit some of them, and remove others."""
        for _ in range(creates):
            self._create()
            living = [key for key in random.choices(list(self.known), k=3) if self.known[key].text is not None]
            if living and random.random() < 0.15:
                self._edit(living[0])
            if living and random.random() < 0.08:
                self._remove(living[0])

    def _create(self) -> None:
        name, text = random.choice(_NAMES), random_text()
        body = {"files": [{"name": name, "content": text}], "title": f"a {name}", "author": "Ada"}
        status, answer = self._ask("POST", "", body, {"Idempotency-Key": secrets.token_hex(16)})
        assert status == 201, answer
        self.known[answer["key"]] = Known(answer["token"], name, text)

    def _edit(self, key: str) -> None:
        paste, text = self.known[key], random_text()
        headers = {"X-Pasteur-Token": paste.token, "If-Match": "*"}
        status, answer = self._ask("PATCH", f"/{key}", {"files": [{"name": paste.name, "content": text}]}, headers)
        assert status == 200, answer
        paste.text, paste.revision = text, int(answer["revision"])

    def _remove(self, key: str) -> None:
        paste = self.known[key]
        status, answer = self._ask("DELETE", f"/{key}", None, {"X-Pasteur-Token": paste.token})
        assert status in {204, 404}, answer  # The response to an earlier attempt may have been lost.
        paste.text = None

    def _ask(self, method: str, path: str, body: object, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
        """Retry until there is a response other than an outage."""
        url = f"{self.url}/api/v1/pastes{path}"
        content = json.dumps(body).encode() if body is not None else None
        headers = headers | {"Content-Type": "application/json", "Connection": "close"}
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                answer = urllib3.request(method, url, body=content, headers=headers, timeout=20, retries=False)
            except urllib3.exceptions.HTTPError:
                self.answers[0] += 1
            else:
                self.answers[answer.status] += 1
                assert answer.data or answer.status == 204
                if answer.status != 503:
                    return answer.status, json.loads(answer.data) if answer.data else {}
            time.sleep(0.1)
        raise AssertionError(f"no answer to {method} {path} within two minutes")


class Havoc:
    """Kills and restarts processes at random, until told to stop."""

    def __init__(self, site: Pasteur, servers: list[ServerProcess], pause: tuple[float, float]) -> None:
        self.done: Counter[str] = Counter()
        self._site = site
        self._servers = servers
        self._pause = pause
        self._is_over = threading.Event()
        self._worker_killed_at = 0.0

    def work(self) -> None:
        """Run until stopped."""
        while not self._is_over.wait(random.uniform(*self._pause)):
            victim = random.choice([*self._servers, None])
            if victim is None:
                self._kill_worker()
            else:
                number = signal.SIGQUIT if isinstance(victim, PostgreSQL) else signal.SIGKILL
                victim.kill(number)
                assert victim.process is not None
                victim.process.wait()
                self._is_over.wait(random.uniform(0, self._pause[0]))
                victim.start()
                self.done[type(victim).__name__] += 1

    def stop(self) -> None:
        """Stop, leaving everything running."""
        self._is_over.set()

    def _kill_worker(self) -> None:
        """Kill the worker, but not five times in a minute, after which the whole site would exit."""
        if time.monotonic() - self._worker_killed_at > 20 and "worker" in (children := self._site.children()):
            os.kill(children["worker"], signal.SIGKILL)
            self._worker_killed_at = time.monotonic()
            self.done["worker"] += 1


@pytest.fixture
def site(postgresql: PostgreSQL, redis: Redis, sshd: Sshd) -> Iterator[Pasteur]:
    """Return the site with all optional services."""
    settings = {
        "DATABASE_URL": postgresql.url,
        "CELERY_BROKER_URL": redis.url,
        "CACHE_URL": redis.url,
        "GITSYNC_REMOTE": sshd.url,
        "GITSYNC_SSH_KEY_FILE": str(sshd.key_file),
        "GITSYNC_SSH_KNOWN_HOSTS_FILE": str(sshd.known_hosts_file),
        "GITSYNC_PUSH_INTERVAL": "2",
    }
    with Pasteur(**settings) as site:
        yield site


@pytest.mark.timeout(4_000)
@pytest.mark.parametrize(
    ("pastes", "pause"),
    [(600, (0.5, 2.0)), pytest.param(20_000, (2.0, 15.0), marks=pytest.mark.slow_fault)],
    ids=["an_hour", "a_week"],
)
def test_a_week_of_traffic_and_faults_loses_no_paste(
    site: Pasteur,
    postgresql: PostgreSQL,
    redis: Redis,
    sshd: Sshd,
    tmp_path: Path,
    pastes: int,
    pause: tuple[float, float],
) -> None:
    clients = [Client(site.url) for _ in range(_CLIENTS)]
    havoc = Havoc(site, [postgresql, redis, sshd], pause)
    with ThreadPoolExecutor(_CLIENTS + 1) as pool:
        wrecking = pool.submit(havoc.work)
        working = [pool.submit(client.work, pastes // _CLIENTS) for client in clients]
        try:
            for work in working:
                work.result()
        finally:
            havoc.stop()
        wrecking.result()
    told = {key: paste for client in clients for key, paste in client.known.items()}
    living = {key: paste for key, paste in told.items() if paste.text is not None}
    answers = sum((client.answers for client in clients), Counter[int]())
    print(f"{len(told)} pastes, {len(living)} living; answers {dict(answers)}; killed {dict(havoc.done)}")
    assert set(answers) <= {0, 200, 201, 204, 404, 503}

    site.wait_until_nothing_is_pending(300)
    assert site.manage("resync_git", "--check").returncode == 0
    repository.assert_sound(sshd.repository)
    changes = repository.changes(sshd.repository)
    assert len(changes) == len(set(changes))
    assert files_of_a_fresh_clone(sshd.repository, tmp_path) == {
        key: {in_git(paste.name): paste.text.encode()} for key, paste in living.items() if paste.text is not None
    }

    drop_and_restore(site, postgresql)

    for key, paste in told.items():
        answer = site.http.request("GET", f"{site.url}/{key}/raw")
        if paste.text is None:
            assert answer.status in {404, 410}
        else:
            assert answer.data == paste.text.encode()
            assert site.read(key)["revision"] == paste.revision
    assert int(postgresql.query("SELECT count(*) FROM pastes_paste WHERE state = 'published'")) == len(living)
    assert site.manage("resync_git", "--check").returncode == 0


def in_git(name: str) -> str:
    """Return a file's name in Git."""
    return f"_{name}" if name.startswith(".git") else name


def files_of_a_fresh_clone(remote: Path, tmp_path: Path) -> dict[str, dict[str, bytes]]:
    """Clone a repository as any user would, and return all files, keyed by paste and name."""
    clone = tmp_path / "fresh"
    subprocess.run(["git", "clone", "--quiet", str(remote), str(clone)], check=True)
    found: dict[str, dict[str, bytes]] = {}
    for file in clone.glob("?/?/?/*/*"):
        if file.name != ".pasteur.json":
            found.setdefault(file.parent.name, {})[file.name] = file.read_bytes()
    return found


def drop_and_restore(site: Pasteur, postgresql: PostgreSQL) -> None:
    """Delete the database, create an empty one, and restore everything from the mirror."""
    site.kill(signal.SIGTERM)
    assert site.process is not None
    site.process.wait(timeout=20)
    postgresql.query("DROP DATABASE pasteur WITH (FORCE)", database="postgres")
    postgresql.query("CREATE DATABASE pasteur", database="postgres")
    site.manage("migrate")
    print(site.manage("restore_from_git").stdout)
    site.start()
    wait_until(site.is_ready, "the site answers")
