"""Editing, forking, burning and deleting through the API, with edit tokens and ETags."""

from typing import Any

import pytest
from django.test import Client

from gitsync.models import Change
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste, State
from tests.pastes.api.client import FILE, create, refused
from tests.pastes.factories import publish_text
from tests.pastes.row_counts import nothing_stored

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def send(client: Client, method: str, paste: Paste, body: Any = None, **headers: str) -> Any:
    """Send JSON to the URL of a paste, with its edit token by default."""
    all_headers = {"x-pasteur-token": paste.token, "if-match": "*"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    path = f"/api/v1/pastes/{paste.key}"
    if body is None:
        return client.generic(method, path, headers=all_headers)
    return getattr(client, method.lower())(path, body, content_type="application/json", headers=all_headers)


def test_patch_changes_only_the_given_fields(client: Client) -> None:
    paste = publish_text("old", "a.py", title="T", author="Ada")

    response = send(client, "PATCH", paste, {"files": [{"content": "new", "name": "b.rs"}], "comment": "C"})

    edited = response.json()
    assert (response.status_code, response["ETag"], edited["revision"]) == (200, '"2-waiting"', 2)
    assert (edited["title"], edited["author"], edited["comment"]) == ("T", "Ada", "C")
    assert [(file["name"], file["content"]) for file in edited["files"]] == [("b.rs", "new")]
    assert "token" not in edited
    assert [change.kind for change in Change.objects.order_by("number")] == ["publish", "edit"]


def test_put_replaces_all_fields(client: Client) -> None:
    paste = publish_text("old", title="T", author="Ada", visibility="public")

    edited = send(client, "PUT", paste, {"files": [{"content": "new"}], "title": "New"}).json()

    assert (edited["title"], edited["author"], edited["visibility"]) == ("New", "", "unlisted")
    assert [file["content"] for file in edited["files"]] == ["new"]


def test_an_edit_of_an_outdated_revision_is_refused(client: Client) -> None:
    paste = publish_text("one")
    etag = client.get(f"/api/v1/pastes/{paste.key}")["ETag"]
    assert send(client, "PATCH", paste, {"title": "first"}, if_match=etag).status_code == 200

    with nothing_stored():
        response = send(client, "PATCH", paste, {"title": "second"}, if_match=etag)

    assert refused(response) == (412, "conflict", "If-Match")
    assert Paste.objects.get().title == "first"


@pytest.mark.parametrize("etag", ['"0"', '"2"', "1", "nonsense", '"99999999999999999999"', "W/", '""'])
def test_an_unknown_etag_is_a_conflict(client: Client, etag: str) -> None:
    paste = publish_text()

    with nothing_stored():
        response = send(client, "PATCH", paste, {"title": "x"}, if_match=etag)

    assert refused(response) == (412, "conflict", "If-Match")


def test_an_edit_requires_if_match(client: Client) -> None:
    paste = publish_text()

    with nothing_stored():
        response = client.patch(
            f"/api/v1/pastes/{paste.key}",
            {"title": "x"},
            content_type="application/json",
            headers={"x-pasteur-token": paste.token},
        )

    assert refused(response) == (428, "precondition", "If-Match")


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize("token", ["", "wrong", "other"])
def test_edits_without_the_right_token_are_refused(client: Client, method: str, token: str) -> None:
    paste, other = publish_text(), publish_text()

    with nothing_stored():
        response = send(
            client, method, paste, {"files": [FILE]}, x_pasteur_token=other.token if token == "other" else token
        )

    assert refused(response) == (403, "token", "X-Pasteur-Token")


def test_one_matching_etag_of_several_is_sufficient(client: Client) -> None:
    paste = publish_text()
    known = client.get(f"/api/v1/pastes/{paste.key}")["ETag"]

    with nothing_stored():
        for none in ('"7-waiting", "8-waiting"', f"{known} {known}", ","):
            assert send(client, "PATCH", paste, {"title": "T"}, if_match=none).status_code == 412

    assert send(client, "PATCH", paste, {"title": "T"}, if_match=f'"7-waiting",{known}, "x"').status_code == 200
    assert send(client, "PATCH", paste, {"title": "U"}, if_match=f'"7-waiting",{known}, "x"').status_code == 412


def test_delete_erases_once(client: Client) -> None:
    paste = publish_text()

    assert [send(client, "DELETE", paste).status_code for _ in range(2)] == [204, 404]
    assert Paste.objects.get().state == State.REMOVED


@pytest.mark.parametrize("path", ["/api/v1/pastes/{}", "/{}"])
def test_delete_with_an_outdated_etag_is_refused(client: Client, path: str) -> None:
    paste = publish_text("one")
    etag = client.get(f"/api/v1/pastes/{paste.key}")["ETag"]
    text_etag = client.get(f"/{paste.key}/raw")["ETag"]
    assert send(client, "PATCH", paste, {"files": [{"content": "two"}]}).status_code == 200

    def deleted(if_match: str) -> int:
        headers = {"x-pasteur-token": paste.token, "if-match": if_match}
        return client.delete(path.format(paste.key), headers=headers).status_code

    with nothing_stored():
        assert [deleted(seen) for seen in (etag, text_etag, '"1"', '"7"', "nonsense")] == [412] * 5
    assert client.get(f"/{paste.key}/raw").content == b"two"
    assert deleted(f'"9", {client.get(f"/api/v1/pastes/{paste.key}")["ETag"]}') == 204


@pytest.mark.parametrize("seen", ['"1"', "*", "", "text"])
def test_delete_with_the_current_etag_succeeds(client: Client, seen: str) -> None:
    paste = publish_text("one")
    if_match = client.get(f"/{paste.key}/raw")["ETag"] if seen == "text" else seen

    headers = {"x-pasteur-token": paste.token} | ({"if-match": if_match} if if_match else {})
    assert client.delete(f"/{paste.key}", headers=headers).status_code == 204


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"files": []}, "empty"),
        ({"files": [FILE], "burn": True}, "unknown_field"),
        ({"files": [FILE], "title": 5}, "wrong_type"),
        ({"files": [FILE], "title": "x" * 201}, "too_long"),
        ({"files": [FILE], "visibility": "secret"}, "visibility"),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_an_edit_is_validated_like_a_new_paste(client: Client, method: str, body: Any, code: str) -> None:
    paste = publish_text()

    with nothing_stored():
        assert refused(send(client, method, paste, body))[:2] == (422, code)


def test_an_exceeded_limit_is_in_the_error(client: Client) -> None:
    assert create(client, {"files": [FILE], "title": "x" * 201}).json()["error"]["limit"] == 200


def test_a_fork_refers_to_its_original(client: Client) -> None:
    paste = publish_text("text", "a.py", title="T")

    response = client.post(f"/api/v1/pastes/{paste.key}/fork", {"author": "Bob"}, content_type="application/json")
    bare = client.generic("POST", f"/api/v1/pastes/{paste.key}/fork")

    edited = response.json()
    assert (response.status_code, bare.status_code) == (201, 201)
    assert (edited["forked_from"], edited["author"], edited["title"]) == (paste.key, "Bob", "T")
    assert edited["token"] == response["X-Pasteur-Token"] != paste.token
    assert response["Location"] == edited["url"]


def test_a_repeated_fork_creates_one_paste(client: Client) -> None:
    paste, other = publish_text("text"), publish_text("other")
    key = {"idempotency-key": "0123456789abcdef-fork"}

    first, again = (client.generic("POST", f"/api/v1/pastes/{paste.key}/fork", headers=key) for _ in range(2))
    with nothing_stored():
        foreign = client.generic("POST", f"/api/v1/pastes/{other.key}/fork", headers=key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["key"] == again.json()["key"]
    assert first["X-Pasteur-Token"] == again["X-Pasteur-Token"]
    assert refused(foreign) == (422, "idempotency_key", "Idempotency-Key")
    assert Paste.objects.count() == 3


def test_burning_returns_the_files_once(client: Client) -> None:
    paste = writing.publish(Draft([NewFile("one", "a"), NewFile("two", "b")], burn=True))
    path = f"/api/v1/pastes/{paste.key}/burn"

    first, second = client.post(path), client.post(path)

    assert [(file["name"], file["content"]) for file in first.json()] == [("a", "one"), ("b", "two")]
    assert first["Cache-Control"] == "no-store"
    assert second.status_code == 404
    assert client.get(path).status_code == 405


def test_only_a_burning_paste_can_be_burned(client: Client) -> None:
    paste = publish_text()

    with nothing_stored():
        assert client.post(f"/api/v1/pastes/{paste.key}/burn").status_code == 404


def test_a_repeated_idempotency_key_returns_the_same_paste_and_token(client: Client) -> None:
    key = "0123456789abcdef-random"
    first, second = (repeated(client, {"files": [FILE]}, key) for _ in range(2))

    assert first.status_code == second.status_code == 201
    assert first.json()["key"] == second.json()["key"]
    assert first["X-Pasteur-Token"] == second["X-Pasteur-Token"]
    assert Paste.objects.count() == Change.objects.count() == 1
    assert send(client, "DELETE", Paste.objects.get(), x_pasteur_token=second["X-Pasteur-Token"]).status_code == 204
    assert repeated(client, {"files": [FILE]}, key).status_code == 404


def test_a_different_idempotency_key_or_none_creates_another_paste(client: Client) -> None:
    for key in ("0123456789abcdef-1", "0123456789abcdef-2", "", ""):
        assert repeated(client, {"files": [FILE]}, key).status_code == 201

    assert Paste.objects.count() == Change.objects.count() == 4


def test_an_idempotency_key_is_bound_to_its_body_and_must_be_long(client: Client) -> None:
    repeated(client, {"files": [FILE]}, "0123456789abcdef-1")

    with nothing_stored():
        other = repeated(client, {"files": [{"content": "other"}]}, "0123456789abcdef-1")
        short = repeated(client, {"files": [FILE]}, "1")

    assert refused(other) == refused(short) == (422, "idempotency_key", "Idempotency-Key")


def repeated(client: Client, body: Any, key: str) -> Any:
    """Create a paste with an Idempotency-Key."""
    headers = {"idempotency-key": key} if key else {}
    return client.post("/api/v1/pastes", body, content_type="application/json", headers=headers)
