"""The page after a new paste: who gets it, and where the edit token is."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from pastes.models import Paste
from tests.pastes.ciphertexts import sealed
from tests.pastes.entry_points import BROWSER_ACCEPT, submit
from tests.pastes.html_pages import Page
from tests.pastes.multipart import Part

pytestmark = [pytest.mark.django_db, pytest.mark.database]

JSON = "application/json"


@pytest.fixture
def browser() -> Client:
    """Return a client that asks for pages."""
    return Client(headers={"accept": BROWSER_ACCEPT})


def landed(browser: Client, text: bytes = b"text", **fields: str) -> tuple[Paste, Any]:
    """Submit the form and follow its redirect; return the paste and the page."""
    response = submit(browser, Part("files-0-content", text), **fields)
    assert response.status_code == 302
    assert "no-store" in response["Cache-Control"]
    paste = Paste.objects.get()
    assert response["Location"] == f"/{paste.key}/created"
    return paste, browser.get(response["Location"])


def token_on(page: Any) -> str:
    """Return the edit token in the field with the edit link."""
    return next((value.partition("#token=")[2] for value in edit_links(page)), "")


def edit_links(page: Any) -> list[str]:
    fields = [attributes for tag, attributes in Page(page).tags if tag == "input"]
    return [str(field["value"]) for field in fields if field.get("id") == "edit-link"]


@pytest.mark.parametrize("fields", [{}, {"burn": "on"}, {"visibility": "public"}, {"expires": "1d"}])
def test_the_page_has_the_token_that_deletes_the_paste_and_no_cache_stores_it(
    browser: Client, fields: dict[str, str]
) -> None:
    paste, page = landed(browser, b"text", **fields)

    assert page.status_code == 200
    assert page["Cache-Control"] == "no-store"
    response = browser.delete(f"/{paste.key}", headers={"x-pasteur-token": token_on(page)})
    assert response.status_code == 204


def test_an_encrypted_paste_has_the_same_page_by_the_same_form(browser: Client) -> None:
    paste, page = landed(browser, sealed().encode(), encrypted="on")

    assert paste.encrypted
    assert token_on(page)
    assert "Only the full link has the key." in Page(page).text
    assert Page(page).pre == []


def test_the_script_that_encrypts_is_told_the_page_and_given_the_cookie(browser: Client) -> None:
    response = submit(
        browser,
        Part("files-0-content", sealed().encode()),
        encrypted="on",
        accept="application/json",
        csrfmiddlewaretoken="x",
    )

    paste = Paste.objects.get()
    assert (response.status_code, response.json()) == (201, {"path": f"/{paste.key}/created"})
    assert response["Cache-Control"] == "no-store"
    assert token_on(browser.get(response.json()["path"]))


def test_the_script_that_encrypts_is_told_the_refusal(browser: Client) -> None:
    response = submit(
        browser,
        Part("files-0-content", b"plain text"),
        encrypted="on",
        accept="application/json",
        csrfmiddlewaretoken="x",
    )

    assert response.status_code == 422
    assert "This is not an encrypted paste" in response.json()["error"]["message"]
    assert not Paste.objects.exists()


def test_the_token_is_shown_once_and_the_page_stays(browser: Client) -> None:
    paste, first = landed(browser)
    token = token_on(first)

    second = browser.get(f"/{paste.key}/created")

    assert token not in second.content.decode()
    assert "The edit link was shown once" in Page(second).text
    assert f"http://testserver/{paste.key}" in Page(second).html
    assert token not in str(browser.cookies)


def test_a_head_request_does_not_use_up_the_token(browser: Client) -> None:
    response = submit(browser, Part("files-0-content", b"text"))

    browser.head(response["Location"])

    assert token_on(browser.get(response["Location"]))


@pytest.mark.parametrize("cookie", ["", "nonsense", "W10:1:x", "é"])
def test_others_are_redirected_to_the_paste(browser: Client, cookie: str) -> None:
    paste, _ = landed(browser)
    reader = Client(headers={"accept": BROWSER_ACCEPT})
    reader.cookies["created"] = cookie

    response = reader.get(f"/{paste.key}/created")

    assert (response.status_code, response["Location"]) == (302, f"/{paste.key}")
    assert not response.cookies


def test_the_cookie_is_for_this_page_only_and_no_script_reads_it(browser: Client, settings: Settings) -> None:
    settings.IS_HTTPS = True
    response = submit(browser, Part("files-0-content", b"text"))

    cookie = response.cookies["created"]
    assert cookie["path"] == response["Location"]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", True)
    assert 0 < cookie["max-age"] <= timedelta(minutes=10).total_seconds()


def test_an_author_who_may_not_read_here_gets_link_and_token_without_the_text(
    browser: Client, settings: Settings
) -> None:
    settings.PASTEUR_MAY_READ = "10.0.0.0/8"

    _, page = landed(browser, b"not for this address")

    assert page.status_code == 200
    assert token_on(page)
    assert "not for this address" not in page.content.decode()


@pytest.mark.parametrize("burn", [True, False])
def test_the_page_burns_nothing_and_shows_no_text_that_burns(browser: Client, burn: bool) -> None:
    paste, page = landed(browser, b"the text itself", **({"burn": "on"} if burn else {}))

    assert ("the text itself" in page.content.decode()) is not burn
    assert Paste.objects.get().state == "published"
    assert f"/{paste.key}/burn" not in page.content.decode()


def test_a_paste_that_is_gone_has_no_such_page(browser: Client) -> None:
    paste, _ = landed(browser, expires="1d")
    Paste.objects.update(expires_at=timezone.now() - timedelta(hours=1))

    assert browser.get(f"/{paste.key}/created").status_code == 404


def test_a_form_sent_again_after_a_lost_answer_leads_to_the_same_paste_and_token(browser: Client) -> None:
    once = Page(browser.get("/")).values["once"]
    tokens = []
    for _ in range(2):
        paste, page = landed(browser, b"text", once=once, burn="on")
        tokens.append(token_on(page))

    assert tokens[0] == tokens[1] != ""
    assert browser.delete(f"/{paste.key}", headers={"x-pasteur-token": tokens[1]}).status_code == 204
