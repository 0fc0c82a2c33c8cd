"""Changes of one paste get different numbers in order, however many are added at once."""

import threading

import pytest
from django.db import connection

from gitsync.models import Change, Kind
from gitsync.outbox import outbox
from pastes.lifecycle import writing
from tests.pastes.factories import publish_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

_THREADS, _CHANGES = 6, 8


def at_once(key: str) -> list[Exception]:
    """Add changes of a paste in several threads that start together; return what they raised."""
    barrier, errors = threading.Barrier(_THREADS), list[Exception]()

    def add() -> None:
        barrier.wait()
        try:
            for _ in range(_CHANGES):
                outbox.add(key, Kind.REMOVE, None)
        except Exception as error:  # noqa: BLE001  (it is what the test looks at)
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=add) for _ in range(_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_changes_of_a_paste_that_only_git_has_are_numbered_one_by_one() -> None:
    assert at_once("zzzzzzzzzz") == []

    changes = list(Change.objects.order_by("pk").values_list("number", flat=True))
    assert changes == list(range(1, _THREADS * _CHANGES + 1))


def test_changes_of_a_stored_paste_are_numbered_one_by_one() -> None:
    paste = publish_text("text")

    assert at_once(paste.key) == []
    writing.hide(paste)

    assert list(Change.objects.order_by("pk").values_list("number", flat=True)) == list(
        range(1, _THREADS * _CHANGES + 3)
    )
