"""Secrets: an incomplete link destroys nothing and can be completed, passwords are hidden, trackers break no link."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.browser.encryption.reference_ciphers import as_privatebin, base58, seal
from tests.browser.encryption.test_encrypted import SECRET, TEXT, publish, shown_file
from tests.browser.every_page.test_accessibility import find_problems_in_all_views
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.server

KEY = base58(SECRET)
#: What a messenger or a careless hand leaves of a key; the last is whole, and wrong.
BROKEN = {"missing": "", "cut": KEY[:-6], "mangled": KEY[:20] + "0OIl"}
WRONG = base58(bytes(range(2, 34)))


def burning(visitor: Visitor, sealed: str) -> str:
    return publish(visitor, sealed, burn=True)


def made_here(author: Visitor, password: str = "", *, burns: bool = False) -> str:
    """Encrypt a text on the form and return its link."""
    author.go("/")
    author.write(TEXT)
    author.page.get_by_label("Encrypt in this browser").check()
    author.page.get_by_label("Password (optional)").fill(password)
    author.page.get_by_label("Burn after reading").set_checked(burns)
    with author.page.expect_navigation(url="**/created*"):
        author.page.get_by_role("button", name="Create paste", exact=True).click()
    return author.page.get_by_label("Link", exact=True).input_value()


def complete(reader: Visitor, link: str) -> None:
    """Give the page the whole link, as it says."""
    reader.page.get_by_label("The full link").fill(link)
    reader.page.get_by_role("button", name="Use this link").click()


@pytest.mark.parametrize("fragment", BROKEN.values(), ids=BROKEN)
def test_a_link_without_its_whole_key_burns_nothing_until_it_is_completed(
    new_visitor: NewVisitor, fragment: str
) -> None:
    reader = new_visitor(phone=True)
    key = burning(reader, seal(TEXT, SECRET))

    reader.go(f"/{key}#{fragment}")

    reader.see("The link is incomplete")
    reader.see("Nothing has been burned.")
    expect(reader.page.get_by_role("button", name="Read and burn")).to_be_hidden()
    assert find_problems_in_all_views(reader) == []
    complete(reader, f"https://example.org/{key}#{KEY}")
    assert reader.press("Read and burn") == 200
    assert shown_file(reader, "paste.txt") == TEXT


def test_without_scripts_what_is_encrypted_cannot_be_burned_by_mistake(new_visitor: NewVisitor) -> None:
    reader = new_visitor(javascript=False)
    key = burning(reader, seal(TEXT, SECRET))

    reader.go(f"/{key}#{KEY}")

    expect(reader.page.locator("noscript p")).to_contain_text("Nothing has been burned.")
    expect(reader.page.locator("noscript p")).to_be_visible()
    expect(reader.page.get_by_role("button", name="Read and burn")).to_be_hidden()


@pytest.mark.parametrize("how", ["address", "field"])
def test_a_wrong_key_is_mended_after_the_burn(new_visitor: NewVisitor, how: str) -> None:
    reader = new_visitor()
    key = burning(reader, seal(TEXT, SECRET))
    reader.go(f"/{key}#{WRONG}")
    assert reader.press("Read and burn") == 200
    reader.see("Enter the password")

    if how == "address":
        reader.page.evaluate("key => { location.hash = key; }", KEY)
    else:
        reader.page.get_by_text("I have no password").click()
        complete(reader, f"{reader.url}/{key}#{KEY}")

    assert shown_file(reader, "paste.txt") == TEXT


def test_a_wrong_key_of_what_has_no_password_is_called_a_wrong_link(new_visitor: NewVisitor) -> None:
    author, reader = new_visitor(), new_visitor()
    link = made_here(author)

    reader.page.goto(f"{link.partition('#')[0]}#{WRONG}")

    reader.see("The link is incomplete")
    expect(reader.page.get_by_label("Password")).to_have_count(0)
    complete(reader, link)
    assert shown_file(reader, "paste.txt") == TEXT


def test_a_password_is_asked_for_hidden_shown_on_demand_and_may_be_tried_again(new_visitor: NewVisitor) -> None:
    author, reader = new_visitor(), new_visitor(phone=True)
    reader.page.goto(made_here(author, "swordfish"))
    field = reader.page.get_by_label("Password", exact=True)

    reader.see("Enter the password")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("type", "password")
    field.fill("swordfist")
    reader.page.get_by_label("Show").check()
    expect(field).to_have_attribute("type", "text")
    assert find_problems_in_all_views(reader) == []
    reader.page.get_by_role("button", name="Decrypt").click()
    reader.see("this password does not open the paste")
    field.fill("swordfish")
    field.press("Enter")

    assert shown_file(reader, "paste.txt") == TEXT


def test_a_password_is_generated_and_shown_to_be_passed_on(new_visitor: NewVisitor) -> None:
    author, reader = new_visitor(), new_visitor()
    author.go("/")
    author.write(TEXT)
    author.page.get_by_label("Encrypt in this browser").check()
    field = author.page.get_by_label("Password (optional)")
    expect(field).to_have_attribute("type", "password")
    passwords = set()
    for _ in range(3):
        author.page.get_by_role("button", name="Generate").click()
        passwords.add(field.input_value())
    expect(field).to_have_attribute("type", "text")

    assert len(passwords) == 3
    assert all(re.fullmatch("([0-9a-hjkmnp-tv-z]{6}-){3}[0-9a-hjkmnp-tv-z]{6}", password) for password in passwords)
    password = field.input_value()
    with author.page.expect_navigation(url="**/created*"):
        author.page.get_by_role("button", name="Create paste", exact=True).click()
    reader.page.goto(author.page.get_by_label("Link", exact=True).input_value())
    reader.page.get_by_label("Password", exact=True).fill(password)
    reader.page.get_by_role("button", name="Decrypt").click()
    assert shown_file(reader, "paste.txt") == TEXT


@pytest.mark.parametrize("encode", [str.encode, as_privatebin], ids=["UTF-8", "PrivateBin"])
@pytest.mark.parametrize("password", ["pass wörd", "пароль", "🔑 key"])
def test_a_password_beyond_ascii_opens_what_was_encrypted_with_either_encoding(
    new_visitor: NewVisitor, password: str, encode: Callable[[str], bytes]
) -> None:
    reader = new_visitor()
    reader.go(f"/{publish(reader, seal(TEXT, SECRET, encode(password)))}#{KEY}")

    reader.page.get_by_label("Password", exact=True).fill(password)
    reader.page.get_by_role("button", name="Decrypt").click()

    assert shown_file(reader, "paste.txt") == TEXT


@pytest.mark.parametrize(
    "address",
    [
        "/?{key}&fbclid=x#{secret}",
        "/?fbclid=x&{key}#{secret}",
        "/?{key}#{secret}&utm_source=x",
        "/{key}?gclid=x#{secret}",
        "/{key}#{secret}?utm_source=x&utm_medium=y",
        "/?{key}=&fbclid=x#-{secret}",
    ],
)
def test_a_link_through_trackers_opens(new_visitor: NewVisitor, address: str) -> None:
    reader = new_visitor()

    reader.go(address.format(key=publish(reader, seal(TEXT, SECRET)), secret=KEY))

    assert shown_file(reader, "paste.txt") == TEXT
    reader.page.get_by_text("Share", exact=True).click()
    expect(reader.page.get_by_label("Link", exact=True)).to_have_value(re.compile(rf"/[0-9a-z]+#-?{KEY}$"))


def test_an_edit_link_and_lines_survive_trackers_too(new_visitor: NewVisitor) -> None:
    author, other = new_visitor(), new_visitor()
    author.go("/")
    author.write("one\ntwo\nthree\n")
    author.press("Create paste")
    link = author.page.get_by_label("Edit link").input_value()

    other.page.goto(f"{link}&utm_source=x")
    other.see("You can edit and delete it in this browser.")
    other.go(f"/{author.key}?fbclid=x#L2?utm_source=x")
    expect(other.page.locator(".line.marked")).to_have_text("two\n")


def gone(author: Visitor, how: str) -> str:
    """Create a paste, let it go, and return its link."""
    author.go("/")
    author.write("secret")
    author.page.get_by_label("Burn after reading").set_checked(how == "burned")
    author.press("Create paste")
    key = author.key
    if how == "burned":
        author.context.request.post(f"{author.url}/{key}/burn")
    else:
        token = author.page.get_by_label("Edit link").input_value().partition("#token=")[2]
        author.context.request.delete(f"{author.url}/{key}", headers={"X-Pasteur-Token": token})
    return key


@pytest.mark.parametrize(
    ("how", "message"), [("burned", "This paste was read and has burned."), ("deleted", "This paste was deleted.")]
)
def test_the_author_is_told_what_became_of_a_paste_and_strangers_are_not(
    new_visitor: NewVisitor, how: str, message: str
) -> None:
    author, stranger = new_visitor(phone=True), new_visitor(phone=True)
    key = gone(author, how)

    assert author.go(f"/{key}") == 404
    author.see(message)
    assert stranger.go(f"/{key}") == 404
    stranger.see("There is nothing at this address.")
    assert find_problems_in_all_views(author) == find_problems_in_all_views(stranger) == []


def test_without_scripts_the_author_enters_the_token_to_be_told(new_visitor: NewVisitor) -> None:
    author: Any = new_visitor(javascript=False)
    author.go("/")
    author.write("secret")
    author.page.get_by_label("Burn after reading").check()
    author.press("Create paste")
    token = author.page.locator("code.token").inner_text()
    author.context.request.post(f"{author.url}/{author.key}/burn")
    author.go(f"/{author.key}")

    author.page.get_by_text("I have the edit link").click()
    author.page.get_by_label("Edit token").fill(token)

    assert author.press("What became of it?") == 200
    author.see("This paste was read and has burned.")
    assert not author.scrolls_sideways()
