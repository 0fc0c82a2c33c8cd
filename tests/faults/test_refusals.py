"""The remote refuses a change: it is found and rejected, and all others are pushed."""

import json
import time
from datetime import timedelta
from io import StringIO
from itertools import pairwise
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from gitsync.errors import PartlyRefusedError
from gitsync.models import Change, Mirror
from gitsync.sync import bisect
from gitsync.sync.drain import drain
from gitsync.sync.resync import look
from gitsync.sync.schedule import work_off
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste
from tests import many, repository

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault, pytest.mark.server]


def publish_secret() -> str:
    """Publish content that the scanner refuses, and return its key."""
    return writing.publish(Draft([NewFile("SECRET\n", "x.txt")])).key


@pytest.fixture
def scanner(remote: Path, tmp_path: Path) -> Path:
    """Return a file that counts pushes to a remote which refuses those that contain a secret."""
    pushes = tmp_path / "pushes"
    many.hook(
        remote,
        "pre-receive",
        f"date +%s.%N >> {pushes}\n"
        "while read old new ref; do\n"
        '  if git grep -q SECRET "$new"; then echo "a secret was found" >&2; exit 1; fi\n'
        "done",
    )
    return pushes


def count(pushes: Path) -> int:
    """Return the number of pushes that the remote has received."""
    return len(pushes.read_text().splitlines()) if pushes.exists() else 0


@pytest.mark.parametrize(("total", "position"), [(1_000, 417), (16, 0), (16, 1), (16, 15)])
def test_one_refused_change_among_a_thousand_is_rejected(
    remote: Path, scanner: Path, total: int, position: int
) -> None:
    many.publish(position)
    secret = publish_secret()
    many.publish(total - 1 - position)
    pushes_to_isolate = 0
    with pytest.raises(PartlyRefusedError):
        drain()
    while not Change.objects.rejected().exists():
        before = count(scanner)
        try:
            drain()
        except PartlyRefusedError:
            pass
        pushes_to_isolate += count(scanner) - before

    work_off()

    (aside,) = Change.objects.rejected()
    assert aside.key == secret
    assert "a secret was found" in aside.rejection
    assert pushes_to_isolate <= (11 if total == 1_000 else 5)
    assert len(repository.changes(remote)) == total - 1
    assert not Change.objects.pending().exists()
    assert (look().rejected, look().missing) == ([secret], [])
    mirror = Mirror.objects.get(remote=str(remote))
    assert (mirror.suspect_until, mirror.error_code, mirror.error, mirror.failures) == (None, "", "", 0)
    repository.assert_sound(remote)


@pytest.mark.database
def test_page_and_api_report_the_refusal_without_the_remotes_message(scanner: Path, client: Client) -> None:
    many.publish(3)
    secret = publish_secret()
    work_off()

    page = client.get(f"/{secret}", headers={"Accept": "text/html"}).content.decode()
    mirror = client.get(f"/api/v1/pastes/{secret}/mirror").json()

    assert "Rejected by the Git server" in page
    assert "Not in Git yet" not in page
    assert "a secret was found" not in page
    assert (mirror["state"], mirror["commit"]) == ("refused", None)
    assert client.get(f"/api/v1/pastes/{secret}").json()["mirror"]["state"] == "refused"
    bisect.retry([change.pk for change in Change.objects.rejected()])
    assert client.get(f"/api/v1/pastes/{secret}/mirror").json()["state"] == "waiting"


def test_several_refused_changes_are_rejected_one_after_the_other(remote: Path, scanner: Path) -> None:
    secrets = []
    for _ in range(3):
        many.publish(7)
        secrets.append(publish_secret())

    assert work_off() is None

    assert sorted(change.key for change in Change.objects.rejected()) == sorted(secrets)
    assert len(repository.changes(remote)) == 21
    many.publish(1)
    work_off()  # The last rejected one is retried after this success, and then once a day.
    many.publish(1)
    before = count(scanner)
    work_off()
    assert count(scanner) - before == 1


@pytest.mark.database
@pytest.mark.parametrize("refused", ["ss.", ".ss", "sss....", "....sss", ".s.ss.sss.", "s....s", "ssssss."])
def test_any_refused_changes_are_rejected_and_all_others_are_pushed(remote: Path, scanner: Path, refused: str) -> None:
    secrets = [publish_secret() if letter == "s" else many.publish(1)[0] for letter in refused]
    harmless = {key for key, letter in zip(secrets, refused, strict=True) if letter == "."}

    assert work_off() is None

    assert {change.key for change in Change.objects.rejected()} == set(secrets) - harmless
    assert len(repository.changes(remote)) == len(harmless)
    assert not Change.objects.pending().exists()
    assert look().rejected == sorted(set(secrets) - harmless)


def test_an_outage_in_the_middle_of_a_search_blames_no_change(remote: Path, tmp_path: Path) -> None:
    pushes = tmp_path / "pushes"
    many.hook(
        remote,
        "pre-receive",
        f"echo >> {pushes}; n=$(wc -l < {pushes}); test $n -eq 1 && exit 1; test $n -ge 3 && test $n -le 12 && exit 1\n"
        "exit 0",
    )
    many.publish(8)

    for _ in range(10):
        Mirror.objects.update(retry_at=None)
        work_off()
        many.publish(1)

    Mirror.objects.update(retry_at=None)
    work_off()
    assert not Change.objects.filter(settled_at=None).exists()
    assert len(repository.changes(remote)) == 18


def test_a_full_disk_on_the_remote_is_not_a_rejection(remote: Path) -> None:
    many.hook(remote, "pre-receive", "echo 'fatal: write error: No space left on device' >&2; exit 1")
    many.publish(3)

    work_off()

    assert Mirror.objects.get(remote=str(remote)).error_code == "remote_disk"
    assert not Change.objects.rejected().exists()
    assert not Change.objects.exclude(refused_at=None).exists()


def test_a_rejected_change_is_retried_once_a_day(remote: Path, scanner: Path) -> None:
    secret = publish_secret()
    many.publish(3)
    work_off()
    before = count(scanner)
    work_off()
    assert count(scanner) == before
    (remote / "hooks" / "pre-receive").unlink()
    Change.objects.rejected().update(retry_at=timezone.now() - timedelta(seconds=1))

    work_off()

    assert f"{secret}.1" in repository.changes(remote)
    assert not Change.objects.rejected().exists()


def test_a_remote_that_refuses_everything_rejects_no_change(remote: Path) -> None:
    hook = many.hook(remote, "pre-receive", "echo 'protected branch' >&2; exit 1")
    many.publish(20)

    seconds = work_off()

    mirror = Mirror.objects.get(remote=str(remote))
    assert seconds
    assert 5 < seconds <= 10
    assert (mirror.error_code, mirror.failures) == ("refused", 1)
    assert "protected branch" in mirror.error
    assert Change.objects.pending().count() == 20
    hook.unlink()
    Mirror.objects.update(retry_at=None)
    assert work_off() is None
    assert len(repository.changes(remote)) == 20
    assert not Change.objects.rejected().exists()


def test_a_remote_that_refuses_everything_gets_few_pushes(remote: Path, tmp_path: Path) -> None:
    many.hook(remote, "pre-receive", f"echo >> {tmp_path}/pushes; exit 1")
    many.publish(50)
    work_off()
    before = count(tmp_path / "pushes")

    for _ in range(3):
        Mirror.objects.update(retry_at=None)
        work_off()

    assert count(tmp_path / "pushes") - before <= 6


def test_a_change_remains_rejected_after_everything_was_refused(remote: Path, scanner: Path) -> None:
    hook = remote / "hooks" / "pre-receive"
    words = hook.read_text()
    many.hook(remote, "pre-receive", "exit 1")
    secret = publish_secret()
    many.publish(10)
    work_off()
    assert not Change.objects.rejected().exists()

    hook.write_text(words)
    Mirror.objects.update(retry_at=None)
    assert work_off() is None

    assert [change.key for change in Change.objects.rejected()] == [secret]
    assert len(repository.changes(remote)) == 10


def test_a_single_refused_change_is_rejected_only_once_another_is_accepted(remote: Path, scanner: Path) -> None:
    secret = publish_secret()
    assert work_off()
    assert Mirror.objects.get(remote=str(remote)).error_code == "refused"
    assert Change.objects.pending().count() == 1

    (harmless,) = many.publish(1)
    Mirror.objects.update(retry_at=None)
    work_off()

    assert [change.key for change in Change.objects.rejected()] == [secret]
    assert repository.changes(remote) == [f"{harmless}.1"]


def test_bisecting_respects_the_interval_between_pushes(remote: Path, scanner: Path, settings: Settings) -> None:
    settings.GITSYNC_PUSH_INTERVAL = 0.8
    many.publish(2)
    publish_secret()
    many.publish(1)

    while Change.objects.pending().exists():
        time.sleep(work_off() or 0)

    starts = [float(line) for line in scanner.read_text().splitlines()]
    assert len(starts) >= 4
    assert min(later - earlier for earlier, later in pairwise(starts)) > 0.4
    assert Change.objects.rejected().count() == 1
    assert len(repository.changes(remote)) == 3


def test_a_push_that_is_too_large_is_split(remote: Path) -> None:
    repository.git(remote, "config", "receive.maxInputSize", "200000")
    for number in range(8):
        noise = "".join(f"{(number * 1_000 + n) ** 7}\n" for n in range(6_000))
        writing.publish(Draft([NewFile(noise, "noise.txt")]))

    assert work_off() is None

    assert len(repository.changes(remote)) == 8
    assert not Change.objects.rejected().exists()
    assert Mirror.objects.get(remote=str(remote)).suspect_until is None


def test_a_moderator_requeues_a_rejected_change(remote: Path, scanner: Path, client: Client) -> None:
    secret = publish_secret()
    many.publish(3)
    work_off()
    (aside,) = Change.objects.rejected()
    user = User.objects.create_user("moderator", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="gitsync", codename="view_change"))
    client.force_login(user)
    chosen = {"action": "retry", "_selected_action": [aside.pk]}
    assert secret.encode() in client.get("/admin/gitsync/change/?pending=aside").content
    client.post("/admin/gitsync/change/", chosen)
    assert Change.objects.rejected().exists(), "looking is not enough"
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="gitsync"))
    (remote / "hooks" / "pre-receive").unlink()

    client.post("/admin/gitsync/change/", chosen)
    work_off()

    assert not Change.objects.rejected().exists()
    assert len(repository.changes(remote)) == 4
    assert look().is_clean


def test_resync_reports_rejected_changes_and_does_not_push_them(remote: Path, scanner: Path) -> None:
    secret = publish_secret()
    many.publish(3)
    work_off()
    before = count(scanner)
    shown = StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("resync_git", "--check", "--json", stdout=shown)
    call_command("resync_git", stdout=StringIO(), stderr=StringIO())

    assert ended.value.code == 1
    report = json.loads(shown.getvalue())
    assert (report["set_aside"], report["missing"], report["waiting"]) == ([secret], [], [])
    assert count(scanner) == before


def test_a_rejected_paste_that_has_been_removed_needs_no_commit(remote: Path, scanner: Path) -> None:
    secret = publish_secret()
    many.publish(3)
    work_off()
    writing.hide(Paste.objects.get(key=secret))

    work_off()

    assert look().is_clean


def test_a_requeued_change_does_not_undo_later_edits(remote: Path, scanner: Path) -> None:
    secret = publish_secret()
    many.publish(3)
    work_off()
    paste = writing.revise(Paste.objects.get(key=secret), [NewFile("harmless\n", "x.txt")])
    work_off()
    assert repository.text(remote, paste, "x.txt") == b"harmless\n"
    (remote / "hooks" / "pre-receive").unlink()

    bisect.retry([change.pk for change in Change.objects.rejected()])
    work_off()

    assert repository.text(remote, paste, "x.txt") == b"harmless\n"
    assert not Change.objects.filter(settled_at=None).exists()
    assert look().is_clean


def test_the_search_for_a_refused_change_is_reported_while_it_lasts(remote: Path, settings: Settings) -> None:
    settings.GITSYNC_PUSH_INTERVAL = 10.0
    refusal = many.hook(remote, "pre-receive", "echo closed for today >&2; exit 1")
    many.publish(8)

    assert work_off()  # One push, and a pause.

    mirror = Mirror.objects.get(remote=str(remote))
    assert (mirror.error_code, mirror.failures, mirror.retry_at) == ("partly_refused", 0, None)
    assert "closed for today" in mirror.error
    refusal.unlink()
    Mirror.objects.update(pushed_at=None)
    work_off()
    assert Mirror.objects.get(remote=str(remote)).error_code == ""
