"""Settings are read from the environment, and invalid values are refused at startup with clear messages."""

import os
import runpy
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pastes.rules.lifetimes import LIFETIMES
from pasteur_site.configuration.environment import SettingsError
from pasteur_site.configuration.secret_keys import stored_secret
from pasteur_site.startup import EX_CONFIG
from tests.servers.pasteur import ROOT

OURS = ("PASTEUR_", "GITSYNC_")
OTHERS = (
    *(
        "HOST",
        "PORT",
        "HTTPS_PORT",
        "DEBUG",
        "ALLOWED_HOSTS",
        "SECRET_KEY",
        "SECRET_KEY_FILE",
        "DATABASE_URL",
        "DATABASE_URL_FILE",
    ),
    *("CACHE_URL", "CACHE_URL_FILE", "CELERY_BROKER_URL", "CELERY_BROKER_URL_FILE"),
)


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide all settings of the tests themselves."""
    for name in [name for name in os.environ if name.startswith(OURS) or name in OTHERS]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PASTEUR_DATA_DIR", str(tmp_path / "data"))


def load(monkeypatch: pytest.MonkeyPatch, **environment: str) -> dict[str, Any]:
    """Return the settings that result from this environment."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(ROOT / "pasteur_site" / "settings.py"))


def find_problems(monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[str]:
    """Return the problems with this environment, one per line."""
    with pytest.raises(SettingsError) as caught:
        load(monkeypatch, **environment)
    return [line.strip() for line in str(caught.value).splitlines()]


def test_all_settings_have_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = load(monkeypatch)

    assert (settings["HOST"], settings["PORT"], settings["DEBUG"]) == ("127.0.0.1", 8000, False)
    assert set(settings["ALLOWED_HOSTS"]) == {"localhost", "127.0.0.1", "[::1]"}
    assert (settings["PASTEUR_MAX_BYTES"], settings["PASTEUR_KEY_LENGTH"]) == (524_288, 10)
    assert settings["PASTEUR_TITLE"] == "Pasteur"
    assert (settings["GITSYNC_BRANCH"], settings["GITSYNC_PUSH_INTERVAL"]) == ("main", None)
    assert settings["GITSYNC_REMOTE"] == str(tmp_path / "data" / "mirror.git")
    assert settings["DATABASES"]["default"]["NAME"] == str(tmp_path / "data" / "pasteur.sqlite3")
    assert settings["CELERY_BROKER_URL"].startswith("folder:")
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("name", "value", "setting", "becomes"),
    [
        ("HOST", "0.0.0.0", "HOST", "0.0.0.0"),
        ("PORT", "1", "PORT", 1),
        ("PORT", " 65535 ", "PORT", 65_535),
        ("PORT", "", "PORT", 8_000),
        ("ALLOWED_HOSTS", "a.example, b.example ,", "ALLOWED_HOSTS", ["a.example", "b.example"]),
        ("PASTEUR_TITLE", "Zoë's <pastes>", "PASTEUR_TITLE", "Zoë's <pastes>"),
        ("PASTEUR_SUBTITLE", "words", "PASTEUR_SUBTITLE", "words"),
        ("PASTEUR_MAX_BYTES", "1", "PASTEUR_MAX_BYTES", 1),
        ("PASTEUR_KEY_LENGTH", "32", "PASTEUR_KEY_LENGTH", 32),
        *(("PASTEUR_DEFAULT_EXPIRES", name, "PASTEUR_DEFAULT_EXPIRES", name) for name in LIFETIMES),
        ("PASTEUR_DEFAULT_VISIBILITY", "public", "PASTEUR_DEFAULT_VISIBILITY", "public"),
        ("PASTEUR_URL", "https://paste.example.org/", "PASTEUR_URL", "https://paste.example.org"),
        ("PASTEUR_URL", "http://[::1]:8000", "PASTEUR_URL", "http://[::1]:8000"),
        ("PASTEUR_URL", "https://example.org/a/paste/", "PASTEUR_URL", "https://example.org/a/paste"),
        ("PASTEUR_URL", "https://example.org/a/paste/", "FORCE_SCRIPT_NAME", "/a/paste"),
        ("PASTEUR_WEB_PROCESSES", "4", "PASTEUR_WEB_PROCESSES", 4),
        ("PASTEUR_WEB_THREADS", "1", "PASTEUR_WEB_THREADS", 1),
        ("PASTEUR_MAY_CREATE", "token, 10.0.0.0/8", "PASTEUR_MAY_CREATE", "token, 10.0.0.0/8"),
        ("PASTEUR_MAY_READ", "token", "PASTEUR_MAY_LIST", "token"),
        ("GITSYNC_REMOTE", "git@host:pastes.git", "GITSYNC_REMOTE", "git@host:pastes.git"),
        ("GITSYNC_BRANCH", "pastes/main", "GITSYNC_BRANCH", "pastes/main"),
        ("GITSYNC_WEB_URL", "http://[::1]:3000/a/b?h={commit}", "GITSYNC_WEB_URL", "http://[::1]:3000/a/b?h={commit}"),
        ("GITSYNC_WEB_URL", "off", "GITSYNC_WEB_URL", "off"),
        ("GITSYNC_CLONE_URL", "https://host:8443/~a/b.git", "GITSYNC_CLONE_URL", "https://host:8443/~a/b.git"),
        ("GITSYNC_CLONE_URL", "git@host:a/b.git", "GITSYNC_CLONE_URL", "git@host:a/b.git"),
        ("GITSYNC_SSH_KEY_FILE", "/run/key", "GITSYNC_SSH_KEY_FILE", Path("/run/key")),
        ("GITSYNC_SSH_KNOWN_HOSTS_FILE", "hosts", "GITSYNC_SSH_KNOWN_HOSTS_FILE", ROOT / "hosts"),
        ("GITSYNC_PUSH_INTERVAL", "0", "GITSYNC_PUSH_INTERVAL", 0.0),
        ("GITSYNC_PUSH_INTERVAL", "2.5", "GITSYNC_PUSH_INTERVAL", 2.5),
        ("DEBUG", "yes", "DEBUG", True),
        ("DEBUG", "0", "DEBUG", False),
        ("CELERY_BROKER_URL", "redis://:pw@host:6379/1", "CELERY_BROKER_URL", "redis://:pw@host:6379/1"),
        ("SECRET_KEY", "0123456789" * 4, "SECRET_KEY", "0123456789" * 4),
    ],
)
def test_a_valid_value_is_used(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, setting: str, becomes: object
) -> None:
    assert load(monkeypatch, **{name: value})[setting] == becomes


def test_a_database_and_a_cache_are_configured_by_url(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, DATABASE_URL="postgres://u:p%40w@host:5433/name", CACHE_URL="redis://host:6379/2")

    database = settings["DATABASES"]["default"]
    assert (database["ENGINE"], database["NAME"], database["USER"]) == ("django.db.backends.postgresql", "name", "u")
    assert (database["PASSWORD"], database["HOST"], database["PORT"]) == ("p@w", "host", 5433)
    assert settings["CACHES"]["default"]["LOCATION"] == "redis://host:6379/2"
    assert settings["SESSION_ENGINE"].endswith("cached_db")


NONSENSE = [
    *(("PORT", value) for value in ("0", "65536", "-1", "8000x", "8e3", "8.0", "٨", "²", "9" * 5_000)),
    *(("PASTEUR_MAX_BYTES", value) for value in ("0", "-5", "512k", "67108865")),
    *(("PASTEUR_KEY_LENGTH", value) for value in ("7", "33", "ten")),
    *(("PASTEUR_DEFAULT_EXPIRES", value) for value in ("2w", "Never", "neverever")),
    *(("PASTEUR_DEFAULT_VISIBILITY", value) for value in ("private", "Public")),
    *(("PASTEUR_WEB_PROCESSES", value) for value in ("0", "65")),
    *(("GITSYNC_PUSH_INTERVAL", value) for value in ("-1", "nan", "inf", "10s", "86401")),
    *(
        ("GITSYNC_WEB_URL", value)
        for value in ("https://host/", "https://u:geheim@host/{commit}", "https://{commit}.host/x", "on")
    ),
    *(("GITSYNC_WEB_URL", f"{scheme}://host/{{commit}}") for scheme in ("ftp", "javascript", "data", "file")),
    *(
        ("GITSYNC_WEB_URL", f"https://host/{bad}")
        for bad in ("{commit}{commit}", '{commit}"x', "{commit} x", "{}{commit}")
    ),
    *(
        ("GITSYNC_CLONE_URL", f"https://{bad}")
        for bad in ("u:geheim@host/a", "geheim@host/a", "host", "host/a;id", "host/$(id)")
    ),
    *(("GITSYNC_CLONE_URL", value) for value in ("-upload-pack=x", "ext::sh", "/srv/a.git", "ssh://g:geheim@host/a")),
    *(("GITSYNC_SSH_SEED", value) for value in ("geheim", "x" * 40, "geheim-of-31-bytes-and-no-more!")),
    *(("GITSYNC_SSH_HOST_FINGERPRINT", value) for value in ("MD5:aa:bb", "SHA256:short", f"sha256:{'A' * 43}")),
    ("GITSYNC_SSH_HOST_FINGERPRINT", ",".join([f"SHA256:{'A' * 43}"] * 3)),
    *(("PASTEUR_METRICS_TOKEN", value) for value in ("geheim", "geheim with spaces in it", "geheim-geheim-\xe9")),
    *(("PASTEUR_MAY_CREATE", value) for value in ("nobody", "anyone, token", "10.0.0.1/8", "10.0.0.0/33")),
    *((f"PASTEUR_MAY_{name}", "tokens") for name in ("READ", "LIST")),
    *(("PASTEUR_READY_SECONDS", value) for value in ("-1", "soon")),
    *(("DEBUG", value) for value in ("banana", "2")),
    *(("ALLOWED_HOSTS", value) for value in ("*", "a.example,*", "http://a.example", "a.example:80", "a b")),
    *(("SECRET_KEY", value) for value in ("geheim", "x" * 50, "abab" * 20, "django-insecure-" + "0123456789" * 5)),
    *(
        ("PASTEUR_URL", value)
        for value in (
            "paste.example.org",
            "ftp://host",
            "https://",
            "https://host/a b",
            "https://host/../a",
            "http://[",
        )
    ),
    *(("PASTEUR_URL", value) for value in ("https://host?a=b", "https://host?", "https://host#a", "https://ho st")),
    *(("PASTEUR_URL", value) for value in ("https://host:port", "https://u:geheim@host", "https://geheim@h℀st")),
    *(
        ("DATABASE_URL", value)
        for value in ("nonsense", "mysql://u:geheim@h/n", "foo://u:geheim@h", "postgres://u:geheim@[")
    ),
    *(("DATABASE_URL", value) for value in ("postgres://u:geheim@h:port/n", "postgres://u:geheim@h℀st/n")),
    *(("DATABASE_URL", value) for value in ("sqlite://:memory:", "sqlite://", "sqlite:///", "postgres://u:geheim@h/")),
    *(
        ("CACHE_URL", value)
        for value in ("memcached://geheim", "geheim", "redis://:geheim@[", "redis://:geheim@h℀st/0")
    ),
    *(("CACHE_URL", value) for value in ("redis://:geheim@host:port/0",)),
    *(("CELERY_BROKER_URL", value) for value in ("sqla+sqlite:///geheim", "memory://", "geheim", "redis://:geheim@[")),
    *(("CELERY_BROKER_URL", value) for value in ("redis://:geheim@h℀st/0", "redis://:geheim@host:port/0")),
]


@pytest.mark.parametrize(("name", "value"), NONSENSE, ids=[f"{name}={ascii(value)[:30]}" for name, value in NONSENSE])
def test_an_invalid_value_is_reported_once_without_revealing_a_secret(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    (problem,) = find_problems(monkeypatch, **{name: value})

    assert problem.startswith(f"{name}: ")
    assert "geheim" not in problem
    assert len(problem) < 200


def test_all_invalid_values_are_reported_together(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = find_problems(monkeypatch, PORT="x", DEBUG="x", PASTEUR_MAX_BYTES="x", GITSYNC_NOTHING="x")

    assert {problem.partition(":")[0] for problem in problems} == {
        "PORT",
        "DEBUG",
        "PASTEUR_MAX_BYTES",
        "GITSYNC_NOTHING",
    }


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PASTEUR_KEY_LENGHT", "PASTEUR_KEY_LENGTH"),
        ("GITSYNC_REMOTES", "GITSYNC_REMOTE"),
        ("PASTEUR_TITEL", "PASTEUR_TITLE"),
        ("GITSYNC_SSH_KEYFILE", "GITSYNC_SSH_KEY_FILE"),
    ],
)
def test_an_unknown_name_is_refused_with_a_suggestion(monkeypatch: pytest.MonkeyPatch, name: str, meant: str) -> None:
    (problem,) = find_problems(monkeypatch, **{name: "geheim"})

    assert problem.startswith(f"{name}: unknown setting")
    assert problem.endswith(f"did you mean {meant}?")


def test_variables_without_our_prefixes_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch, LANG="C", PORTAL="x", NOT_PASTEUR_X="x")["PORT"] == 8_000


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "CACHE_URL", "CELERY_BROKER_URL"])
def test_a_secret_can_be_read_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    value = {"SECRET_KEY": "0123456789" * 4, "DATABASE_URL": "postgres://u:p@h/n"}.get(name, "redis://:pw@host:6379/1")
    file = tmp_path / "secret"
    file.write_text(f"{value}\n")

    given = load(monkeypatch, **{f"{name}_FILE": str(file)})

    database, parts = given["DATABASES"]["default"], dict.fromkeys(["USER", "PASSWORD", "HOST"])
    kept = {
        "SECRET_KEY": given["SECRET_KEY"],
        "DATABASE_URL": "postgres://{USER}:{PASSWORD}@{HOST}/{NAME}".format(**parts | database),
        "CACHE_URL": given["CACHES"]["default"].get("LOCATION"),
        "CELERY_BROKER_URL": given["CELERY_BROKER_URL"],
    }
    assert kept[name] == value


@pytest.mark.parametrize("content", [None, b"\xff\xfe", "folder"], ids=["missing", "binary", "folder"])
def test_a_file_that_cannot_be_read_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | str | None
) -> None:
    file = tmp_path / "secret"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content:
        file.mkdir()

    (problem,) = find_problems(monkeypatch, SECRET_KEY_FILE=str(file))

    assert problem.startswith(f"SECRET_KEY_FILE: cannot read {file}: ")


def test_a_secret_and_its_file_together_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("0123456789" * 4)

    (problem,) = find_problems(monkeypatch, SECRET_KEY="9876543210" * 4, SECRET_KEY_FILE=str(file))

    assert "not both" in problem


@pytest.mark.parametrize("environment", [{"HOST": "0.0.0.0"}, {"PASTEUR_URL": "https://paste.example.org"}])
def test_debug_is_refused_unless_on_loopback(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    (problem,) = find_problems(monkeypatch, DEBUG="1", **environment)

    assert problem.startswith("DEBUG: ")


def test_a_data_folder_that_is_a_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    problems = find_problems(monkeypatch, PASTEUR_DATA_DIR=str(file))

    assert problems[0].startswith(f"PASTEUR_DATA_DIR: cannot use {file}: ")


def test_a_secret_key_is_created_once_and_readable_only_by_its_owner(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first, second = load(monkeypatch)["SECRET_KEY"], load(monkeypatch)["SECRET_KEY"]

    file = tmp_path / "data" / "secret_key"
    assert first == second == file.read_text()
    assert len(first) >= 50
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [left.name for left in (tmp_path / "data").iterdir()] == ["secret_key"]


def test_the_first_stored_secret_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secret_key"
    file.write_text("the other process was first")
    monkeypatch.setattr(Path, "exists", lambda _: False)

    assert stored_secret(file) == "the other process was first"


def run_check(tmp_path: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run `manage.py check` the way an operator does."""
    settings = {"PATH": os.environ["PATH"], "PASTEUR_DATA_DIR": str(tmp_path / "data")} | environment
    command = [sys.executable, str(ROOT / "manage.py"), "check", *arguments]
    return subprocess.run(command, env=settings, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "environment",
    [
        {"SECRET_KEY": "geheim"},
        {"DATABASE_URL": "mysql://u:geheim@h/n"},
        {"CACHE_URL": "redis://:geheim@h℀st/0"},
        {"PASTEUR_DATA_DIR": "/dev/null"},
        {"PORT": "x", "GITSYNC_REMOT": "geheim"},
    ],
    ids="+".join,
)
def test_a_command_reports_problems_without_a_traceback(tmp_path: Path, environment: dict[str, str]) -> None:
    done = run_check(tmp_path, **environment)

    assert done.returncode == EX_CONFIG == 78
    assert done.stderr.startswith("Pasteur cannot start:\n")
    assert all(f"  {name}: " in done.stderr for name in environment)
    assert "Traceback" not in done.stdout + done.stderr
    assert "geheim" not in done.stdout + done.stderr


@pytest.mark.parametrize("url", ["ssh://git:geheim@host/x", "http://u:geheim@169.254.169.254/", "ext::sh -c geheim"])
def test_an_invalid_remote_is_refused_without_repeating_its_password(tmp_path: Path, url: str) -> None:
    done = run_check(tmp_path, GITSYNC_REMOTE=url)

    assert done.returncode != 0
    assert "gitsync.E001" in done.stderr
    assert "geheim" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_defaults_pass_the_check_for_deployment(tmp_path: Path) -> None:
    done = run_check(tmp_path, "--deploy", "--fail-level", "WARNING", PASTEUR_URL="https://paste.example.org")

    assert done.returncode == 0, done.stderr


def test_debug_fails_the_check_for_deployment(tmp_path: Path) -> None:
    done = run_check(tmp_path, "--deploy", "--fail-level", "WARNING", DEBUG="1")

    assert done.returncode != 0
    assert "DEBUG" in done.stderr


@pytest.mark.parametrize("name", ["a#b", "a?b", "a%41b", "a b", "schön"])
def test_a_data_folder_with_any_name_can_contain_the_database(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    settings = load(monkeypatch, PASTEUR_DATA_DIR=str(tmp_path / name))

    assert settings["DATABASES"]["default"]["NAME"] == str(tmp_path / name / "pasteur.sqlite3")


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("smtp://mail.example.org", ("mail.example.org", 25, "", "", False, False)),
        ("smtp+tls://ada:p%40ss@mail.example.org", ("mail.example.org", 587, "ada", "p@ss", True, False)),
        ("smtps://ada:secret@mail.example.org:4650/", ("mail.example.org", 4650, "ada", "secret", False, True)),
        ("smtp://ada:secret@127.0.0.1:2525", ("127.0.0.1", 2525, "ada", "secret", False, False)),
    ],
)
def test_the_url_of_a_mail_server_is_parsed(monkeypatch: pytest.MonkeyPatch, url: str, parts: tuple[Any, ...]) -> None:
    settings = load(monkeypatch, PASTEUR_EMAIL_URL=url, PASTEUR_MODERATORS="ada@example.org, bob@example.org")

    names = ("HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_TLS", "USE_SSL")
    assert tuple(settings[f"EMAIL_{name}"] for name in names) == parts
    assert settings["PASTEUR_MODERATORS"] == ["ada@example.org", "bob@example.org"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PASTEUR_EMAIL_URL", "mail.example.org"),
        ("PASTEUR_EMAIL_URL", "https://mail.example.org"),
        ("PASTEUR_EMAIL_URL", "smtp://"),
        ("PASTEUR_EMAIL_URL", "smtps://ada:the-secret@mail.example.org/path"),
        ("PASTEUR_EMAIL_URL", "smtp://ada:the-secret@mail.example.org"),
        ("PASTEUR_MODERATORS", "ada"),
        ("PASTEUR_MODERATORS", "Ada <ada@example.org>"),
        ("PASTEUR_MODERATORS", "ada@example.org\nBcc: all@example.org"),
        ("PASTEUR_EMAIL_FROM", "nobody"),
    ],
)
def test_mail_settings_that_cannot_work_are_refused_without_repeating_the_password(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    (problem,) = find_problems(monkeypatch, **{name: value})

    assert problem.startswith(f"{name}: ")
    assert "the-secret" not in problem


@pytest.mark.parametrize(
    "logo", ["/static/logo.svg", "/our%20logo.png", "/logo", "https://paste.example.org/static/a/logo.svg"]
)
def test_a_logo_is_an_image_on_this_site(monkeypatch: pytest.MonkeyPatch, logo: str) -> None:
    assert load(monkeypatch, PASTEUR_URL="https://paste.example.org", PASTEUR_LOGO=logo)["PASTEUR_LOGO"] == logo


@pytest.mark.parametrize(
    "logo",
    [
        *(
            "logo.svg",
            "//evil.example.org/x.svg",
            "https://evil.example.org/x.svg",
            "/a b.svg",
            '/x"onerror=y',
            "/../x",
        ),
        *("data:image/svg+xml,x", "javascript:x", "/\\evil", "https://paste.example.org.evil.org/x.svg"),
    ],
)
def test_a_logo_from_another_site_is_refused(monkeypatch: pytest.MonkeyPatch, logo: str) -> None:
    (problem,) = find_problems(monkeypatch, PASTEUR_URL="https://paste.example.org", PASTEUR_LOGO=logo)

    assert problem.startswith("PASTEUR_LOGO: ")
