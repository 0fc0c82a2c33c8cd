"""`manage.py secret_key` on a separate site, whose web process and worker check the key at startup."""

import io
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django.fixtures import Settings

from pasteur_site import readiness
from pasteur_site.management.commands.run import programs
from tests.servers.pasteur import ROOT, Pasteur

KEYS = [f"{number} is a secret key of at least 32 characters" for number in "123"]


@pytest.fixture(scope="module")
def site() -> Iterator[Pasteur]:
    """Return a site that is not running, with tables and its key in the environment."""
    site = Pasteur(SECRET_KEY=KEYS[0])
    site.manage("migrate")
    site.manage("secret_key", "show")
    yield site
    site.stop()


def start(site: Pasteur, program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Start one of the site's programs, which must refuse to start."""
    return subprocess.run(
        programs()[program],
        env={**site.environment(), **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.server
@pytest.mark.parametrize("program", ["web", "worker"])
def test_a_process_with_another_key_does_not_start(site: Pasteur, program: str) -> None:
    done = start(site, program, SECRET_KEY=KEYS[1])

    assert done.returncode == 78, done.stderr
    assert "SECRET_KEY does not belong to this database." in done.stderr
    assert "manage.py secret_key adopt" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.server
def test_run_refuses_another_key_before_it_starts_anything(site: Pasteur) -> None:
    command = [sys.executable, "manage.py", "run"]
    environment = {**site.environment(), "SECRET_KEY": KEYS[1]}

    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 78, done.stderr
    assert "pasteur_site.E002" in done.stderr


@pytest.mark.django_db
def test_the_check_reads_the_database_only_when_requested(settings: Settings) -> None:
    assert not [message for message in run_checks(databases=["default"]) if message.id == "pasteur_site.E002"]

    settings.SECRET_KEY = KEYS[1]

    assert "pasteur_site.E002" in {message.id for message in run_checks(databases=["default"])}
    assert "pasteur_site.E002" not in {message.id for message in run_checks()}


@pytest.mark.django_db
def test_a_site_with_another_key_is_not_ready(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(readiness._secret_key, "matches", False)
    assert client.get("/readyz").json()["secret_key"] is True
    monkeypatch.setitem(readiness._secret_key, "matches", False)
    settings.SECRET_KEY = KEYS[1]

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["secret_key"]) == (503, False)


@pytest.mark.django_db
def test_a_key_in_the_environment_is_rotated_with_the_new_one_on_standard_input(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(KEYS[1].replace(" ", "-") + "\n"))
    settings.SECRET_KEY = KEYS[0]
    call_command("secret_key", "rotate", stdout=io.StringIO())

    settings.SECRET_KEY = KEYS[1].replace(" ", "-")
    shown = io.StringIO()
    call_command("secret_key", "show", stdout=shown)
    assert "Other keys that a process may start with: 1" in shown.getvalue()

    call_command("secret_key", "forget", stdout=io.StringIO())
    settings.SECRET_KEY = KEYS[0]
    for action in ("show", "rotate", "forget"):
        monkeypatch.setattr("sys.stdin", io.StringIO("x" * 10 + "abcdefghijklmnopqrstuvwxyz"))
        with pytest.raises(CommandError, match="does not belong to this database"):
            call_command("secret_key", action, stdout=io.StringIO())


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "short", "x" * 40, "two words of a secret key, long enough"])
def test_a_weak_new_key_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    settings.SECRET_KEY = KEYS[0]
    monkeypatch.setattr("sys.stdin", io.StringIO(key))

    with pytest.raises(CommandError, match="at least 32 random characters"):
        call_command("secret_key", "rotate")


def test_a_stored_key_is_replaced_and_the_former_one_becomes_a_fallback() -> None:
    site = Pasteur()
    site.manage("migrate")
    file, fallbacks = site.data / "secret_key", site.data / "secret_key_fallbacks"
    former = file.read_text()

    site.manage("secret_key", "rotate")

    assert file.read_text() != former
    assert fallbacks.read_text().split() == [former.strip()]
    assert file.stat().st_mode & 0o777 == fallbacks.stat().st_mode & 0o777 == 0o600
    assert "Fallbacks: 1." in site.manage("secret_key", "show").stdout

    site.manage("secret_key", "forget")

    assert not fallbacks.exists()
    assert "Fallbacks: 0. Other keys that a process may start with: 0." in site.manage("secret_key", "show").stdout
    assert site.manage("secret_key", "show", check=False).returncode == 0
    site.stop()
