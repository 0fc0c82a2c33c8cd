"""Pastes expire according to the database's clock, and their content is erased."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from gitsync.models import Change
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import File, Paste, State
from pastes.search import index
from pasteur_site.tasks import erase_expired
from tests.pastes.factories import publish_text

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def publish_expiring(seconds: float, *, burn: bool = False) -> Paste:
    """Publish a paste that expires in `seconds`, according to the database's clock."""
    paste = publish_text("text", "a.txt", title="T", author="A", comment="C", lifetime=timedelta(hours=1), burn=burn)
    Paste.objects.filter(pk=paste.pk).update(expires_at=Now() + timedelta(seconds=seconds))
    return paste


def statuses(client: Client, paste: Paste) -> set[int]:
    """Return the status codes of all URLs of a paste."""
    paths = ["", "/raw", "/raw/a.txt", "/download/a.txt", "?raw"]
    return {client.get(f"/{paste.key}{path}").status_code for path in paths} | {
        client.get(f"/api/v1/pastes/{paste.key}").status_code
    }


def test_a_paste_can_be_read_before_it_expires(client: Client) -> None:
    assert statuses(client, publish_expiring(30)) == {200}


@pytest.mark.parametrize("seconds", [0, -0.01, -1, -3_600])
def test_a_paste_cannot_be_read_once_it_has_expired(client: Client, seconds: float) -> None:
    assert statuses(client, publish_expiring(seconds)) == {404}


@pytest.mark.parametrize("days", [-400, 400])
def test_a_wrong_clock_in_the_web_process_has_no_effect(
    client: Client, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    readable, expired = publish_expiring(30), publish_expiring(-1)

    monkeypatch.setattr(timezone, "now", lambda: datetime.now(UTC) + timedelta(days=days))

    assert (statuses(client, readable), statuses(client, expired)) == ({200}, {404})
    assert writing.erase_expired() == 1


def test_the_lifetime_is_measured_by_the_databases_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: datetime.now(UTC) + timedelta(days=-400))

    paste = publish_text(lifetime=timedelta(hours=1))

    assert Paste.objects.readable().filter(pk=paste.pk).exists()
    assert Paste.objects.filter(pk=paste.pk, expires_at__lt=Now() + timedelta(hours=1, minutes=1)).exists()


def test_a_burn_after_reading_paste_expires_as_well(client: Client) -> None:
    paste = publish_expiring(-1, burn=True)

    assert client.post(f"/{paste.key}/burn").status_code == 404
    assert writing.burn(paste) is None


def test_an_expired_paste_is_erased_but_keeps_its_key() -> None:
    expired, readable = publish_expiring(-1), publish_expiring(30)

    erase_expired()

    row = Paste.objects.get(pk=expired.pk)
    assert (row.state, row.title, row.author, row.comment) == (State.EXPIRED, "", "", "")
    assert list(File.objects.values_list("revision__paste__key", flat=True)) == [readable.key]
    assert row.key == expired.key


def test_erasing_in_small_batches_erases_each_paste_once() -> None:
    for _ in range(5):
        publish_expiring(-1)

    assert writing.erase_expired(batch=2) == 5
    assert writing.erase_expired(batch=2) == 0


def test_a_hidden_paste_is_erased_when_it_expires_and_cannot_be_shown_again() -> None:
    paste = publish_expiring(-1)
    writing.hide(paste)

    assert writing.erase_expired() == 1

    assert not writing.show(paste)
    assert not File.objects.exists()


def test_all_revisions_are_erased() -> None:
    paste = publish_expiring(30)
    writing.revise(paste, [NewFile("second")])
    Paste.objects.filter(pk=paste.pk).update(expires_at=Now() - timedelta(seconds=1))

    writing.erase_expired()

    assert not File.objects.exists()


def test_a_paste_without_an_expiration_date_is_never_erased() -> None:
    paste = publish_text()
    Paste.objects.filter(pk=paste.pk).update(created_at=F("created_at") - timedelta(days=40_000))

    assert writing.erase_expired() == 0


def test_expiring_pastes_are_never_committed() -> None:
    publish_expiring(-1)

    writing.erase_expired()

    assert not Change.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_expired_paste_that_cannot_be_erased_does_not_stop_others(monkeypatch: pytest.MonkeyPatch) -> None:
    pastes = [writing.publish(Draft([NewFile("x", "a.txt")], lifetime=timedelta(hours=1))) for _ in range(3)]
    Paste.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    remove = index.remove

    def fail_for_first(paste: Paste) -> None:
        if paste.pk == pastes[0].pk:
            raise ValueError("broken")
        remove(paste)

    monkeypatch.setattr("pastes.search.index.remove", fail_for_first)

    assert writing.erase_expired() == 2
