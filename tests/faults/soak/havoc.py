"""Lets faults happen at random, and watches what `/readyz` tells meanwhile."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.soak.faults import PARTS, Fault, Reading
from tests.faults.soak.stage import Stage

#: A fault that was on for this long must have been told.
TOLD_SECONDS = 120.0


@dataclass(frozen=True)
class Happened:
    """A fault that was on."""

    name: str
    began: float
    ended: float
    is_told: Callable[[Reading], bool]


class Havoc:
    """A thread for each part of the site that can fail, and one that asks `/readyz` every second."""

    def __init__(self, stage: Stage, seed: str) -> None:
        self.happened: list[Happened] = []
        self.readings: list[tuple[float, Reading]] = []
        self.failure: Exception | None = None
        self._stage, self._seed = stage, seed
        self._is_over = threading.Event()
        #: Only one fault at a time lasts for minutes, so that it is known what should be told.
        self._lasting = threading.Lock()
        self._threads = [threading.Thread(target=self._wreak, args=(part,)) for part in PARTS]
        self._watcher = threading.Thread(target=self._watch)

    def start(self) -> None:
        """Start all threads."""
        self._started = time.monotonic()
        for thread in (*self._threads, self._watcher):
            thread.start()

    def wait(self, seconds: float) -> None:
        """Wait for so many seconds, or until something goes wrong with a fault."""
        self._is_over.wait(seconds)

    def stop(self) -> None:
        """Let all faults end, and report what happened. Raises what went wrong in a fault."""
        self._is_over.set()
        for thread in (*self._threads, self._watcher):
            thread.join()
        for fault in sorted(self.happened, key=lambda fault: fault.began):
            print(f"{fault.began - self._started:7.1f} s  {fault.name} for {fault.ended - fault.began:.0f} s")
        if self.failure:
            raise self.failure

    def untold(self) -> list[str]:
        """Return the faults that were on for two minutes and not told by then."""
        untold = []
        for fault in self.happened:
            if fault.ended - fault.began < TOLD_SECONDS:
                continue
            readings = [reading for at, reading in self.readings if fault.began < at <= fault.ended]
            if not any(map(fault.is_told, readings)):
                answers = Counter(_summary(reading) for reading in readings)
                untold.append(f"{fault.name}, on for {fault.ended - fault.began:.0f} s: {dict(answers)}")
        return untold

    def _wreak(self, part: str) -> None:
        chance = random.Random(f"{self._seed} {part}")
        try:
            while not self._is_over.wait(chance.uniform(3, 25)):
                self._happen(chance.choice(PARTS[part])(self._stage, chance), chance)
        except Exception as error:  # noqa: BLE001  (it is raised by `stop`)
            self.failure = error
            self._is_over.set()

    def _happen(self, fault: Fault, chance: random.Random) -> None:
        is_long = fault.is_lasting and chance.random() < 0.5 and self._lasting.acquire(blocking=False)
        seconds = chance.uniform(TOLD_SECONDS + 10, TOLD_SECONDS + 25) if is_long else chance.uniform(1, 12)
        began = time.monotonic()
        fault.start()
        try:
            self._is_over.wait(seconds)
        finally:
            ended = time.monotonic()
            fault.stop()
            self.happened.append(Happened(str(fault), began, ended, fault.is_told))
            if is_long:
                self._lasting.release()

    def _watch(self) -> None:
        while not self._is_over.wait(1):
            reading = self._stage.readiness()
            self.readings.append((time.monotonic(), reading))
            if self._stage.site.has_ended() and not self._stage.is_down:
                self.failure = AssertionError("the site has ended")
                self._is_over.set()


def _summary(reading: Reading) -> str:
    if reading is None:
        return "no answer"
    names = ("mirror_error", "write_error", "failing_programs", "oldest_pending_seconds")
    parts = [f"{name}={reading.get(name)}" for name in names[:3] if reading.get(name)]
    is_late = float(str(reading.get("oldest_pending_seconds") or 0)) > 60
    return " ".join([*parts, *["late"] * is_late]) or "well"
