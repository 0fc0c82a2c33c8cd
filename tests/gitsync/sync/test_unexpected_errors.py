"""Unexpected errors are reported to the operator, and an unreadable paste does not delay others."""

import json
import logging
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError

from gitsync.format.tree import folder
from gitsync.inbound.paste_history import restore_paste
from gitsync.models import Failure, Mirror
from gitsync.sync.drain import drain
from gitsync.sync.resync import look
from gitsync.sync.schedule import work_off
from pastes.models import Paste
from tests import many, repository
from tests.gitsync.manual_commits import Row, commit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def fail(*arguments: Any, **options: Any) -> None:
    """Stand in for a faulty function."""
    raise LookupError("out of\nreach")


def status() -> dict[str, Any]:
    """Return the output of `mirror_status --json`."""
    out = StringIO()
    try:
        call_command("mirror_status", "--json", stdout=out)
    except SystemExit:
        pass  # Its exit status reports an error.
    report: dict[str, Any] = json.loads(out.getvalue())
    return report


def test_an_unexpected_error_of_a_drain_is_recorded_and_retried(
    remote: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    many.publish(1)
    monkeypatch.setattr("gitsync.purge.rewrite.rewrite", fail)

    seconds = work_off()

    assert seconds
    assert 0 < seconds <= 10
    mirror = Mirror.objects.get()
    assert (mirror.failures, mirror.error_code, mirror.error) == (1, "unexpected", "LookupError: out of")
    assert (Failure.objects.get().code, Failure.objects.get().count) == ("unexpected", 1)
    assert "Traceback" in caplog.text
    assert "unexpected" in json.dumps(status())
    monkeypatch.undo()
    Mirror.objects.update(retry_at=None)
    work_off()
    assert (Mirror.objects.get().failures, Mirror.objects.get().error_code) == (0, "")


def test_a_database_outage_is_reported_as_such(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many.publish(1)

    def is_locked(*_: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr("gitsync.purge.rewrite.rewrite", is_locked)

    work_off()

    mirror = Mirror.objects.get()
    assert (mirror.error_code, mirror.error) == ("database", "OperationalError: database is locked")


def test_a_moderators_failed_request_does_not_delay_drains(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (key,) = many.publish(1)
    Mirror.of(str(remote), "main")
    Mirror.objects.update(check_requested=True)
    monkeypatch.setattr("gitsync.sync.resync.look", fail)

    work_off()

    assert repository.changes(remote) == [f"{key}.1"]
    mirror = Mirror.objects.get()
    assert (mirror.check_requested, mirror.check_result.split(":")[0]) == (False, "unexpected")


def test_an_unreadable_paste_does_not_delay_others(
    remote: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    many.publish(1)
    drain()
    commit(remote, {f"{folder(key)}/a.txt": b"x" for key in ("handmade00", "handmade11", "handmade22")})

    def read(objects: Any, key: str, *rest: Any) -> Paste:
        if key == "handmade11":
            fail()
        return restore_paste(objects, key, *rest)

    monkeypatch.setattr("gitsync.inbound.read_in.restore_paste", read)

    drain()

    assert set(Paste.objects.filter(key__startswith="hand").values_list("key", flat=True)) == {
        "handmade00",
        "handmade22",
    }
    assert [record.levelno for record in caplog.records if "handmade11" in record.getMessage()] == [logging.ERROR]


@pytest.mark.parametrize(
    "facts",
    [
        {"title": "\ud800"},
        {"author": "\ud800"},
        {"comment": "a\0b"},
        {"revised_by": "\udfff"},
        {"title": "x" * 10_000},
        {"forked_from": "\ud800"},
        {"forked_from": "x" * 10_000},
        {"visibility": "everybody"},
        {"created_at": "0001-01-01T00:00:00+00:00"},
        {"created_at": "9999-12-31T23:59:59+00:00"},
        {"created_at": "0001-01-01T00:00:00+14:00"},
        {"expires_at": "9999-12-31T23:59:59-14:00"},
        {"expires_at": "9999-12-31T23:59:59+00:00"},
        {"old_code": "x" * 500},
        {"files": [{"path": "a.txt", "name": "\ud800", "language": "\ud800"}]},
        {"files": [{"path": "a.txt", "name": "\0", "language": "text"}] * 3},
    ],
    ids=lambda facts: json.dumps(facts)[:40],
)
def test_unexpected_metadata_does_not_delay_anything(remote: Path, facts: dict[str, Any]) -> None:
    (key,) = many.publish(1)
    drain()
    said = json.loads(repository.text(remote, key, ".pasteur.json"))
    rows: dict[Row, Any] = {}
    for name in (key, "handmade00"):
        rows[f"{folder(name)}/.pasteur.json"] = json.dumps({**said, "key": name, "revision": 2, **facts}).encode()
        rows[f"{folder(name)}/a.txt"] = b"hostile"
    commit(remote, {**rows, f"{folder('handmade11')}/a.txt": b"good"})

    drain()

    assert Paste.objects.filter(key="handmade11").exists()
    assert Paste.objects.filter(key=key).exists()
    assert Mirror.objects.get().tip == repository.tip(remote)
    look()
