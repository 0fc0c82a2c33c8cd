"""The containers: which service gets which secret, what is reachable from where, and that the commands work."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3
from ruamel.yaml import YAML

from pasteur_site.management.commands import run
from pasteur_site.settings import env
from tests import repository
from tests.servers.postgresql import PostgreSQL
from tests.servers.process import ServerProcess, wait_until
from tests.servers.redis import Redis
from tests.servers.sshd import Sshd

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("migrate", "web", "worker", "beat", "nginx", "proxied", "certbot")
#: Variables in .env that are not settings of the site.
OF_CONTAINERS = {
    *("PASTEUR_UID", "HTTP_PORT", "HTTPS_PORT", "FRONT_ACCESS_LOG", "FRONT_LOG_KEYS"),
    *("CERTBOT_EMAIL", "CERTBOT_SERVER", "CERTBOT_CHALLENGE"),
}
#: Settings that the containers set themselves; operators can set all others in .env.
FIXED = {
    *(
        "HOST",
        "DEBUG",
        "PASTEUR_DATA_DIR",
        "SECRET_KEY",
        "SECRET_KEY_FALLBACKS",
        "DATABASE_URL",
        "CACHE_URL",
        "CELERY_BROKER_URL",
    ),
    *(
        "GITSYNC_SSH_KEY_FILE",
        "GITSYNC_SSH_KNOWN_HOSTS_FILE",
        "GITSYNC_HTTP_TOKEN",
        "GITSYNC_SSH_SEED",
        "PASTEUR_METRICS_TOKEN",
        "GITSYNC_HOOK_SECRET",
        "PASTEUR_EMAIL_URL",
    ),
    # Containers get HTTPS from the web server in front of them.
    *("PASTEUR_HTTPS", "HTTPS_PORT", "PASTEUR_CERTIFICATE_NAMES", "PASTEUR_CERTIFICATE_SEED", "PASTEUR_ACME_DIRECTORY"),
    *("PASTEUR_ACME_EMAIL", "PASTEUR_ACME_SEED", "PASTEUR_ACME_CA_FILE", "PASTEUR_ACME_DNS_SERVER"),
    *("PASTEUR_ACME_DNS_PORT", "PASTEUR_ACME_DNS_KEY_FILE", "PASTEUR_ACME_DNS_SECONDS"),
}


def interpolated(value: str, variables: Mapping[str, str]) -> str:
    """Return a value from the file as interpreted by Compose: ${NAME:-default} and $$."""
    return re.sub(
        r"\$(?:\$|\{(\w+):-([^}]*)\})",
        lambda match: (variables.get(match[1]) or match[2]) if match[1] else "$",
        value,
    )


def settings_of(service: str) -> dict[str, str]:
    """Return the environment of a service as defined in the file."""
    return dict(SERVICES[service].get("environment", {}))


def services_with_secret(secret: str) -> set[str]:
    """Return the services that get this secret."""
    return {name for name, service in SERVICES.items() if secret in service.get("secrets", [])}


def test_every_long_running_service_has_a_health_check() -> None:
    staying = {name for name, service in SERVICES.items() if service.get("restart") != "no"}

    assert staying == set(SERVICES) - {"migrate"}
    for name in staying:
        assert SERVICES[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}, name


def test_only_the_worker_gets_the_deploy_key() -> None:
    # The key and the known hosts file are in its volume.
    assert [name for name in SERVICES if any(v.startswith("data:") for v in SERVICES[name].get("volumes", []))] == [
        "worker"
    ]
    assert (
        services_with_secret("ssh_seed")
        == services_with_secret("http_token")
        == services_with_secret("email_url")
        == {"worker"}
    )
    assert services_with_secret("dns_key") == {"certbot"}
    # Eligibility is decided when a paste is written, and forges call the web process.
    rules = {"GITSYNC_EMBARGO", "GITSYNC_MIRROR_EXPIRING", "GITSYNC_READ_BACK", "GITSYNC_HOOK_SECRET_FILE"}
    rules |= {"GITSYNC_REMOTE", "GITSYNC_WEB_URL", "GITSYNC_CLONE_URL"}  # For links to commits and the clone address.
    rules.add("GITSYNC_BRANCH")  # Together with the remote, it identifies the current mirror.
    knowing = {name for name in SERVICES if any(s.startswith("GITSYNC_") for s in set(settings_of(name)) - rules)}
    assert knowing == {"worker"}


def test_each_secret_is_given_only_to_services_that_need_it() -> None:
    assert services_with_secret("metrics_token") == {"web"}
    assert (
        services_with_secret("secret_key")
        == services_with_secret("secret_key_fallbacks")
        == services_with_secret("database_url")
        == {"migrate", "web", "worker"}
    )
    assert services_with_secret("postgres_password") == {"postgres"}


def test_no_secret_is_in_an_environment() -> None:
    secrets = {name.removesuffix("_FILE") for name in env.names if name.endswith("_FILE")} & env.names
    for name, service in SERVICES.items():
        for setting, value in settings_of(name).items():
            if setting.endswith("_FILE") and value.startswith("/run/secrets/"):
                assert value.removeprefix("/run/secrets/") in service["secrets"], (name, setting)
            if setting in secrets:
                assert urlsplit(value).scheme == "redis", (name, setting)
                assert urlsplit(value).password is None, (name, setting)
            assert "PASSWORD" not in setting or setting.endswith("_FILE"), (name, setting)


def test_only_nginx_is_published_and_on_loopback_behind_another_web_server() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert published == {
        "nginx": ["${HTTP_PORT:-80}:8080", "${HTTPS_PORT:-443}:8443"],
        "proxied": ["127.0.0.1:${PORT:-8000}:8080"],
    }
    assert (SERVICES["nginx"]["profiles"], SERVICES["proxied"]["profiles"]) == (["https"], ["proxied"])


def test_databases_cannot_reach_the_outside() -> None:
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    outside = {name for name, service in SERVICES.items() if service["networks"] != ["inside"]}

    assert outside == {"nginx", "proxied", "certbot", "worker"}


def test_the_site_starts_without_broker_worker_and_remote() -> None:
    assert set(SERVICES["web"]["depends_on"]) == {"migrate", "postgres"}


def test_no_service_starts_before_the_tables_exist() -> None:
    for name in ("web", "worker"):
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert SERVICES["migrate"]["depends_on"]["postgres"] == {"condition": "service_healthy"}


@pytest.mark.parametrize("name", OURS)
def test_our_containers_have_minimal_privileges(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "devices", "user", "network_mode", "pid"} & set(service)


def test_the_image_runs_as_an_ordinary_user_and_contains_the_listed_files() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    named = (ROOT / ".dockerignore").read_text().splitlines()

    assert [line for line in lines if line.startswith("USER ")] == ["USER ${PASTEUR_UID}"] * 2
    assert "ARG PASTEUR_UID=1000" in lines
    assert "*" in named
    assert all((ROOT / line[1:]).exists() for line in named if line.startswith("!"))


def test_the_commands_are_the_same_as_in_manage_py_run() -> None:
    for name, command in run.programs().items():
        words = ["python" if word == sys.executable else word.replace(str(ROOT), "/app") for word in command]
        assert SERVICES[name]["command"] == words


def test_all_settings_for_operators_can_be_set_in_env() -> None:
    choices = {name for name in env.names - FIXED if name.removesuffix("_FILE") not in env.names - {name}}
    written = (ROOT / "docker-compose.yml").read_text()
    example = (ROOT / ".env.example").read_text()

    assert set(re.findall(r"\$\{(\w+):-", written)) == choices | OF_CONTAINERS
    assert set(re.findall(r"^#(\w+)=", example, re.MULTILINE)) == choices | OF_CONTAINERS | {"COMPOSE_PROFILES"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a folder that contains the scripts of a checkout."""
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    return tmp_path


def setup(checkout: Path, answers: str) -> subprocess.CompletedProcess[str]:
    """Run deploy/setup with these answers, without building images."""
    command = ["deploy/setup", "--only-files"]
    return subprocess.run(command, cwd=checkout, input=answers, capture_output=True, text=True, check=False)


def variables(checkout: Path) -> dict[str, str]:
    """Return the variables set in .env."""
    return dict(line.split("=", 1) for line in (checkout / ".env").read_text().splitlines())


def test_setup_creates_every_secret_and_env_correctly(checkout: Path) -> None:
    done = setup(checkout, "https://paste.example.org\n\nada@example.org\ngit@git.example.org:team/pastes.git\n")

    assert done.returncode == 0, done.stderr
    written = variables(checkout)
    assert written["PASTEUR_URL"] == "https://paste.example.org"
    assert (written["COMPOSE_PROFILES"], written["ALLOWED_HOSTS"]) == ("https", "paste.example.org")
    assert written["GITSYNC_REMOTE"] == "git@git.example.org:team/pastes.git"
    folder = checkout / "secrets"
    paths = {name: folder / Path(secret["file"]).name for name, secret in COMPOSE["secrets"].items()}
    assert set(folder.iterdir()) == set(paths.values())
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in paths.values())
    assert {path.stat().st_uid for path in paths.values()} == {int(written["PASTEUR_UID"])}
    url = urlsplit(paths["database_url"].read_text())
    assert (url.scheme, url.hostname, url.password) == ("postgres", "postgres", paths["postgres_password"].read_text())
    assert len(paths["secret_key"].read_text()) == 64
    assert paths["secret_key"].read_text() != paths["postgres_password"].read_text()
    assert not any(secret in done.stdout + done.stderr for secret in (str(url.password),))


def test_running_setup_again_changes_nothing(checkout: Path) -> None:
    setup(checkout, "https://example.org/paste\nproxied\n\n")
    before = {path: path.read_text() for path in (checkout / "secrets").iterdir()}, (checkout / ".env").read_text()

    done = setup(checkout, "\n")

    assert done.returncode == 0, done.stderr
    assert before == (
        {path: path.read_text() for path in (checkout / "secrets").iterdir()},
        (checkout / ".env").read_text(),
    )
    assert variables(checkout)["ALLOWED_HOSTS"] == "example.org"


@pytest.mark.parametrize("address", ["", "paste.example.org", "https://a b", "https://h;x", "https://$(id)"])
def test_setup_refuses_an_invalid_address(checkout: Path, address: str) -> None:
    done = setup(checkout, f"{address}\n")

    assert done.returncode == 1
    assert done.stderr.count("\n") <= 2
    assert "PASTEUR_URL" not in (checkout / ".env").read_text()


class Service(ServerProcess):
    """A service from the Compose file as an ordinary process, with all paths on this machine."""

    def __init__(self, name: str, places: Mapping[str, str], variables: Mapping[str, str], path: str) -> None:
        super().__init__()
        self.name = name
        self.path = path
        self.variables = variables
        self.places = {**places, "/app": str(ROOT), "/tmp/pasteur": str(self.folder / "data"), "8000": str(self.port)}

    def localize(self, value: str) -> str:
        """Return a value from the file with its paths and hosts replaced by those of this machine."""
        theirs = "|".join(re.escape(place) for place in self.places)
        value = re.sub(theirs, lambda match: self.places[match[0]], value)
        return sys.executable if value == "python" else interpolated(value, self.variables)

    def command(self) -> Sequence[str]:
        """Return the command line."""
        return [self.localize(word) for word in SERVICES[self.name]["command"]]

    def environment(self) -> Mapping[str, str]:
        """Return the environment of the image combined with that of the service."""
        environment = {name: self.localize(value) for name, value in settings_of(self.name).items()}
        if "HOST" in environment:
            environment["HOST"] = "127.0.0.1"
        return {"PATH": self.path, "PASTEUR_DATA_DIR": str(self.folder / "data"), **environment}

    def is_ready(self) -> bool:
        """Return whether the health check succeeds."""
        kind, *words = SERVICES[self.name]["healthcheck"]["test"]
        words = [self.localize(word) for word in words]
        if kind == "CMD-SHELL":
            words = ["sh", "-c", words[0].replace("python ", f"{sys.executable} ", 1)]
        environment = {**self.environment(), "PATH": os.environ["PATH"]}
        return subprocess.run(words, env=environment, cwd=ROOT, capture_output=True, check=False).returncode == 0


@pytest.mark.server
def test_the_services_push_a_paste_to_a_remote_over_ssh(
    postgresql: PostgreSQL, redis: Redis, sshd: Sshd, tmp_path: Path
) -> None:
    (tmp_path / "secret_key").write_text("0123456789abcdef" * 4)
    (tmp_path / "secret_key_fallbacks").touch()
    (tmp_path / "database_url").write_text(postgresql.url)
    (tmp_path / "http_token").touch()
    (tmp_path / "metrics_token").touch()
    (tmp_path / "hook_secret").touch()
    (tmp_path / "email_url").touch()
    (tmp_path / "ssh_seed").touch()
    places = {
        "/run/secrets": str(tmp_path),
        "redis://redis:6379": f"redis://127.0.0.1:{redis.port}",
    }
    variables = {"GITSYNC_REMOTE": sshd.url}
    nothing = tmp_path / "no-programs"
    nothing.mkdir()

    migrate = Service("migrate", places, variables, os.environ["PATH"])
    done = subprocess.run(migrate.command(), env=migrate.environment(), cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    migrate.stop()

    web = Service("web", places, variables, str(nothing))  # It has neither git nor any other program to start.
    worker = Service("worker", places, variables, os.environ["PATH"])
    data = worker.folder / "data"
    data.mkdir(mode=0o700)
    shutil.copy2(sshd.key_file, data / "deploy_key")
    shutil.copy2(sshd.known_hosts_file, data / "known_hosts")
    beat = Service("beat", places, variables, os.environ["PATH"])
    with web, worker, beat:
        http = urllib3.PoolManager(timeout=10, retries=False)
        answer = http.request("PUT", f"http://127.0.0.1:{web.port}/hello.txt", body=b"hello\n")
        key = answer.data.decode().strip().rpartition("/")[2]
        wait_until(lambda: b"refs/heads/main" in repository.git(sshd.repository, "for-each-ref"), "the push")

        assert answer.status == 201
        assert repository.text(sshd.repository, key, "hello.txt") == b"hello\n"
        wait_until(lambda: "the worker is listening for changes" in worker.log_tail(), "the worker says so", 10)
        assert f"listening on http://127.0.0.1:{web.port}\n" in web.log_tail()
        for service in (web, worker, beat):
            grace = int(SERVICES[service.name].get("stop_grace_period", "10s").removesuffix("s"))
            assert service.process is not None
            service.process.send_signal(signal.SIGTERM)
            service.process.wait(timeout=grace)
            assert "Traceback" not in service.log_tail(), service.log_tail()
