"""Editing and deleting a paste with its edit token, forking it, and downloading all files."""

import io
import zipfile
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import Paste, Revision
from tests.pastes import multipart
from tests.pastes.factories import publish_text
from tests.pastes.html_pages import Page
from tests.pastes.multipart import Part

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def fields(page: Page) -> dict[str, str]:
    """Return the fields that a browser would submit from a page."""
    return {name: value for name, value in page.values.items() if not name.endswith("upload")}


def edited(client: Client, paste: Paste, token: str, **changes: str) -> Any:
    """Open the edit form of a paste and submit it with these changes."""
    sent = fields(Page(client.get(f"/{paste.key}/edit"))) | {"token": token, **changes}
    return client.post(f"/{paste.key}/edit", sent)


def now(paste: Paste) -> Paste:
    """Return the current row of a paste."""
    return Paste.objects.get(pk=paste.pk)


def test_an_edit_with_the_token_creates_a_revision_and_redirects(client: Client) -> None:
    paste = writing.publish(Draft([NewFile("one", "a.py"), NewFile("two", "b.txt")], title="Old"))

    response = edited(client, paste, paste.token, title="New", **{"files-0-content": "changed", "files-1-content": ""})

    assert (response.status_code, response["Location"]) == (302, f"/{paste.key}")
    assert (now(paste).head, now(paste).title) == (2, "New")
    assert [(file.name, file.content) for file in now(paste).files] == [("a.py", "changed")]
    assert not response.cookies


@pytest.mark.parametrize("token", ["", "wrong"])
def test_an_edit_without_the_token_is_refused_and_its_input_is_kept(client: Client, token: str) -> None:
    paste = publish_text("one", "a.py")

    response = edited(client, paste, token, **{"files-0-content": "an hour of work"})

    assert response.status_code in {403, 422}
    assert Page(response).values["files-0-content"] == "an hour of work"
    assert [file.content for file in now(paste).files] == ["one"]


def test_an_edit_of_one_file_keeps_the_line_endings_of_the_others(client: Client) -> None:
    paste = writing.publish(Draft([NewFile("a\r\nb\rc\n", "dos.txt"), NewFile("x", "b.txt")]))

    edited(client, paste, paste.token, **{"files-0-content": "a\r\nb\r\nc\r\n", "files-1-content": "y"})

    assert [file.content for file in now(paste).files] == ["a\r\nb\rc\n", "y"]


@pytest.mark.parametrize("encoding", [multipart.CONTENT_TYPE, "application/x-www-form-urlencoded"])
def test_an_edit_refuses_invalid_utf8_and_long_names_instead_of_repairing_them(client: Client, encoding: str) -> None:
    paste = writing.publish(Draft([NewFile("one", "a.py")]))
    sent = fields(Page(client.get(f"/{paste.key}/edit"))) | {"token": paste.token}
    parts = [Part(name, value.encode()) for name, value in sent.items() if name != "files-0-content"]
    wrong = multipart.body(*parts, Part("files-0-content", b"on\xe9"))
    long = multipart.body(*parts, Part("files-0-upload", b"two", "a" * 256))
    if encoding != multipart.CONTENT_TYPE:
        wrong = urlencode(sent | {"files-0-content": ""}).encode() + b"&files-0-content=on%e9"
        long = wrong

    responses = [client.generic("POST", f"/{paste.key}/edit", body, encoding) for body in (wrong, long)]

    assert [response.status_code for response in responses] in ([400, 422], [400, 400])
    assert [(file.name, file.content) for file in now(paste).files] == [("a.py", "one")]


def test_concurrent_edits_lose_nothing(client: Client) -> None:
    paste = publish_text("one", "a.py")
    initial_form = fields(Page(client.get(f"/{paste.key}/edit")))
    writing.revise(paste, [NewFile("faster", "a.py")])

    response = client.post(f"/{paste.key}/edit", initial_form | {"token": paste.token, "files-0-content": "slower"})

    assert response.status_code == 412
    assert "now at revision 2" in response.content.decode()
    assert [file.content for file in now(paste).files] == ["faster"]


def test_an_edit_can_add_a_file(client: Client) -> None:
    paste = publish_text("one", "a.py")

    grown = Page(edited(client, paste, paste.token, add_file="1"))
    client.post(f"/{paste.key}/edit", fields(grown) | {"files-1-content": "two", "files-1-name": "b.txt"})

    assert [(file.name, file.content) for file in now(paste).files] == [("a.py", "one"), ("b.txt", "two")]


def test_a_wrong_token_is_reported_on_the_form(client: Client) -> None:
    paste = publish_text("one", "a.py")
    form = client.post(f"/{paste.key}/delete", {"token": "wrong"})

    for page in (edited(client, paste, "wrong"), form):
        assert "The edit token is wrong." in Page(page).text
        assert "X-Pasteur" not in page.content.decode()
        assert "after #token=" in Page(page).text


def test_deletion_asks_for_confirmation_and_requires_the_token(client: Client) -> None:
    paste = publish_text("secret")

    question = client.get(f"/{paste.key}/delete")
    refused = client.post(f"/{paste.key}/delete", {"token": "wrong"})
    assert (question.status_code, refused.status_code) == (200, 403)
    assert now(paste).state == "published"

    done = client.post(f"/{paste.key}/delete", {"token": paste.token})
    assert (done.status_code, done["Location"]) == (302, f"/mine?deleted#deleted={paste.key}")
    assert client.get(f"/{paste.key}").status_code == 404


def test_a_fork_is_a_new_paste_that_refers_to_its_original(client: Client) -> None:
    paste = writing.publish(Draft([NewFile("one", "a.py"), NewFile("two", "b.rs")], title="T", author="Ada"))

    form = Page(client.get(f"/{paste.key}/fork"))
    response = client.post("/", fields(form) | {"files-1-content": "other"})

    fork = Paste.objects.get(key=response["Location"].split("/")[1])
    assert (fork.forked_from, fork.title, fork.author, fork.visibility) == (paste.key, "T", "", "unlisted")
    assert [(file.name, file.content) for file in fork.files] == [("a.py", "one"), ("b.rs", "other")]
    assert f'<a href="/{paste.key}">' in client.get(f"/{fork.key}").content.decode()


def test_the_fork_form_has_the_default_expiry(client: Client) -> None:
    paste = writing.publish(Draft([NewFile("one")], lifetime=timedelta(hours=1)))

    new, fork = Page(client.get("/")), Page(client.get(f"/{paste.key}/fork"))

    assert fork.selected["expires"] == new.selected["expires"]


def test_the_archive_contains_all_files_byte_for_byte(client: Client) -> None:
    files = {"a.py": "x\r\n", "schön ☃.txt": "ü\n", "--flag": "y"}
    paste = writing.publish(Draft([NewFile(content, name) for name, content in files.items()]))

    response: Any = client.get(f"/{paste.key}/zip")

    archive = zipfile.ZipFile(io.BytesIO(response.content))
    assert {name: archive.read(name).decode() for name in archive.namelist()} == files
    assert response["Content-Disposition"].startswith(f'attachment; filename="{paste.key}.zip"')


def test_a_burning_paste_cannot_be_edited_forked_or_archived(client: Client) -> None:
    paste = writing.publish(Draft([NewFile("secret")], burn=True))

    for path in ("zip", "edit", "fork"):
        response = client.get(f"/{paste.key}/{path}", headers={"accept": "text/html"})
        assert response.status_code == 403
        assert b"secret" not in response.content
    assert now(paste).state == "published"
    client.post(f"/{paste.key}/delete", {"token": paste.token})
    assert now(paste).state == "removed"


def test_an_encrypted_paste_cannot_be_edited_or_forked(client: Client) -> None:
    paste = writing.publish(Draft([NewFile("00ff")], encrypted=True))

    for path in ("edit", "fork"):
        assert client.get(f"/{paste.key}/{path}", headers={"accept": "text/html"}).status_code == 422


def test_a_removed_paste_is_404(client: Client) -> None:
    paste = writing.publish(Draft([NewFile("x")], lifetime=timedelta(hours=1)))
    writing.remove(paste)

    for path in ("zip", "edit", "fork", "delete"):
        assert client.get(f"/{paste.key}/{path}").status_code == 404
    assert client.post(f"/{paste.key}/edit", {"token": paste.token}).status_code == 404
    assert Revision.objects.filter(paste=paste).count() == 1
