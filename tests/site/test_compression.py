"""Pages are compressed for browsers that accept it; programs get the content as it was sent."""

import gzip

import pytest
from django.test import Client

from tests.pastes.entry_points import BROWSER_ACCEPT
from tests.pastes.factories import publish_text

pytestmark = pytest.mark.django_db

READER = {"accept": BROWSER_ACCEPT, "accept-encoding": "gzip, deflate, br"}


def test_a_page_is_compressed_for_browsers_only(client: Client) -> None:
    paste = publish_text("x = 1\n" * 10_000, "a.py")

    page = client.get(f"/{paste.key}", headers=READER)
    plain = client.get(f"/{paste.key}", headers=READER | {"accept-encoding": "identity"})

    assert page["Content-Encoding"] == "gzip"
    assert int(page["Content-Length"]) == len(page.content) < len(plain.content) / 10
    assert gzip.decompress(page.content) == plain.content
    assert not plain.has_header("Content-Encoding")
    assert all("Accept-Encoding" in response["Vary"] for response in (page, plain))


def test_a_page_is_not_modified_in_either_encoding(client: Client) -> None:
    paste = publish_text("x = 1\n" * 1_000, "a.py")
    for encoding in ("gzip", "identity"):
        etag = client.get(f"/{paste.key}", headers=READER | {"accept-encoding": encoding})["ETag"]

        known = client.get(f"/{paste.key}", headers=READER | {"if-none-match": etag})

        assert (known.status_code, known.content) == (304, b"")


def test_the_content_length_is_sent_without_the_page(client: Client) -> None:
    paste = publish_text("x = 1\n" * 1_000, "a.py")

    head = client.head(f"/{paste.key}", headers=READER)

    assert (head["Content-Encoding"], head.content) == ("gzip", b"")
    assert int(head["Content-Length"]) > 500


@pytest.mark.parametrize("path", ["/{}/raw", "/api/v1/pastes/{}"])
def test_responses_to_programs_are_not_compressed(client: Client, path: str) -> None:
    paste = publish_text("x = 1\n" * 1_000, "a.py")

    assert not client.get(path.format(paste.key), headers=READER).has_header("Content-Encoding")
