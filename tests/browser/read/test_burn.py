"""A burn-after-reading paste is read once, by pressing the button, and not by merely opening its page."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor

pytestmark = pytest.mark.server


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "plain"])
def test_opening_the_page_does_not_burn_but_the_button_does(new_visitor: NewVisitor, javascript: bool) -> None:
    author = new_visitor(javascript=javascript)
    author.go("/")
    author.page.get_by_label("File name").fill("secret.txt")
    author.write("the password is swordfish")
    author.page.get_by_label("Burn after reading").check()
    author.press("Create paste")
    author.see("Your paste is ready: it burns after reading")
    key = author.key

    reader = new_visitor(phone=True, javascript=javascript)
    for _ in range(3):
        assert reader.go(f"/{key}") == 200
        assert "swordfish" not in reader.page.content()
    assert reader.press("Read and burn") == 200

    assert reader.read_file("secret.txt") == "the password is swordfish"
    reader.see("This paste has just been deleted.")
    expect(reader.page.get_by_role("link", name="Raw")).to_have_count(0)
    assert reader.cookies() == {}
    assert reader.go(f"/{key}") == 404
    reader.see("Not found")
    assert author.reload() == 404
