"""dpaste's API: a form in, the URL out in one of three formats."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from pastes.models import File, Paste
from tests.pastes import multipart
from tests.pastes.multipart import Part
from tests.pastes.row_counts import nothing_stored

pytestmark = pytest.mark.django_db


def send(client: Client, **fields: str) -> Any:
    """Send a form with these fields."""
    return client.post(
        "/api/",
        multipart.body(*[Part(name, value.encode()) for name, value in fields.items()]),
        content_type=multipart.CONTENT_TYPE,
    )


def lifetime() -> timedelta | None:
    """Return the lifetime of the only paste."""
    paste = Paste.objects.get()
    return paste.expires_at - paste.created_at if paste.expires_at else None


@pytest.mark.parametrize(
    ("shape", "expected"),
    [("", '"{url}"'), ("default", '"{url}"'), ("url", "{url}\n"), ("other", '"{url}"')],
)
def test_the_url_is_in_quotes_or_alone_on_a_line(client: Client, shape: str, expected: str) -> None:
    response = send(client, content="text", **({"format": shape} if shape else {}))

    url = f"http://testserver/{Paste.objects.get().key}"
    assert response.status_code == 200
    assert response.content.decode() == expected.format(url=url)


def test_json_contains_url_text_and_lexer(client: Client) -> None:
    response = send(client, content="x = 1\r\n", lexer="python3", format="json")

    url = f"http://testserver/{Paste.objects.get().key}"
    assert response.json() == {"url": url, "content": "x = 1\r\n", "lexer": "python3"}
    assert client.get(f"/{Paste.objects.get().key}/raw").content == b"x = 1\r\n"


@pytest.mark.parametrize(
    ("fields", "language"),
    [
        ({}, "plaintext"),
        ({"lexer": "_text"}, "plaintext"),
        ({"lexer": "_rst"}, "plaintext"),
        ({"lexer": "_code"}, "plaintext"),
        ({"lexer": "_markdown"}, "markdown"),
        ({"lexer": "python3"}, "python"),
        ({"lexer": "html+django"}, "django"),
        ({"lexer": "rust", "filename": "a.py"}, "rust"),
        ({"lexer": "", "filename": "a.py"}, "python"),
        ({"lexer": "", "filename": "what.ever"}, "plaintext"),
    ],
)
def test_its_lexers_are_mapped_to_languages(client: Client, fields: dict[str, str], language: str) -> None:
    assert send(client, content="text", **fields).status_code == 200

    assert File.objects.get().language == language
    assert File.objects.get().name == fields.get("filename") or "filename" not in fields


@pytest.mark.parametrize(
    ("expires", "expected"),
    [
        ({}, timedelta(days=1)),
        ({"expires": "never"}, None),
        ({"expires": "3600"}, timedelta(hours=1)),
        ({"expires": "604800"}, timedelta(weeks=1)),
        ({"expires": "2592000"}, timedelta(days=30)),
    ],
)
def test_its_expiries_have_their_durations(client: Client, expires: dict[str, str], expected: timedelta | None) -> None:
    assert send(client, content="text", **expires).status_code == 200

    assert lifetime() == expected
    assert not Paste.objects.get().burn


def test_onetime_burns_after_reading(client: Client) -> None:
    send(client, content="secret", expires="onetime")

    paste = Paste.objects.get()
    assert (paste.burn, paste.expires_at) == (True, None)
    assert client.get(f"/{paste.key}/raw").status_code == 403


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "No content given"),
        ({"content": " \n"}, "No content given"),
        ({"content": "x", "lexer": "nonsense"}, "Invalid lexer 'nonsense' given. Valid values are: ada, apache"),
        ({"content": "x", "lexer": ""}, "No lexer or filename given"),
        ({"content": "x", "lexer": "<script>" * 100}, "Invalid lexer '<script>"),
        ({"content": "x", "expires": "1e9"}, "Valid values are: onetime, never, 3600"),
        ({"content": "x", "expires": "-1"}, "Invalid expire choice '-1' given"),
        ({"content": "x", "filename": "a" * 300}, "at most 255 bytes"),
    ],
)
def test_an_unknown_value_is_400_with_a_message(client: Client, fields: dict[str, str], words: str) -> None:
    with nothing_stored():
        response = send(client, **fields)

    assert response.status_code == 400
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert words in response.content.decode()
    assert "<script>" * 10 not in response.content.decode()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"content=a&content=b", "application/x-www-form-urlencoded"),
        (b"content=%ff", "application/x-www-form-urlencoded"),
        (b"content=\xff", "application/x-www-form-urlencoded"),
        (b"content=x" + b"&a=1" * 1_001, "application/x-www-form-urlencoded"),
        (b"content=x", "application/x-www-form-urlencoded; charset=utf-16"),
        (b'{"content": "x"}', "application/json"),
        (b"x", "multipart/form-data"),
        (multipart.body(Part("content", b"x"))[:-8], multipart.CONTENT_TYPE),
        (multipart.body(*[Part(f"a{number}", b"") for number in range(1_001)]), multipart.CONTENT_TYPE),
    ],
    ids=["twice", "percent", "bytes", "fields", "charset", "json", "boundary", "cut", "parts"],
)
def test_a_malformed_form_is_400(client: Client, body: bytes, content_type: str) -> None:
    with nothing_stored():
        response = client.generic("POST", "/api/", body, content_type)

    assert response.status_code == 400
    assert response["Content-Type"] == "text/plain; charset=utf-8"


def test_a_file_can_be_called_api(client: Client) -> None:
    assert client.put("/api", b"text", content_type="").status_code == 201
    assert File.objects.get().name == "api"
