"""pbincli, a PrivateBin client: it can open pastes encrypted by the page, and vice versa."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.browser.encryption.reference_ciphers import base58, seal
from tests.browser.visitor import Visitor
from tests.clients.running import HERE, run
from tests.servers.pasteur import Pasteur

pytestmark = pytest.mark.server

TEXT = "print('only for you \u2603')\r\n\ta=1&b=%20+c\n\n"
AS_INSTALLED = ("pbincli",)  # One run takes seconds, so it creates and reads only one paste,
QUICKLY = ("python", str(HERE / "quick_pbincli.py"))  # and this is used for all others.


def send(site: Pasteur, home: Path, *options: str, client: tuple[str, ...] = QUICKLY) -> dict[str, Any]:
    """Let pbincli encrypt and send text; return its output."""
    said = run(*client, "send", "-s", f"{site.url}/", "--json", "-t", TEXT, *options, home=home)
    result: dict[str, Any] = json.loads(said)["result"]
    return result


def get(site: Pasteur, home: Path, link: str, *options: str, client: tuple[str, ...] = QUICKLY) -> bytes:
    """Let pbincli fetch and decrypt a paste; return the text that it writes."""
    run(*client, "get", "-s", f"{site.url}/", *options, link, home=home)
    (written,) = home.glob("paste-*.txt")
    return written.read_bytes()


@pytest.mark.parametrize("options", [[], ["-p", "pass w\u00f6rd"], ["-c", "none", "-F", "markdown", "-E", "never"]])
def test_it_can_read_what_it_encrypts_and_so_can_the_page(
    new_visitor: NewVisitor, site: Pasteur, tmp_path: Path, options: list[str]
) -> None:
    password = options[1:2] if options[:1] == ["-p"] else []

    made = send(site, tmp_path, *options, client=QUICKLY if options else AS_INSTALLED)

    assert get(site, tmp_path, made["link"], *options[: 2 * len(password)]) == TEXT.encode()
    reader = new_visitor()
    reader.page.goto(made["link"])
    if password:
        reader.page.get_by_label("Password", exact=True).fill(password[0])
        reader.page.get_by_role("button", name="Decrypt").click()
    expect(reader.page.get_by_text("Decrypted in this browser")).to_be_visible()
    assert reader.read_file("paste.txt") == TEXT
    assert reader.page.url == f"{site.url}/{made['id']}#{made['password']}"


def test_it_opens_pastes_encrypted_by_the_page(new_visitor: NewVisitor, site: Pasteur, tmp_path: Path) -> None:
    author = new_visitor()
    author.go("/")
    author.write("print('only for you ☃')\n")
    author.page.get_by_label("Encrypt in this browser").check()
    with author.page.expect_navigation(url=lambda url: "#" in url):
        author.page.get_by_role("button", name="Create paste", exact=True).click()
    key, fragment = author.key, author.page.url.partition("#")[2]

    opened = get(site, tmp_path, f"{site.url}/?{key}#{fragment}", client=AS_INSTALLED)

    assert opened == "print('only for you ☃')\n".encode()


def test_it_deletes_with_its_token_and_a_burning_paste_is_read_once(site: Pasteur, tmp_path: Path) -> None:
    kept, burning = send(site, tmp_path), send(site, tmp_path, "-B")

    run(*AS_INSTALLED, "delete", "-s", f"{site.url}/", kept["deletelink"], home=tmp_path)
    assert get(site, tmp_path, burning["link"]) == TEXT.encode()

    for gone in (kept, burning):
        said = run(*QUICKLY, "get", "-s", f"{site.url}/", gone["link"], home=tmp_path, fails=True)
        assert "does not exist" in said or not said


def save_attachment(visitor: Visitor, name: str) -> bytes:
    """Click on a file offered by the page under this name, and return the saved content."""
    heading = visitor.page.get_by_role("heading", name=name, exact=True)
    section = visitor.page.locator("section.attached").filter(has=heading)
    with visitor.page.expect_download() as download:
        section.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == name
    return download.value.path().read_bytes()


@pytest.mark.parametrize("options", [["-t", TEXT], ["-q"]], ids=["with a text", "alone"])
def test_the_page_offers_to_save_an_attached_file(
    new_visitor: NewVisitor, site: Pasteur, tmp_path: Path, options: list[str]
) -> None:
    content = b"<script>document.title = 'run'</script>" + bytes(range(256))
    (tmp_path / "page.html").write_bytes(content)

    said = run(*QUICKLY, "send", "-s", f"{site.url}/", "--json", "-f", "page.html", *options, home=tmp_path)

    reader = new_visitor()
    reader.page.goto(json.loads(said)["result"]["link"])
    assert save_attachment(reader, "page.html") == content
    expect(reader.page.locator("section.attached")).to_contain_text(f"Attached file, {len(content)} bytes")
    texts = reader.page.locator("section.file > pre")
    expect(texts).to_have_count(len(options) - 1)
    assert texts.all_text_contents() == options[1:]


def test_an_attachment_is_saved_as_bytes_whatever_its_name_and_type(new_visitor: NewVisitor, site: Pasteur) -> None:
    secret = bytes(range(1, 33))
    attached = {
        "../../etc/.bash\u202erc": "data:text/html;base64,PGI+",
        "C:\\a<b>.svg": "data:image/svg+xml;base64,PHN2Zz4=",
        "odd": "javascript:alert(1)",
        "..": "data:;base64,",
    }
    sealed = seal("text", secret, attachment=list(attached.values()), attachment_name=list(attached))
    reader = new_visitor()
    paste = {"files": [{"content": sealed}], "encrypted": True}
    key = reader.context.request.post(f"{site.url}/api/v1/pastes", data=paste).json()["key"]

    reader.go(f"/{key}#{base58(secret)}")

    names = ["bashrc", "ab.svg", "odd", "attachment"]
    expect(reader.page.locator("section.attached h2")).to_have_text(names)
    assert [save_attachment(reader, name) for name in ("bashrc", "ab.svg", "attachment")] == [b"<b>", b"<svg>", b""]
    expect(reader.page.locator("section.attached").nth(2)).to_contain_text("This attached file is damaged.")
    expect(reader.page.locator("section.attached a")).to_have_count(3)
    with reader.page.expect_download():  # Even when opened as a page, it is saved: nothing displays it.
        reader.page.evaluate("location.href = document.querySelector('.attached a').href")
    assert reader.read_file("paste.txt") == "text"
