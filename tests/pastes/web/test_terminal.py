"""Responses to terminals: the content at the URL of the page, and the help."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste
from tests.pastes.entry_points import BROWSER_ACCEPT
from tests.pastes.factories import publish_text

pytestmark = pytest.mark.django_db

CURL = {"accept": "*/*"}


def test_a_terminal_gets_the_text_and_a_browser_the_page(client: Client) -> None:
    paste = publish_text("<b>é\r\n")

    text = client.get(f"/{paste.key}", headers=CURL)
    page = client.get(f"/{paste.key}", headers={"accept": BROWSER_ACCEPT})

    assert text.content == "<b>é\r\n".encode()
    assert text["Content-Type"] == "text/plain; charset=utf-8"
    assert "sandbox" in text["Content-Security-Policy"]
    assert page["Content-Type"] == "text/html; charset=utf-8"
    assert "Accept" in text["Vary"]
    assert "Accept" in page["Vary"]


def test_a_caller_without_accept_gets_the_page(client: Client) -> None:
    assert client.get(f"/{publish_text().key}")["Content-Type"] == "text/html; charset=utf-8"


def test_several_files_are_joined_below_their_names(client: Client) -> None:
    paste = writing.publish(Draft([NewFile("one\n", "a.txt"), NewFile("two", "b.txt")]))

    assert client.get(f"/{paste.key}", headers=CURL).content == b"==> a.txt <==\none\n\n==> b.txt <==\ntwo"


@pytest.mark.parametrize("files", [[NewFile("one")], [NewFile("one", "a"), NewFile("two", "b")]])
def test_a_text_with_a_known_etag_is_not_sent_again(client: Client, files: list[NewFile]) -> None:
    paste = writing.publish(Draft(files))
    etag = client.get(f"/{paste.key}", headers=CURL)["ETag"]

    again = client.get(f"/{paste.key}", headers=CURL | {"if-none-match": etag})
    head = client.head(f"/{paste.key}", headers=CURL)
    writing.revise(paste, [NewFile("new")])
    new = client.get(f"/{paste.key}", headers=CURL | {"if-none-match": etag})

    assert (again.status_code, again.content) == (304, b"")
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", etag)
    assert (new.status_code, new.content) == (200, b"new")


def test_a_get_from_a_terminal_does_not_burn(client: Client) -> None:
    paste = publish_text("secret", burn=True)

    response = client.get(f"/{paste.key}", headers=CURL)

    assert response.status_code == 403
    assert f"/{paste.key}/burn" in response.content.decode()
    assert b"secret" not in response.content
    assert Paste.objects.readable().filter(pk=paste.pk).exists()


def test_the_help_fits_on_one_screen_and_contains_this_sites_url(client: Client, settings: Settings) -> None:
    settings.PASTEUR_URL = "https://paste.example.org"

    response = client.get("/help.txt")

    lines = response.content.decode().splitlines()
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert sum("https://paste.example.org" in line for line in lines) > 5
    assert "&" not in response.content.decode().replace("?expires=1d&burn", "")


def test_a_file_can_be_called_help(client: Client) -> None:
    assert client.put("/help.txt", b"text", content_type="").status_code == 201
    assert Paste.objects.get().files[0].name == "help.txt"
