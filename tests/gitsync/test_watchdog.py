"""A stuck worker exits, so that a new one is started; a working one is left alone."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from gitsync import watchdog
from gitsync.watchdog import Watchdog, at_work, beat
from tests import many


@pytest.fixture(autouse=True)
def no_thread_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ignore the threads of other tests."""
    monkeypatch.setattr(watchdog, "_signs", {})


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return a function that advances the clock by some seconds."""
    now = [1_000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def later(seconds: float) -> None:
        now[0] += seconds

    return later


class Broker:
    """A broker that accepts messages, or not, and never delivers any."""

    def __init__(self, *, accepts: bool = True) -> None:
        self.accepted = 0
        self._accepts = accepts

    def send(self) -> None:
        """Count a message, if the broker accepts it."""
        self.accepted += self._accepts

    def watchdog(self) -> Watchdog:
        """Return a watchdog that sends messages to this broker."""
        return Watchdog(self.send, lambda: self.accepted)


@pytest.fixture
def thread_at_work() -> Iterator[threading.Event]:
    """Start a working thread; return an event that makes it give a sign of life."""
    sign_requested, started, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        with at_work():
            started.set()
            while not ended.is_set():
                if sign_requested.wait(0.01):
                    beat()
                    sign_requested.clear()

    thread = threading.Thread(target=work)
    thread.start()
    started.wait(5)
    yield sign_requested
    ended.set()
    thread.join()


def test_a_thread_without_a_sign_of_life_for_three_minutes_is_stuck(
    pass_time: Callable[[float], None], thread_at_work: threading.Event
) -> None:
    dog = Broker(accepts=False).watchdog()
    pass_time(179)
    assert dog.problem() == ""
    pass_time(2)

    assert dog.problem() == "a thread is stuck"


def test_a_thread_with_signs_of_life_may_take_as_long_as_it_needs(
    pass_time: Callable[[float], None], thread_at_work: threading.Event
) -> None:
    dog = Broker(accepts=False).watchdog()
    for _ in range(10):
        pass_time(100)
        thread_at_work.set()
        while thread_at_work.is_set():
            time.sleep(0.01)

        assert dog.problem() == ""


def test_a_thread_that_is_not_at_work_needs_no_signs_of_life(pass_time: Callable[[float], None]) -> None:
    dog = Broker(accepts=False).watchdog()
    with at_work():
        pass_time(1)
    pass_time(1_000)

    assert dog.problem() == ""


def check_for(seconds: int, dog: Watchdog, pass_time: Callable[[float], None]) -> str:
    """Check every ten seconds for this long, and return the last problem."""
    problem = ""
    for _ in range(seconds // 10):
        pass_time(10)
        problem = dog.problem()
    return problem


def test_a_worker_is_stuck_if_the_broker_accepts_messages_but_does_not_deliver_them(
    pass_time: Callable[[float], None],
) -> None:
    dog = Broker().watchdog()

    assert check_for(180, dog, pass_time) == ""
    assert check_for(60, dog, pass_time) == "the broker accepts messages but does not deliver them"


def test_a_broker_that_accepts_nothing_is_not_a_reason_to_exit(pass_time: Callable[[float], None]) -> None:
    dog = Broker(accepts=False).watchdog()

    assert check_for(3_600, dog, pass_time) == ""


def test_a_worker_that_receives_a_message_now_and_then_is_not_stuck(pass_time: Callable[[float], None]) -> None:
    dog = Broker().watchdog()
    for _ in range(10):
        assert check_for(120, dog, pass_time) == ""
        dog.message_received()


@pytest.mark.fault
def test_a_stuck_worker_exits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "SILENCE_SECONDS", 0.5)

    def hang() -> None:
        Broker(accepts=False).watchdog().start()
        with at_work():
            time.sleep(60)

    started = time.monotonic()
    assert many.wait(many.fork(hang)) == 1
    assert time.monotonic() - started < 30
