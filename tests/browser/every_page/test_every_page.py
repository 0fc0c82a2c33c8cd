"""Rules for every page: it fits on a phone, works from the keyboard, sets no cookie, and runs nothing from a paste."""

import time
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.server

HOSTILE = "<img src=x onerror=document.title='run'><script>document.title='run'</script>"


def publish(reader: Visitor, **paste: Any) -> str:
    answer = reader.context.request.post(f"{reader.url}/api/v1/pastes", data=paste)
    assert answer.status == 201, answer.text()
    return str(answer.json()["key"])


@pytest.mark.parametrize(
    "paste",
    [
        {"files": [{"content": "x", "name": "n" * 252 + ".py"}], "title": "T" * 200, "author": "A" * 100},
        {"files": [{"content": "x " * 250_000}]},
        {"files": [{"content": "x" * 500_000, "name": "word.py"}]},
        {"files": [{"content": "x", "name": f"{number}.md"} for number in range(50)], "comment": "c" * 2_000},
    ],
    ids=["long names", "a long line", "a long word", "many files"],
)
def test_a_phone_shows_any_paste_without_horizontal_scrolling(new_visitor: NewVisitor, paste: dict[str, Any]) -> None:
    reader = new_visitor(phone=True)

    assert reader.go(f"/{publish(reader, **paste)}") == 200

    assert not reader.scrolls_sideways()
    expect(reader.page.get_by_role("link", name="Raw").first).to_be_visible()


def test_half_a_million_empty_lines_are_shown_completely(new_visitor: NewVisitor) -> None:
    reader = new_visitor(phone=True)
    text = "first" + "\n" * 500_000 + "last"

    reader.go(f"/{publish(reader, files=[{'content': text, 'name': 'long.txt'}])}")

    assert reader.read_file("long.txt") == text


def test_nothing_in_a_paste_is_executed(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    files = [{"content": f"</pre>{HOSTILE}", "name": "<script>document.title='run'<script>.html", "language": "xml"}]
    key = publish(reader, files=files, title=HOSTILE, author=HOSTILE, comment=HOSTILE, visibility="public")

    for path in (f"/{key}", "/recent", f"/{key}/raw"):
        assert reader.go(path) == 200
        assert reader.page.title() != "run"
        expect(reader.page.locator("img:not(.brand img)")).to_have_count(0)


def test_invisible_characters_are_marked_and_unchanged_in_the_raw_text(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    text = "\x1b[31mred\u2028next"
    key = publish(reader, files=[{"content": text, "name": "colour.txt"}])

    reader.go(f"/{key}")

    assert reader.read_file("colour.txt") == "\u241b[31mred[U+2028]next"
    assert reader.raw(key) == text.encode()


def test_text_with_hidden_characters_is_shown_with_a_warning(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    turned = publish(reader, files=[{"content": "if user != '\u202e \u2066admin':"}])
    plain = publish(reader, files=[{"content": "if user != 'admin':"}])

    reader.go(f"/{turned}")
    reader.see("This text contains invisible characters or characters that change the writing direction.")

    reader.go(f"/{plain}")
    expect(reader.page.get_by_role("note")).to_have_count(0)


@pytest.mark.parametrize(
    ("locale", "age", "rest"), [("en-US", "1 minute ago", "in 7 days"), ("de-AT", "vor 1 Minute", "in 7 Tagen")]
)
def test_a_paste_shows_its_age_and_its_expiry(new_visitor: NewVisitor, locale: str, age: str, rest: str) -> None:
    reader = new_visitor(locale=locale, phone=True)
    key = publish(reader, files=[{"content": "x"}], expires="1w", visibility="public")
    reader.page.clock.install(time=time.time() + 90)

    reader.go(f"/{key}")

    written, until = reader.page.locator(".facts time"), reader.page.locator(".facts [data-moment]")
    expect(written).to_have_attribute("data-age", age)
    expect(until).to_have_attribute("data-age", rest)
    assert age in written.evaluate("element => getComputedStyle(element, '::after').content")
    assert not reader.scrolls_sideways()
    reader.page.emulate_media(media="print")
    assert written.evaluate("element => getComputedStyle(element, '::after').content") == "none"
    reader.go("/recent")
    expect(reader.page.locator("ul.pastes time").first).to_have_attribute("data-age", age)


@pytest.mark.parametrize(
    ("path", "status", "heading"),
    [
        ("/0000000000", 404, "Not found"),
        ("/no/such/page", 404, "Not found"),
        ("/recent?before=yesterday", 400, "Invalid request"),
    ],
)
def test_an_error_page_links_back(new_visitor: NewVisitor, path: str, status: int, heading: str) -> None:
    reader = new_visitor(phone=True)

    assert reader.go(path) == status

    expect(reader.page.get_by_role("heading", level=1)).to_have_text(heading)
    assert not reader.scrolls_sideways()
    assert reader.cookies() == {}
    reader.page.get_by_role("link", name="New paste").click()
    expect(reader.box()).to_be_visible()


def test_a_form_that_may_not_be_submitted_gets_an_error_page(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    reader.go("/recent")
    reader.page.evaluate("""() => {
        const form = Object.assign(document.createElement("form"), {method: "post", action: "/recent"});
        form.append(Object.assign(document.createElement("button"), {textContent: "Send"}));
        document.querySelector("main").append(form);
    }""")

    assert reader.press("Send") == 405

    expect(reader.page.get_by_role("heading", level=1)).to_have_text("Method not allowed")


def test_the_keyboard_reaches_the_text_box_and_submits(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    focused = author.page.locator(":focus")
    author.go("/recent")
    author.page.keyboard.press("Tab")
    expect(focused).to_have_text("Skip to content")
    expect(focused).to_be_in_viewport()

    author.go("/")
    expect(focused).to_have_attribute("name", "files-0-content")
    author.page.keyboard.press("Escape")
    for name in ("language", "name", "language", "content"):
        author.page.keyboard.press(
            "Tab" if focused.get_attribute("name") == "files-0-name" or name == "content" else "Shift+Tab"
        )
        expect(focused).to_have_attribute("name", f"files-0-{name}")
        assert focused.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
    author.page.keyboard.insert_text("typed")
    author.page.keyboard.press("Escape")
    for _ in range(11):
        author.page.keyboard.press("Tab")
    expect(focused).to_have_text("Create paste")
    with author.page.expect_navigation():
        author.page.keyboard.press("Enter")

    assert author.read_file("paste.txt") == "typed"


def test_every_field_of_the_form_has_a_label(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")

    fields = author.page.locator("form :is(input:not([type=hidden]), select, textarea)")

    assert fields.count() == 13
    assert fields.evaluate_all("fields => fields.filter(field => field.labels.length !== 1).length") == 0
