"""Keys do what the list of keys says, on the pages where they can; and on paper there is what was pasted."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Arrive
from tests.browser.read.test_highlighting import HELLO, publish
from tests.browser.read.test_revisions import edited

pytestmark = pytest.mark.server


def listed(page: Page) -> list[str]:
    """Return the keys that the list has, and close it."""
    page.keyboard.press("?")
    keys = page.get_by_role("dialog").locator("kbd").all_inner_texts()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    return keys


def test_each_page_lists_the_keys_that_work_there(arrive: Arrive) -> None:
    reader = arrive()
    key = edited(reader, {"hello.py": HELLO}, {"hello.py": "x = 1\n"})
    everywhere = ["n", "r", "/", "m", "t"]

    reader.go("/recent")
    assert listed(reader.page) == [*everywhere, "?"]
    reader.go("/")
    assert listed(reader.page) == [*everywhere, "?", "Ctrl Enter", "Tab", "Esc Tab"]
    reader.go(f"/{key}")
    expect(reader.page.get_by_role("button", name="Copy", exact=True)).to_be_visible()
    assert listed(reader.page) == [*everywhere, "c", "w", "e", "f", "v", "?"]


def test_the_keys_of_a_paste_lead_to_its_form_its_fork_and_its_revisions(arrive: Arrive) -> None:
    reader = arrive()
    key = edited(reader, {"hello.py": HELLO}, {"hello.py": "x = 1\n"})

    for letter, end in (("e", "edit"), ("f", "fork"), ("v", "revisions")):
        reader.go(f"/{key}")
        reader.page.keyboard.press(letter)
        reader.page.wait_for_url(f"**/{key}/{end}")


def test_a_key_that_has_nothing_to_do_here_does_nothing(arrive: Arrive) -> None:
    reader = arrive()
    reader.go(f"/{publish(reader, ('hello.py', HELLO))}")

    reader.page.keyboard.press("v")
    reader.page.keyboard.press("?")

    expect(reader.page.get_by_role("dialog")).to_be_visible()
    reader.page.keyboard.press("n")
    reader.page.keyboard.press("Escape")
    assert reader.read_file("hello.py") == HELLO


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_on_paper_there_is_the_text_dark_on_light_and_no_tools(arrive: Arrive, theme: str) -> None:
    reader = arrive()
    long = "".join(f"line {number}\n" for number in range(1_000))
    reader.go(f"/{publish(reader, ('hello.py', HELLO), ('long.txt', long), title='Greeting')}")
    expect(reader.page.locator("#file-1 .hljs-keyword")).to_have_count(2)
    reader.page.evaluate("theme => (document.documentElement.dataset.theme = theme)", theme)

    reader.page.emulate_media(media="print", color_scheme=theme)  # type: ignore[arg-type]

    for hidden in ("header.bar", "footer", ".actions", ".tools >> nth=0"):
        expect(reader.page.locator(hidden)).to_be_hidden()
    expect(reader.page.get_by_role("heading", name="Greeting")).to_be_visible()
    expect(reader.page.locator("#file-2 pre")).to_be_visible()
    ink, paper = reader.page.locator("#file-1 pre").evaluate(
        "pre => [getComputedStyle(pre).color, getComputedStyle(pre.parentElement).backgroundColor]"
    )
    assert (ink, paper) == ("rgb(27, 35, 32)", "rgb(255, 255, 255)")
    assert reader.page.locator("#file-1 pre").evaluate("pre => getComputedStyle(pre).whiteSpace") == "pre-wrap"
    assert reader.page.pdf(format="A4")[:4] == b"%PDF"
