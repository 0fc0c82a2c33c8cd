"""Editing and forking: concurrent edits lose nothing, and the properties of a paste are part of a revision."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gitsync.models import Change
from gitsync.sync.drain import drain
from pastes.access import edit_tokens
from pastes.errors import RefusedError
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import File, Paste
from pastes.storage import clock
from tests import repository
from tests.pastes.ciphertexts import sealed
from tests.pastes.factories import publish_text
from tests.pastes.row_counts import nothing_stored

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_an_edit_of_an_outdated_revision_is_refused() -> None:
    paste = publish_text("one")
    writing.revise(paste, [NewFile("two")], expected=1)

    with nothing_stored(), pytest.raises(RefusedError) as refused:
        writing.revise(paste, [NewFile("three")], expected=1)

    assert (refused.value.code, refused.value.status) == ("conflict", 412)
    assert [file.content for file in Paste.objects.get().files] == ["two"]


def test_the_properties_of_a_paste_are_edited_without_its_files(remote: Path) -> None:
    paste = publish_text("text", "a.py", title="Old", author="Ada", comment="C")
    drain()

    edited = writing.revise(paste, title="New", visibility="public")
    drain()

    row = Paste.objects.get()
    assert (row.title, row.author, row.comment, row.visibility, row.head) == ("New", "Ada", "C", "public", 2)
    assert [(file.name, file.content) for file in edited.files] == [("a.py", "text")]
    assert list(Change.objects.order_by("number").values_list("kind", flat=True)) == ["publish", "edit"]
    assert repository.subjects(remote) == ["Publish Old", "Edit New"]
    assert b'"visibility": "public"' in repository.text(remote, paste, ".pasteur.json")


def test_a_title_can_be_removed() -> None:
    paste = publish_text(title="Old")

    writing.revise(paste, title="")

    assert Paste.objects.get().title == ""


def test_an_edit_that_changes_nothing_creates_no_revision() -> None:
    paste = publish_text("text", "a.py", title="T")

    with nothing_stored():
        same = writing.revise(paste, [NewFile("text", "a.py")], title=" T ", author="")

    assert same.head == Paste.objects.get().head == 1


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"title": "a\nb"}, "control_character"),
        ({"author": "x" * 101}, "too_long"),
        ({"comment": "x\0"}, "control_character"),
        ({"visibility": "secret"}, "visibility"),
        ({"files": []}, "empty"),
    ],
)
def test_an_edit_follows_the_rules_for_new_pastes(facts: dict[str, Any], code: str) -> None:
    paste = publish_text(title="T")

    with nothing_stored(), pytest.raises(RefusedError) as refused:
        writing.revise(paste, **facts)

    assert refused.value.code == code
    assert (Paste.objects.get().title, Paste.objects.get().head) == ("T", 1)


def test_an_encrypted_paste_remains_encrypted() -> None:
    paste = publish_text(sealed(), encrypted=True)

    with nothing_stored(), pytest.raises(RefusedError) as refused:
        writing.revise(paste, [NewFile("in the clear")])
    writing.revise(paste, [NewFile("00ff")])

    assert refused.value.code == "ciphertext"
    assert Paste.objects.get().encrypted


def test_a_fork_is_a_separate_paste_that_refers_to_its_original(remote: Path) -> None:
    paste = writing.publish(Draft([NewFile("a", "a.py"), NewFile("b", "b")], title="T", author="Ada", comment="C"))
    writing.revise(paste, [NewFile("a2", "a.py"), NewFile("b", "b")])

    fork = writing.fork(Paste.objects.get(pk=paste.pk), author="Bob")
    drain()

    row = Paste.objects.get(pk=fork.pk)
    assert (row.forked_from, row.title, row.author, row.comment, row.head) == (paste.key, "T", "Bob", "C", 1)
    assert [file.content for file in row.files] == ["a2", "b"]
    assert edit_tokens.owns(row, fork.token)
    assert not edit_tokens.owns(row, paste.token)
    assert f'"forked_from": "{paste.key}"'.encode() in repository.text(remote, fork, ".pasteur.json")


def test_a_fork_remains_when_its_original_is_removed() -> None:
    paste = publish_text("text")
    fork = writing.fork(paste)
    writing.remove(paste)

    assert [file.content for file in Paste.objects.get(pk=fork.pk).files] == ["text"]


def test_a_fork_expires_with_its_original_unless_requested_otherwise() -> None:
    paste = publish_text(lifetime=timedelta(hours=1))

    same = writing.fork(paste)
    longer = writing.fork(paste, lifetime=timedelta(days=1))

    assert paste.expires_at
    assert same.expires_at
    assert abs(same.expires_at - paste.expires_at) < timedelta(seconds=30)
    assert longer.expires_at
    assert longer.expires_at - clock.now() > timedelta(hours=20)


def test_a_burning_paste_cannot_be_forked() -> None:
    paste = publish_text("secret", burn=True)

    with nothing_stored(), pytest.raises(RefusedError) as refused:
        writing.fork(paste)

    assert (refused.value.code, refused.value.status) == ("burns", 403)
    assert File.objects.get().content == "secret"


@pytest.mark.parametrize("key", ["../../x", "UPPERCASE1", "short", "x" * 40])
def test_a_draft_contains_the_key_it_was_forked_from(key: str) -> None:
    with nothing_stored(), pytest.raises(RefusedError) as refused:
        publish_text(forked_from=key)

    assert refused.value.code == "forked_from"
