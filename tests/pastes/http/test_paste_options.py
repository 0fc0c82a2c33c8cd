"""The options of an upload, in the query string, in headers, or in parts of a form."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from pastes.models import File, Paste
from tests.pastes import multipart
from tests.pastes.ciphertexts import sealed
from tests.pastes.multipart import Part
from tests.pastes.row_counts import count_rows, nothing_stored

pytestmark = [pytest.mark.django_db, pytest.mark.database]

SAID = {
    "expires": "1d",
    "language": "py",
    "burn": "1",
    "title": "Schöner Titel & mehr",
    "author": "Ada",
    "comment": "why",
    "visibility": "public",
    "name": "notes.md",
}


def in_query(client: Client, options: dict[str, str], text: bytes = b"text") -> Any:
    """Send text with options in the query string."""
    return client.post("/", text, content_type="text/plain", query_params=options)


def in_headers(client: Client, options: dict[str, str], text: bytes = b"text") -> Any:
    """Send text with options in headers, encoded like curl does: UTF-8 bytes."""
    headers = {f"HTTP_X_PASTEUR_{name.upper()}": value.encode().decode("latin-1") for name, value in options.items()}
    return client.post("/", text, content_type="text/plain", **headers)  # type: ignore[arg-type]  # as WSGI has them


def in_parts(client: Client, options: dict[str, str], text: bytes = b"text") -> Any:
    """Send text with options in the parts of a form."""
    parts = [Part(name, value.encode()) for name, value in options.items()]
    return send(client, Part("file", text), *parts)


def send(client: Client, *parts: Part, query: str = "", **headers: str) -> Any:
    """Send these parts as one form."""
    return client.post(f"/{query}", multipart.body(*parts), content_type=multipart.CONTENT_TYPE, headers=headers)


WAYS = pytest.mark.parametrize("say", [in_query, in_headers, in_parts], ids=lambda say: say.__name__)


@WAYS
def test_every_option_has_its_effect(client: Client, say: Any) -> None:
    response = say(client, SAID)

    assert response.status_code == 201, response.content
    paste = Paste.objects.get()
    assert response.content.decode() == f"http://testserver/{paste.key}\n"
    assert (paste.title, paste.author, paste.comment) == ("Schöner Titel & mehr", "Ada", "why")
    assert (paste.visibility, paste.burn) == ("public", True)
    assert paste.expires_at
    assert abs(paste.expires_at - paste.created_at - timedelta(days=1)) < timedelta(seconds=5)
    file = File.objects.get()
    assert (file.name, file.language, file.content) == ("notes.md", "python", "text")


@WAYS
def test_the_option_encrypted_marks_ciphertext(client: Client, say: Any) -> None:
    assert say(client, {"encrypted": "yes"}, sealed().encode()).status_code == 201
    assert Paste.objects.get().encrypted

    with nothing_stored():
        assert say(client, {"encrypted": "yes"}, b"clear").status_code == 422


@WAYS
@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"expiry": "1d"}, b"expiry"),
        ({"content": "x"}, b"content"),
        ({"expires": "2d"}, b"10m"),
        ({"expires": ""}, b"10m"),
        ({"language": "nonsense"}, b"nonsense"),
        ({"visibility": "private"}, b"unlisted"),
        ({"burn": "maybe"}, b"burn"),
        ({"encrypted": "2"}, b"encrypted"),
        ({"name": "x" * 300}, b"255"),
        ({"title": "x" * 201}, b"200"),
    ],
)
def test_an_invalid_option_is_refused_in_one_line(
    client: Client, say: Any, options: dict[str, str], word: bytes
) -> None:
    with nothing_stored():
        response = say(client, options)

    assert response.status_code == 422
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content.count(b"\n") == 1
    assert word in response.content


@pytest.mark.parametrize("value", ["", "1", "true", "YES", "on"])
def test_a_switch_without_a_value_is_on(client: Client, value: str) -> None:
    in_query(client, {"burn": value})

    assert Paste.objects.get().burn


@pytest.mark.parametrize("value", ["0", "false", "No", "off"])
def test_a_switch_can_be_off(client: Client, value: str) -> None:
    in_query(client, {"burn": value})

    assert not Paste.objects.get().burn


@pytest.mark.parametrize("query", ["?title=a&title=b", "?title=a", "?name=x"])
def test_a_repeated_option_is_refused(client: Client, query: str) -> None:
    with nothing_stored():
        response = client.put(
            f"/hello.py{query}", b"text", content_type="", headers={"x-pasteur-title": "c", "x-pasteur-name": "y"}
        )

    assert response.status_code == 422


@pytest.mark.parametrize("query", ["?title=%ff", "?%ff=1", "?" + "title=a&" * 200])
def test_a_query_string_that_is_not_utf8_is_refused(client: Client, query: str) -> None:
    with nothing_stored():
        response = client.put(f"/a{query}", b"text", content_type="")

    assert response.status_code == 400


def test_a_header_that_is_not_utf8_is_refused(client: Client) -> None:
    with nothing_stored():
        response = client.post("/", b"text", content_type="text/plain", HTTP_X_PASTEUR_TITLE="\xff")

    assert response.status_code == 400


def test_the_option_name_overrides_the_name_from_curl(client: Client) -> None:
    client.put("/hello.py?name=said.rs", b"text", content_type="")
    send(client, Part("file", b"text", file_name="hello.py"), Part("name", b"said.rs"))

    assert [(file.name, file.language) for file in File.objects.all()] == [("said.rs", "rust")] * 2


def test_several_files_are_one_paste(client: Client) -> None:
    response = send(
        client,
        Part("file", b"print()\r\n", file_name="a.py"),
        Part("file", "schön".encode(), file_name="b.md"),
        Part("file", b"\xef\xbb\xbfx"),
        query="?title=Three",
    )

    assert response.status_code == 201
    paste = Paste.objects.get()
    assert paste.title == "Three"
    assert sorted((file.name, file.language, file.content) for file in paste.files) == [
        ("a.py", "python", "print()\r\n"),
        ("b.md", "markdown", "schön"),
        ("paste.txt", "plaintext", "\ufeffx"),
    ]
    assert response["X-Pasteur-Token"]


def test_a_file_from_a_pipe_has_no_name(client: Client) -> None:
    send(client, Part("file", b"text", file_name="-"))

    assert File.objects.get().name == "paste.txt"


@pytest.mark.parametrize(
    "parts",
    [
        [Part("file", b"")],
        [Part("file", b"a", file_name="a"), Part("file", b"b", file_name="A")],
        [Part("file", b"a", file_name="a"), Part("file", b"b", file_name="b"), Part("name", b"c")],
        [Part("file", b"a"), Part("title", b"x", file_name="x.txt")],
        [Part("file", b"a"), Part("picture", b"x", file_name="x.png")],
    ],
)
def test_contradictory_parts_are_refused(client: Client, parts: list[Part]) -> None:
    with nothing_stored():
        response = send(client, *parts)

    assert response.status_code == 422
    assert response.content.count(b"\n") == 1


@pytest.mark.parametrize("parts", [[Part("files", b"text", file_name="a.py")], [Part("expires", b"1d")]])
def test_a_form_without_a_file_explains_the_right_one_to_a_program(parts: list[Part]) -> None:
    far = Client(enforce_csrf_checks=True)

    with nothing_stored():
        response = send(far, *parts, accept="*/*")

    assert response.status_code == 400
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    line = response.content.decode()
    assert line.count("\n") == 1
    assert "called file" in line
    assert repr(parts[0].name) in line
    assert "/help.txt" in line


def test_bytes_that_are_not_text_are_refused(client: Client) -> None:
    with nothing_stored():
        response = send(client, Part("file", b"\x89PNG\xff", file_name="x.png"))

    assert response.status_code == 400
    assert b"x.png" in response.content


@pytest.mark.parametrize("body", [multipart.body(Part("file", b"text")), b"text"])
def test_a_page_on_another_site_cannot_create_pastes(client: Client, body: bytes) -> None:
    content_type = multipart.CONTENT_TYPE if b"file" in body else "text/plain"

    with nothing_stored():
        response = client.post("/", body, content_type=content_type, headers={"sec-fetch-site": "cross-site"})

    assert response.status_code == 403


def test_a_form_with_files_requires_no_csrf_token_and_ignores_cookies() -> None:
    client = Client(enforce_csrf_checks=True)

    assert send(client, Part("file", b"text")).status_code == 201
    assert count_rows()["Paste"] == 1
