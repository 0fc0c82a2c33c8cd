"""The cache of rendered pages: each page is rendered once, and is never served when outdated."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.test import Client
from django.test.signals import template_rendered
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from gitsync.models import Change
from pastes.http import page_cache
from pastes.lifecycle import writing
from pastes.lifecycle.draft import NewFile
from pastes.models import Paste
from tests.pastes.entry_points import BROWSER_ACCEPT
from tests.pastes.factories import publish_text

pytestmark = [pytest.mark.django_db, pytest.mark.database]

READER = {"accept": BROWSER_ACCEPT}


@contextmanager
def renderings() -> Iterator[list[str]]:
    """Collect the names of the templates that are rendered as full paste pages."""
    names: list[str] = []

    def note(template: object, **kwargs: object) -> None:
        if getattr(template, "name", "") == "pastes/paste.html":
            names.append("pastes/paste.html")

    template_rendered.connect(note)
    try:
        yield names
    finally:
        template_rendered.disconnect(note)


def test_a_page_is_rendered_for_the_first_reader_only(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    paste = publish_text("text", "a.txt")
    with renderings() as rendered:
        first = client.get(f"/{paste.key}", headers=READER)
        with django_assert_num_queries(1):  # The paste and its mirror state, in one query.
            again = client.get(f"/{paste.key}", headers=READER)

    assert len(rendered) == 1
    assert (first.content, dict(first.headers)) == (again.content, dict(again.headers))


def test_a_page_is_rendered_again_after_every_change_to_its_content(client: Client) -> None:
    paste = publish_text("text", "a.txt")

    def shown() -> tuple[str, str]:
        response = client.get(f"/{paste.key}", headers=READER)
        return response.content.decode(), response["ETag"]

    pages = [shown()]
    changes: dict[str, Callable[[], object]] = {
        "New title": lambda: writing.revise(paste, title="New title"),
        "other text": lambda: writing.revise(paste, [NewFile("other text", "a.txt")]),
        "b.txt": lambda: writing.revise(paste, [NewFile("other text", "b.txt")]),
        "By moderator": lambda: Paste.objects.update(author="moderator"),
        "c" * 10: lambda: Change.objects.update(settled_at=timezone.now(), commit="c" * 40),
    }
    for words, change in changes.items():
        change()
        pages.append(shown())
        assert words in pages[-1][0]
        assert words not in pages[-2][0]
    assert len({etag for _, etag in pages}) == len(pages)


@pytest.mark.parametrize("other", [{"accept-language": "de"}, {"host": "localhost:8001"}])
def test_pages_are_cached_by_language_and_host(client: Client, other: dict[str, str]) -> None:
    paste = publish_text("text", "a.txt")
    with renderings() as rendered:
        for headers in (READER, READER | other) * 2:
            client.get(f"/{paste.key}", headers=headers)
    assert len(rendered) == 2


def test_pages_are_cached_by_query_string(client: Client) -> None:
    paste = publish_text("text", "a.txt")

    for query, words in {"?hl=python": "Python", "": "Plain text", "?ln=false": 'data-numbers="off"'}.items():
        page = client.get(f"/{paste.key}{query}", headers=READER).content.decode()
        assert words in page
        assert f'value="/{paste.key}{query}"' in page


@pytest.mark.parametrize("how", ["hidden", "removed", "expired"])
def test_the_cached_page_of_a_removed_paste_is_not_served(client: Client, how: str) -> None:
    paste = publish_text("confidential", "a.txt", lifetime=timedelta(hours=1))
    client.get(f"/{paste.key}", headers=READER)

    if how == "expired":
        Paste.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        {"hidden": writing.hide, "removed": writing.remove}[how](paste)

    gone = client.get(f"/{paste.key}", headers=READER)
    assert gone.status_code == 404
    assert "confidential" not in gone.content.decode().split("<main")[1]


def test_long_pages_are_not_cached(client: Client) -> None:
    paste = publish_text("x" * page_cache.MAX_BYTES, "a.txt")
    with renderings() as rendered:
        etags = {client.get(f"/{paste.key}", headers=READER)["ETag"] for _ in range(2)}
    assert (len(rendered), len(etags)) == (2, 1)


def test_a_burning_paste_is_neither_cached_nor_304(client: Client) -> None:
    paste = publish_text("secret", "a.txt", burn=True)

    assert "ETag" not in client.get(f"/{paste.key}", headers=READER)
    burned = client.post(f"/{paste.key}/burn", headers=READER)

    assert "secret" in burned.content.decode()
    assert (burned["Cache-Control"], "ETag" in burned) == ("no-store", False)
