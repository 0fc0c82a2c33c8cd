"""Repeated requests create one paste: with an Idempotency-Key from curl, or when a button is pressed twice."""

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from pastes.lifecycle import writing
from pastes.models import Paste
from tests.pastes import multipart
from tests.pastes.entry_points import submit
from tests.pastes.html_pages import Page
from tests.pastes.multipart import Part
from tests.pastes.row_counts import nothing_stored

KEY = "0123456789abcdef-random"
pytestmark = [pytest.mark.django_db, pytest.mark.database]


def upload(client: Client, text: bytes = b"text", path: str = "/a.txt", key: str = KEY, **headers: str) -> Any:
    """Send text with a key, like curl."""
    return client.put(path, text, content_type="", headers={"idempotency-key": key, **headers})


def test_a_repeated_upload_creates_one_paste(client: Client) -> None:
    first, second = upload(client), upload(client)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert first["X-Pasteur-Token"] == second["X-Pasteur-Token"]
    assert Paste.objects.count() == 1
    assert upload(client, key="another-0123456789").content != first.content


def test_a_form_from_curl_is_the_same_whatever_its_boundary(client: Client) -> None:
    sent = multipart.body(Part("file", b"text", "a.txt"), Part("title", b"T"))
    boundary = multipart.CONTENT_TYPE.partition("boundary=")[2]
    answers = [
        client.post(
            "/",
            sent.replace(boundary.encode(), other),
            content_type=f"multipart/form-data; boundary={other.decode()}",
            headers={"idempotency-key": KEY},
        )
        for other in (b"one-boundary", b"and-another")
    ]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize("other", [{"text": b"other"}, {"path": "/b.txt"}, {"x-pasteur-title": "T"}])
def test_reusing_a_key_with_different_content_is_refused(client: Client, other: Any) -> None:
    upload(client)

    with nothing_stored():
        assert upload(client, **other).status_code == 422


@pytest.mark.parametrize("key", ["", "short", "with spaces in it, which is wrong", "x" * 129])
def test_an_invalid_key_is_refused(client: Client, key: str) -> None:
    with nothing_stored():
        assert upload(client, key=key).status_code == 422


def one_time_value(client: Client) -> str:
    """Return the form's one-time value."""
    return Page(client.get("/")).values["once"]


def test_a_button_that_is_pressed_twice_creates_one_paste(client: Client) -> None:
    once = one_time_value(client)

    first, second = (submit(client, Part("files-0-content", b"text"), once=once) for _ in range(2))

    assert (first.status_code, first["Location"]) == (302, second["Location"])
    assert Paste.objects.count() == 1


def test_requests_repeated_after_a_rotation_of_the_secret_key_create_no_second_paste(
    client: Client, settings: Settings
) -> None:
    once = one_time_value(client)
    first, form = upload(client), submit(client, Part("files-0-content", b"of a form"), once=once)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new secret key, long enough for it", [settings.SECRET_KEY]

    second, same_form = upload(client), submit(client, Part("files-0-content", b"of a form"), once=once)

    assert (second["X-Pasteur-Token"], second.content) == (first["X-Pasteur-Token"], first.content)
    assert same_form["Location"] == form["Location"]
    assert Paste.objects.count() == 2


def test_different_text_or_a_new_visit_creates_another_paste(client: Client) -> None:
    once, other = one_time_value(client), one_time_value(client)
    assert once != other

    for text, value in [(b"one", once), (b"two", once), (b"one", other), (b"one", ""), (b"one", "short")]:
        assert submit(client, Part("files-0-content", text), once=value).status_code == 302

    assert Paste.objects.count() == 5


def test_a_form_shown_again_with_an_error_keeps_its_value(client: Client) -> None:
    once = one_time_value(client)

    again = submit(client, Part("files-0-content", b""), once=once)

    assert Page(again).values["once"] == once


def test_a_paste_that_was_deleted_in_the_meantime_is_created_again(client: Client) -> None:
    once = one_time_value(client)
    submit(client, Part("files-0-content", b"text"), once=once)
    writing.remove(Paste.objects.get())

    assert submit(client, Part("files-0-content", b"text"), once=once).status_code == 302
    assert Paste.objects.count() == 2


def test_a_link_cannot_set_the_value(client: Client) -> None:
    assert Page(client.get("/?once=0123456789abcdef0123")).values["once"] != "0123456789abcdef0123"


@pytest.mark.django_db(transaction=True)
def test_two_concurrent_requests_create_one_paste(client: Client) -> None:
    once, found = one_time_value(client), []

    def press() -> None:
        try:
            found.append(submit(Client(), Part("files-0-content", b"text"), once=once)["Location"])
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 4
    assert len(set(found)) == 1
    assert Paste.objects.count() == 1
