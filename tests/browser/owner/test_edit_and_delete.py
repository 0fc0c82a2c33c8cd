"""The browser that created a paste can edit and delete it, without an account or a cookie."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.server


def create_paste(author: Visitor, text: str, title: str) -> str:
    author.go("/")
    author.open_details()
    author.page.get_by_label("Title").fill(title)
    author.page.get_by_label("File name").fill("a.txt")
    author.write(text)
    author.press("Create paste")
    return author.key


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "wide"])
def test_a_paste_is_edited_from_the_browser_that_created_it(new_visitor: NewVisitor, phone: bool) -> None:
    author = new_visitor(phone=phone)
    create_paste(author, "first\n", "Mine")
    author.see("With it you can edit and delete the paste.")

    author.go("/mine")
    author.page.get_by_role("link", name="Edit Mine").click()
    expect(author.page.get_by_label("Edit token")).not_to_have_value("")
    expect(author.box()).to_have_value("first\n")
    assert not author.scrolls_sideways()
    author.box().fill("second\n")
    assert author.press("Save") == 200

    assert author.read_file("a.txt") == "second\n"
    author.see("revision 2")


def test_a_paste_is_deleted_and_forgotten(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    key = create_paste(author, "x", "Short-lived")
    author.page.get_by_role("link", name="Delete").click()
    with author.page.expect_navigation(url="**/mine**"):
        author.page.get_by_role("button", name="Delete paste").click()

    author.see("The paste has been deleted.")
    author.see("No pastes yet.")
    assert author.go(f"/{key}") == 404


def test_another_browser_has_no_token(new_visitor: NewVisitor) -> None:
    key = create_paste(new_visitor(), "x", "Not yours")
    other = new_visitor()

    other.go(f"/{key}/edit")

    expect(other.page.get_by_label("Edit token")).to_have_value("")
    other.page.get_by_label("Edit token").fill("guess")
    assert other.press("Save") == 403
    other.go("/mine")
    other.see("No pastes yet.")


def test_a_fork_starts_with_the_text_of_its_original(new_visitor: NewVisitor) -> None:
    key = create_paste(new_visitor(), "to be forked\n", "Original")
    other = new_visitor()
    other.go(f"/{key}")

    other.page.get_by_role("link", name="Fork").click()
    expect(other.box()).to_have_value("to be forked\n")
    other.press("Create paste")

    other.page.get_by_role("link", name="Open the paste").click()
    other.see(f"fork of {key}")
    assert other.key != key


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "wide"])
def test_the_edit_link_gives_another_browser_the_right_to_edit(new_visitor: NewVisitor, phone: bool) -> None:
    author = new_visitor(phone=phone)
    author.context.grant_permissions(["clipboard-read", "clipboard-write"])
    key = create_paste(author, "first\n", "Mine")
    author.page.get_by_role("button", name="Copy edit link").click()
    expect(author.page.get_by_role("status").filter(has_text="Edit link copied.")).to_be_visible()
    link = author.page.evaluate("navigator.clipboard.readText()")
    author.go("/mine")
    author.page.get_by_role("button", name="Copy edit link").click()
    expect(author.page.get_by_role("status").filter(has_text="Edit link copied.")).to_be_visible()
    assert author.page.evaluate("navigator.clipboard.readText()") == link
    assert not author.scrolls_sideways()

    other = new_visitor(phone=phone)
    other.go(link.removeprefix(other.url))
    other.see("You can edit and delete it in this browser.")
    assert other.page.url.endswith(f"/{key}")
    other.page.get_by_role("link", name="Edit", exact=True).click()
    other.box().fill("second\n")

    assert other.press("Save") == 200
    assert other.read_file("a.txt") == "second\n"


def test_a_burning_paste_is_remembered_by_its_key(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")
    author.write("secret")
    author.page.get_by_label("Burn after reading").check()
    author.press("Create paste")
    key = author.key

    author.go("/mine")

    expect(author.page.get_by_role("link", name=key, exact=True)).to_be_visible()
