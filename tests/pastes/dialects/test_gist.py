"""GitHub's gist API: create, read, update and delete, with the edit token."""

from typing import Any

import pytest
from django.test import Client

from pastes.access import api_tokens
from pastes.lifecycle import writing
from pastes.models import File, Paste
from tests.pastes.factories import publish_text
from tests.pastes.row_counts import nothing_stored

pytestmark = pytest.mark.django_db

FILES = {"a.py": {"content": "x = 1\r\n"}, "b.md": {"content": "h\u00e4m"}}
GIST = {"description": "One", "public": True, "files": FILES}


def send(client: Client, body: Any, path: str = "", method: str = "POST", token: str = "") -> Any:
    """Send JSON with a token, like GitHub's clients."""
    headers = {"authorization": f"token {token}"} if token else {}
    return getattr(client, method.lower())(
        f"/api/v3/gists{path}", body, content_type="application/json", headers=headers
    )


def create_gist(client: Client, **facts: Any) -> tuple[str, str]:
    """Create a gist; return its path and edit token."""
    answer = send(client, GIST | facts)
    assert answer.status_code == 201, answer.content
    return f"/{answer.json()['id']}", answer["X-Pasteur-Token"]


def texts() -> dict[str, str]:
    """Return the files of the only paste."""
    return {file.name: file.content for file in Paste.objects.get().files}


def test_a_gist_has_all_fields_that_its_clients_use(client: Client) -> None:
    response = send(client, GIST)

    paste = Paste.objects.get()
    gist = response.json()
    url = f"http://testserver/api/v3/gists/{paste.key}"
    assert (response.status_code, response["Location"], gist["url"], gist["id"]) == (201, url, url, paste.key)
    assert gist["html_url"] == f"http://testserver/{paste.key}"
    assert (gist["description"], gist["public"], paste.title, paste.visibility) == ("One", True, "One", "public")
    assert gist["created_at"] == gist["updated_at"] == f"{paste.created_at:%Y-%m-%dT%H:%M:%SZ}"
    assert gist["files"]["a.py"] == {
        "filename": "a.py",
        "type": "text/plain",
        "language": "Python",
        "raw_url": f"http://testserver/{paste.key}/raw/a.py",
        "size": 7,
        "truncated": False,
        "content": "x = 1\r\n",
    }
    assert client.get(gist["files"]["b.md"]["raw_url"]).content == "häm".encode()
    assert client.get(f"/api/v3/gists/{paste.key}").json() == gist


def test_a_gist_is_unlisted_by_default(client: Client) -> None:
    assert send(client, {"files": FILES}).json()["public"] is False
    assert send(client, {"files": FILES, "description": None}).json()["description"] is None


@pytest.mark.parametrize("method", ["PATCH", "POST"])
def test_an_update_changes_the_given_fields_and_null_deletes_a_file(client: Client, method: str) -> None:
    path, token = create_gist(client)

    first = send(client, {"files": {"a.py": None, "c.rs": {"content": "fn"}}}, path, method, token)
    second = send(client, {"description": "Two", "public": False}, path, method, token)
    third = send(
        client, {"files": {"b.md": {"filename": "b.txt"}, "c.rs": {"content": "fn main"}}}, path, method, token
    )

    assert [response.status_code for response in (first, second, third)] == [200, 200, 200]
    assert set(first.json()["files"]) == {"b.md", "c.rs"}
    assert (second.json()["description"], second.json()["public"]) == ("Two", False)
    assert texts() == {"b.txt": "häm", "c.rs": "fn main"}
    assert [file.language for file in Paste.objects.get().files] == ["plaintext", "rust"]
    assert Paste.objects.get().head == 4


def test_the_token_deletes_once(client: Client) -> None:
    path, token = create_gist(client)

    assert send(client, None, path, "DELETE", token).status_code == 204
    assert send(client, None, path, "DELETE", token).json() == {"message": "Not Found"}
    assert not File.objects.exists()


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_updates_and_deletions_require_the_edit_token(client: Client, method: str) -> None:
    (path, token), (_, other) = create_gist(client), create_gist(client)

    for wrong in ("", token[:-1], other, "x"):
        response = send(client, {"description": "Two"}, path, method, wrong)
        assert response.status_code == 403
        assert "edit token" in response.json()["message"]
    assert Paste.objects.readable().filter(title="One").count() == 2


def test_the_edit_token_of_another_gist_does_not_prevent_creating_one(client: Client) -> None:
    _, token = create_gist(client)

    assert send(client, GIST, token=token).status_code == 201


def test_an_api_token_is_accepted(client: Client) -> None:
    secret, _ = api_tokens.create(name="ci", scopes=["write", "read"])
    path = f"/{send(client, GIST, token=secret).json()['id']}"

    assert send(client, {"description": "Two"}, path, "PATCH", secret).status_code == 200
    refused = send(client, GIST, token=f"{api_tokens.PREFIX}nonsense")
    assert (refused.status_code, set(refused.json())) == (401, {"message"})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"files": {}}, 422),
        ({"files": []}, 422),
        ({"files": {"a": None}}, 422),
        ({"files": {"a": {}}}, 422),
        ({"files": {"a": {"content": 1}}}, 422),
        ({"files": {"a": {"content": ""}}}, 422),
        ({"files": {"a": {"content": "x", "expires": "1d"}}}, 422),
        ({"files": {"..": {"content": "x"}}}, 422),
        ({"files": {"a" * 300: {"content": "x"}}}, 422),
        ({"files": FILES, "public": "yes"}, 422),
        ({"files": FILES, "description": "a\nb"}, 422),
        ({"files": FILES, "description": "x" * 201}, 422),
        ({"files": FILES, "expires": "1d"}, 422),
        ("[]", 422),
        ("{", 400),
        ('{"files": {"a": {"content": "x"}, "a": {"content": "y"}}}', 400),
        ("[" * 100_000, 400),
    ],
)
def test_an_invalid_gist_is_refused_in_the_format_of_gists(client: Client, body: Any, status: int) -> None:
    with nothing_stored():
        response = send(client, body)

    assert response.status_code == status
    assert set(response.json()) <= {"message", "errors"}


def test_an_update_without_remaining_or_known_files_changes_nothing(client: Client) -> None:
    path, token = create_gist(client)

    empty = {"a.py": {"content": ""}, "b.md": {"content": ""}}

    for files in ({"a.py": None, "b.md": None}, {"z": None}, {"a.py": {"filename": "b.md"}}, empty):
        with nothing_stored():
            assert send(client, {"files": files}, path, "PATCH", token).status_code == 422
    assert Paste.objects.get().head == 1


def test_a_removed_or_burning_paste_is_404(client: Client) -> None:
    hidden, burning = publish_text("secret"), publish_text("secret", burn=True)
    writing.hide(hidden)

    for name in (hidden.key, burning.key, "nothing", "%00", "x" * 5_000):
        response = client.get(f"/api/v3/gists/{name}")
        assert (response.status_code, response.json()) == (404, {"message": "Not Found"})
    assert Paste.objects.readable().filter(pk=burning.pk).exists()
    assert client.put("/api/v3/gists/x").status_code == 405
