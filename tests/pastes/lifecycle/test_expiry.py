"""Pastes end when their time has come, by the clock of the database, and their content is erased."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from gitsync.models import Change
from pastes.lifecycle import writing
from pastes.lifecycle.draft import NewFile
from pastes.models import File, Paste, State
from pasteur_site.tasks import erase_expired
from tests.pastes.factories import publish_text

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def ending(seconds: float, *, burn: bool = False) -> Paste:
    """Publish a paste and move its end so many seconds from now, by the clock of the database."""
    paste = publish_text("text", "a.txt", title="T", author="A", comment="C", lifetime=timedelta(hours=1), burn=burn)
    Paste.objects.filter(pk=paste.pk).update(expires_at=Now() + timedelta(seconds=seconds))
    return paste


def statuses(client: Client, paste: Paste) -> set[int]:
    """Return the status of every address of a paste."""
    paths = ["", "/raw", "/raw/a.txt", "/download/a.txt", "?raw"]
    return {client.get(f"/{paste.key}{path}").status_code for path in paths} | {
        client.get(f"/api/v1/pastes/{paste.key}").status_code
    }


def test_a_paste_can_be_read_before_it_expires(client: Client) -> None:
    assert statuses(client, ending(30)) == {200}


@pytest.mark.parametrize("seconds", [0, -0.01, -1, -3_600])
def test_a_paste_cannot_be_read_once_it_has_expired(client: Client, seconds: float) -> None:
    assert statuses(client, ending(seconds)) == {404}


@pytest.mark.parametrize("days", [-400, 400])
def test_a_wrong_clock_of_the_web_process_changes_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    there, gone = ending(30), ending(-1)

    monkeypatch.setattr(timezone, "now", lambda: datetime.now(UTC) + timedelta(days=days))

    assert (statuses(client, there), statuses(client, gone)) == ({200}, {404})
    assert writing.erase_expired() == 1


def test_the_lifetime_counts_from_the_clock_of_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: datetime.now(UTC) + timedelta(days=-400))

    paste = publish_text(lifetime=timedelta(hours=1))

    assert Paste.objects.readable().filter(pk=paste.pk).exists()
    assert Paste.objects.filter(pk=paste.pk, expires_at__lt=Now() + timedelta(hours=1, minutes=1)).exists()


def test_a_paste_to_burn_ends_too(client: Client) -> None:
    paste = ending(-1, burn=True)

    assert client.post(f"/{paste.key}/burn").status_code == 404
    assert writing.burn(paste) is None


def test_what_has_ended_is_erased_and_its_key_stays() -> None:
    gone, there = ending(-1), ending(30)

    erase_expired()

    row = Paste.objects.get(pk=gone.pk)
    assert (row.state, row.title, row.author, row.comment) == (State.EXPIRED, "", "", "")
    assert list(File.objects.values_list("revision__paste__key", flat=True)) == [there.key]
    assert row.key == gone.key


def test_erasing_twice_and_in_small_batches_erases_once() -> None:
    for _ in range(5):
        ending(-1)

    assert writing.erase_expired(batch=2) == 5
    assert writing.erase_expired(batch=2) == 0


def test_a_hidden_paste_is_erased_at_its_end_and_cannot_be_shown_again() -> None:
    paste = ending(-1)
    writing.hide(paste)

    assert writing.erase_expired() == 1

    assert not writing.show(paste)
    assert not File.objects.exists()


def test_every_revision_is_erased() -> None:
    paste = ending(30)
    writing.revise(paste, [NewFile("second")])
    Paste.objects.filter(pk=paste.pk).update(expires_at=Now() - timedelta(seconds=1))

    writing.erase_expired()

    assert not File.objects.exists()


def test_a_paste_without_an_end_is_never_erased() -> None:
    paste = publish_text()
    Paste.objects.filter(pk=paste.pk).update(created_at=F("created_at") - timedelta(days=40_000))

    assert writing.erase_expired() == 0


def test_what_ends_was_never_meant_for_git() -> None:
    ending(-1)

    writing.erase_expired()

    assert not Change.objects.exists()
