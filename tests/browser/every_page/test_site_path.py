"""A site below a path on its host, in a browser: no script requests a URL outside that path."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.visitor import WIDE, Visitor
from tests.servers.below_a_path import PATH, PasteurBelowPath

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def site() -> Iterator[PasteurBelowPath]:
    """Return a running site below a path."""
    with PasteurBelowPath() as running:
        yield running


def test_a_visitor_pastes_edits_encrypts_and_deletes(chromium: Browser, site: PasteurBelowPath) -> None:
    visitor = Visitor(chromium.new_context(viewport=WIDE), site.url)
    requested: list[str] = []
    visitor.page.on("request", lambda request: requested.append(request.url))
    visitor.go("/")
    visitor.page.get_by_label("Title").fill("Mine")
    visitor.page.get_by_label("File name").fill("a.py")
    visitor.write('print("hello")\n')
    visitor.press("Create paste")
    visitor.see("With it you can edit and delete the paste.")
    expect(visitor.page.locator(".hljs-string")).to_have_count(1)  # A worker has highlighted it.
    key = visitor.key.removeprefix(f"{PATH[1:]}/")

    visitor.page.keyboard.press("m")
    visitor.page.get_by_role("link", name="Edit Mine").click()
    expect(visitor.page.get_by_label("Edit token")).not_to_have_value("")
    visitor.box().fill("second\n")
    assert visitor.press("Save") == 200
    assert visitor.raw(key) == b"second\n"

    visitor.page.get_by_role("link", name="Delete").click()
    with visitor.page.expect_navigation(url="**/mine**"):
        visitor.page.get_by_role("button", name="Delete paste").click()
    visitor.see("The paste has been deleted.")

    visitor.page.keyboard.press("n")
    visitor.page.wait_for_url(f"{site.url}/")
    visitor.write("a secret")
    visitor.page.get_by_label("Encrypt in this browser").check()
    with visitor.page.expect_navigation(url=lambda url: "#" in url):
        visitor.page.get_by_role("button", name="Create paste", exact=True).click()
    visitor.page.get_by_role("link", name="Open the paste").click()
    expect(visitor.page.get_by_text("Decrypted in this browser.")).to_be_visible()

    with visitor.page.expect_navigation():
        visitor.page.get_by_role("button", name="Français").click()
    expect(visitor.page.get_by_role("link", name="Nouveau")).to_be_visible()

    visitor.context.close()
    outside = {url for url in requested if url.startswith("http") and not urlsplit(url).path.startswith(f"{PATH}/")}
    assert outside == set()
    assert visitor.console_messages == []
