"""A credential is pointed out before it is sent, and encrypted and burned with one click."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.browser.every_page.test_accessibility import find_problems_in_all_views

pytestmark = pytest.mark.server

TOKEN = "ghp_" + "a1B2" * 9
#: One of each shape: with a prefix, over several lines, and the example of a manual, which is none.
CREDENTIALS = [TOKEN, "AKIA" + "Q7" * 8, "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk", "sk_live_" + "a1" * 14]
HARMLESS = ["AKIAIOSFODNN7EXAMPLE", "ghp_short", "the private key of the house", "password = hunter2"]


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "wide"])
@pytest.mark.parametrize("credential", CREDENTIALS)
def test_a_credential_is_encrypted_and_burned_with_one_click(
    new_visitor: NewVisitor, credential: str, phone: bool
) -> None:
    author, sent = new_visitor(phone=phone), []
    author.page.on("request", lambda request: sent.append(request.post_data or ""))
    author.go("/")
    author.page.get_by_label("File name").fill("deploy.env")
    author.write(f"# settings\nSECRET={credential}\n")
    expect(author.page.get_by_role("alert")).to_contain_text("deploy.env, line 2, seems to contain a credential")
    assert find_problems_in_all_views(author) == []

    with author.page.expect_navigation(url="**/created*"):
        author.page.get_by_role("button", name="Encrypt and burn").click()

    author.see("it burns after reading")
    assert "#" in author.page.get_by_label("Link", exact=True).input_value()
    assert not any(credential[:20] in body for body in sent)
    assert author.page.evaluate("Object.values(localStorage).join()").count(credential[:20]) == 0


def test_the_form_waits_once_and_sends_what_the_author_decides_to_send(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")
    author.box().fill(TOKEN)  # Sent before the pause after which the text is searched.
    author.page.get_by_role("button", name="Create paste", exact=True).click()
    expect(author.page.get_by_role("alert")).to_be_focused()
    assert author.page.url == f"{author.url}/"

    with author.page.expect_navigation(url="**/created*"):
        author.page.get_by_role("button", name="Create as it is").click()

    assert author.raw(author.key) == TOKEN.encode()


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_credential_is_sent_at_once(new_visitor: NewVisitor, text: str) -> None:
    author = new_visitor()
    author.go("/")
    author.write(text)

    author.press("Create paste")

    assert author.raw(author.key) == text.encode()


def test_a_credential_in_an_edit_is_pointed_out_too(new_visitor: NewVisitor) -> None:
    author = new_visitor()
    author.go("/")
    author.write("harmless")
    author.press("Create paste")
    author.page.get_by_role("link", name="Edit").click()

    author.box().fill(TOKEN)
    expect(author.page.get_by_role("button", name="Encrypt and burn")).to_have_count(0)
    with author.page.expect_navigation():
        author.page.get_by_role("button", name="Save as it is").click()

    assert author.raw(author.key) == TOKEN.encode()
