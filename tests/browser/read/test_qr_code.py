"""The address of a paste as a QR code, including the key of an encrypted one, which the server never receives."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import NewVisitor
from tests.browser.encryption.reference_ciphers import base58, seal
from tests.browser.every_page.test_accessibility import find_problems
from tests.browser.read import qr_reader
from tests.browser.read.test_highlighting import publish

pytestmark = pytest.mark.server


def scan(code: Locator) -> str:
    """Return the text that a camera would read."""
    size = int((code.get_attribute("viewBox") or "").split()[2])
    path = code.locator("path").get_attribute("d") or ""
    dark = {(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", path)}
    assert f'<rect width="{size}" height="{size}" fill="#fff"' in code.inner_html()
    return qr_reader.read([[(x, y) in dark for x in range(size)] for y in range(size)])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_camera_reads_the_address_of_the_paste(new_visitor: NewVisitor, scheme: str) -> None:
    reader = new_visitor(phone=True)
    reader.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    key = publish(reader, ("a.txt", "x"))
    reader.go(f"/{key}#a.txt-L1")
    code = reader.page.get_by_role("img", name="QR code of the address")
    expect(code).to_have_count(0)

    reader.page.get_by_text("Share").click()

    expect(code).to_be_visible()
    assert scan(code) == f"{reader.url}/{key}"
    assert not reader.scrolls_sideways()
    assert find_problems(reader) == []


def test_a_camera_reads_the_key_of_an_encrypted_paste_and_the_server_does_not(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    sealed = publish(reader, ("", seal("secret", bytes(range(32)))), encrypted=True)
    secret = base58(bytes(range(32)))
    requested: list[str] = []
    reader.page.on("request", lambda request: requested.append(f"{request.url} {request.headers} {request.post_data}"))
    reader.go(f"/{sealed}#{secret}")

    reader.page.get_by_text("Share", exact=True).click()

    code = reader.page.get_by_role("img", name="QR code of the address")
    expect(code).to_be_visible()
    assert scan(code) == f"{reader.url}/{sealed}#{secret}"
    reader.see("anyone who scans it can read the paste")
    assert [request for request in requested if secret in request.partition(" ")[2]] == []
    assert [request for request in requested if secret in request] == [
        request for request in requested if request.startswith(f"{reader.url}/{sealed}#")
    ]


def test_without_scripts_no_empty_space_is_reserved_for_it(new_visitor: NewVisitor) -> None:
    reader = new_visitor(javascript=False)
    reader.go(f"/{publish(reader, ('a.txt', 'x'))}")

    reader.page.get_by_text("Share").click()

    expect(reader.page.get_by_role("heading", name="Embed in a web page")).to_be_visible()
    expect(reader.page.get_by_text("QR code", exact=True)).to_be_hidden()


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "wide"])
def test_each_line_under_share_has_a_copy_button(new_visitor: NewVisitor, phone: bool) -> None:
    reader = new_visitor(phone=phone)
    reader.context.grant_permissions(["clipboard-read", "clipboard-write"])
    reader.go(f"/{publish(reader, ('a.txt', 'x'))}")
    reader.page.get_by_text("Share", exact=True).click()
    lines = reader.page.locator(".snippet code").all_inner_texts()
    buttons = reader.page.locator(".snippet").get_by_role("button")
    expect(buttons).to_have_count(len(lines))

    for line, button in zip(lines, buttons.all(), strict=True):
        button.click()
        expect(reader.page.get_by_role("status").filter(has_text="Copied.")).to_be_visible()
        assert reader.page.evaluate("navigator.clipboard.readText()") == line
    assert not reader.scrolls_sideways()
