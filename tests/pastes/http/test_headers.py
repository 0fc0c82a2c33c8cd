"""Security headers and cookies on all responses."""

from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste
from tests.pastes.entry_points import BROWSER_ACCEPT, Form, submit
from tests.pastes.multipart import Part
from tests.pastes.row_counts import nothing_stored

pytestmark = pytest.mark.django_db


@pytest.fixture
def paste() -> Paste:
    """Return an ordinary paste."""
    return writing.publish(Draft([NewFile("x", "a.txt")], visibility="public"))


def policy(response: Any) -> dict[str, list[str]]:
    """Return the Content-Security-Policy of a response, keyed by directive."""
    directives = (directive.split() for directive in response["Content-Security-Policy"].split(";"))
    return {name: values for name, *values in directives}


def answers(client: Client, paste: Paste) -> list[Any]:
    """Return responses of all kinds, successes and errors."""
    browser = {"accept": BROWSER_ACCEPT}
    gets = [
        "/",
        "/recent",
        f"/{paste.key}",
        f"/{paste.key}/raw",
        f"/{paste.key}/download/a.txt",
        "/nothing",
        "/healthz",
    ]
    gets += ["/admin/login/", "/admin/", f"/api/v1/pastes/{paste.key}", "/api/v1/nothing", "/recent?before=x"]
    return [
        *(client.get(path, headers=browser) for path in gets),
        client.get("/", headers=browser | {"host": "evil.example"}),
        client.delete("/", headers=browser),
        client.put("/", b"", content_type="", headers=browser),
        client.generic("PUT", "/", b"x" * 4_000_000, "", headers=browser),
        client.post("/", b"{}", content_type="application/json", headers=browser),
        submit(client, Part("files-0-content", b"")),
    ]


def test_no_response_can_be_framed_or_sniffed(client: Client, paste: Paste) -> None:
    for response in answers(client, paste):
        name = f"{response.request['REQUEST_METHOD']} {response.request['PATH_INFO']} {response.status_code}"
        assert response["X-Content-Type-Options"] == "nosniff", name
        framed_by = policy(response).get("frame-ancestors", [])
        assert framed_by == ["'none'"] or "sandbox" in policy(response), name
        assert response["X-Frame-Options"] == "DENY", name


def test_no_page_allows_inline_scripts(client: Client, paste: Paste) -> None:
    for response in answers(client, paste):
        if response["Content-Type"].startswith("text/html"):
            rules = policy(response)
            assert rules["default-src"] == ["'none'"]
            assert rules["script-src"] == rules["style-src"] == ["'self'"]
            assert rules["base-uri"] == ["'none'"]
            assert "unsafe" not in response["Content-Security-Policy"]
            assert "onclick=" not in response.content.decode()
            assert "style=" not in response.content.decode()


def test_readers_get_no_cookie(client: Client, paste: Paste) -> None:
    for path in (
        f"/{paste.key}",
        f"/{paste.key}/raw",
        "/recent",
        "/nothing",
        "/healthz",
        f"/api/v1/pastes/{paste.key}",
    ):
        assert not client.get(path, headers={"accept": BROWSER_ACCEPT}).cookies
    assert not client.put("/", b"x", content_type="").cookies


def test_the_csrf_cookie_is_hidden_from_scripts_and_other_sites(client: Client, settings: Settings) -> None:
    cookie = client.get("/").cookies["csrftoken"]

    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_no_referrer_is_sent_to_other_sites(client: Client, paste: Paste) -> None:
    assert client.get(f"/{paste.key}")["Referrer-Policy"] in {"same-origin", "no-referrer"}


def test_a_form_without_csrf_token_is_refused_and_stores_nothing() -> None:
    client = Client(enforce_csrf_checks=True)

    with nothing_stored():
        response: Any = Form().send(client, b"text")

    assert response.status_code == 403
    assert "was not sent from this site" in response.content.decode()


@pytest.mark.parametrize("token", ["", "x", "a" * 32, "a" * 64, "é" * 32, "a\0b", "x" * 10_000])
def test_a_form_with_an_invalid_csrf_token_is_refused(token: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.get("/")

    with nothing_stored():
        response = submit(client, Part("files-0-content", b"text"), csrfmiddlewaretoken=token)

    assert response.status_code == 403


def test_a_form_from_another_site_is_refused_even_with_a_valid_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True)
    token = client.get("/").cookies["csrftoken"].value
    form = {"files-TOTAL_FORMS": "1", "files-INITIAL_FORMS": "0", "files-0-content": "x", "csrfmiddlewaretoken": token}

    with nothing_stored():
        response = client.post("/", form, headers={"origin": "https://evil.example"})

    assert response.status_code == 403


def test_a_form_with_the_csrf_token_of_its_page_is_accepted() -> None:
    client = Client(enforce_csrf_checks=True)
    token = client.get("/").cookies["csrftoken"].value

    response = submit(client, Part("files-0-content", b"text"), csrfmiddlewaretoken=token)

    assert response.status_code == 302


def test_the_api_ignores_cookies(admin_client: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = admin_client.cookies
    strict.cookies["csrftoken"] = "a" * 32

    response = strict.post("/api/v1/pastes", {"files": [{"content": "x"}]}, content_type="application/json")

    assert response.status_code == 201
    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")


def test_other_origins_can_use_the_api_without_cookies(client: Client, paste: Paste) -> None:
    for response in (client.get(f"/api/v1/pastes/{paste.key}"), client.get("/api/v1/pastes/0123456789")):
        assert response["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in response.headers
