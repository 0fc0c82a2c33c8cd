"""Each write function: success, refusal, repetition, and the resulting changes in the outbox."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from gitsync.models import Change
from pastes.errors import RefusedError
from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import File, Paste, State, blob_oid
from pastes.signals import paste_published, paste_revised, paste_withdrawn
from tests.pastes.factories import publish_text
from tests.pastes.row_counts import count_rows, nothing_stored

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def kinds(paste: Paste) -> list[str]:
    """Return the kinds of a paste's changes in the outbox, in order."""
    return list(Change.objects.filter(key=paste.key).order_by("number").values_list("kind", flat=True))


def reload(paste: Paste) -> Paste:
    """Return the paste as it is stored now."""
    return Paste.objects.get(pk=paste.pk)


def test_publish_stores_paste_revision_files_and_change_together() -> None:
    paste = writing.publish(Draft([NewFile("é", "a.py"), NewFile("b")]))

    revision = paste.revisions.get()
    assert (paste.head, revision.number) == (1, 1)
    assert list(revision.files.values_list("position", "name", "language", "size_bytes", "oid")) == [
        (0, "a.py", "python", 2, blob_oid("é".encode())),
        (1, "paste.txt", "plaintext", 1, blob_oid(b"b")),
    ]
    change = Change.objects.get()
    assert (change.key, change.number, change.kind, change.revision) == (paste.key, 1, "publish", 1)
    assert change.settled_at is None


@pytest.mark.parametrize("facts", [{"burn": True}, {"lifetime": timedelta(hours=1)}])
def test_pastes_meant_to_vanish_are_never_added_to_the_outbox(facts: dict[str, Any]) -> None:
    paste = publish_text(**facts)
    writing.revise(paste, [NewFile("again")])
    writing.hide(paste)
    writing.show(paste)
    writing.remove(paste)

    assert not Change.objects.exists()


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ([], "empty"),
        ([NewFile("")], "empty"),
        ([NewFile("a"), NewFile(" \n")], "empty"),
        ([NewFile("a\0")], "nul_byte"),
        ([NewFile("\ud800")], "not_utf8"),
        ([NewFile("a", name="x" * 256)], "name_too_long"),
        ([NewFile("a", name="\ud800")], "control_character"),
        ([NewFile("a", language="nonsense")], "language"),
        ([NewFile("a", "x.txt"), NewFile("b", "X.TXT")], "duplicate_name"),
        ([NewFile("a")] * 51, "too_many_files"),
        ([NewFile("x" * 300_000), NewFile("x" * 300_000)], "too_large"),
    ],
)
def test_publish_and_revise_refuse_the_same_files(files: list[NewFile], code: str) -> None:
    paste = publish_text()

    with nothing_stored():
        with pytest.raises(RefusedError) as publishing:
            writing.publish(Draft(files))
        with pytest.raises(RefusedError) as revising:
            writing.revise(paste, files)

    assert publishing.value.code == revising.value.code == code


def test_a_failing_receiver_undoes_the_write() -> None:
    def fail(**kwargs: object) -> None:
        raise RuntimeError("no")

    paste = publish_text()
    for signal, write in (
        (paste_published, publish_text),
        (paste_revised, lambda: writing.revise(paste, [NewFile("again")])),
        (paste_withdrawn, lambda: writing.remove(paste)),
    ):
        signal.connect(fail)
        try:
            with nothing_stored(), pytest.raises(RuntimeError):
                write()
        finally:
            signal.disconnect(fail)

    assert (reload(paste).head, reload(paste).state, File.objects.count()) == (1, State.PUBLISHED, 1)


def test_a_rolled_back_write_leaves_nothing() -> None:
    with nothing_stored(), transaction.atomic():
        publish_text()
        transaction.set_rollback(True)


def test_revise_adds_a_revision_and_keeps_the_old_one() -> None:
    paste = publish_text("first")

    revised = writing.revise(paste, [NewFile("second", "b.rs"), NewFile("third")])

    assert (revised.key, reload(paste).head) == (paste.key, 2)
    assert list(File.objects.order_by("revision__number", "position").values_list("revision__number", "content")) == [
        (1, "first"),
        (2, "second"),
        (2, "third"),
    ]
    assert list(Change.objects.order_by("number").values_list("kind", "revision")) == [("publish", 1), ("edit", 2)]


@pytest.mark.parametrize("end", [writing.hide, writing.remove])
def test_a_removed_paste_cannot_be_revised(end: Callable[[Paste], bool]) -> None:
    paste = publish_text()
    end(paste)

    with nothing_stored(), pytest.raises(Paste.DoesNotExist):
        writing.revise(paste, [NewFile("again")])


def test_hide_keeps_the_content_and_show_brings_it_back() -> None:
    paste = publish_text(title="T")

    assert writing.hide(paste)
    assert (reload(paste).state, File.objects.count(), reload(paste).title) == (State.HIDDEN, 1, "T")
    assert writing.show(paste)

    assert reload(paste).state == State.PUBLISHED
    assert kinds(paste) == ["publish", "remove", "restore"]
    assert Change.objects.get(key=paste.key, kind="restore").revision == 1


def test_hiding_or_showing_twice_changes_something_only_once() -> None:
    paste = publish_text()

    assert (writing.show(paste), writing.hide(paste), writing.hide(paste)) == (False, True, False)
    assert (writing.show(paste), writing.show(paste)) == (True, False)
    assert kinds(paste) == ["publish", "remove", "restore"]


@pytest.mark.parametrize("hidden_first", [False, True])
def test_remove_erases_the_content_and_keeps_the_key(hidden_first: bool) -> None:
    paste = publish_text(title="T", author="A", comment="C")
    writing.revise(paste, [NewFile("second")])
    if hidden_first:
        writing.hide(paste)

    assert writing.remove(paste)
    assert not writing.remove(paste)

    row = reload(paste)
    assert (row.state, row.title, row.author, row.comment, row.key) == (State.REMOVED, "", "", "", paste.key)
    assert not File.objects.exists()
    assert kinds(paste) == ["publish", "edit", "remove"]
    assert not writing.show(paste)
    assert not writing.hide(paste)


def test_burn_returns_the_files_once() -> None:
    paste = writing.publish(Draft([NewFile("one", "a.txt"), NewFile("two", "b.txt")], burn=True))

    files = writing.burn(paste)

    assert [(file.name, file.content) for file in files or []] == [("a.txt", "one"), ("b.txt", "two")]
    assert writing.burn(paste) is None
    assert reload(paste).state == State.BURNED
    assert count_rows() == {"Paste": 1, "Revision": 1, "File": 0, "Change": 0}


def test_burn_returns_the_current_revision_to_a_caller_that_knows_an_older_one() -> None:
    paste = publish_text("first", burn=True)
    writing.revise(Paste.objects.get(pk=paste.pk), [NewFile("second")])

    files = writing.burn(paste)

    assert [file.content for file in files or []] == ["second"]


def test_burn_does_not_affect_ordinary_hidden_and_removed_pastes() -> None:
    ordinary, hidden, removed = publish_text(), publish_text(burn=True), publish_text(burn=True)
    writing.hide(hidden)
    writing.remove(removed)

    with nothing_stored():
        assert [writing.burn(paste) for paste in (ordinary, hidden, removed)] == [None, None, None]


def test_the_numbers_of_changes_have_no_gaps() -> None:
    paste = publish_text()
    for number in range(3):
        writing.revise(paste, [NewFile(str(number))])
        writing.hide(paste)
        writing.show(paste)

    assert list(Change.objects.order_by("id").values_list("number", flat=True)) == list(range(1, 11))
