"""Right-to-left text is shown in its own order, and does not reorder anything around it."""

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import NewVisitor
from tests.browser.encryption.reference_ciphers import base58, seal
from tests.browser.read.test_highlighting import publish

pytestmark = pytest.mark.server

ARABIC = "مرحبا بالعالم (1)."
LEFTS = """(element, [first, last]) => {
    return [first, last].map((letter) => {
        const walk = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
        let node = walk.nextNode();
        while (!node.data.includes(letter)) node = walk.nextNode();
        const one = document.createRange();
        one.setStart(node, node.data.indexOf(letter));
        one.setEnd(node, node.data.indexOf(letter) + 1);
        return one.getBoundingClientRect().left;
    });
}"""


def runs_to_the_left(words: Locator, first: str, last: str) -> bool:
    """Return whether a letter is displayed to the right of the one that follows it."""
    lefts: list[float] = words.evaluate(LEFTS, [first, last])
    return lefts[0] > lefts[1]


def arabic(**fields: Any) -> dict[str, Any]:
    return {"title": ARABIC, "author": "أحمد", "comment": ARABIC, "visibility": "public", **fields}


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "plain"])
def test_every_line_of_text_has_its_own_direction(new_visitor: NewVisitor, javascript: bool) -> None:
    reader = new_visitor(phone=True, javascript=javascript)
    key = publish(reader, ("a.txt", f"{ARABIC}\nEnglish.\n"), ("b.py", f"# {ARABIC}\n"), **arabic())

    reader.go(f"/{key}")

    text = reader.page.locator("#file-1 > pre")
    assert runs_to_the_left(text, "م", ".")
    assert not runs_to_the_left(text, "E", "h")
    assert not runs_to_the_left(reader.page.locator("#file-2 > pre"), "م", ".")  # Code remains left-to-right.
    assert runs_to_the_left(reader.page.get_by_role("heading", level=1), "م", ".")
    assert runs_to_the_left(reader.page.locator(".comment"), "م", ".")
    assert not reader.scrolls_sideways()


def test_markdown_has_the_direction_of_its_words(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    key = publish(reader, ("a.md", f"{ARABIC}\n\nEnglish.\n\n- {ARABIC}\n"))
    reader.go(f"/{key}")
    shown = reader.page.locator("section.file[data-rendered=yes] .markdown")

    expect(shown).to_be_visible()
    assert runs_to_the_left(shown.locator("p").first, "م", ".")
    assert runs_to_the_left(shown.locator("ul"), "م", ".")
    assert not runs_to_the_left(shown.locator("p").nth(1), "E", "h")


def test_encrypted_text_has_its_own_direction_too(new_visitor: NewVisitor) -> None:
    reader, secret = new_visitor(), bytes(range(32))

    reader.go(f"/{publish(reader, ('', seal(ARABIC, secret)), encrypted=True)}#{base58(secret)}")
    expect(reader.page.get_by_text("Decrypted in this browser.")).to_be_visible()

    assert runs_to_the_left(reader.page.locator("section.file > pre"), "م", ".")


def test_a_name_in_a_list_does_not_reorder_the_date(new_visitor: NewVisitor) -> None:
    reader = new_visitor(phone=True)
    publish(reader, ("a.txt", "x"), **arabic(title="Newest of all"))

    reader.go("/recent")

    line = reader.page.get_by_role("listitem").filter(has_text="Newest of all").first
    assert not runs_to_the_left(line.locator(".muted"), "أ", "2")


def test_forms_accept_text_in_either_direction(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")

    for field in (author.box(), author.page.get_by_label("Title"), author.page.get_by_label("Comment")):
        assert field.evaluate("field => getComputedStyle(field).unicodeBidi") == "plaintext"


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "wide"])
def test_long_names_keep_the_heading_of_a_frame_on_one_line(new_visitor: NewVisitor, phone: bool) -> None:
    reader = new_visitor(phone=phone)
    key = publish(reader, ("n" * 252 + ".py", "x = 1\n"), ("b.txt", "x"), title="T" * 200)

    reader.go(f"/{key}/embed")

    for head in reader.page.locator("section > header").all():
        assert head.evaluate("head => head.clientHeight") < 60
        widths = head.locator("> *").evaluate_all("parts => parts.map(({ clientWidth }) => clientWidth)")
        assert min(widths) > 40
    assert not reader.scrolls_sideways()
