"""A worker that lives and does nothing ends, so that another one is started; one that works is left alone."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from gitsync import watchdog
from gitsync.watchdog import Heartbeat, at_work, beat
from tests import many


@pytest.fixture(autouse=True)
def nobody_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no other thread count."""
    monkeypatch.setattr(watchdog, "_signs", {})


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return what lets so many seconds pass."""
    now = [1_000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def later(seconds: float) -> None:
        now[0] += seconds

    return later


class Broker:
    """A broker that takes messages, and delivers them or not."""

    def __init__(self, *, takes: bool = True) -> None:
        self.rung = 0
        self._takes = takes

    def ring(self) -> None:
        """Take a message."""
        self.rung += self._takes

    def heartbeat(self) -> Heartbeat:
        """Return a heartbeat that asks this broker."""
        return Heartbeat(self.ring, lambda: self.rung)


@pytest.fixture
def thread_at_work() -> Iterator[threading.Event]:
    """Return a thread that is at work and gives a sign of life when the event is set."""
    wanted, given, over = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        with at_work():
            given.set()
            while not over.is_set():
                if wanted.wait(0.01):
                    beat()
                    wanted.clear()

    thread = threading.Thread(target=work)
    thread.start()
    given.wait(5)
    yield wanted
    over.set()
    thread.join()


def test_a_thread_that_gives_no_sign_for_three_minutes_is_stuck(
    pass_time: Callable[[float], None], thread_at_work: threading.Event
) -> None:
    watching = Broker(takes=False).heartbeat()
    pass_time(179)
    assert watching.trouble() == ""
    pass_time(2)

    assert watching.trouble() == "a thread is stuck"


def test_a_thread_that_gets_on_may_take_as_long_as_it_likes(
    pass_time: Callable[[float], None], thread_at_work: threading.Event
) -> None:
    watching = Broker(takes=False).heartbeat()
    for _ in range(10):
        pass_time(100)
        thread_at_work.set()
        while thread_at_work.is_set():
            time.sleep(0.01)

        assert watching.trouble() == ""


def test_who_is_not_at_work_need_not_give_signs(pass_time: Callable[[float], None]) -> None:
    watching = Broker(takes=False).heartbeat()
    with at_work():
        pass_time(1)
    pass_time(1_000)

    assert watching.trouble() == ""


def look_for(seconds: int, watching: Heartbeat, pass_time: Callable[[float], None]) -> str:
    """Look every ten seconds for so long, and return what was wrong in the end."""
    trouble = ""
    for _ in range(seconds // 10):
        pass_time(10)
        trouble = watching.trouble()
    return trouble


def test_a_worker_to_which_the_broker_brings_nothing_of_what_it_takes_is_deaf(
    pass_time: Callable[[float], None],
) -> None:
    watching = Broker().heartbeat()

    assert look_for(180, watching, pass_time) == ""
    assert look_for(60, watching, pass_time) == "the broker takes messages for it and none arrives"


def test_a_broker_that_takes_nothing_is_no_reason_to_end(pass_time: Callable[[float], None]) -> None:
    watching = Broker(takes=False).heartbeat()

    assert look_for(3_600, watching, pass_time) == ""


def test_a_worker_that_hears_something_now_and_then_is_not_deaf(pass_time: Callable[[float], None]) -> None:
    watching = Broker().heartbeat()
    for _ in range(10):
        assert look_for(120, watching, pass_time) == ""
        watching.heard()


@pytest.mark.fault
def test_a_stuck_worker_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "SILENCE_SECONDS", 0.5)

    def hang() -> None:
        Broker(takes=False).heartbeat().start()
        with at_work():
            time.sleep(60)

    started = time.monotonic()
    assert many.wait(many.fork(hang)) == 1
    assert time.monotonic() - started < 30
