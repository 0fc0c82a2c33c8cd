"""Burn after reading: viewing the page does not burn the paste; reading it does, once."""

import pytest
from django.test import Client

from gitsync.models import Change
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import File, Paste
from tests.pastes.entry_points import BROWSER_ACCEPT
from tests.pastes.html_pages import Page
from tests.pastes.row_counts import nothing_stored

pytestmark = [pytest.mark.django_db, pytest.mark.database]

AGENTS = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "TelegramBot (like TwitterBot)",
    "WhatsApp/2.23",
    "facebookexternalhit/1.1",
    "curl/8.0",
]
FORMS = [{}, {"sec-purpose": "prefetch"}, {"purpose": "prefetch"}, {"x-moz": "prefetch"}, {"range": "bytes=0-10"}]


@pytest.fixture
def paste() -> Paste:
    """Return a burn-after-reading paste with two files."""
    return writing.publish(
        Draft([NewFile("secret one", "a.txt"), NewFile("secret two", "b.txt")], title="T", burn=True)
    )


def test_viewing_the_page_a_hundred_times_burns_nothing(client: Client, paste: Paste) -> None:
    paths = ["", "?raw", "/raw", "/raw/a.txt", "/download/a.txt", "/burn"]

    for agent in AGENTS:
        for headers in FORMS:
            for path in paths:
                for method in ("get", "head", "options"):
                    response = getattr(client, method)(f"/{paste.key}{path}", headers={"user-agent": agent} | headers)
                    assert response.status_code in {200, 403, 405}
                    assert b"secret" not in response.content

    assert client.post(f"/{paste.key}/burn", headers={"accept": BROWSER_ACCEPT}).content.count(b"secret") == 2


def test_the_page_asks_first_and_explains_what_will_happen(client: Client, paste: Paste) -> None:
    page = Page(client.get(f"/{paste.key}"))

    assert "deleted for everyone" in page.text
    assert ("form", {"method": "post", "action": f"/{paste.key}/burn"}) in page.tags


def test_raw_text_explains_how_to_read_it(client: Client, paste: Paste) -> None:
    response = client.get(f"/{paste.key}/raw")

    assert response.status_code == 403
    assert f"/{paste.key}/burn" in response.content.decode()


def test_the_reader_sees_all_files_once_and_a_notice(client: Client, paste: Paste) -> None:
    response = client.post(f"/{paste.key}/burn", headers={"accept": BROWSER_ACCEPT})

    page = Page(response)
    assert response.status_code == 200
    assert page.pre == ["secret one", "secret two"]
    assert "has just been deleted" in page.text
    assert not [link for link in page.links() if paste.key in link]
    assert response["Cache-Control"] == "no-store"
    for path in ("", "/raw", "/raw/a.txt", "/download/a.txt"):
        assert client.get(f"/{paste.key}{path}").status_code == 404
    assert client.post(f"/{paste.key}/burn", headers={"accept": BROWSER_ACCEPT}).status_code == 404


def test_a_terminal_gets_only_the_text(client: Client) -> None:
    paste = writing.publish(Draft([NewFile("secret\r\n")], burn=True))

    response = client.post(f"/{paste.key}/burn")

    assert (response.status_code, response.content) == (200, b"secret\r\n")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Cache-Control"] == "no-store"
    assert response["X-Content-Type-Options"] == "nosniff"


def test_a_terminal_gets_all_files(client: Client, paste: Paste) -> None:
    response = client.post(f"/{paste.key}/burn")

    assert response.status_code == 200
    assert b"secret one" in response.content
    assert b"secret two" in response.content


def test_a_burned_paste_is_erased(client: Client, paste: Paste) -> None:
    client.post(f"/{paste.key}/burn")

    row = Paste.objects.get(pk=paste.pk)
    assert (row.state, row.title, row.author, row.comment) == ("burned", "", "", "")
    assert not File.objects.exists()
    assert not Change.objects.exists()


@pytest.mark.parametrize("accept", [BROWSER_ACCEPT, "*/*"])
def test_an_ordinary_paste_does_not_burn(client: Client, accept: str) -> None:
    paste = writing.publish(Draft([NewFile("stays")]))

    with nothing_stored():
        response = client.post(f"/{paste.key}/burn", headers={"accept": accept})

    assert response.status_code == 404
    assert client.get(f"/{paste.key}/raw").content == b"stays"


def test_a_missing_paste_cannot_be_burned(client: Client) -> None:
    assert client.post("/0123456789/burn").status_code == 404


def test_a_get_cannot_burn(client: Client, paste: Paste) -> None:
    response = client.get(f"/{paste.key}/burn", headers={"accept": BROWSER_ACCEPT})

    assert response.status_code == 405
    assert "POST" in response["Allow"]
    assert Paste.objects.readable().filter(pk=paste.pk).exists()


def test_burning_requires_neither_token_nor_cookie(paste: Paste) -> None:
    client = Client(enforce_csrf_checks=True)

    response = client.post(f"/{paste.key}/burn", headers={"accept": BROWSER_ACCEPT})

    assert response.status_code == 200
    assert not response.cookies
