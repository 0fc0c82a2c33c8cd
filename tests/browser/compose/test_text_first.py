"""The form begins with the text: it takes a paste from anywhere, files become texts, the button is always in view."""

from functools import partial

import pytest
from playwright.sync_api import Dialog, FilePayload, ViewportSize, expect

from tests.browser.compose.test_editor import PASTE
from tests.browser.conftest import NewVisitor
from tests.browser.every_page.test_accessibility import find_problems_in_all_views
from tests.browser.read.test_highlighting import publish
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.server

FILES = [("one.py", b"x = 1\r\n"), ("two.rs", b"fn main() {}\n"), ("three.txt", b"three\n")]


def choose(author: Visitor, *files: tuple[str, bytes]) -> None:
    """Choose files at once."""
    payloads = [FilePayload(name=name, mimeType="application/octet-stream", buffer=content) for name, content in files]
    author.page.get_by_label("or upload a file").first.set_input_files(payloads)


def note(asked: list[str], dialog: Dialog) -> None:
    """Note a question of the page, and agree."""
    asked.append(dialog.type)
    dialog.accept()


def names(author: Visitor) -> list[str]:
    return [field.input_value() for field in author.page.get_by_label("File name").all()]


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "plain"])
@pytest.mark.parametrize("size", [(320, 568), (390, 844), (1366, 768), (1440, 900)], ids=str)
def test_the_button_is_in_view_at_once(new_visitor: NewVisitor, size: tuple[int, int], javascript: bool) -> None:
    author = new_visitor(javascript=javascript)
    author.page.set_viewport_size(ViewportSize(width=size[0], height=size[1]))

    author.go("/")

    button = author.page.get_by_role("button", name="Create paste", exact=True)
    expect(button).to_be_in_viewport(ratio=1)
    assert not author.scrolls_sideways()


def test_a_paste_from_anywhere_is_sent_with_the_keys(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")
    expect(author.box()).to_be_focused()
    author.page.get_by_role("heading", level=1).click()
    author.page.locator("body").evaluate(PASTE, [[], [["text/plain", "from\nanywhere"]]])
    expect(author.box()).to_have_value("from\nanywhere")
    author.page.get_by_label("Title").focus()

    with author.page.expect_navigation(url="**/created"):
        author.page.keyboard.press("Control+s")

    assert author.raw(author.key) == b"from\nanywhere"


def test_chosen_files_are_read_changed_renamed_moved_and_removed(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")

    choose(author, *FILES)

    expect(author.page.locator("fieldset.file")).to_have_count(3)
    assert names(author) == ["one.py", "two.rs", "three.txt"]
    expect(author.box(1)).to_have_value("x = 1\n")
    assert find_problems_in_all_views(author) == []
    author.page.get_by_role("button", name="Move up: File 3").click()
    assert names(author) == ["one.py", "three.txt", "two.rs"]
    author.page.on("dialog", lambda dialog: dialog.accept())
    author.page.get_by_role("button", name="Remove: File 3").click()
    author.page.get_by_label("File name").first.fill("renamed.py")
    author.box(2).fill("changed\n")
    author.press("Create paste")
    assert author.page.locator("section.file h2").all_inner_texts() == ["renamed.py", "three.txt"]
    assert author.raw(author.key, "renamed.py") == b"x = 1\r\n"  # Untouched, it has its own line ends.
    assert author.raw(author.key, "three.txt") == b"changed\n"


def test_a_file_that_is_chosen_beside_a_text_is_a_further_file(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")
    author.write("typed")

    choose(author, FILES[1])

    expect(author.box(1)).to_have_value("typed")
    expect(author.box(2)).to_have_value("fn main() {}\n")


def test_what_is_not_text_is_named_at_once(new_visitor: NewVisitor) -> None:
    author = new_visitor(phone=True)
    author.go("/")

    choose(author, ("picture.png", b"\x89PNG\0"), FILES[2])

    expect(author.page.get_by_role("alert")).to_have_text("picture.png is not text and was left out.")
    assert names(author) == ["three.txt"]


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "plain"])
def test_an_empty_file_with_a_name_is_kept_among_others(new_visitor: NewVisitor, javascript: bool) -> None:
    author = new_visitor(javascript=javascript)
    author.go("/")
    author.page.get_by_label("File name").fill("main.py")
    author.write("x = 1\n")
    author.add_file()
    author.page.get_by_label("File name").nth(1).fill("__init__.py")

    assert author.press("Create paste") == 200

    assert author.page.locator("section.file h2").all_inner_texts() == ["main.py", "__init__.py"]
    assert author.raw(author.key, "__init__.py") == b""


@pytest.mark.parametrize("form", ["edit", "fork"])
def test_a_draft_of_an_edit_or_a_fork_is_kept_until_it_is_sent(new_visitor: NewVisitor, form: str) -> None:
    author = new_visitor()
    author.go("/")
    author.page.get_by_label("File name").fill("a.txt")
    author.write("first\n")
    author.press("Create paste")
    address = f"/{author.key}/{form}"
    author.go(address)
    author.box().fill("half of a change")

    author.go("/recent")
    author.go("/")
    expect(author.box()).to_have_value("")  # Each form has its own.
    author.go(address)

    expect(author.box()).to_have_value("half of a change")
    author.press("Save" if form == "edit" else "Create paste")
    author.go(address)
    expect(author.page.get_by_text("Your unsent draft has been restored.")).to_have_count(0)


def test_leaving_with_changes_asks_and_sending_them_does_not(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    asked: list[str] = []
    author.page.on("dialog", partial(note, asked))
    author.go("/")
    author.go("/recent")
    assert asked == []
    author.go("/")
    author.box().press_sequentially("typed")
    author.go("/recent")
    assert asked == ["beforeunload"]
    author.go("/")
    author.press("Create paste")
    assert asked == ["beforeunload"]


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "wide"])
def test_an_error_is_at_its_field_which_has_the_focus(new_visitor: NewVisitor, phone: bool) -> None:
    author = new_visitor(phone=phone)
    author.go("/")
    author.page.get_by_label("File name").fill("a.py")
    author.write("one")
    author.add_file()
    author.page.get_by_label("File name").nth(1).fill("a.py")
    author.write("two", 2)

    assert author.press("Create paste") == 422

    field = author.page.get_by_label("File name").nth(1)
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    author.see("Two files are named “a.py”.")
    assert names(author) == ["a.py", "a.py"]


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "plain"])
@pytest.mark.parametrize("form", ["edit", "fork"])
def test_what_was_not_touched_keeps_its_line_ends(new_visitor: NewVisitor, form: str, javascript: bool) -> None:
    author = new_visitor(javascript=javascript)
    windows, mixed = "one\r\ntwo\r\n", "a\r\nb\nc\rd"
    files = [{"name": "windows.txt", "content": windows}, {"name": "mixed.txt", "content": mixed}]
    created = author.context.request.post(f"{author.url}/api/v1/pastes", data={"files": files}).json()
    author.go(f"/{created['key']}/{form}")

    author.page.get_by_label("File name").nth(1).fill("renamed.txt")
    author.box(1).fill("one\ntwo\nthree\n")
    if form == "edit":
        author.page.get_by_label("Edit token").fill(created["token"])
    assert author.press("Save" if form == "edit" else "Create paste") == 200

    assert author.raw(author.key, "windows.txt") == b"one\r\ntwo\r\nthree\r\n"
    assert author.raw(author.key, "renamed.txt") == mixed.encode()


def test_a_fork_of_a_paste_is_not_asked_about_when_nothing_was_changed(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    asked: list[str] = []
    author.page.on("dialog", partial(note, asked))
    author.go(f"/{publish(author, ('a.txt', 'x'))}/fork")

    author.go("/recent")

    assert asked == []
