"""Bans: callers from a banned network can read, are told why they cannot do more, and cannot get around it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from pastes.access import bans
from pastes.lifecycle import writing
from pastes.lifecycle.draft import NewFile
from pastes.models import Ban, Origin, Paste, Report
from pastes.moderation import origins
from tests.pastes.api.client import FILE, create
from tests.pastes.entry_points import BROWSER_ACCEPT, submit
from tests.pastes.factories import publish_text
from tests.pastes.html_pages import Page
from tests.pastes.multipart import Part
from tests.pastes.row_counts import nothing_stored
from tests.pastes.token_clients import bearer

pytestmark = [pytest.mark.django_db, pytest.mark.database]

FAR = "203.0.113.5"


@pytest.fixture(autouse=True)
def reset_bans(settings: Settings, tmp_path: Path) -> Iterator[None]:
    """Start with empty counters, and leave no bans in the cache."""
    settings.DATA_DIR = tmp_path
    settings.PASTEUR_LIMIT_CREATE = settings.PASTEUR_LIMIT_REPORT = "off"
    bans.forget()
    yield
    bans.forget()


def try_to_paste(address: str, **facts: Any) -> int:
    """Try to create a paste from an address, and return the status."""
    return Client(REMOTE_ADDR=address, **facts).put("/a.txt", b"text", content_type="").status_code


def test_a_banned_caller_can_read_but_not_write_on_any_route() -> None:
    paste = publish_text("text", "a.txt", visibility="public")
    bans.ban("203.0.113.0/24", reason="Spam all day")
    far = Client(REMOTE_ADDR=FAR)
    edit = {"title": "x", "visibility": "public", "token": paste.token, "expected": "1", "files-TOTAL_FORMS": "1"}
    edit |= {"files-INITIAL_FORMS": "0", "files-0-content": "other"}

    with nothing_stored():
        answers = [
            far.put("/a.txt", b"text", content_type=""),
            far.post("/", b"text", content_type="text/plain"),
            create(far, {"files": [FILE]}),
            far.post(f"/api/v1/pastes/{paste.key}/fork", b"{}", content_type="application/json"),
            far.patch(
                f"/api/v1/pastes/{paste.key}",
                {"title": "other"},
                content_type="application/json",
                headers={"x-pasteur-token": paste.token, "if-match": '"1"'},
            ),
            submit(far, Part("files-0-content", b"keep me")),
            far.post("/documents", b"text", content_type="text/plain"),
            far.post("/api/", {"content": "text"}),
            far.post(f"/{paste.key}/edit", edit),
            far.post(f"/{paste.key}/report", {"reason": "spam"}, headers={"accept": BROWSER_ACCEPT}),
        ]

    assert [answer.status_code for answer in answers] == [403] * 10
    assert all("Spam all day" in answer.content.decode() for answer in answers)
    assert answers[0].content.count(b"\n") == 1
    assert answers[2].json()["error"]["code"] == "banned"
    assert Page(answers[5]).areas["files-0-content"] == "keep me"
    assert not Report.objects.exists()
    for path in (f"/{paste.key}", f"/{paste.key}/raw", "/recent", f"/api/v1/pastes/{paste.key}"):
        assert far.get(path, headers={"accept": BROWSER_ACCEPT}).status_code == 200
    assert "Spam all day" in Page(far.get("/")).text
    assert far.get(f"/{paste.key}/report", headers={"accept": BROWSER_ACCEPT}).status_code == 403
    assert far.delete(f"/{paste.key}", headers={"x-pasteur-token": paste.token}).status_code == 204


@pytest.mark.parametrize(
    ("network", "banned", "free"),
    [
        ("203.0.113.5", ["203.0.113.5", "::ffff:203.0.113.5"], ["203.0.113.6", "203.0.113.4", "2001:db8::5"]),
        ("203.0.113.77/24", ["203.0.113.0", "203.0.113.255"], ["203.0.112.255", "203.0.114.0"]),
        ("::ffff:203.0.113.0/120", ["203.0.113.5"], ["203.0.114.0"]),
        ("2001:db8::5", ["2001:db8::5", "2001:db8::ffff:1"], ["2001:db8:0:1::5"]),
        ("2001:db8::5/128", ["2001:db8::5"], ["2001:db8::6"]),
        ("2001:db8:1::/48", ["2001:db8:1:2::3"], ["2001:db8:2::3"]),
    ],
)
def test_a_network_is_banned_but_its_neighbours_are_not(network: str, banned: list[str], free: list[str]) -> None:
    bans.ban(network, reason="no")

    assert [try_to_paste(address) for address in banned] == [403] * len(banned)
    assert [try_to_paste(address) for address in free] == [201] * len(free)


@pytest.mark.parametrize("network", ["", "spam", "0.0.0.0/0", "203.0.0.0/7", "::/0", "127.0.0.1", "::1", "1.2.3.4/33"])
def test_invalid_or_too_large_networks_cannot_be_banned(network: str) -> None:
    with pytest.raises(ValueError, match=r"must be|too large|this machine"):
        bans.ban(network, reason="no")


def test_a_ban_expires(settings: Settings) -> None:
    bans.ban(FAR, reason="no", until=timezone.now() + timedelta(hours=1))
    held = Client(REMOTE_ADDR=FAR).put("/a.txt", b"text", content_type="")
    bans.ban(FAR, reason="no", until=timezone.now() - timedelta(seconds=1))

    assert held.status_code == 403
    assert "until" in held.content.decode()
    assert try_to_paste(FAR) == 201


def test_the_proxys_header_counts_and_the_callers_own_does_not(settings: Settings) -> None:
    settings.PASTEUR_PROXIES = 1
    bans.ban(FAR, reason="no")

    assert try_to_paste("10.0.0.1", headers={"x-forwarded-for": f"198.51.100.1, {FAR}"}) == 403
    assert try_to_paste("10.0.0.1", headers={"x-forwarded-for": f"{FAR}, 198.51.100.1"}) == 201


def test_a_caller_with_an_api_token_is_not_affected_by_a_ban_of_its_address() -> None:
    bans.ban(FAR, reason="no")
    writer, _ = bearer("write", address=FAR)
    reader, _ = bearer("read", address=FAR)

    assert writer.put("/a.txt", b"text", content_type="").status_code == 201
    assert reader.put("/a.txt", b"text", content_type="").status_code == 403


def test_bans_are_not_read_from_the_database_for_each_request(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr("pastes.access.bans.time.monotonic", lambda: now[0])
    far = Client(REMOTE_ADDR=FAR)

    def asks() -> int:
        with CaptureQueriesContext(connection) as asked:
            far.get("/")
        return sum("pastes_ban" in query["sql"] for query in asked)

    assert [asks(), asks(), asks()] == [1, 0, 0]
    Ban.objects.bulk_create([Ban(network=FAR, reason="by another process")])
    assert far.put("/a.txt", b"text", content_type="").status_code == 201
    now[0] += bans.FRESH_SECONDS
    assert far.put("/a.txt", b"text", content_type="").status_code == 403


def test_a_ban_takes_effect_immediately_where_it_was_added_and_ends_when_it_is_deleted() -> None:
    assert try_to_paste(FAR) == 201
    ban = bans.ban(FAR, reason="no")
    assert try_to_paste(FAR) == 403
    ban.delete()
    assert try_to_paste(FAR) == 201


def test_no_address_is_stored_by_default(settings: Settings) -> None:
    try_to_paste(FAR)
    settings.PASTEUR_KEEP_ADDRESSES = 7
    try_to_paste("127.0.0.1")

    assert not Origin.objects.exists()


def test_addresses_are_stored_for_a_while_and_then_erased(settings: Settings) -> None:
    settings.PASTEUR_KEEP_ADDRESSES = 7
    for address in (FAR, "2001:db8::5"):
        try_to_paste(address)
    old, new = Origin.objects.order_by("id")

    assert [old.address, new.address] == [FAR, "2001:db8::/64"]
    Origin.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=8))
    origins.delete_expired()
    assert Origin.objects.get().pk == new.pk
    settings.PASTEUR_KEEP_ADDRESSES = 0
    origins.delete_expired()
    assert not Origin.objects.exists()


def test_the_address_of_the_last_edit_counts(settings: Settings) -> None:
    settings.PASTEUR_KEEP_ADDRESSES = 7
    try_to_paste(FAR)
    paste = Paste.objects.get()

    writing.revise(paste, [NewFile("by a command", "a.txt")])
    assert Origin.objects.get(paste=paste).address == FAR
    token = publish_text()
    edited = Client(REMOTE_ADDR="203.0.113.9").patch(
        f"/api/v1/pastes/{token.key}",
        {"title": "other"},
        content_type="application/json",
        headers={"x-pasteur-token": token.token, "if-match": "*"},
    )
    assert edited.status_code == 200, edited.content
    assert Origin.objects.get(paste=token).address == "203.0.113.9"
