"""The thread that wakes the worker."""

import threading

import pytest

from gitsync.outbox import wakeup


def test_a_doorbell_that_could_not_start_starts_with_the_next_ring(monkeypatch: pytest.MonkeyPatch) -> None:
    bell = wakeup.Doorbell("nothing")
    started: list[str] = []

    class Thread:
        def __init__(self, *, name: str, **kwargs: object) -> None:
            self.name = name

        def start(self) -> None:
            started.append(self.name)
            if len(started) == 1:
                raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading, "Thread", Thread)
    with pytest.raises(RuntimeError):
        bell.ring()
    bell.ring()
    bell.ring()

    assert started == ["doorbell", "doorbell"]
