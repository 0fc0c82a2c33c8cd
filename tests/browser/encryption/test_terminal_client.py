"""The client and the pages can open each other's encrypted pastes."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.client.program import User

pytestmark = pytest.mark.server

TEXT = "print('only for you ☃')\n"


@pytest.mark.parametrize("password", ["", "pass wörd"], ids=["key", "password"])
def test_the_client_opens_pastes_from_the_browser(new_visitor: NewVisitor, tmp_path: Path, password: str) -> None:
    author = new_visitor()
    author.go("/")
    author.page.get_by_label("File name").fill("a.py")
    author.write(TEXT)
    author.page.get_by_label("Encrypt in this browser").check()
    author.page.get_by_label("Password").fill(password)
    with author.page.expect_navigation(url=lambda url: "#" in url):
        author.page.get_by_role("button", name="Create paste", exact=True).click()

    user = User(tmp_path, author.url, **({"PASTEUR_PASSWORD": password} if password else {}))

    assert user("get", author.page.get_by_label("Link", exact=True).input_value()).out == TEXT


@pytest.mark.parametrize("password", ["", "pass wörd"], ids=["key", "password"])
def test_the_page_opens_pastes_from_the_client(new_visitor: NewVisitor, tmp_path: Path, password: str) -> None:
    reader = new_visitor()
    user = User(tmp_path, reader.url, **({"PASTEUR_PASSWORD": password} if password else {}))
    url = user("paste", "--encrypt", user.write("a.py", TEXT), user.write("b.txt", "two")).line

    reader.go(url.removeprefix(reader.url))
    if password:
        reader.page.get_by_label("Password", exact=True).fill(password)
        reader.page.get_by_role("button", name="Decrypt").click()

    expect(reader.page.get_by_role("heading", name="a.py", exact=True)).to_be_visible()
    assert (reader.read_file("a.py"), reader.read_file("b.txt")) == (TEXT, "two")
