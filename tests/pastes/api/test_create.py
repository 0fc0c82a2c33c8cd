"""POST /api/v1/pastes: the fields of a new paste."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from pastes.models import Paste, blob_oid
from pastes.rules import lifetimes
from tests.pastes.api.client import FILE, create
from tests.pastes.row_counts import count_rows

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_the_smallest_request_creates_a_paste(client: Client) -> None:
    response = create(client, {"files": [FILE]})

    assert response.status_code == 201
    shown = response.json()
    key = shown["key"]
    assert shown == {
        "key": key,
        "url": f"http://testserver/{key}",
        "title": "",
        "author": "",
        "comment": "",
        "visibility": "unlisted",
        "burn": False,
        "encrypted": False,
        "forked_from": None,
        "token": response["X-Pasteur-Token"],
        "revision": 1,
        "created_at": shown["created_at"],
        "expires_at": None,
        "mirror": {"state": "waiting", "commit": None},
        "files": [
            {
                "name": "paste.txt",
                "language": "plaintext",
                "size_bytes": 4,
                "oid": blob_oid(b"text"),
                "raw_url": f"http://testserver/{key}/raw/paste.txt",
                "content": "text",
            }
        ],
    }
    assert response["Location"] == f"http://testserver/{key}"
    assert response["Access-Control-Allow-Origin"] == "*"
    assert abs(datetime.fromisoformat(shown["created_at"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert count_rows() == {"Paste": 1, "Revision": 1, "File": 1, "Change": 1}


def test_every_field_is_stored_and_returned(client: Client) -> None:
    body = {
        "files": [
            {"content": "print()", "name": "a.py"},
            {"content": "<b>", "name": "b", "language": "HTML"},
            {"content": "plain", "language": "text"},
        ],
        "title": "Ein schöner Titel",
        "author": "Ada",
        "comment": "one\r\ntwo",
        "visibility": "public",
        "expires": "1d",
        "burn": False,
    }

    shown = create(client, body).json()

    assert {name: shown[name] for name in ("title", "author", "comment", "visibility")} == {
        name: body[name] for name in ("title", "author", "comment", "visibility")
    }
    assert [(file["name"], file["language"], file["content"]) for file in shown["files"]] == [
        ("a.py", "python", "print()"),
        ("b", "xml", "<b>"),
        ("paste.txt", "plaintext", "plain"),
    ]
    lifetime = datetime.fromisoformat(shown["expires_at"]) - datetime.fromisoformat(shown["created_at"])
    assert abs(lifetime - timedelta(days=1)) < timedelta(seconds=1)
    assert shown["mirror"] == {"state": "none", "commit": None}


@pytest.mark.parametrize("lifetime", lifetimes.LIFETIMES.values(), ids=lambda lifetime: lifetime.name)
def test_each_expiry_has_its_duration(client: Client, lifetime: lifetimes.Lifetime) -> None:
    create(client, {"files": [FILE], "expires": lifetime.name})

    paste = Paste.objects.get()
    if lifetime.length is None:
        assert paste.expires_at is None
    else:
        assert paste.expires_at is not None
        assert abs(paste.expires_at - paste.created_at - lifetime.length) < timedelta(seconds=1)


def test_creating_a_burning_paste_returns_no_files(client: Client) -> None:
    shown = create(client, {"files": [FILE], "burn": True}).json()

    assert (shown["burn"], shown["files"], shown["mirror"]["state"]) == (True, [], "none")


def test_a_pair_of_surrogates_is_one_character(client: Client) -> None:
    shown = create(client, b'{"files": [{"content": "\\ud83d\\udc19"}]}').json()

    assert shown["files"][0]["content"] == "🐙"
