"""Errors on the page for a new paste: the form is shown again with all its input."""

from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from tests.pastes import multipart
from tests.pastes.entry_points import BROWSER_ACCEPT, submit
from tests.pastes.html_pages import Page
from tests.pastes.multipart import Part
from tests.pastes.row_counts import nothing_stored

pytestmark = [pytest.mark.django_db, pytest.mark.database]

TEXT = "\r\nkept & <kept>\r\n"
KEPT = Part("files-0-content", TEXT.encode())


def assert_returned(response: Any, status: int, says: str = "") -> Page:
    """Fail unless the form is shown again with this status, its text and an error message."""
    page = Page(response)
    assert response.status_code == status
    assert page.areas["files-0-content"] == TEXT
    assert says.casefold() in page.text.casefold()
    return page


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("title", "x" * 201, "at most 200 characters"),
        ("author", "x" * 101, "at most 100 characters"),
        ("comment", "x" * 2_001, "at most 2000 characters"),
        ("title", "two\nlines", "control character"),
        ("author", "two\rlines", "control character"),
        ("author", "a\x1b[31mb", "control character"),
        ("comment", "a\x07b", "control character"),
        ("title", "a\0b", "null characters"),
        ("comment", "a\0b", "null characters"),
        ("title", "a\u2028b", "control character"),
        ("files-0-name", "a\nb", "control character"),
        ("files-0-name", "a\0b", "null characters"),
        ("files-0-name", "..", "folder"),
        ("files-0-name", "x/", "folder"),
        ("visibility", "private", "private"),
        ("visibility", "", "required"),
        ("expires", "", "required"),
    ],
)
def test_an_invalid_field_is_reported_and_all_input_is_kept(client: Client, field: str, value: str, says: str) -> None:
    with nothing_stored():
        response = submit(client, KEPT, **{"title": "Kept title", field: value})

    page = assert_returned(response, 422, says)
    assert page.values["title"] == ("Kept title" if field != "title" else value)


@pytest.mark.parametrize("name", ["nonsense", "../../etc/passwd", "<script>alert(1)</script>", "x" * 10_000])
def test_an_unknown_language_is_refused_and_truncated(client: Client, name: str) -> None:
    with nothing_stored():
        response = submit(client, KEPT, Part("files-0-language", name.encode()))

    page = assert_returned(response, 422, "language")
    assert "<script>alert" not in page.html
    assert "x" * 51 not in page.html


@pytest.mark.parametrize("name", ["forever", "-1", "0", "1e9", "1000000000000", "2020-01-01", "x" * 10_000])
def test_an_unknown_expiry_is_refused_with_the_choices(client: Client, name: str) -> None:
    with nothing_stored():
        response = submit(client, KEPT, expires=name)

    page = assert_returned(response, 422)
    offered = {attributes.get("value") for tag, attributes in page.tags if tag == "option"}
    assert {"never", "10m", "1h", "1d", "1w", "30d", "1y"} <= offered
    assert "x" * 51 not in page.html


def test_an_error_is_shown_once(client: Client) -> None:
    response = submit(client, Part("files-0-content", b" "))

    assert Page(response).text.count("A file must not be empty.") == 1


def test_text_together_with_a_file_is_ambiguous(client: Client) -> None:
    with nothing_stored():
        response = submit(client, KEPT, Part("files-0-upload", b"other", file_name="a.txt"))

    assert_returned(response, 422, "not both")


@pytest.mark.parametrize("name", ["files-0-content", "files-0-name", "title", "expires", "burn"])
def test_a_repeated_field_is_ambiguous(client: Client, name: str) -> None:
    parts = [Part("files-0-content", b"one")] if name != "files-0-content" else []

    with nothing_stored():
        response = submit(client, *parts, Part(name, b"one"), Part(name, b"two"))

    assert response.status_code == 422


def test_two_files_in_one_field_are_ambiguous(client: Client) -> None:
    chosen = [Part("files-0-upload", text, file_name="a.txt") for text in (b"one", b"two")]

    with nothing_stored():
        response = submit(client, *chosen)

    assert response.status_code == 422


def test_two_files_with_the_same_name_are_refused(client: Client) -> None:
    parts = [Part("files-0-name", b"a.txt"), Part("files-1-name", b"A.TXT"), Part("files-1-content", b"two")]

    with nothing_stored():
        response = submit(client, KEPT, *parts, files=2)

    page = assert_returned(response, 422, "A.TXT")
    assert page.areas["files-1-content"] == "two"


def test_a_generated_name_avoids_the_names_of_other_files(client: Client) -> None:
    parts = [Part("files-1-name", b"paste.txt"), Part("files-1-content", b"two")]

    response = submit(client, KEPT, *parts, files=2)

    assert response.status_code == 302


def test_files_that_together_exceed_the_limit_are_shown_again(client: Client, settings: Settings) -> None:
    settings.PASTEUR_MAX_BYTES = 100

    with nothing_stored():
        response = submit(client, KEPT, Part("files-1-content", b"x" * 99), files=2)

    page = assert_returned(response, 413, "100 bytes")
    assert page.areas["files-1-content"] == "x" * 99


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\0", b"text \xff"], ids=["png", "not_utf8"])
def test_a_binary_file_is_refused_and_typed_input_is_kept(client: Client, content: bytes) -> None:
    chosen = Part("files-1-upload", content, file_name="x.png", headers=["Content-Type: image/png"])

    with nothing_stored():
        response = submit(client, KEPT, chosen, files=2, title="Kept title")

    page = assert_returned(response, 400, "not UTF-8")
    assert page.values["title"] == "Kept title"


@pytest.mark.parametrize("charset", ["utf-16", "iso-8859-1", "utf-7", "nonsense"])
def test_a_form_in_another_charset_is_refused(client: Client, charset: str) -> None:
    body = multipart.body(Part("files-0-content", "schön".encode()), Part("files-TOTAL_FORMS", b"1"))

    with nothing_stored():
        response = client.generic("POST", "/", body, f"{multipart.CONTENT_TYPE}; charset={charset}")

    assert response.status_code == 400


@pytest.mark.parametrize("name", ["files-0-content", "title", "paste"])
def test_invalid_utf8_inside_base64_is_refused(client: Client, name: str) -> None:
    hidden = Part(name, b"Z29vZCD/IGJhZA==", headers=["Content-Transfer-Encoding: base64"])

    with nothing_stored():
        response = submit(client, *([] if name == "files-0-content" else [KEPT]), hidden)

    assert response.status_code == 400


def test_a_form_without_boundary_is_refused(client: Client) -> None:
    with nothing_stored():
        response = client.generic("POST", "/", multipart.body(KEPT), "multipart/form-data")

    assert response.status_code == 400


@pytest.mark.parametrize("file_name", [None, "x.txt"], ids=["fields", "files"])
@pytest.mark.parametrize("count", [1_001, 10_000])
def test_a_form_with_too_many_parts_is_refused(client: Client, count: int, file_name: str | None) -> None:
    parts = [Part(f"field-{number}", b"x", file_name=file_name) for number in range(count)]

    with nothing_stored():
        response = submit(client, KEPT, *parts)

    assert response.status_code == 400


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"--",
        b"\r\n",
        f"--{multipart.BOUNDARY}--\r\n".encode(),
        multipart.body(KEPT)[:-40],
        multipart.body(KEPT)[:60],
    ],
)
def test_a_truncated_form_is_refused(client: Client, sent: bytes) -> None:
    with nothing_stored():
        response = client.generic("POST", "/", sent, multipart.CONTENT_TYPE, headers={"accept": BROWSER_ACCEPT})

    assert 400 <= response.status_code < 500


@pytest.mark.parametrize("total", ["", "-1", "x", "51", "1000", "99999999999", "1\0", "²", "0x1"])
def test_a_form_with_a_wrong_file_count_is_refused(client: Client, total: str) -> None:
    with nothing_stored():
        asking = submit(client, KEPT, **{"files-TOTAL_FORMS": total, "add_file": "1"})
        pasting = submit(client, KEPT, **{"files-TOTAL_FORMS": total})

    assert asking.status_code in {200, 422}
    assert pasting.status_code == 422


def test_a_form_without_the_sites_fields_is_refused_with_an_explanation(client: Client) -> None:
    with nothing_stored():
        response = client.post("/", {"comment": "no text at all"}, headers={"accept": BROWSER_ACCEPT})

    assert response.status_code == 422
