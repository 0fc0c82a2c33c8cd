"""Text is submitted on the first page and shown under its own address, on any screen, with or without scripts."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor

pytestmark = pytest.mark.server

everywhere = pytest.mark.parametrize(
    ("phone", "javascript"),
    [(True, True), (True, False), (False, True), (False, False)],
    ids=["phone", "phone-plain", "wide", "wide-plain"],
)
either_way = pytest.mark.parametrize(
    ("phone", "javascript"), [(True, False), (False, True)], ids=["phone-plain", "wide"]
)


@everywhere
def test_a_paste_can_be_read_by_another_visitor_with_the_address(
    new_visitor: NewVisitor, phone: bool, javascript: bool
) -> None:
    author = new_visitor(phone=phone, javascript=javascript)
    author.go("/")
    author.page.get_by_label("File name").fill("hello.py")
    author.write("print('hello')\n")
    author.open_details()
    author.page.get_by_label("Title").fill("Say hello")
    author.page.get_by_label("Your name").fill("Ada")
    author.page.get_by_label("Comment").fill("The first line\nand the second")
    assert not author.scrolls_sideways()
    assert author.press("Create paste") == 200

    reader = new_visitor(phone=phone, javascript=javascript)
    assert reader.go(f"/{author.key}") == 200

    expect(reader.page).to_have_title("Say hello · Pasteur")
    expect(reader.page.get_by_role("heading", level=1)).to_have_text("Say hello")
    assert reader.read_file("hello.py") == "print('hello')\n"
    reader.see("By Ada")
    reader.see("Unlisted")
    reader.see("15\xa0bytes")
    assert reader.page.locator(".comment").inner_text() == "The first line\nand the second"
    assert not reader.scrolls_sideways()
    assert reader.cookies() == {}


@either_way
def test_several_files_become_one_paste_in_their_order(new_visitor: NewVisitor, phone: bool, javascript: bool) -> None:
    author = new_visitor(phone=phone, javascript=javascript)
    author.go("/")
    author.write("one")
    author.add_file()
    author.page.get_by_label("File name").nth(1).fill("two.md")
    author.write("# two", 2)
    author.add_file()
    author.choose_file("three.sh", b"echo three\n", 3)
    assert not author.scrolls_sideways()

    assert author.press("Create paste") == 200

    assert author.page.locator("section.file h2").all_inner_texts() == ["paste.txt", "two.md", "three.sh"]
    assert [author.read_file(name) for name in ("paste.txt", "two.md", "three.sh")] == ["one", "# two", "echo three\n"]
    with author.page.expect_download() as download:
        author.page.get_by_role("link", name="Download", exact=True).nth(2).click()
    assert download.value.suggested_filename == "three.sh"
    assert download.value.path().read_bytes() == b"echo three\n"


def test_an_added_file_can_be_left_empty(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")
    author.write("only this")
    author.add_file()

    assert author.press("Create paste") == 200

    assert author.page.locator("section.file h2").all_inner_texts() == ["paste.txt"]


def test_a_chosen_file_is_kept_when_another_is_added(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")
    author.choose_file("chosen.py", b"x = 1\n")
    author.add_file()
    author.write("second", 2)

    assert author.press("Create paste") == 200

    assert author.read_file("chosen.py") == "x = 1\n"
    assert author.read_file("paste.txt") == "second"


def test_enter_in_a_field_submits(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")
    author.write("text")
    with author.page.expect_navigation():
        author.page.get_by_label("Title").press("Enter")

    assert author.read_file("paste.txt") == "text"


@either_way
def test_a_refusal_is_shown_once_and_keeps_the_input(new_visitor: NewVisitor, phone: bool, javascript: bool) -> None:
    author = new_visitor(phone=phone, javascript=javascript)
    author.go("/")
    author.page.get_by_label("Title").fill("Only a title")
    author.page.get_by_label("Burn after reading").check()
    author.page.get_by_label("Expiration").select_option(label="1 week")

    assert author.press("Create paste") == 422

    author.see("There is no text to paste.")
    expect(author.page.get_by_role("alert")).to_be_in_viewport()
    expect(author.page.get_by_label("Title")).to_have_value("Only a title")
    expect(author.page.get_by_label("Burn after reading")).to_be_checked()
    expect(author.page.get_by_label("Expiration")).to_have_value("1w")
    author.write("now with text")
    assert author.press("Create paste") == 200


def test_a_text_that_is_too_long_is_returned_completely(new_visitor: NewVisitor) -> None:
    text = ("\n" + "0123456789" * 100) * 525
    author = new_visitor(javascript=False)
    author.go("/")
    author.box().evaluate("(box, text) => { box.value = text }", text)  # Typing this takes seconds.

    assert author.press("Create paste") == 413

    author.see("A paste may be at most 524288 bytes long.")
    assert author.box().input_value() == text


@either_way
def test_a_form_that_was_open_too_long_is_shown_again_and_then_accepted(
    new_visitor: NewVisitor, phone: bool, javascript: bool
) -> None:
    author = new_visitor(phone=phone, javascript=javascript)
    author.go("/")
    author.write("an hour's work")
    author.context.clear_cookies()

    assert author.press("Create paste") == 403

    author.see("was open for too long")
    expect(author.box()).to_have_value("an hour's work")
    assert author.press("Create paste") == 200
    assert author.read_file("paste.txt") == "an hour's work"


def test_an_image_is_refused_by_name_and_the_rest_of_the_form_is_kept(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")
    author.write("text that took an hour")
    author.add_file()
    author.choose_file("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0", 2)

    author.see("picture.png is not text and was left out.")
    expect(author.box()).to_have_value("text that took an hour")
    assert author.press("Create paste") == 200


def test_without_scripts_a_picture_is_refused_by_its_name_and_the_rest_stays(new_visitor: NewVisitor) -> None:
    author = new_visitor(javascript=False)
    author.go("/")
    author.write("text that took an hour")
    author.add_file()
    author.choose_file("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0", 2)

    assert author.press("Create paste") == 400

    author.see("picture.png is not UTF-8 text: byte 0 is invalid.")
    expect(author.box()).to_have_value("text that took an hour")
