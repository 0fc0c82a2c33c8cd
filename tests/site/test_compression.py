"""Pages travel compressed to browsers that take it; what programs get is as it was sent."""

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


def test_who_has_the_page_in_one_form_has_it(client: Client) -> None:
    paste = publish_text("x = 1\n" * 1_000, "a.py")
    for encoding in ("gzip", "identity"):
        etag = client.get(f"/{paste.key}", headers=READER | {"accept-encoding": encoding})["ETag"]

        known = client.get(f"/{paste.key}", headers=READER | {"if-none-match": etag})

        assert (known.status_code, known.content) == (304, b"")


def test_the_length_is_told_without_the_page(client: Client) -> None:
    paste = publish_text("x = 1\n" * 1_000, "a.py")

    head = client.head(f"/{paste.key}", headers=READER)

    assert (head["Content-Encoding"], head.content) == ("gzip", b"")
    assert int(head["Content-Length"]) > 500


@pytest.mark.parametrize("path", ["/{}/raw", "/api/v1/pastes/{}"])
def test_what_programs_read_is_left_alone(client: Client, path: str) -> None:
    paste = publish_text("x = 1\n" * 1_000, "a.py")

    assert not client.get(path.format(paste.key), headers=READER).has_header("Content-Encoding")
