"""Writes that arrive during another write share a transaction, on SQLite. Real transactions and connections."""

import contextlib
import threading
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from pastes.lifecycle import writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import ApiToken, Creation, File, Paste
from pastes.rules import keys
from pastes.storage import group_commit
from pastes.storage.group_commit import UndoneError, commit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that collects the number of writes in each group transaction."""
    found: list[int] = []
    together = group_commit._write_together

    def counted(group: list[Any]) -> None:
        found.append(len(group))
        together(group)

    monkeypatch.setattr(group_commit, "_write_together", counted)
    return found


def during_another_write(*works: Callable[[], object]) -> list[Exception | None]:
    """Start each piece of work in its own thread, in order, during another write; return the errors raised."""
    errors: dict[int, Exception | None] = {}
    begun, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        assert go_on.wait(20)

    def run(number: int, work: Callable[[], object]) -> None:
        errors[number] = None
        try:
            work()
        except Exception as error:  # noqa: BLE001  (it is what the test looks at)
            errors[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate([partial(commit, hold), *works], start=-1)]
    threads[0].start()
    assert begun.wait(20)
    for number, thread in enumerate(threads[1:], start=1):
        thread.start()
        while len(group_commit._waiting) < number:
            assert thread.is_alive()
    go_on.set()
    for thread in threads:
        thread.join()
    assert errors.pop(-1) is None
    return [errors[number] for number in range(len(works))]


def write_row(name: str) -> None:
    """Write a row."""
    ApiToken.objects.create(name=name, secret_hash=name)


def stored_rows() -> list[str]:
    """Return the names of the rows in the table, in order."""
    return list(ApiToken.objects.order_by("pk").values_list("name", flat=True))


def publish(text: str) -> None:
    """Publish text."""
    writing.publish(Draft([NewFile(text)]))


def test_writes_that_arrive_in_the_meantime_share_a_transaction_in_order(sizes: list[int]) -> None:
    errors = during_another_write(*(partial(commit, partial(write_row, name)) for name in "abcde"))

    assert sizes == [1, 5]
    assert (stored_rows(), errors) == (list("abcde"), [None] * 5)


def test_more_writes_than_fit_into_one_group_become_several(sizes: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "_MAX_WRITES", 2)

    during_another_write(*(partial(commit, partial(write_row, name)) for name in "abcde"))

    assert sizes == [1, 2, 2, 1]
    assert stored_rows() == list("abcde")


def test_work_runs_in_the_context_of_its_own_thread() -> None:
    who: ContextVar[str] = ContextVar("who")

    def want(name: str) -> None:
        who.set(name)
        commit(lambda: write_row(who.get()))

    during_another_write(partial(want, "a"), partial(want, "b"))

    assert stored_rows() == ["a", "b"]


def test_nothing_of_a_failed_group_is_stored_and_only_its_cause_gets_the_error() -> None:
    def fail() -> None:
        write_row("half")
        raise ValueError("mine")

    works = (partial(write_row, "a"), fail, partial(write_row, "b"))
    errors = during_another_write(*(partial(commit, work) for work in works))

    assert stored_rows() == []
    assert [type(error) for error in errors] == [UndoneError, ValueError, UndoneError]


def test_all_writes_get_the_error_if_the_transaction_itself_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    together = group_commit._write_together

    def full(*args: object) -> None:
        raise OperationalError("database or disk is full")

    def fail(group: list[Any]) -> None:
        with monkeypatch.context() as patched:
            if len(group) > 1:
                patched.setattr(transaction.Atomic, "__enter__", full)
            together(group)

    monkeypatch.setattr(group_commit, "_write_together", fail)
    errors = during_another_write(*[partial(publish, "text")] * 3)

    assert [type(error) for error in errors] == [OperationalError] * 3
    assert not Paste.objects.exists()


def test_a_deferred_constraint_fails_only_the_write_that_broke_it() -> None:
    def break_it() -> None:
        Creation.objects.create(key_hash="a", body_hash="b", paste_id=987_654, created_at=timezone.now())

    errors = during_another_write(partial(commit, partial(write_row, "a")), partial(commit, break_it))

    assert [type(error) for error in errors] == [UndoneError, UndoneError]
    with pytest.raises(IntegrityError):
        commit(break_it, alone=True)
    assert (stored_rows(), Creation.objects.count()) == ([], 0)


def test_a_write_that_hides_a_database_error_gets_the_error() -> None:
    write_row("taken")

    def hide() -> None:
        with contextlib.suppress(IntegrityError):
            write_row("taken")

    errors = during_another_write(partial(commit, hide), partial(commit, partial(write_row, "a")))

    assert [type(error) for error in errors] == [transaction.TransactionManagementError, UndoneError]


def test_a_failure_after_the_commit_repeats_no_write(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise RuntimeError("afterwards")

    def work() -> None:
        write_row("a")
        transaction.on_commit(fail)

    errors = during_another_write(partial(commit, work), partial(commit, partial(write_row, "b")))

    assert (errors, stored_rows()) == ([None, None], ["a", "b"])
    assert "afterwards" in caplog.text


def test_a_taken_key_loses_no_paste_in_the_group(sizes: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["0123456789", "0123456789", *(f"987654321{number}" for number in range(8))])
    monkeypatch.setattr(keys, "draw", lambda: next(drawn))
    publish("first")

    errors = during_another_write(*(partial(publish, text) for text in ("second", "third", "fourth")))

    assert errors == [None] * 3
    assert sizes == [1, 1, 3]  # And each of the three once more, individually.
    contents = File.objects.values_list("content", flat=True)
    assert sorted(contents) == ["first", "fourth", "second", "third"]
    assert Paste.objects.values("key").distinct().count() == 4


def test_inside_a_transaction_a_write_is_part_of_it(sizes: list[int]) -> None:
    with transaction.atomic():
        commit(lambda: write_row("a"))
        transaction.set_rollback(True)

    assert (stored_rows(), sizes) == ([], [])
