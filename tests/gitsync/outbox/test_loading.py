"""A row for which no commit can be created does not stop others."""

from pathlib import Path

import pytest
from django.db import connection

from gitsync.models import Change
from gitsync.sync.schedule import work_off
from pastes.models import File
from tests import many, repository

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def test_rows_without_a_valid_commit_are_set_aside_and_the_others_are_pushed(remote: Path) -> None:
    keys = many.publish(6)
    File.objects.filter(revision__paste__key=keys[0]).update(oid="x" * 7)
    Change.objects.filter(key=keys[1]).update(kind="explode")
    Change.objects.filter(key=keys[2]).update(key="a")
    bad = {keys[0], keys[1], "a"}
    if connection.vendor == "sqlite":
        pk = File.objects.get(revision__paste__key=keys[3]).pk
        with connection.cursor() as cursor:
            cursor.execute("UPDATE pastes_file SET content = CAST(x'ff41' AS TEXT) WHERE id = %s", [pk])
        bad.add(keys[3])

    assert work_off() is None

    rejected = Change.objects.rejected()
    assert {change.key for change in rejected} == bad
    assert all("no commit can be created" in change.rejection for change in rejected)
    assert not Change.objects.pending().exists()
    assert len(repository.changes(remote)) == 7 - len(bad)  # The paste whose change lost its key gets a new one.
