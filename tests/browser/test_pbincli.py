"""pbincli, a client of PrivateBin: it opens what the page encrypted, and the page opens what it encrypted."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Arrive
from tests.clients.running import run
from tests.servers.pasteur import Pasteur

pytestmark = pytest.mark.server

TEXT = "print('only for you \u2603')\r\n\ta=1&b=%20+c\n\n"


def send(site: Pasteur, home: Path, *options: str) -> dict[str, Any]:
    """Let pbincli encrypt and send a text; return what it says."""
    said = run("pbincli", "send", "-s", f"{site.url}/", "--json", "-t", TEXT, *options, home=home)
    result: dict[str, Any] = json.loads(said)["result"]
    return result


def get(site: Pasteur, home: Path, link: str, *options: str) -> bytes:
    """Let pbincli fetch and decrypt a paste; return the text that it writes."""
    run("pbincli", "get", "-s", f"{site.url}/", *options, link, home=home)
    (written,) = home.glob("paste-*.txt")
    return written.read_bytes()


@pytest.mark.parametrize("options", [[], ["-p", "pass w\u00f6rd"], ["-c", "none", "-F", "markdown", "-E", "never"]])
def test_what_it_encrypts_it_reads_and_the_page_opens_it(
    arrive: Arrive, site: Pasteur, tmp_path: Path, options: list[str]
) -> None:
    password = options[1:2] if options[:1] == ["-p"] else []

    made = send(site, tmp_path, *options)

    assert get(site, tmp_path, made["link"], *options[: 2 * len(password)]) == TEXT.encode()
    reader = arrive()
    reader.page.goto(made["link"])
    if password:
        reader.page.get_by_label("Password").fill(password[0])
        reader.page.get_by_role("button", name="Open").click()
    expect(reader.page.get_by_role("heading", name="paste.txt", exact=True)).to_be_visible()
    assert reader.read_file("paste.txt") == TEXT
    assert reader.page.url == f"{site.url}/{made['id']}#{made['password']}"


def test_it_opens_what_the_page_encrypted(arrive: Arrive, site: Pasteur, tmp_path: Path) -> None:
    author = arrive()
    author.go("/")
    author.write("print('only for you ☃')\n")
    author.page.get_by_label("Encrypt in this browser").check()
    with author.page.expect_navigation(url=lambda url: "#" in url):
        author.page.get_by_role("button", name="Paste", exact=True).click()
    key, _, fragment = author.page.url.rpartition("/")[2].partition("#")

    opened = get(site, tmp_path, f"{site.url}/?{key}#{fragment}")

    assert opened == "print('only for you ☃')\n".encode()


def test_it_deletes_with_its_token_and_a_paste_that_burns_is_read_once(site: Pasteur, tmp_path: Path) -> None:
    kept, burning = send(site, tmp_path), send(site, tmp_path, "-B")

    run("pbincli", "delete", "-s", f"{site.url}/", kept["deletelink"], home=tmp_path)
    assert get(site, tmp_path, burning["link"]) == TEXT.encode()

    for gone in (kept, burning):
        said = run("pbincli", "get", "-s", f"{site.url}/", gone["link"], home=tmp_path, fails=True)
        assert "does not exist" in said or not said
