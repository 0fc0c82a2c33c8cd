"""The text box wraps lines, accepts files from any source, explains why it refuses images, and checks its input."""

import pytest
from playwright.sync_api import Request, expect

from tests.browser.compose.test_compose import DROP
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.server

PICTURE = "\x89PNG\0\0"
ONLY_TEXT = "Only text can be pasted here"
PASTE = """(box, [files, texts]) => {
    const clipboardData = new DataTransfer();
    for (const [name, text, type] of files) clipboardData.items.add(new File([text], name, { type }));
    for (const [type, text] of texts) clipboardData.setData(type, text);
    box.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


def assert_image_refused(author: Visitor) -> None:
    """Fail unless the page explains why an image is refused."""
    expect(author.page.get_by_role("status").filter(has_text=ONLY_TEXT)).to_be_visible()


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "wide"])
def test_line_wrapping_in_the_box_can_be_turned_on_and_is_remembered(new_visitor: NewVisitor, phone: bool) -> None:
    author = new_visitor(phone=phone)
    author.go("/")
    too_wide = "box => box.scrollWidth > box.clientWidth"
    author.write("x = 1; " * 200)
    assert author.box().evaluate(too_wide)

    author.page.get_by_role("button", name="Wrap").click()

    assert not author.box().evaluate(too_wide)
    author.add_file()
    expect(author.page.get_by_role("button", name="Wrap")).to_have_count(2)
    author.reload()
    assert not author.box().evaluate(too_wide)
    assert not author.scrolls_sideways()
    author.page.get_by_role("button", name="Wrap").first.click()
    assert author.box().evaluate(too_wide)


def test_an_image_copied_from_a_page_is_refused_with_the_reason(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")

    author.box().evaluate(PASTE, [[["image.png", PICTURE, "image/png"]], [["text/html", "<img src=x>"]]])

    assert_image_refused(author)
    expect(author.box()).to_have_value("")


def test_a_copied_text_file_becomes_a_file(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")

    author.box().evaluate(PASTE, [[["copied.svg", "<svg/>\r\n", "image/svg+xml"]], []])

    expect(author.page.locator(".size")).to_have_text("8 bytes of 512 kB")
    author.press("Create paste")
    assert author.raw(author.key, "copied.svg") == b"<svg/>\r\n"


def test_a_dropped_image_is_refused_and_the_text_dropped_with_it_is_accepted(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")

    author.page.evaluate(DROP, ["fieldset.file", [["picture.png", PICTURE], ["one.py", "x = 1\n"]]])

    assert_image_refused(author)
    author.press("Create paste")
    expect(author.page.locator("section.file h2")).to_have_text(["one.py"])


def test_a_file_dropped_outside_the_boxes_is_also_accepted(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")
    author.write("first")

    author.page.evaluate(DROP, ["h1", [["one.py", "x = 1\n"]]])

    expect(author.page.locator("fieldset.file")).to_have_count(2)
    author.press("Create paste")
    assert author.raw(author.key, "one.py") == b"x = 1\n"


def test_exceeded_limits_are_reported_before_anything_is_sent(new_visitor: NewVisitor) -> None:
    author = new_visitor(phone=True)
    author.go("/")
    sent: list[Request] = []
    author.page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    author.choose_file("long.txt", b"x" * 20_000_000)

    author.page.get_by_role("button", name="Create paste", exact=True).click()

    alert = author.page.get_by_role("alert")
    expect(alert).to_have_text("Nothing was saved. 19.1 MB of 512 kB: too large")
    expect(alert).to_be_in_viewport()
    assert sent == []
    author.choose_file("short.txt", b"short")
    assert author.press("Create paste") == 200


def test_an_invalid_response_keeps_the_text_to_be_encrypted(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")
    author.write("secret")
    author.page.get_by_label("Encrypt in this browser").check()
    page = "<h1>Bad gateway</h1>"
    author.page.route(f"{author.url}/", lambda route: route.fulfill(status=502, body=page, content_type="text/html"))

    author.page.get_by_role("button", name="Create paste", exact=True).click()

    expect(author.page.get_by_role("alert")).to_have_text(
        "Nothing was saved. The site is not responding. Please try again in a moment."
    )
    expect(author.box()).to_have_value("secret")
    author.console_messages.clear()  # The browser reports the answer.
    author.page.unroute(f"{author.url}/")
    with author.page.expect_navigation(url=lambda url: "#" in url):
        author.page.get_by_role("button", name="Create paste", exact=True).click()
