"""The language of pages does not affect responses to programs."""

from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from pastes.lifecycle.draft import Draft, NewFile
from pastes.lifecycle.writing import publish

pytestmark = pytest.mark.django_db

FRENCH: dict[str, Any] = {"headers": {"Accept": "text/html", "Accept-Language": "fr-CH, fr;q=0.9, en;q=0.5"}}
TERMINAL: dict[str, Any] = {"headers": {"Accept": "*/*", "Accept-Language": "fr"}}


def choose(client: Client, language: str, **headers: str) -> Any:
    return client.post("/language", {"language": language, "next": "/recent?before=7"}, headers=headers)


@pytest.mark.parametrize(
    ("accept_language", "language", "heading"),
    [
        ("fr", "fr", "Nouveau texte"),
        ("de-AT,de;q=0.9", "de", "Neuer Text"),
        ("nl, de;q=0.5, en;q=0.4", "de", "Neuer Text"),
        ("nl", "en", "New paste"),
        ("en-GB, fr;q=0.9", "en", "New paste"),
        ("x" * 3_000, "en", "New paste"),
    ],
)
def test_a_page_is_in_the_language_of_the_browser(
    client: Client, accept_language: str, language: str, heading: str
) -> None:
    response = client.get("/", headers={"Accept": "text/html", "Accept-Language": accept_language})

    assert f'<html lang="{language}"' in response.text
    assert f"<h1>{heading}</h1>" in response.text


def test_pages_vary_by_language(client: Client) -> None:
    response = client.get("/recent", **FRENCH)

    assert {"Accept-Language", "Cookie"} <= set(response["Vary"].split(", "))
    assert response.cookies == {}


def test_the_chosen_language_is_stored_in_a_cookie_and_takes_precedence(client: Client) -> None:
    response = choose(client, "de")

    assert (response.status_code, response["Location"]) == (302, "/recent?before=7")
    assert response.cookies["language"]["httponly"]
    assert '<html lang="de"' in client.get("/recent", **FRENCH).text


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example", "recent", ""])
def test_choosing_a_language_never_redirects_to_another_site(client: Client, elsewhere: str) -> None:
    response = client.post("/language", {"language": "fr", "next": elsewhere})

    assert response["Location"] == "/"


@pytest.mark.parametrize("language", ["nl", "", "fr\r\nX: y", "../fr"])
def test_an_unknown_language_is_refused(client: Client, language: str) -> None:
    response = choose(client, language)

    assert response.status_code == 400
    assert response.cookies == {}


def test_another_site_cannot_choose_the_language(client: Client) -> None:
    assert choose(client, "fr", **{"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_responses_to_programs_are_english_and_do_not_vary_by_language(client: Client) -> None:
    paste = publish(Draft(files=[NewFile("x")]))
    client.cookies["language"] = "fr"

    for path in (f"/{paste.key}", f"/{paste.key}/raw", "/recent.atom", "/help.txt", f"/api/v1/pastes/{paste.key}"):
        response = client.get(path, **TERMINAL)
        assert response.status_code == 200
        assert "Language" not in response.get("Vary", "")
    refused = client.get("/0000000000", **TERMINAL)
    assert refused.text == "There is nothing at this address. The paste may have expired or been deleted.\n"
    empty = {"files": [{"content": " "}]}
    api = client.post("/api/v1/pastes", empty, content_type="application/json", **FRENCH)
    assert api.json()["error"]["message"] == "A file must not be empty."


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/0000000000", 404, "Page introuvable"),
        ("/recent?before=x", 400, "before doit être le nombre"),
        ("/language", 404, "Il n’y a rien à cette adresse."),
    ],
)
def test_errors_are_in_the_language_of_the_reader(client: Client, path: str, status: int, words: str) -> None:
    response = client.get(path, **FRENCH)

    assert response.status_code == status
    assert words in response.text


def test_the_errors_of_a_form_are_in_the_language_of_its_author(client: Client) -> None:
    fields = {"files-TOTAL_FORMS": "1", "files-INITIAL_FORMS": "0", "visibility": "unlisted", "expires": "never"}
    response = client.post("/", fields, **FRENCH)

    assert response.status_code == 422
    assert "Il n’y a aucun texte à publier." in response.text


def test_a_request_does_not_change_the_language_of_the_next(client: Client) -> None:
    client.get("/", **FRENCH)

    assert translation.get_language() == "en"
    assert '<html lang="en"' in client.get("/", headers={"Accept": "text/html"}).text


def test_dates_have_the_format_of_the_language(client: Client) -> None:
    paste = publish(Draft(files=[NewFile("x")]))
    day = paste.created_at.day

    german = client.get(f"/{paste.key}", headers={"Accept": "text/html", "Accept-Language": "de"})

    assert f">{day}. " in german.text
