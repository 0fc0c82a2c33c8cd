"""Failures of the web process: an unreachable database, and unexpected exceptions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client

from pastes.http import responses
from pastes.rules import keys
from pastes.web import errors
from tests.pastes.entry_points import BROWSER_ACCEPT, ENTRY_POINTS, EntryPoint, entry_point_name
from tests.pastes.row_counts import nothing_stored

pytestmark = [pytest.mark.django_db]

PATHS = ["/recent", "/0123456789", "/0123456789/raw", "/api/v1/pastes/0123456789", "/healthz"]


@contextmanager
def database_fails(error: type[Exception]) -> Iterator[None]:
    """Make every query fail, as if the server were stopped or a lock held too long."""

    def fail(execute: Callable[..., Any], *arguments: Any) -> Any:
        raise error("FATAL: the secret reason\x1b[31m\nsecond line")

    with connection.execute_wrapper(fail):
        yield


def test_healthz_reports_that_the_database_responds(client: Client) -> None:
    response = client.get("/healthz")

    assert (response.status_code, response.json()) == (200, {"alive": True, "database": True})
    assert client.head("/healthz").status_code == 200
    assert client.post("/healthz").status_code == 405


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
@pytest.mark.parametrize("path", PATHS)
def test_an_unreachable_database_is_503_in_the_callers_format(
    client: Client, path: str, error: type[Exception]
) -> None:
    with database_fails(error):
        page, line = client.get(path, headers={"accept": BROWSER_ACCEPT}), client.get(path)

    for response in (page, line):
        assert response.status_code == 503
        assert int(response["Retry-After"]) > 0
        assert b"secret reason" not in response.content
    if path.startswith("/api/"):
        assert line.json()["error"]["code"] == "unavailable"
    else:
        assert page["Content-Type"].startswith("text/html")
        assert line.content.decode().count("\n") == 1


@pytest.mark.parametrize("entry_point", ENTRY_POINTS, ids=entry_point_name)
def test_a_paste_that_cannot_be_stored_is_503_and_leaves_no_rows(client: Client, entry_point: EntryPoint) -> None:
    with nothing_stored():
        with database_fails(OperationalError):
            response: Any = entry_point.send(client, b"text")

        assert response.status_code == 503


def test_a_page_that_needs_no_database_is_served_without_one(client: Client) -> None:
    with database_fails(OperationalError):
        assert client.get("/").status_code == 200
        assert client.get("/nothing.txt").status_code == 404


@pytest.mark.parametrize(("path", "accept"), [("/api/v1/pastes", ""), ("/", "*/*"), ("/", BROWSER_ACCEPT)])
def test_an_unexpected_exception_is_500_without_details(
    client: Client, monkeypatch: pytest.MonkeyPatch, path: str, accept: str
) -> None:
    def broken() -> str:
        raise ZeroDivisionError("an internal detail")

    monkeypatch.setattr(keys, "draw", broken)
    client.raise_request_exception = False

    with nothing_stored():
        if path == "/":
            response = client.put("/", b"x", content_type="", headers={"accept": accept})
        else:
            response = client.post(path, {"files": [{"content": "x"}]}, content_type="application/json")

    assert response.status_code == 500
    assert b"an internal detail" not in response.content
    assert b"ZeroDivisionError" not in response.content
    if path != "/":
        assert response.json()["error"]["code"] == "server_error"
    else:
        assert response["Content-Type"].startswith("text/html" if accept == BROWSER_ACCEPT else "text/plain")


def test_a_broken_error_page_is_replaced_with_a_bare_one(monkeypatch: pytest.MonkeyPatch, rf: Any) -> None:
    def broken(*arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(responses, "error", broken)

    response = errors.server_error(rf.get("/"))

    assert response.status_code == 500
    assert "has been logged" in response.content.decode()
