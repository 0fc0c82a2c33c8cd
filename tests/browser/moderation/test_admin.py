"""A moderator finds a paste by its content, takes it off the site and shows it again."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import MODERATOR, PASSWORD, NewVisitor
from tests.browser.visitor import Visitor
from tests.servers.pasteur import Pasteur

pytestmark = pytest.mark.server


def log_in(moderator: Visitor, password: str = PASSWORD) -> None:
    moderator.go("/admin/")
    moderator.page.get_by_label("Username").fill(MODERATOR)
    moderator.page.get_by_label("Password").fill(password)
    moderator.press("Log in")


def act(moderator: Visitor, key: str, action: str) -> None:
    moderator.page.get_by_label(f"Select this object for an action - {key}").check()
    moderator.page.get_by_label("Action:").select_option(action)
    moderator.press("Go")


def test_a_moderator_finds_hides_and_shows_a_paste(new_visitor: NewVisitor, site: Pasteur) -> None:
    key = site.paste("buy cheap watches", "offer.txt")
    reader, moderator = new_visitor(), new_visitor()
    log_in(moderator)
    moderator.page.get_by_role("link", name="Pastes", exact=True).last.click()
    moderator.page.get_by_role("textbox", name="Search").fill("CHEAP watches")
    moderator.press("Search")
    expect(moderator.page.locator("#result_list tbody tr")).to_have_count(1)

    act(moderator, key, "hide")
    expect(moderator.page.get_by_text("1 hidden.")).to_be_visible()
    assert reader.go(f"/{key}") == 404
    assert reader.go(f"/{key}/raw") == 404

    act(moderator, key, "show_again")
    expect(moderator.page.get_by_text("1 shown again.")).to_be_visible()
    assert reader.go(f"/{key}") == 200
    assert reader.read_file("offer.txt") == "buy cheap watches"


def test_a_moderator_views_hostile_text_without_executing_it(new_visitor: NewVisitor, site: Pasteur) -> None:
    key = site.paste("</pre><script>document.title='run'</script>", "page.html")
    site.wait_until_mirrored(key)
    moderator = new_visitor(phone=True)
    log_in(moderator)
    moderator.go(f"/admin/pastes/paste/?q={key}")
    moderator.page.get_by_role("link", name=key).click()

    expect(moderator.page.get_by_text("<script>document.title='run'</script>")).to_be_visible()
    expect(moderator.page.get_by_text(f"mirrored {site.read(key)['mirror']['commit'][:10]}")).to_be_visible()
    assert moderator.page.title() != "run"


def test_a_wrong_password_gives_no_access(new_visitor: NewVisitor) -> None:
    stranger = new_visitor()
    log_in(stranger, "guessed")

    expect(stranger.page.get_by_text("Please enter the correct username and password")).to_be_visible()
    assert "sessionid" not in stranger.cookies()
