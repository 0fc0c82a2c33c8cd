"""The list of recent public pastes."""

from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from pastes.lifecycle import writing
from pastes.models import Paste
from pastes.web.lists import PAGE_LENGTH
from tests.pastes.entry_points import BROWSER_ACCEPT
from tests.pastes.factories import publish_text
from tests.pastes.html_pages import Page

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def public(title: str = "", **facts: Any) -> Paste:
    """Publish a public paste."""
    return publish_text(title=title, visibility="public", **facts)


def listed(client: Client, query: str = "") -> list[str]:
    """Return the keys on one page of the list."""
    response = client.get(f"/recent{query}")
    assert response.status_code == 200
    known = set(Paste.objects.values_list("key", flat=True))
    return [link[1:] for link in Page(response).links() if link[1:] in known]


def test_an_empty_list_links_to_the_form(client: Client) -> None:
    assert "There are no public pastes yet." in Page(client.get("/recent")).text


def test_public_pastes_are_listed_newest_first(client: Client) -> None:
    first, second = public("<First>", author="Ada"), public()

    page = Page(client.get("/recent"))

    assert listed(client) == [second.key, first.key]
    assert "<First>" in page.text
    assert "Ada" in page.text
    assert second.key in page.text


def test_other_pastes_are_not_listed(client: Client) -> None:
    publish_text()
    public(burn=True)
    writing.hide(public())
    writing.remove(public())
    expired = public(lifetime=timedelta(hours=1))
    Paste.objects.filter(pk=expired.pk).update(expires_at=expired.created_at)

    assert listed(client) == []


def test_pages_have_no_gaps_while_pastes_are_added_and_removed(client: Client) -> None:
    pastes = [public(str(number)) for number in range(2 * PAGE_LENGTH + 1)]
    keys = [paste.key for paste in reversed(pastes)]

    first = listed(client)
    (older,) = (link for link in Page(client.get("/recent")).links() if "before" in link)
    public("in between")
    writing.hide(pastes[-PAGE_LENGTH])
    second = listed(client, older)
    (last,) = (link for link in Page(client.get(f"/recent{older}")).links() if "before" in link)
    third = listed(client, last)

    assert first + second + third == keys
    assert not [link for link in Page(client.get(f"/recent{last}")).links() if "before" in link]


def test_a_page_that_is_exactly_full_has_no_older_page(client: Client) -> None:
    for _ in range(PAGE_LENGTH):
        public()

    assert len(listed(client)) == PAGE_LENGTH
    assert "Older" not in Page(client.get("/recent")).text


def test_every_page_takes_one_query(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(PAGE_LENGTH + 5):
        public()

    far_back = Paste.objects.order_by("id")[3].pk

    for address in ("/recent", f"/recent?before={far_back}"):
        with django_assert_num_queries(1):
            client.get(address)


@pytest.mark.parametrize("before", ["x", "-1", "1.5", "٣", "²", "1%00", "9" * 19, "9" * 5_000, "0x1", " 1", "1e9"])
def test_an_invalid_number_is_refused(client: Client, before: str) -> None:
    for accept in (BROWSER_ACCEPT, "*/*"):
        response = client.get(f"/recent?before={before}", headers={"accept": accept})
        assert response.status_code == 400
        assert len(response.content) < 2_000


@pytest.mark.parametrize("before", ["0", "1", "999999999999999999", ""])
def test_a_number_without_pastes_is_an_empty_page(client: Client, before: str) -> None:
    assert client.get(f"/recent?before={before}").status_code == 200


def test_the_list_allows_only_get_and_head(client: Client) -> None:
    assert client.post("/recent").status_code == 405
    assert client.head("/recent").status_code == 200


def test_the_feed_is_valid_xml_for_any_title(client: Client) -> None:
    publish_text("x", title="a \uffff & <b>", comment="\ufffe", author="]]>", visibility="public")

    feed = ET.fromstring(client.get("/recent.atom").content)

    assert feed.findtext("{*}entry/{*}title") == "a \ufffd & <b>"
