"""Comparing two revisions: on a phone and on a wide screen, with and without scripts."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewVisitor
from tests.browser.encryption.reference_ciphers import base58, seal
from tests.browser.read.test_highlighting import HELLO
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.server

LONG = "x = 1; " * 100


def publish_and_edit(visitor: Visitor, *versions: dict[str, str], **fields: Any) -> str:
    """Publish the first version of these files, edit it to the second, and return the key."""
    pastes, request = f"{visitor.url}/api/v1/pastes", visitor.context.request
    files = [[{"name": name, "content": text} for name, text in edition.items()] for edition in versions]
    made = request.post(pastes, data={"files": files[0], **fields}).json()
    headers = {"X-Pasteur-Token": made["token"], "If-Match": "*"}
    for version in files[1:]:
        assert request.patch(f"{pastes}/{made['key']}", data={"files": version}, headers=headers).status == 200
    return str(made["key"])


def texts(page: Page, selector: str) -> list[str]:
    """Return the text of elements in the comparison."""
    return page.locator(f".difference {selector}").all_text_contents()


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no-scripts"])
@pytest.mark.parametrize("phone", [True, False], ids=["phone", "wide"])
def test_two_revisions_are_selected_and_compared(new_visitor: NewVisitor, phone: bool, javascript: bool) -> None:
    reader = new_visitor(phone=phone, javascript=javascript)
    second = {"hello.py": HELLO.replace("Hello", "Good day"), "long.py": LONG}
    key = publish_and_edit(reader, {"hello.py": HELLO, "old.txt": "old\n"}, second, {**second, "new.txt": "new\n"})

    reader.go(f"/{key}")
    reader.page.get_by_role("link", name="revision 3").click()
    expect(reader.page.get_by_role("heading", name="Changes from revision 2 to revision 3")).to_be_visible()
    assert texts(reader.page, "ins") == ["new"]

    reader.page.get_by_label("From revision").fill("1")
    reader.page.get_by_label("to revision").fill("2")
    reader.press("Compare")
    expect(reader.page.get_by_role("heading", level=3)).to_have_text(
        ["hello.py: changed", "long.py: added", "old.txt: removed"]
    )
    assert texts(reader.page, "del") == ['    return f"Hello {name}!"', "old"]
    assert texts(reader.page, "ins b") == ["Good day"]
    assert not reader.scrolls_sideways()

    reader.page.get_by_label("View").select_option(label="Side by side")
    reader.press("Compare")
    changed = reader.page.get_by_role("row").filter(has_text="Good day")
    expect(changed.locator("del")).to_have_text('    return f"Hello {name}!"')
    assert not reader.scrolls_sideways()
    box = reader.page.get_by_role("region", name="hello.py")
    assert box.evaluate("box => box.scrollWidth > box.clientWidth") is phone

    reader.page.get_by_role("link", name="Revision 1", exact=True).click()
    assert reader.read_file("hello.py") == HELLO
    reader.see("This is an earlier revision.")


def test_removed_and_added_lines_are_labelled_and_numbers_are_not_copied(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    reader.context.grant_permissions(["clipboard-read", "clipboard-write"])
    key = publish_and_edit(reader, {"a.txt": "one\ntwo\n"}, {"a.txt": "one\n2\n"})
    reader.go(f"/{key}/revisions")

    signs = reader.page.get_by_role("region", name="a.txt").get_by_role("img")
    assert [sign.get_attribute("aria-label") for sign in signs.all()] == ["removed", "added"]
    reader.page.get_by_role("table").evaluate("table => getSelection().selectAllChildren(table.tBodies[0])")
    reader.page.keyboard.press("Control+c")
    copied = reader.page.evaluate("navigator.clipboard.readText()")
    assert [line.strip("\t") for line in copied.splitlines() if line.strip()] == ["one", "two", "2"]


def test_the_key_of_an_encrypted_paste_is_kept(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    secret = bytes(range(32))
    key = publish_and_edit(reader, {"": seal("first", secret)}, {"": seal("second", secret)}, encrypted=True)

    reader.go(f"/{key}#{base58(secret)}")
    reader.page.get_by_role("link", name="revision 2").click()
    reader.see("This paste is encrypted, so the server cannot compare its revisions.")
    expect(reader.page.get_by_role("button", name="Compare")).to_have_count(0)
    reader.page.get_by_role("link", name="Revision 1", exact=True).click()

    expect(reader.page.locator("section.file > pre")).to_have_text("first")
