"""Encryption happens in the browser: the server gets neither text nor key, and other clients can read the format."""

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.browser.encryption.reference_ciphers import as_privatebin, base58, old_fragment, seal, seal_old, unseal
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.server

SECRET = bytes(range(1, 33))
TEXT = "print('only for you ☃')\n"


def publish(visitor: Visitor, text: str, **fields: Any) -> str:
    paste = {"files": [{"content": text}], "encrypted": True, **fields}
    answer = visitor.context.request.post(f"{visitor.url}/api/v1/pastes", data=paste)
    assert answer.status == 201, answer.text()
    return str(answer.json()["key"])


def shown_file(visitor: Visitor, name: str) -> str:
    expect(
        visitor.page.get_by_text("Decrypted in this browser.")
    ).to_be_visible()  # Until then, the ciphertext is shown.
    expect(visitor.page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    return visitor.read_file(name)


@pytest.mark.parametrize("password", ["", "pass wörd"], ids=["key", "password"])
def test_a_paste_is_read_with_its_link_and_by_other_clients(new_visitor: NewVisitor, password: str) -> None:
    author, sent = new_visitor(), []
    author.page.on(
        "request", lambda request: sent.append(request.post_data or "") if request.method == "POST" else None
    )
    author.go("/")
    author.page.get_by_label("File name").fill("a.py")
    author.write(TEXT)
    author.add_file()
    author.write("second", 2)
    author.page.get_by_label("Encrypt in this browser").check()
    author.page.get_by_label("Password").fill(password)
    with author.page.expect_navigation(url=lambda url: "#" in url):
        author.page.get_by_role("button", name="Create paste", exact=True).click()
    key, fragment = author.key, author.page.url.partition("#")[2]

    reader = new_visitor()
    reader.go(f"/{key}#{fragment}")
    if password:
        reader.see("Enter the password")
        reader.page.get_by_label("Password", exact=True).fill(password)
        reader.page.get_by_role("button", name="Decrypt").click()
    assert shown_file(reader, "a.py") == TEXT
    assert shown_file(reader, "paste.txt") == "second"
    expect(reader.page.locator(".hljs-string")).to_have_count(1)
    opened = unseal(reader.raw(key).decode(), fragment, as_privatebin(password))
    assert opened["paste"] == TEXT
    assert [file["name"] for file in opened["files"]] == ["a.py", ""]
    assert not any("only for you" in body or fragment in body for body in sent)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_paste_encrypted_by_another_client_opens_here(new_visitor: NewVisitor, zipped: bool) -> None:
    reader = new_visitor(phone=True)
    key = publish(reader, seal(TEXT, SECRET, zipped=zipped))

    reader.go(f"/{key}#{base58(SECRET)}")

    assert shown_file(reader, "paste.txt") == TEXT
    assert not reader.scrolls_sideways()


@pytest.mark.parametrize("iv", [bytes(range(16)), None], ids=["with IV", "older"])
@pytest.mark.parametrize("text", ["x", "sixteen letters!", "é" * 100 + "\nlet x = 1\n"], ids=["short", "block", "long"])
def test_a_paste_encrypted_by_the_original_pasteur_opens_from_its_old_link(
    new_visitor: NewVisitor, iv: bytes | None, text: str
) -> None:
    reader, secret = new_visitor(), b"0123456789abcdef"
    key = publish(reader, seal_old(text, secret, iv))

    reader.go(f"/{key}?hl=ocaml#{old_fragment(secret)}")

    assert shown_file(reader, "paste.txt") == text
    expect(reader.page.get_by_label("Language of paste.txt")).to_have_value("ocaml")


def damaged(sealed: str) -> str:
    paste = json.loads(sealed)
    paste["ct"] = ("A" if paste["ct"][0] != "A" else "B") + paste["ct"][1:]
    return json.dumps(paste)


@pytest.mark.parametrize(
    ("sealed", "fragment", "words"),
    [
        (seal(TEXT, SECRET), base58(bytes(32)[:-1] + b"x"), "Enter the password"),
        (seal(TEXT, SECRET), "not a key: 0OIl", "The link is incomplete"),
        (damaged(seal(TEXT, SECRET)), base58(SECRET), "Enter the password"),
        (seal(TEXT, SECRET), "", "The link is incomplete"),
    ],
    ids=["wrong key", "no key at all", "damage", "missing"],
)
def test_a_wrong_key_or_damage_is_reported_and_nothing_is_shown(
    new_visitor: NewVisitor, sealed: str, fragment: str, words: str
) -> None:
    reader = new_visitor()

    reader.go(f"/{publish(reader, sealed)}#{fragment}")

    expect(reader.page.get_by_role("alert").filter(has_text=words)).to_be_visible()
    expect(reader.page.locator("pre:visible")).to_have_count(0)
    expect(reader.page.get_by_text("only for you")).to_have_count(0)


def test_the_key_is_kept_when_burning(new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    key = publish(reader, seal(TEXT, SECRET), burn=True)

    reader.go(f"/{key}#{base58(SECRET)}")
    with reader.page.expect_navigation():
        reader.page.get_by_role("button", name="Read and burn").click()

    assert shown_file(reader, "paste.txt") == TEXT
    assert reader.go(f"/{key}") == 404


def test_without_web_crypto_the_option_is_disabled_and_explains_why(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.page.add_init_script("Object.defineProperty(crypto, 'subtle', { value: undefined })")

    author.go("/")

    expect(author.page.get_by_label("Encrypt in this browser")).to_be_disabled()
    author.see("Encryption requires HTTPS")


def test_a_refusal_keeps_the_text(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")
    author.page.get_by_label("Encrypt in this browser").check()
    author.page.get_by_role("button", name="Create paste", exact=True).click()

    expect(author.page.get_by_role("alert")).to_have_text("Nothing was saved. There is no text to paste.")
    author.write("now")
    with author.page.expect_navigation(url=lambda url: "#" in url):
        author.page.get_by_role("button", name="Create paste", exact=True).click()


def test_an_encrypted_paste_is_forked_in_the_browser_and_encrypted_again(new_visitor: NewVisitor) -> None:
    reader, sent = new_visitor(), []
    reader.page.on(
        "request", lambda request: sent.append(request.post_data or "") if request.method == "POST" else None
    )
    key = publish(reader, seal(TEXT, SECRET))
    reader.go(f"/{key}#{base58(SECRET)}")

    reader.page.get_by_role("button", name="Fork").click()

    expect(reader.box()).to_have_value(TEXT)
    expect(reader.page.get_by_label("Encrypt in this browser")).to_be_checked()
    assert reader.page.evaluate("sessionStorage.length + (localStorage.draft ? 1 : 0)") == 0
    with reader.page.expect_navigation(url=lambda url: "#" in url):
        reader.page.get_by_role("button", name="Create paste", exact=True).click()
    assert reader.key != key
    reader.page.get_by_role("link", name="Open the paste").click()
    assert shown_file(reader, "paste.txt") == TEXT
    assert not any("only for you" in body for body in sent)
    reader.go("/")
    expect(reader.box()).to_have_value("")


@pytest.mark.parametrize("password", ["", "pass"], ids=["key", "password"])
@pytest.mark.parametrize(
    ("language", "message"),
    [("en", "This encrypted paste is not shown"), ("de", "entpackt"), ("fr", "décompressé")],
)
def test_a_paste_that_decompresses_to_far_more_than_the_limit_is_not_shown(
    new_visitor: NewVisitor, password: str, language: str, message: str
) -> None:
    reader = new_visitor()
    key = publish(reader, seal("x" * 17 * 512 * 1024, SECRET, password))
    reader.context.add_cookies([{"name": "language", "value": language, "url": reader.url}])
    reader.go(f"/{key}#{base58(SECRET)}")
    if password:
        reader.page.locator("#password").fill(password)
        reader.page.locator("#sealed button").click()
    reader.see(message)
    expect(reader.page.locator("section.file")).to_be_hidden()
