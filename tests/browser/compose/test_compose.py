"""The form is convenient: it indents, shows what will happen, accepts files, and never loses input."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewVisitor
from tests.browser.read.test_highlighting import publish

pytestmark = pytest.mark.server

DROP = """([selector, files]) => {
    const dataTransfer = new DataTransfer();
    for (const [name, text] of files) dataTransfer.items.add(new File([text], name));
    const target = document.querySelector(selector);
    for (const kind of ["dragover", "drop"]) {
        target.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
    }
}"""


def preview_line(page: Page) -> str:
    """Return the line next to the button."""
    return page.locator("#what-happens").inner_text()


def test_tab_and_enter_indent_and_escape_leaves_the_box(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")
    box, keyboard = author.box(), author.page.keyboard

    box.focus()
    keyboard.type("if x:")
    keyboard.press("Enter")
    keyboard.press("Tab")
    keyboard.type("one")
    keyboard.press("Enter")
    keyboard.type("two")
    expect(box).to_have_value("if x:\n    one\n    two")
    keyboard.press("Shift+Tab")
    expect(box).to_have_value("if x:\n    one\ntwo")
    keyboard.press("Control+a")
    keyboard.press("Tab")
    expect(box).to_have_value("    if x:\n        one\n    two")
    keyboard.press("Control+z")
    expect(box).to_have_value("if x:\n    one\ntwo")

    keyboard.press("Escape")
    keyboard.press("Tab")
    expect(box).not_to_be_focused()


def test_control_enter_submits(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")
    author.write("typed")
    with author.page.expect_navigation():
        author.page.keyboard.press("Control+Enter")

    assert author.read_file("paste.txt") == "typed"


def test_the_line_next_to_the_button_shows_what_will_happen(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")
    assert preview_line(author.page) == (
        "Anyone with the link can read it, with no time limit. It is also committed to Git permanently."
    )

    author.page.get_by_label("Visibility").select_option("public")
    author.page.get_by_label("Expiration").select_option("1w")
    assert preview_line(author.page) == "Anyone can find and read it for 1 week. It is not stored in Git."

    author.page.get_by_label("Burn after reading").check()
    assert preview_line(author.page).startswith("It can be read only once")


def test_the_language_follows_the_name(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")

    author.page.get_by_label("File name").fill("build/Makefile")

    expect(author.page.get_by_label("Language", exact=True).locator("option").first).to_have_text(
        "Makefile (from the file name)"
    )
    author.write("all:\n")
    author.press("Create paste")
    expect(author.page.get_by_label("Language of Makefile")).to_have_value("makefile")


def test_the_size_is_shown_next_to_the_limit(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")
    size = author.page.locator(".size")
    expect(size).to_have_text("0 bytes of 512 kB")

    author.write("schön")
    expect(size).to_have_text("6 bytes of 512 kB")
    author.box().evaluate(
        "box => { box.value = 'x'.repeat(600_000); box.dispatchEvent(new Event('input', {bubbles: true})) }"
    )

    expect(size).to_have_text("585.9 kB of 512 kB: too large")


def test_dropped_files_become_files_of_the_paste_byte_for_byte(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")

    author.page.evaluate(DROP, ["fieldset.file", [["one.py", "a\r\nb"], ["two.rs", "fn main() {}\n"]]])

    expect(author.page.locator("fieldset.file")).to_have_count(2)
    author.press("Create paste")
    assert author.raw(author.key, "one.py") == b"a\r\nb"
    assert author.raw(author.key, "two.rs") == b"fn main() {}\n"


def test_an_image_from_the_clipboard_is_refused_with_the_reason(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")
    author.box().evaluate("""box => {
        const clipboardData = new DataTransfer();
        clipboardData.items.add(new File(["\\x89PNG\\0"], "picture.png", { type: "image/png" }));
        box.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }""")

    expect(author.page.get_by_role("status").filter(has_text="Only text can be pasted here")).to_be_visible()
    expect(author.box()).to_have_value("")


def test_unsent_input_is_restored_until_it_is_sent(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")
    author.page.get_by_label("Title").fill("Half done")
    author.write("an hour's work")
    author.add_file()
    author.write("and more", 2)

    author.go("/recent")
    author.go("/")

    expect(author.box()).to_have_value("an hour's work")
    expect(author.box(2)).to_have_value("and more")
    expect(author.page.get_by_label("Title")).to_have_value("Half done")
    author.press("Create paste")
    author.go("/")
    expect(author.box()).to_have_value("")


def test_viewing_an_empty_form_does_not_replace_a_draft(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    key = publish(author, ("other.txt", "of somebody else"))
    author.go("/")
    author.write("an hour's work")

    for path in (f"/{key}/fork", "/?content=of+a+link", "/recent", "/"):
        author.go(path)

    expect(author.box()).to_have_value("an hour's work")


def test_a_draft_can_be_discarded(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")
    author.write("nothing of worth")
    author.go("/recent")
    author.go("/")

    author.page.get_by_role("button", name="Start over").click()

    expect(author.box()).to_have_value("")
    author.reload()
    expect(author.box()).to_have_value("")


def test_the_author_is_remembered(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")
    author.page.get_by_label("Your name").fill("Ada")
    author.write("x")
    author.press("Create paste")

    author.go("/")

    expect(author.page.get_by_label("Your name")).to_have_value("Ada")


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "plain"])
def test_a_link_can_prefill_the_form(new_visitor: NewVisitor, javascript: bool) -> None:
    author = new_visitor(javascript=javascript)

    author.go("/?language=py&title=Hello&name=a.txt&visibility=public&expires=bad&content=x%3C/textarea%3E")

    expect(author.page.get_by_label("Language", exact=True)).to_have_value("python")
    expect(author.page.get_by_label("Title")).to_have_value("Hello")
    expect(author.page.get_by_label("File name")).to_have_value("a.txt")
    expect(author.page.get_by_label("Visibility")).to_have_value("public")
    expect(author.page.get_by_label("Expiration")).to_have_value("never")
    expect(author.box()).to_have_value("x</textarea>")
    assert author.press("Create paste") == 200


def test_pressing_the_button_twice_creates_one_paste(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")
    author.write("once")
    sent: list[str] = []
    author.page.on("request", lambda request: sent.append(request.method) if request.method == "POST" else None)

    with author.page.expect_navigation(url=lambda url: len(url) > len(author.url) + 5):
        author.page.evaluate("""() => {
            const button = document.querySelector(".send button");
            button.click();
            button.click();
        }""")

    assert sent == ["POST"]


def test_the_keyboard_shortcuts_are_listed_and_work(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    reader.go("/recent")

    reader.page.keyboard.press("?")
    expect(reader.page.get_by_role("dialog")).to_contain_text("New paste")
    reader.page.keyboard.press("Escape")
    expect(reader.page.get_by_role("dialog")).to_have_count(0)
    with reader.page.expect_navigation():
        reader.page.keyboard.press("n")

    reader.write("n and ? are text here")
    assert json.dumps(reader.box().input_value()) == '"n and ? are text here"'


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_follows_the_system_until_another_is_chosen(new_visitor: NewVisitor, scheme: str) -> None:
    reader = new_visitor()
    reader.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    paper = "getComputedStyle(document.body).backgroundColor"
    reader.go("/recent")
    systems = reader.page.evaluate(paper)
    for expected in ("Theme: light", "Theme: dark"):
        reader.page.get_by_role("button", name="Theme").click()
        expect(reader.page.get_by_role("button", name="Theme")).to_have_attribute("aria-label", expected)
        if expected != f"Theme: {scheme}":
            other = reader.page.evaluate(paper)
            reader.reload()
            assert reader.page.evaluate(paper) == other != systems
