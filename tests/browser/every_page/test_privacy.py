"""Pages request nothing from other sites, store nothing in a reader's browser, and never flash the wrong theme."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.browser.encryption.reference_ciphers import base58, seal
from tests.browser.read.test_highlighting import HELLO, publish
from tests.browser.read.test_revisions import publish_and_edit

pytestmark = pytest.mark.server

SECRET = bytes(range(32))
NOTES = "# Notes\n\n![picture](https://example.org/a.png) <img src=https://example.org/b.png> [link](https://example.org/)\n"


def test_no_request_leaves_the_site_and_nothing_is_stored_for_a_reader(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    requested: set[str] = set()
    reader.context.on("request", lambda request: requested.add(urlsplit(request.url).netloc))
    key = publish_and_edit(reader, {"hello.py": HELLO, "notes.md": NOTES}, {"hello.py": "x = 1\n", "notes.md": NOTES})
    sealed = publish(reader, ("", seal(NOTES, SECRET)), encrypted=True)

    reader.go(f"/{key}")
    expect(reader.page.locator("section[data-rendered=yes]")).to_be_visible()
    reader.page.get_by_text("Share", exact=True).click()
    expect(reader.page.get_by_role("img", name="QR code of the address")).to_be_visible()
    reader.go(f"/{sealed}#{base58(SECRET)}")
    expect(reader.page.get_by_text("Decrypted in this browser.")).to_be_visible()
    for path in (f"/{key}/revisions", f"/{key}/raw", f"/{key}/embed", f"/{key}/edit", f"/{key}/delete", "/recent"):
        reader.go(path)
    for path in ("/search?q=hello", "/by/Ada", "/mine", "/0000000000", f"/{key}/revisions?view=split"):
        reader.go(path)

    assert requested == {urlsplit(reader.url).netloc}
    assert reader.cookies() == {}
    reader.go("/recent")
    assert reader.page.evaluate("Object.keys(localStorage)") == []
    assert reader.page.evaluate("Object.keys(sessionStorage)") == []


@pytest.mark.parametrize("chosen", ["light", "dark"])
def test_the_first_paint_already_has_the_chosen_theme(new_visitor: NewVisitor, chosen: str) -> None:
    reader = new_visitor()
    reader.page.emulate_media(color_scheme="dark" if chosen == "light" else "light")
    reader.go("/recent")
    reader.page.evaluate("theme => localStorage.setItem('theme', theme)", chosen)
    reader.page.route("**/js/site*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    reader.page.add_init_script("""new MutationObserver(() => {
        if (document.body) window.seen ??= document.documentElement.dataset.theme ?? "the system's";
    }).observe(document, { childList: true, subtree: true });""")

    reader.reload()

    assert reader.page.evaluate("window.seen") == chosen  # No later script is involved.
    paper = reader.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(246, 246, 242)", "dark": "rgb(17, 22, 20)"}[chosen]
