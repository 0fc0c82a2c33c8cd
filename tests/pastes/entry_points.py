"""The ways in which a text comes in, so that one rule can be tested on all of them."""

import json
from typing import Any

from django.test import Client

from tests.pastes import multipart
from tests.pastes.html_pages import Page
from tests.pastes.multipart import Part

BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"


class Put:
    """`curl -T file BASE/`."""

    name = "put"

    def send(self, client: Client, content: bytes, file_name: str = "") -> Any:
        """Send one text."""
        return client.put(f"/{file_name}", content, content_type="")

    def key(self, response: Any) -> str:
        """Return the key of what was made."""
        assert response.status_code == 201, response.content
        line: str = response.content.decode()
        assert line.endswith("\n")
        assert line.count("\n") == 1
        assert response["Location"] == line.strip()
        return line.strip().rpartition("/")[2]

    def assert_refused(self, response: Any, status: int, code: str, text: str) -> None:
        """Fail unless the answer is this refusal, as one line of text."""
        assert response.status_code == status, response.content
        assert response["Content-Type"] == "text/plain; charset=utf-8"
        line = response.content.decode()
        assert line.endswith("\n")
        assert line.count("\n") == 1


class Post(Put):
    """`curl --data-binary @file BASE/`: curl labels the text as a form."""

    name = "post"

    def send(self, client: Client, content: bytes, file_name: str = "") -> Any:
        """Send one text."""
        return client.post("/", content, content_type="application/x-www-form-urlencoded")


class Api:
    """JSON to the REST API. `content` goes in as it is, between quotes, where it is no UTF-8."""

    name = "api"

    def send(self, client: Client, content: bytes, file_name: str = "") -> Any:
        """Send one text."""
        try:
            file = {"content": content.decode()} | ({"name": file_name} if file_name else {})
            body = json.dumps({"files": [file]}, ensure_ascii=False).encode()
        except UnicodeDecodeError:
            body = b'{"files": [{"content": "' + content + b'"}]}'
        return client.post("/api/v1/pastes", body, content_type="application/json")

    def key(self, response: Any) -> str:
        """Return the key of what was made."""
        assert response.status_code == 201, response.content
        return str(response.json()["key"])

    def assert_refused(self, response: Any, status: int, code: str, text: str) -> None:
        """Fail unless the answer is this refusal, as JSON."""
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
        """Send one text."""
        return submit(client, Part("files-0-content", content), Part("files-0-name", file_name.encode()))

    def key(self, response: Any) -> str:
        """Return the key of what was made."""
        assert response.status_code == 302, Page(response).text
        return str(response["Location"]).partition("#")[0].removeprefix("/")

    def assert_refused(self, response: Any, status: int, code: str, text: str) -> None:
        """Fail unless the answer is a page with this status that has the text still in its box."""
        assert response.status_code == status, response.content
        assert response["Content-Type"] == "text/html; charset=utf-8"
        if code == "empty":  # A box of spaces may lose some; nobody has written them.
            assert not Page(response).areas["files-0-content"].strip()
        elif code != "not_utf8":  # What is no text cannot be shown in a box of text.
            assert Page(response).areas["files-0-content"] == text


class FirstPasteur:
    """The multipart form of the first Pasteur."""

    name = "first"

    def send(self, client: Client, content: bytes, file_name: str = "") -> Any:
        """Send one text."""
        sent = multipart.body(Part("paste", content))
        return client.post("/", sent, content_type=multipart.CONTENT_TYPE)

    def key(self, response: Any) -> str:
        """Return the key of what was made."""
        assert response.status_code == 200, response.content
        return str(response.json()["code"])

    def assert_refused(self, response: Any, status: int, code: str, text: str) -> None:
        """Fail unless the answer is 400 in one line of text: this dialect knows no other status."""
        assert response.status_code == 400, response.content
        assert response["Content-Type"] == "text/plain; charset=utf-8"
        assert response["Access-Control-Allow-Origin"] == "*"
        assert response.content.decode().count("\n") == 1


EntryPoint = Put | Post | Api | Form | FirstPasteur
ENTRY_POINTS: tuple[EntryPoint, ...] = (Put(), Post(), Api(), Form(), FirstPasteur())


def submit(client: Client, *parts: Part, files: int | str = 1, **fields: str) -> Any:
    """Send the site's own form with these parts and fields on top of what an untouched form has."""
    untouched = {
        "files-TOTAL_FORMS": str(files),
        "files-INITIAL_FORMS": "0",
        "visibility": "unlisted",
        "expires": "never",
    }
    written = {part.name for part in parts}
    rest = [Part(name, value.encode()) for name, value in (untouched | fields).items() if name not in written]
    body = multipart.body(*rest, *parts)
    return client.post("/", body, content_type=multipart.CONTENT_TYPE, headers={"accept": BROWSER})


def entry_point_name(entry_point: EntryPoint) -> str:
    """Return the test id of an entry point."""
    return entry_point.name
