"""The page of a paste."""

import re
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from gitsync.sync.drain import drain
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste
from tests import repository
from tests.pastes.factories import publish_text
from tests.pastes.html_pages import Page

pytestmark = pytest.mark.django_db


def shown(client: Client, paste: Paste) -> Page:
    """Return the parsed page of a paste."""
    response = client.get(f"/{paste.key}")
    assert (response.status_code, response["Content-Type"]) == (200, "text/html; charset=utf-8")
    return Page(response)


def test_the_page_shows_title_author_and_comment(client: Client) -> None:
    draft = Draft([NewFile("print()", "a.py")], title="T & <t>", author="Ada <a>", comment="one\ntwo")

    page = shown(client, writing.publish(draft))

    for words in ("T & <t>", "By Ada <a>", "onetwo", "a.py", "Python", "Unlisted"):
        assert words in page.text
    assert page.pre == ["print()"]


def test_a_paste_without_a_title_is_labelled_with_its_key(client: Client) -> None:
    paste = publish_text("x")

    page = shown(client, paste)

    assert f"<h1>{paste.key}</h1>" in page.html


def test_files_are_shown_in_order_each_with_its_links(client: Client) -> None:
    paste = writing.publish(Draft([NewFile("one", "b.txt"), NewFile("two", "a.txt")]))

    page = shown(client, paste)

    assert page.pre == ["one", "two"]
    assert [link for link in page.links() if re.match(rf"/{paste.key}/(raw|download)/", link)] == [
        f"/{paste.key}/{verb}/{name}" for name in ("b.txt", "a.txt") for verb in ("raw", "download")
    ]


def test_the_current_revision_is_shown_and_numbered(client: Client) -> None:
    paste = publish_text("old")
    writing.revise(paste, [NewFile("new")])

    page = shown(client, paste)

    assert page.pre == ["new"]
    assert "revision 2" in page.text


def test_the_page_shows_the_pending_mirror_and_then_the_commit(client: Client, remote: Path) -> None:
    paste = publish_text("x")

    before = shown(client, paste)
    drain()
    after = shown(client, paste)

    assert "Not in Git yet" in before.text
    assert f"In Git as {repository.tip(remote)[:10]}" in after.text
    assert repository.tip(remote) in after.html


def test_pages_of_pastes_that_are_not_mirrored_explain_it(client: Client) -> None:
    paste = writing.publish(Draft([NewFile("x")], lifetime=timedelta(hours=1)))

    page = shown(client, paste)

    assert "Not stored in Git" in page.text
    assert paste.expires_at is not None
    assert f"expires on {paste.expires_at:%-d %B %Y, %H:%M} UTC" in page.text


def test_only_public_pastes_are_indexed(client: Client) -> None:
    public, unlisted = publish_text("x", visibility="public"), publish_text("x")

    assert "noindex" not in shown(client, public).html
    assert "noindex" in shown(client, unlisted).html


def test_the_page_of_an_encrypted_paste_explains_it(client: Client) -> None:
    paste = writing.publish(Draft([NewFile("00ff")], encrypted=True))

    assert "encrypted" in shown(client, paste).text


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "</pre><img src=x onerror=alert(1)>",
        "&lt;&amp;",
        "{{7*7}}{% debug %}",
        "%s %(a)s",
        "\n\nx",
    ],
)
def test_text_is_shown_literally_and_never_runs(client: Client, text: str) -> None:
    page = shown(client, publish_text(text, title=text.strip(), author=text.strip(), comment=text))

    assert page.pre == [text]
    assert not page.foreign_elements()
    assert text.strip() in page.text


CONTROLS = {"\x1b": "␛", "\a": "␇", "\b": "␈", "\x0b": "␋", "\x0c": "␌", "\x7f": "␡", "\x01": "␁"}


@pytest.mark.parametrize(("control", "mark"), CONTROLS.items(), ids=ascii)
def test_a_control_character_is_shown_as_a_visible_mark(client: Client, control: str, mark: str) -> None:
    page = shown(client, publish_text(f"a{control}[2Jb"))

    assert control not in page.html
    assert page.pre == [f"a{mark}[2Jb"]


@pytest.mark.parametrize("character", ["\u2028", "\u2029", "\uffff", "\ufffe", "\x9b", "\U0001fffe"], ids=ascii)
def test_a_control_character_without_a_symbol_is_shown_by_its_code_point(client: Client, character: str) -> None:
    page = shown(client, publish_text(f"a{character}b"))

    assert character not in page.html
    assert f"U+{ord(character):04X}" in page.pre[0]


def test_tabs_and_line_endings_are_not_marked(client: Client) -> None:
    page = shown(client, publish_text("a\tb\nc\n"))

    assert page.pre == ["a\tb\nc\n"]


HIDING = [
    *"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200c\u200d\u200e\u200f\u2060\u061c",
    "x\ufeff",
]


@pytest.mark.parametrize("character", HIDING, ids=ascii)
def test_hidden_characters_cause_a_warning(client: Client, character: str) -> None:
    page = shown(client, publish_text(f"a{character}b"))

    assert "invisible characters" in page.text


@pytest.mark.parametrize("text", ["plain", "\ufeffwith a mark at its start", "שלום עולם", "schön 🐙"], ids=ascii)
def test_ordinary_text_causes_no_warning(client: Client, text: str) -> None:
    assert "invisible characters" not in shown(client, publish_text(text)).text


@pytest.mark.alone
@pytest.mark.parametrize(
    "text",
    ["x" * 500_000, "<" * 500_000, "'" * 500_000, "\n" * 499_999 + "x", "\x1b" * 500_000, "\u202e" * 170_000],
    ids=["line", "tags", "quotes", "empty_lines", "controls", "bidi"],
)
def test_a_page_is_rendered_quickly_and_is_not_much_longer_than_its_text(client: Client, text: str) -> None:
    paste = publish_text(text)
    client.get("/recent")  # Templates are compiled by now.

    started = time.monotonic()
    response = client.get(f"/{paste.key}")

    assert time.monotonic() - started <= 2
    assert response.status_code == 200
    assert len(response.content) <= 10 * len(text.encode())


def test_the_page_has_no_inline_scripts_and_no_external_resources(client: Client) -> None:
    page = shown(client, publish_text("x"))

    assert not re.search(r"\son\w+=|\sstyle=|<script>|<style", page.html)
    for _, attributes in page.tags:
        for name in ("src", "href", "action"):
            assert not (attributes.get(name) or "").startswith(("http:", "https:", "//", "javascript:", "data:"))


def test_the_page_allows_only_get_and_head(client: Client) -> None:
    paste = publish_text("x")

    for method in ("post", "patch"):
        response = getattr(client, method)(f"/{paste.key}")
        assert response.status_code == 405
        assert response.content
    assert client.head(f"/{paste.key}").status_code == 200
    assert Paste.objects.readable().filter(pk=paste.pk).exists()


def test_a_removed_paste_is_404_at_all_its_urls(client: Client) -> None:
    hidden, removed = publish_text("secret", "a.txt"), publish_text("secret", "a.txt")
    writing.hide(hidden)
    writing.remove(removed)

    for key in (hidden.key, removed.key, "0123456789"):
        for path in ("", "/raw", "/raw/a.txt", "/download/a.txt", "?raw"):
            response = client.get(f"/{key}{path}")
            assert response.status_code == 404
            assert b"secret" not in response.content
