"""Public pastes can be found by their words, and followed with a feed."""

from xml.etree import ElementTree as ET

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from tests.pastes.factories import publish_text
from tests.pastes.html_pages import Page

pytestmark = [pytest.mark.django_db, pytest.mark.database]

ATOM = "{http://www.w3.org/2005/Atom}"


def test_a_search_shows_public_pastes_with_the_words(client: Client) -> None:
    found = publish_text("the quick fox", visibility="public", title="Fable")
    publish_text("the quick secret", title="Unlisted")

    page = Page(client.get("/search", {"q": "quick"}))

    assert f"/{found.key}" in page.links()
    assert "Unlisted" not in page.text
    assert page.values["q"] == "quick"


def test_a_search_without_results_shows_a_message_and_the_literal_words(client: Client) -> None:
    page = Page(client.get("/search", {"q": "<b>nothing</b>"}))

    assert "No public paste matches “<b>nothing</b>”." in page.text


def test_a_long_search_continues_with_older_pastes(client: Client) -> None:
    keys = [publish_text("word", visibility="public").key for _ in range(31)]

    first = Page(client.get("/search?q=word"))
    (older,) = [link for link in first.links() if "before=" in link]
    second = Page(client.get(f"/search{older}"))

    assert f"/{keys[0]}" not in first.links()
    assert f"/{keys[0]}" in second.links()


@pytest.mark.parametrize("query", ["", "q=", "q=%22", "q=author:", "q=*", "q=a%00b"])
def test_an_empty_search_finds_nothing(client: Client, query: str) -> None:
    assert client.get(f"/search?{query}").status_code == 200


@pytest.mark.parametrize(("query", "status"), [("before=x", 400), ("q=" + "a" * 300, 422)])
def test_an_invalid_search_is_refused(client: Client, query: str, status: int) -> None:
    assert client.get(f"/search?{query}").status_code == status


def test_an_author_links_to_their_other_public_pastes(client: Client) -> None:
    entry = publish_text("x", visibility="public", author="Ada Lovelace & Co")
    other = publish_text("y", visibility="public", author="Ada Lovelace & Co")

    (link,) = [link for link in Page(client.get(f"/{entry.key}")).links() if link.startswith("/by/")]

    assert f"/{other.key}" in Page(client.get(link)).links()


def test_the_feed_contains_the_newest_public_pastes_without_content(client: Client, settings: Settings) -> None:
    settings.PASTEUR_URL = "https://paste.example.org"
    public = publish_text("secret text", visibility="public", title="T & <t>", author="Ada")
    publish_text("x", title="Unlisted")
    writing.publish(Draft([NewFile("x")], burn=True, visibility="public"))

    response = client.get("/recent.atom")

    assert response["Content-Type"].startswith("application/atom+xml")
    feed = ET.fromstring(response.content)
    entries = [(entry.findtext(f"{ATOM}title"), entry.findtext(f"{ATOM}id")) for entry in feed.iter(f"{ATOM}entry")]
    assert entries == [("T & <t>", f"https://paste.example.org/{public.key}")]
    assert b"secret" not in response.content
    assert not response.cookies
