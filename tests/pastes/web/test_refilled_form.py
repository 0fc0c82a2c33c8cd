"""A form that cannot be processed is shown again with all its input."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from pytest_django.fixtures import Settings

from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste
from pastes.rules import keys
from tests.pastes.entry_points import BROWSER_ACCEPT
from tests.pastes.html_pages import Page
from tests.pastes.http.test_database_down import database_fails
from tests.pastes.row_counts import nothing_stored

pytestmark = pytest.mark.django_db

TEXT = "\n  an hour's work\n"
WRITTEN = {
    "files-TOTAL_FORMS": "2",
    "files-INITIAL_FORMS": "0",
    "files-0-name": "a.py",
    "files-0-content": TEXT,
    "files-1-content": "second",
    "title": "Half <done>",
    "visibility": "unlisted",
    "expires": "1w",
}


@pytest.fixture(autouse=True)
def one_paste_per_minute(settings: Settings, tmp_path: Path) -> None:
    """Allow each caller one paste per minute, with empty counters."""
    settings.DATA_DIR = tmp_path
    settings.PASTEUR_LIMIT_CREATE = "1/minute"


def remote_client(*, checks: bool = False) -> Client:
    """Return a client at a remote address, which has rate limits."""
    return Client(
        REMOTE_ADDR="203.0.113.7", HTTP_ACCEPT=BROWSER_ACCEPT, enforce_csrf_checks=checks, raise_request_exception=False
    )


def send(client: Client, path: str = "/", **changes: str) -> Any:
    """Send the form like a browser."""
    return client.post(path, WRITTEN | changes)


def too_often() -> Any:
    client = remote_client()
    assert client.post("/", WRITTEN | {"title": "The first"}).status_code == 302
    return send(client)


def too_late() -> Any:
    client = remote_client(checks=True)
    client.get("/")
    del client.cookies["csrftoken"]
    return send(client)


def broken() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "draw", None)  # Calling None raises an unexpected TypeError.
        return send(remote_client())


def without_database() -> Any:
    with database_fails(OperationalError):
        return send(remote_client())


@pytest.mark.parametrize(
    ("sent", "status", "says"),
    [
        (too_often, 429, "Too many requests"),
        (too_late, 403, "was open for too long"),
        (broken, 500, "Trying again may help"),
        (without_database, 503, "The database is not responding"),
    ],
)
def test_the_form_is_shown_again_with_its_content_and_the_error(
    sent: Callable[[], Any], status: int, says: str
) -> None:
    response = sent()

    page = Page(response)
    assert response.status_code == status
    assert says in page.text
    assert (page.areas["files-0-content"], page.areas["files-1-content"]) == (TEXT, "second")
    assert (page.values["title"], page.values["files-0-name"]) == ("Half <done>", "a.py")
    assert page.selected["expires"] == "1w"
    assert not page.foreign_elements()
    assert ("Retry-After" in response) is (status in {429, 503})


def test_a_form_refused_for_its_csrf_token_can_be_submitted_again() -> None:
    client = remote_client(checks=True)
    page = Page(send(client))

    values = {name: value for name, value in page.values.items() if not name.endswith("upload")}
    response = client.post("/", values)

    assert response.status_code == 302
    assert [file.content for file in Paste.objects.get().files] == [TEXT, "second"]


def test_an_edit_form_is_shown_again_as_an_edit_form(settings: Settings) -> None:
    client = remote_client()
    paste = writing.publish(Draft([NewFile("one", "a.py")]))
    assert client.post("/", WRITTEN).status_code == 302

    response = send(client, f"/{paste.key}/edit", token=paste.token, expected="1")

    page = Page(response)
    assert response.status_code == 429
    assert page.areas["files-0-content"] == TEXT
    assert page.values["token"] == paste.token
    assert f'action="/{paste.key}/edit"' in page.html
    assert not response.cookies


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/", {}),
        ("/", {"files-TOTAL_FORMS": "x"}),
        ("/", {"files-TOTAL_FORMS": "999"}),
        ("/x/edit", {}),
        ("/recent", WRITTEN),
    ],
)
def test_other_refused_forms_get_an_error_page(path: str, fields: dict[str, str]) -> None:
    with nothing_stored():
        response = remote_client(checks=True).post(path, fields)

    assert response.status_code in {400, 403, 404, 405}
    assert response["Content-Type"].startswith("text/html")


def test_a_program_gets_one_line_of_text() -> None:
    sent = WRITTEN | {"csrfmiddlewaretoken": "x"}

    response = Client(enforce_csrf_checks=True).post("/", sent, headers={"accept": "*/*"})

    assert response.status_code == 403
    assert response["Content-Type"].startswith("text/plain")


def test_a_caller_beyond_the_read_limit_gets_the_short_error_page(settings: Settings) -> None:
    settings.PASTEUR_LIMIT_READ = "1/minute"
    client = remote_client()
    client.get("/recent")

    response = send(client)

    page = Page(response)
    assert response.status_code == 429
    assert not page.areas
    assert "Go back to the previous page" in page.text
