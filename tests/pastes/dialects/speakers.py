"""The dialects as their clients speak them, so that what holds for all of them can be tested on each."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.test import Client

from tests.pastes import multipart
from tests.pastes.multipart import Part

URLENCODED = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Speaker:
    """One form of one dialect: how a text is sent, where its key stands in the answer, and how a problem is told."""

    dialect: str
    send: Callable[[Client, bytes], Any]
    key: Callable[[Any], str]
    told: Callable[[Any], str]
    path: str = "/"
    status: int = 200
    #: Whether every refusal is 400, as in the service itself.
    plain: bool = True


def encoded(path: str, name: str, **more: str) -> Callable[[Client, bytes], Any]:
    """Return how an urlencoded form with the text in this field is sent."""
    rest = "".join(f"&{quote(key)}={quote(value)}" for key, value in more.items())
    return lambda client, text: client.generic("POST", path, f"{quote(name)}={quote(text)}{rest}", URLENCODED)


def parts(path: str, name: str, file_name: str | None = None, **headers: str) -> Callable[[Client, bytes], Any]:
    """Return how a multipart form with the text in this part is sent."""
    return lambda client, text: client.post(
        path, multipart.body(Part(name, text, file_name)), content_type=multipart.CONTENT_TYPE, headers=headers
    )


def in_json(path: str, before: str, after: str) -> Callable[[Client, bytes], Any]:
    """Return how JSON is sent, with the text as a string between these; bytes that are no text go in as they are."""

    def send(client: Client, text: bytes) -> Any:
        try:
            inside = json.dumps(text.decode()).encode()
        except UnicodeDecodeError:
            inside = b'"' + text + b'"'
        return client.post(path, before.encode() + inside + after.encode(), content_type="application/json")

    return send


def last_part(url: str) -> str:
    """Return the key at the end of an address."""
    return url.strip().strip('"').rpartition("/")[2]


def in_text(response: Any) -> str:
    """Return the key of the address that is the answer."""
    return last_part(response.content.decode())


def plain(response: Any) -> str:
    """Return a problem that is told as plain text."""
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    message: str = response.content.decode()
    assert message.strip()
    assert message.count("\n") <= 1
    return message


def message(response: Any) -> str:
    """Return a problem that is told as `{"message": ...}` alone."""
    said: dict[str, str] = response.json()
    assert list(said) == ["message"]
    return said["message"]


def with_state(response: Any) -> str:
    """Return a problem that is told as pinnwand does."""
    said: dict[str, Any] = response.json()
    assert said == {"state": "error", "code": response.status_code, "message": said["message"]}
    return str(said["message"])


def with_message(response: Any) -> str:
    """Return a problem that is told as GitHub does."""
    said: dict[str, Any] = response.json()
    assert "message" in said
    assert set(said) <= {"message", "errors"}
    return str(said["message"])


SPEAKERS = [
    Speaker(
        "hastebin",
        lambda client, text: client.generic("POST", "/documents", text, URLENCODED),
        lambda response: str(response.json()["key"]),
        message,
        path="/documents",
    ),
    Speaker("dpaste", encoded("/api/", "content"), in_text, plain, path="/api/"),
    Speaker("dpaste", parts("/api", "content"), in_text, plain, path="/api"),
    Speaker("dpaste.com", encoded("/api/v2/", "content"), in_text, plain, path="/api/v2/", status=201),
    Speaker(
        "pinnwand",
        in_json("/api/v1/paste", '{"expiry": "1day", "files": [{"lexer": "text", "content": ', "}]}"),
        lambda response: last_part(response.json()["link"]),
        with_state,
        path="/api/v1/paste",
    ),
    Speaker(
        "pinnwand",
        parts("/curl", "raw"),
        lambda response: last_part(response.content.decode().splitlines()[0]),
        plain,
        path="/curl",
    ),
    Speaker(
        "gist",
        in_json("/api/v3/gists", '{"files": {"a.txt": {"content": ', "}}}"),
        lambda response: str(response.json()["id"]),
        with_message,
        path="/api/v3/gists",
        status=201,
        plain=False,
    ),
    Speaker("rustypaste", parts("/", "file", "a.txt", filename="b.txt"), in_text, plain, plain=False),
    Speaker("sprunge", parts("/", "sprunge"), in_text, plain, plain=False),
    Speaker("sprunge", encoded("/", "sprunge"), in_text, plain, plain=False),
    Speaker("ix", parts("/", "f:1"), in_text, plain, plain=False),
    Speaker("ix", encoded("/", "f:1"), in_text, plain, plain=False),
    Speaker("pastebinit", encoded("/", "content", language="text", private="1"), in_text, plain, plain=False),
    Speaker("pastebinit", parts("/", "content"), in_text, plain, plain=False),
]


def by_name(speaker: Speaker) -> str:
    """Return what a test is called for this speaker."""
    return f"{speaker.dialect}-{speaker.path}"
