"""Reports in the admin: open ones first, with their pastes, and the actions of moderators."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pastes.models import Paste, Report
from pastes.moderation import reports
from tests.pastes.factories import publish_text
from tests.pastes.html_pages import Page
from tests.pastes.moderation.test_admin import HOSTILE

pytestmark = [pytest.mark.django_db, pytest.mark.database]

LIST = "/admin/pastes/report/"


def publish_and_report(text: str = "text", *, words: str = "", **facts: Any) -> tuple[Paste, Report]:
    """Publish a paste, and report it."""
    paste = publish_text(text, **facts)
    reports.report(paste, reason="spam", words=words)
    return paste, Report.objects.get(paste=paste)


def run_action(client: Client, action: str, *reports: Report, **fields: str) -> Any:
    """Run an action on these reports by submitting its form."""
    chosen = {"action": action, "_selected_action": [report.pk for report in reports]}
    return client.post(LIST, chosen | fields, follow=True)


def test_open_reports_are_listed_with_their_pastes(admin_client: Client) -> None:
    paste, report = publish_and_report("the beginning of it", words="It is bad.")
    reports.report(paste, reason="abuse", words="It is worse.")
    settled, closed = publish_and_report()
    reports.dismiss(closed)

    listed = admin_client.get(LIST)
    page = Page(listed)

    assert {paste.get_absolute_url(), f"/admin/pastes/paste/{paste.pk}/change/"} <= set(page.links())
    assert {"the beginning of it", "It is bad.", "It is worse."} <= set(page.texts)
    assert page.texts.count("2") == 2  # Each of the two has another open report.
    assert settled.key not in page.text
    assert settled.key in Page(admin_client.get(LIST, {"state": "closed"})).text
    assert {paste.key, settled.key} <= set(Page(admin_client.get(LIST, {"state": "all"})).texts)
    assert "It is bad." in Page(admin_client.get(f"{LIST}{report.pk}/change/")).text


@pytest.mark.parametrize(
    ("action", "fields", "outcome", "state"),
    [
        ("hide", {}, "hidden", "hidden"),
        ("purge", {"reason": "asked to"}, "purged", "removed"),
        ("purge", {}, "", "published"),
        ("dismiss", {}, "dismissed", "published"),
    ],
)
def test_a_moderator_closes_a_report(
    admin_client: Client, action: str, fields: dict[str, str], outcome: str, state: str
) -> None:
    paste, report = publish_and_report()

    response = run_action(admin_client, action, report, **fields)

    paste.refresh_from_db()
    report.refresh_from_db()
    assert response.status_code == 200
    assert (report.outcome, paste.state) == (outcome, state)
    assert report.closed_by == ("admin" if outcome else "")


def test_hiding_closes_all_reports_of_the_paste_and_dismissing_only_the_selected(admin_client: Client) -> None:
    paste, report = publish_and_report()
    other, kept = publish_and_report()
    for one in (paste, other):
        reports.report(one, reason="abuse")

    run_action(admin_client, "hide", report)
    run_action(admin_client, "dismiss", kept)

    assert not Report.objects.open().filter(paste=paste).exists()
    assert [report.reason for report in Report.objects.open().filter(paste=other)] == ["abuse"]


def test_viewing_reports_does_not_allow_taking_down_pastes(client: Client, django_user_model: type[User]) -> None:
    looker = django_user_model.objects.create_user("eve", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_report"))
    client.force_login(looker)
    paste, report = publish_and_report()

    for action in ("hide", "purge", "dismiss"):
        run_action(client, action, report, reason="because")

    report.refresh_from_db()
    paste.refresh_from_db()
    assert client.get(LIST).status_code == 200
    assert (report.closed_at, paste.state) == (None, "published")


def test_hostile_text_is_escaped(admin_client: Client) -> None:
    _, report = publish_and_report(HOSTILE, words=HOSTILE, title=HOSTILE)

    for path in (LIST, f"{LIST}?q=%00", f"{LIST}?q=script", f"{LIST}{report.pk}/change/"):
        response = admin_client.get(path)
        assert response.status_code == 200
        assert "<script>alert" not in response.content.decode()
        assert "<img src=x" not in response.content.decode()


def test_the_number_of_queries_does_not_grow_with_the_reports(admin_client: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert admin_client.get(LIST).status_code == 200
        return len(asked)

    publish_and_report()
    few = queries()
    for _ in range(5):
        publish_and_report()

    assert queries() == few


def test_reports_cannot_be_changed(admin_client: Client) -> None:
    _, report = publish_and_report(words="before")

    for path in ("add/", f"{report.pk}/change/", f"{report.pk}/delete/"):
        assert admin_client.post(LIST + path, {"words": "after", "post": "yes"}).status_code == 403

    report.refresh_from_db()
    assert report.words == "before"
