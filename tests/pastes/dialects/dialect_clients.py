"""Clients of the dialects, so that a rule for all dialects can be tested with each."""

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
class DialectClient:
    """A request format of a dialect: how to send text, and how to read the key and the error message."""

    dialect: str
    send: Callable[[Client, bytes], Any]
    key: Callable[[Any], str]
    message: Callable[[Any], str]
    path: str = "/"
    status: int = 200
    #: Whether all refused text gets 400, as in the original service.
    always_400: bool = True


def encoded(path: str, name: str, **more: str) -> Callable[[Client, bytes], Any]:
    """Return a function that sends a URL-encoded form with the text in this field."""
    rest = "".join(f"&{quote(key)}={quote(value)}" for key, value in more.items())
    return lambda client, text: client.generic("POST", path, f"{quote(name)}={quote(text)}{rest}", URLENCODED)


def parts(path: str, name: str, file_name: str | None = None, **headers: str) -> Callable[[Client, bytes], Any]:
    """Return a function that sends a multipart form with the text in this part."""
    return lambda client, text: client.post(
        path, multipart.body(Part(name, text, file_name)), content_type=multipart.CONTENT_TYPE, headers=headers
    )


def in_json(path: str, before: str, after: str) -> Callable[[Client, bytes], Any]:
    """Return a function that sends JSON with the text inserted as a string; invalid UTF-8 is inserted unescaped."""

    def send(client: Client, text: bytes) -> Any:
        try:
            value = json.dumps(text.decode()).encode()
        except UnicodeDecodeError:
            value = b'"' + text + b'"'
        return client.post(path, before.encode() + value + after.encode(), content_type="application/json")

    return send


def last_part(url: str) -> str:
    """Return the key at the end of a URL."""
    return url.strip().strip('"').rpartition("/")[2]


def key_in_text(response: Any) -> str:
    """Return the key from the URL in a text response."""
    return last_part(response.content.decode())


def text_message(response: Any) -> str:
    """Return the message from a plain text error."""
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    message: str = response.content.decode()
    assert message.strip()
    assert message.count("\n") <= 1
    return message


def json_message(response: Any) -> str:
    """Return the message from an error in the form `{"message": ...}`."""
    body: dict[str, str] = response.json()
    assert list(body) == ["message"]
    return body["message"]


def pinnwand_message(response: Any) -> str:
    """Return the message from an error in pinnwand's format."""
    body: dict[str, Any] = response.json()
    assert body == {"state": "error", "code": response.status_code, "message": body["message"]}
    return str(body["message"])


def gist_message(response: Any) -> str:
    """Return the message from an error in GitHub's format."""
    body: dict[str, Any] = response.json()
    assert "message" in body
    assert set(body) <= {"message", "errors"}
    return str(body["message"])


DIALECT_CLIENTS = [
    DialectClient(
        "hastebin",
        lambda client, text: client.generic("POST", "/documents", text, URLENCODED),
        lambda response: str(response.json()["key"]),
        json_message,
        path="/documents",
    ),
    DialectClient("dpaste", encoded("/api/", "content"), key_in_text, text_message, path="/api/"),
    DialectClient("dpaste", parts("/api", "content"), key_in_text, text_message, path="/api"),
    DialectClient("dpaste.com", encoded("/api/v2/", "content"), key_in_text, text_message, path="/api/v2/", status=201),
    DialectClient(
        "pinnwand",
        in_json("/api/v1/paste", '{"expiry": "1day", "files": [{"lexer": "text", "content": ', "}]}"),
        lambda response: last_part(response.json()["link"]),
        pinnwand_message,
        path="/api/v1/paste",
    ),
    DialectClient(
        "pinnwand",
        parts("/curl", "raw"),
        lambda response: last_part(response.content.decode().splitlines()[0]),
        text_message,
        path="/curl",
    ),
    DialectClient(
        "gist",
        in_json("/api/v3/gists", '{"files": {"a.txt": {"content": ', "}}}"),
        lambda response: str(response.json()["id"]),
        gist_message,
        path="/api/v3/gists",
        status=201,
        always_400=False,
    ),
    DialectClient(
        "rustypaste", parts("/", "file", "a.txt", filename="b.txt"), key_in_text, text_message, always_400=False
    ),
    DialectClient("sprunge", parts("/", "sprunge"), key_in_text, text_message, always_400=False),
    DialectClient("sprunge", encoded("/", "sprunge"), key_in_text, text_message, always_400=False),
    DialectClient("ix", parts("/", "f:1"), key_in_text, text_message, always_400=False),
    DialectClient("ix", encoded("/", "f:1"), key_in_text, text_message, always_400=False),
    DialectClient(
        "pastebinit", encoded("/", "content", language="text", private="1"), key_in_text, text_message, always_400=False
    ),
    DialectClient("pastebinit", parts("/", "content"), key_in_text, text_message, always_400=False),
]


def dialect_client_name(client: DialectClient) -> str:
    """Return the test id of a client."""
    return f"{client.dialect}-{client.path}"
