"""The original Pasteur's form at POST /, and its JSON."""

from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from pastes.access import edit_tokens
from pastes.models import File, Paste
from tests.pastes import multipart
from tests.pastes.entry_points import BROWSER_ACCEPT
from tests.pastes.multipart import Part
from tests.pastes.row_counts import count_rows, nothing_stored

pytestmark = pytest.mark.django_db

TEXT = Part("paste", b"let () = ()\n")


def send(client: Client, *parts: Part) -> Any:
    """Send these parts as one form."""
    return client.post("/", multipart.body(*parts), content_type=multipart.CONTENT_TYPE)


def assert_refused(response: Any) -> str:
    """Return the line of a refusal; fail unless it has the dialect's format."""
    assert response.status_code == 400
    assert response["Content-Type"].startswith("text/plain")
    assert response["Access-Control-Allow-Origin"] == "*"
    line: str = response.content.decode()
    assert line.count("\n") == 1
    return line


def test_the_smallest_form_gets_only_the_code(client: Client) -> None:
    response = send(client, TEXT)

    paste = Paste.objects.get()
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    assert response["Access-Control-Allow-Origin"] == "*"
    assert response.json() == {"code": paste.key}
    assert edit_tokens.owns(paste, response["X-Pasteur-Token"])
    assert paste.files[0].content == "let () = ()\n"
    assert count_rows() == {"Paste": 1, "Revision": 1, "File": 1, "Change": 1}


def test_every_field_is_stored_and_returned(client: Client) -> None:
    response = send(
        client,
        Part("paste", b"00ff"),
        Part("user", "Zoë".encode()),
        Part("comment", b"an example"),
        Part("hl", b"ocaml"),
        Part("ln", b""),
        Part("raw", b"false"),
        Part("encrypted", b"on"),
    )

    paste = Paste.objects.get()
    assert response.json() == {"code": paste.key, "hl": "ocaml", "ln": True, "raw": True, "encrypted": True}
    assert (paste.author, paste.comment, paste.encrypted) == ("Zoë", "an example", True)
    assert (paste.visibility, paste.expires_at, paste.burn) == ("unlisted", None, False)
    assert (paste.files[0].language, paste.files[0].name) == ("ocaml", "paste.ml")


@pytest.mark.parametrize("name", ["paste", "PASTE", "Paste", "pAsTe"])
def test_field_names_are_case_insensitive(client: Client, name: str) -> None:
    response = send(client, Part(name, b"text"), Part("USER", b"Ada"), Part("Hl", b"PYTHON"))

    assert response.json()["hl"] == "python"
    assert Paste.objects.get().author == "Ada"


@pytest.mark.parametrize("file_name", ["code.ml", "", "../../x", "schön"])
def test_parts_can_have_a_file_name(client: Client, file_name: str) -> None:
    parts = [Part("paste", b"a\r\nb", file_name=file_name), Part("user", b"Ada", file_name=file_name)]

    assert send(client, *parts).status_code == 200

    assert File.objects.get().content == "a\r\nb"
    assert Paste.objects.get().author == "Ada"


@pytest.mark.parametrize("language", ["__no_highlighting__", "nonsense", "", " ", "<script>", "a\0b", "x" * 10_000])
def test_an_unknown_language_is_ignored(client: Client, language: str) -> None:
    response = send(client, TEXT, Part("hl", language.encode()))

    assert response.json() == {"code": Paste.objects.get().key}
    assert File.objects.get().language == "plaintext"


@pytest.mark.parametrize("value", ["off", "", "ON", "true", "1"])
def test_only_on_means_encrypted(client: Client, value: str) -> None:
    response = send(client, TEXT, Part("encrypted", value.encode()))

    assert "encrypted" not in response.json()
    assert not Paste.objects.get().encrypted


def test_unknown_parts_are_ignored(client: Client) -> None:
    response = send(client, Part("x", b"1"), TEXT, Part("burn", b"on"), Part("y", b"2", file_name="y"))

    assert response.status_code == 200
    assert not Paste.objects.get().burn


def test_the_form_requires_no_csrf_token_and_ignores_cookies() -> None:
    client = Client(enforce_csrf_checks=True)

    response = send(client, TEXT)

    assert response.status_code == 200
    assert not response.cookies


@pytest.mark.parametrize(
    "parts",
    [
        [Part("paste", b"")],
        [Part("paste", b" \r\n")],
        [Part("paste", b"", file_name="")],
        [Part("paste", b"a\0b")],
        [TEXT, Part("paste", b"other")],
        [TEXT, Part("PASTE", b"other")],
        [TEXT, Part("paste", b"other", file_name="x")],
        [TEXT, Part("user", b"a\nb")],
        [TEXT, Part("user", b"a\0b")],
        [TEXT, Part("user", b"x" * 101)],
        [TEXT, Part("comment", b"x" * 2_001)],
        [TEXT, Part("encrypted", b"on")],
    ],
)
def test_invalid_input_is_400_with_a_one_line_message(client: Client, parts: list[Part]) -> None:
    with nothing_stored():
        response = send(client, *parts)

    assert assert_refused(response)


def test_a_large_text_is_400_and_the_message_contains_the_limit(client: Client, settings: Settings) -> None:
    settings.PASTEUR_MAX_BYTES = 10

    with nothing_stored():
        response = send(client, TEXT)

    assert "10 bytes" in assert_refused(response)


def test_a_browser_that_accepts_html_gets_the_same_refusal(client: Client) -> None:
    with nothing_stored():
        response = client.post(
            "/",
            multipart.body(Part("paste", b"")),
            content_type=multipart.CONTENT_TYPE,
            headers={"accept": BROWSER_ACCEPT},
        )

    assert_refused(response)


@pytest.mark.parametrize("cut", [4, 20, 26, 30])
def test_a_truncated_form_is_refused(client: Client, cut: int) -> None:
    whole = multipart.body(Part("paste", b"a text that must not lose its end"))

    with nothing_stored():
        response = client.generic("POST", "/", whole[:-cut], multipart.CONTENT_TYPE)

    assert response.status_code == 400


def test_a_missing_permission_keeps_its_status(client: Client, settings: Settings) -> None:
    settings.PASTEUR_MAY_CREATE = "token"

    with nothing_stored():
        response = send(client, TEXT)

    assert (response.status_code, response.content.count(b"\n")) == (401, 1)


def test_the_code_is_valid_for_the_page_and_the_text(client: Client) -> None:
    code = send(client, TEXT).json()["code"]

    assert client.get(f"/{code}").status_code == 200
    for query in ("raw", "raw=", "raw=true", "hl=ocaml&raw", "raw=1&ln"):
        response = client.get(f"/{code}?{query}")
        assert (response["Content-Type"], response.content) == ("text/plain; charset=utf-8", TEXT.content)
    for query in ("raw=false", "hl=ocaml", "ln", "ln=true", "hl=<script>&ln=%00"):
        response = client.get(f"/{code}?{query}")
        assert (response.status_code, response["Content-Type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize(("query", "headers"), [("?expires=1d", {}), ("", {"x-pasteur-expires": "1d"})])
def test_unsupported_options_are_refused(client: Client, query: str, headers: dict[str, str]) -> None:
    with nothing_stored():
        response = client.post(f"/{query}", multipart.body(TEXT), content_type=multipart.CONTENT_TYPE, headers=headers)

    assert "expires" in assert_refused(response)
