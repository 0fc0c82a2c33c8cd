"""Admin lists with many pastes: searches are fast, and no list counts or scans all rows."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pastes.lifecycle import writing
from pastes.lifecycle.draft import NewFile
from pastes.moderation import admin_lists
from tests.pastes.factories import publish_text
from tests.pastes.html_pages import Page
from tests.pastes.moderation.test_admin import LIST, search_results

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.mark.parametrize(
    "address",
    ["{key}", "https://paste.example.org/{key}", "/{key}/raw/a.txt", "paste.example.org/{key}#L3", "/{key}?raw"],
)
def test_a_paste_is_found_by_its_url_without_scanning_content(admin_client: Client, address: str) -> None:
    paste = publish_text()
    publish_text(f"mentions {paste.key}")

    with CaptureQueriesContext(connection) as queries:
        keys = search_results(admin_client, address.format(key=paste.key))

    assert keys == {paste.key}
    assert not [query for query in queries if "LIKE" in query["sql"]]


def test_an_unknown_key_is_searched_in_content(admin_client: Client) -> None:
    paste = publish_text("eggs for breakfast")

    assert search_results(admin_client, "breakfast") == {paste.key}


def test_old_public_pastes_are_found_by_their_words(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    public, unlisted = publish_text("the needle", visibility="public"), publish_text("another needle", title="a needle")
    publish_text("something else")
    monkeypatch.setattr(admin_lists, "SCANNED_PASTES", 1)

    assert search_results(admin_client, "needle") == {public.key, unlisted.key}
    assert search_results(admin_client, "eedle") == {unlisted.key}


def test_a_list_counts_and_pages_up_to_its_limit(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_lists, "MAX_ROWS", 60)
    pastes = [publish_text() for _ in range(70)]

    with CaptureQueriesContext(connection) as queries:
        first = Page(admin_client.get(LIST)).text
    second = Page(admin_client.get(LIST, {"p": "2"})).text

    assert all("LIMIT 60" in query["sql"] for query in queries if "COUNT(" in query["sql"] and "paste" in query["sql"])
    assert "60 pastes" in first
    assert pastes[69].key in first
    assert pastes[10].key in second
    assert pastes[9].key not in second


def test_a_paste_with_many_revisions_shows_the_newest_with_a_constant_number_of_queries(admin_client: Client) -> None:
    few, many = publish_text("one"), publish_text("text 0")
    for number in range(1, 25):
        writing.revise(many, [NewFile(f"text {number}", "a.txt")])

    with CaptureQueriesContext(connection) as of_few:
        admin_client.get(f"{LIST}{few.pk}/change/")
    with CaptureQueriesContext(connection) as of_many:
        page = Page(admin_client.get(f"{LIST}{many.pk}/change/"))

    assert page.pre == [f"text {number}" for number in range(5, 25)]
    assert len(of_many) <= len(of_few)


def test_the_mirror_states_on_a_page_take_one_query(admin_client: Client) -> None:
    waiting, edited, kept_out = publish_text(), publish_text(), publish_text(burn=True)
    writing.revise(edited, [NewFile("other", "a.txt")])

    with CaptureQueriesContext(connection) as queries:
        text = Page(admin_client.get(LIST)).text

    assert sum("gitsync_change" in query["sql"] for query in queries) == 1
    assert text.count("waiting") == 2
    assert text.count("none") == 1
    assert all(paste.key in text for paste in (waiting, edited, kept_out))
