"""The list of recent pastes contains only public ones."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.server


def paste(author: Visitor, title: str, visibility: str) -> str:
    author.go("/")
    author.page.get_by_label("Title").fill(title)
    author.write("text")
    author.page.get_by_label("Visibility").select_option(visibility)
    author.press("Create paste")
    return author.key


def test_a_public_paste_is_listed_first_and_an_unlisted_one_is_not(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    key = paste(author, "For everybody", "public")
    paste(author, "For my friends", "unlisted")

    reader = new_visitor(phone=True)
    reader.go("/")
    reader.page.get_by_role("link", name="Recent").click()

    first = reader.page.get_by_role("listitem").first
    expect(first).to_contain_text("For everybody")
    expect(reader.page.get_by_text("For my friends")).to_have_count(0)
    first.get_by_role("link").click()
    assert reader.key == key


def test_a_long_list_continues_with_older_pastes_and_links_back(new_visitor: NewVisitor) -> None:
    reader = new_visitor(javascript=False)
    author = new_visitor().context.request
    for number in range(31):
        made = {"files": [{"content": "x"}], "title": f"Number {number}", "visibility": "public"}
        assert author.post(f"{reader.url}/api/v1/pastes", data=made).status == 201

    reader.go("/recent")
    items = reader.page.get_by_role("listitem")
    expect(items).to_have_count(30)
    expect(items.first).to_contain_text("Number 30")
    expect(items.last).to_contain_text("Number 1")
    reader.page.get_by_role("link", name="Older pastes").click()

    expect(items.first).to_contain_text("Number 0")
    reader.page.get_by_role("link", name="Newest pastes").click()
    expect(items.first).to_contain_text("Number 30")
