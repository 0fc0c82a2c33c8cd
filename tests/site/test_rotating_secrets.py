"""deploy/rotate replaces secrets of the containers, here with programs of this machine in place of containers."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.pasteur import ROOT, Pasteur
from tests.servers.postgresql import PostgreSQL


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a folder with the script, secrets, and a program that notes how it is called."""
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    (tmp_path / "secrets").mkdir(mode=0o700)
    for name in ("secret_key", "secret_key_fallbacks", "postgres_password", "database_url", "http_token"):
        (tmp_path / "secrets" / name).write_text(f"the former value of this {name}\n".replace(" ", "-"))
    (tmp_path / "secrets/metrics_token").touch()
    (tmp_path / "secrets/hook_secret").touch()
    return tmp_path


def rotate(checkout: Path, name: str, compose: str, text: str = "", **environment: str) -> str:
    """Run the script with a shell script in place of `docker compose`; return the lines that this script noted."""
    program = checkout / "compose"
    program.write_text(f'#!/bin/sh\necho "$@" >>{checkout}/calls\n{compose}\n')
    program.chmod(0o755)
    variables = {"PATH": os.environ["PATH"], "COMPOSE": str(program), **environment}
    done = subprocess.run(
        ["deploy/rotate", name], cwd=checkout, env=variables, input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return (checkout / "calls").read_text()


def read(checkout: Path, name: str) -> str:
    return (checkout / "secrets" / name).read_text().strip()


@pytest.mark.server
def test_the_secret_key_is_registered_before_web_and_worker_get_it(checkout: Path) -> None:
    site = Pasteur()
    former = "the-former-value-of-this-secret_key"
    site.settings["SECRET_KEY"] = former
    site.manage("migrate")
    site.manage("secret_key", "show")
    manage = f'case "$*" in exec*) cd {ROOT} && exec {sys.executable} manage.py secret_key rotate ;; esac'

    calls = rotate(checkout, "secret-key", manage, **site.environment())

    new = read(checkout, "secret_key")
    assert len(new) == 64
    assert read(checkout, "secret_key_fallbacks") == former
    assert calls.splitlines()[-1] == "up --detach --force-recreate --no-deps web worker"
    assert new not in calls
    site.settings |= {"SECRET_KEY": new, "SECRET_KEY_FALLBACKS": former}
    assert "Fallbacks: 1." in site.manage("secret_key", "show").stdout
    site.stop()


@pytest.mark.server
def test_the_password_of_the_database_is_changed_in_server_and_files(checkout: Path, postgresql: PostgreSQL) -> None:
    words = " ".join(f"'{word}'" for word in postgresql.psql()[:-1])
    psql = f'case "$*" in exec*) exec {words} -v ON_ERROR_STOP=1 pasteur ;; esac'

    calls = rotate(checkout, "database-password", psql)

    password = read(checkout, "postgres_password")
    assert len(password) == 64
    assert read(checkout, "database_url") == f"postgres://pasteur:{password}@postgres:5432/pasteur"
    assert password not in calls
    assert postgresql.query("SELECT rolpassword LIKE 'SCRAM%' FROM pg_authid WHERE rolname = 'pasteur'").strip() == "t"
    assert "up --detach --force-recreate --no-deps web worker" in calls


@pytest.mark.parametrize(
    ("name", "file", "service"),
    [
        ("http-token", "http_token", "worker"),
        ("metrics-token", "metrics_token", "web"),
        ("hook-secret", "hook_secret", "web"),
    ],
)
def test_a_token_is_replaced_in_its_file_and_its_service_restarted(
    checkout: Path, name: str, file: str, service: str
) -> None:
    before = (checkout / "secrets" / file).stat().st_ino

    calls = rotate(checkout, name, "", text="a-new-token\n")

    assert read(checkout, file) == "a-new-token" if name == "http-token" else len(read(checkout, file)) == 64
    assert calls == f"up --detach --force-recreate --no-deps {service}\n"
    assert (checkout / "secrets" / file).stat().st_ino == before  # Containers have mounted this file.


def test_an_unknown_secret_is_refused_with_the_usage(checkout: Path) -> None:
    done = subprocess.run(["deploy/rotate", "all"], cwd=checkout, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "secret-key|database-password" in done.stderr
