"""Writers wait for the write lock for a limited time, and readers never wait for it."""

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from pastes.access import api_tokens
from pastes.lifecycle import erasing, writing
from pastes.lifecycle.draft import Draft, NewFile
from pastes.models import ApiToken, Paste
from pastes.storage import write_lock as write_lock_module
from pastes.storage.write_lock import write_lock
from tests.pastes.factories import publish_text

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(os.environ.get("TEST_DATABASE") == "postgresql", reason="SQLite's writers alone take turns"),
]


@contextlib.contextmanager
def hold_lock() -> Iterator[None]:
    """Hold the lock like another process: a separately opened file is locked separately."""
    path = Path(f"{connection.settings_dict['NAME']}-turn")
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limit waiting to half a second."""
    monkeypatch.setattr(write_lock_module, "SECONDS", 0.5)


def in_threads(work: Callable[[], object], count: int) -> list[Exception | None]:
    """Return the errors raised in this many threads that start together."""
    errors: list[Exception | None] = []

    def run() -> None:
        try:
            work()
            errors.append(None)
        except Exception as error:  # noqa: BLE001  (it is what the test looks at)
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return errors


def create() -> Any:
    """Create a paste."""
    return Client().post("/", b"text", content_type="text/plain")


@pytest.mark.usefixtures("short_timeout")
def test_a_writer_waits_up_to_the_limit_and_gets_503() -> None:
    with hold_lock():
        started = time.monotonic()
        answer = create()
        waited = time.monotonic() - started

    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert 0.4 < waited < 2
    assert create().status_code == 201


@pytest.mark.usefixtures("short_timeout")
def test_many_writers_wait_no_longer_than_one() -> None:
    statuses: list[int] = []
    with hold_lock():
        started = time.monotonic()
        assert in_threads(lambda: statuses.append(create().status_code), 8) == [None] * 8
        waited = time.monotonic() - started

    assert statuses == [503] * 8
    assert waited < 2.5
    assert create().status_code == 201


@pytest.mark.usefixtures("short_timeout")
def test_a_lock_is_free_after_all_waiting_threads_gave_up() -> None:
    for _ in range(3):
        with hold_lock(), pytest.raises(OperationalError), write_lock():
            raise AssertionError("another one has the turn")
        time.sleep(0.2)

        with hold_lock():
            pass  # Otherwise it would wait forever.


def test_a_lock_that_is_released_in_time_is_acquired() -> None:
    order: list[str] = []

    def write() -> None:
        with write_lock():
            order.append("written")

    with hold_lock():
        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        order.append("given up")
    for thread in threads:
        thread.join(10)

    assert order == ["given up"] + ["written"] * 4


def test_only_one_thread_holds_the_lock() -> None:
    inside = 0

    def write() -> None:
        nonlocal inside
        for _ in range(50):
            with write_lock():
                inside += 1
                assert inside == 1
                time.sleep(0.0005)
                inside -= 1

    def hold() -> None:
        for _ in range(50):
            with hold_lock():
                assert inside == 0
                time.sleep(0.0005)
                assert inside == 0

    holder = threading.Thread(target=hold)
    holder.start()
    assert in_threads(write, 4) == [None] * 4
    holder.join(30)


def test_a_reader_with_a_token_does_not_wait_for_writers() -> None:
    secret, _ = api_tokens.create(name="reader", scopes=["read"])
    headers = {"Authorization": f"Bearer {secret}"}
    with hold_lock():
        started = time.monotonic()
        assert Client().get("/api/v1/limits", headers=headers).status_code == 200
        assert Client().get("/api/v1/pastes", headers=headers).status_code == 200
        assert time.monotonic() - started < 2
    assert ApiToken.objects.get().last_used_at is None

    assert Client().get("/api/v1/pastes", headers=headers).status_code == 200
    assert ApiToken.objects.get().last_used_at is not None


def _burning() -> Paste:
    return writing.publish(Draft([NewFile("secret")], burn=True))


def _hidden() -> Paste:
    paste = publish_text("text")
    writing.hide(paste)
    return paste


def _expired() -> Paste:
    paste = writing.publish(Draft([NewFile("text")], lifetime=timedelta(hours=1)))
    Paste.objects.update(expires_at="2001-01-01T00:00Z")
    return paste


@pytest.mark.parametrize(
    ("publish", "write"),
    [
        (lambda: publish_text("text"), writing.hide),
        (lambda: publish_text("text"), writing.remove),
        (_hidden, writing.remove),
        (_hidden, writing.show),
        (_burning, writing.burn),
        (_expired, lambda paste: writing.erase_expired()),  # noqa: ARG005
        (lambda: publish_text("text"), lambda paste: erasing.purge(paste.key, reason="x")),
    ],
)
@pytest.mark.usefixtures("short_timeout")
def test_everything_that_happens_to_a_paste_takes_its_turn(
    publish: Callable[[], Paste], write: Callable[[Paste], object]
) -> None:
    paste = publish()
    state = Paste.objects.get().state

    with hold_lock(), pytest.raises(OperationalError):
        write(paste)

    assert Paste.objects.get().state == state
    write(paste)
    assert Paste.objects.get().state != state
