"""The page of an author: all public pastes under one name."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from pastes.lifecycle import writing
from pastes.models import Paste
from pastes.templatetags.site import author_path
from pastes.web.lists import PAGE_LENGTH
from tests.pastes.entry_points import BROWSER_ACCEPT
from tests.pastes.factories import publish_text
from tests.pastes.html_pages import Page

pytestmark = [pytest.mark.django_db, pytest.mark.database]

UNUSUAL_NAMES = [
    "Zoë 🐙",
    "a/b",
    "/x/",
    "..",
    ".",
    "a?b=c&d#e",
    "50%",
    "x.atom",
    "<b>",
    "\u05d0\u202e",
    "a\\b",
    "ada+bob",
    "recent",
]


def public(author: str, **attributes: Any) -> Paste:
    """Publish a public paste by an author."""
    return publish_text(author=author, visibility="public", **attributes)


def keys(client: Client, path: str) -> list[str]:
    """Return the keys on a page in order."""
    response = client.get(path)
    assert response.status_code == 200, path
    known = set(Paste.objects.values_list("key", flat=True))
    return [link[1:] for link in Page(response).links() if link[1:] in known]


def test_an_author_page_lists_the_authors_public_pastes_newest_first(client: Client) -> None:
    first, second = public("Ada"), public("Ada")
    public("Bob")
    public("ada")
    publish_text(author="Ada")
    public("Ada", burn=True)
    writing.hide(public("Ada"))

    response = client.get("/by/Ada")

    assert keys(client, "/by/Ada") == [second.key, first.key]
    assert "Pastes by Ada" in Page(response).text
    assert '<meta name="robots" content="noindex">' in response.content.decode()


@pytest.mark.parametrize("name", UNUSUAL_NAMES, ids=ascii)
def test_a_paste_links_to_its_author_page_for_any_name(client: Client, name: str) -> None:
    paste = public(name)

    for path in (f"/{paste.key}", "/recent", author_path(name)):
        page = Page(client.get(path, headers={"accept": BROWSER_ACCEPT}))
        (link,) = [link for link in page.links() if link.startswith("/by/") and not re.search("[?&]atom$", link)]
        assert not re.search(r"/\.{1,2}(/|$)", link)
        assert keys(client, link) == [paste.key]
        assert not page.foreign_elements()


@pytest.mark.parametrize("name", UNUSUAL_NAMES, ids=ascii)
def test_the_feed_of_an_author_has_the_same_pastes(client: Client, name: str) -> None:
    paste = public(name, title="<T>")
    page = Page(client.get(author_path(name)))
    (address,) = [
        attributes["href"] for tag, attributes in page.tags if tag == "link" and attributes.get("rel") == "alternate"
    ]

    feed = client.get(str(address))

    assert feed["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert f"/{paste.key}</id>" in feed.content.decode()
    assert "&lt;T&gt;" in feed.content.decode()


@pytest.mark.parametrize("name", ["Ada", ".."])
def test_pages_of_the_list_link_to_the_next(client: Client, name: str) -> None:
    pastes = [public(name) for _ in range(PAGE_LENGTH + 1)]
    first = author_path(name)
    (older,) = [link for link in Page(client.get(first)).links() if "before=" in link]

    assert keys(client, first) + keys(client, older) == [paste.key for paste in reversed(pastes)]
    assert first in Page(client.get(older)).links()
    assert client.get(first, {"before": "x", "name": name}).status_code == 400


@pytest.mark.parametrize("path", ["/by/Nobody", "/by/Eve", "/by/", "/by/a%00b", "/by/" + "x" * 101, "/by/Nobody?atom"])
def test_an_author_without_public_pastes_is_404(client: Client, path: str) -> None:
    publish_text(author="Eve")

    assert client.get(path, headers={"accept": BROWSER_ACCEPT}).status_code == 404


def test_author_pages_require_permission_to_list(client: Client, settings: Settings) -> None:
    public("Ada")
    settings.PASTEUR_MAY_LIST = "token"

    assert client.get("/by/Ada").status_code == 401


def test_the_database_uses_the_index_on_authors(client: Client) -> None:
    public("Ada")
    with CaptureQueriesContext(connection) as queries:
        client.get("/by/Ada")
    (query,) = [entry["sql"] for entry in queries if "pastes_paste" in entry["sql"]]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{query}")
        plan = str(cursor.fetchall())

    assert "pastes_by_author" in plan
