"""Content that cannot become a paste is refused by the same rules at every entry point, in the caller's format."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from pastes.models import File
from tests.pastes.entry_points import ENTRY_POINTS, EntryPoint, entry_point_name
from tests.pastes.row_counts import nothing_stored

pytestmark = [pytest.mark.django_db, pytest.mark.database]

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0\x1f\x15\xc4\x89"
ELF = b"\x7fELF\2\1\1" + bytes(9) + b"\3\0>\0\1\0\0\0\xa0\xd0\xff"
ZIP = b"PK\3\4\x14\0\0\0\x08\0\xb5\xd0\x97W\x86\xa6"


@pytest.fixture(params=ENTRY_POINTS, ids=entry_point_name)
def entry_point(request: pytest.FixtureRequest) -> EntryPoint:
    """Return each entry point for text."""
    entry_point: EntryPoint = request.param
    return entry_point


@pytest.mark.parametrize("text", ["", " ", "\n", "\r\n\r\n", " \t\n\u2003\n"])
def test_only_whitespace_is_refused_as_empty(client: Client, entry_point: EntryPoint, text: str) -> None:
    with nothing_stored():
        response = entry_point.send(client, text.encode())

    entry_point.assert_refused(response, 422, "empty", text)


def test_a_text_at_the_limit_is_accepted(client: Client, entry_point: EntryPoint, settings: Settings) -> None:
    settings.PASTEUR_MAX_BYTES = 1_000
    text = "é" * 500

    key = entry_point.key(entry_point.send(client, text.encode()))

    assert client.get(f"/{key}/raw").content == text.encode()
    assert File.objects.get().size_bytes == 1_000


def test_one_byte_above_the_limit_is_refused_with_the_limit(
    client: Client, entry_point: EntryPoint, settings: Settings
) -> None:
    settings.PASTEUR_MAX_BYTES = 1_000
    text = "é" * 500 + "x"

    with nothing_stored():
        response = entry_point.send(client, text.encode())

    entry_point.assert_refused(response, 413, "too_large", text)
    assert b"1000" in response.content.replace(b",", b"")


def test_a_body_above_the_request_limit_is_too_large(
    client: Client, entry_point: EntryPoint, settings: Settings
) -> None:
    text = "x" * (settings.PASTEUR_MAX_BODY_BYTES + 1)

    with nothing_stored():
        response = entry_point.send(client, text.encode())

    assert response.status_code == 413
    assert str(settings.PASTEUR_MAX_BYTES).encode() in response.content


@pytest.mark.parametrize(
    "content",
    [b"good \xff bad", b"\xc3", b"over\xc0\xaflong", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", "schön".encode("latin-1")],
    ids=["ff", "cut", "overlong", "surrogate", "beyond_unicode", "latin1"],
)
def test_invalid_utf8_is_refused(client: Client, entry_point: EntryPoint, content: bytes) -> None:
    with nothing_stored():
        response = entry_point.send(client, content)

    entry_point.assert_refused(response, 400, "not_utf8", "")


@pytest.mark.parametrize("text", ["a\0b", "\0", "end\0"])
def test_a_nul_character_is_refused(client: Client, entry_point: EntryPoint, text: str) -> None:
    with nothing_stored():
        response = entry_point.send(client, text.encode())

    entry_point.assert_refused(response, 422, "nul_byte", text)


@pytest.mark.parametrize("content", [PNG, ELF, ZIP], ids=["png", "elf", "zip"])
def test_a_binary_file_is_refused(client: Client, entry_point: EntryPoint, content: bytes) -> None:
    with nothing_stored():
        response = entry_point.send(client, content)

    entry_point.assert_refused(response, 400, "not_utf8", "")
