"""The thread that sends wake-up messages."""

import threading

import pytest

from gitsync.outbox import wakeup


def test_if_the_thread_cannot_start_the_next_request_starts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    wake_up = wakeup.WakeUp("nothing", pause=0.25)
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
        wake_up.request()
    wake_up.request()
    wake_up.request()

    assert started == ["wake-up", "wake-up"]
