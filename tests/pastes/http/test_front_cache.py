"""The header that lets nginx in front cache a response for the rest of a second, and when it is missing."""

import time

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from pastes.access import api_tokens
from tests.pastes.ciphertexts import sealed
from tests.pastes.factories import publish_text

pytestmark = pytest.mark.django_db
HEADER = "X-Accel-Expires"


@pytest.fixture(autouse=True)
def behind_a_front(settings: Settings) -> None:
    """Put one web server in front."""
    settings.PASTEUR_PROXIES = 1


@pytest.mark.parametrize("path", ["", "/raw", "/zip", "/revisions", "/embed", "/download/paste.txt"])
def test_responses_about_a_paste_may_be_cached_until_the_second_ends(client: Client, path: str) -> None:
    key = publish_text().key

    response = client.get(f"/{key}{path}")

    assert response.status_code == 200
    assert 0 <= time.time() - int(response[HEADER].removeprefix("@")) < 10
    assert client.head(f"/{key}{path}").has_header(HEADER)


def test_without_a_front_there_is_no_header(client: Client, settings: Settings) -> None:
    settings.PASTEUR_PROXIES = 0

    assert not client.get(f"/{publish_text().key}/raw").has_header(HEADER)


@pytest.mark.parametrize("fields", [{"burn": True}, {"encrypted": True}], ids=["burning", "encrypted"])
def test_confidential_pastes_are_never_cached(client: Client, fields: dict[str, bool]) -> None:
    key = publish_text(sealed() if "encrypted" in fields else "text", "", **fields).key

    for path in (f"/{key}", f"/{key}/raw", f"/api/v1/pastes/{key}", f"/{key}/zip"):
        assert not client.get(path).has_header(HEADER)


@pytest.mark.parametrize("setting", ["READ", "LIST", "CREATE"])
def test_nothing_is_cached_where_anything_is_restricted(client: Client, settings: Settings, setting: str) -> None:
    setattr(settings, f"PASTEUR_MAY_{setting}", "127.0.0.1")
    key = publish_text(visibility="public").key

    for path in (f"/{key}", f"/{key}/raw", "/recent", f"/api/v1/pastes/{key}"):
        response = client.get(path)
        assert response.status_code == 200
        assert not response.has_header(HEADER)


def test_nothing_is_cached_for_callers_with_a_secret_or_for_a_part(client: Client) -> None:
    key = publish_text().key
    secret, _ = api_tokens.create(name="test", scopes=["read"])
    for headers in ({"authorization": f"Bearer {secret}"}, {"x-pasteur-token": "a"}, {"range": "bytes=0-1"}):
        assert not client.get(f"/{key}/raw", headers=headers).has_header(HEADER)
    client.cookies["sessionid"] = "anything"
    assert not client.get(f"/{key}").has_header(HEADER)


def test_errors_forms_and_responses_to_other_methods_are_not_cached(client: Client) -> None:
    key = publish_text().key
    for path in ("/", f"/{key}/fork", f"/{key}/report", "/zzzzzzzzzz", "/healthz", "/readyz", "/admin/login/", "/mine"):
        assert not client.get(path, headers={"accept": "text/html"}).has_header(HEADER), path
    assert not client.put("/a.txt", b"text", content_type="").has_header(HEADER)
