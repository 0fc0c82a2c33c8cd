"""The URLs of hastebin."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from pastes.access import edit_tokens
from pastes.lifecycle import writing
from pastes.models import File, Paste
from tests.pastes import multipart
from tests.pastes.factories import publish_text
from tests.pastes.multipart import Part
from tests.pastes.row_counts import nothing_stored

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/json", "application/x-www-form-urlencoded", "image/png"]
)
def test_the_body_is_the_text_for_any_content_type(client: Client, content_type: str) -> None:
    response = client.generic("POST", "/documents", "a=1&b=%20+é\r\n".encode(), content_type)

    paste = Paste.objects.get()
    assert (response.status_code, response.json()) == (200, {"key": paste.key})
    assert response["Access-Control-Allow-Origin"] == "*"
    assert edit_tokens.owns(paste, response["X-Pasteur-Token"])
    assert File.objects.get().content == "a=1&b=%20+é\r\n"


def test_the_field_data_of_a_form_is_the_text(client: Client) -> None:
    body = multipart.body(Part("data", b"text"))

    assert client.post("/documents", body, content_type=multipart.CONTENT_TYPE).status_code == 200
    assert File.objects.get().content == "text"


def test_another_field_of_a_form_is_refused(client: Client) -> None:
    body = multipart.body(Part("data", b"text"), Part("expires", b"1d"))

    with nothing_stored():
        response = client.post("/documents", body, content_type=multipart.CONTENT_TYPE)

    assert (response.status_code, "expires" in response.json()["message"]) == (400, True)


@pytest.mark.parametrize("ending", ["", ".py", ".tar.gz"])
def test_a_document_is_read_with_any_file_extension(client: Client, ending: str) -> None:
    paste = publish_text("é\r\n")

    document = client.get(f"/documents/{paste.key}{ending}")
    raw = client.get(f"/raw/{paste.key}{ending}")
    head = client.head(f"/raw/{paste.key}{ending}")

    assert document.json() == {"data": "é\r\n", "key": paste.key}
    assert raw.content == "é\r\n".encode()
    assert raw["Content-Type"] == "text/plain; charset=utf-8"
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize("path", ["documents", "raw"])
def test_a_removed_or_burning_paste_is_404(client: Client, path: str) -> None:
    hidden, burning = publish_text("secret"), publish_text("secret", burn=True)
    writing.hide(hidden)

    for name in (hidden.key, burning.key, "nothing", "%00", "x" * 5_000):
        response = client.get(f"/{path}/{name}")
        assert (response.status_code, response.json()) == (404, {"message": "Document not found."})
    assert Paste.objects.readable().filter(pk=burning.pk).exists()


@pytest.mark.parametrize("text", [b"", b" \n", b"a\0b", b"\xff"])
def test_a_body_that_is_not_text_is_400_in_json(client: Client, text: bytes) -> None:
    with nothing_stored():
        response = client.generic("POST", "/documents", text, "text/plain")

    assert response.status_code == 400
    assert set(response.json()) == {"message"}


def test_a_long_text_is_refused_with_hastebins_message(client: Client, settings: Settings) -> None:
    settings.PASTEUR_MAX_BYTES = 10

    with nothing_stored():
        response = client.generic("POST", "/documents", b"x" * 11, "text/plain")

    assert (response.status_code, response.json()) == (400, {"message": "Document exceeds maximum length."})


def test_the_dialect_can_be_disabled(client: Client, settings: Settings) -> None:
    settings.PASTEUR_DIALECTS = []
    paste = publish_text()

    with nothing_stored():
        assert client.generic("POST", "/documents", b"text", "text/plain").status_code == 404
        assert client.get(f"/raw/{paste.key}").status_code == 404
        first = client.post("/", multipart.body(Part("paste", b"x")), content_type=multipart.CONTENT_TYPE)
    assert first.status_code != 200


def test_a_file_can_be_called_documents(client: Client) -> None:
    assert client.put("/documents", b"text", content_type="").status_code == 201
    assert client.get("/documents").status_code == 404
