"""The admin with many pastes: a moderator finds them at once, and no list counts or reads all there is."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pastes.lifecycle import writing
from pastes.lifecycle.draft import NewFile
from pastes.moderation import admin_lists
from tests.pastes.factories import publish_text
from tests.pastes.html_pages import Page
from tests.pastes.moderation.test_admin import LIST, found

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.mark.parametrize(
    "address",
    ["{key}", "https://paste.example.org/{key}", "/{key}/raw/a.txt", "paste.example.org/{key}#L3", "/{key}?raw"],
)
def test_a_paste_is_found_by_its_address_without_looking_through_texts(admin_client: Client, address: str) -> None:
    paste = publish_text()
    publish_text(f"mentions {paste.key}")

    with CaptureQueriesContext(connection) as asked:
        keys = found(admin_client, address.format(key=paste.key))

    assert keys == {paste.key}
    assert not [query for query in asked if "LIKE" in query["sql"]]


def test_what_looks_like_a_key_and_is_none_is_looked_for_in_texts(admin_client: Client) -> None:
    paste = publish_text("eggs for breakfast")

    assert found(admin_client, "breakfast") == {paste.key}


def test_old_texts_are_found_by_their_words_when_they_are_public(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    public, unlisted = publish_text("the needle", visibility="public"), publish_text("another needle", title="a needle")
    publish_text("something else")
    monkeypatch.setattr(admin_lists, "SCANNED_PASTES", 1)

    assert found(admin_client, "needle") == {public.key, unlisted.key}
    assert found(admin_client, "eedle") == {unlisted.key}


def test_a_list_counts_and_pages_no_further_than_it_has_to(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_lists, "MAX_ROWS", 60)
    pastes = [publish_text() for _ in range(70)]

    with CaptureQueriesContext(connection) as asked:
        first = Page(admin_client.get(LIST)).text
    second = Page(admin_client.get(LIST, {"p": "2"})).text

    assert all("LIMIT 60" in query["sql"] for query in asked if "COUNT(" in query["sql"] and "paste" in query["sql"])
    assert "60 pastes" in first
    assert pastes[69].key in first
    assert pastes[10].key in second
    assert pastes[9].key not in second


def test_a_paste_of_many_revisions_shows_the_newest_and_asks_no_more_often(admin_client: Client) -> None:
    few, many = publish_text("one"), publish_text("text 0")
    for number in range(1, 25):
        writing.revise(many, [NewFile(f"text {number}", "a.txt")])

    with CaptureQueriesContext(connection) as of_few:
        admin_client.get(f"{LIST}{few.pk}/change/")
    with CaptureQueriesContext(connection) as of_many:
        page = Page(admin_client.get(f"{LIST}{many.pk}/change/"))

    assert page.pre == [f"text {number}" for number in range(5, 25)]
    assert len(of_many) <= len(of_few)


def test_where_copies_stand_is_asked_once_for_a_page(admin_client: Client) -> None:
    waiting, edited, kept_out = publish_text(), publish_text(), publish_text(burn=True)
    writing.revise(edited, [NewFile("other", "a.txt")])

    with CaptureQueriesContext(connection) as asked:
        text = Page(admin_client.get(LIST)).text

    assert sum("gitsync_change" in query["sql"] for query in asked) == 1
    assert text.count("waiting") == 2
    assert text.count("none") == 1
    assert all(paste.key in text for paste in (waiting, edited, kept_out))
