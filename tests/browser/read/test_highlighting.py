"""Text is highlighted and numbered in the browser, in a worker, and its content does not change."""

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import NewVisitor
from tests.browser.encryption.reference_ciphers import base58, seal
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.server

HELLO = 'def greet(name):\n    return f"Hello {name}!"\n\n\nprint(greet("world"))\n'


def publish(visitor: Visitor, *files: tuple[str, str], **fields: Any) -> str:
    """Publish files, given as names and texts, and return the key."""
    paste = {"files": [{"name": name, "content": content} for name, content in files], **fields}
    answer = visitor.context.request.post(f"{visitor.url}/api/v1/pastes", data=paste)
    assert answer.status == 201, answer.text()
    return str(answer.json()["key"])


def open_paste(reader: Visitor, *files: tuple[str, str], at: str = "") -> Locator:
    """Open a new paste and return the text of its first file."""
    reader.go(f"/{publish(reader, *files)}{at}")
    return reader.page.locator("section.file pre").first


def marked_lines(reader: Visitor) -> list[str]:
    """Return the numbers of the marked lines."""
    lines = reader.page.locator(".line.marked")
    return [str(number) for number in lines.evaluate_all("lines => lines.map(line => line.dataset.n)")]


def click_number(text: Locator, number: int, **options: Any) -> None:
    """Click on a line number."""
    text.locator(f".line[data-n='{number}']").click(position={"x": 8, "y": 8}, **options)


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "wide"])
def test_code_is_highlighted_in_its_language_and_unchanged(new_visitor: NewVisitor, phone: bool) -> None:
    reader = new_visitor(phone=phone)

    text = open_paste(reader, ("hello.py", HELLO), ("notes.txt", "def is no keyword here"))

    expect(text.locator(".hljs-keyword")).to_have_text(["def", "return"])
    expect(text.locator(".line")).to_have_count(5)
    assert reader.read_file("hello.py") == HELLO
    assert reader.read_file("notes.txt") == "def is no keyword here"
    expect(reader.page.locator("#file-2 [class^=hljs]")).to_have_count(0)
    assert not reader.scrolls_sideways()
    assert reader.cookies() == {}


def test_a_language_inside_another_is_also_highlighted(new_visitor: NewVisitor) -> None:
    text = open_paste(new_visitor(), ("page.html", "<script>\nconst x = 1;\n</script>\n"))

    expect(text.locator(".hljs-keyword")).to_have_text(["const"])


def test_without_scripts_the_complete_text_is_shown(new_visitor: NewVisitor) -> None:
    reader = new_visitor(javascript=False)
    long = "".join(f"line {number}\n" for number in range(1, 1001))

    open_paste(reader, ("hello.py", HELLO), ("long.txt", long))

    assert reader.read_file("hello.py") == HELLO
    assert reader.read_file("long.txt") == long
    expect(reader.page.get_by_role("main").get_by_role("button")).to_have_count(0)


def test_line_numbers_are_not_copied(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    reader.context.grant_permissions(["clipboard-read", "clipboard-write"])
    text = open_paste(reader, ("hello.py", HELLO))
    expect(text.locator(".hljs-keyword")).to_have_count(2)

    text.evaluate("pre => getSelection().selectAllChildren(pre)")
    reader.page.keyboard.press("Control+c")

    assert reader.page.evaluate("navigator.clipboard.readText()") == HELLO


def test_a_button_copies_the_whole_file(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    reader.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_paste(reader, ("hello.py", HELLO))

    reader.page.get_by_role("button", name="Copy", exact=True).click()

    expect(reader.page.get_by_role("status").filter(has_text="hello.py copied.")).to_be_visible()
    assert reader.page.evaluate("navigator.clipboard.readText()") == HELLO


def test_the_button_copies_the_original_text_without_marks_for_invisible_characters(new_visitor: NewVisitor) -> None:
    reader, secret = new_visitor(), bytes(range(32))
    reader.context.grant_permissions(["clipboard-read", "clipboard-write"])
    written = "\x1b[31mred\u2028next \x85\n"
    key, sealed = publish(reader, ("", written)), publish(reader, ("", seal(written, secret)), encrypted=True)

    for path in (f"/{key}", f"/{sealed}#{base58(secret)}"):
        reader.go(path)
        reader.page.get_by_role("button", name="Copy", exact=True).click()
        expect(reader.page.get_by_role("status").filter(has_text="copied.")).to_be_visible()
        assert reader.page.evaluate("navigator.clipboard.readText()") == written
        assert reader.read_file("paste.txt").startswith("\u241b[31mred[U+2028]next [U+0085]")


def test_a_click_on_a_number_links_to_its_line_and_shift_click_to_a_range(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    text = open_paste(reader, ("first.txt", "x"), ("two words-L1.py", HELLO))
    text = reader.page.locator("#file-2 pre")

    click_number(text, 4)
    assert reader.page.url.endswith("#two%20words-L1.py-L4")
    assert marked_lines(reader) == ["4"]
    click_number(text, 2, modifiers=["Shift"])

    assert reader.page.url.endswith("#two%20words-L1.py-L2-L4")
    assert marked_lines(reader) == ["2", "3", "4"]
    assert reader.page.evaluate("getSelection().toString()") == ""


@pytest.mark.parametrize(
    ("at", "lines"),
    [
        ("#hello.py-L2", ["2"]),
        ("#hello.py-L2-L4", ["2", "3", "4"]),
        ("#hello.py-L4-2", ["2", "3", "4"]),
        ("#L5", ["5"]),
        ("#hello.py-L99", []),
        ("#other.py-L1", []),
        ("#%E0%A4-L1", []),
    ],
)
def test_a_link_to_lines_marks_them(new_visitor: NewVisitor, at: str, lines: list[str]) -> None:
    reader = new_visitor()

    text = open_paste(reader, ("hello.py", HELLO), at=at)

    expect(text.locator(".hljs-keyword")).to_have_count(2)
    assert marked_lines(reader) == lines


def test_a_link_to_a_line_far_down_scrolls_to_it(new_visitor: NewVisitor) -> None:
    reader = new_visitor(phone=True)

    text = open_paste(reader, ("long.py", "".join(f"x = {n}\n" for n in range(1, 5001))), at="#L4321")

    line = text.locator(".line.marked")
    expect(line).to_have_text("x = 4321\n")
    expect(line).to_be_in_viewport()


def test_another_language_can_be_chosen(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    text = open_paste(reader, ("hello.txt", "fn main() { let x = 1; }\n"))
    choice = reader.page.get_by_label("Language of hello.txt")

    choice.focus()
    expect(choice.locator("option")).not_to_have_count(1)
    choice.select_option("rust")

    expect(text.locator(".hljs-keyword")).to_have_text(["fn", "let"])
    choice.select_option("plaintext")
    expect(text.locator(".hljs-keyword")).to_have_count(0)


def test_line_wrapping_can_be_turned_on_and_is_remembered(new_visitor: NewVisitor) -> None:
    reader = new_visitor(phone=True)
    text = open_paste(reader, ("long.py", "x = 1; " * 100))
    too_wide = "pre => pre.scrollWidth > pre.clientWidth"
    assert text.evaluate(too_wide)

    button = reader.page.get_by_role("button", name="Wrap")
    button.click()

    assert not text.evaluate(too_wide)
    expect(button).to_have_attribute("aria-pressed", "true")
    reader.reload()
    assert not text.evaluate(too_wide)


def test_highlighting_that_does_not_finish_is_terminated_and_the_text_remains(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    endless = "onmessage = () => { for (;;) ; };"
    headers = {"Content-Security-Policy": "default-src 'none'"}
    reader.page.route(
        "**/highlight_worker*",
        lambda route: route.fulfill(body=endless, content_type="text/javascript", headers=headers),
    )
    reader.page.clock.install()
    open_paste(reader, ("hello.py", HELLO), ("second.py", HELLO))

    for _ in range(2):  # One text after another.
        reader.page.clock.fast_forward(10_000)
        reader.page.wait_for_timeout(50)

    expect(reader.page.get_by_text("Shown without highlighting, which took too long.")).to_have_count(2)
    assert reader.read_file("hello.py") == HELLO


@pytest.mark.parametrize("name", ["empty.py", "empty.txt"])
def test_half_a_million_lines_become_elements_only_when_scrolled_into_view(new_visitor: NewVisitor, name: str) -> None:
    reader = new_visitor()
    content = "first" + "\n" * 500_000 + "last"

    text = open_paste(reader, (name, content), at="#L500001")

    expect(text.locator(".line.marked")).to_have_text("last")
    expect(text.locator(".line.marked")).to_be_in_viewport()
    assert text.locator(".line").count() < 5_000
    assert reader.read_file(name) == content


def test_a_line_of_half_a_megabyte_is_not_highlighted(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    content = "x = 1; " * 71_000

    text = open_paste(reader, ("line.py", content))

    reader.page.wait_for_selector("section.file[data-highlighted]")  # In time or not, depending on the machine.
    assert text.locator("[class^=hljs]").count() == 0
    assert reader.read_file("line.py") == content


def test_no_script_can_turn_text_into_markup(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    open_paste(reader, ("hello.py", HELLO))

    refused = """code => { try { code(); return false } catch (error) { return error instanceof TypeError } }"""
    assert reader.page.evaluate(f"({refused})(() => {{ document.body.innerHTML = '<b>x</b>' }})")
    assert reader.page.evaluate(f"({refused})(() => trustedTypes.createPolicy('another', {{}}))")
    reader.console_messages.clear()  # The browser reports both.
