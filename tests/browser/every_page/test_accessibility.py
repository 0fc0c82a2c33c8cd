"""axe-core finds no problems on any page, in every language, light and dark, on a phone and on a wide screen."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import ViewportSize

from tests.browser.conftest import NewVisitor
from tests.browser.encryption.reference_ciphers import base58, seal
from tests.browser.read.test_highlighting import HELLO, publish
from tests.browser.read.test_revisions import publish_and_edit
from tests.browser.visitor import PHONE, WIDE, Visitor

pytestmark = pytest.mark.server

#: How pages are viewed: texts are checked once per language, and colors in every combination.
Look = tuple[ViewportSize, Literal["light", "dark"]]
LOOKS: list[Look] = [(PHONE, "light"), (WIDE, "dark")]
COLOURS = ["color-contrast", "link-in-text-block"]
SECRET = bytes(range(32))
AXE = Path(__file__).resolve().parents[3] / "assets" / "node_modules" / "axe-core" / "axe.min.js"


def find_problems(visitor: Visitor, **options: object) -> list[str]:
    """Return the problems that axe-core finds on the open page. It runs as the test's own code, not as the page's."""
    page = visitor.page
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    options = {"resultTypes": ["violations"], **options}
    found: dict[str, Any] = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{problem['id']}: {json.dumps([node['html'][:200] for node in problem['nodes']])}"
        for problem in found["violations"]
    ]


def find_problems_in_all_views(visitor: Visitor) -> list[str]:
    """Return the problems found, and whether the page is wider than its window, in every view."""
    in_english = visitor.page.locator("html").get_attribute("lang") == "en"
    found = find_problems(visitor, rules={name: {"enabled": False} for name in COLOURS})
    for window, scheme in LOOKS:
        visitor.page.set_viewport_size(window)
        visitor.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # No colour is on its way to another.
        name = f"{window['width']} {scheme}"
        if visitor.scrolls_sideways():
            found.append(f"{name}: scrolls sideways")
        if in_english:  # Colors are the same in every language.
            found += [f"{name} {fault}" for fault in find_problems(visitor, runOnly=COLOURS)]
    return found


def open_each(visitor: Visitor, *paths: str, ready: str = "main") -> Iterator[str]:
    """Open pages one after another, and yield each when it is ready."""
    for path in paths:
        visitor.go(path)
        visitor.page.wait_for_selector(ready)
        yield path


def open_pastes(visitor: Visitor) -> Iterator[str]:
    """Open all kinds of pastes."""
    every_colour = '@meta\n# comment\nclass A(B):\n    def f(self): return [1, "s", None, print(f"{x}")]\n'
    files = [
        ("hello.py", HELLO + every_colour),
        ("a.html", '<b class="x">y</b>'),
        ("c.css", "a:hover { color: red }"),
        ("d.diff", "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n"),
        ("e.md", "# H\n*e* **s** `c` [l](u)\n> q\n"),
    ]
    key = publish(visitor, *files, title="T", author="A", comment="c", visibility="public")
    yield from open_each(visitor, f"/{key}#hello.py-L1-L3", ready="#file-5[data-highlighted]")
    hiding = publish(visitor, ("turned.txt", "a\u202eb"))
    yield from open_each(visitor, f"/{key}/embed", f"/{hiding}")
    yield from open_each(visitor, f"/{publish(visitor, ('x.txt', 'x'), burn=True)}")
    with visitor.page.expect_navigation():
        visitor.page.locator("main form button").click()
    yield "burned"


def open_encrypted(visitor: Visitor) -> Iterator[str]:
    """Open encrypted pastes, with and without the key."""
    key = publish(visitor, ("", seal("secret", SECRET)), encrypted=True)
    yield from open_each(visitor, f"/{key}#{base58(SECRET)}", ready="#sealed .tool")
    yield from open_each(visitor, f"/{key}/revisions")
    yield from open_each(visitor, f"/{key}#x", ready="#sealed form")


def open_revisions(visitor: Visitor) -> Iterator[str]:
    """Open all pages about an edited paste."""
    key = publish_and_edit(
        visitor, {"hello.py": HELLO, "old.txt": "x\n"}, {"hello.py": f"{HELLO}x\n", "new.txt": "a\u202eb"}
    )
    yield from open_each(visitor, f"/{key}/revisions", f"/{key}/revisions?view=split", f"/{key}/revisions?from=9")
    yield from open_each(visitor, f"/{key}/revisions/1", ready="#file-1[data-highlighted]")


def open_forms(visitor: Visitor) -> Iterator[str]:
    """Open the forms, the list of keyboard shortcuts, and the page after submitting nothing."""
    key = publish(visitor, ("hello.py", HELLO), title="T", author="A", comment="c")
    yield from open_each(visitor, *(f"/{key}/{form}" for form in ("edit", "fork", "delete", "report")), "/")
    visitor.page.locator("h1").click()  # The shortcuts are off in the text.
    visitor.page.keyboard.press("?")
    yield "keys"
    visitor.page.keyboard.press("Escape")
    with visitor.page.expect_navigation():
        visitor.page.locator(".send button").click()
    yield "refused"


def open_lists(visitor: Visitor) -> Iterator[str]:
    """Open the lists and missing pages."""
    publish(visitor, ("hello.py", HELLO), title="T", author="A", visibility="public")
    yield from open_each(visitor, "/recent", "/search?q=hello", "/by/A", "/mine", "/0000000000")


@pytest.mark.parametrize("locale", ["en-US", "fr-FR", "de-AT"])
@pytest.mark.parametrize("pages", [open_pastes, open_encrypted, open_revisions, open_forms, open_lists])
def test_every_page_is_accessible_and_fits(
    new_visitor: NewVisitor, pages: Callable[[Visitor], Iterator[str]], locale: str
) -> None:
    visitor = new_visitor(phone=True, locale=locale)

    found = {page: find_problems_in_all_views(visitor) for page in pages(visitor)}

    assert {page: fault for page, fault in found.items() if fault} == {}
