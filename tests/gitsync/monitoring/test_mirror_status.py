"""The mirror's status in /readyz, /metrics, mirror_status, and on the page in the admin with its buttons."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.db import InternalError, OperationalError, connection
from django.test import Client
from django.utils import timezone
from django.utils.html import escape
from pytest_django import Settings

from gitsync.advice import advice_for
from gitsync.models import Change, Failure, Mirror, Purge
from gitsync.monitoring import mirror_status, signs
from gitsync.sync.drain import drain
from gitsync.sync.schedule import work_off
from pastes.lifecycle import erasing
from pastes.models import Paste
from pasteur_site import readiness
from pasteur_site.processes import program_states
from tests import many, repository

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]
TOKEN = "a-token-for-prometheus"


def age_changes(seconds: float) -> None:
    """Make all changes this old."""
    Change.objects.update(created_at=timezone.now() - timedelta(seconds=seconds))


def test_readyz_reports_the_age_of_the_oldest_change(client: Client, remote: Path) -> None:
    signs.started()
    assert client.get("/readyz").json() == {
        "ready": True,
        "database": True,
        "migrations": True,
        "secret_key": True,
        "write_error": "",
        "oldest_pending_seconds": 0.0,
        "mirror_error": "",
        "failing_programs": {},
    }
    many.publish(2)
    age_changes(5_000)

    response = client.get("/readyz")

    assert response.status_code == 200
    assert 5_000 <= response.json()["oldest_pending_seconds"] < 5_100
    drain()
    assert client.get("/readyz").json()["oldest_pending_seconds"] == 0


def test_readyz_fails_if_a_change_waits_too_long(client: Client, settings: Settings) -> None:
    settings.PASTEUR_READY_SECONDS = 900.0
    many.publish(1)
    assert client.get("/readyz").status_code == 200
    age_changes(901)

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["ready"] is False


@pytest.mark.fault
def test_readyz_reports_why_the_mirror_is_behind_and_stays_ready(client: Client, remote: Path) -> None:
    many.publish(1)
    away = remote.rename(remote.with_name("away.git"))
    work_off()

    response = client.get("/readyz")

    assert (response.status_code, response.json()["mirror_error"]) == (200, "unreachable")
    assert str(remote) not in response.content.decode()
    assert client.get("/healthz").json() == {"alive": True, "database": True}
    away.rename(remote)
    Mirror.objects.update(retry_at=None)
    work_off()
    assert client.get("/readyz").json()["mirror_error"] == ""


def test_readyz_fails_before_the_migrations_are_applied(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "_tables", {"match": False})
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'gitsync'")
    try:
        response = client.get("/readyz")
    finally:
        call_command("migrate", "gitsync", fake=True, verbosity=0)

    assert (response.status_code, response.json()["migrations"]) == (503, False)
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"REMOTE_ADDR": "192.0.2.1"},
        {"REMOTE_ADDR": "10.0.0.1"},
        {"REMOTE_ADDR": ""},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_X_FORWARDED_FOR": "192.0.2.1"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
        {"HTTP_VIA": "1.1 proxy"},
        {"REMOTE_ADDR": "192.0.2.1", "HTTP_AUTHORIZATION": f"Bearer {TOKEN}x"},
        {"REMOTE_ADDR": "192.0.2.1", "HTTP_AUTHORIZATION": "Bearer "},
    ],
    ids=str,
)
@pytest.mark.parametrize("proxies", [0, 1])
def test_readyz_tells_anonymous_callers_only_whether_it_is_ready(
    client: Client, settings: Settings, headers: dict[str, Any], proxies: int
) -> None:
    settings.PASTEUR_PROXIES = proxies
    settings.PASTEUR_METRICS_TOKEN = "" if headers.get("HTTP_AUTHORIZATION") == "Bearer " else TOKEN
    many.publish(1)
    age_changes(100)

    assert client.get("/readyz", **headers).json() == {"ready": True}
    settings.PASTEUR_READY_SECONDS = 10.0
    response = client.get("/readyz", **headers)
    assert (response.status_code, response.json()) == (503, {"ready": False})


def test_readyz_gives_details_to_the_machine_itself_and_to_the_token(client: Client, settings: Settings) -> None:
    settings.PASTEUR_METRICS_TOKEN = TOKEN

    operators: list[dict[str, Any]] = [
        {"REMOTE_ADDR": "127.0.0.1"},
        {"REMOTE_ADDR": "::1"},
        {"REMOTE_ADDR": "192.0.2.1", "HTTP_AUTHORIZATION": f"Bearer {TOKEN}"},
    ]
    for headers in operators:
        assert "mirror_error" in client.get("/readyz", **headers).json(), headers


def test_readyz_and_the_admin_show_programs_that_keep_exiting(
    client: Client, admin_client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    signs.started()
    program_states.write(tmp_path / "programs.json", {"worker": (5, "exit status <1>")})

    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json()["failing_programs"] == {"worker": "ended 5 times in a row, last with exit status <1>"}
    page = admin_client.get("/admin/").content.decode()
    assert "The program “worker” has a problem: ended 5 times in a row, last with exit status &lt;1&gt;." in page
    (tmp_path / "programs.json").unlink()
    assert "has a problem" not in admin_client.get("/admin/").content.decode()


class DiskFullError(Exception):
    """The exception that the driver raises, with PostgreSQL's error code."""

    sqlstate = "53100"


@pytest.mark.parametrize("kind", [OperationalError, InternalError])
def test_readyz_is_not_ready_while_the_database_cannot_be_written_to(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, kind: type[Exception]
) -> None:
    def refuse() -> None:
        raise kind("could not extend file:\nNo space left on device") from DiskFullError()

    write = readiness._try_write
    monkeypatch.setattr(readiness, "WRITE_CHECK_SECONDS", 0.0)
    monkeypatch.setattr(readiness, "_try_write", refuse)
    for _ in range(3):
        response = client.get("/readyz")
        assert (response.status_code, response.json()["ready"]) == (503, False)
        assert response.json()["write_error"] == "could not extend file: No space left on device"
    monkeypatch.setattr(readiness, "_try_write", write)

    assert client.get("/readyz").status_code == 200
    assert [record.getMessage() for record in caplog.records] == [
        "the database cannot store anything: could not extend file: No space left on device",
        "the database can store data again",
    ]


def test_the_trial_write_leaves_nothing_behind() -> None:
    before = connection.introspection.table_names()

    readiness._try_write()
    readiness._try_write()

    assert connection.introspection.table_names() == before


@pytest.mark.parametrize("name", ["readyz", "metrics"])
def test_a_file_may_have_the_name_of_one_of_these_pages(client: Client, name: str) -> None:
    response = client.put(f"/{name}", "text", content_type="text/plain")

    assert response.status_code == 201
    assert Paste.objects.count() == 1
    assert client.post(f"/{name}").status_code == 405


def scrape(client: Client, token: str = TOKEN) -> dict[str, float]:
    """Return the values of all metrics, keyed by name and labels."""
    lines = client.get("/metrics", headers={"Authorization": f"Bearer {token}"}).content.decode().splitlines()
    pairs = [line.rpartition(" ") for line in lines if not line.startswith("#")]
    return {name: float(value) for name, _, value in pairs}


def test_metrics_are_computed_from_the_database(client: Client, remote: Path, settings: Settings) -> None:
    settings.PASTEUR_METRICS_TOKEN = TOKEN
    many.publish(3)
    drain()
    many.hook(remote, "pre-receive", "exit 1")
    many.publish(1)
    work_off()
    age_changes(60)

    numbers = scrape(client)

    where = f'branch="main",remote="{remote}"'
    assert numbers["pasteur_changes_pending"] == 1
    assert 60 <= numbers["pasteur_oldest_pending_seconds"] < 120
    assert numbers["pasteur_changes_set_aside"] == 0
    assert numbers[f"pasteur_commits_total{{{where}}}"] == 3
    assert numbers[f"pasteur_pushes_total{{{where}}}"] == 2
    assert numbers[f"pasteur_push_seconds_total{{{where}}}"] > 0
    assert numbers[f'pasteur_push_failures_total{{branch="main",code="refused",remote="{remote}"}}'] == 1


def test_metrics_require_the_token(client: Client, settings: Settings) -> None:
    assert client.get("/metrics").status_code == 404
    settings.PASTEUR_METRICS_TOKEN = TOKEN

    for given in ("", TOKEN, "Bearer", f"Bearer {TOKEN}x", f"bearer {TOKEN}", "Bearer é"):
        response = client.get("/metrics", headers={"Authorization": given})
        assert response.status_code == 401, given
        assert TOKEN not in response.content.decode()
    assert client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def status(*options: str) -> tuple[str, int]:
    """Run mirror_status and return its output and exit status."""
    out = StringIO()
    try:
        call_command("mirror_status", *options, stdout=out)
    except SystemExit as ended:
        return out.getvalue(), int(str(ended.code))
    return out.getvalue(), 0


def test_mirror_status_reports_as_text_and_json(remote: Path) -> None:
    assert status()[1] == 0
    many.publish(2)
    drain()
    many.publish(1)
    many.hook(remote, "pre-receive", "echo 'not today' >&2; exit 1")
    work_off()

    words, ended = status()
    report = json.loads(status("--json")[0])

    assert ended == 1
    assert "1 changes pending" in words
    assert "not today" in words
    assert advice_for("refused") in words
    assert report["pending"] == 1
    (mirror,) = report["mirrors"]
    assert mirror["tip"] == repository.tip(remote)
    assert (mirror["error_code"], mirror["failures"]) == ("refused", 1)


def another(remote: Path) -> str:
    """Create another empty repository and return its path."""
    path = str(remote.with_name("new.git"))
    repository.git(remote, "init", "--bare", "--quiet", "--initial-branch=main", path)
    return path


def test_a_former_remote_is_listed_without_affecting_the_status(
    client: Client, remote: Path, settings: Settings
) -> None:
    settings.PASTEUR_METRICS_TOKEN = TOKEN
    many.publish(1)
    many.hook(remote, "pre-receive", "exit 1")
    work_off()
    assert status()[1] == 1
    settings.GITSYNC_REMOTE = another(remote)

    words, ended = status()
    assert words.splitlines()[1:] == [f"former: main of {remote}"]
    assert ended == 0
    work_off()
    report = json.loads(status("--json")[0])
    assert [mirror["remote"] for mirror in report["mirrors"]] == [settings.GITSYNC_REMOTE]
    assert [mirror["remote"] for mirror in report["former"]] == [str(remote)]
    assert status()[1] == 0
    assert f'remote="{remote}"' not in str(scrape(client))
    assert scrape(client)[f'pasteur_commits_total{{branch="main",remote="{settings.GITSYNC_REMOTE}"}}'] == 1


def test_a_former_remote_can_be_deleted(client: Client, moderator: User, remote: Path, settings: Settings) -> None:
    allow(moderator)
    many.hook(remote, "pre-receive", "exit 1")
    many.publish(1)
    work_off()
    former = f"/admin/gitsync/mirror/{Mirror.objects.get().pk}"
    settings.GITSYNC_REMOTE = another(remote)
    work_off()
    current = f"/admin/gitsync/mirror/{Mirror.objects.latest('pk').pk}"

    assert client.post(f"{former}/delete/", {"post": "yes"}).status_code == 403
    moderator.user_permissions.add(Permission.objects.get(codename="delete_mirror"))
    assert "Push now" in client.get(f"{current}/change/").content.decode()
    assert "Push now" not in client.get(f"{former}/change/").content.decode()
    assert client.post(f"{current}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{former}/delete/", {"post": "yes"}).status_code == 302

    assert [mirror.remote for mirror in Mirror.objects.all()] == [settings.GITSYNC_REMOTE]


def test_a_web_process_with_a_different_data_folder_recognizes_the_default_remote(
    remote: Path, settings: Settings
) -> None:
    many.publish(1)
    drain()
    settings.GITSYNC_IS_DEFAULT_REMOTE = True
    settings.GITSYNC_REMOTE = "/elsewhere/mirror.git"

    mirror = mirror_status.current()

    assert mirror is not None
    assert mirror.remote == str(remote)


def test_mirror_status_reports_wrong_settings(remote: Path, settings: Settings) -> None:
    settings.GITSYNC_REMOTE = "ext::sh"

    words, ended = status()

    assert ended == 1
    assert advice_for("settings") in words
    assert json.loads(status("--json")[0])["mirrors"] == []


@pytest.fixture
def moderator(client: Client) -> User:
    """Return a client logged in as a moderator who may see mirrors."""
    user = User.objects.create_user("moderator", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_mirror", "view_change"]))
    client.force_login(user)
    return user


def allow(user: User) -> None:
    """Give the moderator permission to press the buttons."""
    user.user_permissions.add(Permission.objects.get(codename="change_mirror"))


def test_the_page_of_the_mirror_shows_error_and_advice(client: Client, moderator: User, remote: Path) -> None:
    many.hook(remote, "pre-receive", "echo 'too <many> cooks' >&2; exit 1")
    many.publish(1)
    work_off()
    mirror = Mirror.objects.get(remote=str(remote))

    shown = client.get(f"/admin/gitsync/mirror/{mirror.pk}/change/").content.decode()

    assert "too &lt;many&gt; cooks" in shown
    assert escape(advice_for("refused")) in shown
    assert "Push now" not in shown
    allow(moderator)
    assert "Push now" in client.get(f"/admin/gitsync/mirror/{mirror.pk}/change/").content.decode()


def test_the_buttons_send_requests_to_the_worker(client: Client, moderator: User, remote: Path) -> None:
    many.publish(2)
    drain()
    mirror = Mirror.objects.get(remote=str(remote))
    address = f"/admin/gitsync/mirror/{mirror.pk}/change/ask/"
    assert client.post(address, {"what": "check"}).status_code == 403
    allow(moderator)
    assert client.get(address).status_code == 405
    assert client.post(address, {"what": "rm"}).status_code == 405
    assert Client(enforce_csrf_checks=True).post(address, {"what": "check"}).status_code in {302, 403}

    for what in ("check", "fetch"):
        assert client.post(address, {"what": what}).status_code == 302
    assert work_off() is None

    mirror.refresh_from_db()
    assert "2 pastes against" in mirror.check_result
    assert "no difference" in mirror.check_result
    assert mirror.checked_at
    assert mirror.fetched_at
    assert not Mirror.objects.with_requests().exists()


def test_push_now_cancels_the_delay_after_failures(client: Client, moderator: User, remote: Path) -> None:
    allow(moderator)
    hook = many.hook(remote, "pre-receive", "exit 1")
    many.publish(1)
    assert work_off()
    hook.unlink()
    assert work_off(), "it waits"
    mirror = Mirror.objects.get(remote=str(remote))

    client.post(f"/admin/gitsync/mirror/{mirror.pk}/change/ask/", {"what": "push"})

    assert work_off() is None
    assert len(repository.changes(remote)) == 1


def test_a_requested_fetch_requeues_lost_changes(client: Client, moderator: User, remote: Path) -> None:
    allow(moderator)
    many.publish(5)
    drain()
    repository.git(remote, "update-ref", "refs/heads/main", f"{repository.tip(remote)}~3")
    mirror = Mirror.objects.get(remote=str(remote))
    assert work_off() is None
    assert len(repository.changes(remote)) == 2

    client.post(f"/admin/gitsync/mirror/{mirror.pk}/change/ask/", {"what": "fetch"})
    work_off()

    assert len(repository.changes(remote)) == 5


def test_a_failed_request_is_reported(client: Client, moderator: User, remote: Path) -> None:
    allow(moderator)
    many.publish(1)
    drain()
    mirror = Mirror.objects.get(remote=str(remote))
    remote.rename(remote.with_name("away.git"))
    client.post(f"/admin/gitsync/mirror/{mirror.pk}/change/ask/", {"what": "check"})

    work_off()

    mirror.refresh_from_db()
    assert mirror.check_result.startswith("unreachable: ")
    assert not mirror.check_requested


def test_failures_are_counted_by_code(remote: Path) -> None:
    many.publish(1)
    remote.rename(remote.with_name("away.git"))
    for _ in range(2):
        Mirror.objects.update(retry_at=None)
        work_off()

    assert list(Failure.objects.values_list("code", "count")) == [("unreachable", 2)]


def test_a_pending_purge_is_reported_everywhere(remote: Path, client: Client, settings: Settings) -> None:
    settings.PASTEUR_METRICS_TOKEN = TOKEN
    keys = many.publish(3)
    drain()
    assert scrape(client)["pasteur_purges_waiting"] == 0
    repository.git(remote, "config", "receive.denyNonFastForwards", "true")
    erasing.purge(keys[1], reason="x")
    Purge.objects.update(requested_at=timezone.now() - timedelta(seconds=600))
    admin = Client()
    admin.force_login(User.objects.create_superuser("root"))

    waiting, ended = status()
    assert (f"1 purges pending, the oldest for 600 s: {keys[1]}" in waiting, ended) == (True, 1)
    work_off()
    words, ended = status()
    page = admin.get(f"/admin/gitsync/mirror/{Mirror.objects.get().pk}/change/").content.decode()

    assert ended == 1
    for said in ("purge_refused", "denying non-fast-forward", advice_for("purge_refused")):
        assert said in words
        assert escape(said) in page
    assert "0 changes pending" in words
    assert 600 <= scrape(client)["pasteur_oldest_purge_seconds"] < 700
    report = json.loads(status("--json")[0])["purges"]
    assert (report["keys"], report["error_code"]) == ([keys[1]], "purge_refused")
    repository.git(remote, "config", "receive.denyNonFastForwards", "false")
    admin.post(f"/admin/gitsync/mirror/{Mirror.objects.get().pk}/change/ask/", {"what": "push"})
    work_off()
    assert status()[1] == 0
    assert scrape(client)["pasteur_purges_waiting"] == 0
