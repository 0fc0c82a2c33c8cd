"""The language of unnamed text is detected in the browser, and authors and readers can override it."""

import json

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import NewVisitor
from tests.browser.encryption.reference_ciphers import base58, seal
from tests.browser.read.test_highlighting import HELLO, open_paste, publish
from tests.browser.visitor import Visitor
from tests.servers.pasteur import ROOT

pytestmark = pytest.mark.server

STATIC: dict[str, str] = json.loads((ROOT / "staticfiles" / "staticfiles.json").read_text())["paths"]
LETTER = "Dear all,\n\nwe meet on Monday (at ten). Please bring: your notes, and tell Anna if you cannot come.\n"
#: Languages, each with a few lines of code.
TEXTS = {
    "bash": 'for name in *.txt; do\n  echo "$name"\n  wc -l "$name"\ndone\n',
    "c": "#include <stdio.h>\n\nint main(void)\n{\n    return 0;\n}\n",
    "cpp": "#include <vector>\n\nstd::vector<int> found;\nint main() { return 0; }\n",
    "css": "body {\n  margin: 0;\n  color: #333;\n}\n",
    "diff": "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n",
    "go": 'package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println("x")\n}\n',
    "ini": "[server]\nhost = 127.0.0.1\nport = 80\n",
    "java": "import java.util.List;\n\npublic class Words {\n    private List<String> words;\n}\n",
    "javascript": 'const app = require("express")();\napp.get("/", (request, response) => response.send("x"));\n',
    "json": '{"name": "x", "list": [1, 2, null]}',
    "makefile": "all: main.o\n\tgcc -o main main.o\n\n.PHONY: all\n",
    "markdown": "## Steps\n\n1. Read [this](https://example.org).\n2. Then **stop**.\n",
    "php": "<?php\necho 'Hello';\n",
    "python": HELLO,
    "ruby": "items.each do |item|\n  puts item unless item.nil?\nend\n",
    "rust": 'fn main() {\n    let mut count = 0;\n    println!("{}", count);\n}\n',
    "sql": "SELECT key, title\nFROM pastes\nWHERE visibility = 'public'\nORDER BY id;\n",
    "typescript": "interface User {\n  id: number;\n}\nconst load = async (id: number): Promise<User> => get(id);\n",
    "xml": "<!doctype html>\n<title>x</title>\n<p>Hello</p>\n",
    "yaml": "services:\n  web:\n    image: nginx\n    ports:\n      - 80\n",
    "": LETTER,
}


def selected_language(author: Visitor, number: int = 1) -> Locator:
    """Return the selected language of a file."""
    return author.page.get_by_label("Language", exact=True).nth(number - 1).locator("option:checked")


def test_code_is_recognized_and_a_letter_is_not(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")

    found = author.page.evaluate(
        """async ([texts, address]) => {
          const { guess } = await import(address);
          const found = {};
          for (const [language, text] of Object.entries(texts)) found[language] = await guess(text);
          return found;
        }""",
        [TEXTS, f"/static/{STATIC['js/highlight/highlighter.js']}"],
    )

    assert found == {language: language for language in TEXTS}


def test_a_detected_language_is_shown_in_the_list_and_sent(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")
    expect(selected_language(author)).to_have_text("From the file name")

    author.write(HELLO)

    expect(selected_language(author)).to_have_text("Python (detected)")
    author.press("Create paste")
    expect(author.page.get_by_label("Language of paste.py")).to_have_value("python")
    assert author.raw(author.key) == HELLO.encode()


def test_an_explicit_choice_overrides_detection(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")
    author.write(HELLO)
    expect(selected_language(author)).to_have_text("Python (detected)")

    author.page.get_by_label("File name").fill("notes.txt")
    expect(selected_language(author)).to_have_text("Plain text (from the file name)")
    author.page.get_by_label("File name").fill("")
    expect(selected_language(author)).to_have_text("Python (detected)")
    author.page.get_by_label("Language", exact=True).select_option("ruby")
    author.box().press_sequentially("x")
    author.page.wait_for_timeout(1_000)
    expect(selected_language(author)).to_have_text("Ruby")

    author.page.get_by_label("Language", exact=True).select_option("")
    author.box().press_sequentially("y")
    author.page.wait_for_timeout(1_000)
    expect(selected_language(author)).to_have_text("From the file name")


def test_different_text_is_detected_again_and_no_choice_is_undone(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")
    author.write(HELLO)
    expect(selected_language(author)).to_have_text("Python (detected)")

    author.box().fill(TEXTS["rust"])
    expect(selected_language(author)).to_have_text("Rust (detected)")
    author.add_file()
    expect(selected_language(author, 2)).to_have_text("From the file name")
    expect(author.page.locator("[data-guessed]")).to_have_count(1)

    author.box().fill(LETTER)
    expect(selected_language(author)).to_have_text("From the file name")
    expect(author.page.locator("[data-guessed]")).to_have_count(0)


def test_a_draft_is_restored_with_a_detected_language_and_not_with_a_choice(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")
    author.write(HELLO)
    expect(selected_language(author)).to_have_text("Python (detected)")

    author.go("/recent")
    author.go("/")

    author.see("Your unsent draft has been restored.")
    expect(selected_language(author)).to_have_text("Python (detected)")
    author.page.get_by_role("button", name="Start over").click()
    expect(selected_language(author)).to_have_text("From the file name")


def test_unnamed_text_is_highlighted_by_detection_without_being_changed(new_visitor: NewVisitor) -> None:
    reader = new_visitor(phone=True)

    text = open_paste(reader, ("", HELLO))

    expect(text.locator(".hljs-keyword")).to_have_text(["def", "return"])
    choice = reader.page.get_by_label("Language of paste.txt")
    expect(choice.locator("option:checked")).to_have_text("Python (detected)")
    kept = reader.context.request.get(f"{reader.url}/api/v1/pastes/{reader.key}").json()["files"][0]
    assert (kept["language"], kept["content"]) == ("plaintext", HELLO)

    choice.select_option("plaintext")
    expect(text.locator("[class^=hljs]")).to_have_count(0)
    choice.focus()
    expect(choice.locator("option")).not_to_have_count(2)
    values = choice.locator("option").evaluate_all("options => options.map(({ value }) => value)")
    assert len(values) == len(set(values))


def test_named_or_explicitly_plain_text_is_not_detected(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    named, unnamed = publish(reader, ("notes.txt", HELLO)), publish(reader, ("", HELLO))

    for path in (f"/{named}", f"/{unnamed}?hl=text", f"/{unnamed}.txt"):
        reader.go(path)
        reader.page.wait_for_timeout(700)
        expect(reader.page.locator("select option:checked")).to_have_text("Plain text")


def test_encrypted_text_is_also_detected(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    secret = bytes(range(32))
    key = publish(reader, ("", seal(HELLO, secret)), encrypted=True)

    reader.go(f"/{key}#{base58(secret)}")

    expect(reader.page.get_by_label("Language of paste.txt").locator("option:checked")).to_have_text(
        "Python (detected)"
    )


def test_detection_that_does_not_finish_is_terminated(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.page.route(
        "**/signs*",
        lambda route: route.fulfill(
            body="export function candidates() { for (;;) ; }",
            content_type="text/javascript",
        ),
    )
    author.page.clock.install()
    author.go("/")
    author.write(HELLO)
    with author.page.expect_worker() as started:
        author.page.clock.fast_forward(1_000)
    ended: list[bool] = []
    started.value.on("close", lambda _: ended.append(True))
    author.page.clock.fast_forward(10_000)
    for _ in range(200):
        if ended:
            break
        author.page.wait_for_timeout(50)
    assert ended

    expect(selected_language(author)).to_have_text("From the file name")
    author.press("Create paste")
    assert author.raw(author.key) == HELLO.encode()
