"""Mail about reports, through a real mail server: one per paste, and none is lost."""

import logging
import re
import urllib.parse
from collections.abc import Iterator

import pytest
from django.urls import reverse
from pytest_django.fixtures import Settings

from pastes import checks
from pastes.models import Outcome, Paste, Report
from pastes.moderation import reports
from pastes.moderation.report_mail import Mailer
from pasteur_site.tasks import notify_moderators
from tests.pastes.factories import publish_text
from tests.servers.pasteur import Pasteur
from tests.servers.process import reserve_port, wait_until
from tests.servers.smtp import Smtp

BOTH = ["ada@example.org", "bob@example.org"]


@pytest.fixture
def smtp(settings: Settings) -> Iterator[Smtp]:
    """Return a running mail server that is configured in the settings."""
    with Smtp() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.PASTEUR_MODERATORS = BOTH
        settings.PASTEUR_URL = "https://paste.example.org"
        yield server


def publish_and_report(words: str = "", **fields: str) -> Paste:
    """Publish a paste, and report it."""
    paste = publish_text("the text itself")
    reports.report(paste, reason="spam", words=words, **fields)
    return paste


@pytest.mark.django_db
@pytest.mark.database
def test_the_mail_contains_the_report_and_links_to_the_paste(smtp: Smtp) -> None:
    paste = publish_and_report("It is bad.\nReally.", contact="eve@example.org")

    notify_moderators()

    (message,) = smtp.messages
    body = message.get_content()
    assert message["To"] == "ada@example.org, bob@example.org"
    assert message["Subject"] == f"Pasteur: {paste.key} was reported"
    assert message["Auto-Submitted"] == "auto-generated"
    assert {f"RCPT TO:<{address}>" for address in BOTH} <= {line.replace("rcpt", "RCPT") for line in smtp.lines}
    for words in (f"https://paste.example.org/{paste.key}", f"?q={paste.key}", "Spam", "> It is bad.", "> Really."):
        assert words in body
    assert "from eve@example.org" in body
    assert "the text itself" not in body


@pytest.mark.django_db
@pytest.mark.database
def test_a_paste_is_mailed_about_once_until_its_reports_are_closed(smtp: Smtp) -> None:
    paste = publish_and_report()
    mailer = Mailer()

    assert mailer.send_pending() == 1
    reports.report(paste, reason="abuse")
    assert mailer.send_pending() == 0
    reports.close(paste, Outcome.DISMISSED)
    reports.report(paste, reason="malware")
    assert mailer.send_pending() == 1

    assert len(smtp.messages) == 2
    assert "Malware" in smtp.messages[1].get_content()


@pytest.mark.django_db
def test_many_pastes_are_reported_in_one_mail(smtp: Smtp) -> None:
    pastes = [publish_and_report() for _ in range(25)]

    assert Mailer().send_pending() == 25

    (message,) = smtp.messages
    assert message["Subject"] == "Pasteur: 25 pastes were reported"
    named = [paste for paste in pastes if f"org/{paste.key}" in message.get_content()]
    assert named == pastes[:20]
    assert "And 5 more." in message.get_content()


@pytest.mark.django_db
def test_the_mail_headers_contain_no_text_from_readers(smtp: Smtp, settings: Settings) -> None:
    settings.PASTEUR_TITLE = "Our\npastes"
    publish_and_report("\nBcc: all@example.org\r\n.\r\nQUIT\n" + "x" * 5_000)

    Mailer().send_pending()

    (message,) = smtp.messages
    assert message["Subject"].startswith("Our pastes: ")
    assert message["Bcc"] is None
    assert "> Bcc: all@example.org" in message.get_content()
    assert "> QUIT" in message.get_content()
    assert len(message.get_content()) < 2_000


@pytest.mark.django_db
def test_a_refused_mail_is_one_log_line_and_loses_no_report(
    smtp: Smtp, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_and_report()
    now = [1_000.0]
    monkeypatch.setattr("pastes.moderation.report_mail.time.monotonic", lambda: now[0])
    mailer = Mailer()

    smtp.refuse("451 later")
    with caplog.at_level(logging.WARNING, "pastes.moderation.report_mail"):
        assert [mailer.send_pending() for _ in range(3)] == [0, 0, 0]
        now[0] += 31
        assert mailer.send_pending() == 0
    assert [bool(re.search(r"again in \d+ s: .*later", line)) for line in caplog.messages] == [True, True]
    smtp.refuse("")
    now[0] += 61

    assert mailer.send_pending() == 1
    assert len(smtp.messages) == 1


@pytest.mark.django_db
def test_an_unreachable_mail_server_is_retried(
    smtp: Smtp, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    publish_and_report()
    with reserve_port() as closed:
        settings.EMAIL_PORT = closed.getsockname()[1]

        assert Mailer().send_pending() == 0

    assert len(caplog.messages) == 1
    assert Report.objects.get().told_at is None


@pytest.mark.django_db
def test_without_moderators_no_mail_is_sent(smtp: Smtp, settings: Settings) -> None:
    publish_and_report()
    settings.PASTEUR_MODERATORS = []

    assert Mailer().send_pending() == 0
    assert smtp.messages == []


def test_moderators_without_a_mail_server_cause_a_warning(settings: Settings) -> None:
    settings.EMAIL_HOST = ""
    settings.PASTEUR_MODERATORS = BOTH
    assert [found.id for found in checks.check_mail()] == ["pastes.W003"]

    settings.EMAIL_HOST = "mail.example.org"
    assert checks.check_mail() == []


@pytest.mark.server
def test_the_whole_site_sends_mail_about_a_report() -> None:
    with (
        Smtp() as smtp,
        Pasteur(PASTEUR_MODERATORS="ada@example.org", PASTEUR_EMAIL_URL=f"smtp://127.0.0.1:{smtp.port}") as site,
    ):
        key = site.paste("spam, spam, spam")
        page = site.http.request("GET", f"{site.url}/{key}/report")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.data.decode())
        assert token
        sent = site.http.request(
            "POST",
            f"{site.url}/{key}/report",
            body=urllib.parse.urlencode({"reason": "spam", "csrfmiddlewaretoken": token[1]}),
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Cookie": page.headers["Set-Cookie"].partition(";")[0],
            },
            redirect=False,
        )
        assert sent.status == 302, sent.data
        wait_until(lambda: smtp.messages, "the mail")

        assert smtp.messages[0]["From"] == "pasteur@localhost"
        assert f"{site.url}/{key}" in smtp.messages[0].get_content()
        assert reverse("admin:pastes_report_changelist") in smtp.messages[0].get_content()
