"""The file-based broker: no message is lost or duplicated, and unreadable ones do not stop a worker."""

import contextlib
import json
import logging
import multiprocessing
import shutil
import stat
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import kombu
import pytest
from kombu import Connection, Exchange, Queue
from kombu.transport import virtual

import pasteur_site.celery  # noqa: F401  (it makes the transport known)
from pasteur_site.processes.file_broker import Transport

FORK = multiprocessing.get_context("fork")


def connect(folder: Path) -> Connection:
    """Return a connection to the broker in this folder."""
    return Connection("folder://localhost", transport_options={"folder": str(folder)})


@pytest.fixture(autouse=True)
def new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clear kombu's cached brokers from other tests, as a new process would."""
    monkeypatch.setattr(Transport, "global_state", virtual.BrokerState())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a new broker."""
    return tmp_path / "deep" / "broker"


@pytest.fixture
def queue(folder: Path) -> Iterator[Any]:
    """Return a queue on that broker."""
    with connect(folder) as connection, contextlib.closing(connection.SimpleQueue("celery")) as queue:
        yield queue


def messages(folder: Path) -> list[Path]:
    """Return the waiting messages, in order."""
    return sorted(folder.glob("*.msg"))


def drain(queue: Any) -> list[Any]:
    """Receive and return all waiting messages."""
    found = []
    with contextlib.suppress(Empty):
        while True:
            message = queue.get(timeout=0.3)
            message.ack()
            found.append(message.payload)
    return found


def test_messages_are_received_in_the_order_they_were_sent(queue: Any) -> None:
    for number in range(50):
        queue.put({"number": number, "text": "é\0\u2028"})

    assert drain(queue) == [{"number": number, "text": "é\0\u2028"} for number in range(50)]


@pytest.mark.alone
def test_a_message_arrives_within_a_second(queue: Any, folder: Path) -> None:
    def send() -> None:
        time.sleep(0.3)
        with connect(folder) as other:
            other.SimpleQueue("celery").put(time.time())

    sender = FORK.Process(target=send)
    sender.start()
    sent_at = queue.get(timeout=10).payload
    sender.join()

    assert time.time() - sent_at < 1


def test_the_folder_is_private_and_has_no_leftover_drafts(queue: Any, folder: Path) -> None:
    queue.put("x")

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(messages(folder)) == 1
    assert not list(folder.glob(".draft-*"))
    assert drain(queue) == ["x"]
    assert not list(folder.glob(".taken-*"))


def test_queues_do_not_mix(folder: Path) -> None:
    with connect(folder) as connection:
        one, two = connection.SimpleQueue("celery"), connection.SimpleQueue("other.celery")
        one.put("one")
        two.put("two")

        assert (one.qsize(), two.qsize()) == (1, 1)
        assert (drain(one), drain(two)) == (["one"], ["two"])


def test_purging_empties_one_queue(folder: Path) -> None:
    with connect(folder) as connection:
        one, two = connection.SimpleQueue("one"), connection.SimpleQueue("two")
        for _ in range(3):
            one.put("x")
        two.put("y")

        assert one.clear() == 3
        assert (one.qsize(), two.qsize()) == (0, 1)


def send(folder: Path, sender: int, count: int) -> None:
    """Send this many numbered messages, in a separate process."""
    with connect(folder) as connection:
        queue = connection.SimpleQueue("celery")
        for number in range(count):
            queue.put([sender, number])


def receive(folder: Path, results: Any, stop: Any) -> None:
    """Receive messages until told to stop and none are left, in a separate process."""
    found = []
    with connect(folder) as connection:
        queue = connection.SimpleQueue("celery")
        while True:
            is_over = stop.is_set()
            taken = drain(queue)
            found += taken
            if is_over and not taken:
                break
    results.put(found)


def run(target: Callable[..., None], *arguments: Any) -> Any:
    """Start a process."""
    process = FORK.Process(target=target, args=arguments)
    process.start()
    return process


def test_concurrent_processes_do_not_lose_or_duplicate_messages(folder: Path) -> None:
    senders, readers, count = 4, 3, 400
    results, stop = FORK.Queue(), FORK.Event()

    reading = [run(receive, folder, results, stop) for _ in range(readers)]
    writing = [run(send, folder, sender, count) for sender in range(senders)]
    for process in writing:
        process.join()
    stop.set()
    found = [tuple(message) for _ in reading for message in results.get(timeout=60)]
    for process in reading:
        process.join()

    assert Counter(found) == Counter((sender, number) for sender in range(senders) for number in range(count))
    assert all(process.exitcode == 0 for process in [*reading, *writing])
    assert not messages(folder)


def bind(folder: Path, number: int) -> None:
    """Bind a separate queue to the common exchange."""
    with connect(folder) as connection:
        channel = connection.channel()
        Queue(f"queue-{number}", Exchange("common", type="fanout"), channel=channel).declare()


def test_concurrent_bindings_are_all_kept(folder: Path) -> None:
    processes = [run(bind, folder, number) for number in range(12)]
    for process in processes:
        process.join()

    with connect(folder) as connection:
        kombu.Producer(connection.channel(), Exchange("common", type="fanout")).publish("to all")
        received = [connection.SimpleQueue(f"queue-{number}", no_ack=True) for number in range(12)]
        assert [queue.get(timeout=5).payload for queue in received] == ["to all"] * 12


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b'{"body": "x"', b"\0" * 4_096, b"[" * 100_000],
    ids=lambda content: ascii(content[:8]),
)
def test_an_unreadable_message_is_dropped_with_a_warning(
    queue: Any, folder: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    queue.put("before")
    (folder / f"{time.time_ns()}_broken.celery.msg").write_bytes(content)
    queue.put("after")

    with caplog.at_level(logging.WARNING):
        assert drain(queue) == ["before", "after"]

    assert "dropped the unreadable message" in caplog.text
    assert not messages(folder)


@pytest.mark.parametrize(
    "content", [[], {}, 5, "text", None, {"body": "x"}, {"properties": 1, "headers": {}}], ids=repr
)
def test_a_message_with_an_unknown_format_is_dropped(
    queue: Any, folder: Path, content: object, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / f"{time.time_ns()}_odd.celery.msg").write_text(json.dumps(content))
    queue.put("after")

    with caplog.at_level(logging.WARNING):
        assert drain(queue) == ["after"]

    assert not messages(folder)


@pytest.mark.parametrize("content", ["", "5", "null", '["a"]'])
def test_an_unreadable_binding_is_ignored_with_a_warning(
    queue: Any, folder: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    (binding,) = folder.glob("*.bindings/*.binding")
    binding.write_text(content)

    with caplog.at_level(logging.WARNING), connect(folder) as connection:
        again = connection.SimpleQueue("celery")
        again.put("after")
        assert drain(again) == ["after"]

    assert "ignored the unreadable binding" in caplog.text


def test_other_files_are_kept(queue: Any, folder: Path) -> None:
    strange = [folder / name for name in ("notes.txt", ".draft-of-a-dead-writer", ".taken-by-a-dead-reader", "x.msg")]
    for file in strange:
        file.write_text("{}")

    assert drain(queue) == []
    assert all(file.exists() for file in strange)


def test_a_deleted_folder_is_recreated(queue: Any, folder: Path) -> None:
    queue.put("lost")
    shutil.rmtree(folder)

    with connect(folder) as connection:
        again = connection.SimpleQueue("celery")
        again.put("kept")
        assert drain(again) == ["kept"]
