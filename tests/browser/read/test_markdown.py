"""Markdown is rendered safely: nothing in it is executed, loaded or can hang the page."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import NewVisitor
from tests.browser.encryption.reference_ciphers import base58, seal
from tests.browser.every_page.test_accessibility import find_problems
from tests.browser.read.test_highlighting import publish
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.server

TEXT = """# Breakfast

Some *fine* **eggs**, `boiled`, see <https://example.org/a> and [the book](http://example.org/b "Book").

> Twice.

- [x] eggs
- [ ] salt

| Who | How many |
|:----|---------:|
| Ada | 2 |

```python
def cook(): return 1
```
"""

HOSTILE = """[one](javascript:alert(1)) [two](data:text/html,<script>alert(1)</script>) [three](vbscript:x)
[four](/admin/)

<svg onload="alert(1)"><script>alert(1)</script></svg>
<img src="https://example.org/spy.png" alt="spy" onerror="alert(1)"> ![dot](https://example.org/dot.png)
<a href="jav&#x09;ascript:alert(1)" onclick="alert(1)" id="main" style="position:fixed">five</a>
<iframe src="https://example.org/"></iframe><form action="/"><input name="nodeName"><button>six</button></form>
<style>body { display: none }</style><base href="https://example.org/"><meta http-equiv="refresh" content="0;url=/x">
<div class="bar hljs-keyword" data-x="y"><math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></table>
"""


def open_rendered(reader: Visitor, text: str, at: str = "") -> Locator:
    """Open a paste with one Markdown file, and return its rendering."""
    reader.go(f"/{publish(reader, ('notes.md', text))}{at}")
    return shown(reader)


def shown(reader: Visitor) -> Locator:
    reader.page.wait_for_selector("section.file[data-rendered=yes]")
    return reader.page.locator("section.file .markdown")


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "wide"])
def test_markdown_is_rendered_and_its_source_is_one_click_away(new_visitor: NewVisitor, phone: bool) -> None:
    reader = new_visitor(phone=phone)

    page = open_rendered(reader, TEXT)

    expect(page.get_by_role("heading", name="Breakfast")).to_be_visible()
    expect(page.locator("em")).to_have_text("fine")
    expect(page.locator("li")).to_have_text(["☑ eggs", "☐ salt"])
    expect(page.get_by_role("cell", name="2")).to_have_attribute("align", "right")
    expect(page.locator("pre .hljs-keyword")).to_have_text(["def", "return"])
    link = page.get_by_role("link", name="the book")
    expect(link).to_have_attribute("href", "http://example.org/b")
    expect(link).to_have_attribute("rel", "noopener nofollow ugc")
    assert not reader.scrolls_sideways()
    expect(reader.page.locator("section.file > pre")).to_be_hidden()
    reader.page.get_by_role("button", name="Rendered").click()
    expect(page).to_be_hidden()
    assert reader.read_file("notes.md") == TEXT
    reader.reload()
    expect(reader.page.get_by_role("button", name="Rendered")).to_have_attribute("aria-pressed", "false")
    expect(reader.page.locator("section.file > pre")).to_be_visible()


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "wide"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_rendered_markdown_and_its_preview_are_accessible(new_visitor: NewVisitor, scheme: str, phone: bool) -> None:
    reader = new_visitor(phone=phone)
    reader.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]

    expect(
        open_rendered(reader, TEXT + "<details><summary>s</summary><kbd>k</kbd> <mark>m</mark></details>")
    ).to_be_visible()
    found = find_problems(reader)
    reader.go("/")
    reader.page.get_by_label("File name").fill("a.md")
    reader.write(TEXT)
    reader.page.get_by_role("button", name="Preview").click()
    expect(reader.page.get_by_role("region", name="Preview").locator("em")).to_have_text("fine")

    assert found + find_problems(reader) == []


def test_a_link_to_lines_shows_the_source(new_visitor: NewVisitor) -> None:
    reader = new_visitor()

    reader.go(f"/{publish(reader, ('notes.md', TEXT))}#notes.md-L3")

    expect(reader.page.locator(".line.marked")).to_be_visible()
    reader.page.get_by_role("button", name="Rendered").click()
    expect(shown(reader)).to_be_visible()


def test_without_scripts_the_source_is_shown(new_visitor: NewVisitor) -> None:
    reader = new_visitor(javascript=False)

    reader.go(f"/{publish(reader, ('notes.md', TEXT))}")

    assert reader.read_file("notes.md") == TEXT
    expect(reader.page.locator("section.file pre")).to_be_visible()


def test_nothing_in_hostile_text_is_executed_loaded_or_breaks_out(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    requested: list[str] = []
    reader.page.on("request", lambda request: requested.append(request.url))
    reader.page.on("dialog", lambda dialog: requested.append(dialog.message))

    page = open_rendered(reader, HOSTILE)

    markup = page.evaluate("place => place.innerHTML")
    allowed = "a|p|br|div|table|tbody|tr|td|span"
    assert set(re.findall(r"</?([a-z0-9-]+)", markup)) <= set(allowed.split("|"))
    attributes = page.evaluate("place => [...place.querySelectorAll('*')].flatMap(one => one.getAttributeNames())")
    assert set(attributes) <= {"href", "rel", "class", "tabindex", "dir"}
    links = page.locator("a[href]")
    assert links.evaluate_all("links => links.map(link => link.textContent + ' ' + link.href)") == [
        "spy https://example.org/spy.png",
        "dot https://example.org/dot.png",
    ]
    assert [url for url in requested if not url.startswith(reader.url)] == []
    expect(page.locator(".bar")).to_have_count(0)
    expect(page.get_by_text("four")).to_be_visible()
    # The detached content tried to run something, as the policy reported.
    refused = re.compile("Content Security Policy directive.* ['\"](script-src|style-src|base-uri) ")
    reader.console_messages[:] = [message for message in reader.console_messages if not refused.search(message)]


def test_deep_nesting_is_rendered_or_shown_as_source_and_the_page_keeps_working(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    texts = {f"{at}.md": sign * 10_000 for at, sign in enumerate([">", "[", "![", "*", "- ", "<div>", "`", "(", "| "])}

    reader.go(f"/{publish(reader, *texts.items())}")

    expect(reader.page.locator("section.file[data-rendered]")).to_have_count(len(texts))
    assert {name: reader.read_file(name) for name in texts} == texts
    reader.page.get_by_role("button", name="Copy", exact=True).first.click()
    expect(reader.page.get_by_text("0.md copied")).to_be_visible()


def test_rendering_that_does_not_finish_is_terminated_and_the_source_remains(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    endless = "postMessage({ ready: true }); onmessage = () => { for (;;) ; };"
    reader.page.route(
        "**/markdown_worker*",
        lambda route: route.fulfill(body=endless, content_type="text/javascript"),
    )

    reader.go(f"/{publish(reader, ('notes.md', TEXT))}")

    expect(reader.page.get_by_text("Shown as source: rendering took too long.")).to_be_visible()
    expect(reader.page.locator("section.file > pre")).to_be_visible()


def test_an_encrypted_paste_is_rendered_when_it_is_opened(new_visitor: NewVisitor) -> None:
    reader, secret = new_visitor(), bytes(range(32))
    files = [{"name": "notes.md", "language": "", "content": TEXT}]
    key = publish(reader, ("", seal(TEXT, secret, files=files)), encrypted=True)

    reader.go(f"/{key}#{base58(secret)}")

    expect(shown(reader).get_by_role("heading", name="Breakfast")).to_be_visible()


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "wide"])
def test_the_form_previews_markdown_by_name_or_by_choice(new_visitor: NewVisitor, phone: bool) -> None:
    author = new_visitor(phone=phone)
    author.go("/")
    preview = author.page.get_by_role("button", name="Preview")
    expect(preview).to_be_hidden()
    author.page.get_by_label("Language", exact=True).select_option("markdown")
    author.write(TEXT)

    preview.click()

    region = author.page.get_by_role("region", name="Preview")
    expect(region.get_by_role("heading", name="Breakfast")).to_be_visible()
    expect(author.page.locator("textarea.code")).to_be_hidden()
    assert not author.scrolls_sideways()
    preview.click()
    expect(author.box()).to_be_focused()
    preview.click()
    author.page.get_by_label("Language", exact=True).select_option("python")
    expect(preview).to_be_hidden()
    expect(author.box()).to_have_value(TEXT)
    author.page.get_by_label("Language", exact=True).select_option("")
    author.page.get_by_label("File name").fill("a.md")
    expect(preview).to_be_visible()
    author.press("Create paste")
    assert author.raw(author.key).decode() == TEXT
