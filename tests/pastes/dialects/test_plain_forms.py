"""sprunge, ix and pastebinit: forms at the URL for plain text, distinguished from it."""

from typing import Any

import pytest
from django.test import Client

from pastes.models import File, Paste
from tests.pastes import multipart
from tests.pastes.dialects.dialect_clients import URLENCODED
from tests.pastes.multipart import Part
from tests.pastes.row_counts import nothing_stored

pytestmark = pytest.mark.django_db


def send(client: Client, body: str | bytes, content_type: str = URLENCODED) -> Any:
    """Send a body the way curl does."""
    return client.generic("POST", "/", body, content_type)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("sprunge=hello", "hello"),
        ("sprunge=a+b%26c%0A", "a b&c\n"),
        ("sprunge=hello%20(world)!", "hello (world)!"),
        ("f:1=hello", "hello"),
        ("f%3A1=hello", "hello"),
        ("content=a%20b", "a b"),
        ("title=&content=x&language=text", "x"),
    ],
)
def test_the_text_field_of_a_form_is_published(client: Client, body: str, text: str) -> None:
    response = send(client, body)

    assert response.status_code == 200
    assert response.content.decode() == f"http://testserver/{Paste.objects.get().key}\n"
    assert File.objects.get().content == text


@pytest.mark.parametrize(
    "text",
    [
        "content=1\nother=2\n",
        "content=one word & another",
        "content=<b>",
        "content=100%",
        "a=1&b=2",
        "contents=x",
        " sprunge=x",
        "sprunge=one\n",
        "sprunge=hello world",
        "sprunge=one\r\nother=two\r\n",
        "sprunge=100%",
        "f:1=one\n",
        "f:1=é",
        "see sprunge=x",
        "f:2=x",
        "content=é",
    ],
)
def test_text_that_resembles_a_form_is_stored_byte_for_byte(client: Client, text: str) -> None:
    response = send(client, text)

    assert response.status_code == 201
    assert client.get(response.content.decode().strip() + "/raw").content == text.encode()


def test_text_with_another_content_type_is_never_a_form(client: Client) -> None:
    for content_type in ("text/plain", "application/octet-stream", ""):
        assert send(client, "sprunge=x", content_type).status_code == 201
    assert client.generic("PUT", "/", "sprunge=x", URLENCODED).status_code == 201
    assert set(File.objects.values_list("content", flat=True)) == {"sprunge=x"}


def test_pastebinit_sets_title_author_language_and_visibility(client: Client) -> None:
    send(client, "content=x&title=One&author=Ada&language=python3&private=0")

    paste = Paste.objects.get()
    assert (paste.title, paste.author, paste.visibility) == ("One", "Ada", "public")
    assert File.objects.get().language == "python"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("sprunge=", 422),
        ("sprunge=%ff", 400),
        ("sprunge=x&sprunge=y", 422),
        ("f:1=%00", 422),
        ("content=x&content=y", 422),
        ("content=x&language=nonsense", 422),
        ("content=x&private=2", 422),
        ("content=x&expires=1d", 422),
        ("content=x&title=a%0Ab", 422),
        ("sprunge=x" + "&a=1" * 1_001, 400),
        ("sprunge=x&expires=1d", 422),
        ("f%3A1=x&f%3A2=y", 422),
        ("f:1=x&read%3A1=2", 422),
    ],
)
def test_an_invalid_form_is_refused_in_one_line(client: Client, body: str, status: int) -> None:
    with nothing_stored():
        response = send(client, body)

    assert response.status_code == status
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content.count(b"\n") == 1


def test_the_sites_own_form_still_requires_its_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True)
    parts = [Part("csrfmiddlewaretoken", b"x" * 32), Part("content", b"text")]

    with nothing_stored():
        response = client.post("/", multipart.body(*parts), content_type=multipart.CONTENT_TYPE)

    assert response.status_code == 403


@pytest.mark.parametrize("field", ["sprunge", "f:1", "content"])
@pytest.mark.parametrize("other", [Part("expires", b"1d"), Part("f:2", b"two"), Part("x", b"y", "y.txt")])
def test_an_unknown_part_is_refused(client: Client, field: str, other: Part) -> None:
    body = multipart.body(Part(field, b"text"), other)

    with nothing_stored():
        response = client.post("/", body, content_type=multipart.CONTENT_TYPE)

    assert response.status_code == 422
    assert other.name in response.content.decode()
