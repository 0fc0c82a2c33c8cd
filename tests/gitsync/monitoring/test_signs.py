"""From the database alone, web processes see whether the worker and the scheduler are running, as in containers."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from time import monotonic

import pytest
from django.test import Client
from django.utils import timezone

from gitsync.models import ProgramSign
from gitsync.monitoring import signs
from tests.servers.pasteur import ROOT, Pasteur


def failing(client: Client) -> dict[str, str]:
    """Return what `/readyz` shows an operator."""
    return dict(client.get("/readyz").json()["failing_programs"])


def make_silent(name: str, seconds: float) -> None:
    ProgramSign.objects.filter(name=name).update(seen_at=timezone.now() - timedelta(seconds=seconds))


@pytest.fixture
def started() -> None:
    """Record that a worker has started and has received a message from the scheduler."""
    signs.started()


@pytest.mark.parametrize("seconds", [100, -100, -86_400])
@pytest.mark.parametrize("program", ["worker", "beat"])
@pytest.mark.usefixtures("started")
@pytest.mark.django_db(transaction=True)
@pytest.mark.database
def test_a_silent_program_is_reported(client: Client, program: str, seconds: float) -> None:
    assert failing(client) == {}

    make_silent(program, seconds)

    assert list(failing(client)) == [program]
    assert "no sign of life since" in failing(client)[program]
    signs.seen(program)
    assert failing(client) == {}


@pytest.mark.usefixtures("started")
@pytest.mark.django_db(transaction=True)
@pytest.mark.database
def test_a_worker_that_is_killed_repeatedly_is_reported_until_one_runs_well(client: Client) -> None:
    for _ in range(3):
        signs.started()
        signs.seen("worker", is_well=False)

    assert failing(client) == {"worker": "has exited without being stopped, 3 times in a row"}
    signs.seen("worker")
    assert failing(client) == {}


@pytest.mark.usefixtures("started")
@pytest.mark.django_db(transaction=True)
@pytest.mark.database
def test_a_worker_that_was_stopped_has_not_failed(client: Client) -> None:
    signs.stopped()

    signs.started()

    assert failing(client) == {}


@pytest.mark.django_db(transaction=True)
@pytest.mark.database
def test_a_worker_that_has_never_started_is_reported(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signs, "_loaded_at", monotonic() - 60)
    assert failing(client) == {}

    monkeypatch.setattr(signs, "_loaded_at", monotonic() - 100)

    assert failing(client) == {"worker": "has not started"}


class Programs(Pasteur):
    """Only the web server, as in its own container; the worker and the scheduler are started separately."""

    def __init__(self) -> None:
        super().__init__(HOST="127.0.0.1", CELERY_BROKER_URL="")
        self.data.mkdir(mode=0o700)

    def command(self) -> list[str]:
        self.manage("migrate", "--noinput")
        options = ["-c", "python:pasteur_site.web_server.config", "pasteur_site.wsgi"]
        return [sys.executable, "-m", "gunicorn", "--chdir", str(ROOT), *options]


@pytest.fixture
def web() -> Iterator[Programs]:
    with Programs() as site:
        yield site


@pytest.mark.server
def test_a_killed_worker_is_reported_by_a_web_server_in_another_container(web: Programs) -> None:
    def run(*arguments: str) -> subprocess.Popen[bytes]:
        celery = [sys.executable, "-m", "celery", "--app", "pasteur_site", "--workdir", str(ROOT), "--quiet"]
        command = [*celery, *arguments, "--loglevel", "warning"]
        return subprocess.Popen(command, env=web.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def failing_programs() -> dict[str, str]:
        return dict(web.http.request("GET", f"{web.url}/readyz").json()["failing_programs"])

    processes = []
    try:
        for _ in range(2):
            processes.append(run("worker", "--without-gossip", "--without-mingle"))
            key = web.paste("hello")
            web.wait_until_mirrored(key)
            os.kill(processes[-1].pid, signal.SIGKILL)
            processes[-1].wait()
        assert failing_programs() == {"worker": "has exited without being stopped, once"}
    finally:
        for process in processes:
            process.kill()
            process.wait()
