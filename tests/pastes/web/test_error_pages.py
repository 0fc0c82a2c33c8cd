"""Error pages: in the reader's language, with links, and not indexed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from pastes.lifecycle import reading
from tests.pastes.entry_points import BROWSER_ACCEPT
from tests.pastes.factories import publish_text
from tests.pastes.html_pages import Page

pytestmark = [pytest.mark.django_db]

Send = Callable[[Client, dict[str, str]], Any]

SENDING: dict[int, Send] = {
    400: lambda client, headers: client.get("/recent?before=x", headers=headers),
    404: lambda client, headers: client.get("/0123456789", headers=headers),
    405: lambda client, headers: client.post("/recent", headers=headers),
    413: lambda client, headers: client.generic("PUT", "/", b"x" * 4_000_000, "", headers=headers),
    415: lambda client, headers: client.post("/", b"{}", content_type="image/png", headers=headers),
    429: lambda client, headers: [client.get("/recent", headers=headers) for _ in range(2)][-1],
    500: lambda client, headers: client.get("/0123456789/raw", headers=headers),
}
HEADINGS = {
    400: ("Invalid request", "Requête incorrecte", "Ungültige Anfrage"),
    404: ("Not found", "Page introuvable", "Nicht gefunden"),
    405: ("Method not allowed", "Méthode non autorisée", "Methode nicht erlaubt"),
    413: ("The paste is too large", "Texte trop volumineux", "Der Text ist zu groß"),
    415: ("This is not text", "Ce n’est pas du texte", "Das ist kein Text"),
    429: ("Too many requests", "Trop de requêtes", "Zu viele Anfragen"),
    500: ("Something went wrong", "Une erreur s’est produite", "Etwas ist schiefgegangen"),
}
LANGUAGES = ("en", "fr", "de")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("status", SENDING)
def test_an_error_page_is_in_the_readers_language(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, language: str
) -> None:
    client = Client(REMOTE_ADDR="203.0.113.7", raise_request_exception=False)
    settings.DATA_DIR = tmp_path
    settings.PASTEUR_LIMIT_READ = "1/minute" if status == 429 else "off"
    if status == 500:
        monkeypatch.setattr(reading, "find", None)  # Calling None raises an unexpected TypeError.

    response = SENDING[status](client, {"accept": BROWSER_ACCEPT, "accept-language": language})

    page = Page(response)
    assert response.status_code == status
    assert ("html", {"lang": language}) in page.tags
    assert HEADINGS[status][LANGUAGES.index(language)] in page.text
    assert str(status) in page.text
    assert "noindex" in page.html
    assert "/" in page.links()
    assert not page.foreign_elements()


def test_only_public_pastes_and_lists_are_indexed(client: Client) -> None:
    public, unlisted = publish_text("x", visibility="public"), publish_text("x")
    for path in ("/", "/recent", f"/{public.key}"):
        response = client.get(path, headers={"accept": BROWSER_ACCEPT})
        assert b"noindex" not in response.content
        assert "X-Robots-Tag" not in response

    others = ["", "/edit", "/fork", "/delete", "/embed"]
    for path in ["/mine", "/search?q=x", *(f"/{unlisted.key}{other}" for other in others), f"/{public.key}/edit"]:
        assert b"noindex" in client.get(path, headers={"accept": BROWSER_ACCEPT}).content, path
    for path in ("/raw", "/raw/paste.txt", "/download/paste.txt", "/zip"):
        assert client.get(f"/{unlisted.key}{path}")["X-Robots-Tag"] == "noindex"


def test_a_public_paste_has_metadata_for_other_sites(client: Client, settings: Settings) -> None:
    settings.PASTEUR_URL = "https://paste.example.org"
    public = publish_text("x", "a.py", title='A "b"', author="Ada", visibility="public")

    page = Page(client.get(f"/{public.key}"))

    graph = {
        str(attributes["property"]): attributes["content"] for _, attributes in page.tags if "property" in attributes
    }
    assert graph == {
        "og:type": "article",
        "og:title": 'A "b"',
        "og:site_name": "Pasteur",
        "og:url": f"https://paste.example.org/{public.key}",
        "og:description": "a.py, by Ada",
    }
    for other in (publish_text("x"), publish_text("x", burn=True, visibility="public")):
        assert "og:" not in Page(client.get(f"/{other.key}")).html
