"""Permissions to create, read and list pastes apply to every route."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from pastes import checks
from pastes.models import Paste
from tests.pastes.api.client import FILE, create, refused
from tests.pastes.entry_points import BROWSER_ACCEPT, submit
from tests.pastes.factories import publish_text
from tests.pastes.html_pages import Page
from tests.pastes.multipart import Part
from tests.pastes.row_counts import nothing_stored
from tests.pastes.token_clients import bearer

pytestmark = pytest.mark.django_db

LISTS = ("/recent", "/recent.atom", "/search?q=text", "/api/v1/pastes", "/api/v1/search?q=text")


def reads(key: str) -> list[str]:
    """Return all URLs that show anything of a paste."""
    pages = ["", "/raw", "/raw/a.txt", "/download/a.txt", "/zip", "/fork", "/edit", "/revisions", "/revisions/1/raw"]
    api = ["", "/mirror", "/revisions", "/revisions/1", "/diff"]
    others = [f"/documents/{key}", f"/raw/{key}", f"/{key}?raw"]
    return [f"/{key}{end}" for end in pages] + [f"/api/v1/pastes/{key}{end}" for end in api] + others


def statuses(client: Client, paths: Any, **more: Any) -> set[int]:
    """Return the statuses of these URLs, requested as a browser where that matters."""
    return {client.get(path, headers={"accept": BROWSER_ACCEPT}, **more).status_code for path in paths}


def moderator(**facts: Any) -> Client:
    """Return a client that is logged in to the admin."""
    client = Client(**facts)
    client.force_login(User.objects.create_user("ada", is_staff=True))
    return client


def test_creating_can_be_restricted_while_everyone_reads(client: Client, settings: Settings) -> None:
    settings.PASTEUR_MAY_CREATE = "token"
    paste = publish_text("text", "a.txt", visibility="public")
    ours, _ = bearer("write")

    with nothing_stored():
        answers = [
            client.put("/a.txt", b"text", content_type=""),
            client.post("/", b"text", content_type="text/plain"),
            create(client, {"files": [FILE]}),
            client.post(f"/api/v1/pastes/{paste.key}/fork", b"{}", content_type="application/json"),
            submit(client, Part("files-0-content", b"keep me")),
        ]
        dialect = client.post("/documents", b"text", content_type="text/plain")

    assert [answer.status_code for answer in answers] == [401] * 5
    assert {answer["WWW-Authenticate"] for answer in answers} == {'Bearer realm="Pasteur"'}
    assert refused(answers[2])[1] == "needs_token"
    assert Page(answers[4]).areas["files-0-content"] == "keep me"
    assert dialect.status_code >= 400
    assert create(ours, {"files": [FILE]}).status_code == 201
    assert statuses(client, [*reads(paste.key)[:5], *LISTS]) == {200}


def test_the_page_explains_why_there_is_no_form_and_where_to_log_in(client: Client, settings: Settings) -> None:
    settings.PASTEUR_MAY_CREATE = "token"
    key = publish_text().key

    for path in ("/", f"/{key}/fork"):
        page = Page(client.get(path, headers={"accept": BROWSER_ACCEPT}))
        assert "Creating pastes here requires an API token or a login." in page.text
        assert not page.areas
        assert [link for link in page.links() if link.startswith("/admin/login/?next=/")]


def test_a_logged_in_user_can_only_create_pastes_with_the_form(settings: Settings) -> None:
    settings.PASTEUR_MAY_CREATE = "token"
    ada = moderator()
    own = {"HTTP_ORIGIN": "http://testserver"}

    assert Page(ada.get("/", headers={"accept": BROWSER_ACCEPT})).areas
    assert submit(ada, Part("files-0-content", b"text")).status_code == 401  # Browsers always send Origin here.
    ada.defaults.update(own)
    assert submit(ada, Part("files-0-content", b"text")).status_code == 302
    ada.defaults["HTTP_ORIGIN"] = "https://evil.example"
    assert submit(ada, Part("files-0-content", b"text")).status_code in {401, 403}
    assert ada.put("/a.txt", b"text", content_type="").status_code == 401
    ada.defaults.update(own)
    assert refused(create(ada, {"files": [FILE]}))[:2] == (401, "needs_token")
    User.objects.update(is_active=False)
    assert submit(ada, Part("files-0-content", b"text")).status_code == 401
    assert Paste.objects.count() == 1


def test_restricted_pastes_cannot_be_read_on_any_route(client: Client, settings: Settings) -> None:
    settings.PASTEUR_MAY_READ = settings.PASTEUR_MAY_LIST = "token"
    paste = publish_text("text", "a.txt", visibility="public")
    burning = publish_text(burn=True)
    ours, _ = bearer("read", "write")
    blind, _ = bearer("moderate")

    assert statuses(client, [*reads(paste.key), *LISTS]) == {401}
    for path in (f"/{burning.key}/burn", f"/api/v1/pastes/{burning.key}/burn"):
        assert client.post(path).status_code == 401
    assert statuses(ours, [*reads(paste.key), *LISTS]) == {200}
    assert statuses(moderator(), [f"/{paste.key}", f"/{paste.key}/raw", "/recent"]) == {200}
    assert statuses(blind, [f"/{paste.key}/raw"]) == {200}
    assert client.get("/").status_code == 200
    page = Page(client.get(f"/{paste.key}", headers={"accept": BROWSER_ACCEPT}))
    assert f"/admin/login/?next=/{paste.key}" in page.links()


def test_an_author_may_delete_a_paste_without_permission_to_read(client: Client, settings: Settings) -> None:
    settings.PASTEUR_MAY_READ = "token"
    first, second, third = publish_text(), publish_text(), publish_text()

    assert client.delete(f"/{first.key}", headers={"x-pasteur-token": first.token}).status_code == 204
    api = f"/api/v1/pastes/{second.key}"
    assert client.delete(api, headers={"x-pasteur-token": second.token}).status_code == 204
    assert client.post(f"/{third.key}/delete", {"token": third.token}).status_code == 302


def test_only_lists_can_be_restricted(client: Client, settings: Settings) -> None:
    settings.PASTEUR_MAY_LIST = "token"
    paste = publish_text("text", "a.txt", visibility="public")

    assert statuses(client, LISTS) == {401}
    assert statuses(client, reads(paste.key)) == {200}


@pytest.mark.parametrize(
    ("nearest", "forwarded", "proxies", "status"),
    [
        ("10.1.2.3", "", 0, 200),
        ("203.0.113.5", "", 0, 403),
        ("203.0.113.5", "10.1.2.3", 0, 403),
        ("127.0.0.1", "10.1.2.3", 1, 200),
        ("127.0.0.1", "10.1.2.3, 203.0.113.5", 1, 403),
        ("::ffff:10.1.2.3", "", 0, 200),
        ("2001:db8::7", "", 0, 200),
        ("2001:db8::8", "", 0, 403),
        ("", "", 0, 403),
    ],
)
def test_addresses_are_allowed_by_network(
    settings: Settings, nearest: str, forwarded: str, proxies: int, status: int
) -> None:
    settings.PASTEUR_MAY_READ = "10.0.0.0/8, 2001:db8::7"
    settings.PASTEUR_PROXIES = proxies
    paste = publish_text()

    answer = Client(REMOTE_ADDR=nearest, headers={"x-forwarded-for": forwarded}).get(f"/api/v1/pastes/{paste.key}")

    assert answer.status_code == status
    assert status == 200 or refused(answer)[1] == "address"
    assert "WWW-Authenticate" not in answer


def test_a_page_on_another_site_does_not_benefit_from_its_readers_address(settings: Settings) -> None:
    settings.PASTEUR_MAY_READ = settings.PASTEUR_MAY_CREATE = "10.0.0.0/8"
    inside = Client(REMOTE_ADDR="10.1.2.3")
    paste = publish_text()

    with nothing_stored():
        for origin in ("https://evil.example", "null", "http://testserver.evil.example"):
            assert inside.get(f"/api/v1/pastes/{paste.key}", headers={"origin": origin}).status_code == 403
            assert inside.put("/a", b"x", content_type="", headers={"origin": origin}).status_code == 403
    assert inside.get(f"/{paste.key}", headers={"origin": "http://testserver"}).status_code == 200


def test_shared_caches_do_not_store_restricted_pages(client: Client, settings: Settings) -> None:
    paste = publish_text()
    assert "private" not in client.get(f"/{paste.key}/raw")["Cache-Control"]

    settings.PASTEUR_MAY_READ = "127.0.0.1"
    answer = client.get(f"/{paste.key}/raw")

    assert answer.status_code == 200
    assert "private" in answer["Cache-Control"]
    assert {"Authorization", "Cookie"} <= set(answer["Vary"].split(", "))


def test_checks_report_settings_that_are_probably_mistakes(settings: Settings) -> None:
    assert checks.check_audiences() == []

    settings.PASTEUR_URL = "https://paste.example.org"
    settings.PASTEUR_MAY_READ = "10.0.0.0/8"
    assert [found.id for found in checks.check_audiences()] == ["pastes.W001", "pastes.W002"]

    settings.PASTEUR_PROXIES = 1
    settings.PASTEUR_MAY_LIST = "token"
    assert checks.check_audiences() == []
