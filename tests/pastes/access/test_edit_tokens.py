"""Edit tokens: given to the creator of a paste, stored as a hash, and required for changing or deleting it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from pastes.access import edit_tokens
from pastes.lifecycle import writing
from pastes.models import Paste, State
from tests.pastes.api.client import FILE, create
from tests.pastes.factories import publish_text
from tests.pastes.row_counts import nothing_stored

pytestmark = [pytest.mark.django_db, pytest.mark.database]

WRONG = ["", "wrong", "x" * 10_000, "\u00ff", "None", "none"]


def test_a_token_cannot_be_guessed_and_is_not_stored() -> None:
    made = [publish_text() for _ in range(20)]

    assert len({paste.token for paste in made}) == 20
    assert all(len(paste.token) == 32 for paste in made)
    row = Paste.objects.filter(pk=made[0].pk).values().get()
    assert made[0].token not in str(row)
    assert Paste.objects.get(pk=made[0].pk).token == ""


def test_a_token_is_valid_for_its_paste_only() -> None:
    one, other = publish_text(), publish_text()

    assert edit_tokens.owns(Paste.objects.get(pk=one.pk), one.token)
    assert not edit_tokens.owns(one, other.token)
    assert not any(
        edit_tokens.owns(one, wrong) for wrong in [*WRONG, one.token_hash, one.token[:-1], one.token.upper()]
    )


@pytest.mark.parametrize("token", [*WRONG, edit_tokens.hashed("")])
def test_a_paste_without_a_token_accepts_none(token: str) -> None:
    paste = publish_text()
    Paste.objects.filter(pk=paste.pk).update(token_hash="")

    assert not edit_tokens.owns(Paste.objects.get(pk=paste.pk), token)


@pytest.mark.parametrize(
    "make",
    [
        lambda client: client.put("/a.txt", b"text", content_type=""),
        lambda client: client.post("/", b"text", content_type="text/plain"),
        lambda client: create(client, {"files": [FILE]}),
    ],
)
def test_the_token_is_in_the_response_which_is_not_cached(client: Client, make: Callable[[Client], Any]) -> None:
    response = make(client)

    assert response.status_code == 201
    assert edit_tokens.owns(Paste.objects.get(), response["X-Pasteur-Token"])
    assert response["Cache-Control"] == "no-store"


def test_callers_that_accept_json_get_the_token_in_the_body(client: Client) -> None:
    response = client.put("/a.txt", b"text", content_type="", headers={"accept": "application/json"})

    paste = Paste.objects.get()
    url = f"http://testserver/{paste.key}"
    assert response.status_code == 201
    assert response["Location"] == url
    assert response.json() == {
        "key": paste.key,
        "url": url,
        "raw_url": f"{url}/raw",
        "token": response["X-Pasteur-Token"],
        "expires_at": None,
    }


def test_reading_never_returns_a_token(client: Client) -> None:
    paste = publish_text("text", "a.txt")

    for path in (f"/{paste.key}", f"/{paste.key}/raw", f"/api/v1/pastes/{paste.key}"):
        response = client.get(path)
        assert "X-Pasteur-Token" not in response
        assert paste.token not in response.content.decode()
        assert paste.token_hash not in response.content.decode()


def test_only_the_right_token_deletes_and_only_once(client: Client) -> None:
    paste, other = publish_text(title="T"), publish_text()

    for token in ("wrong", "", other.token):
        with nothing_stored():
            response = client.delete(f"/{paste.key}", headers={"x-pasteur-token": token})
        assert response.status_code == 403
        assert response.content.count(b"\n") == 1
    assert client.delete(f"/{paste.key}").status_code == 403
    right = {"x-pasteur-token": paste.token}
    assert [client.delete(f"/{paste.key}", headers=right).status_code for _ in range(2)] == [204, 404]

    row = Paste.objects.get(pk=paste.pk)
    assert (row.state, row.title) == (State.REMOVED, "")
    assert client.get(f"/{paste.key}/raw").status_code == 404


def test_an_author_cannot_delete_a_paste_hidden_by_a_moderator(client: Client) -> None:
    paste = publish_text()
    writing.hide(paste)

    response = client.delete(f"/{paste.key}", headers={"x-pasteur-token": paste.token})

    assert response.status_code == 404
    assert Paste.objects.get(pk=paste.pk).state == State.HIDDEN


def test_a_burning_paste_can_be_deleted_unread(client: Client) -> None:
    paste = publish_text(burn=True)

    assert client.delete(f"/{paste.key}", headers={"x-pasteur-token": paste.token}).status_code == 204
    assert client.post(f"/{paste.key}/burn").status_code == 404
