"""Rules for every dialect: exact bytes, errors in its own format, and a switch to disable it."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from pastes.access import edit_tokens
from pastes.models import File, Paste
from tests.pastes.dialects.dialect_clients import DIALECT_CLIENTS, DialectClient, dialect_client_name
from tests.pastes.factories import publish_text
from tests.pastes.row_counts import nothing_stored
from tests.pastes.token_clients import bearer

pytestmark = [pytest.mark.django_db, pytest.mark.database]

every = pytest.mark.parametrize("dialect", DIALECT_CLIENTS, ids=dialect_client_name)
AWKWARD = "\ufeff one\r\ntwo\rthree \u2028 a=1&b=%20+%zz;c\x1b[2J 🐙 --x\r\n\r\n--\t\n\n"


def assert_error(dialect: DialectClient, response: Any, status: int) -> str:
    """Return the message from an error; fail unless it has the dialect's format and other origins can read it."""
    is_400 = status in {413, 415, 422} and dialect.always_400
    assert response.status_code == (400 if is_400 else status), response.content
    assert response["Access-Control-Allow-Origin"] == "*"
    return dialect.message(response)


@every
def test_text_is_returned_byte_for_byte_and_the_response_contains_the_edit_token(dialect: DialectClient) -> None:
    client = Client(enforce_csrf_checks=True)

    response = dialect.send(client, AWKWARD.encode())

    assert response.status_code == dialect.status, response.content
    assert not response.cookies
    key = dialect.key(response)
    assert client.get(f"/{key}/raw").content == AWKWARD.encode()
    assert edit_tokens.owns(Paste.objects.get(), response["X-Pasteur-Token"])
    assert response["Cache-Control"] == "no-store"
    assert response["Access-Control-Allow-Origin"] == "*"


@every
@pytest.mark.parametrize(
    ("text", "status"),
    [(b"", 422), (b" \r\n\t", 422), (b"a\0b", 422), (b"good \xff bad", 400), (b"\xed\xa0\x80", 400)],
    ids=["empty", "space", "nul", "not_utf8", "surrogate"],
)
def test_invalid_text_is_refused_in_the_format_of_the_dialect(
    client: Client, dialect: DialectClient, text: bytes, status: int
) -> None:
    with nothing_stored():
        response = dialect.send(client, text)

    assert_error(dialect, response, status)


@every
def test_text_of_the_maximum_size_is_accepted_and_one_byte_more_is_refused(
    client: Client, dialect: DialectClient, settings: Settings
) -> None:
    settings.PASTEUR_MAX_BYTES = 1_000

    assert dialect.send(client, "é".encode() * 500).status_code == dialect.status
    assert File.objects.get().size_bytes == 1_000
    with nothing_stored():
        response = dialect.send(client, "é".encode() * 500 + b"x")
    assert_error(dialect, response, 413)


@every
def test_a_disabled_dialect_is_404(client: Client, dialect: DialectClient, settings: Settings) -> None:
    settings.PASTEUR_DIALECTS = [name for name in settings.PASTEUR_DIALECTS if name != dialect.dialect]

    response = dialect.send(client, b"text")

    assert response.status_code == 404 or (dialect.path == "/" and response.status_code != dialect.status)


@every
def test_a_rate_limit_is_reported_in_the_format_of_the_dialect(
    dialect: DialectClient, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    settings.PASTEUR_LIMIT_CREATE = "1/day"
    far = Client(REMOTE_ADDR="203.0.113.5")

    first = dialect.send(far, b"text")
    with nothing_stored():
        over = dialect.send(far, b"text")

    assert first.status_code == dialect.status
    assert_error(dialect, over, 429)
    assert int(over["Retry-After"]) > 0
    assert over["RateLimit-Policy"] == '"create";q=1;w=86400'


@every
def test_a_missing_permission_is_reported_in_the_format_of_the_dialect(
    dialect: DialectClient, settings: Settings
) -> None:
    settings.PASTEUR_MAY_CREATE = "token"
    ours, _ = bearer("write")

    with nothing_stored():
        response = dialect.send(Client(), b"text")

    assert_error(dialect, response, 401)
    assert response["WWW-Authenticate"] == 'Bearer realm="Pasteur"'
    assert dialect.send(ours, b"text").status_code == dialect.status


@pytest.mark.parametrize(
    "dialect", [client for client in DIALECT_CLIENTS if client.path != "/"], ids=dialect_client_name
)
def test_an_unsupported_method_is_reported_in_the_format_of_the_dialect(client: Client, dialect: DialectClient) -> None:
    response = client.patch(dialect.path)

    assert_error(dialect, response, 405)
    assert "POST" in response["Allow"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PROPFIND"])
@pytest.mark.parametrize("path", ["/raw/{}", "/documents/{}", "/api/v1/paste/{}", "/api/v1/lexer", "/remove/{}.x"])
def test_read_only_urls_refuse_other_methods(path: str, method: str) -> None:
    paste = publish_text()

    with nothing_stored():
        response = Client(enforce_csrf_checks=True).generic(method, path.format(paste.key))

    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")


class ClientWithOptions(Client):
    """A client that sends options in the query string or in headers, which the dialect does not support."""

    def __init__(self, query: str = "", **headers: Any) -> None:
        super().__init__(**headers)
        self._query = query

    def generic(self, method: str, path: Any, *args: Any, **kwargs: Any) -> Any:
        return super().generic(method, f"{path}?{self._query}", *args, **kwargs)


CLIENTS = {
    "query": ClientWithOptions("expires=1d"),
    "typo": ClientWithOptions("expiress=1d"),
    "bare": ClientWithOptions("burn"),
    "header": ClientWithOptions(headers={"x-pasteur-expires": "1d"}),
}


@every
@pytest.mark.parametrize("options", CLIENTS)
def test_unsupported_options_are_refused(dialect: DialectClient, options: str) -> None:
    with nothing_stored():
        response = dialect.send(CLIENTS[options], b"text")

    message = assert_error(dialect, response, 422)
    assert "expires" in message or "burn" in message


@every
def test_an_empty_query_string_and_an_edit_token_are_not_options(dialect: DialectClient) -> None:
    assert dialect.send(ClientWithOptions(headers={"x-pasteur-token": "x"}), b"text").status_code == dialect.status
