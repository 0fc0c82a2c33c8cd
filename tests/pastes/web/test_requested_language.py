"""The language used to highlight content on a page: the file's own, or the one in the URL."""

import re

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from tests.pastes.api.client import create
from tests.pastes.ciphertexts import sealed
from tests.pastes.entry_points import BROWSER_ACCEPT
from tests.pastes.factories import publish_text

pytestmark = pytest.mark.django_db


def shown(client: Client, path: str) -> list[str]:
    """Return the languages of the files on a page."""
    response = client.get(path, headers={"accept": BROWSER_ACCEPT})
    assert response.status_code == 200
    return re.findall(r'data-language="([^"]*)"', response.content.decode())


@pytest.mark.parametrize(
    ("rest", "language"),
    [
        ("", "python"),
        ("?hl=ocaml", "ocaml"),
        ("?hl=ML", "ocaml"),
        ("?hl=<script>", "python"),
        ("?hl=", "python"),
        ("?rust", "rust"),
        ("?hl=go&ln", "go"),
        ("?ln=true", "python"),
        (".rs", "rust"),
        (".rs?hl=go", "go"),
        (".tar.gz", "python"),
        (".txt", "plaintext"),
        (".rust", "rust"),
        (".%3Cb%3E", "python"),
    ],
)
def test_the_url_sets_the_language(client: Client, rest: str, language: str) -> None:
    key = publish_text("x = 1\n", "a.py").key

    assert shown(client, f"/{key}{rest}") == [language]
    assert shown(client, f"/{key}") == ["python"]


def test_the_page_of_an_encrypted_paste_gets_the_language_of_the_url(client: Client) -> None:
    key = create(client, {"files": [{"content": sealed()}], "encrypted": True}).json()["key"]

    for path in (f"/{key}.ml", f"/{key}?hl=ml", f"/{key}?ml"):
        assert b'data-requested-language="ocaml"' in client.get(path, headers={"accept": BROWSER_ACCEPT}).content


def test_line_numbers_are_shown_unless_the_url_hides_them(client: Client) -> None:
    key = publish_text().key

    for query, off in (("", False), ("?ln", False), ("?ln=true", False), ("?ln=false", True)):
        page = client.get(f"/{key}{query}", headers={"accept": BROWSER_ACCEPT}).content
        assert (b'data-numbers="off"' in page) == off


def test_programs_get_the_raw_text_with_any_file_extension(client: Client) -> None:
    key = publish_text("x\r\n").key

    assert client.get(f"/{key}.py", headers={"accept": "*/*"}).content == b"x\r\n"
    assert client.get(f"/{key}.py?raw", headers={"accept": BROWSER_ACCEPT}).content == b"x\r\n"
    assert client.get(f"/{key}x.py").status_code == 404
    assert client.put(f"/{key}.py", b"text", content_type="").status_code == 201


def test_disabled_dialects_set_no_language(client: Client, settings: Settings) -> None:
    settings.PASTEUR_DIALECTS = ["first"]
    key = publish_text("x", "a.py").key

    assert shown(client, f"/{key}?rust") == ["python"]
    assert client.get(f"/{key}.rs").status_code == 404


def test_the_pastebinit_configuration_has_the_sites_own_url(client: Client, settings: Settings) -> None:
    plain = client.get("/pastebin.d/pasteur.conf")
    settings.PASTEUR_URL = "https://paste.example.net"
    secure = client.get("/pastebin.d/pasteur.conf")

    assert "basename = testserver\n" in plain.content.decode()
    assert "https" not in plain.content.decode()
    assert "basename = paste.example.net\nhttps = True\n" in secure.content.decode()
    settings.PASTEUR_DIALECTS = []
    assert client.get("/pastebin.d/pasteur.conf").status_code == 404
