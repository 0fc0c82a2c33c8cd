"""What holds for every dialect: the bytes are kept, each refusal is told in its words, and each can be turned off."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from pastes.access import edit_tokens
from pastes.models import File, Paste
from tests.pastes.dialects.speakers import SPEAKERS, Speaker, by_name
from tests.pastes.factories import publish_text
from tests.pastes.row_counts import nothing_stored
from tests.pastes.token_clients import bearer

pytestmark = [pytest.mark.django_db, pytest.mark.database]

every = pytest.mark.parametrize("speaker", SPEAKERS, ids=by_name)
AWKWARD = "\ufeff one\r\ntwo\rthree \u2028 a=1&b=%20+%zz;c\x1b[2J 🐙 --x\r\n\r\n--\t\n\n"


def assert_told(speaker: Speaker, response: Any, status: int) -> str:
    """Fail unless a problem is told in the dialect's words, to pages of other sites too."""
    plain = status in {413, 415, 422} and speaker.plain
    assert response.status_code == (400 if plain else status), response.content
    assert response["Access-Control-Allow-Origin"] == "*"
    return speaker.told(response)


@every
def test_a_text_is_read_back_byte_for_byte_and_the_response_has_the_edit_token(speaker: Speaker) -> None:
    client = Client(enforce_csrf_checks=True)

    response = speaker.send(client, AWKWARD.encode())

    assert response.status_code == speaker.status, response.content
    assert not response.cookies
    key = speaker.key(response)
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
def test_an_invalid_text_is_refused_in_the_format_of_the_dialect(
    client: Client, speaker: Speaker, text: bytes, status: int
) -> None:
    with nothing_stored():
        response = speaker.send(client, text)

    assert_told(speaker, response, status)


@every
def test_a_text_of_the_maximum_size_is_accepted_and_one_byte_more_is_refused(
    client: Client, speaker: Speaker, settings: Settings
) -> None:
    settings.PASTEUR_MAX_BYTES = 1_000

    assert speaker.send(client, "é".encode() * 500).status_code == speaker.status
    assert File.objects.get().size_bytes == 1_000
    with nothing_stored():
        response = speaker.send(client, "é".encode() * 500 + b"x")
    assert_told(speaker, response, 413)


@every
def test_a_disabled_dialect_is_404(client: Client, speaker: Speaker, settings: Settings) -> None:
    settings.PASTEUR_DIALECTS = [name for name in settings.PASTEUR_DIALECTS if name != speaker.dialect]

    response = speaker.send(client, b"text")

    assert response.status_code == 404 or (speaker.path == "/" and response.status_code != speaker.status)


@every
def test_a_rate_limit_is_reported_in_the_format_of_the_dialect(
    speaker: Speaker, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    settings.PASTEUR_LIMIT_CREATE = "1/day"
    far = Client(REMOTE_ADDR="203.0.113.5")

    first = speaker.send(far, b"text")
    with nothing_stored():
        over = speaker.send(far, b"text")

    assert first.status_code == speaker.status
    assert_told(speaker, over, 429)
    assert int(over["Retry-After"]) > 0
    assert over["RateLimit-Policy"] == '"create";q=1;w=86400'


@every
def test_a_missing_permission_is_reported_in_the_format_of_the_dialect(speaker: Speaker, settings: Settings) -> None:
    settings.PASTEUR_MAY_CREATE = "token"
    ours, _ = bearer("write")

    with nothing_stored():
        response = speaker.send(Client(), b"text")

    assert_told(speaker, response, 401)
    assert response["WWW-Authenticate"] == 'Bearer realm="Pasteur"'
    assert speaker.send(ours, b"text").status_code == speaker.status


@pytest.mark.parametrize("speaker", [one for one in SPEAKERS if one.path != "/"], ids=by_name)
def test_an_unsupported_method_is_reported_in_the_format_of_the_dialect(client: Client, speaker: Speaker) -> None:
    response = client.patch(speaker.path)

    assert_told(speaker, response, 405)
    assert "POST" in response["Allow"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PROPFIND"])
@pytest.mark.parametrize("path", ["/raw/{}", "/documents/{}", "/api/v1/paste/{}", "/api/v1/lexer", "/remove/{}.x"])
def test_read_only_urls_refuse_other_methods(path: str, method: str) -> None:
    paste = publish_text()

    with nothing_stored():
        response = Client(enforce_csrf_checks=True).generic(method, path.format(paste.key))

    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")


class Saying(Client):
    """A client that says something about what it sends where the dialect does not look."""

    def __init__(self, query: str = "", **headers: Any) -> None:
        super().__init__(**headers)
        self._query = query

    def generic(self, method: str, path: Any, *args: Any, **kwargs: Any) -> Any:
        """Send a request, with the query added to its address."""
        return super().generic(method, f"{path}?{self._query}", *args, **kwargs)


SAYING = {
    "query": Saying("expires=1d"),
    "typo": Saying("expiress=1d"),
    "bare": Saying("burn"),
    "header": Saying(headers={"x-pasteur-expires": "1d"}),
}


@every
@pytest.mark.parametrize("saying", SAYING)
def test_unsupported_options_are_refused(speaker: Speaker, saying: str) -> None:
    with nothing_stored():
        response = speaker.send(SAYING[saying], b"text")

    told = assert_told(speaker, response, 422)
    assert "expires" in told or "burn" in told


@every
def test_an_empty_query_and_an_edit_token_are_no_options(speaker: Speaker) -> None:
    assert speaker.send(Saying(headers={"x-pasteur-token": "x"}), b"text").status_code == speaker.status
