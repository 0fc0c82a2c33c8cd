"""Inserting new rows together: equal to the result of `save`, all of them or none."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from gitsync.models import Change, Kind
from pastes.models import File, Paste, Revision
from pastes.storage.insert import store
from tests.pastes.row_counts import nothing_stored

pytestmark = [pytest.mark.django_db, pytest.mark.database]

WHEN = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def unsaved_paste(key: str = "k3x9m2p7ab", **facts: object) -> Paste:
    """Return an unsaved paste."""
    return Paste(key=key, created_at=WHEN, **facts)


def unsaved_file(position: int, **facts: object) -> File:
    """Return an unsaved file."""
    return File(position=position, name=f"{position}.txt", language="plaintext", content="é", size_bytes=2, **facts)


def column_values(row: Model) -> dict[str, object]:
    """Return the values of all columns in a row."""
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_rows_are_stored_with_every_value_and_get_their_primary_keys() -> None:
    paste = unsaved_paste(title="100% é\\", burn=True, expires_at=WHEN)
    revision = Revision(paste=paste, number=1, created_at=WHEN)
    files = [unsaved_file(0), unsaved_file(1)]
    change = Change(key=paste.key, number=1, kind=Kind.PUBLISH, created_at=WHEN)

    store(paste, revision, *files, change)

    assert [file.revision_id for file in files] == [revision.pk] * 2
    assert revision.paste_id == paste.pk
    for row in (paste, revision, *files, change):
        assert column_values(type(row)._default_manager.get(pk=row.pk)) == column_values(row)
        assert not row._state.adding


def test_existing_rows_can_be_referred_to_along_with_rows_from_the_same_write() -> None:
    first = unsaved_paste()
    store(first)
    second = unsaved_paste("0123456789")
    revisions = [Revision(paste=paste, number=1, created_at=WHEN) for paste in (first, second)]

    store(second, *revisions, unsaved_file(0), unsaved_file(1, revision_id=None))

    assert [revision.paste_id for revision in revisions] == [first.pk, second.pk]
    assert set(File.objects.values_list("revision", flat=True)) == {revisions[-1].pk}


def test_fifty_files_are_stored() -> None:
    paste = unsaved_paste()

    store(paste, Revision(paste=paste, number=1, created_at=WHEN), *map(unsaved_file, range(50)))

    assert [file.position for file in paste.files] == list(range(50))


@pytest.mark.parametrize("files", [1, 3])
def test_if_a_row_is_refused_none_are_stored(files: int) -> None:
    with nothing_stored(), pytest.raises(IntegrityError), transaction.atomic():
        store(unsaved_paste(), Revision(number=1, created_at=WHEN), *map(unsaved_file, range(files)), unsaved_file(0))


def test_nothing_is_stored_in_a_failed_transaction() -> None:
    with nothing_stored(), transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(transaction.TransactionManagementError):
            store(unsaved_paste())


def test_one_statement_fills_several_tables_where_supported() -> None:
    with CaptureQueriesContext(connection) as asked:
        store(unsaved_paste(), Revision(number=1, created_at=WHEN), *map(unsaved_file, range(3)))

    assert len(asked) == {"postgresql": 1, "sqlite": 5}[connection.vendor]
