"""A page on another site shows a paste, using the script or a frame, and neither can access the other."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import FrameLocator, expect

from tests.browser.conftest import NewVisitor
from tests.browser.every_page.test_accessibility import find_problems
from tests.browser.every_page.test_every_page import HOSTILE
from tests.browser.read.test_highlighting import HELLO, publish
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.server


class Elsewhere(ThreadingHTTPServer):
    """Another site with one page, on this machine: browsers block access from the network to it."""

    body = ""

    class _Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(Elsewhere.body.encode())

        def log_message(self, *arguments: object) -> None:
            """Suppress the log."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), self._Page)


@pytest.fixture(scope="module")
def other_site() -> Iterator[str]:
    """Return the address of another site, with a different host and port."""
    with Elsewhere() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()


def open_embedding_page(reader: Visitor, other_site: str, body: str) -> FrameLocator:
    """Open the other site's page with this content, and return the frame on it."""
    Elsewhere.body = f"<!doctype html><link rel=icon href=data:><title>theirs</title><p>before</p>{body}<p>after</p>"
    reader.page.goto(other_site)
    return reader.page.frame_locator("iframe")


def open_with_script(reader: Visitor, other_site: str, key: str, query: str = "") -> FrameLocator:
    return open_embedding_page(reader, other_site, f'<script src="{reader.url}/{key}/embed.js{query}" async></script>')


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "wide"])
def test_the_script_shows_the_paste_at_its_full_height(new_visitor: NewVisitor, other_site: str, phone: bool) -> None:
    reader = new_visitor(phone=phone)
    key = publish(reader, ("hello.py", HELLO), ("notes.txt", "one\ntwo"), title="Greeting")

    frame = open_with_script(reader, other_site, key)

    expect(frame.locator(".hljs-keyword")).to_have_text(["def", "return"])
    expect(frame.locator("section pre")).to_have_text([HELLO, "one\ntwo"])
    expect(frame.locator("section").first.locator(".line")).to_have_count(5)
    inside = frame.locator("body").evaluate("body => Math.ceil(body.getBoundingClientRect().height)")
    assert 200 < inside < 500
    expect(reader.page.locator("iframe")).to_have_js_property("clientHeight", inside)
    expect(reader.page.locator("p + script + iframe + p")).to_be_visible()
    assert not reader.scrolls_sideways()
    assert reader.cookies() == {}


def test_a_long_paste_scrolls_inside_its_frame(new_visitor: NewVisitor, other_site: str) -> None:
    reader = new_visitor()

    frame = open_with_script(
        reader, other_site, publish(reader, ("a.txt", "line\n" * 2_000), ("b.txt", "b")), "?file=a.txt"
    )

    expect(reader.page.locator("iframe")).to_have_js_property("clientHeight", 600)
    expect(frame.locator("section")).to_have_count(1)


def test_the_link_opens_the_paste_in_a_new_tab(new_visitor: NewVisitor, other_site: str) -> None:
    reader = new_visitor()
    key = publish(reader, ("hello.py", HELLO), title="Greeting")
    frame = open_with_script(reader, other_site, key)

    with reader.context.expect_page() as opened:
        frame.get_by_role("link", name="Greeting").click()

    expect(opened.value.get_by_role("heading", level=1)).to_have_text("Greeting")
    assert opened.value.url == f"{reader.url}/{key}"


def test_nothing_in_a_paste_is_executed_in_a_frame_and_the_frame_cannot_access_the_page(
    new_visitor: NewVisitor, other_site: str
) -> None:
    reader = new_visitor()
    key = publish(reader, ("x.html", f"</pre>{HOSTILE}"), title=HOSTILE, author=HOSTILE)

    frame = open_with_script(reader, other_site, key)

    expect(frame.locator("section[data-highlighted=whole] pre")).to_have_text(f"</pre>{HOSTILE}")
    expect(frame.locator("img, pre script")).to_have_count(0)
    assert reader.page.title() == "theirs"
    assert (
        frame.locator("pre").evaluate("() => { try { return parent.document.title } catch { return 'not ours' } }")
        == "not ours"
    )


def test_messages_from_other_windows_do_not_resize_the_frame(new_visitor: NewVisitor, other_site: str) -> None:
    reader = new_visitor()
    frame = open_with_script(reader, other_site, publish(reader, ("a.txt", "one line")))
    expect(frame.locator(".line")).to_have_count(1)
    height = reader.page.locator("iframe").evaluate("frame => frame.clientHeight")

    reader.page.evaluate("postMessage({ pasteurHeight: 555 }, '*')")
    reader.page.evaluate("new Promise((resolve) => { addEventListener('message', resolve); postMessage(null, '*'); })")

    assert reader.page.locator("iframe").evaluate("frame => frame.clientHeight") == height < 555


def test_without_scripts_a_frame_shows_the_text(new_visitor: NewVisitor, other_site: str) -> None:
    reader = new_visitor(javascript=False)
    key = publish(reader, ("hello.py", HELLO))

    frame = open_embedding_page(
        reader, other_site, f'<iframe src="{reader.url}/{key}/embed" width="100%" height="400"></iframe>'
    )

    expect(frame.locator("pre")).to_have_text(HELLO)


def test_a_burning_paste_shows_a_notice_instead_and_is_not_burned(new_visitor: NewVisitor, other_site: str) -> None:
    reader = new_visitor()
    key = publish(reader, ("a.txt", "secret"), burn=True)

    frame = open_embedding_page(reader, other_site, f'<iframe src="{reader.url}/{key}/embed"></iframe>')

    expect(frame.get_by_text("This paste burns after reading")).to_be_visible()
    assert reader.go(f"/{key}") == 200
    reader.see("This paste burns after reading")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_frame_is_accessible_and_follows_the_system_theme(new_visitor: NewVisitor, scheme: str) -> None:
    reader = new_visitor(phone=True)
    reader.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    key = publish(reader, ("hello.py", HELLO), ("turned.txt", "a\u202eb"))
    reader.go("/")
    reader.page.evaluate("localStorage.setItem('theme', 'light')")

    reader.go(f"/{key}/embed")
    reader.page.wait_for_selector("[data-highlighted]")

    assert find_problems(reader) == []
    card = reader.page.locator("section").first.evaluate("section => getComputedStyle(section).backgroundColor")
    assert card == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(24, 30, 27)")


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "plain"])
def test_the_paste_page_offers_the_embed_code(new_visitor: NewVisitor, javascript: bool) -> None:
    reader = new_visitor(phone=True, javascript=javascript)
    reader.go(f"/{publish(reader, ('hello.py', HELLO))}")
    snippet = reader.page.get_by_text(f'<script src="{reader.url}/{reader.key}/embed.js" async></script>')
    expect(snippet).to_be_hidden()

    reader.page.get_by_text("Share").click()

    expect(snippet).to_be_visible()
    assert not reader.scrolls_sideways()
