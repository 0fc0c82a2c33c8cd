"""Bans in the admin: added manually, from a paste or from a report; found by address; lifted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django.fixtures import Settings

from pastes.access import bans
from pastes.models import Ban, Paste, Report
from pastes.moderation import reports
from tests.pastes.factories import publish_text
from tests.pastes.html_pages import Page
from tests.pastes.moderation.test_admin import search_results

pytestmark = [pytest.mark.django_db, pytest.mark.database]

LIST = "/admin/pastes/ban/"
FAR = "203.0.113.5"


@pytest.fixture(autouse=True)
def store_origins(settings: Settings, tmp_path: Path) -> Iterator[None]:
    """Store origins, and clear cached bans afterwards."""
    settings.DATA_DIR = tmp_path
    settings.PASTEUR_KEEP_ADDRESSES = 7
    bans.forget()
    yield
    bans.forget()


def paste_from(address: str) -> Paste:
    """Create a paste from an address."""
    assert Client(REMOTE_ADDR=address).put("/a.txt", b"text", content_type="").status_code == 201
    return Paste.objects.latest("id")


def run_ban_action(client: Client, kind: str, *rows: Any, **fields: str) -> Page:
    """Run the ban action on these pastes or reports by submitting its form."""
    chosen = {"action": "ban", "_selected_action": [row.pk for row in rows]}
    return Page(client.post(f"/admin/pastes/{kind}/", chosen | fields, follow=True))


def test_a_moderator_bans_an_address_and_lifts_the_ban(admin_client: Client) -> None:
    form = {"network": " 2001:db8::5", "reason": "Spam", "until_0": "", "until_1": ""}
    made = admin_client.post(f"{LIST}add/", form)
    ban = Ban.objects.get()
    refused = Client(REMOTE_ADDR="2001:db8::6").put("/a.txt", b"text", content_type="")
    admin_client.post(f"{LIST}{ban.pk}/delete/", {"post": "yes"})

    assert made.status_code == 302
    assert (ban.network, ban.by) == ("2001:db8::/64", "admin")
    assert refused.status_code == 403
    paste_from("2001:db8::6")


@pytest.mark.parametrize("network", ["spam", "0.0.0.0/0", "127.0.0.1", "\0", "203.0.113.5"])
def test_an_invalid_or_duplicate_ban_is_reported_next_to_the_field(admin_client: Client, network: str) -> None:
    bans.ban(FAR, reason="no")

    response = admin_client.post(f"{LIST}add/", {"network": network, "reason": "Spam", "until_0": "", "until_1": ""})

    assert response.status_code == 200
    assert Ban.objects.count() == 1


def test_a_ban_is_found_by_any_address_that_it_covers(admin_client: Client) -> None:
    bans.ban("203.0.113.0/24", reason="the small one")
    bans.ban("203.0.0.0/16", reason="the large one")
    bans.ban("2001:db8::/32", reason="the new one")

    def reasons(query: str) -> list[str]:
        text = Page(admin_client.get(LIST, {"q": query})).text
        return [reason for reason in ("the small one", "the large one", "the new one") if reason in text]

    assert reasons(FAR) == ["the small one", "the large one"]
    assert reasons("203.0.114.1") == ["the large one"]
    assert reasons("2001:db8:5::1") == ["the new one"]
    assert reasons("the large") == ["the large one"]
    assert reasons("127.0.0.1") == reasons("nowhere") == []


def test_a_paste_shows_its_origin_and_links_to_other_pastes_from_it(admin_client: Client) -> None:
    first, second, other = paste_from(FAR), paste_from(FAR), paste_from("203.0.113.6")

    assert search_results(admin_client, FAR) == {first.key, second.key}
    assert FAR in Page(admin_client.get(f"/admin/pastes/paste/{first.pk}/change/")).text
    assert "unknown" in Page(admin_client.get(f"/admin/pastes/paste/{publish_text().pk}/change/")).text
    assert search_results(admin_client, "203.0.113.6") == {other.key}


def test_the_origins_of_selected_pastes_are_banned_in_one_step(admin_client: Client) -> None:
    pastes = [paste_from(FAR), paste_from(FAR), paste_from("203.0.113.6"), publish_text()]

    page = run_ban_action(admin_client, "paste", *pastes, reason="Spam", days="7")

    assert "2 banned." in page.text
    assert "1 origins are not recorded" in page.text
    assert set(Ban.objects.values_list("network", "reason", "by")) == {
        (FAR, "Spam", "admin"),
        ("203.0.113.6", "Spam", "admin"),
    }
    assert Client(REMOTE_ADDR=FAR).put("/a.txt", b"text", content_type="").status_code == 403


def test_the_origin_of_a_reported_paste_is_banned_from_its_report(admin_client: Client) -> None:
    reports.report(paste_from(FAR), reason="spam")

    run_ban_action(admin_client, "report", Report.objects.get(), reason="Spam")

    assert (Ban.objects.get().network, Ban.objects.get().until) == (FAR, None)


@pytest.mark.parametrize("fields", [{}, {"reason": "Spam", "days": "0"}, {"reason": "Spam", "days": "9" * 9}])
def test_a_ban_requires_a_reason_and_valid_days(admin_client: Client, fields: dict[str, str]) -> None:
    page = run_ban_action(admin_client, "paste", paste_from(FAR), **fields)

    assert "No address was banned" in page.text
    assert not Ban.objects.exists()


def test_permission_to_hide_does_not_allow_banning(client: Client, django_user_model: type[User]) -> None:
    hider = django_user_model.objects.create_user("eve", is_staff=True)
    for name in ("view_paste", "change_paste"):
        hider.user_permissions.add(Permission.objects.get(codename=name))
    client.force_login(hider)

    run_ban_action(client, "paste", paste_from(FAR), reason="Spam")

    assert not Ban.objects.exists()
