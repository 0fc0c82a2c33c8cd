"""Keyboard shortcuts work on the pages where they are listed, and printing shows only the content."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewVisitor
from tests.browser.read.test_highlighting import HELLO, publish
from tests.browser.read.test_revisions import publish_and_edit

pytestmark = pytest.mark.server


def listed_shortcuts(page: Page) -> list[str]:
    """Return the listed shortcuts, and close the list."""
    page.keyboard.press("?")
    keys = page.get_by_role("dialog").locator("kbd").all_inner_texts()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    return keys


def test_each_page_lists_the_shortcuts_that_work_there(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    key = publish_and_edit(reader, {"hello.py": HELLO}, {"hello.py": "x = 1\n"})
    everywhere = ["n", "r", "/", "m", "t"]

    reader.go("/recent")
    assert listed_shortcuts(reader.page) == [*everywhere, "?"]
    reader.go("/")
    reader.page.evaluate("document.activeElement.blur()")  # The text box has the focus and takes all characters.
    assert listed_shortcuts(reader.page) == [*everywhere, "?", "Ctrl Enter", "Tab", "Esc Tab"]
    reader.go(f"/{key}")
    expect(reader.page.get_by_role("button", name="Copy", exact=True)).to_be_visible()
    assert listed_shortcuts(reader.page) == [*everywhere, "c", "w", "e", "f", "v", "?"]


def test_the_shortcuts_on_a_paste_open_the_form_the_fork_and_the_revisions(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    key = publish_and_edit(reader, {"hello.py": HELLO}, {"hello.py": "x = 1\n"})

    for letter, end in (("e", "edit"), ("f", "fork"), ("v", "revisions")):
        reader.go(f"/{key}")
        reader.page.keyboard.press(letter)
        reader.page.wait_for_url(f"**/{key}/{end}")


def test_a_shortcut_without_a_function_on_a_page_does_nothing(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    reader.go(f"/{publish(reader, ('hello.py', HELLO))}")

    reader.page.keyboard.press("v")
    reader.page.keyboard.press("?")

    expect(reader.page.get_by_role("dialog")).to_be_visible()
    reader.page.keyboard.press("n")
    reader.page.keyboard.press("Escape")
    assert reader.read_file("hello.py") == HELLO


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_in_print_the_text_is_dark_on_light_without_controls(new_visitor: NewVisitor, theme: str) -> None:
    reader = new_visitor()
    long = "".join(f"line {number}\n" for number in range(1_000))
    reader.go(f"/{publish(reader, ('hello.py', HELLO), ('long.txt', long), title='Greeting')}")
    expect(reader.page.locator("#file-1 .hljs-keyword")).to_have_count(2)
    reader.page.evaluate("theme => (document.documentElement.dataset.theme = theme)", theme)

    reader.page.emulate_media(media="print", color_scheme=theme)  # type: ignore[arg-type]

    for hidden in ("header.bar", "footer", ".actions", ".tools >> nth=0"):
        expect(reader.page.locator(hidden)).to_be_hidden()
    expect(reader.page.get_by_role("heading", name="Greeting")).to_be_visible()
    expect(reader.page.locator("#file-2 pre")).to_be_visible()
    ink, paper = reader.page.locator("#file-1 pre").evaluate(
        "pre => [getComputedStyle(pre).color, getComputedStyle(pre.parentElement).backgroundColor]"
    )
    assert (ink, paper) == ("rgb(27, 35, 32)", "rgb(255, 255, 255)")
    assert reader.page.locator("#file-1 pre").evaluate("pre => getComputedStyle(pre).whiteSpace") == "pre-wrap"
    assert reader.page.pdf(format="A4")[:4] == b"%PDF"
