"""Reports by readers: each is stored once, and reveals no more of a paste than its page does."""

import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from pastes.lifecycle import erasing, writing
from pastes.models import Outcome, Paste, Report
from pastes.moderation import reports
from tests.pastes import multipart
from tests.pastes.entry_points import BROWSER_ACCEPT
from tests.pastes.factories import publish_text
from tests.pastes.html_pages import Page
from tests.pastes.multipart import Part

pytestmark = [pytest.mark.django_db, pytest.mark.database]

FAR = "203.0.113.5"


@pytest.fixture(autouse=True)
def reset_counters(settings: Settings, tmp_path: Path) -> None:
    """Start with empty counters."""
    settings.DATA_DIR = tmp_path
    settings.CACHES = settings.CACHES | {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


def send(client: Client, paste: Paste | str, **fields: str) -> Any:
    """Submit the report form of a paste."""
    key = paste if isinstance(paste, str) else paste.key
    return client.post(f"/{key}/report", {"reason": "spam"} | fields, headers={"accept": BROWSER_ACCEPT})


def test_a_reader_reports_a_paste_and_is_thanked(client: Client) -> None:
    paste = publish_text(visibility="public")
    form = client.get(f"/{paste.key}/report")

    sent = send(client, paste, reason="secret", words="Line 3\r\nis my key.", contact="eve@example.org")
    thanks = client.get(sent["Location"])

    assert f"/{paste.key}/report" in Page(client.get(f"/{paste.key}", headers={"accept": BROWSER_ACCEPT})).links()
    assert "noindex" in form.content.decode()
    assert {"reason", "words", "contact"} <= set(Page(form).values)
    assert sent.status_code == 302
    assert "Thank you" in Page(thanks).text
    report = Report.objects.get()
    assert (report.paste_id, report.reason, report.words, report.contact, report.times) == (
        paste.pk,
        "secret",
        "Line 3\nis my key.",
        "eve@example.org",
        1,
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"reason": ""},
        {"reason": "<script>"},
        {"reason": "other"},
        {"words": "x" * 2_001},
        {"words": "a\0b"},
        {"words": "a\x1b[2Jb"},
        {"contact": "eve"},
        {"contact": "eve@example.org\nBcc: all@example.org"},
        {"contact": "eve@" + "x" * 300 + ".org"},
    ],
    ids=lambda fields: ascii(fields)[:40],
)
def test_an_incomplete_or_invalid_report_is_refused_on_the_form(client: Client, fields: dict[str, str]) -> None:
    response = send(
        client, publish_text(), **{"words": "my words"} | ({"words": ""} if "other" in fields.values() else {}) | fields
    )

    page = Page(response)
    assert response.status_code == 422
    assert "The report was not sent." in page.text
    assert page.areas["words"] == fields.get("words", page.areas["words"])
    assert not Report.objects.exists()


def test_the_form_reveals_no_more_than_the_paste_page(client: Client) -> None:
    burning = publish_text("the text", title="The title", author="Ada", burn=True)
    hidden, removed = publish_text(), publish_text()
    writing.hide(hidden)
    writing.remove(removed)

    assert not {"the text", "The title", "Ada"} & set(Page(client.get(f"/{burning.key}/report")).text.split("\n"))
    assert "The title" not in client.get(f"/{burning.key}/report").content.decode()
    for key in (hidden.key, removed.key, "0000000000"):
        answers = {client.get(f"/{key}/report").status_code, send(client, key).status_code}
        assert answers == {404}
    assert not Report.objects.exists()


def test_a_report_requires_permission_to_read(client: Client, settings: Settings) -> None:
    paste = publish_text()
    settings.PASTEUR_MAY_READ = "token"

    assert client.get(f"/{paste.key}/report").status_code == 401
    assert send(client, paste).status_code == 401


def test_a_form_on_another_site_cannot_report() -> None:
    strict = Client(enforce_csrf_checks=True)

    assert send(strict, publish_text()).status_code == 403
    assert not Report.objects.exists()


def test_many_reports_about_a_paste_are_stored_as_few(client: Client, settings: Settings) -> None:
    settings.PASTEUR_LIMIT_REPORT = settings.PASTEUR_LIMIT_READ = "off"
    paste = publish_text()

    for number in range(30):
        assert send(client, paste, words=f"{number}").status_code == 302
        assert send(client, paste, words="the same").status_code == 302

    kept = Report.objects.all()
    assert len(kept) == reports.MAX_OPEN
    assert sum(report.times for report in kept) == 60


def test_reports_from_an_address_are_limited(settings: Settings) -> None:
    settings.PASTEUR_LIMIT_REPORT = "3/hour"
    far, paste = Client(REMOTE_ADDR=FAR), publish_text()

    refused = [send(far, paste, reason="").status_code for _ in range(4)]
    taken = [send(far, paste, words=str(number)).status_code for number in range(4)]

    assert refused == [422] * 4
    assert taken == [302, 302, 302, 429]
    assert send(Client(REMOTE_ADDR="203.0.113.6"), paste).status_code == 302
    assert far.put("/a.txt", b"text", content_type="").status_code == 201


def test_a_closed_report_may_be_sent_again(client: Client) -> None:
    paste = publish_text()
    send(client, paste)
    reports.close(paste, Outcome.DISMISSED, by="ada")
    send(client, paste)

    assert sorted(Report.objects.values_list("outcome", flat=True)) == ["", "dismissed"]


def test_a_withdrawn_paste_closes_its_reports(client: Client) -> None:
    removed, burned, purged, hidden = publish_text(), publish_text(burn=True), publish_text(), publish_text()
    for paste in (removed, burned, purged, hidden):
        send(client, paste, words="quotes the text", contact="eve@example.org")

    writing.remove(removed)
    writing.burn(burned)
    erasing.purge(purged.key, reason="asked to")
    writing.hide(hidden)

    outcomes = {report.paste_id: report.outcome for report in Report.objects.all()}
    assert outcomes == {removed.pk: "gone", burned.pk: "gone", purged.pk: "purged", hidden.pk: "gone"}
    assert (Report.objects.get(paste=purged).words, Report.objects.get(paste=purged).contact) == ("", "")
    assert Report.objects.get(paste=hidden).words == "quotes the text"


def test_contact_addresses_are_erased_after_a_month(client: Client) -> None:
    old, new = publish_text(), publish_text()
    for paste in (old, new):
        send(client, paste, contact="eve@example.org")
        writing.remove(paste)
    Report.objects.filter(paste=old).update(closed_at="2020-01-01T00:00:00Z")

    reports.erase_old_contacts()

    assert [report.contact for report in Report.objects.order_by("id")] == ["", "eve@example.org"]


@pytest.mark.django_db(transaction=True)
def test_equal_concurrent_reports_are_stored_once() -> None:
    paste = publish_text()
    ready = threading.Barrier(4)

    def report() -> None:
        ready.wait()
        reports.report(paste, reason="spam")
        connection.close()

    threads = [threading.Thread(target=report) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [report.times for report in Report.objects.all()] == [4]


@pytest.mark.parametrize(
    ("sent", "encoding"),
    [
        (b"reason=spam&words=caf%E9", "application/x-www-form-urlencoded"),
        (b"reason=spam&words=caf\xe9", "application/x-www-form-urlencoded"),
        (multipart.body(Part("reason", b"spam"), Part("words", b"caf\xe9")), multipart.CONTENT_TYPE),
    ],
)
def test_a_report_that_is_not_utf8_is_refused(client: Client, sent: bytes, encoding: str) -> None:
    response = client.generic(
        "POST", f"/{publish_text().key}/report", sent, encoding, headers={"accept": BROWSER_ACCEPT}
    )

    assert (response.status_code, Report.objects.count()) == (400, 0)
    assert "not UTF-8" in response.content.decode()
