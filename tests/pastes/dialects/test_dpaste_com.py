"""dpaste.com's API, version 2: a form in, 201 with URL and expiry out."""

from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
from django.test import Client

from pastes.models import File, Paste
from tests.pastes.row_counts import nothing_stored

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/api/v2/", "/api/v2"])
def test_every_field_is_stored_and_the_response_contains_url_and_expiry(client: Client, path: str) -> None:
    fields = {"content": "x = 1\r\n", "syntax": "python3", "title": "One", "poster": "Ada", "expiry_days": "365"}

    response = client.post(path, fields)

    paste = Paste.objects.get()
    url = f"http://testserver/{paste.key}"
    assert (response.status_code, response.content.decode(), response["Location"]) == (201, f"{url}\n", url)
    assert (paste.title, paste.author, File.objects.get().language) == ("One", "Ada", "python")
    assert paste.expires_at
    assert paste.expires_at - paste.created_at == timedelta(days=365)
    assert parsedate_to_datetime(response["Expires"]) == paste.expires_at.replace(microsecond=0)


def test_the_default_is_plain_text_for_a_week(client: Client) -> None:
    assert client.post("/api/v2/", {"content": "text"}).status_code == 201

    paste = Paste.objects.get()
    assert paste.expires_at
    assert paste.expires_at - paste.created_at == timedelta(days=7)
    assert File.objects.get().language == "plaintext"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"content": ""},
        {"content": "x", "syntax": "nonsense"},
        {"content": "x", "title": "a\nb"},
        {"content": "x", "title": "x" * 201},
        {"content": "x", "poster": "a\0b"},
        *({"content": "x", "expiry_days": days} for days in ("0", "366", "-1", "1e9", "", "1.5", "9" * 12, "٣")),
    ],
)
def test_an_invalid_value_is_400_with_a_one_line_message(client: Client, fields: dict[str, str]) -> None:
    with nothing_stored():
        response = client.post("/api/v2/", fields)

    assert response.status_code == 400
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content.count(b"\n") == 1
