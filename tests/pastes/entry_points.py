"""The entry points for text, so that a rule can be tested at each of them."""

import json
from typing import Any

from django.test import Client

from tests.pastes import multipart
from tests.pastes.html_pages import Page
from tests.pastes.multipart import Part

BROWSER_ACCEPT = "text/html,application/xhtml+xml,*/*;q=0.8"


class Put:
    """`curl -T file BASE/`."""

    name = "put"

    def send(self, client: Client, content: bytes, file_name: str = "") -> Any:
        """Send text."""
        return client.put(f"/{file_name}", content, content_type="")

    def key(self, response: Any) -> str:
        """Return the key of the new paste."""
        assert response.status_code == 201, response.content
        line: str = response.content.decode()
        assert line.endswith("\n")
        assert line.count("\n") == 1
        assert response["Location"] == line.strip()
        return line.strip().rpartition("/")[2]

    def assert_refused(self, response: Any, status: int, code: str, text: str) -> None:
        """Fail unless the response is this refusal, as one line of text."""
        assert response.status_code == status, response.content
        assert response["Content-Type"] == "text/plain; charset=utf-8"
        line = response.content.decode()
        assert line.endswith("\n")
        assert line.count("\n") == 1


class Post(Put):
    """`curl --data-binary @file BASE/`: curl labels the text as a form."""

    name = "post"

    def send(self, client: Client, content: bytes, file_name: str = "") -> Any:
        """Send text."""
        return client.post("/", content, content_type="application/x-www-form-urlencoded")


class Api:
    """JSON to the REST API. Content that is not UTF-8 is inserted between quotes unescaped."""

    name = "api"

    def send(self, client: Client, content: bytes, file_name: str = "") -> Any:
        """Send text."""
        try:
            file = {"content": content.decode()} | ({"name": file_name} if file_name else {})
            body = json.dumps({"files": [file]}, ensure_ascii=False).encode()
        except UnicodeDecodeError:
            body = b'{"files": [{"content": "' + content + b'"}]}'
        return client.post("/api/v1/pastes", body, content_type="application/json")

    def key(self, response: Any) -> str:
        """Return the key of the new paste."""
        assert response.status_code == 201, response.content
        return str(response.json()["key"])

    def assert_refused(self, response: Any, status: int, code: str, text: str) -> None:
        """Fail unless the response is this refusal, as JSON."""
        assert response.status_code == status, response.content
        assert response["Content-Type"] == "application/json"
        error = response.json()["error"]
        assert set(error) <= {"code", "message", "field", "limit"}
        assert error["code"] == code
        assert error["message"]


class Form:
    """The site's own form, as a browser sends it."""

    name = "form"

    def send(self, client: Client, content: bytes, file_name: str = "") -> Any:
        """Send text."""
        return submit(client, Part("files-0-content", content), Part("files-0-name", file_name.encode()))

    def key(self, response: Any) -> str:
        """Return the key of the new paste."""
        assert response.status_code == 302, Page(response).text
        return str(response["Location"]).split("/")[1]

    def assert_refused(self, response: Any, status: int, code: str, text: str) -> None:
        """Fail unless the response is a page with this status and the text in its box."""
        assert response.status_code == status, response.content
        assert response["Content-Type"] == "text/html; charset=utf-8"
        if code == "empty":  # A text box may drop spaces.
            assert not Page(response).areas["files-0-content"].strip()
        elif code != "not_utf8":  # A text box cannot show invalid bytes.
            assert Page(response).areas["files-0-content"] == text


class FirstPasteur:
    """The original Pasteur's multipart form."""

    name = "first"

    def send(self, client: Client, content: bytes, file_name: str = "") -> Any:
        """Send text."""
        sent = multipart.body(Part("paste", content))
        return client.post("/", sent, content_type=multipart.CONTENT_TYPE)

    def key(self, response: Any) -> str:
        """Return the key of the new paste."""
        assert response.status_code == 200, response.content
        return str(response.json()["code"])

    def assert_refused(self, response: Any, status: int, code: str, text: str) -> None:
        """Fail unless the response is 400 with one line of text, the only error status of this dialect."""
        assert response.status_code == 400, response.content
        assert response["Content-Type"] == "text/plain; charset=utf-8"
        assert response["Access-Control-Allow-Origin"] == "*"
        assert response.content.decode().count("\n") == 1


EntryPoint = Put | Post | Api | Form | FirstPasteur
ENTRY_POINTS: tuple[EntryPoint, ...] = (Put(), Post(), Api(), Form(), FirstPasteur())


def submit(client: Client, *parts: Part, files: int | str = 1, accept: str = BROWSER_ACCEPT, **fields: str) -> Any:
    """Submit the site's own form with these parts and fields, and defaults for all others."""
    defaults = {
        "files-TOTAL_FORMS": str(files),
        "files-INITIAL_FORMS": "0",
        "visibility": "unlisted",
        "expires": "never",
    }
    names = {part.name for part in parts}
    rest = [Part(name, value.encode()) for name, value in (defaults | fields).items() if name not in names]
    body = multipart.body(*rest, *parts)
    return client.post("/", body, content_type=multipart.CONTENT_TYPE, headers={"accept": accept})


def entry_point_name(entry_point: EntryPoint) -> str:
    """Return the test id of an entry point."""
    return entry_point.name
