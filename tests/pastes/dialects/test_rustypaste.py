"""rustypaste's form: each file is a paste, with one URL per line."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from pastes.access import edit_tokens
from pastes.models import File, Paste
from tests.pastes import multipart
from tests.pastes.multipart import Part
from tests.pastes.row_counts import nothing_stored

pytestmark = pytest.mark.django_db

EGGS, HAM = Part("file", b"eggs\r\n", "eggs.py"), Part("file", "h\u00e4m".encode(), "ham.md")


def send(client: Client, *parts: Part, **headers: str) -> Any:
    """Send these parts with these headers."""
    return client.post("/", multipart.body(*parts), content_type=multipart.CONTENT_TYPE, headers=headers)


def test_each_part_becomes_a_paste_with_its_own_line(client: Client) -> None:
    response = send(client, EGGS, HAM, Part("oneshot", b"secret", "s.txt"), expire="1h 30m")

    lines = response.content.decode().splitlines()
    assert (response.status_code, len(lines)) == (200, 3)
    keys = [line.removeprefix("http://testserver/") for line in lines]
    assert [client.get(f"/{key}/raw").content for key in keys[:2]] == [EGGS.content, HAM.content]
    assert [Paste.objects.get(key=key).burn for key in keys] == [False, False, True]
    for key, token in zip(keys, response["X-Pasteur-Token"].split(", "), strict=True):
        paste = Paste.objects.get(key=key)
        assert edit_tokens.owns(paste, token)
        assert paste.expires_at
        assert paste.expires_at - paste.created_at == timedelta(minutes=90)
    assert sorted(File.objects.values_list("name", "language")) == [
        ("eggs.py", "python"),
        ("ham.md", "markdown"),
        ("s.txt", "plaintext"),
    ]


@pytest.mark.parametrize(
    ("expire", "length"),
    [
        ("10min", timedelta(minutes=10)),
        ("45s", timedelta(seconds=45)),
        ("7days", timedelta(days=7)),
        ("2 weeks", timedelta(weeks=2)),
        ("1day12h", timedelta(hours=36)),
        ("1M", timedelta(seconds=2_630_016)),
        ("1m", timedelta(minutes=1)),
    ],
)
def test_its_durations_are_parsed(client: Client, expire: str, length: timedelta) -> None:
    assert send(client, EGGS, expire=expire).status_code == 200

    paste = Paste.objects.get()
    assert paste.expires_at
    assert paste.expires_at - paste.created_at == length


@pytest.mark.parametrize("expire", ["0s", "-1h", "10", "min", "1 fortnight", "99999999years", "1e9", "10min; x", "1h,"])
def test_an_invalid_duration_is_refused_in_one_line(client: Client, expire: str) -> None:
    with nothing_stored():
        response = send(client, EGGS, expire=expire)

    assert response.status_code == 422
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content.decode().startswith("expire must be ")


def test_the_filename_header_sets_the_name_of_a_file(client: Client) -> None:
    assert send(client, EGGS, filename="other.rs").status_code == 200
    with nothing_stored():
        assert send(client, EGGS, HAM, filename="other.rs").status_code == 422
        assert send(client, EGGS, filename="x" * 300).status_code == 422

    assert (File.objects.get().name, File.objects.get().language) == ("other.rs", "rust")


def test_its_client_is_recognized_by_its_user_agent(client: Client) -> None:
    response = send(client, EGGS, **{"user-agent": "rustypaste-cli/0.9.4"})

    assert (response.status_code, response.content.count(b"\n")) == (200, 1)


def test_one_invalid_part_stores_nothing(client: Client) -> None:
    with nothing_stored():
        for bad in (
            Part("file", b"a\0b", "x"),
            Part("oneshot", b"", "x"),
            Part("file", b"\xff", "x"),
            Part("url", b"h"),
        ):
            assert send(client, EGGS, bad, expire="1h").status_code in {400, 422}


def test_several_files_without_its_headers_are_one_paste(client: Client) -> None:
    response = send(client, EGGS, HAM)

    assert response.status_code == 201
    assert Paste.objects.get().files[1].content == "häm"
