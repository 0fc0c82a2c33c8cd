"""After every paste its author lands on one page: the link, what happens to the paste, and once the edit link."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.browser.every_page.test_accessibility import find_problems_in_all_views
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.server

KINDS = ["plain", "burning", "encrypted", "password", "both"]
WITHOUT_SCRIPTS = ["plain", "burning"]


def paste(author: Visitor, kind: str, text: str = "only for you") -> str:
    """Create a paste of a kind with the form, and return the link on the page that follows."""
    author.go("/")
    author.write(text)
    if kind in {"burning", "both"}:
        author.page.get_by_label("Burn after reading").check()
    if kind in {"encrypted", "password", "both"}:
        author.page.get_by_label("Encrypt in this browser").check()
    if kind == "password":
        author.page.get_by_label("Password (optional)").fill("swordfish")
    with author.page.expect_navigation(url="**/created*"):
        author.page.get_by_role("button", name="Create paste", exact=True).click()
    return author.page.get_by_label("Link", exact=True).input_value()


def edit_link(author: Visitor) -> str:
    return author.page.get_by_label("Edit link").input_value()


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "wide"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_link_is_selected_copied_and_scanned_whatever_was_pasted(
    new_visitor: NewVisitor, kind: str, phone: bool
) -> None:
    author = new_visitor(phone=phone)
    author.context.grant_permissions(["clipboard-read", "clipboard-write"])

    link = paste(author, kind)

    field = author.page.get_by_label("Link", exact=True)
    expect(field).to_be_focused()
    assert author.page.evaluate("getSelection().toString()") == link
    author.page.get_by_role("button", name="Copy", exact=True).first.click()
    expect(author.page.get_by_role("status").filter(has_text="Link copied.")).to_be_visible()
    assert author.page.evaluate("navigator.clipboard.readText()") == link
    expect(author.page.get_by_role("img", name="QR code of the address")).to_be_visible()
    is_encrypted = kind not in {"plain", "burning"}
    assert re.fullmatch(rf"{author.url}/{author.key}" + (r"#[1-9A-HJ-NP-Za-km-z]{40,}" if is_encrypted else ""), link)
    assert "token" not in author.page.url
    assert author.page.locator("section.file").count() == (kind == "plain")
    expect(author.page.get_by_role("button", name="Read and burn")).to_have_count(0)
    expect(author.page.get_by_label("Password")).to_have_count(0)
    assert author.page.evaluate("localStorage.draft ?? null") is None
    assert find_problems_in_all_views(author) == []


@pytest.mark.parametrize(
    ("kind", "sentences"),
    [
        ("plain", ["Anyone with the link.", "With no time limit.", "committed to Git permanently"]),
        ("burning", ["The first person who opens the link", "Until it is read", "It is not stored in Git."]),
        ("encrypted", ["Only the full link has the key.", "With no time limit.", "committed to Git permanently"]),
    ],
)
def test_the_page_says_what_happens(new_visitor: NewVisitor, kind: str, sentences: list[str]) -> None:
    author = new_visitor()

    paste(author, kind)

    for sentence in sentences:
        author.see(sentence)


@pytest.mark.parametrize("kind", WITHOUT_SCRIPTS)
def test_without_scripts_the_token_is_shown_once_and_no_address_has_it(new_visitor: NewVisitor, kind: str) -> None:
    author = new_visitor(javascript=False)
    addresses: list[str] = []
    author.page.on("request", lambda request: addresses.append(request.url))

    link = paste(author, kind)

    token = edit_link(author).partition("#token=")[2]
    assert len(token) >= 32
    expect(author.page.locator("code.token")).to_have_text(token)
    assert not author.scrolls_sideways()
    assert author.reload() == 200  # The author is not taken for a reader,
    assert author.key in author.page.url
    assert author.page.url.endswith("/created")
    expect(author.page.get_by_label("Edit link")).to_have_count(0)  # but what is shown once is not shown again.
    assert author.page.get_by_label("Link", exact=True).input_value() == link
    assert token not in author.page.content()
    assert not any(token in address for address in addresses)
    assert author.go(f"/{author.key}/delete") == 200
    author.page.get_by_label("Edit token").fill(token)
    assert author.press("Delete paste") == 200


def test_the_address_of_the_page_leads_others_to_the_paste_with_its_key(new_visitor: NewVisitor) -> None:
    author, reader = new_visitor(), new_visitor()
    paste(author, "encrypted")

    reader.page.goto(author.page.url)

    assert reader.page.url == author.page.url.replace("/created", "")
    expect(reader.page.locator("section.file pre")).to_have_text("only for you")
    expect(reader.page.get_by_label("Edit link")).to_have_count(0)
    assert reader.cookies() == {}


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_sent_does_not_come_back_into_the_empty_form(new_visitor: NewVisitor, kind: str) -> None:
    author = new_visitor()
    paste(author, kind)

    author.go("/")

    expect(author.box()).to_have_value("")
    assert author.page.evaluate("Object.values(localStorage).join()").count("only for you") == 0


def test_the_share_sheet_of_the_system_has_the_link_where_there_is_one(new_visitor: NewVisitor) -> None:
    author = new_visitor(phone=True)
    author.page.add_init_script("navigator.share = async (data) => { window.shared = data.url; }")

    link = paste(author, "encrypted")

    author.page.get_by_role("button", name="Share…").click()
    assert author.page.evaluate("window.shared") == link


@pytest.mark.parametrize("kind", ["burning", "encrypted"])
def test_the_edit_link_of_what_cannot_be_edited_deletes_it_in_another_browser(
    new_visitor: NewVisitor, kind: str
) -> None:
    author, other = new_visitor(), new_visitor()
    paste(author, kind)

    other.page.goto(edit_link(author))

    expect(other.page.get_by_label("Edit token")).not_to_have_value("")
    assert "token" not in other.page.url
    assert other.press("Delete paste") == 200
    assert other.go(f"/{author.key}") == 404


def test_a_page_of_another_paste_is_not_opened_by_the_cookie_of_this_one(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    paste(author, "plain")
    first = author.key
    paste(author, "plain", "another")
    cookies = {cookie["path"]: cookie for cookie in author.context.cookies() if cookie["name"] == "created"}
    assert set(cookies) == {f"/{first}/created", f"/{author.key}/created"}
    assert all(cookie["httpOnly"] for cookie in cookies.values())
    stolen = {
        "name": "created",
        "value": cookies[f"/{first}/created"]["value"],
        "url": f"{author.url}/{author.key}/created",
    }

    other = new_visitor()
    other.context.add_cookies([stolen])  # type: ignore[list-item]
    other.go(f"/{author.key}/created")

    assert other.page.url == f"{other.url}/{author.key}"


@pytest.mark.parametrize("path", ["", "#L1"])
def test_every_reader_may_share_and_the_box_begins_with_the_link(new_visitor: NewVisitor, path: str) -> None:
    author, reader = new_visitor(), new_visitor(phone=True)
    reader.context.grant_permissions(["clipboard-read", "clipboard-write"])
    link = paste(author, "plain")
    reader.page.goto(link + path)

    reader.page.get_by_text("Share", exact=True).click()

    box = reader.page.locator(".share")
    expect(reader.page.get_by_label("Link", exact=True)).to_be_focused()
    expect(box.get_by_text("To show only one, add its name")).to_be_visible()
    box.get_by_role("button", name="Copy link").click()
    expect(reader.page.get_by_role("status").filter(has_text="Link copied.")).to_be_visible()
    assert reader.page.evaluate("navigator.clipboard.readText()") == link


@pytest.mark.parametrize("kind", ["burning", "encrypted", "both"])
def test_readers_of_secrets_share_the_whole_link_and_nothing_that_shows_no_text(
    new_visitor: NewVisitor, kind: str
) -> None:
    author, reader = new_visitor(), new_visitor()
    link = paste(author, kind)
    reader.page.goto(link)

    reader.page.get_by_text("Share", exact=True).click()

    expect(reader.page.get_by_label("Link", exact=True)).to_have_value(link)
    expect(reader.page.get_by_role("img", name="QR code of the address")).to_be_visible()
    expect(reader.page.get_by_text("curl", exact=False)).to_have_count(0)
