"""The content of the box arrives byte for byte; without scripts, it arrives as encoded by the browser."""

import pytest

from tests.browser.conftest import NewVisitor

pytestmark = pytest.mark.server

TEXTS = {
    "lines": "one\ntwo\n",
    "no end": "one\ntwo",
    "blank lines around": "\n\n  one\n\n\n",
    "spaces and tabs": "\tone  \n two\t\n   ",
    "beyond ASCII": "é 😀 日本 \u2028 \u2029 \u0085 \ufeff \u202e\n",
    "what HTML may mean": "</textarea><script>alert(1)</script> &amp; &#10; \u00a0\n",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_text_arrives_as_it_is_in_the_box(new_visitor: NewVisitor, text: str) -> None:
    author = new_visitor()
    author.go("/")
    author.write(text)
    author.press("Create paste")

    assert author.raw(author.key) == text.encode()


def test_two_texts_arrive_as_they_are_after_the_form_was_shown_again(new_visitor: NewVisitor) -> None:
    first, second = "\nfirst  \n\n\tindented", "\n\nsecond\n"
    author = new_visitor()
    author.go("/")
    author.write(first)
    author.add_file()
    assert author.box().input_value() == first
    author.write(second, 2)
    author.press("Create paste")

    assert author.raw(author.key, "paste.txt") == first.encode()
    assert author.raw(author.key, "paste-2.txt") == second.encode()


def test_without_scripts_the_line_ends_that_browsers_send_are_undone(new_visitor: NewVisitor) -> None:
    author = new_visitor(javascript=False)
    author.go("/")
    author.write("\none  \n\ttwo")
    author.press("Create paste")

    assert author.raw(author.key) == b"\none  \n\ttwo"


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "plain"])
def test_a_chosen_file_keeps_its_line_endings(new_visitor: NewVisitor, javascript: bool) -> None:
    content = "\r\none\r\ntwo\nthree\r four \u2028".encode()
    author = new_visitor(javascript=javascript)
    author.go("/")
    author.choose_file("mixed line ends.txt", content)
    author.press("Create paste")

    assert author.raw(author.key, "mixed line ends.txt") == content
